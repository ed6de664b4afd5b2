"""Render a little world, train a small model on it, lift with it: `python -m examples.train_a_model -o RUN`.

As it stands it shows the way in a minute; for a model worth having see `python -m wt train mini_object --help`.
"""

import argparse
from pathlib import Path

import wt
from wt.data.generate import make_sample
from wt.data.shards import shard_path, write_shard
from wt.training.recipes import RunOptions, recipe, shrunk
from wt.training.trainer import train

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--samples", type=int, default=32, help="views to render (32)")
parser.add_argument("--steps", type=int, default=60, help="of the optimiser (60)")
parser.add_argument("-o", "--out", type=Path, default=Path("run"))
given = parser.parse_args()

data = given.out / "data"
write_shard(shard_path(data, "object", 0), [make_sample("object", seed, 96) for seed in range(given.samples)])
print(f"{given.samples} views of procedural objects in {data.as_posix()}")

small = shrunk(recipe("mini_object"))  # the shipped model's recipe, with a network that takes a step in no time
record = train(small, RunOptions(data=data, out=given.out, hours=1.0, max_steps=given.steps))
print(", ".join(f"{name}: {value}" for name, value in record.items() if isinstance(value, int | float | str)))

lifter = wt.load(given.out / "model.safetensors")
unseen = make_sample("object", 2_000_000_000, 96)  # of the seeds that no training draws
layers = lifter.lift(unseen.rgb, unseen.instance != 255)
print(f"{lifter.name} lifts {layers.points.shape}, {layers.surfaces().sum()} points")
