"""Sheets that many people wrote on."""

from __future__ import annotations

import numpy as np

from sutja.synth.documents.blanks import blank_document_sheet
from sutja.synth.documents.layouts.hands import many_hands
from sutja.synth.documents.writers import Sources, Writer
from tests.synth.documents.sheets import blank_sheet, check_runs


def test_each_number_has_a_writer_of_its_own(sources: Sources) -> None:
    sheet = blank_document_sheet(np.random.default_rng(3), sources, (400, 300), digit_height=24, clean=True)
    assert sheet.new_writer is not None
    writers, new_writer = [sheet.writer], sheet.new_writer

    def noted_writer() -> Writer:
        writers.append(new_writer())
        return writers[-1]

    sheet.new_writer = noted_writer
    many_hands(sheet)
    numbers = [run for run in sheet.runs if run.is_number]
    check_runs(numbers)
    assert len(numbers) > 15
    assert len(set(map(id, writers))) == len(writers) > len(numbers)


def test_a_sheet_without_other_writers_keeps_its_own(sources: Sources) -> None:
    sheet = blank_sheet(sources, 1, size=(300, 200))
    only = sheet.writer
    many_hands(sheet)
    assert sheet.writer is only
    assert any(run.is_number for run in sheet.runs)
