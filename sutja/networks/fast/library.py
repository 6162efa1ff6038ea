"""The compiled kernels as Python calls them: structures and functions of `kernels/`, by ctypes."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes import POINTER, Structure, c_double, c_float, c_int32, c_int64, c_uint32, c_void_p
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

MAX_SIDE = 64  # of the images that are distorted, as in `kernels/images.h`


class LayerStructure(Structure):
    """A layer, as `struct Layer` in `kernels/network.h`."""

    _fields_ = [
        *((name, c_int32) for name in ("convolution", "inputs", "height", "width", "outputs", "kernel", "stride")),
        *((name, c_int32) for name in ("padding", "pool", "relu", "norm", "channels_last")),
        *((name, c_float) for name in ("dropout", "epsilon", "momentum")),
    ]


class WeightsStructure(Structure):
    """The addresses of a layer's weights, as `struct Weights`."""

    _fields_ = [(name, c_void_p) for name in ("weight", "bias", "scale", "shift", "mean", "variance")]


class InputStructure(Structure):
    """A batch of images, as `struct Input`."""

    _fields_ = [
        ("pixels", c_void_p),
        ("indices", c_void_p),
        ("count", c_int64),
        *((name, c_int32) for name in ("bytes", "height", "width", "top", "left", "high", "wide")),
        *((name, c_float) for name in ("factor", "offset")),
    ]


class DistortionStructure(Structure):
    """A distortion of each image of a batch, as `struct Distortion` in `kernels/images.h`."""

    _fields_ = [*((name, c_void_p) for name in ("matrices", "knots", "splines")), ("side", c_int32)]


class Kernels:
    """The functions of a compiled library. All release Python's lock and use the given number of threads."""

    def __init__(self, path: Path) -> None:
        """Raises `OSError` when the system cannot load the library."""
        self._library = ctypes.CDLL(str(path))
        self._alone = threading.local()  # PyTorch's number of threads, too, is one of each thread
        layers = (POINTER(LayerStructure), c_int32, POINTER(WeightsStructure))
        self.forward = self._declare(
            "forward", *layers, POINTER(InputStructure), c_int32, c_void_p, c_void_p, c_uint32, c_int32
        )
        self.backward = self._declare("backward", *layers, c_int64, c_int32, c_void_p, c_void_p, c_void_p)
        self.workspace_floats = self._declare("workspace_floats", *layers, c_int64, c_int32)
        self.workspace_floats.restype = c_int64
        self._gather = self._declare("gather", c_void_p, c_void_p, c_int64, *(c_int32,) * 5, c_void_p)
        self._distort = self._declare("distort", POINTER(DistortionStructure), c_void_p, c_int64, c_int32, c_void_p)
        numbers = (c_float,) * 5
        self._adamw = self._declare("adamw", c_int32, c_void_p, c_void_p, *numbers, c_double, c_int32)
        self._average = self._declare("average", c_int32, c_void_p, c_void_p, c_float)

    def _declare(self, name: str, *types: type) -> ctypes._NamedFuncPointer:
        function: ctypes._NamedFuncPointer = getattr(self._library, f"sutja_{name}")
        function.argtypes, function.restype = list(types), None
        return function

    @property
    def threads(self) -> int:
        """The number of threads that compute: as many as PyTorch has outside `alone`."""
        return getattr(self._alone, "threads", None) or torch.get_num_threads()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Leave PyTorch one thread within a block; the kernels keep their number.

        After each of its operations, PyTorch's threads wait awake for the next one, and hold up those of the kernels: a
        step of LeNet-5 takes three times as long.
        """
        outer, usual = getattr(self._alone, "threads", None), torch.get_num_threads()
        self._alone.threads = self.threads
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(usual)
            self._alone.threads = outer

    def gather(self, images: Tensor, indices: Tensor, shift: Sequence[int] = (0, 0)) -> Tensor:
        """The images at `indices int64 (N,)` of `uint8 (M, 1, H, W)`, as `float32 (N, 1, H, W)` in [0, 1].

        They are shifted by `shift` pixels down and to the right; what leaves a side comes back on the other.
        """
        result, (_, height, width) = torch.empty(len(indices), *images.shape[1:]), images.shape[1:]
        down, right = shift[0] % height, shift[1] % width
        self._gather(
            images.data_ptr(), indices.data_ptr(), len(indices), height, width, down, right, self.threads,
            result.data_ptr(),
        )  # fmt: skip
        return result

    def distort(self, images: Tensor, matrices: Tensor | None, knots: Tensor | None, splines: Tensor) -> Tensor:
        """Sample images `float32 (N, 1, S, S)` with bicubic interpolation where affine maps and B-splines say.

        `matrices (N, 2, 3)` map the place of each pixel, and `knots (N, 2, 25)` add the displacement of the control
        points, whose weight along a side is `splines (S, 5)`. Places are in the coordinates of `grid_sample`.
        """
        images, result = images.contiguous(), torch.empty(images.shape)
        kept = [None if each is None else each.contiguous() for each in (matrices, knots, splines)]
        addresses = [None if each is None else each.data_ptr() for each in kept]
        distortion = DistortionStructure(*addresses, images.shape[-1])
        self._distort(distortion, images.data_ptr(), len(images), self.threads, result.data_ptr())
        return result

    def take_adamw_step(self, arguments: AdamWArguments, numbers: Sequence[float]) -> None:
        """A step of AdamW in place.

        `numbers` are learning rate, weight decay, both betas, epsilon and the number of the step, from 1.
        """
        self._adamw(len(arguments.sizes), arguments.addresses, arguments.sizes, *numbers, self.threads)

    def average(self, averages: Sequence[Tensor], weights: Sequence[Tensor], share: float) -> None:
        """Move each average towards its weights by a `share` of the difference, in place."""
        pairs = [tensor for pair in zip(averages, weights, strict=True) for tensor in pair]
        self._average(len(averages), _addresses(pairs), _sizes(averages), share)


class AdamWArguments:
    """The addresses of weights, gradients, means and mean squares, of the first weight, the second, and so on.

    They are kept from step to step: only the gradients are others in each.
    """

    def __init__(self, weights: Sequence[Tensor], moments: Sequence[Sequence[Tensor]]) -> None:
        """`moments` are the mean and the mean square of each weight."""
        rows = [(weight, weight, *both) for weight, both in zip(weights, moments, strict=True)]
        self.addresses, self.sizes = _addresses([each for row in rows for each in row]), _sizes(weights)
        self._weights = [weight.data_ptr() for weight in weights]
        self._kept = moments  # alive as long as their addresses

    def matches(self, weights: Sequence[Tensor]) -> bool:
        """Whether these are the addresses of `weights`."""
        return self._weights == [weight.data_ptr() for weight in weights]

    def set_gradients(self, gradients: Sequence[Any]) -> None:
        """Take these gradients in the next step."""
        self.addresses[1::4] = [gradient.data_ptr() for gradient in gradients]


def _addresses(tensors: Sequence[Tensor]) -> ctypes.Array[c_void_p]:
    return (c_void_p * len(tensors))(*[tensor.data_ptr() for tensor in tensors])


def _sizes(tensors: Sequence[Tensor]) -> ctypes.Array[c_int64]:
    return (c_int64 * len(tensors))(*[tensor.numel() for tensor in tensors])


def is_plain(tensor: Tensor | None) -> bool:
    """Whether a kernel can read a tensor: float32, on the CPU, contiguous."""
    if tensor is None:
        return False
    return tensor.dtype == torch.float32 and tensor.device.type == "cpu" and tensor.is_contiguous()
