"""The segmenter that needs no download: superpixels, frozen ImageNet features, a random walk, grabCut in a band."""

from collections.abc import Sequence

import numpy as np

from editors.segment.base import LABELS, Box, Mask, Point, check_prompt
from editors.segment.graph import Superpixels, build, shrink
from editors.segment.refine import cut_in_band, to_photo
from wt.errors import WtError
from wt.types import Bool, Float, UInt8

_OBJECT = (0.012, 0.50)
"""Shares of the photo that an object may cover."""
_SMALLEST_PART = 0.0008
_SURE = 1e3
FILL_POWER = 1.2
"""How much it counts that a mask spans its box, against how steep its edge is."""
_WEAK = 0.03
_IN_BOX = 0.15
BOX_COLOUR = 12.0
"""Lab distance at which a region no longer looks like another."""


class SuperpixelSegmenter:
    """Click to mask in about a third of a second, after about a second for a new photo; nothing is downloaded."""

    name = "built-in superpixels"
    licence = "Apache-2.0"

    def __init__(self) -> None:
        self._rgb: np.ndarray | None = None
        self._graph: Superpixels | None = None
        self._sky: tuple[np.ndarray | None] | None = None

    def set_image(self, rgb: UInt8[np.ndarray, "h w 3"]) -> None:
        """Cut the photo into superpixels and describe each."""
        self._rgb, self._graph, self._sky = rgb, build(shrink(rgb)), None

    def predict(self, points: Sequence[Point] = (), box: Box | None = None) -> list[Mask]:
        """Part, middle and object (see `Segmenter.predict`)."""
        _, rgb = self._ready()
        check_prompt(rgb.shape[:2], points, box)
        found = zip(self.cuts(points, box), LABELS)
        return [Mask(to_photo(mask, rgb), score, label) for (mask, score), label in found]

    @property
    def graph(self) -> Superpixels:
        """What is known of the photo."""
        return self._ready()[0]

    def cuts(self, points: Sequence[Point], box: Box | None) -> list[tuple[Bool[np.ndarray, "h w"], float]]:
        """(mask, score) of part, middle and object on the graph's grid."""
        graph, rgb = self._ready()
        scale = graph.scale(rgb)
        clicks = [(x * scale[0], y * scale[1], positive) for x, y, positive in points]
        frame = None if box is None else _scaled(box, scale, graph.labels.shape)
        chance = self._walk(clicks, frame)
        if frame is None:
            thresholds = _three_cuts(chance, graph)
        else:
            thresholds = _fitting_cuts(chance, graph, frame)
        keep = [graph.pixel(x, y) for x, y, positive in clicks if positive]
        avoid = [graph.pixel(x, y) for x, y, positive in clicks if not positive]
        found, core = [], None
        for threshold, score in sorted(thresholds, key=lambda cut: -cut[0]):
            rough = (chance >= threshold)[graph.labels]
            if frame is not None:
                rough &= _inside(frame, graph.labels.shape)
                core = rough if core is None else core
            found.append((cut_in_band(graph.rgb, rough, keep, avoid, core), score))
        return found

    def suggest_sky(self) -> Bool[np.ndarray, "h w"] | None:
        """The photo's sky, or None (see editors/segment/sky.py)."""
        from editors.segment.sky import find_sky

        graph, rgb = self._ready()
        if self._sky is None:
            found = find_sky(graph)
            self._sky = (None if found is None else to_photo(found, rgb),)
        return self._sky[0]

    def fresh(self) -> "SuperpixelSegmenter":
        """Another one."""
        return SuperpixelSegmenter()

    def _ready(self) -> tuple[Superpixels, np.ndarray]:
        if self._graph is None or self._rgb is None:
            raise WtError("The segmenter has no photo yet. Open one first.")
        return self._graph, self._rgb

    def _walk(self, clicks: list[Point], frame: Box | None) -> Float[np.ndarray, "n"]:
        """Each region's chance to belong to what was pointed at."""
        graph, _ = self._ready()
        positive = [graph.at(x, y) for x, y, good in clicks if good]
        negative = [graph.at(x, y) for x, y, good in clicks if not good]
        if frame is not None:
            pull, at_edge = _box_pull(graph, frame), np.zeros(graph.count, bool)
            weak = _IN_BOX
        else:
            likeness = (graph.feature @ graph.feature[positive].T).max(axis=1)
            middle, low = np.quantile(likeness, 0.5), np.quantile(likeness, 0.6)
            pull, at_edge = (likeness - low) / max(likeness.max() - low, 1e-6), graph.border & (likeness < middle)
            weak = _WEAK
        foreground, background = weak * np.clip(pull, 0, 1), weak * np.clip(-pull, 0, 1)
        background[at_edge] = 0.5
        if frame is not None:
            left, top, right, bottom = frame
            x, y = graph.centre.T
            outside = (x < left) | (x > right) | (y < top) | (y > bottom)
            foreground[outside], background[outside] = 0, _SURE
        foreground[positive], background[positive] = _SURE, 0
        foreground[negative], background[negative] = 0, _SURE
        return graph.random_walk(foreground, background)


def sky_of(rgb: UInt8[np.ndarray, "h w 3"] | None) -> Bool[np.ndarray, "h w"] | None:
    """A photo's sky for segmenters that know of none; None if none is seen.

    Raises:
        WtError: there is no photo.
    """
    other = SuperpixelSegmenter()
    if rgb is not None:
        other.set_image(rgb)
    return other.suggest_sky()


