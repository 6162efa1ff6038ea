"""A trained network as one ONNX file, which is checked against PyTorch before it takes its name."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from sutja.data.digits import Digits
from sutja.errors import ModelFileError
from sutja.export.graph import UnwrittenLayerError, sequence_model
from sutja.export.half_precision import store_in_half
from sutja.files import whole_file
from sutja.models.onnx_classifier import Classifier
from sutja.networks.infer import infer, to_tensor

PARITY_DIGITS = 1000
PARITY_TOLERANCE = 1e-4  # the largest difference of a logit


def export_onnx(network: nn.Module, path: Path, digits: Digits, *, half: bool = False) -> float:
    """Write a network as one ONNX file: input `images`, output `logits`, any number of images at once.

    The outputs of the file are compared with PyTorch's on the first 1,000 of `digits`. With `half`, weights that half
    precision represents exactly are stored in it. Returns the largest difference of a logit; raises `ModelFileError` if
    it is over 1e-4.
    """

    def write(partial: Path) -> None:
        try:
            onnx.save(sequence_model(network), partial)
        except UnwrittenLayerError:
            trace(network, partial, torch.zeros(2, 1, 28, 28), ("images", "logits"), {0: torch.export.Dim("N")})

    return export_checked(path, write, lambda partial: parity(network, partial, digits), half=half)


def export_checked(
    path: Path, write: Callable[[Path], None], difference: Callable[[Path], float], *, half: bool = False
) -> float:
    """Let `write` write a network as one ONNX file, and compare it with PyTorch.

    `difference` returns the largest difference of a logit between a file and PyTorch. With `half`, weights that half
    precision represents exactly are stored in it (see `half_precision.halved`). Returns the difference; raises
    `ModelFileError`, and writes nothing, if it is over 1e-4.
    """
    with whole_file(path) as partial:
        write(partial)
        if half:
            store_in_half(partial)
        differing = difference(partial)
        if not differing <= PARITY_TOLERANCE:
            raise ModelFileError(f"{path}: ONNX Runtime and PyTorch differ by {differing:.2g} in a logit: not written")
    return differing


def trace(network: nn.Module, path: Path, example: Tensor, names: tuple[str, str], dynamic: dict[int, Any]) -> None:
    """Write what PyTorch's exporter makes of a network, with these names of input and output.

    `dynamic` has the dimensions of `example` that may have any size.
    """
    with _quiet_exporter():
        program = torch.onnx.export(
            network,
            (example,),
            input_names=[names[0]],
            output_names=[names[1]],
            dynamic_shapes=(dynamic,),
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # only PyTorch's former exporter returns None
    for node in program.model.graph:
        node.metadata_props.clear()  # stack traces with local paths
    program.save(str(path), include_initializers=True, external_data=False)


def parity(network: nn.Module, path: Path, digits: Digits) -> float:
    """The largest difference of a logit between a network and its ONNX file on the first 1,000 of `digits`."""
    some = digits.take(np.arange(min(PARITY_DIGITS, len(digits))))
    expected = infer(network, to_tensor(some)).numpy()
    found = Classifier(path, class_count=expected.shape[1]).logits(some.images)
    return float(np.abs(found - expected).max())


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Silence the exporter's warnings and its messages about optional packages."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
