"""What a family's rule works with: the parts of one asset, where they lie, and the joints found so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from wt.data.mesh import Asset, Part
from wt.data.motion import Joint
from wt.types import Float


@dataclass
class Rig:
    """What a family's rule works with: the parts, their boxes, and the joints found so far."""

    asset: Asset
    rng: np.random.Generator
    parts: list[Part] = field(init=False)
    joints: list[Joint] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.parts = list(self.asset.parts)
        self.low = np.array([part.vertices.min(axis=0) for part in self.parts])
        self.high = np.array([part.vertices.max(axis=0) for part in self.parts])
        self.centre, self.size = (self.low + self.high) / 2, self.high - self.low
        self.height = float(self.high[:, 2].max() - self.low[:, 2].min())

    def add(self, parts: Sequence[int], pivot: np.ndarray, axis: str, low: float, high: float = 0.0, **more) -> int:
        """A joint about the x, y or z axis; returns its index, for children's `parent`."""
        direction = (float(axis == "x"), float(axis == "y"), float(axis == "z"))
        self.joints.append(Joint(tuple(parts), np.asarray(pivot, float), direction, low, high, **more))
        return len(self.joints) - 1

    def end(self, part: int, towards: int) -> Float[np.ndarray, "3"]:
        """The middle of the end of a long part that is nearer to another part's centre: where the two meet."""
        points = self.parts[part].vertices
        along = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2][0]
        reach = (points - self.centre[part]) @ along
        ends = [points[s * reach > 0.8 * (s * reach).max()].mean(axis=0) for s in (-1, 1)]
        return min(ends, key=lambda at: float(np.linalg.norm(at - self.centre[towards])))
