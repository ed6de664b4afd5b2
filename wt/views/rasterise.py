"""Surfels -> picture: every patch is cut by the rays of the pixels that it may cover, and the nearest cut wins.

All of it is arithmetic on torch tensors, on a CPU or a GPU, in pieces of a bounded number of cuts. The z-buffer is one
scatter of 64-bit numbers: depth in the upper half, the surfel in the lower one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from wt.types import Bool, Float, Int, UInt8
from wt.views.surfels import HALF_PX, Surfels
from wt.views.view import View

CUTS_AT_ONCE = 1 << 20
_NEAREST = 0.02
"""Of the distance of the middle surfel from the photo's camera: what is nearer to a camera than that is not drawn."""
_EDGE_ON = 1e-3
"""Cosine between a ray and the patch's normal below which the patch is seen from the side and covers nothing."""
_EMPTY = torch.iinfo(torch.int64).max


@dataclass(frozen=True, eq=False)
class RenderedView:
    """What one camera sees."""

    rgb: UInt8[np.ndarray, "h w 3"]
    """sRGB; black where nothing is seen."""
    depth: Float[np.ndarray, "h w"]
    """z of the camera in scene units, float32; NaN where nothing is seen."""
    layer: Int[np.ndarray, "h w"]
    """int8: the layer that is seen; -1 where there is none."""
    object_id: Int[np.ndarray, "h w"]
    """int16: 0 is the photo itself; -1 where nothing is seen."""

    @property
    def valid(self) -> Bool[np.ndarray, "h w"]:
        """Where something is seen."""
        return self.layer >= 0

    @property
    def hidden(self) -> Bool[np.ndarray, "h w"]:
        """Where a surface is seen that the photo's camera did not see."""
        return self.layer > 0


class Rasteriser:
    """Holds the surfels on one device and draws any number of views of them, one at a time."""

    def __init__(self, surfels: Surfels, device: str = "auto") -> None:
        from wt.model.precision import pick_device

        self.device = pick_device(device)
        self.centre, self.across, self.down = (
            torch.from_numpy(part).to(self.device) for part in (surfels.centre, surfels.across, surfels.down)
        )
        self.disc = torch.from_numpy(surfels.disc).to(self.device)
        self.nearest = _NEAREST * float(np.median(np.linalg.norm(surfels.centre, axis=1)))
        self.surfels = surfels

    def draw(self, view: View) -> RenderedView:
        """The nearest surface on every pixel of a view."""
        k = view.intrinsics
        patches = self._in_sight(view)
        buffer = torch.full((k.height * k.width,), _EMPTY, dtype=torch.int64, device=self.device)
        for which, pixel, z in patches.cuts(CUTS_AT_ONCE):
            bits = z.view(torch.int32).to(torch.int64)  # positive floats are ordered as their bits are
            buffer.scatter_reduce_(0, pixel, (bits << 32) | which, "amin")
        return self._developed(buffer, patches, k.height, k.width)

    def _in_sight(self, view: View) -> "_Patches":
        k = view.intrinsics
        pose = torch.from_numpy(view.world_to_camera).to(self.device, torch.float32)
        turn = pose[:3, :3].T
        centre, across, down = self.centre @ turn + pose[:3, 3], self.across @ turn, self.down @ turn
        ahead = centre[:, 2] > self.nearest
        # Corners that lie behind the camera would be mirrored: such a patch is too near to be drawn.
        reach = across[:, 2].abs() + down[:, 2].abs()
        ahead &= centre[:, 2] - reach > self.nearest / 2
        chosen = ahead.nonzero()[:, 0]
        return _Patches(chosen, centre[chosen], across[chosen], down[chosen], self.disc[chosen], k)

    def _developed(self, buffer: Tensor, patches: "_Patches", height: int, width: int) -> RenderedView:
        seen = (buffer < _EMPTY).nonzero()[:, 0]
        which = buffer[seen] & 0xFFFFFFFF
        a, b, z = patches.at(which, seen)
        surfel, offset = patches.index[which].cpu().numpy(), torch.stack([a, b], dim=1).cpu().numpy()
        at = seen.cpu().numpy()
        rgb = np.zeros((height * width, 3), np.uint8)
        depth = np.full(height * width, np.nan, np.float32)
        layer, ident = np.full(height * width, -1, np.int8), np.full(height * width, -1, np.int16)
        rgb[at] = _coloured(self.surfels, surfel, offset)
        depth[at] = z.cpu().numpy()
        layer[at], ident[at] = self.surfels.layer[surfel], self.surfels.object_id[surfel]
        shape = (height, width)
        return RenderedView(rgb.reshape(*shape, 3), depth.reshape(shape), layer.reshape(shape), ident.reshape(shape))


