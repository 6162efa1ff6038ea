"""PyTorch networks as plain lists of layers, which a few lines of any language can compute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sutja.errors import SutjaError
from sutja.models.layer_list import ListedLayer
from sutja.networks.model import MNIST_MEAN, MNIST_STANDARD_DEVIATION, Crop, Flatten, Normalise


class UnlistedLayerError(SutjaError):
    """A network has a layer that a list of layers cannot express."""


def list_layers(network: nn.Module) -> list[ListedLayer]:
    """The layers of a sequential network in evaluation mode; dropout, which does nothing there, is left out.

    Raises `UnlistedLayerError` for a network that is not a sequence, for a layer of another kind, and for weights
    beyond the range of half precision.
    """
    layers = [layer for module in leaf_layers(network) for layer in _express(module)]
    for layer in layers:
        if not np.isfinite(layer.weights).all():
            raise UnlistedLayerError(f"{layer.kind}: its weights exceed the range of half precision")
    return layers


def leaf_layers(module: nn.Module) -> Iterator[nn.Module]:
    """The layers of nested sequences, in the order in which they compute; a module of another kind is one layer."""
    if isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward:
        for child in module:
            yield from leaf_layers(child)
    else:
        yield module


def _express(module: nn.Module) -> list[ListedLayer]:
    express = next((each for kind, each in _EXPRESSIONS.items() if type(module) is kind), None)
    if express is None:
        raise UnlistedLayerError(f"{type(module).__name__}: this kind of layer is not known")
    return express(module)


def _plain(kind: str) -> Callable[[nn.Module], list[ListedLayer]]:
    """A layer without weights and numbers."""
    return lambda _: [_layer(kind)]


def _layer(kind: str, *weights: Tensor, **numbers: float) -> ListedLayer:
    flat = [each.detach().cpu().double().flatten().numpy() for each in weights]
    with np.errstate(over="ignore"):  # `list_layers` refuses what is not finite
        return ListedLayer(kind, numbers, np.concatenate([np.empty(0), *flat]).astype(np.float16))


def _convolution(module: nn.Conv2d) -> list[ListedLayer]:
    (size, width), (stride, across) = module.kernel_size, module.stride
    padding = module.padding[0] if isinstance(module.padding, tuple) else -1
    _require(module, size == width, stride == across, module.padding == (padding, padding))
    _require(module, module.dilation == (1, 1), module.groups == 1, module.padding_mode == "zeros")
    inputs, outputs = module.in_channels, module.out_channels
    bias = torch.zeros(outputs) if module.bias is None else module.bias
    sizes = {"inputs": inputs, "outputs": outputs, "size": size, "stride": stride, "padding": padding}
    return [_layer("convolution", module.weight, bias, **sizes)]


def _linear(module: nn.Linear) -> list[ListedLayer]:
    bias = torch.zeros(module.out_features) if module.bias is None else module.bias
    return [_layer("linear", module.weight, bias, inputs=module.in_features, outputs=module.out_features)]


def _batch_norm(module: nn.BatchNorm2d) -> list[ListedLayer]:
    """Batch normalisation by its running statistics: a factor and a shift for each channel."""
    mean, variance = module.running_mean, module.running_var
    if mean is None or variance is None:
        raise UnlistedLayerError("BatchNorm2d: has no running statistics")
    factor = (variance.double() + module.eps).rsqrt() * (module.weight if module.affine else 1)
    shift = (module.bias if module.affine else 0) - mean * factor
    rounded = torch.cat([factor, shift]).half().double()
    remainders = torch.cat([factor, shift]) - rounded  # rounded, the few factors would cost as much as all weights
    return [_layer("scale", rounded, remainders, channels=module.num_features)]


def _pool(module: nn.MaxPool2d | nn.AvgPool2d) -> list[ListedLayer]:
    size = module.kernel_size
    _require(module, isinstance(size, int), module.stride == size, module.padding == 0, not module.ceil_mode)
    _require(module, getattr(module, "dilation", 1) == 1, getattr(module, "divisor_override", None) is None)
    return [_layer("max_pool" if isinstance(module, nn.MaxPool2d) else "average_pool", size=float(_number(size)))]


def _number(size: int | tuple[int, ...]) -> int:
    return size if isinstance(size, int) else size[0]


def _require(module: nn.Module, *conditions: bool) -> None:
    if not all(conditions):
        raise UnlistedLayerError(f"{module}: has settings that a list of layers does not express")


def _flatten(module: nn.Flatten) -> list[ListedLayer]:
    _require(module, module.start_dim == 1, module.end_dim == -1)
    return [_layer("flatten", channels_last=0)]


def _none(_: nn.Module) -> list[ListedLayer]:
    return []


_EXPRESSIONS: dict[type[nn.Module], Callable[[Any], list[ListedLayer]]] = {
    Normalise: lambda _: [_layer("standardise", mean=MNIST_MEAN, deviation=MNIST_STANDARD_DEVIATION)],
    Crop: lambda module: [_layer("crop", start=module.kept.start, stop=module.kept.stop)],
    nn.Conv2d: _convolution,
    nn.BatchNorm2d: _batch_norm,
    nn.MaxPool2d: _pool,
    nn.AvgPool2d: _pool,
    nn.ReLU: _plain("relu"),
    nn.Tanh: _plain("tanh"),
    nn.Sigmoid: _plain("sigmoid"),
    nn.Flatten: _flatten,
    Flatten: lambda _: [_layer("flatten", channels_last=1)],
    nn.Linear: _linear,
    nn.Dropout: _none,
    nn.Identity: _none,
}
