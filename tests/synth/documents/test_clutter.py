"""Clutter: it leaves ink or colour behind, and no handwritten number."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.synth.documents import clutter
from sutja.synth.documents.clutter import CLUTTER, add_clutter
from sutja.synth.documents.sheets import DocumentSheet
from sutja.synth.documents.writers import Sources
from tests.synth.documents.sheets import blank_sheet, check_runs


@pytest.mark.parametrize("kind", CLUTTER)
def test_each_kind_of_clutter_is_seen_and_is_no_handwritten_number(sources: Sources, kind: str) -> None:
    for seed in range(4):
        sheet = blank_sheet(sources, seed)
        CLUTTER[kind][0](sheet)
        check_runs(sheet.runs)
        assert not any(run.is_number and run.handwritten for run in sheet.runs)
        assert (sheet.compose() < 0.9).any()


def test_clutter_is_rare(sources: Sources) -> None:
    sheets = [blank_sheet(sources, seed, size=(60, 40)) for seed in range(20)]
    for sheet in sheets:
        add_clutter(sheet)
    untouched = sum(bool(np.all(sheet.compose() == 1)) for sheet in sheets)
    assert 10 <= untouched < 20


def test_a_number_under_a_logo_is_no_number(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    def board(sheet: DocumentSheet) -> None:
        sheet.colours[:, :120] = 0.2

    monkeypatch.setattr(clutter, "CLUTTER", {"board": (board, 1.0)})
    sheet = blank_sheet(sources, 3)
    sheet.write("25", 30, 90)
    sheet.write("36", 180, 90)
    add_clutter(sheet)
    assert [run.text for run in sheet.runs if run.is_number] == ["36"]
