"""From a trained network to what others use: one ONNX file that was checked, and a card that says what it is."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import nn

from sutja.digits import Digits
from sutja.errors import ModelFileError
from sutja.files import whole_file
from sutja.inference import Classifier
from sutja.training import infer, to_tensor

PARITY_DIGITS = 1000
PARITY_TOLERANCE = 1e-4  # the largest difference of a logit


def export_onnx(network: nn.Module, path: Path, digits: Digits) -> float:
    """Write a network as one ONNX file, input `images`, output `logits`, any number of images at once.

    The file is held against PyTorch on the first 1,000 of `digits` before it takes its name. Returns the largest
    difference of a logit; raises `ModelFileError` when that is over 1e-4.
    """
    example = torch.zeros(2, 1, 28, 28)
    with whole_file(path) as partial:
        with _quiet_exporter():
            program = torch.onnx.export(
                network,
                (example,),
                input_names=["images"],
                output_names=["logits"],
                dynamic_shapes=({0: torch.export.Dim("N")},),
                dynamo=True,
                verbose=False,
            )
        assert program is not None  # only the exporter of old gives none
        for node in program.model.graph:
            node.metadata_props.clear()  # stack traces, with the paths of this machine
        program.save(str(partial), include_initializers=True, external_data=False)
        difference = parity(network, partial, digits)
        if not difference <= PARITY_TOLERANCE:
            raise ModelFileError(f"{path}: ONNX Runtime and PyTorch differ by {difference:.2g} in a logit: not written")
    return difference


def parity(network: nn.Module, path: Path, digits: Digits) -> float:
    """The largest difference of a logit between a network and its ONNX file on the first 1,000 of `digits`."""
    some = Digits(digits.images[:PARITY_DIGITS], digits.labels[:PARITY_DIGITS])
    expected = infer(network, to_tensor(some)).numpy()
    return float(np.abs(Classifier(path).logits(some.images) - expected).max())


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Silence the exporter's warnings and its remarks on packages that it could also use."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
