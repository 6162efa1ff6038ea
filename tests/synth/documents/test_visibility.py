"""What is hidden of a number, cut off or too weak is not to be read."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.models.ctc import OTHER
from sutja.synth.documents.document import Document, WrittenRun, upright_quad
from sutja.synth.documents.scenes import visible_numbers
from sutja.synth.documents.visibility import legible_runs, seen_runs

SIZE = (120, 200)  # rows and columns
NO_RULES = np.zeros(SIZE, np.uint8)


def number(text: str, left: float = 40.0, top: float = 40.0) -> WrittenRun:
    """A number of digits of 20 × 10 pixels."""
    right = left + 10 * len(text)
    centres = [(left + 10 * index + 5, top + 10) for index in range(len(text))]
    return WrittenRun(text, upright_quad(left, top, right, top + 20), np.array(centres, np.float32), True, True)


def hidden(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    mask = np.zeros(SIZE, np.uint8)
    mask[top:bottom, left:right] = 255
    return mask


def test_what_can_be_seen_stays_as_it_is() -> None:
    run = number("1234")
    assert seen_runs([run], hidden(0, 0, 30, 30)) == [run]
    assert seen_runs([], hidden(0, 0, 30, 30)) == []


def test_a_number_ends_where_the_paper_does() -> None:
    (run,) = seen_runs([number("1234")], hidden(60, 0, 200, 120))
    assert run.text == "12" and run.is_number and run.legible
    assert run.quad[1, 0] == pytest.approx(60, abs=1)
    assert len(run.centres) == 2


def test_a_number_ends_at_the_edge_of_the_picture() -> None:
    (run,) = seen_runs([number("1234", left=-20)], np.zeros(SIZE, np.uint8))
    assert run.text == "34"
    assert run.quad[0, 0] == pytest.approx(0, abs=1)


def test_a_sign_that_is_half_hidden_is_unknown() -> None:
    (run,) = seen_runs([number("12345")], hidden(80, 40, 100, 50))
    assert run.text == "1234" + OTHER
    assert run.is_number and run.legible


def test_a_number_that_is_mostly_hidden_is_none() -> None:
    (run,) = seen_runs([number("123")], hidden(0, 0, 200, 53))
    assert run.text == 3 * OTHER and not run.is_number


def test_a_number_that_is_half_hidden_may_be_read_or_not() -> None:
    (run,) = seen_runs([number("123")], hidden(0, 0, 200, 49))
    assert run.is_number and not run.legible
    seen = visible_numbers(Document(np.zeros((*SIZE, 3), np.uint8), (run,)))
    assert not seen.quads and len(seen.ignored) == 1


def test_what_is_wholly_hidden_is_gone() -> None:
    assert seen_runs([number("123")], hidden(0, 0, 200, 120)) == []


def written(strength: float, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """A picture with two strokes of some strength on noisy paper, and the mask of their ink."""
    ink = np.zeros(SIZE, np.uint8)
    ink[40:60, 44:47] = ink[40:60, 54:57] = 255
    grey = 200 - strength * (ink / 255) + np.random.default_rng(0).normal(0, noise, SIZE)
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2), ink


@pytest.mark.parametrize(("strength", "noise", "legible"), [(100, 4, True), (30, 4, True), (3, 12, False)])
def test_ink_must_show_in_the_picture(strength: float, noise: float, legible: bool) -> None:
    picture, ink = written(strength, noise)
    (run,) = legible_runs([number("11")], picture, ink, NO_RULES, digit_height=20)
    assert run.is_number and run.legible == legible
    assert (run.text == "11") == legible


def test_rules_through_weak_ink_do_not_hide_it() -> None:
    picture, ink = written(25, 3)
    rules = np.zeros(SIZE, np.uint8)
    rules[50:53] = rules[66:69] = rules[:, 50:52] = 255
    picture[rules > 0] = 0
    (run,) = legible_runs([number("11")], picture, ink, rules, digit_height=20)
    assert run.legible


@pytest.mark.parametrize("strength", [100, 0])
def test_a_number_with_a_point_that_nobody_sees_is_not_legible(strength: float) -> None:
    picture, ink = written(100, 4)
    ink[58:61, 49:52] = 255  # the point, which the picture does not have yet
    picture[58:61, 49:52] = np.clip(picture[58:61, 49:52] - strength, 0, 255)
    centres = np.array([(45, 50), (50, 50), (55, 50)], np.float32)
    run = WrittenRun("1.1", upright_quad(40, 40, 60, 60), centres, True, True)
    (seen,) = legible_runs([run], picture, ink, NO_RULES, digit_height=20)
    assert seen.legible == (strength > 0)


def test_a_word_is_not_asked_for_its_ink() -> None:
    word = WrittenRun(OTHER, upright_quad(0, 0, 9, 9), np.zeros((1, 2), np.float32), True, False)
    assert legible_runs([word], *written(0, 1), NO_RULES, digit_height=20) == [word]
