"""The device on which a network computes, its precision, and the number of threads."""

from __future__ import annotations

import torch

from sutja.environment import free_cores
from sutja.errors import UsageError, unknown

DEVICES = ("auto", "cpu", "cuda", "mps")


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


def share_cores(trainings: int, requested: int) -> tuple[int, int]:
    """How many of these trainings to run at once, and the number of threads of each, `requested` if it is not 0.

    One training for each core that other programs leave free: threads of one training wait for each other, and what is
    not computed in parallel at all, such as drawing, leaves cores idle.
    """
    cores = choose_threads(0)
    at_once = max(1, min(trainings, cores // max(1, requested)))
    return at_once, requested or max(1, cores // at_once)
