"""An exported gaussians.ply drawn from the photo's camera: `python benchmarks/splats.py PHOTO... --out DIR --json`.

Each photo is lifted and exported; its splats are then drawn by the float64 rasteriser below (Zwicker et al. 2001, EWA
splatting, as in 3D Gaussian splatting), which shares nothing with the exporter. Figures: the least opacity that
accumulates on a pixel which the photo's surface covers, and PSNR against the photo on the grid, at the grid's size
and, as viewers draw it, three times as large with their blur of 0.3 pixels squared.
"""

import argparse
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

BLUR = 0.3
"""What the usual viewers add to a splat's variance, in pixels squared of the screen."""
LARGER = 3


@dataclass(frozen=True)
class Splats:
    """As a viewer reads them."""

    centres: np.ndarray
    covariances: np.ndarray
    colours: np.ndarray
    """0 to 1, not clipped."""
    opacities: np.ndarray


@dataclass(frozen=True)
class View:
    """A pinhole camera, x right, y down, z forward."""

    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int
    rotation: np.ndarray
    """camera from world."""
    shift: np.ndarray

    def larger(self, times: int) -> "View":
        """The same picture on more pixels."""
        numbers = {name: times * getattr(self, name) for name in ("fx", "fy", "cx", "cy", "width", "height")}
        return replace(self, **numbers)


def read_splats(path: Path) -> Splats:
    """By the words of the header, with plain NumPy."""
    head, _, body = path.read_bytes().partition(b"end_header\n")
    lines = head.decode().split("\n")
    names = [line.split()[2] for line in lines if line.startswith("property float ")]
    table = np.frombuffer(body, "<f4").reshape(-1, len(names)).astype(np.float64)
    column = {name: table[:, index] for index, name in enumerate(names)}
    w, x, y, z = (column[f"rot_{index}"] for index in range(4))
    norm = np.sqrt(w * w + x * x + y * y + z * z)
    w, x, y, z = w / norm, x / norm, y / norm, z / norm
    turn = np.stack(
        [
            np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], axis=-1),
            np.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], axis=-1),
            np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], axis=-1),
        ],
        axis=1,
    )
    axes = turn * np.exp(np.stack([column[f"scale_{index}"] for index in range(3)], axis=-1))[:, None, :]
    return Splats(
        np.stack([column[name] for name in "xyz"], axis=-1),
        axes @ axes.transpose(0, 2, 1),
        0.5 + np.stack([column[f"f_dc_{index}"] for index in range(3)], axis=-1) / (2 * np.sqrt(np.pi)),
        1 / (1 + np.exp(-column["opacity"])),
    )


