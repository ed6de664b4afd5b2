"""Runs an installed TRELLIS or TRELLIS.2 on voxels of ours in place of those that its first stage would sample.

What is called, and in which order, is ARCHITECTURE section 22 and the two projects' own documentation: conditions of
the unprocessed picture, the seed, shape and texture latents at the given coordinates, decoding, baking to a textured
mesh. `tests/trellis/recorded.py` keeps the same calls as a package that records them.
"""

import importlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

from wt.errors import WtError
from wt.meshes.mesh import Mesh
from wt.trellis.installed import TRELLIS2, Trellis
from wt.trellis.structure import SparseStructure
from wt.types import Float

LOG = logging.getLogger(__name__)
GREY = 160
"""Of a mesh that comes back without a texture."""
BOX = [[-0.5, -0.5, -0.5], [0.5, 0.5, 0.5]]
SIMPLIFY = 0.95
"""Share of triangles that TRELLIS takes out while it bakes, as its own example does."""
TEXTURE_2, TEXTURE_1 = 4096, 1024
FACES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Choices:
    """How a TRELLIS runs."""

    pipeline: str
    weights: str
    """A folder or a name on the hub."""
    seed: int = 42
    device: str = "cuda"


def generate(
    trellis: Trellis,
    structure: SparseStructure,
    image: Image.Image,
    choices: Choices,
    on_stage: Callable[[str], None] = LOG.info,
) -> Any:
    """The baked mesh (`trimesh.Trimesh`, y up, textured) of a structure.

    Raises:
        WtError: the package is here but cannot be used: a part of it or the GPU is missing, or memory ran out.
    """
    run = _trellis2 if trellis is TRELLIS2 else _trellis1
    try:
        return run(structure, image, choices, on_stage)
    except (ImportError, AttributeError) as error:
        raise WtError(
            f"{trellis.name} is installed but not as this program knows it ({error}). Install the version of "
            f"{trellis.home}."
        ) from error
    except torch.cuda.OutOfMemoryError as error:
        raise WtError(
            f"{trellis.name} ran out of GPU memory. Choose a smaller pipeline ({', '.join(trellis.pipelines)})."
        ) from error
    except (RuntimeError, AssertionError) as error:
        # Torch says with either that there is no CUDA device.
        raise WtError(f"{trellis.name} stopped: {str(error).splitlines()[0]}") from error


def _trellis2(structure: SparseStructure, image: Image.Image, choices: Choices, on_stage: Callable[[str], None]) -> Any:
    on_stage("Loading TRELLIS.2")
    made = importlib.import_module("trellis2.pipelines").Trellis2ImageTo3DPipeline.from_pretrained(choices.weights)
    made.to(torch.device(choices.device))
    models = made.models
    with torch.no_grad():
        on_stage("Looking at the picture")
        torch.manual_seed(choices.seed)
        low = made.get_cond([image], 512)
        high = low if choices.pipeline == "512" else made.get_cond([image], 1024)
        coords = torch.from_numpy(structure.coords).to(choices.device)
        on_stage("Shape")
        if choices.pipeline.endswith("cascade"):
            target = int(choices.pipeline.split("_")[0])
            pair = models["shape_slat_flow_model_512"], models["shape_slat_flow_model_1024"]
            shape, side = made.sample_shape_slat_cascade(low, high, *pair, 512, target, coords)
        else:
            side = int(choices.pipeline)
            shape = made.sample_shape_slat(high, models[f"shape_slat_flow_model_{side}"], coords)
        on_stage("Texture")
        texture_model = models["tex_slat_flow_model_512" if choices.pipeline == "512" else "tex_slat_flow_model_1024"]
        texture = made.sample_tex_slat(high, texture_model, shape)
        mesh = made.decode_latent(shape, texture, side)[0]
    on_stage("Baking")
    return importlib.import_module("o_voxel").postprocess.to_glb(
        vertices=mesh.vertices,
        faces=mesh.faces,
        attr_volume=mesh.attrs,
        coords=mesh.coords,
        attr_layout=mesh.layout,
        voxel_size=mesh.voxel_size,
        aabb=BOX,
        decimation_target=FACES,
        texture_size=TEXTURE_2,
        remesh=True,
        remesh_band=1,
        remesh_project=0,
    )


def _trellis1(structure: SparseStructure, image: Image.Image, choices: Choices, on_stage: Callable[[str], None]) -> Any:
    on_stage("Loading TRELLIS")
    made = importlib.import_module("trellis.pipelines").TrellisImageTo3DPipeline.from_pretrained(choices.weights)
    made.to(torch.device(choices.device))
    with torch.no_grad():
        on_stage("Looking at the picture")
        condition = made.get_cond([image])
        torch.manual_seed(choices.seed)
        on_stage("Shape and texture")
        latent = made.sample_slat(condition, torch.from_numpy(structure.coords).to(choices.device))
        decoded = made.decode_slat(latent, ["mesh", "gaussian"])
    on_stage("Baking")
    bake = importlib.import_module("trellis.utils.postprocessing_utils").to_glb
    return bake(decoded["gaussian"][0], decoded["mesh"][0], simplify=SIMPLIFY, texture_size=TEXTURE_1)


def in_camera(baked: Any, structure: SparseStructure, name: str, ident: int = 0) -> Mesh:
    """A baked mesh as one of ours: from y up to the box's z up, and from the box to camera space.

    Raises:
        WtError: nothing was made.
    """
    if not len(baked.faces):
        raise WtError(f"TRELLIS made no surface of {name!r}. Try another seed or pipeline.")
    x, y, z = np.moveaxis(np.asarray(baked.vertices, np.float32), -1, 0)
    vertices = structure.frame.inverse(np.stack([x, -z, y], axis=-1))
    faces = np.asarray(baked.faces, np.int32)
    uv, texture = _texture(baked)
    colours = np.full((len(vertices), 3), GREY, np.uint8) if texture is None or uv is None else _seen(uv, texture)
    return Mesh(name, vertices, faces, colours, ident, uv=uv, texture=texture)


def _texture(baked: Any) -> tuple[Float[np.ndarray, "n 2"] | None, np.ndarray | None]:
    """(uv from the top left, colours), None of a mesh without; trimesh counts v from the bottom."""
    uv = getattr(baked.visual, "uv", None)
    image = getattr(getattr(baked.visual, "material", None), "baseColorTexture", None)
    if uv is None or image is None:
        return None, None
    flipped = np.stack([uv[:, 0], 1 - uv[:, 1]], axis=-1).astype(np.float32)
    return flipped, np.asarray(image.convert("RGB"))


def _seen(uv: Float[np.ndarray, "n 2"], texture: np.ndarray) -> np.ndarray:
    """The texture's colour at every vertex."""
    height, width = texture.shape[:2]
    column = (uv[:, 0] * width).astype(int).clip(0, width - 1)
    row = (uv[:, 1] * height).astype(int).clip(0, height - 1)
    return texture[row, column]
