"""sutja (숫자, "digit"): train, measure, compare and use recognisers of handwritten digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sutja.data.pictures.limits import limit_opencv

if TYPE_CHECKING:
    from sutja.reading.reader import Reader
    from sutja.reading.result import ReadDigit, Reading, ReadLine, ReadNumber, ReadSign

__all__ = ["ReadDigit", "ReadLine", "ReadNumber", "ReadSign", "Reader", "Reading", "__version__"]
__version__ = "0.1.0"

limit_opencv()  # before any module of the package imports OpenCV


def __getattr__(name: str) -> Any:
    """The reader and its results, imported when they are first asked for: OpenCV and ONNX Runtime take their time."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sutja.reading import reader, result

    return getattr(reader if name == "Reader" else result, name)
