"""Logits from an ONNX file, with ONNX Runtime alone: no PyTorch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime

from sutja.digits import CLASSES, SIDE, Images
from sutja.errors import ModelFileError
from sutja.evaluation import Logits

BATCH = 500


class Classifier:
    """A network for single digits, loaded from an ONNX file with the input `images` and the output `logits`."""

    def __init__(self, path: Path) -> None:
        """Raises `ModelFileError` when the file is missing, damaged, or not such a network."""
        if not path.is_file():
            raise ModelFileError(f"{path}: no such model file")
        onnxruntime.set_default_logger_severity(4)  # what goes wrong is told by the exception, once
        try:
            self._session = onnxruntime.InferenceSession(
                path.read_bytes(), providers=["CPUExecutionProvider"], enable_fallback=0
            )
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

    def _run(self, images: Images) -> Logits:
        scaled = images[:, None].astype(np.float32) / np.float32(255)
        (logits,) = self._session.run(["logits"], {"images": scaled})
        return np.asarray(logits, np.float32)
