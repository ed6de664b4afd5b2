"""Compare the network with the golden fixtures of the published numerics.

    python benchmarks/parity.py DIR --json

prints one JSON object {"fixtures": {name: {quantity: error}}, "ok": bool}. An error is the largest
|a - b| / max(1, |b|), at most 3e-5; the velocity at t = 0.03 is compared absolutely, at most 3e-4.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from wt.denoising import denoise  # noqa: E402
from wt.errors import WtError  # noqa: E402
from wt.flow.path import velocity  # noqa: E402
from wt.flow.sampler import channel_major_noise  # noqa: E402
from wt.geometry.edge_flyers import SOFT_LAYER_0, EdgeFlyerFilter  # noqa: E402
from wt.geometry.fit_intrinsics import solve  # noqa: E402
from wt.geometry.normalise import PUBLISHED_MEAN, PUBLISHED_STD, LogMedian, ZScore  # noqa: E402
from wt.geometry.voxels import CanonicalFrame, densified, voxels  # noqa: E402
from wt.model.checkpoint import assemble, read_tensors  # noqa: E402
from wt.model.config import EncoderConfig  # noqa: E402
from wt.model.embeddings import grid_positions, rotary_table, rotate, time_features  # noqa: E402
from wt.model.names import infer_config  # noqa: E402
from wt.model.vit import DinoV2  # noqa: E402
from wt.model.wt_dit import WTDiT  # noqa: E402
from wt.preprocess import GREY, fallback_intrinsics, object_crop, prepare, prepare_frame, union_crop  # noqa: E402

LIMIT, VELOCITY_LIMIT = 3e-5, 3e-4
ABSOLUTE = ("fwd1_v",)
Arrays = dict[str, np.ndarray]
Pair = tuple[str, np.ndarray | Tensor, np.ndarray]


def compare(got: np.ndarray | Tensor, wanted: np.ndarray, *, absolute: bool = False) -> float:
    """The largest relative (above 1) or absolute difference; infinite if the shapes differ."""
    a = got.detach().float().numpy() if isinstance(got, Tensor) else np.asarray(got)
    b = np.asarray(wanted)
    if a.size != b.size:
        return float("inf")
    a, b = a.reshape(b.shape).astype(np.float64), b.astype(np.float64)
    difference = np.abs(a - b) if absolute else np.abs(a - b) / np.maximum(1, np.abs(b))
    return float(np.nan_to_num(difference, nan=np.inf).max())


def network(folder: Path, name: str) -> Iterator[Pair]:
    """Two single evaluations with everything inside, then four sampling steps."""
    io = _arrays(folder, name)
    hyper = json.loads((folder / f"{name}.json").read_text())
    tensors, _ = read_tensors(folder / f"{name}.safetensors")
    config = infer_config(tensors, image_side=hyper["image_size"])
    model = assemble(config, tensors, name)
    rgb = torch.from_numpy(io["rgb"])
    for call in ("fwd0", "fwd1"):
        yield from _evaluation(model, io, call, rgb)
    mask, first = torch.from_numpy(io["mask"][:1]).flatten(1, -3), rgb[:1]
    generator = torch.Generator().manual_seed(42)
    start = channel_major_noise((1, *_views(io), 3), generator, contiguous_draw=True)
    yield "sample_x_T", start.permute(0, 4, 1, 2, 3), io["sample_x_T"]
    fills = [channel_major_noise(tuple(start.shape), generator, contiguous_draw=False) for _ in io["sample_fill_noise"]]
    yield "sample_fill_noise", torch.stack(fills), io["sample_fill_noise"]
    tokens = model.condition(model.encode(first))
    steps = denoise(model, tokens, first, mask, len(fills), torch.Generator().manual_seed(42))
    *_, (x, _) = steps
    yield "sample_xyz_normalized", x, io["sample_xyz_normalized"]
    xyz = config.coordinates().inverse(x) * mask[..., None]
    yield "sample_xyz", xyz, io["sample_xyz"]


def _views(io: Arrays) -> tuple[int, int, int]:
    return tuple(io["sample_x_T"].shape[2:])  # type: ignore[return-value]


def _evaluation(model: WTDiT, io: Arrays, call: str, rgb: Tensor) -> Iterator[Pair]:
    seen: dict[str, Tensor] = {}

    def keep(name: str) -> Callable:
        return lambda _module, _inputs, output: seen.__setitem__(name, output)

    parts = {f"block{i}_out": block for i, block in enumerate(model.decoder.blocks)}
    parts |= {f"temporal{j}_out": block for j, block in enumerate(model.decoder.temporal)}
    parts |= {"timestep_adaln": model.time, "decoder_tokens": model.decoder, "head_raw": model.out}
    hooks = [module.register_forward_hook(keep(name)) for name, module in parts.items()]
    t, x_t = (torch.from_numpy(io[f"{call}_{name}"]) for name in ("t", "x_t"))
    features = model.encode(rgb)
    seen["encoder_features"] = features
    seen["encoder_tokens"] = model.image_proj(features)
    seen["normed_image_tokens"] = model.image_tokens(features)
    seen["layer_film_gamma_beta"] = model.decoder.layer.gamma_beta()
    rows = model.decoder.layer.rows()
    if rows is not None:
        seen["layer_adaln"] = rows
    tokens = model.condition(features)
    seen["fused_tokens"] = torch.cat([tokens, model.noise_half(x_t, rgb)], dim=-1)
    grid = grid_positions(rgb.shape[-2] // 14, rgb.shape[-1] // 14)
    seen["patch_positions_yx"] = grid.expand(*tokens.shape[:2], -1, -1)
    x_0 = model(x_t, t, tokens, rgb)
    for hook in hooks:
        hook.remove()
    seen["x0"], seen["v"] = x_0, velocity(x_t, x_0, t, model.config.min_t)
    for name, value in seen.items():
        if f"{call}_{name}" in io:
            yield f"{call}_{name}", value, io[f"{call}_{name}"]


def dinov2(folder: Path, name: str) -> Iterator[Pair]:
    """The encoder alone."""
    io = _arrays(folder, name)
    numbers = json.loads((folder / f"{name}_io.json").read_text())["encoder"]
    from safetensors.torch import load_file

    config = EncoderConfig(
        width=numbers["embed_dim"],
        depth=numbers["depth"],
        heads=numbers["num_heads"],
        pretrain_grid=numbers["pretrain_grid"],
    )
    encoder = DinoV2(config).eval()
    tensors = {
        key.removeprefix("net.encoder."): value for key, value in load_file(folder / f"{name}.safetensors").items()
    }
    missing, unexpected = encoder.load_state_dict(tensors, strict=False)
    if unexpected or set(missing) - {"image_mean", "image_std"}:
        raise WtError(f"{name} has other tensors than the encoder: {missing}, {unexpected}.")
    for key in ("sq", "rect"):
        yield f"{key}_features", encoder.normalised_features(torch.from_numpy(io[f"{key}_x"])), io[f"{key}_features"]
    native = torch.from_numpy(io["native_x_lowres"]).repeat_interleave(14, 2).repeat_interleave(14, 3)
    yield "native_features", encoder.normalised_features(native), io["native_features"]
    for side in (24, 36, 60):
        key = f"posembed_interp_{side}x{side}"
        yield key, encoder.position_table((side, side)), io[key]


def rope(folder: Path, name: str) -> Iterator[Pair]:
    """The rotary embedding alone, with a bfloat16 case."""
    io = _arrays(folder, name)
    for key in ("grid", "time", "far"):
        pos = torch.from_numpy(io[f"{key}_pos_yx" if key == "grid" else f"{key}_pos"])
        tokens = torch.from_numpy(io[f"{key}_tokens"])
        for dtype, suffix in ((torch.float32, ""), (torch.bfloat16, "_bf16")):
            if f"{key}_out{suffix}" in io:
                cos, sin = rotary_table(pos[:, :, None], tokens.shape[-1], dtype=dtype)
                yield f"{key}_out{suffix}", rotate(tokens.to(dtype), cos, sin), io[f"{key}_out{suffix}"]


def timestep(folder: Path, name: str) -> Iterator[Pair]:
    """The sinusoids."""
    io = _arrays(folder, name)
    yield "sinusoid", time_features(torch.from_numpy(io["t"])), io["sinusoid"]


def denorm(folder: Path, name: str) -> Iterator[Pair]:
    """The inverse coordinate maps, in torch and in NumPy."""
    io = _arrays(folder, name)
    maps = {
        "zscore": ZScore(PUBLISHED_MEAN, PUBLISHED_STD),
        "median_log": LogMedian(),
        "median_log_global": LogMedian(),
    }
    for key, coordinates in maps.items():
        yield key, coordinates.inverse(torch.from_numpy(io["xyz_norm"])), io[key]
        yield f"{key}_numpy", coordinates.inverse(io["xyz_norm"]), io[key]


def intrinsics(folder: Path, name: str) -> Iterator[Pair]:
    """The pinhole fit: K as float32 and the horizontal field of view."""
    io = _arrays(folder, name)
    for key, points in (("clean", "xyz"), ("noisy", "xyz_noisy"), ("rand", "xyz_rand")):
        matrix, _ = solve(io[points], io["mask"])
        if matrix is None:
            raise WtError(f"{name}: no camera for {points}.")
        yield f"K_{key}", matrix.astype(np.float32), io[f"K_{key}"]
        width = io[points].shape[1]
        yield f"fovx_{key}", _fov(matrix[0, 0], width), io[f"fovx_{key}"]
        if f"fovx_{key}_size100" in io:
            yield f"fovx_{key}_size100", _fov(matrix[0, 0], 100), io[f"fovx_{key}_size100"]


def _fov(fx: float, size: int) -> np.ndarray:
    return np.degrees(2 * np.arctan(size / (2 * fx))) if fx > 0 else np.zeros(())


def preprocess(folder: Path, name: str) -> Iterator[Pair]:
    """Crop, blend, resize; stills and a clip. Everything is exact."""
    io = _arrays(folder, name)
    numbers = json.loads((folder / f"{name}.json").read_text())
    side = numbers["image_size"]
    cases = {
        "obj_grey": ("obj", True, GREY, 0),
        "obj_black_erode2": ("obj", True, (0, 0, 0), 2),
        "obj_nobg_nocrop": ("obj", False, None, 0),
        "edge_grey": ("edge", True, GREY, 0),
    }
    for key, (source, cropped, colour, erode) in cases.items():
        rgb, alpha = np.ascontiguousarray(io[f"{source}_rgba"][..., :3]), io[f"{source}_rgba"][..., 3]
        crop = object_crop(alpha)
        yield f"{key}_crop", np.array([crop.top, crop.left, crop.side]), io[f"{source}_crop"]
        done = prepare(rgb, alpha, side, crop=crop if cropped else None, background=colour, erode=erode)
        yield f"{key}_rgb", done.rgb, io[f"{key}_rgb"]
        yield f"{key}_mask", done.mask, io[f"{key}_mask"]
        yield f"{key}_K", fallback_intrinsics(side).matrix(), io[f"{key}_K"]
    side = numbers["clip_image_size"]
    frames = [(np.ascontiguousarray(frame[..., :3]), frame[..., 3]) for frame in io["clip_rgba"]]
    crop = union_crop([alpha for _, alpha in frames])
    clip = [prepare_frame(rgb, alpha, side, crop) for rgb, alpha in frames]
    yield "clip_crop", np.array([crop.top, crop.left, crop.side]), io["clip_crop"]
    yield "clip_grey_rgb", np.stack([frame.rgb for frame in clip]), io["clip_grey_rgb"]
    yield "clip_grey_mask", np.stack([frame.mask for frame in clip]), io["clip_grey_mask"]
    yield "clip_grey_K", fallback_intrinsics(side).matrix(), io["clip_grey_K"]


def edge_flyers(folder: Path, name: str) -> Iterator[Pair]:
    """What the filter keeps. The case of the large kernel was made without the test for outliers."""
    io = _arrays(folder, name)
    filters = {
        "default": EdgeFlyerFilter(),
        "soft_l0": SOFT_LAYER_0,
        "ksize7": EdgeFlyerFilter(kernel=7, outliers=False),
        "boundary": EdgeFlyerFilter(rim=True),
    }
    for key, chosen in filters.items():
        points, mask = chosen(io["xyz"], io["mask"])
        yield f"{key}_mask", mask, io[f"{key}_mask"]
        yield f"{key}_xyz", points, np.where(io[f"{key}_mask"][..., None], io["xyz"], 0)


def voxel(folder: Path, name: str) -> Iterator[Pair]:
    """The canonical frame there and back, the cloud filled along the rays, the voxels."""
    io = _arrays(folder, name)
    points, mask = io["xyz"], io["mask"]
    frame = CanonicalFrame.of(points, mask)
    yield "centroid", frame.centroid, io["centroid"]
    yield "scale", np.array(frame.scale), io["scale"]
    yield "pts_canon", frame.forward(io["pts_cam"]), io["pts_canon"]
    yield "pts_back", frame.inverse(io["pts_canon"]), io["pts_back"]
    yield "dense_cloud", densified(points, mask)[::37], io["dense_cloud"]
    for side in (16, 32):
        yield f"coords_{side}", voxels(points, mask, side)[0], io[f"coords_{side}"]
    yield "coords_32_cap200_seed42", voxels(points, mask, 32, most=200)[0], io["coords_32_cap200_seed42"]


FIXTURES: dict[str, Callable[[Path, str], Iterator[Pair]]] = {
    "object_tiny": network,
    "scene_tiny": network,
    "dynamic_tiny": network,
    "dinov2_tiny": dinov2,
    "rope_io": rope,
    "timestep_io": timestep,
    "denorm_io": denorm,
    "intrinsics_io": intrinsics,
    "preprocess_io": preprocess,
    "edge_flyer_io": edge_flyers,
    "voxel_io": voxel,
}


def _arrays(folder: Path, name: str) -> Arrays:
    path = folder / f"{name.removesuffix('_io')}_io.npz"
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


@torch.inference_mode()
def run(folder: Path) -> dict:
    """{"fixtures": {name: {quantity: error}}, "ok": bool} for every known fixture; a missing one is not ok."""
    fixtures: dict[str, dict[str, float]] = {}
    ok = True
    for name, check in FIXTURES.items():
        if not (folder / f"{name.removesuffix('_io')}_io.npz").is_file():
            ok = False
            continue
        errors = {}
        for quantity, got, wanted in check(folder, name):
            absolute = quantity in ABSOLUTE
            errors[quantity] = compare(got, wanted, absolute=absolute)
            ok &= errors[quantity] <= (VELOCITY_LIMIT if absolute else LIMIT)
        fixtures[name] = errors
    return {"fixtures": fixtures, "ok": bool(ok), "missing": sorted(set(FIXTURES) - set(fixtures))}


def main() -> int:
    """Command line; exit status 1 if anything is out of bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true", help="the full table as one JSON object")
    arguments = parser.parse_args()
    try:
        result = run(arguments.folder)
    except WtError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(result))
    else:
        for name, errors in result["fixtures"].items():
            worst = max(errors, key=errors.__getitem__)
            print(f"{name:15s} {len(errors):3d} quantities, largest {errors[worst]:.2e} ({worst})")
        print("ok" if result["ok"] else f"NOT ok; missing {result['missing']}")
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
