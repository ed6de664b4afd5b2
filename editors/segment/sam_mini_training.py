"""Training of sam-mini on the instance masks of rendered rooms, with clicks and boxes as prompts.

    python -m editors.segment.sam_mini_training --data DATA --out RUN --hours 1

Each picture is encoded once and asked for several of its things, by a click or a box; for half of the pictures one
more click follows where the answer was wrong, with or without the earlier mask (Kirillov et al. 2023, section A).

RUN/sam-mini.safetensors   the averaged weights in half precision, without the frozen convolutions
RUN/state.pt               what the same command goes on from after a kill
RUN/curve.jsonl            one JSON object per logged step
"""

import argparse
import json
import logging
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from editors.segment.sam_mini import FORMAT, SIDE, sam_mini
from editors.segment.sam_mini_losses import losses, overlap
from editors.segment.sam_mini_samples import NOTHING, Picture, box_around, click_in, deepest, draw_picture
from wt.data.generate import make_sample
from wt.data.seeds import HELD_OUT_FROM
from wt.data.shards import ShardFolder
from wt.errors import WtError
from wt.training.ema import Ema
from wt.training.muon import Muon
from wt.training.run_files import (
    RunFolder,
    append_curve,
    atomically,
    commit,
    device_name,
    load_state,
    save_state,
    trim_curve,
)
from wt.types import Bool, Float

LOG = logging.getLogger(__name__)
PICTURES, ASKED = 4, 6
"""Pictures in a step, and things that each is asked for."""
LR = 1.5e-3
WARMUP_STEPS = 40
DECAY_SHARE = 0.6
"""Of the run, at its end, over which the learning rate falls to zero."""
EMA_DECAY = 0.995
BOXES, SECOND_LOOKS = 0.3, 0.5
"""Shares of pictures asked by boxes, and of those that are asked again with one more click."""
SAVE_MINUTES, CHECK_MINUTES = 3.0, 6.0
CHECKED_FROM, CHECKED = HELD_OUT_FROM + 400_000, 24
"""Seeds and number of the rooms that are looked at during a run."""


@dataclass
class Prompts:
    """What is asked of one picture: one row for each of its masks."""

    coords: Float[Tensor, "k n 2"] | None
    """(x, y) of clicks."""
    labels: Float[Tensor, "k n"] | None
    """1 inside, 0 outside."""
    boxes: Float[Tensor, "k 4"] | None
    mask: Float[Tensor, "k 1 m m"] | None = None
    """An earlier answer."""

    def clicked(self, coords: Float[Tensor, "k 2"], labels: Float[Tensor, "k"], mask: Tensor | None) -> "Prompts":
        """With one more click each."""
        if self.coords is None or self.labels is None:
            return Prompts(coords[:, None], labels[:, None], self.boxes, mask)
        joined = torch.cat([self.coords, coords[:, None]], 1), torch.cat([self.labels, labels[:, None]], 1)
        return Prompts(*joined, self.boxes, mask)


