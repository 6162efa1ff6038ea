"""The failures that sutja expects: each is one clear line and an exit code."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

RENAMED = {  # kind of name → former name → present name
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


class SutjaError(Exception):
    """An expected failure. Its text is one line that says what is wrong, where, and what to do."""

    exit_code = 1

    def __init__(self, text: str) -> None:
        super().__init__(printable(text))


class StorageError(SutjaError):
    """What was to be kept cannot be written, or there is no more room for it."""


class UsageError(SutjaError):
    """What was asked for does not exist or makes no sense."""

    exit_code = 2


class DataError(SutjaError):
    """A data file is missing, damaged or not what it should be."""

    exit_code = 3


class LargePictureError(DataError):
    """A picture has more pixels than are read."""


class ModelFileError(SutjaError):
    """A model file is missing, damaged or not what it should be."""

    exit_code = 4


class NothingReadError(SutjaError):
    """In none of the pictures is a digit that the reader is sure of."""

    exit_code = 5


def printable(text: str) -> str:
    """`text` on one line: what cannot be printed, newlines too, as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def unknown(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for a `name` that is not `known` for its `kind`, with its present name or the nearest one as a hint."""
    if name in RENAMED.get(kind, {}):
        return UsageError(f"{kind} '{name}' is now called '{RENAMED[kind][name]}'")
    known = list(known)
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return UsageError(f"unknown {kind} '{name}': {hint}known: {', '.join(known)}")
