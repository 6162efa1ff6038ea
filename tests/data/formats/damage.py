"""Shared by the tests of all readers: damage to files, and its permitted effects."""

from __future__ import annotations

import importlib.util
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st

from sutja.data.digits import Digits
from sutja.data.formats.parts import Parts
from sutja.data.samples import to_digits
from sutja.errors import DataError

FAST = settings(max_examples=100, derandomize=True, database=None)


NOT_INSTALLED = () if importlib.util.find_spec("pyarrow") else ("parquet",)


def installed(forms: Iterable[str]) -> list[Any]:
    """The forms as parameters of a test that skips those whose extra is not installed."""
    skip = pytest.mark.skipif(reason="its extra is not installed", condition=True)
    return [pytest.param(form, marks=skip if form in NOT_INSTALLED else ()) for form in forms]


@dataclass(frozen=True)
class Damage:
    """Damage to a file: its kind, position and length, and the bytes that it puts in."""

    kind: Literal["flip", "cut", "insert", "append", "delete", "blank"]
    place: int
    length: int
    other: bytes

    def done_to(self, content: bytes) -> bytes:
        """The damaged content."""
        at = self.place % max(len(content), 1)
        end = min(at + self.length, len(content))
        flipped = bytes(old ^ new for old, new in zip(content[at:], self.other, strict=False))
        return {
            "flip": content[:at] + flipped + content[at + len(flipped) :],
            "cut": content[:at],
            "insert": content[:at] + self.other + content[at:],
            "append": content + self.other,
            "delete": content[:at] + content[at + self.length % 512 + 1 :],
            "blank": content[:at] + bytes(end - at) + content[end:],
        }[self.kind]


damages = st.builds(
    Damage,
    kind=st.sampled_from(["flip", "flip", "cut", "insert", "append", "delete", "blank"]),
    place=st.integers(0, 1 << 16),
    length=st.integers(1, 600),  # shorter than a digit, which could vanish from the end of a tar without a trace
    other=st.binary(min_size=1, max_size=8),
)


def refusal(read: Callable[[], object]) -> str:
    """The one-line message with which `read` refuses a file."""
    with pytest.raises(DataError) as caught:
        read()
    text = str(caught.value)
    assert text.isprintable()
    return text


@contextmanager
def little_memory(mebibytes: int = 16) -> Iterator[None]:
    """Assert that the block uses at most `mebibytes` of memory, however much a file declares."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < mebibytes << 20
    finally:
        tracemalloc.stop()


def digits_of(parts: Parts) -> tuple[Digits, Digits]:
    """The training and test digits of the samples that a reader returns, unchanged."""
    train, test = parts
    assert test is not None
    return to_digits(train)[0], to_digits(test)[0]


def same(first: Digits, second: Digits) -> bool:
    """Whether both are the same digits in the same order."""
    return np.array_equal(first.images, second.images) and np.array_equal(first.labels, second.labels)


def assert_same_or_refused(read: Callable[[], tuple[Digits, Digits]], train: Digits, test: Digits) -> None:
    """Assert that a damaged file is either read as the same digits or refused in one line."""
    try:
        digits = read()
    except DataError as error:
        assert str(error).isprintable()
    else:
        assert same(digits[0], train)
        assert same(digits[1], test)