class SamMiniTrainer:
    """One run: built from its folders and hours, then `run()`."""

    def __init__(self, data: Path, out: Path, hours: float, *, steps: int = 0, threads: int = 0, seed: int = 0) -> None:
        if threads:
            torch.set_num_threads(threads)
        torch.manual_seed(seed)
        self.shards = ShardFolder(data, "scene")
        if not len(self.shards):
            raise WtError(f"There are no scenes in {data}. Make some: python -m wt data generate --kind scenes.")
        self.files, self.hours, self.max_steps = RunFolder(out), hours, steps
        self.file = out / "sam-mini.safetensors"
        self.model = sam_mini().train()
        self.ema = Ema(self.model, EMA_DECAY)
        matrices = [p for p in self.model.parameters() if p.ndim == 2 and min(p.shape) >= 32]
        inner = set(map(id, matrices))
        rest = [p for p in self.model.parameters() if id(p) not in inner]
        self.optimizers = [
            torch.optim.AdamW(rest, lr=LR, betas=(0.9, 0.98), weight_decay=0.01),
            Muon(matrices, lr=LR, weight_decay=0.05),
        ]
        self.step, self.seconds, self.seed = 0, 0.0, seed
        if self.files.state.is_file():
            self._continue(load_state(self.files.state))

    def run(self) -> dict[str, Any]:
        """Train until the hours are over or the steps are done; returns the training record."""
        clock = saved = checked = time.monotonic()
        row: dict[str, float] = {}
        while self.share_done() < 1:
            row = self.train_step()
            now = time.monotonic()
            self.seconds += now - clock
            clock = now
            if self.step % 20 == 0:
                self._log(row)
            if now - checked > 60 * CHECK_MINUTES:
                self._log(self.check())
                checked = time.monotonic()
            if now - saved > 60 * SAVE_MINUTES:
                self.save()
                saved = time.monotonic()
        if row:
            self._log(self.check())
        return self.save()

    def share_done(self) -> float:
        """How much of the planned time (or of the planned steps) is over."""
        by_steps = self.step / self.max_steps if self.max_steps else 0.0
        return max(self.seconds / (3600 * self.hours), by_steps)

    def train_step(self) -> dict[str, float]:
        """One step on fresh pictures."""
        rng = np.random.default_rng([self.seed, self.step])
        pictures = [draw_picture(self.shards, rng, ASKED) for _ in range(PICTURES)]
        lr = LR * min(1.0, (self.step + 1) / WARMUP_STEPS, max(0.0, 1 - self.share_done()) / DECAY_SHARE)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = lr
        self.model.zero_grad(set_to_none=True)
        parts = [self._loss(e, p, rng) for e, p in zip(self.embeddings(pictures), pictures, strict=True)]
        loss = torch.stack([loss for loss, _ in parts]).mean()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
        self.ema.update(self.model)
        self.step += 1
        return {"loss": loss.item(), "iou": float(np.mean([iou for _, iou in parts])), "lr": lr}

    def embeddings(self, pictures: list[Picture]) -> Float[Tensor, "b c g g"]:
        """The pictures through the image encoder."""
        return self.model.image_encoder(torch.stack([self.model.preprocess(255 * p.rgb) for p in pictures]))

    def answer(
        self, embedding: Float[Tensor, "c g g"], prompts: Prompts
    ) -> tuple[Float[Tensor, "k 4 m m"], Float[Tensor, "k 4"]]:
        """The single mask's logits and the three's, and the IoU that each is thought to have."""
        clicks = None if prompts.coords is None else (prompts.coords, prompts.labels)
        sparse, dense = self.model.prompt_encoder(clicks, prompts.boxes, prompts.mask)
        where = self.model.prompt_encoder.get_dense_pe()
        with torch.autocast("cpu", torch.bfloat16):
            logits, quality = self.model.mask_decoder.predict_masks(embedding[None], where, sparse, dense)
        return logits.float(), quality.float()

    def _loss(
        self, embedding: Float[Tensor, "c g g"], picture: Picture, rng: np.random.Generator
    ) -> tuple[Float[Tensor, ""], float]:
        """(loss, mean IoU of the mask thought best after the first look)."""
        if rng.random() < BOXES:
            prompts = Prompts(None, None, torch.tensor([box_around(m, rng) for m in picture.masks]).float())
        else:
            coords = torch.tensor([[click_in(m, rng)] for m in picture.masks]).float()
            prompts = Prompts(coords, torch.ones(len(coords), 1), None)
        masks = torch.from_numpy(picture.masks)
        target = F.avg_pool2d(masks[:, None].float(), SIDE // self.answer_side)[:, 0] > 0.5
        logits, quality = self.answer(embedding, prompts)
        loss, true = losses(logits, quality, target)
        best = 1 + quality[:, 1:].argmax(dim=1)
        each = torch.arange(len(best))
        if rng.random() < SECOND_LOOKS:
            again = self._corrected(prompts, logits[each, best].detach(), target, rng)
            loss = loss + losses(*self.answer(embedding, again), target)[0]
        return loss, float(true[each, best].mean())

    @property
    def answer_side(self) -> int:
        """Cells along the side of a mask of logits."""
        return self.model.prompt_encoder.mask_input_size[0]

    def _corrected(
        self, prompts: Prompts, logits: Float[Tensor, "k m m"], target: Bool[Tensor, "k m m"], rng: np.random.Generator
    ) -> Prompts:
        """One more click where each answer is wrong; the earlier answer is shown half of the time, blurred at times."""
        wrong = ((logits > 0) != target).numpy()
        wanted, coords, labels = target.numpy(), [], []
        for error, mask in zip(wrong, wanted, strict=True):
            region = error if error.any() else (mask if mask.any() else ~mask)
            x, y = click_in(region, rng)
            coords.append((x, y))
            labels.append(float(mask[int(y), int(x)]))
        scale = SIDE / self.answer_side
        clicks = scale * (torch.tensor(coords) + 0.5) - 0.5
        shown = None
        if rng.random() < 0.5:
            small = F.interpolate(logits[:, None], scale_factor=1 / int(rng.choice([1, 2, 4])), mode="area")
            shown = F.interpolate(small, size=logits.shape[1:], mode="bilinear")
        return prompts.clicked(clicks, torch.tensor(labels), shown)

    @torch.no_grad()
    def check(self) -> dict[str, float]:
        """IoU of the averaged weights on held-out rooms: one click at the deepest point, at the rooms' own size."""
        kept = {name: p.detach().clone() for name, p in self.model.named_parameters()}
        self.model.load_state_dict(self.ema.weights, strict=False)
        chosen, best = [], []
        for picture in self.held_out:
            coords = torch.tensor([[deepest(mask)] for mask in picture.masks]).float()
            embedding = self.embeddings([picture])[0]
            logits, quality = self.answer(embedding, Prompts(coords, torch.ones(len(coords), 1), None))
            large = F.interpolate(logits[:, 1:], size=(SIDE, SIDE), mode="bilinear") > 0
            true = overlap(large, torch.from_numpy(picture.masks)[:, None])
            chosen += true[torch.arange(len(true)), quality[:, 1:].argmax(dim=1)].tolist()
            best += true.max(dim=1).values.tolist()
        self.model.load_state_dict(kept, strict=False)
        return {"held_out_iou": float(np.mean(chosen)), "held_out_best": float(np.mean(best))}

    @cached_property
    def held_out(self) -> list[Picture]:
        """Renderings of seeds that are never trained on."""
        pictures = (_whole_room(CHECKED_FROM + k) for k in range(CHECKED))
        return [picture for picture in pictures if len(picture.masks)]

    def save(self) -> dict[str, Any]:
        """Weights and state; returns the record that the weights carry."""
        from safetensors.torch import save_file

        record = {
            "recipe": "sam_mini",
            "data": len(self.shards),
            "steps": self.step,
            "pictures": self.step * PICTURES,
            "prompts": self.step * PICTURES * ASKED,
            "seconds": round(self.seconds),
            "device": device_name(torch.device("cpu")),
            "commit": commit(),
        }
        about = {"format": FORMAT, "training": json.dumps(record)}
        averaged = self.model.state_dict() | self.ema.weights
        half = {name: tensor.half().contiguous() for name, tensor in averaged.items()}
        atomically(self.file, lambda to: save_file(half, to, metadata=about))
        state = {
            "weights": self.model.state_dict(),
            "ema": self.ema.weights,
            "updates": self.ema.updates,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "step": self.step,
            "seconds": self.seconds,
        }
        save_state(self.files.state, state)
        return record

    def _continue(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["weights"])
        self.ema.load(state["ema"], state["updates"])
        for optimizer, stored in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(stored)
        self.step, self.seconds = state["step"], state["seconds"]
        trim_curve(self.files.curve, self.step)

    def _log(self, row: dict[str, float]) -> None:
        where = {"step": self.step, "seconds": round(self.seconds, 1)}
        LOG.info("%s", {**where, **row})
        append_curve(self.files.curve, {**where, **row})


def _whole_room(seed: int) -> Picture:
    """A held-out rendering and the masks of its middle-sized things."""
    sample = make_sample("scene", seed, SIDE)
    ids, pixels = np.unique(sample.instance[sample.instance != NOTHING], return_counts=True)
    share = pixels / sample.instance.size
    masks = [sample.instance == i for i, s in zip(ids, share) if 0.005 <= s <= 0.4]
    rgb = torch.from_numpy(sample.rgb).permute(2, 0, 1).float() / 255
    return Picture(rgb, np.stack(masks) if masks else np.zeros((0, SIDE, SIDE), bool))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder of rendered scenes (python -m wt data generate)"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--hours", type=float, required=True, help="length of the run; sets the learning rate")
    parser.add_argument("--steps", type=int, default=0, help="stop after this many steps even if time is left")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (0: PyTorch's choice)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        SamMiniTrainer(**vars(options)).run()
    except WtError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
