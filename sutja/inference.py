"""Logits from an ONNX file, with ONNX Runtime alone: no PyTorch."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from sutja.calibration import cooled
from sutja.digits import CLASSES, SIDE, Images
from sutja.errors import ModelFileError
from sutja.evaluation import Logits, softmax

BATCH = 500


class Classifier:
    """A network for single digits, loaded from an ONNX file with the input `images` and the output `logits`.

    `temperature` divides the logits where probabilities are made of them; the logits stay as the network gives them.
    """

    def __init__(self, path: Path, *, temperature: float = 1.0, sha256: str | None = None) -> None:
        """Raises `ModelFileError` when the file is missing, damaged, not such a network or without that checksum."""
        if not path.is_file():
            raise ModelFileError(f"{path}: no such model file")
        self.temperature = temperature
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelFileError(f"{path}: cannot be read: {error.strerror}") from error
        if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
            raise ModelFileError(f"{path}: damaged or another file: its SHA-256 is not that of its card")
        onnxruntime.set_default_logger_severity(4)  # what goes wrong is told by the exception, once
        try:
            self._session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"], enable_fallback=0)
            inputs = [(each.name, each.type, each.shape[1:]) for each in self._session.get_inputs()]
            outputs = [(each.name, each.type, each.shape[1:]) for each in self._session.get_outputs()]
        except Exception as error:  # ONNX Runtime's own exceptions share no other base class
            raise ModelFileError(f"{path}: not a readable ONNX file: {' '.join(str(error).split())[:200]}") from error
        fixed = [each for each in self._session.get_inputs() if isinstance(each.shape[0], int)]
        if fixed:
            raise ModelFileError(f"{path}: not a network for digits: it takes exactly {fixed[0].shape[0]} at once")
        if inputs != [("images", "tensor(float)", [1, SIDE, SIDE])] or outputs != [
            ("logits", "tensor(float)", [CLASSES])
        ]:
            raise ModelFileError(f"{path}: not a network for digits: it maps {inputs} to {outputs}")

    def logits(self, images: Images) -> Logits:
        """The logits `float32 (N, 10)` of images `uint8 (N, 28, 28)`."""
        parts = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
        return np.concatenate([self._run(part) for part in parts]) if parts else np.empty((0, CLASSES), np.float32)

    def probabilities(self, images: Images) -> NDArray[np.float64]:
        """The probabilities `(N, 10)` of images `uint8 (N, 28, 28)`, calibrated by the temperature."""
        return softmax(cooled(self.logits(images), self.temperature))

    def _run(self, images: Images) -> Logits:
        scaled = images[:, None].astype(np.float32) / np.float32(255)
        (logits,) = self._session.run(["logits"], {"images": scaled})
        return np.asarray(logits, np.float32)
