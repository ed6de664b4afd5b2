"""The export formats as a person chooses them: in groups, a word for each format and a line for each group."""

from dataclasses import dataclass

from wt.exports.export import FORMATS, USUAL

USUALLY = (*USUAL, "viewer")
"""What is ticked at first."""


@dataclass(frozen=True)
class Group:
    """Formats that serve one purpose."""

    name: str
    label: str
    hint: str
    labels: dict[str, str]
    """Format -> its word."""

    @property
    def choices(self) -> list[tuple[str, str]]:
        """(word, format), as gradio takes them."""
        return [(label, name) for name, label in self.labels.items()]

    @property
    def usual(self) -> list[str]:
        """The formats that are ticked at first."""
        return [name for name in self.labels if name in USUALLY]


GROUPS = (
    Group(
        "points",
        "Points",
        "Coloured points: MeshLab, CloudCompare, Python.",
        {"ply": "PLY by layer", "npz": "NPZ"},
    ),
    Group(
        "meshes",
        "Meshes",
        "Surfaces: Blender, game engines, Maya, Apple.",
        {"glb": "GLB", "obj": "OBJ", "usdz": "USDZ"},
    ),
    Group("splats", "Splats", "Gaussians: SuperSplat and splat plug-ins.", {"gaussians": "Gaussians (PLY)"}),
    Group(
        "pictures",
        "Pictures",
        "The photo, depth for compositing, two short films.",
        {"png": "Before / after", "depth": "Depth EXR + PNG", "video": "Video"},
    ),
    Group(
        "cameras",
        "Cameras",
        "The photo's exact camera, alone or to train on.",
        {"camera": "Camera", "transforms": "nerfstudio", "colmap": "COLMAP"},
    ),
    Group(
        "views",
        "Ready to open",
        "A page for any browser; all set up in Blender.",
        {"viewer": "Viewer page", "blender": "Blender script"},
    ),
    Group(
        "records",
        "To keep",
        "To open here again; seeds, licences, hashes.",
        {"wts": "Scene (.wts)", "manifest": "Manifest"},
    ),
)
LABELS = {name: label for group in GROUPS for name, label in group.labels.items()}
EXPORT_FORMATS = tuple(name for name in FORMATS if name in LABELS)
