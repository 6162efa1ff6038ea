"""Layouts: what they write stands where they say."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.synth.documents.layouts import LAYOUTS
from sutja.synth.documents.writers import Sources
from tests.synth.documents.sheets import blank_sheet, check_runs, is_within, levels_inside


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_number_holds_ink_inside_its_quad_and_near_each_digit(sources: Sources, layout: str) -> None:
    for seed in range(3):
        sheet = blank_sheet(sources, seed)
        LAYOUTS[layout][0](sheet)
        check_runs(sheet.runs)
        ink = sheet.ink
        for run in sheet.runs:
            if run.is_number and is_within(run, sheet.size):
                inside = levels_inside(ink, run.quad)
                assert (inside > 128).mean() > 0.03, run
                for sign, (x, y) in zip(run.text, run.centres, strict=True):
                    reach = round(0.6 * run.height)
                    near = ink[max(0, round(y) - reach) : round(y) + reach, max(0, round(x) - reach) : round(x) + reach]
                    assert sign == " " or near.max() > 128, run


def test_how_often_a_layout_is_used_sums_to_a_probability() -> None:
    weights = np.array([weight for _, weight in LAYOUTS.values()])
    assert (weights > 0).all()


def test_a_sheet_without_numbers_has_none(sources: Sources) -> None:
    for seed in range(4):
        sheet = blank_sheet(sources, seed)
        LAYOUTS["empty"][0](sheet)
        assert not any(run.is_number for run in sheet.runs)


def test_the_boxes_of_one_number_have_one_run(sources: Sources) -> None:
    runs = []
    for seed in range(6):
        sheet = blank_sheet(sources, seed, size=(400, 200))
        LAYOUTS["boxes"][0](sheet)
        runs += [run for run in sheet.runs if run.is_number and run.handwritten]
    assert max(len(run.text) for run in runs) >= 4
    for run in runs:
        assert (np.diff(run.centres[:, 0]) > 0).all()