def _three_cuts(chance: Float[np.ndarray, "n"], graph: Superpixels) -> list[tuple[float, float]]:
    """(threshold, score) of the clearest cuts for a part, a middle and an object, each clearly larger than the last."""
    order = np.argsort(-chance)
    value = np.maximum(chance[order], 1e-6)
    share = np.cumsum(graph.area[order])[:-1]
    gap = np.log(value[:-1] / value[1:])
    # What runs along much of the photo's edge is a wall or a floor rather than a thing; tiny cuts come by the dozen.
    along_edge = np.cumsum(graph.border[order])[:-1] / graph.border.sum()
    merit = gap * np.clip(1 - 2 * along_edge, 0.05, 1) * share**0.3
    whole = _best_cut(merit, share, _OBJECT)
    part = _best_cut(merit, share, (_SMALLEST_PART, 0.4 * share[whole]))
    middle = _best_cut(merit, share, (1.4 * share[part], 0.72 * share[whole]))
    cuts = sorted((part, middle, whole))
    return [(float(np.sqrt(value[k] * value[k + 1])), float(1 - np.exp(-gap[k]))) for k in cuts]


def _best_cut(merit: Float[np.ndarray, "k"], share: Float[np.ndarray, "k"], band: tuple[float, float]) -> int:
    allowed = (share >= band[0]) & (share <= band[1])
    if not allowed.any():
        return int(np.abs(share - np.clip(np.mean(band), share[0], share[-1])).argmin())
    return int(np.where(allowed, merit, -1).argmax())


def _fitting_cuts(chance: Float[np.ndarray, "n"], graph: Superpixels, frame: Box) -> list[tuple[float, float]]:
    """(threshold, score) of three cuts that fill the drawn box and run where the chance falls steeply."""
    links = graph.adjacency.tocoo()
    high, low = np.maximum(chance[links.row], chance[links.col]), np.minimum(chance[links.row], chance[links.col])
    thresholds = np.linspace(0.1, 0.95, 35)
    steep, filled = np.zeros(len(thresholds)), np.zeros(len(thresholds))
    for k, threshold in enumerate(thresholds):
        across = (high >= threshold) & (low < threshold)
        steep[k] = (high - low)[across].mean() if across.any() else 0.0
        filled[k] = _filled((chance >= threshold)[graph.labels], frame)
    merit = steep * np.clip(filled, 0.01, 1) ** FILL_POWER
    best = int(merit.argmax())
    # The best one is the object; a part and a middle are tighter cuts that are nearly as good.
    tight = int(np.flatnonzero(merit >= 0.6 * merit[best])[-1])
    chosen = (tight, (tight + best) // 2, best)
    return [(float(thresholds[k]), float(np.clip(filled[k] * min(1, 2 * steep[k]), 0, 1))) for k in chosen]


def _filled(mask: Bool[np.ndarray, "h w"], frame: Box) -> float:
    """How much of the box's width and height the mask spans."""
    left, top, right, bottom = frame
    inside = mask & _inside(frame, mask.shape)
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(rows):
        return 0.0
    spans = (columns[-1] + 1 - columns[0]) / (right - left), (rows[-1] + 1 - rows[0]) / (bottom - top)
    return min(spans[0], 1.0) * min(spans[1], 1.0)


def _box_pull(graph: Superpixels, frame: Box) -> Float[np.ndarray, "n"]:
    """From -1 (looks like the ring around the box) to 1 (looks like the middle of the box), in features and colour."""
    left, top, right, bottom = frame
    x, y = graph.centre.T
    u, v = (x - (left + right) / 2) / (right - left), (y - (top + bottom) / 2) / (bottom - top)
    reach = np.maximum(np.abs(u), np.abs(v))
    inner, ring = reach < 0.3, (reach > 0.5) & (reach < 0.8)
    if not inner.any():
        inner = reach <= reach.min()
    if not ring.any():
        ring = reach > 0.5
    if not ring.any():
        return np.where(reach < 0.5, 0.5, 0.0)
    feature = _top_mean(graph.feature @ graph.feature[inner].T) - _top_mean(graph.feature @ graph.feature[ring].T)
    apart = np.exp(-0.5 * (np.linalg.norm(graph.colour[:, None] - graph.colour[None], axis=2) / BOX_COLOUR) ** 2)
    colour = _top_mean(apart[:, inner]) - _top_mean(apart[:, ring])
    return np.clip(2.0 * feature + 1.5 * colour, -1, 1)


def _top_mean(values: Float[np.ndarray, "n k"], count: int = 5) -> Float[np.ndarray, "n"]:
    count = min(count, values.shape[1])
    return np.sort(values, axis=1)[:, -count:].mean(axis=1)


def _scaled(box: Box, scale: tuple[float, float], shape: tuple[int, ...]) -> Box:
    left, top, right, bottom = box
    height, width = shape
    return (
        float(np.clip(left * scale[0], 0, width)),
        float(np.clip(top * scale[1], 0, height)),
        float(np.clip(right * scale[0], 0, width)),
        float(np.clip(bottom * scale[1], 0, height)),
    )


def _inside(frame: Box, shape: tuple[int, ...]) -> Bool[np.ndarray, "h w"]:
    left, top, right, bottom = frame
    y, x = np.ogrid[: shape[0], : shape[1]]
    return (x + 0.5 >= left) & (x + 0.5 <= right) & (y + 0.5 >= top) & (y + 0.5 <= bottom)
