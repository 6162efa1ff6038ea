"""Weights in half precision: files of half the size; the network still computes in single precision."""

from __future__ import annotations

import copy
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)
NORMALISATIONS = (nn.BatchNorm1d, nn.BatchNorm2d)
MIN_TENSOR_SIZE = 1024  # smaller tensors do not pay for a node of their own in the file


def halved(network: nn.Module) -> nn.Module:
    """A copy, in evaluation mode, whose convolutions and linear layers have weights that half precision represents.

    Batch normalisation that directly follows a convolution is fused into it first, since the ONNX exporter would
    otherwise fuse it after the rounding. The weights stay `float32`.
    """
    network = copy.deepcopy(network).eval()
    for layers in [each for each in network.modules() if isinstance(each, nn.Sequential)]:
        for place, (layer, following) in enumerate(pairwise(list(layers))):
            if isinstance(layer, CONVOLUTIONS) and isinstance(following, NORMALISATIONS):
                layers[place], layers[place + 1] = fuse_conv_bn_eval(layer, following), nn.Identity()
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, (*CONVOLUTIONS, nn.Linear)):
                layer.weight.copy_(layer.weight.half())
    return network


def halves(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors of a network, with large ones rounded to `float16`; `load_state_dict` accepts them."""
    large = {
        name: value for name, value in state.items() if value.is_floating_point() and value.numel() >= MIN_TENSOR_SIZE
    }
    return state | {name: value.half() for name, value in large.items()}


def store_in_half(path: Path) -> None:
    """Store weights that half precision represents as `float16` in an ONNX file, with nodes that cast to `float32`."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(path)
    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if (
            values.dtype != np.float32
            or values.size < MIN_TENSOR_SIZE
            or not np.array_equal(values.astype(np.float16), values)
        ):
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, path)
