"""Sequences of layers as ONNX models, node by node: PyTorch's exporter takes two seconds to find the same nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from sutja import __version__
from sutja.data.digits import SIDE_PIXELS
from sutja.networks.layers import leaf_layers
from sutja.networks.model import MNIST_MEAN, MNIST_STANDARD_DEVIATION, Crop, Flatten, Normalise

OPSET, IR_VERSION = 20, 10  # those of PyTorch's exporter
CROPPED_AXES = (2, 3)
Node = tuple[str, Sequence[NDArray[Any]], dict[str, Any]]  # operator, weights, attributes


class UnwrittenLayerError(Exception):
    """A network has a layer that this module does not write; PyTorch's exporter does."""


def sequence_model(network: nn.Module) -> onnx.ModelProto:
    """A network for single digits, a sequence, in evaluation mode: input `images`, output `logits`, any number of them.

    The weights have their names in `network` where it is one flat sequence. Raises `UnwrittenLayerError`.
    """
    leaves = list(leaf_layers(network))
    if not isinstance(leaves[-1], nn.Linear):
        raise UnwrittenLayerError(f"{leaves[-1]} as the last layer")
    nodes: list[onnx.NodeProto] = []
    weights: list[onnx.TensorProto] = []
    value = "images"
    for number, leaf in enumerate(leaves):
        for operator, arrays, attributes in _write(leaf):
            names = [f"{number}.{name}" for name in _WEIGHT_NAMES.get(operator, ())[: len(arrays)]]
            weights += map(numpy_helper.from_array, arrays, names)
            result = f"{number}.{operator.lower()}"
            nodes.append(helper.make_node(operator, [value, *names], [result], name=result, **attributes))
            value = result
    nodes[-1].output[:] = ["logits"]
    return _model(nodes, weights, leaves[-1].out_features)


def _model(nodes: Sequence[onnx.NodeProto], weights: Sequence[onnx.TensorProto], classes: int) -> onnx.ModelProto:
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", 1, SIDE_PIXELS, SIDE_PIXELS])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", classes])
    return helper.make_model(
        helper.make_graph(nodes, "network", [images], [logits], weights),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="sutja",
        producer_version=__version__,
    )


def _write(module: nn.Module) -> list[Node]:
    """The nodes of a layer; none for one that does nothing in evaluation mode."""
    write = next((each for kind, each in _WRITERS.items() if type(module) is kind), None)
    if write is None:
        raise UnwrittenLayerError(f"{type(module).__name__}: this kind of layer is not known")
    return write(module)


def _normalise(_: Normalise) -> list[Node]:
    mean, deviation = (np.array(each, np.float32) for each in (MNIST_MEAN, MNIST_STANDARD_DEVIATION))
    return [("Sub", [mean], {}), ("Div", [deviation], {})]


def _crop(module: Crop) -> list[Node]:
    ends = ([each] * len(CROPPED_AXES) for each in (module.kept.start, module.kept.stop))
    return [("Slice", [np.array(each, np.int64) for each in (*ends, CROPPED_AXES)], {})]


def _convolution(module: nn.Conv2d) -> list[Node]:
    if not isinstance(module.padding, tuple) or module.padding_mode != "zeros":
        raise UnwrittenLayerError(f"{module}: its padding")
    attributes = {
        "kernel_shape": module.kernel_size,
        "strides": module.stride,
        "pads": module.padding * 2,
        "dilations": module.dilation,
        "group": module.groups,
    }
    return [("Conv", _arrays(module.weight, module.bias), attributes)]


def _linear(module: nn.Linear) -> list[Node]:
    return [("Gemm", _arrays(module.weight, module.bias), {"transB": 1})]


def _batch_norm(module: nn.BatchNorm2d) -> list[Node]:
    if module.running_mean is None or not module.affine:
        raise UnwrittenLayerError(f"{module}: its statistics")
    tensors = (module.weight, module.bias, module.running_mean, module.running_var)
    return [("BatchNormalization", _arrays(*tensors), {"epsilon": module.eps})]


def _pool(module: nn.MaxPool2d | nn.AvgPool2d) -> list[Node]:
    size = module.kernel_size
    plain = isinstance(size, int) and module.stride == size and module.padding == 0 and not module.ceil_mode
    if not plain or getattr(module, "dilation", 1) != 1 or getattr(module, "divisor_override", None) is not None:
        raise UnwrittenLayerError(f"{module}: its settings")
    operator = "MaxPool" if isinstance(module, nn.MaxPool2d) else "AveragePool"
    return [(operator, [], {"kernel_shape": [size, size], "strides": [size, size]})]


def _flatten(module: nn.Flatten) -> list[Node]:
    if (module.start_dim, module.end_dim) != (1, -1):
        raise UnwrittenLayerError(f"{module}: its dimensions")
    return [("Flatten", [], {"axis": 1})]


def _arrays(*tensors: Tensor | None) -> list[NDArray[np.float32]]:
    """The tensors that there are, as arrays in single precision."""
    return [each.detach().cpu().float().contiguous().numpy() for each in tensors if each is not None]


def _plain(operator: str) -> Callable[[nn.Module], list[Node]]:
    return lambda _: [(operator, [], {})]


_WEIGHT_NAMES: dict[str, tuple[str, ...]] = {
    "Sub": ("mean",),
    "Div": ("deviation",),
    "Slice": ("starts", "ends", "axes"),
    "Conv": ("weight", "bias"),
    "Gemm": ("weight", "bias"),
    "BatchNormalization": ("weight", "bias", "running_mean", "running_var"),
}
_WRITERS: dict[type[nn.Module], Callable[[Any], list[Node]]] = {
    Normalise: _normalise,
    Crop: _crop,
    nn.Conv2d: _convolution,
    nn.BatchNorm2d: _batch_norm,
    nn.MaxPool2d: _pool,
    nn.AvgPool2d: _pool,
    nn.ReLU: _plain("Relu"),
    nn.Tanh: _plain("Tanh"),
    nn.Sigmoid: _plain("Sigmoid"),
    nn.Flatten: _flatten,
    Flatten: lambda _: [("Transpose", [], {"perm": [0, 2, 3, 1]}), ("Flatten", [], {"axis": 1})],
    nn.Linear: _linear,
    nn.Dropout: lambda _: [],
    nn.Identity: lambda _: [],
}
