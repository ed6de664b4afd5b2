"""A clip as one animated glTF file: a node a frame, of which one at a time has a size.

Each frame has another number of points, with other colours, so morph targets (which move the same vertices) cannot
carry it. A node's scale can be animated everywhere: it steps between 1 and 0, and glTF says that a node without a size
is not drawn. three.js, Blender and model-viewer play that without any extension.
"""

from typing import Any

import numpy as np

from wt.clips.clip import Clip
from wt.exports.gltf import Gltf
from wt.types import Float

_FLOAT = 5126


class AnimatedGltf(Gltf):
    """Adds the one animation."""

    def in_turn(self, nodes: list[int], fps: int) -> None:
        """Show the nodes one after the other, each for a frame's time; the last one until the time is up."""
        times = (np.arange(len(nodes) + 1) / fps).astype("<f4")
        clock = self._track(times, "SCALAR", min=[float(times[0])], max=[float(times[-1])])
        entry: dict[str, Any] = {"name": "clip", "samplers": [], "channels": []}
        for index, node in enumerate(nodes):
            output = self._track(_sizes(index, len(nodes)), "VEC3")
            entry["samplers"].append({"input": clock, "interpolation": "STEP", "output": output})
            entry["channels"].append({"sampler": index, "target": {"node": node, "path": "scale"}})
        self._add("animations", entry)

    def _track(self, values: Float[np.ndarray, "n *c"], kind: str, **more: Any) -> int:
        """Numbers of an animation; unlike a mesh's they have no target."""
        view = self._view(values.tobytes())
        entry = {"bufferView": view, "componentType": _FLOAT, "count": len(values), "type": kind, **more}
        return self._add("accessors", entry)


def animated_glb(clip: Clip, fps: int, hidden: str, extras: dict[str, Any]) -> bytes:
    """Every frame's surfaces, a POINTS mesh a layer, and the animation that shows them in turn.

    Args:
        clip: with its lifts.
        fps: frames a second.
        hidden: colours of layers behind the first, "grey" or "photo".
        extras: JSON values for the asset (units and the like).
    """
    writer, frames = AnimatedGltf(), list[int]()
    for index in range(len(clip)):
        cloud, parts = clip.cloud(index, hidden=hidden), list[int]()
        for layer in np.unique(cloud.layer).tolist():
            rows, label = cloud.layer == layer, f"frame {index} layer {layer}"
            mesh = writer.points(label, cloud.points[rows], cloud.colours[rows])
            parts.append(writer.node(name=label, mesh=mesh, extras={"frame": index, "layer": layer}))
        size = [1.0] * 3 if index == 0 else [0.0] * 3  # what a viewer without animations shows is the first frame
        frames.append(writer.node(name=f"frame {index}", children=parts, scale=size))
    writer.in_turn(frames, fps)
    near = min(float(np.nanmin(one.depth[0])) if one.alpha.any() else 1.0 for one in clip.lifted)
    camera = writer.node(name="clip camera", camera=writer.camera(clip.lifted[0].intrinsics, near))
    return writer.pack(writer.node(name=clip.name, children=[*frames, camera]), {**extras, "fps": fps})


def _sizes(index: int, count: int) -> Float[np.ndarray, "n 3"]:
    """Of one node at every key: 1 at its own; the last node keeps it at the last key too."""
    sizes = np.zeros((count + 1, 3), dtype="<f4")
    sizes[index] = 1
    if index == count - 1:
        sizes[count] = 1
    return sizes
