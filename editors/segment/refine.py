"""From a rough mask at working size to a crisp one on the photo's pixels."""

import numpy as np

from wt.types import Bool, Float, UInt8


def cut_in_band(
    rgb: UInt8[np.ndarray, "h w 3"],
    rough: Bool[np.ndarray, "h w"],
    keep: list[tuple[int, int]],
    avoid: list[tuple[int, int]] | None = None,
    core: Bool[np.ndarray, "h w"] | None = None,
) -> Bool[np.ndarray, "h w"]:
    """GrabCut (Rother et al. 2004) between an eroded core and a dilated hull of `rough`.

    Args:
        rgb: photo at working size.
        rough: mask at working size.
        keep: (x, y) pixels that must be in; only the pieces that hold one of them are kept (all if there is none).
        avoid: (x, y) pixels that must be out.
        core: a surer, smaller mask, to be eroded in place of `rough`: more is then left to the colours.
    """
    import cv2

    size = np.sqrt(rough.sum())
    shrink, grow = int(np.clip(0.07 * size, 2, 6)), int(np.clip(0.10 * size, 3, 10))
    core = _morph(rough if core is None else core & rough, cv2.MORPH_ERODE, shrink)
    hull = _morph(rough, cv2.MORPH_DILATE, grow)
    rows, columns = _window(hull, margin=4 * grow)
    trimap = np.where(hull, np.where(rough, cv2.GC_PR_FGD, cv2.GC_PR_BGD), cv2.GC_BGD).astype(np.uint8)
    trimap[core] = cv2.GC_FGD
    for (x, y), value in [*((p, cv2.GC_FGD) for p in keep), *((p, cv2.GC_BGD) for p in avoid or [])]:
        cv2.circle(trimap, (x, y), 2, value, -1)
    part = np.ascontiguousarray(trimap[rows, columns])
    result = rough.copy()
    if (part == cv2.GC_FGD).sum() > 10 and (part == cv2.GC_BGD).sum() > 10:
        cv2.setRNGSeed(0)
        models = np.zeros((1, 65)), np.zeros((1, 65))
        whole = (0, 0, part.shape[1], part.shape[0])  # not used with a mask
        cv2.grabCut(np.ascontiguousarray(rgb[rows, columns]), part, whole, *models, 2, cv2.GC_INIT_WITH_MASK)
        result = np.zeros_like(rough)
        result[rows, columns] = (part == cv2.GC_FGD) | (part == cv2.GC_PR_FGD)
    return fill_small_holes(keep_pieces(result, keep))


def keep_pieces(mask: Bool[np.ndarray, "h w"], keep: list[tuple[int, int]]) -> Bool[np.ndarray, "h w"]:
    """The connected pieces that hold one of the (x, y) pixels; without any, the largest piece."""
    import cv2

    count, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count <= 2:
        return mask
    wanted = {int(pieces[y, x]) for x, y in keep} - {0}
    if not wanted:
        wanted = {1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())}
    return np.isin(pieces, list(wanted))


def fill_small_holes(mask: Bool[np.ndarray, "h w"], share: float = 0.02) -> Bool[np.ndarray, "h w"]:
    """Fill holes smaller than `share` of the mask; larger ones (between a chair's legs) are meant."""
    import cv2

    count, pieces, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    height, width = mask.shape
    small = stats[:, cv2.CC_STAT_AREA] < share * mask.sum()
    touches = (
        (stats[:, 0] == 0)
        | (stats[:, 1] == 0)
        | (stats[:, 0] + stats[:, 2] == width)
        | (stats[:, 1] + stats[:, 3] == height)
    )
    chosen = small & ~touches
    chosen[0] = False
    return mask | chosen[pieces] if count > 1 else mask


def to_photo(
    mask: Bool[np.ndarray, "h w"], rgb: UInt8[np.ndarray, "ph pw 3"], *, radius: int | None = None
) -> Bool[np.ndarray, "ph pw"]:
    """Enlarge a mask to the photo and let its edge follow the photo's (guided filter, He et al. 2010)."""
    import cv2

    height, width = rgb.shape[:2]
    if mask.shape == (height, width) or not mask.any() or mask.all():
        return cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST).astype(bool)
    factor = max(width / mask.shape[1], height / mask.shape[0])
    radius = radius or max(2, round(2.0 * factor))
    soft = cv2.resize(
        cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.7), (width, height), interpolation=cv2.INTER_LINEAR
    )
    rows, columns = _window(soft > 0.01, margin=4 * radius)
    filtered = _guided(rgb[rows, columns].astype(np.float32) / 255, soft[rows, columns], radius)
    result = soft > 0.5
    # Only the rim is open to change: inside and outside were decided at working size.
    rim = (soft[rows, columns] > 0.03) & (soft[rows, columns] < 0.97)
    result[rows, columns] = np.where(rim, filtered > 0.5, result[rows, columns])
    return result


def _guided(
    guide: Float[np.ndarray, "h w 3"], target: Float[np.ndarray, "h w"], radius: int, smooth: float = 1e-3
) -> Float[np.ndarray, "h w"]:
    """Local linear model of `target` on the grey and the two strongest colour differences, one at a time."""
    import cv2

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.boxFilter(values, -1, (2 * radius + 1,) * 2, borderType=cv2.BORDER_REFLECT)

    best, error = target, np.full(target.shape, np.inf, dtype=np.float32)
    average, power = mean(target), mean(target * target)
    for channel in (
        guide @ np.array([0.3, 0.59, 0.11], np.float32),
        guide[..., 0] - guide[..., 1],
        guide[..., 2] - guide[..., 1],
    ):
        channel = np.ascontiguousarray(channel)
        m = mean(channel)
        variance = mean(channel * channel) - m * m
        covariance = mean(channel * target) - m * average
        a = covariance / (variance + smooth)
        b = average - a * m
        unexplained = power - average**2 - covariance**2 / (variance + smooth)
        value = mean(a) * channel + mean(b)
        better = unexplained < error
        best, error = np.where(better, value, best), np.where(better, unexplained, error)
    return best


def _morph(mask: Bool[np.ndarray, "h w"], operation: int, radius: int) -> Bool[np.ndarray, "h w"]:
    import cv2

    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
    border = cv2.BORDER_REPLICATE if operation == cv2.MORPH_ERODE else cv2.BORDER_CONSTANT
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), operation, kernel, borderType=border)).astype(bool)


def _window(mask: Bool[np.ndarray, "h w"], margin: int) -> tuple[slice, slice]:
    """Rows and columns of the mask's bounding box and a margin."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (
        slice(max(int(rows[0]) - margin, 0), int(rows[-1]) + margin + 1),
        slice(max(int(columns[0]) - margin, 0), int(columns[-1]) + margin + 1),
    )
