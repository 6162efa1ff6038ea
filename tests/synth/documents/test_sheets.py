"""Sheets: numbers, words and marks are noted as what they are."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.synth.documents.layouts import LAYOUTS
from sutja.synth.documents.marks import SMALL_MARKS
from sutja.synth.documents.writers import Sources
from tests.synth.documents.sheets import blank_sheet, check_runs, levels_inside


def test_a_struck_out_number_is_no_number(sources: Sources) -> None:
    sheet = blank_sheet(sources, 1)
    sheet.write("1234", 60, 90, struck=True)
    check_runs(sheet.runs)
    assert sheet.runs and not any(run.is_number for run in sheet.runs)
    assert set("".join(run.text for run in sheet.runs)) == {"\ufffd"}


def test_an_ending_is_no_part_of_its_number(sources: Sources) -> None:
    sheet = blank_sheet(sources, 2)
    sheet.write("35", 60, 90, ending=".-")
    number, ending = sheet.runs
    assert (number.text, number.is_number) == ("35", True)
    assert (ending.text, ending.is_number) == ("\ufffd\ufffd", False)
    assert ending.centres[0, 0] > number.centres[-1, 0]


def test_letters_before_a_number_are_no_part_of_it(sources: Sources) -> None:
    sheet = blank_sheet(sources, 2)
    sheet.write("14", 60, 90, beginning="ML-")
    number, letters = sheet.runs
    assert (number.text, number.is_number) == ("14", True)
    assert (letters.text, letters.is_number) == ("\ufffd" * 3, False)
    assert letters.centres[-1, 0] < number.centres[0, 0]


def test_of_a_number_that_is_far_too_long_the_first_signs_are_written(sources: Sources) -> None:
    sheet = blank_sheet(sources, 3)
    sheet.write_fitting("1,234,567.89", (50, 50, 90, 90))
    (run,) = sheet.runs
    assert 1 <= len(run.text) < 12
    assert "1,234,567.89".startswith(run.text)
    assert run.text[-1].isdigit()


def test_a_word_is_no_number(sources: Sources) -> None:
    sheet = blank_sheet(sources, 3)
    sheet.write_word("Kuchen", 60, 90)
    assert not any(run.is_number for run in sheet.runs)
    assert sheet.ink.any()


def test_printed_numbers_are_told_from_words(sources: Sources) -> None:
    sheet = blank_sheet(sources, 4)
    sheet.print_text("Total 12.50 EUR", 20, 90, 20)
    assert [run.text for run in sheet.runs if run.is_number] == ["12.50"]
    assert not any(run.handwritten for run in sheet.runs)


def test_a_number_that_is_too_wide_for_its_box_is_written_smaller(sources: Sources) -> None:
    sheet = blank_sheet(sources, 5)
    sheet.write_fitting("123456789", (50, 50, 130, 90))
    (run,) = sheet.runs
    assert 8 <= run.height < 24
    assert run.quad[:, 0].max() - run.quad[:, 0].min() < 160


def test_a_sloped_sheet_has_sloped_quads(sources: Sources) -> None:
    sheet = blank_sheet(sources, 6)
    sheet.slope = 0.3
    sheet.write("77777", 60, 60)
    across = sheet.runs[0].quad[1] - sheet.runs[0].quad[0]
    assert np.arctan2(across[1], across[0]) == pytest.approx(0.3, abs=0.12)


@pytest.mark.parametrize("kind", SMALL_MARKS)
def test_a_mark_has_ink_in_its_box_and_is_no_number(sources: Sources, kind: str) -> None:
    sheet = blank_sheet(sources, 7)
    sheet.mark((100, 60, 140, 100), kind)
    (run,) = sheet.runs
    assert not run.is_number
    assert levels_inside(sheet.ink, run.quad).max() > 128


def test_what_is_written_beside_the_sheet_is_not_noted(sources: Sources) -> None:
    sheet = blank_sheet(sources, 8)
    sheet.write("12", 3000, 90)
    sheet.mark((-90, -90, -40, -40))
    assert sheet.runs == []
    assert not sheet.ink.any()


def test_composing_puts_ink_onto_the_paper(sources: Sources) -> None:
    sheet = blank_sheet(sources, 9)
    sheet.write("8888", 60, 90)
    sheet.rule((0, 120), (250, 120), 2)
    colours = sheet.compose()
    assert colours[120, 100].max() < 0.2
    assert colours[sheet.ink == 255].max() < 0.1
    assert colours[:20].min() == 1


def test_what_would_cross_other_writing_is_left_out(sources: Sources) -> None:
    sheet = blank_sheet(sources, 10)
    sheet.write("888", 60, 90)
    ink, count = sheet.ink, len(sheet.runs)
    sheet.write("888", 62, 92)
    sheet.print_text("8888", 62, 92, 24)
    assert len(sheet.runs) == count
    assert np.array_equal(sheet.ink, ink)
    sheet.write("888", 60, 140)
    assert len(sheet.runs) == count + 1


def test_the_digits_of_a_row_of_boxes_are_one_number_though_some_lie_beside_the_sheet(sources: Sources) -> None:
    for seed in range(6):
        sheet = blank_sheet(sources, seed, size=(150, 60))
        LAYOUTS["boxes"][0](sheet)
        rows = [round(float(run.centres[:, 1].mean()) / 12) for run in sheet.runs if run.is_number]
        assert len(set(rows)) == len(rows)
