"""Depth maps from monocular estimators that are on this machine, or are downloaded because the person asked.

Their packages are imported when one is used, never before. Depth-Anything-V2-Small is Apache-2.0 (its larger siblings
are not); MoGe is MIT and a package of its own.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from wt.depth import DepthKind, DepthMap, depth_map
from wt.errors import WtError
from wt.geometry.camera import Intrinsics
from wt.types import UInt8

NAMES = {
    "depth-anything": "depth-anything/Depth-Anything-V2-Small-hf",
    "moge": "Ruicheng/moge-2-vits-normal",
}
"""Short names; any folder or hub name of a transformers depth model, or of a MoGe-2 one, is as good."""
_METRIC_TYPES = ("zoedepth", "glpn", "depth_pro", "prompt_depth_anything")


def estimate_depth(
    model: str, rgb: UInt8[np.ndarray, "h w 3"], *, allow_download: bool = False, device: str = "auto"
) -> tuple[DepthMap, Intrinsics | None]:
    """Run an estimator on a photo.

    Args:
        model: a name of `NAMES`, a folder, or a hub name.
        rgb: the photo.
        allow_download: fetch missing weights from the hub: the person's explicit act.
        device: as for `wt.load`.

    Returns:
        Depth on the photo's pixels with the kind that the model states, and the camera if the model estimates one.

    Raises:
        WtError: the package or the weights are not here.
    """
    source = NAMES.get(model, model)
    if "moge" in Path(source).name.lower():
        return _moge(source, rgb, allow_download, device)
    return _transformers(source, rgb, allow_download, device), None


def _transformers(source: str, rgb: np.ndarray, allow_download: bool, device: str) -> DepthMap:
    estimator = _loaded_transformers(source, allow_download, device)
    found = estimator(Image.fromarray(rgb))["predicted_depth"]
    return depth_map(found.float().cpu().numpy().squeeze(), kind_of(estimator.model.config), name=source, scale=1.0)


@lru_cache(maxsize=1)
def _loaded_transformers(source: str, allow_download: bool, device: str) -> Any:
    """Once for all photos of a batch."""
    try:
        from transformers import AutoImageProcessor, AutoModelForDepthEstimation, pipeline
    except ImportError as error:
        raise WtError("The package transformers is not installed. Run: pip install transformers.") from error
    from wt.model.precision import pick_device

    local: dict[str, Any] = {"local_files_only": not allow_download}
    try:
        processor = AutoImageProcessor.from_pretrained(source, **local)
        network = AutoModelForDepthEstimation.from_pretrained(source, use_safetensors=True, **local)
    except (OSError, ValueError) as error:
        raise _absent(source, error) from error
    return pipeline("depth-estimation", model=network, image_processor=processor, device=pick_device(device))


def kind_of(config: Any) -> DepthKind:
    """What a transformers depth model predicts; Depth-Anything and DPT give disparity unless they say metric."""
    if config.model_type in _METRIC_TYPES or getattr(config, "depth_estimation_type", "") == "metric":
        return "metric"
    return "disparity"


def _moge(source: str, rgb: np.ndarray, allow_download: bool, device: str) -> tuple[DepthMap, Intrinsics]:
    import torch

    from wt.model.precision import pick_device

    network, target = _loaded_moge(source, allow_download, device), pick_device(device)
    with torch.inference_mode():
        picture = torch.from_numpy(rgb.copy()).permute(2, 0, 1).float().to(target) / 255
        found = network.infer(picture)
    values = np.where(found["mask"].cpu().numpy(), found["depth"].float().cpu().numpy(), np.nan)
    height, width = rgb.shape[:2]
    # Its K is in shares of the picture's sides.
    (fx, _, cx), (_, fy, cy), _ = found["intrinsics"].float().cpu().tolist()
    camera = Intrinsics(fx * width, fy * height, cx * width, cy * height, width, height)
    return depth_map(values, "metric", name=source, scale=1.0), camera


@lru_cache(maxsize=1)
def _loaded_moge(source: str, allow_download: bool, device: str) -> Any:
    try:
        from moge.model.v2 import MoGeModel
    except ImportError as error:
        raise WtError(
            "MoGe is not installed. Run: pip install git+https://github.com/microsoft/MoGe.git, or use depth-anything."
        ) from error
    from wt.model.precision import pick_device

    try:
        network = MoGeModel.from_pretrained(source, local_files_only=not allow_download)
    except (OSError, ValueError) as error:
        raise _absent(source, error) from error
    return network.to(pick_device(device)).eval()


def _absent(source: str, error: Exception) -> WtError:
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return WtError(
        f"The depth model {source} is not on this machine, or cannot be read ({first}). Allow the download "
        "(--allow-download), or give the folder that holds it."
    )
