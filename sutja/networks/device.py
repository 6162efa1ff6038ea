"""On which device, and in which precision, a network computes."""

from __future__ import annotations

import torch

from sutja.errors import UsageError, unknown

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str) -> torch.device:
    """The device of that name; "auto" takes a GPU where there is one. Raises `UsageError` when it is not there."""
    if name not in DEVICES:
        raise unknown("device", name, DEVICES)
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next(device for device in ("cuda", "mps", "cpu") if there[device])
    if not there[name]:
        raise UsageError(f"device {name}: there is none on this machine; --device auto takes what there is")
    return torch.device(name)


def precision_on(device: torch.device, name: str) -> torch.dtype:
    """The type in which a training of that precision computes: bfloat16 only where the device has instructions for it.

    Elsewhere it would be several times slower than float32, not faster.
    """
    native = {"cpu": torch.cpu.get_capabilities().get("avx512_bf16", False), "cuda": True, "mps": False}
    return torch.bfloat16 if name == "bfloat16" and native[device.type] else torch.float32
