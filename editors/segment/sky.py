"""A suggestion of where the sky is: a smooth region that touches the top and looks like sky rather than like a ceiling.

Superpixels at the top that are smooth and sky-coloured are the seeds; the frozen features and colours carry them on
through the graph. Scenes are lifted without their sky, because no ray ends there.
"""

import numpy as np

from editors.segment.graph import Superpixels
from editors.segment.refine import cut_in_band
from wt.types import Bool, Float

TEXTURE = 4.0
"""Largest mean step of lightness between neighbouring pixels of a seed."""
LEAST_SHARE = 0.015
"""Of the photo; a smaller patch is not worth a question."""
LEAST_TOP = 0.2
"""Of the top edge."""
BLUE = -4.0
"""Lab b below which a bright smooth region is a blue sky."""
DUSK = -14.0
"""Lab b below which even a dark smooth region may be a sky."""
GLARE = 90.0
"""Lab L above which a grey region is an overcast sky rather than a ceiling, if it also spans most of the top."""


def find_sky(graph: Superpixels) -> Bool[np.ndarray, "h w"] | None:
    """The sky on the working grid, None if none is seen."""
    from scipy.ndimage import binary_fill_holes, label
    from skimage.color import rgb2lab

    lab = rgb2lab(graph.rgb)
    colour, texture = _means(lab, graph), _texture(lab[..., 0], graph)
    lightness, b = colour[:, 0], colour[:, 2]
    chroma = np.hypot(colour[:, 1], b)
    blue = (b < BLUE) & (lightness > 40) & (colour[:, 1] < 12)
    dusk = (b < DUSK) & (lightness > 8) & (colour[:, 1] < 12)
    overcast = (lightness > GLARE) & (chroma < 6)
    top = np.zeros(graph.count, bool)
    top[np.unique(graph.labels[:2])] = True
    seeds = top & (texture < TEXTURE) & (blue | dusk | overcast)
    if not seeds.any():
        return None
    alike = (graph.feature @ graph.feature[seeds].T).max(axis=1)
    # Once some sky is certain, bright grey regions that look like it are its clouds, smooth warm ones its sunset.
    clouds = (lightness > 65) & (chroma < 16)
    sunset = (lightness > 50) & (b > 0) & (chroma < 35) & (texture < 0.5 * TEXTURE) & (alike > 0.3)
    skylike = blue | dusk | overcast | clouds | sunset
    # The same deep blue goes on to be the sky, whatever the features say so far from the top.
    deep = (b < DUSK) & (texture < 0.5 * TEXTURE)
    alike = np.where(deep, np.maximum(alike, 0.5), alike)
    foreground = np.where(seeds, 1e3, 0.3 * np.clip(alike - 0.2, 0, 1) * skylike)
    low = graph.centre[:, 1] > 0.97 * graph.labels.shape[0]
    unlike = (alike < 0.1) | (texture > 2.5 * TEXTURE)
    background = np.where(low, 1e3, 0.0) + 0.3 * ((unlike | ~skylike) & ~seeds)
    region = (graph.random_walk(foreground, background) > 0.5)[graph.labels]
    parts, _ = label(region)
    pieces = [piece for piece in np.unique(parts[0]) if piece > 0]
    region = binary_fill_holes(np.isin(parts, pieces))
    if not _is_sky(region, lab, blue[graph.labels], dusk[graph.labels]):
        return None
    tops = [(int(np.median(np.flatnonzero(parts[0] == piece))), 0) for piece in pieces]
    return cut_in_band(graph.rgb, region, tops)


def _is_sky(
    region: Bool[np.ndarray, "h w"],
    lab: Float[np.ndarray, "h w 3"],
    blue: Bool[np.ndarray, "h w"],
    dusk: Bool[np.ndarray, "h w"],
) -> bool:
    if region.mean() < LEAST_SHARE or region[0].mean() < LEAST_TOP:
        return False
    if blue[region].mean() > 0.35:
        return True
    # What is dark or grey could be a curtain or a white ceiling: these rarely fill the top and reach far down.
    if region[0].mean() < 0.7 or region.mean() < 0.12:
        return False
    return bool(dusk[region].mean() > 0.5 or np.median(lab[..., 0][region]) > GLARE)


def _means(values: Float[np.ndarray, "h w c"], graph: Superpixels) -> Float[np.ndarray, "n c"]:
    flat, count = graph.labels.ravel(), np.bincount(graph.labels.ravel(), minlength=graph.count)
    sums = [np.bincount(flat, values[..., c].ravel(), graph.count) for c in range(values.shape[-1])]
    return np.stack(sums, axis=1) / np.maximum(count, 1)[:, None]


def _texture(lightness: Float[np.ndarray, "h w"], graph: Superpixels) -> Float[np.ndarray, "n"]:
    """Mean absolute step of lightness to the right and downwards, inside each superpixel."""
    step = np.zeros(lightness.shape)
    step[:, :-1] += np.abs(np.diff(lightness, axis=1)) * (graph.labels[:, :-1] == graph.labels[:, 1:])
    step[:-1] += np.abs(np.diff(lightness, axis=0)) * (graph.labels[:-1] == graph.labels[1:])
    return _means(step[..., None], graph)[:, 0]
