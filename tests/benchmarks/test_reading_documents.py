"""The benchmark of painted documents counts numbers in their place and with their signs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.reading_documents import evaluate_documents, numbers_of
from sutja.reading.quad import upright_quad
from sutja.reading.result import Reading, ReadLine
from sutja.synth.documents.document import Document, WrittenRun
from tests.reading.readings import SIGN_HEIGHT, SIGN_WIDTH, read_number

PAPER = np.full((300, 400, 3), 255, np.uint8)


def run(text: str, left: float, top: float, **kind: bool) -> WrittenRun:
    """A handwritten number."""
    traits: dict[str, Any] = {"handwritten": True, "is_number": True, **kind}
    quad = upright_quad(left, top, left + SIGN_WIDTH * len(text), top + SIGN_HEIGHT)
    return WrittenRun(text, quad, np.zeros((len(text), 2), np.float32), **traits)


def reading_of(*found: WrittenRun) -> Reading:
    places = [each.quad[0].astype(int).tolist() for each in found]
    numbers = [read_number(each.text, left=left, top=top) for each, (left, top) in zip(found, places, strict=True)]
    return Reading((ReadLine(tuple(numbers)),))


def test_numbers_count_in_their_place_with_their_signs() -> None:
    true = (run("12.5", 20, 20), run("-7", 20, 80), run("33", 20, 140), run("99", 20, 200, handwritten=False))
    found = (
        run("12.5", 22, 21),  # right
        run("17", 21, 80),  # with another sign
        run("34", 200, 140),  # nowhere
        run("99", 20, 200),  # printed: not to be read
    )
    values = evaluate_documents(lambda picture: reading_of(*found), [Document(PAPER, true)])
    assert values["numbers"] == 3
    assert values["found_f1"] == pytest.approx(2 * 2 / (3 + 4))
    assert values["read_f1"] == pytest.approx(2 * 1 / (3 + 4))


def test_numbers_of_a_text_keep_their_signs_except_at_the_end() -> None:
    assert numbers_of("12. -1,500.75 3/4 500/- :7 x") == ["12", "-1,500.75", "3/4", "500", "7"]
