"""A photo as a graph of superpixels: colour and frozen features of each, and how strongly neighbours hold together."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from wt.types import Bool, Float, Int, UInt8

NUM_SUPERPIXELS = 1000
COMPACTNESS = 10.0
STRIDE_WEIGHTS = {4: 0.5, 8: 1.0, 16: 1.2, 32: 0.7}
COLOUR_SCALE = 22.0
"""Lab distance at which neighbours clearly differ."""
WEAKEST_LINK = 2e-4
"""No link is cut for good: a walk may cross any edge, at a price."""


@dataclass(frozen=True, eq=False)
class SuperpixelGraph:
    """What is computed once per photo, on the working grid."""

    rgb: UInt8[np.ndarray, "h w 3"]
    """The photo at working size."""
    labels: Int[np.ndarray, "h w"]
    """Superpixel of each pixel, 0..n-1."""
    features: Float[np.ndarray, "n c"]
    """Unit vectors; their products say how alike two superpixels are."""
    area: Float[np.ndarray, "n"]
    """Share of the picture."""
    border: Bool[np.ndarray, "n"]
    """Touches the picture's edge."""
    adjacency: Any
    """scipy CSR [n, n], symmetric weights of neighbours, 0 elsewhere."""
    maps: dict[int, Float[np.ndarray, "c h2 w2"]]
    """The feature maps by stride, for others who look at the same photo (sky)."""


def build_graph(rgb: UInt8[np.ndarray, "h w 3"]) -> SuperpixelGraph:
    """Superpixels of a photo already at working size (long side up to about 512), their features and their links."""
    from skimage.color import rgb2lab
    from skimage.segmentation import slic

    from wt.model.encoder import image_features

    height, width = rgb.shape[:2]
    lab = rgb2lab(rgb)
    wanted = int(np.clip(height * width / 64, 4, NUM_SUPERPIXELS))
    labels = slic(rgb, wanted, compactness=COMPACTNESS, start_label=0, channel_axis=-1)
    _, labels = np.unique(labels, return_inverse=True)
    labels = labels.reshape(height, width)
    count = np.bincount(labels.ravel()).astype(np.float64)
    colour = _means(lab, labels, count)
    maps = image_features(rgb, max(height, width))
    features = _features(maps, labels, count)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    border = np.zeros(len(count), bool)
    border[edge] = True
    adjacency = _adjacency(labels, colour, features)
    return SuperpixelGraph(rgb, labels, features, count / count.sum(), border, adjacency, maps)


def _means(
    values: Float[np.ndarray, "h w c"], labels: Int[np.ndarray, "h w"], count: Float[np.ndarray, "n"]
) -> Float[np.ndarray, "n c"]:
    flat = labels.ravel()
    sums = [np.bincount(flat, values[..., c].ravel(), len(count)) for c in range(values.shape[-1])]
    return np.stack(sums, axis=1) / count[:, None]


def _features(
    maps: dict[int, Float[np.ndarray, "c h2 w2"]], labels: Int[np.ndarray, "h w"], count: Float[np.ndarray, "n"]
) -> Float[np.ndarray, "n c"]:
    """Maps of all strides sampled at the superpixels' centres, each mean-centred and of fixed length, side by side."""
    height, width = labels.shape
    v, u = np.mgrid[:height, :width] + 0.5
    flat = labels.ravel()
    centre_v, centre_u = (np.bincount(flat, c.ravel(), len(count)) / count for c in (v, u))
    parts = []
    for stride, weight in STRIDE_WEIGHTS.items():
        sampled = sample(maps[stride], centre_v / height, centre_u / width)
        sampled = sampled - np.average(sampled, axis=0, weights=count)
        parts.append(weight * sampled / np.maximum(np.linalg.norm(sampled, axis=1, keepdims=True), 1e-9))
    joined = np.concatenate(parts, axis=1)
    return joined / np.maximum(np.linalg.norm(joined, axis=1, keepdims=True), 1e-9)


def sample(
    values: Float[np.ndarray, "c h w"], v: Float[np.ndarray, "n"], u: Float[np.ndarray, "n"]
) -> Float[np.ndarray, "n c"]:
    """A map read bilinearly at shares of its height and width (0 to 1 from edge to edge)."""
    from scipy.ndimage import map_coordinates

    rows, columns = v * values.shape[1] - 0.5, u * values.shape[2] - 0.5
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