def draw(splats: Splats, view: View, blur: float = 0.0, background: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """(picture [h, w, 3], accumulated opacity [h, w]) of splats sorted by depth and blended front to back."""
    centres = splats.centres @ view.rotation.T + view.shift
    order = np.argsort(centres[:, 2], kind="stable")
    order = order[centres[order, 2] > 1e-6]
    x, y, z = centres[order].T
    zero = np.zeros_like(z)
    affine = np.stack(
        [
            np.stack([view.fx / z, zero, -view.fx * x / z**2], axis=-1),
            np.stack([zero, view.fy / z, -view.fy * y / z**2], axis=-1),
        ],
        axis=1,
    )
    to_screen = affine @ view.rotation
    covariances = to_screen @ splats.covariances[order] @ to_screen.transpose(0, 2, 1) + blur * np.eye(2)
    at = np.stack([view.fx * x / z + view.cx, view.fy * y / z + view.cy], axis=-1)
    reach = 3.4 * np.sqrt(np.linalg.eigvalsh(covariances)[:, 1])  # beyond, an opaque splat adds less than 1/255
    inverse = np.linalg.inv(covariances)
    picture = np.full((view.height, view.width, 3), background)
    opacity = np.zeros((view.height, view.width))
    band = max(1, 4_000_000 // max(len(order), 1) * 4)
    for top in range(0, view.height, band):
        rows = slice(top, min(top + band, view.height))
        _draw_band(picture, opacity, rows, (at, inverse, reach, splats.colours[order], splats.opacities[order]))
    return picture, opacity


def _draw_band(picture: np.ndarray, opacity: np.ndarray, rows: slice, sorted_splats: tuple[np.ndarray, ...]) -> None:
    at, inverse, reach, colours, opacities = sorted_splats
    width, height = picture.shape[1], rows.stop - rows.start
    touched = (at[:, 1] + reach > rows.start) & (at[:, 1] - reach < rows.stop)
    touched &= (at[:, 0] + reach > 0) & (at[:, 0] - reach < width)
    pixel, splat, alpha = [], [], []
    for size in np.unique(np.ceil(reach[touched]).astype(int)):
        chosen = np.flatnonzero(touched & (np.ceil(reach) == size))
        first = np.floor(at[chosen]).astype(int)
        for dy in range(-size, size + 1):
            for dx in range(-size, size + 1):
                column, row = first[:, 0] + dx, first[:, 1] + dy
                inside = (column >= 0) & (column < width) & (row >= rows.start) & (row < rows.stop)
                one = chosen[inside]
                away = np.stack([column[inside] + 0.5, row[inside] + 0.5], axis=-1) - at[one]
                weight = np.minimum(
                    0.99, opacities[one] * np.exp(-0.5 * np.einsum("ni,nij,nj->n", away, inverse[one], away))
                )
                drawn = weight >= 1 / 255
                pixel.append(((row[inside] - rows.start) * width + column[inside])[drawn])
                splat.append(one[drawn])
                alpha.append(weight[drawn])
    if not pixel:
        return
    pixel, splat, alpha = np.concatenate(pixel), np.concatenate(splat), np.concatenate(alpha)
    order = np.lexsort((splat, pixel))  # splats are numbered front to back
    pixel, splat, alpha = pixel[order], splat[order], alpha[order]
    through = np.concatenate([[0.0], np.cumsum(np.log1p(-alpha))])  # log of the light that passes
    first = np.searchsorted(pixel, pixel)
    passed = np.exp(through[:-1] - through[first])
    share = passed * alpha
    count = width * height
    covered = np.bincount(pixel, share, count)
    opacity[rows] = covered.reshape(height, width)
    for channel in range(3):
        blended = np.bincount(pixel, share * colours[splat, channel], count)
        picture[rows, :, channel] = (blended + (1 - covered) * picture[rows, :, channel].ravel()).reshape(height, width)


def psnr(a: np.ndarray, b: np.ndarray, where: np.ndarray) -> float:
    """Of pictures in 0..1 over chosen pixels, in dB."""
    return float(-10 * np.log10(np.mean((a[where] - b[where]) ** 2)))


def main() -> None:
    """Parse, lift, export, draw, print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder for the files and the sheets")
    parser.add_argument("--model", default="wt-s-mini")
    parser.add_argument("--json", action="store_true", help="compact output")
    options = parser.parse_args()
    from wt.lift import load

    lifter = load(options.model)
    rows = [measured(path, lifter, options.out / path.stem) for path in options.photos]
    print(json.dumps({"photos": rows}, indent=None if options.json else 2))


def measured(photo: Path, lifter: Any, out: Path) -> dict[str, Any]:
    """Figures of one photo; draws out/sheet.png: the photo's view three times as large, and one from the side."""
    from wt.exports.export import export
    from wt.images import open_photo
    from wt.scene.scene import Scene

    scene = Scene.from_layers(lifter.lift(open_photo(photo).rgb))
    (path,) = export(scene, out, "gaussians")["gaussians"]
    splats, k, covered = read_splats(path), scene.intrinsics, scene.background.present[0]
    view = View(k.fx, k.fy, k.cx, k.cy, k.width, k.height, np.eye(3), np.zeros(3))
    picture, opacity = draw(splats, view)
    large, large_opacity = draw(splats, view.larger(LARGER), BLUR)
    size = (LARGER * k.width, LARGER * k.height)
    photo_large = np.asarray(Image.fromarray(scene.rgb).resize(size, Image.Resampling.BICUBIC)) / 255
    large_covered = np.kron(covered, np.ones((LARGER, LARGER), bool))
    aside, _ = draw(splats, from_the_side(view, splats).larger(LARGER), BLUR, background=1.0)
    sheet = np.clip(np.concatenate([photo_large, large, aside], axis=1), 0, 1)
    Image.fromarray(np.rint(255 * sheet).astype(np.uint8)).save(out / "sheet.png")
    return {
        "photo": photo.name,
        "splats": len(splats.centres),
        "megabytes": round(path.stat().st_size / 1e6, 2),
        "least_opacity": round(float(opacity[covered].min()), 4),
        "psnr_db": round(psnr(picture, scene.rgb / 255, covered), 2),
        "large_least_opacity": round(float(large_opacity[large_covered].min()), 4),
        "large_psnr_db": round(psnr(large, photo_large, large_covered), 2),
    }


def from_the_side(view: View, splats: Splats, degrees: float = 20.0) -> View:
    """Turned about the vertical through the middle of what is seen."""
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    turn = np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
    middle = np.array([0, 0, np.median(splats.centres[:, 2])])
    return replace(view, rotation=turn, shift=middle - turn @ middle)


if __name__ == "__main__":
    main()
