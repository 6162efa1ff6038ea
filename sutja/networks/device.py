"""The device on which a network computes, and its precision."""

from __future__ import annotations

import torch

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
