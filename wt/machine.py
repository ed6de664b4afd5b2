"""What a person is told of the machine: the device, and how much memory is used and free."""

import os
from dataclasses import dataclass
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Memory:
    """Bytes: what this process uses, what is still free, and what there is."""

    used: int
    free: int
    total: int


def device_words(name: str = "auto") -> str:
    """The device that a name means, and the arithmetic there.

    Raises:
        WtError: a device that this machine does not have.
    """
    import torch

    from wt.model.precision import bf16_is_faster, pick_device

    picked = pick_device(name)
    called = torch.cuda.get_device_name(picked) if picked.type == "cuda" else picked.type
    return f"{called}, {'bfloat16' if bf16_is_faster(picked.type) else 'float32'}"


def host_memory(cgroup: Path = _CGROUP) -> Memory:
    """Of the machine; in a container, of what the container may take."""
    import psutil

    machine, used = psutil.virtual_memory(), psutil.Process(os.getpid()).memory_info().rss
    most, taken = _number(cgroup / "memory.max"), _number(cgroup / "memory.current")
    if most is None or taken is None or most >= machine.total:
        return Memory(used, machine.available, machine.total)
    return Memory(used, min(machine.available, max(most - taken, 0)), most)


def accelerator_memory(name: str = "auto") -> Memory | None:
    """Of the GPU that a device's name means; None where models run in the host's memory."""
    import torch

    from wt.model.precision import pick_device

    picked = pick_device(name)
    if picked.type != "cuda":
        return None
    free, total = torch.cuda.mem_get_info(picked)
    return Memory(torch.cuda.memory_reserved(picked), free, total)


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # another system, or "max": no limit
        return None
