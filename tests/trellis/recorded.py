"""TRELLIS.2 and TRELLIS as packages that record how they are called and answer with a mesh of our choice.

Names, arguments and order are those of the two projects' own pipelines, as far as this program uses them.
"""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import torch
import trimesh
from PIL import Image


class Recorded:
    """What was called, in order, with what; and the box-space mesh that comes back, z up."""

    def __init__(self, vertices: np.ndarray, faces: np.ndarray) -> None:
        self.calls: list[tuple] = []
        self.vertices, self.faces = vertices, faces

    @property
    def order(self) -> list[str]:
        return [call[0] for call in self.calls]

    def note(self, name: str, *arguments: object) -> None:
        self.calls.append((name, *arguments))

    def of(self, name: str) -> tuple:
        """The arguments of the one call with this name."""
        (found,) = [call[1:] for call in self.calls if call[0] == name]
        return found

    def baked(self) -> trimesh.Trimesh:
        """Both programs bake to glTF's y up: (x, z, -y); the left half of the texture is red, the right one blue."""
        colours = np.zeros((4, 8, 3), np.uint8)
        colours[:, :4, 0], colours[:, 4:, 2] = 255, 255
        x, y, z = self.vertices.T
        uv = np.stack([(x > 0) * 0.5 + 0.25, np.full_like(x, 0.9)], axis=-1)
        material = trimesh.visual.material.PBRMaterial(baseColorTexture=Image.fromarray(colours))
        visual = trimesh.visual.TextureVisuals(uv=uv, material=material)
        return trimesh.Trimesh(np.stack([x, z, -y], axis=-1), self.faces, visual=visual, process=False)


def install(monkeypatch, recorded: Recorded, *names: str) -> None:
    """Put the packages where an import finds them."""
    made = {"trellis2": _trellis2, "trellis": _trellis1}
    for name in names:
        for module in made[name](recorded):
            monkeypatch.setitem(sys.modules, module.__name__, module)


def _module(name: str, **content: object) -> ModuleType:
    module = ModuleType(name)
    # What importlib.util.find_spec asks a module that is loaded already.
    module.__spec__ = SimpleNamespace(name=name, origin="recorded")  # type: ignore[assignment]
    for key, value in content.items():
        setattr(module, key, value)
    return module


def _trellis2(recorded: Recorded) -> list[ModuleType]:
    class Trellis2ImageTo3DPipeline:
        def __init__(self) -> None:
            parts = ("shape_slat_flow_model_512", "shape_slat_flow_model_1024")
            textures = ("tex_slat_flow_model_512", "tex_slat_flow_model_1024")
            self.models = {name: name for name in (*parts, *textures)}

        @classmethod
        def from_pretrained(cls, path: str) -> "Trellis2ImageTo3DPipeline":
            recorded.note("from_pretrained", path)
            return cls()

        def to(self, device: torch.device) -> None:
            recorded.note("to", device.type)

        def get_cond(self, image: list, resolution: int, include_neg_cond: bool = True) -> dict:
            recorded.note("get_cond", image, resolution, torch.initial_seed())
            return {"cond": resolution}

        def sample_sparse_structure(self, *_: object) -> None:
            raise AssertionError("the first stage is not to be run")

        def preprocess_image(self, *_: object) -> None:
            raise AssertionError("the picture is not to be preprocessed")

        def sample_shape_slat(self, cond: dict, flow_model: str, coords: torch.Tensor, sampler_params: dict = {}):  # noqa: B006
            recorded.note("sample_shape_slat", cond, flow_model, coords)
            return "shape"

        def sample_shape_slat_cascade(
            self,
            lr_cond: dict,
            cond: dict,
            flow_model_lr: str,
            flow_model: str,
            lr_resolution: int,
            resolution: int,
            coords: torch.Tensor,
            sampler_params: dict = {},  # noqa: B006
            max_num_tokens: int = 49152,
        ) -> tuple[str, int]:
            models = (flow_model_lr, flow_model, lr_resolution, resolution)
            recorded.note("sample_shape_slat_cascade", lr_cond, cond, models, coords)
            return "shape", resolution - 128  # it may come down to fit the memory

        def sample_tex_slat(self, cond: dict, flow_model: str, shape_slat: str, sampler_params: dict = {}) -> str:  # noqa: B006
            recorded.note("sample_tex_slat", cond, flow_model, shape_slat)
            return "texture"

        def decode_latent(self, shape_slat: str, tex_slat: str, resolution: int) -> list:
            recorded.note("decode_latent", shape_slat, tex_slat, resolution)
            names = ("vertices", "faces", "attrs", "coords", "layout", "voxel_size")
            return [SimpleNamespace(**{name: f"mesh.{name}" for name in names})]

    def to_glb(**arguments: object) -> trimesh.Trimesh:
        recorded.note("to_glb", arguments)
        return recorded.baked()

    return [
        _module("trellis2"),
        _module("trellis2.pipelines", Trellis2ImageTo3DPipeline=Trellis2ImageTo3DPipeline),
        _module("o_voxel", postprocess=SimpleNamespace(to_glb=to_glb)),
    ]


def _trellis1(recorded: Recorded) -> list[ModuleType]:
    class TrellisImageTo3DPipeline:
        @classmethod
        def from_pretrained(cls, path: str) -> "TrellisImageTo3DPipeline":
            recorded.note("from_pretrained", path)
            return cls()

        def to(self, device: torch.device) -> None:
            recorded.note("to", device.type)

        def get_cond(self, image: list) -> dict:
            recorded.note("get_cond", image)
            return {"cond": 1}

        def sample_slat(self, cond: dict, coords: torch.Tensor, sampler_params: dict = {}) -> str:  # noqa: B006
            recorded.note("sample_slat", cond, coords, torch.initial_seed())
            return "latent"

        def decode_slat(self, slat: str, formats: list[str]) -> dict:
            recorded.note("decode_slat", slat, formats)
            return {"mesh": ["a mesh"], "gaussian": ["gaussians"]}

    def to_glb(app_rep: str, mesh: str, simplify: float = 0.95, texture_size: int = 1024) -> trimesh.Trimesh:
        recorded.note("to_glb", app_rep, mesh)
        return recorded.baked()

    return [
        _module("trellis"),
        _module("trellis.pipelines", TrellisImageTo3DPipeline=TrellisImageTo3DPipeline),
        _module("trellis.utils"),
        _module("trellis.utils.postprocessing_utils", to_glb=to_glb),
    ]
