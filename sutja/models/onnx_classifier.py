"""Logits from an ONNX file, with ONNX Runtime alone: no PyTorch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from sutja.data.digits import CLASS_COUNT, SIDE_PIXELS, Images
from sutja.errors import ModelFileError
from sutja.evaluation.calibration import divide_by_temperature
from sutja.evaluation.metrics import Logits, softmax

BATCH_IMAGES = 500


class Classifier:
    """A network for single digits, loaded from an ONNX file with the input `images` and the output `logits`.

    `temperature` divides the logits to give probabilities; `logits` returns them as the network gives them.
    """

    def __init__(
        self,
        path: Path,
        *,
        temperature: float = 1.0,
        sha256: str | None = None,
        threads: int = 0,
        class_count: int = CLASS_COUNT,
    ) -> None:
        """Load the network for `class_count` classes; `threads` compute at once, and with 0 ONNX Runtime chooses.

        Raises `ModelFileError` if the file is missing or damaged, is not such a network, or has another checksum.
        """
        self.temperature, self._class_count = temperature, class_count
        self._session = open_session(
            path,
            sha256,
            takes=("images", [1, SIDE_PIXELS, SIDE_PIXELS]),
            gives=("logits", [class_count]),
            kind="digits",
            threads=threads,
        )

    def logits(self, images: Images) -> Logits:
        """The logits `float32 (N, classes)` of images `uint8 (N, 28, 28)`."""
        parts = [images[start : start + BATCH_IMAGES] for start in range(0, len(images), BATCH_IMAGES)]
        if not parts:
            return np.empty((0, self._class_count), np.float32)
        return np.concatenate([self._run(part) for part in parts])

    def probabilities(self, images: Images) -> NDArray[np.float64]:
        """The probabilities `(N, classes)` of images `uint8 (N, 28, 28)`, calibrated by the temperature."""
        return softmax(divide_by_temperature(self.logits(images), self.temperature))

    def _run(self, images: Images) -> Logits:
        return self._session.run(images[:, None].astype(np.float32) / np.float32(255))


class OnnxSession:
    """An opened ONNX file with one input and one output."""

    def __init__(self, path: Path, session: onnxruntime.InferenceSession) -> None:
        """`path` names the file in errors."""
        self._path, self._session = path, session
        self._takes, (self._gives,) = session.get_inputs()[0].name, session.get_outputs()

    def run(self, batch: NDArray[Any]) -> NDArray[np.float32]:
        """The output for a batch.

        Raises `ModelFileError` if the network cannot compute it: some contradictions in a file show only then.
        """
        try:
            (output,) = self._session.run([self._gives.name], {self._takes: batch})
        except Exception as error:  # ONNX Runtime's own exceptions share no other base class
            raise ModelFileError(f"{self._path}: the network cannot be computed: {_one_line(error)}") from error
        declared = [side if isinstance(side, int) else None for side in self._gives.shape]
        if len(output) != len(batch) or not _has_shape(output.shape, declared):
            raise ModelFileError(f"{self._path}: the network gives {output.shape} instead of {self._gives.shape}")
        return np.asarray(output, np.float32)


def _has_shape(shape: Sequence[int], declared: Sequence[int | None]) -> bool:
    """Whether a shape is as declared; `None` stands for any size."""
    return len(shape) == len(declared) and all(side in (size, None) for size, side in zip(shape, declared, strict=True))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def open_session(
    path: Path,
    sha256: str | None,
    *,
    takes: tuple[str, list[int | None]],
    gives: tuple[str, list[int | None]],
    kind: str,
    dtype: str = "float",
    threads: int = 0,
) -> OnnxSession:
    """Open an ONNX file with one input of `dtype` and one output of floats, with these names and shapes.

    The shapes are those of one example; `None` is a dimension of any size. `threads` compute at once; with 0, ONNX
    Runtime chooses. Raises `ModelFileError` if the file is missing or damaged, is not a network for `kind`, has a fixed
    batch size, or has another checksum.
    """
    if not path.is_file():
        raise ModelFileError(f"{path}: no such model file")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror}") from error
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise ModelFileError(f"{path}: damaged or another file: its SHA-256 is not the recorded one")
    onnxruntime.set_default_logger_severity(4)  # exceptions report failures, once
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Threads that spin while they wait slow down the work between two networks: a line took half as long again.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"], enable_fallback=0)
        inputs, outputs = session.get_inputs(), session.get_outputs()
        found = [[(each.name, each.type, each.shape[1:]) for each in side] for side in (inputs, outputs)]
    except Exception as error:  # ONNX Runtime's own exceptions share no other base class
        raise ModelFileError(f"{path}: not a readable ONNX file: {_one_line(error)}") from error
    fixed = [each for each in inputs if each.shape and isinstance(each.shape[0], int)]
    if fixed:
        raise ModelFileError(f"{path}: not a network for {kind}: it takes exactly {fixed[0].shape[0]} at once")
    if not (_fits(found[0], takes, dtype) and _fits(found[1], gives, "float")):
        raise ModelFileError(f"{path}: not a network for {kind}: it maps {found[0]} to {found[1]}")
    return OnnxSession(path, session)


def _fits(found: list[tuple[str, str, list[int | str]]], wanted: tuple[str, list[int | None]], dtype: str) -> bool:
    """Whether a network has exactly the one array that is wanted, of this type of numbers."""
    if len(found) != 1:
        return False
    name, kind, shape = found[0]
    sides = [None if isinstance(side, str) else side for side in shape]
    return (name, kind, sides) == (wanted[0], f"tensor({dtype})", wanted[1])
