"""The device on which a network computes, its precision, and the number of threads."""

from __future__ import annotations

import os
import time
from pathlib import Path

import torch

from sutja.errors import UsageError, unknown

DEVICES = ("auto", "cpu", "cuda", "mps")
PROC_STAT = Path("/proc/stat")  # on Linux: what its processors have done, in ticks of 1/100 s
LOAD_SECONDS = 0.2  # for which the load is measured


def choose_device(name: str) -> torch.device:
    """The device `name`; "auto" takes a GPU if there is one. Raises `UsageError` for one that this machine lacks."""
    if name not in DEVICES:
        raise unknown("device", name, DEVICES)
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next(device for device in ("cuda", "mps", "cpu") if available[device])
    if not available[name]:
        raise UsageError(f"device {name}: not available on this machine; --device auto takes an available one")
    return torch.device(name)


def precision_on(device: torch.device, name: str) -> torch.dtype:
    """The dtype for training with the precision `name`: bfloat16 only where the device has instructions for it.

    Elsewhere bfloat16 would be several times slower than float32, not faster.
    """
    native = {"cpu": torch.cpu.get_capabilities().get("avx512_bf16", False), "cuda": True, "mps": False}
    return torch.bfloat16 if name == "bfloat16" and native[device.type] else torch.float32


def choose_threads(requested: int) -> int:
    """The number of threads to compute with: `requested`, or for 0 as many as the load of the machine leaves cores.

    At most as many as PyTorch has set. Where other programs compute, threads that wait for each other are slower than
    one alone. Where the system does not tell its load, the number is PyTorch's.
    """
    most = torch.get_num_threads()
    if requested or most == 1:
        return requested or 1
    free = free_cores()
    return most if free is None else max(1, min(most, round(free)))


def free_cores() -> float | None:
    """The number of cores that other programs leave free, measured for a fifth of a second; `None` if no one knows."""
    before, own_before = _ticks(), time.process_time()
    time.sleep(LOAD_SECONDS)
    after, own_seconds = _ticks(), time.process_time() - own_before
    if before is None or after is None or sum(after) <= sum(before):
        return None
    user, nice, system, idle, waiting, *rest = (now - then for then, now in zip(before, after, strict=True))
    total = user + nice + system + idle + waiting + sum(rest)
    free = nice + idle + waiting  # what runs with low priority makes way
    return (os.cpu_count() or 1) * free / total + own_seconds / LOAD_SECONDS


def _ticks() -> list[int] | None:
    """How long all processors together did what: user, nice, system, idle, waiting for disks, and more."""
    try:
        name, *ticks = PROC_STAT.read_text(encoding="ascii").split("\n", 1)[0].split()
        return [int(each) for each in ticks[:8]] if name == "cpu" and len(ticks) >= 5 else None
    except (OSError, ValueError):
        return None
