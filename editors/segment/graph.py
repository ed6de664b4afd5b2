"""A photo as a graph of superpixels: colour and frozen features of each, and how strongly neighbours hold together."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from wt.images import resize_rgb
from wt.types import Bool, Float, Int, UInt8

WORKING_SIDE = 512
NUM_SUPERPIXELS = 1000
COMPACTNESS = 10.0
STRIDE_WEIGHTS = {4: 0.5, 8: 1.0, 16: 1.2, 32: 0.7}
COLOUR_SCALE = 22.0
"""Lab distance at which neighbours clearly differ."""
WEAKEST_LINK = 2e-4
"""No link is cut for good: a walk may cross any edge, at a price."""


@dataclass(frozen=True, eq=False)
class Superpixels:
    """What is computed once per photo, on the working grid."""

    rgb: UInt8[np.ndarray, "h w 3"]
    """The photo at working size."""
    labels: Int[np.ndarray, "h w"]
    """Superpixel of each pixel, 0..n-1."""
    feature: Float[np.ndarray, "n c"]
    """Unit vectors; their products say how alike two superpixels are."""
    colour: Float[np.ndarray, "n 3"]
    """Mean CIE Lab."""
    centre: Float[np.ndarray, "n 2"]
    """(x, y) in working pixels."""
    area: Float[np.ndarray, "n"]
    """Share of the picture; sums to 1."""
    border: Bool[np.ndarray, "n"]
    """Touches the picture's edge."""
    adjacency: Any
    """scipy CSR [n, n], symmetric weights of neighbours, 0 elsewhere."""
    maps: dict[int, np.ndarray]
    """The feature maps [c, h2, w2] by stride, for others who look at the same photo (sky)."""

    @property
    def count(self) -> int:
        """How many superpixels there are."""
        return len(self.area)

    def at(self, x: float, y: float) -> int:
        """The superpixel under a point of the working grid."""
        column, row = self.pixel(x, y)
        return int(self.labels[row, column])

    def pixel(self, x: float, y: float) -> tuple[int, int]:
        """(column, row) of the working grid's pixel under a point of it."""
        height, width = self.labels.shape
        return min(max(int(x), 0), width - 1), min(max(int(y), 0), height - 1)

    def scale(self, photo: UInt8[np.ndarray, "ph pw 3"]) -> tuple[float, float]:
        """Working pixels in a pixel of the photo, across and down."""
        return self.labels.shape[1] / photo.shape[1], self.labels.shape[0] / photo.shape[0]

    def random_walk(
        self, foreground: Float[np.ndarray, "n"], background: Float[np.ndarray, "n"]
    ) -> Float[np.ndarray, "n"]:
        """Chance that a walk from each superpixel is absorbed by the foreground (Grady 2006, with soft pulls).

        Args:
            foreground, background: how strongly each superpixel is tied to either end; at least one tie must not be 0.
        """
        from scipy.sparse import diags
        from scipy.sparse.linalg import splu

        degree = np.asarray(self.adjacency.sum(axis=1)).ravel()
        system = diags(degree + foreground + background + 1e-9) - self.adjacency
        return np.clip(splu(system.tocsc()).solve(foreground), 0, 1)


def build(rgb: UInt8[np.ndarray, "h w 3"]) -> Superpixels:
    """Superpixels of a photo already at working size (long side up to about 512), their features and their links."""
    from skimage.color import rgb2lab
    from skimage.segmentation import slic

    from wt.model.encoder import image_features

    height, width = rgb.shape[:2]
    lab = rgb2lab(rgb)
    wanted = int(np.clip(height * width / 64, 4, NUM_SUPERPIXELS))
    labels = slic(rgb, wanted, compactness=COMPACTNESS, start_label=0, channel_axis=-1)
    labels = np.unique(labels, return_inverse=True)[1].reshape(height, width)
    pixels = np.bincount(labels.ravel()).astype(np.float64)
    v, u = np.mgrid[:height, :width] + 0.5
    centre = _means(np.stack([u, v], axis=-1), labels, pixels)
    maps = image_features(rgb, max(height, width))
    feature = _features(maps, centre / [width, height], pixels)
    border = np.zeros(len(pixels), bool)
    border[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = True
    colour = _means(lab, labels, pixels)
    adjacency = _adjacency(labels, colour, feature)
    return Superpixels(rgb, labels, feature, colour, centre, pixels / pixels.sum(), border, adjacency, maps)


def shrink(rgb: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h2 w2 3"]:
    """The photo at working size, its long side at most WORKING_SIDE."""
    height, width = rgb.shape[:2]
    factor = min(1.0, WORKING_SIDE / max(height, width))
    return resize_rgb(rgb, max(1, round(width * factor)), max(1, round(height * factor)))


def _means(
    values: Float[np.ndarray, "h w c"], labels: Int[np.ndarray, "h w"], count: Float[np.ndarray, "n"]
) -> Float[np.ndarray, "n c"]:
    flat = labels.ravel()
    sums = [np.bincount(flat, values[..., c].ravel(), len(count)) for c in range(values.shape[-1])]
    return np.stack(sums, axis=1) / count[:, None]


def _features(
    maps: dict[int, np.ndarray], where: Float[np.ndarray, "n 2"], pixels: Float[np.ndarray, "n"]
) -> Float[np.ndarray, "n c"]:
    """Maps of all strides sampled at the superpixels' centres, each mean-centred and of fixed length, side by side."""
    parts = []
    for stride, weight in STRIDE_WEIGHTS.items():
        sampled = sample(maps[stride], where)
        sampled = sampled - np.average(sampled, axis=0, weights=pixels)
        parts.append(weight * sampled / np.maximum(np.linalg.norm(sampled, axis=1, keepdims=True), 1e-9))
    joined = np.concatenate(parts, axis=1)
    return joined / np.maximum(np.linalg.norm(joined, axis=1, keepdims=True), 1e-9)


def sample(values: Float[np.ndarray, "c h w"], where: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n c"]:
    """A map read bilinearly at (x, y) shares of its width and height (0 to 1 from edge to edge)."""
    from scipy.ndimage import map_coordinates

    columns, rows = (where * [values.shape[2], values.shape[1]] - 0.5).T
    read = [map_coordinates(channel, [rows, columns], order=1, mode="nearest") for channel in values]
    return np.stack(read, axis=1).astype(np.float64)


def _adjacency(
    labels: Int[np.ndarray, "h w"], colour: Float[np.ndarray, "n c"], features: Float[np.ndarray, "n k"]
) -> Any:
    """Near in colour and features, times the root of the shared border's length."""
    from scipy.sparse import coo_matrix

    across = np.concatenate(
        [
            np.stack([labels[:, :-1].ravel(), labels[:, 1:].ravel()], axis=1),
            np.stack([labels[:-1].ravel(), labels[1:].ravel()], axis=1),
        ]
    )
    pairs, length = np.unique(np.sort(across[across[:, 0] != across[:, 1]], axis=1), axis=0, return_counts=True)
    i, j = pairs[:, 0], pairs[:, 1]
    colour_step = np.linalg.norm(colour[i] - colour[j], axis=1) / COLOUR_SCALE
    alike = (features[i] * features[j]).sum(axis=1)
    weight = np.exp(-1.2 * colour_step**2 - 4 * (1 - alike)) + WEAKEST_LINK
    weight *= np.sqrt(length / max(length.mean(), 1)) if len(length) else 1.0
    n = len(colour)
    half = coo_matrix((weight, (i, j)), shape=(n, n)).tocsr()
    return half + half.T