class _Patches:
    """The surfels in front of one camera: where they are on its picture, and their planes.

    A ray through the pixel at (dx, dy) from the centre's own meets the plane where z = z_c / (1 + n . d) and, in half
    axes of the patch, at a = p . d / (1 + n . d) and b = q . d / (1 + n . d).
    """

    def __init__(self, index: Tensor, centre: Tensor, across: Tensor, down: Tensor, disc: Tensor, k: Any) -> None:
        self.width, self.height = k.width, k.height
        focal = torch.tensor([k.fx, k.fy], dtype=torch.float32, device=centre.device)
        z = centre[:, 2]
        normal = torch.linalg.cross(across, down)
        through = (normal * centre).sum(dim=1)
        size = normal.norm(dim=1) * centre.norm(dim=1)
        plane = torch.where(through.abs() > _EDGE_ON * size, through, torch.inf) / z
        self.p = torch.linalg.cross(down, centre)[:, :2] / plane[:, None] / focal
        self.q = torch.linalg.cross(centre, across)[:, :2] / plane[:, None] / focal
        self.n = normal[:, :2] / plane[:, None] / focal
        self.index, self.disc, self.z = index, disc, z
        self.u = k.fx * centre[:, 0] / z + k.cx
        self.v = k.fy * centre[:, 1] / z + k.cy
        self._frame(centre, across, down, k)
        self.columns[plane.isinf()] = 0

    def _frame(self, centre: Tensor, across: Tensor, down: Tensor, k: Any) -> None:
        """The first pixel, the columns and the rows whose centres the patch may cover."""
        corners = torch.stack([centre + s * across + t * down for s in (-1, 1) for t in (-1, 1)])
        u = k.fx * corners[..., 0] / corners[..., 2] + k.cx
        v = k.fy * corners[..., 1] / corners[..., 2] + k.cy
        self.left = torch.ceil(u.amin(dim=0) - 0.5).clamp(0, k.width).to(torch.int64)
        self.top = torch.ceil(v.amin(dim=0) - 0.5).clamp(0, k.height).to(torch.int64)
        right = torch.floor(u.amax(dim=0) - 0.5).clamp(-1, k.width - 1).to(torch.int64)
        bottom = torch.floor(v.amax(dim=0) - 0.5).clamp(-1, k.height - 1).to(torch.int64)
        self.columns = (right - self.left + 1).clamp(min=0)
        self.rows = (bottom - self.top + 1).clamp(min=0)

    def cuts(self, at_once: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """(patch, flat pixel, z) of every pixel whose ray meets a patch, in pieces of at most so many rays.

        Patches that may cover a block of the same size are cut together, by rays laid out as that block.
        """
        sizes = _block_sizes(max(self.width, self.height)).to(self.z.device)
        some = ((self.columns > 0) & (self.rows > 0)).nonzero()[:, 0]
        across, down = torch.searchsorted(sizes, self.columns[some]), torch.searchsorted(sizes, self.rows[some])
        key = (across * len(sizes) + down) * 2 + self.disc[some]
        key, order = key.sort()
        some = some[order]
        start = 0
        for kind, count in zip(*(part.tolist() for part in key.unique_consecutive(return_counts=True)), strict=True):
            columns, rows = int(sizes[kind // 2 // len(sizes)]), int(sizes[kind // 2 % len(sizes)])
            for group in some[start : start + count].split(max(at_once // (columns * rows), 1)):
                yield self._cut_block(group, columns, rows, disc=bool(kind % 2))
            start += count

    def _cut_block(self, group: Tensor, columns: int, rows: int, *, disc: bool) -> tuple[Tensor, Tensor, Tensor]:
        x = torch.arange(columns, device=group.device)
        y = torch.arange(rows, device=group.device)[:, None]
        left, top = self.left[group], self.top[group]
        dx = (left + 0.5 - self.u[group])[:, None, None] + x
        dy = (top + 0.5 - self.v[group])[:, None, None] + y
        p, q, n = self.p[group, :, None, None], self.q[group, :, None, None], self.n[group, :, None, None]
        share = 1 + n[:, 0] * dx + n[:, 1] * dy
        a, b = p[:, 0] * dx + p[:, 1] * dy, q[:, 0] * dx + q[:, 1] * dy
        inside = a * a + b * b <= share.square() if disc else torch.maximum(a.abs(), b.abs()) <= share
        inside &= (share > 0) & ((left[:, None, None] + x) < self.width) & ((top[:, None, None] + y) < self.height)
        number, row, column = inside.nonzero(as_tuple=True)
        pixel = (top[number] + row) * self.width + left[number] + column
        return group[number], pixel, self.z[group[number]] / share[inside]

    def at(self, which: Tensor, pixel: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(a, b, z) where the pixels' rays meet one patch each."""
        dx = pixel % self.width + 0.5 - self.u[which]
        dy = torch.div(pixel, self.width, rounding_mode="floor") + 0.5 - self.v[which]
        p, q, n = self.p[which], self.q[which], self.n[which]
        share = 1 + n[:, 0] * dx + n[:, 1] * dy
        a, b = p[:, 0] * dx + p[:, 1] * dy, q[:, 0] * dx + q[:, 1] * dy
        return a / share, b / share, self.z[which] / share


@cache
def _block_sizes(longest: int) -> Tensor:
    """1 to 8 one by one, then in steps of a quarter, up to the picture's longer side."""
    sizes = list(range(1, 9))
    while sizes[-1] < longest:
        sizes.append(min(-(-sizes[-1] * 5 // 4), longest))
    return torch.tensor(sizes)


def _coloured(
    surfels: Surfels, surfel: Int[np.ndarray, " n"], offset: Float[np.ndarray, "n 2"]
) -> UInt8[np.ndarray, "n 3"]:
    """Visible patches are cut out of their picture, the others have one colour."""
    import cv2

    colours = surfels.colours[surfel]
    from_picture = surfels.picture[surfel]
    place = surfels.place[surfel] + np.clip(offset, -1, 1) * HALF_PX
    for number, picture in enumerate(surfels.pictures):
        rows = np.flatnonzero(from_picture == number)
        if not len(rows):
            continue
        scale = np.array([picture.shape[1] / surfels.grid[0], picture.shape[0] / surfels.grid[1]])
        at = (place[rows] * scale - 0.5).astype(np.float32)
        for some in np.array_split(np.arange(len(rows)), len(rows) // 30_000 + 1):  # remap's sides are 16-bit
            u, v = at[some, :1], at[some, 1:]
            found = cv2.remap(picture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            colours[rows[some]] = found[:, 0]
    return colours
