"""Expected failures: each has a one-line message and an exit code."""

from __future__ import annotations

import re
from collections.abc import Iterable

RENAMED = {  # kind of name → former name → present name
    "command": {"teach": "distil"},
    "option": {"--held-out": "--validation"},
    "network": {"convnet": "convnet4", "convnet-pair": "convnet5-pair"},
    "protocol": {"held-out": "validation"},
    "published model": {"convnet-taught": "convnet-distilled"},
    "recipe": {"convnet-taught": "convnet-distilled"},
    "recipe field": {
        "model": "network",
        "ema": "ema_decay",
        "focus": "hard_example_repeats",
        "teacher": "distillation.teacher",
        "teaching": "distillation.weight",
        "softness": "distillation.temperature",
        "start": "finetuning.start",
        "corrections": "finetuning.corrections",
        "share": "finetuning.corrected_share",
        "styled": "finetuning.styled_share",
    },
}


MAX_MESSAGE_CHARACTERS = 1000  # a longer message, as of a huge value in a damaged file, loses its middle


class SutjaError(Exception):
    """An expected failure. Its message says on one line what is wrong, where, and what to do."""

    exit_code = 1

    def __init__(self, text: str) -> None:
        super().__init__(shortened(printable(text)))


class StorageError(SutjaError):
    """Something cannot be stored: it cannot be written, or the store is full."""


class UsageError(SutjaError):
    """The request is invalid, or names something that does not exist."""

    exit_code = 2


class MissingExtraError(SutjaError):
    """A file cannot be read without an extra that is not installed."""


class DataError(SutjaError):
    """A data file is missing, damaged or of the wrong kind."""

    exit_code = 3


class LargePictureError(DataError):
    """A picture has too many pixels."""


class ModelFileError(SutjaError):
    """A model file is missing, damaged or of the wrong kind."""

    exit_code = 4


class NothingReadError(SutjaError):
    """The reader is not sure of any digit in the pictures."""

    exit_code = 5


def printable(text: str) -> str:
    """`text` on one line, with newlines and other unprintable characters escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def renamed(kind: str, name: str) -> str:
    """The line that says what a former name of its `kind` is called now; empty for any other name."""
    return f"{kind} '{name}' is now called '{RENAMED[kind][name]}'" if name in RENAMED.get(kind, {}) else ""


def unknown(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for a `name` that is not among the `known` names of its `kind`, with its new or the closest name."""
    if text := renamed(kind, name):
        return UsageError(text)
    known = list(known)
    closest = _closest(name, known)
    hint = f"did you mean '{closest}'? " if closest else ""
    return UsageError(f"unknown {kind} '{name}': {hint}known: {', '.join(known)}")


def _closest(name: str, known: list[str]) -> str | None:
    """The known name that differs least from `name`; else the only one that it abbreviates, as "lr" or "smoothing"."""
    from difflib import get_close_matches  # a millisecond that what goes well need not take

    if close := get_close_matches(name, known, n=1):
        return close[0]
    initials = ["".join(word[:1] for word in re.split(r"[^a-z]", each)) for each in known]
    meant = [each for each, first in zip(known, initials, strict=True) if name and (name == first or name in each)]
    return meant[0] if len(meant) == 1 else None


def shortened(text: str) -> str:
    """`text` without its middle if it is too long: the beginning says where, the end what to do."""
    if len(text) <= MAX_MESSAGE_CHARACTERS:
        return text
    return f"{text[: MAX_MESSAGE_CHARACTERS // 2]} … {text[-MAX_MESSAGE_CHARACTERS // 2 + 3 :]}"
