"""Which engine computes: PyTorch alone, or the kernels where they can. Like PyTorch's number of threads, one a process.

The kernels are loaded when they are first used, and built when they are first loaded on a machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from torch import nn

from sutja.errors import UsageError, unknown
from sutja.networks.fast.compiler import UnbuiltError, kernel_library
from sutja.networks.fast.library import Kernels
from sutja.networks.fast.network import FastNetwork
from sutja.networks.fast.plan import UnsupportedNetworkError, plan_network

ENGINES = ("auto", "fast", "torch")

_active: list[Kernels] = []


def check_engine(name: str) -> None:
    """Raises `UsageError` if no engine in `ENGINES` has this name."""
    if name not in ENGINES:
        raise unknown("engine", name, ENGINES)


@contextmanager
def use_engine(name: str) -> Iterator[None]:
    """Compute with the engine `name` within a block: "torch", "fast", or "auto", the kernels where they can be built.

    Raises `UsageError` for an unknown name, and for "fast" where the kernels cannot be built, with the reason.
    """
    check_engine(name)
    kernels = None if name == "torch" else _loaded(required=name == "fast")
    before = _active[:]
    _active[:] = [] if kernels is None else [kernels]
    try:
        yield
    finally:
        _active[:] = before


def active_kernels() -> Kernels | None:
    """The kernels, within a block of `use_engine` that computes with them."""
    return _active[0] if _active else None


def accelerated(network: nn.Module) -> FastNetwork | None:
    """A network computed by the kernels, where they are in use and know all its layers; otherwise `None`.

    The result reads weights and mode of `network` at each call.
    """
    kernels = active_kernels()
    if kernels is None or any(each.device.type != "cpu" for each in network.parameters()):
        return None
    try:
        return FastNetwork(network, plan_network(network), kernels)
    except UnsupportedNetworkError:
        return None


def _loaded(*, required: bool) -> Kernels | None:
    kernels, reason = _load()
    if kernels is None and required:
        raise UsageError(f"engine fast: {reason}; --engine torch computes with PyTorch alone")
    return kernels


@cache
def _load() -> tuple[Kernels | None, str]:
    """The kernels, or the reason why there are none."""
    if torch.empty(()).dtype != torch.float32:
        return None, "PyTorch's default precision is not float32"
    try:
        return Kernels(kernel_library()), ""
    except (UnbuiltError, OSError, AttributeError) as error:
        return None, str(error)
