"""Weights in half precision: files half as large, computed with in single precision as before."""

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
LEAST = 1024  # numbers that are worth a node of their own in the file


def halved(network: nn.Module) -> nn.Module:
    """A copy for evaluation whose convolutions and linear layers have weights that half precision holds exactly.

    Batch normalisation that directly follows a convolution becomes a part of it first, since ONNX's exporter would do
    so after the rounding. The numbers stay `float32`.
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
    """The tensors of a network with the large ones rounded to `float16`; `load_state_dict` takes them as they are."""
    large = {name: value for name, value in state.items() if value.is_floating_point() and value.numel() >= LEAST}
    return state | {name: value.half() for name, value in large.items()}


def store_in_half(path: Path) -> None:
    """Store what half precision holds exactly so in an ONNX file, each with a node that makes `float32` of it."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(path)
    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < LEAST or not np.array_equal(values.astype(np.float16), values):
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, path)
