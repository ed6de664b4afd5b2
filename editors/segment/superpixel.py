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
_WEAK = 0.03


class SuperpixelSegmenter:
    """Click to mask in about a third of a second, after about a second for a new photo; nothing is downloaded."""

    name = "superpixel random walk"
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
        graph, rgb = self._ready()
        height, width = rgb.shape[:2]
        check_prompt(rgb.shape[:2], points, box)
        scale = graph.labels.shape[1] / width, graph.labels.shape[0] / height
        clicks = [(x * scale[0], y * scale[1], positive) for x, y, positive in points]
        frame = None if box is None else _scaled(box, scale, graph.labels.shape)
        chance = self._walk(clicks, frame)
        if frame is None:
            cuts = _three_cuts(chance, graph)
        else:
            cuts = _fitting_cuts(chance, graph, frame)
        keep = [_pixel(x, y, graph) for x, y, positive in clicks if positive]
        avoid = [_pixel(x, y, graph) for x, y, positive in clicks if not positive]
        masks = []
        for (threshold, score), label in zip(sorted(cuts, key=lambda cut: -cut[0]), LABELS):
            rough = (chance >= threshold)[graph.labels]
            if frame is not None:
                rough &= _inside(frame, graph.labels.shape)
            fine = cut_in_band(graph.rgb, rough, keep, avoid)
            masks.append(Mask(to_photo(fine, rgb), score, label))
        return masks

    def suggest_sky(self) -> Bool[np.ndarray, "h w"] | None:
        """The photo's sky, or None (see editors/segment/sky.py)."""
        from editors.segment.sky import find_sky

        graph, rgb = self._ready()
        if self._sky is None:
            found = find_sky(graph)
            self._sky = (None if found is None else to_photo(found, rgb),)
        return self._sky[0]

    def _ready(self) -> tuple[Superpixels, np.ndarray]:
        if self._graph is None or self._rgb is None:
            raise WtError("The segmenter has no photo yet. Open one first.")
        return self._graph, self._rgb

    def _walk(self, clicks: list[Point], frame: Box | None) -> Float[np.ndarray, "n"]:
        """Each region's chance to belong to what was pointed at."""
        graph, _ = self._ready()
        positive = [graph.at(x, y) for x, y, good in clicks if good]
        negative = [graph.at(x, y) for x, y, good in clicks if not good]
        if frame is not None and not positive:
            likeness = _box_likeness(graph, frame)
        else:
            likeness = (graph.feature @ graph.feature[positive].T).max(axis=1)
        middle, low = np.quantile(likeness, 0.5), np.quantile(likeness, 0.6)
        pull = (likeness - low) / max(likeness.max() - low, 1e-6)
        foreground, background = _WEAK * np.clip(pull, 0, 1), _WEAK * np.clip(-pull, 0, 1)
        background[graph.border & (likeness < middle)] = 0.5
        if frame is not None:
            left, top, right, bottom = frame
            x, y = graph.centre.T
            outside = (x < left) | (x > right) | (y < top) | (y > bottom)
            foreground[outside], background[outside] = 0, _SURE
        foreground[positive], background[positive] = _SURE, 0
        foreground[negative], background[negative] = 0, _SURE
        return graph.random_walk(foreground, background)


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
    """Three cuts whose masks fill the drawn box best: the box tells how far the thing reaches."""
    found = []
    left, top, right, bottom = frame
    for threshold in (
        np.unique(np.quantile(chance[chance > 0.02], np.linspace(0.02, 0.98, 40))) if (chance > 0.02).any() else [0.5]
    ):
        inside = (chance >= threshold)[graph.labels] & _inside(frame, graph.labels.shape)
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        if len(rows) == 0:
            continue
        filled = (columns[-1] + 1 - columns[0]) * (rows[-1] + 1 - rows[0]) / ((right - left) * (bottom - top))
        share = inside.sum() / ((right - left) * (bottom - top))
        # A mask that is the box itself has no edge of its own.
        score = min(filled, 1.0) - max(share - 0.9, 0) * 5
        found.append((float(threshold), float(np.clip(score, 0, 1))))
    found = found or [(0.5, 0.0)]
    good = [cut for cut in found if cut[1] >= 0.92 * max(score for _, score in found)]
    return [good[-1], good[len(good) // 2], good[0]]


def _box_likeness(graph: Superpixels, frame: Box) -> Float[np.ndarray, "n"]:
    """How much more a region's features look like the inside of the box than like the ring around it."""
    left, top, right, bottom = frame
    x, y = graph.centre.T
    u, v = (x - (left + right) / 2) / (right - left), (y - (top + bottom) / 2) / (bottom - top)
    reach = np.maximum(np.abs(u), np.abs(v))
    inner, ring = reach < 0.3, (reach > 0.5) & (reach < 0.8)
    if not inner.any():
        inner = reach <= reach.min()
    if not ring.any():
        ring = reach > 0.5
    near = _top_mean(graph.feature @ graph.feature[inner].T)
    away = _top_mean(graph.feature @ graph.feature[ring].T) if ring.any() else np.zeros(graph.count)
    return near - away


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


def _pixel(x: float, y: float, graph: Superpixels) -> tuple[int, int]:
    height, width = graph.labels.shape
    return min(max(int(x), 0), width - 1), min(max(int(y), 0), height - 1)
