"""sutja (숫자, "digit"): train, measure, compare and use recognisers of handwritten digits."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sutja.data.pictures.limits import limit_opencv

if TYPE_CHECKING:
    from sutja.experiments.digit_classifier import DigitClassifier
    from sutja.experiments.trained_run import TrainedRun
    from sutja.experiments.trained_run import train_model as train
    from sutja.models.open import TrainedModel, open_model
    from sutja.reading.reader import Reader
    from sutja.reading.result import ReadDigit, Reading, ReadLine, ReadNumber, ReadSign

__all__ = [
    "DigitClassifier",
    "ReadDigit",
    "ReadLine",
    "ReadNumber",
    "ReadSign",
    "Reader",
    "Reading",
    "TrainedModel",
    "TrainedRun",
    "__version__",
    "open_model",
    "train",
]
__version__ = "0.1.0"

MODULES = {  # public name → its module, and its name there if that is another one
    "DigitClassifier": "experiments.digit_classifier",
    "TrainedModel": "models.open",
    "TrainedRun": "experiments.trained_run",
    "open_model": "models.open",
    "train": "experiments.trained_run:train_model",
    "Reader": "reading.reader",
}

limit_opencv()  # before any module of the package imports OpenCV


if not TYPE_CHECKING:  # type checkers know the names, and find misspelled ones

    def __getattr__(name: str) -> Any:
        """What is public, imported when it is first asked for: PyTorch, OpenCV and ONNX Runtime take their time.

        Raises `ModuleNotFoundError`, which says what to install, where an extra is missing.
        """
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module, _, defined = MODULES.get(name, "reading.result").partition(":")
        try:
            return getattr(import_module(f"{__name__}.{module}"), defined or name)
        except ModuleNotFoundError as error:
            from sutja.environment import missing_module_hint

            hint = missing_module_hint(error.name)
            if hint is None:
                raise
            raise ModuleNotFoundError(hint, name=error.name) from error


def __dir__() -> list[str]:
    """The names of the module, also of what is not imported yet: for completion in a notebook."""
    return sorted({*globals(), *__all__})
