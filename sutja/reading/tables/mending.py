"""Mending: a number that was read over two columns is cut between its signs, and parts of one number are joined.

Nothing is changed in silence: a mended number keeps what it was read as, and its cell is to be checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sutja.reading.numbers import DECIMAL_SIGNS, DecimalSign, decide_decimal_sign
from sutja.reading.quad import Axes, part_of_quad, upright_quad
from sutja.reading.result import ReadDigit, ReadNumber

SignSpans = NDArray[np.float64]

MIN_LENGTH_PIXELS = 1e-6
MAX_OUTSIDE = 0.25  # of the length of a number, by which the middle of a sign may lie outside of it


@dataclass(frozen=True)
class SignPlaces:
    """Where each sign of a number starts and stops along it, `(N, 2)`, and which are digits, `(N,)`."""

    spans: SignSpans
    is_digit: NDArray[np.bool_]

    def within(self, left: float, right: float) -> SignPlaces:
        """The signs of a number that reaches from `left` to `right`, if the spans are shares of its length."""
        return replace(self, spans=left + (right - left) * self.spans)


def sign_places(number: ReadNumber) -> SignPlaces:
    """Where the signs of a number are, in shares of its length.

    Signs without places in the picture, as of numbers that somebody typed, have equal shares.
    """
    axes, count = Axes.of(np.array(number.quad, np.float32)), len(number.signs)
    is_digit = np.array([isinstance(sign, ReadDigit) for sign in number.signs])
    boxes = np.array([sign.box for sign in number.signs], np.float64)
    length = max(axes.length, MIN_LENGTH_PIXELS)
    middles = (boxes[:, :2] + boxes[:, 2:] / 2 - axes.centre) @ axes.direction / length + 0.5
    if (np.diff(middles) <= 0).any() or middles.min() < -MAX_OUTSIDE or middles.max() > 1 + MAX_OUTSIDE:
        edges = np.arange(count + 1) / count
        return SignPlaces(np.stack([edges[:-1], edges[1:]], axis=1), is_digit)
    halves = boxes[:, 2 + int(np.abs(axes.direction).argmax())] / 2 / length
    return SignPlaces(np.stack([middles - halves, middles + halves], axis=1), is_digit)


def cut_number(number: ReadNumber, cuts: Sequence[int], sign: DecimalSign | None) -> list[ReadNumber]:
    """The parts of a number, of which each but the first begins with the sign of an index in `cuts`, in order."""
    spans = sign_places(number).spans
    shares = [0.0, *(float(spans[cut - 1, 1] + spans[cut, 0]) / 2 for cut in cuts), 1.0]
    bounds = zip(pairwise([0, *cuts, len(number.signs)]), pairwise(shares), strict=True)
    return [_part(number, slice(*signs), ends, sign) for signs, ends in bounds]


def _part(number: ReadNumber, part: slice, shares: tuple[float, float], sign: DecimalSign | None) -> ReadNumber:
    quad = part_of_quad(np.array(number.quad, np.float32), *shares)
    cut = ReadNumber.at(quad, number.signs[part], shape=_shape_around([number]), handwritten=number.handwritten)
    return replace(cut.with_value(sign), at_edge=number.at_edge, read_as=number.guess)


def join_numbers(numbers: Sequence[ReadNumber], sign: DecimalSign | None) -> ReadNumber:
    """Parts of one number, from left to right, as that number."""
    corners = np.array([number.quad for number in numbers], np.float64)
    axes = Axes.of(np.asarray(corners.mean(axis=0), np.float32))
    frame = np.array([axes.direction, axes.normal])
    places = corners.reshape(-1, 2) @ frame.T
    quad = upright_quad(*places.min(axis=0).tolist(), *places.max(axis=0).tolist()) @ frame
    joined = ReadNumber.at(
        np.asarray(quad, np.float32),
        [sign for number in numbers for sign in number.signs],
        shape=_shape_around(numbers),
        handwritten=any(number.handwritten for number in numbers),
        at_edge=any(number.at_edge for number in numbers),
    )
    return replace(joined.with_value(sign), read_as=" ".join(number.read_as or number.guess for number in numbers))


def _shape_around(numbers: Iterable[ReadNumber]) -> tuple[int, int]:
    """The shape of the part of a picture in which the boxes of numbers lie."""
    boxes = [number.box for number in numbers]
    return max(top + height for _, top, _, height in boxes), max(left + width for left, _, width, _ in boxes)


def decimal_sign_of(numbers: Sequence[ReadNumber]) -> DecimalSign | None:
    """The decimal sign by which the numbers of a reading have the kinds and values that they have."""
    usual = decide_decimal_sign(number.text for number in numbers)
    for sign in (usual, *DECIMAL_SIGNS):
        if all(number.with_value(sign).kind == number.kind for number in numbers):
            return sign
    return usual
