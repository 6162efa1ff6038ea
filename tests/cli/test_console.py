"""What the terminal shows, and on which of its two streams."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from sutja.cli.console import print_error, print_json, print_path, print_table, remark, with_progress
from sutja.reports.tables import Table

Captured = pytest.CaptureFixture[str]
STRANGE = ["a [old] b", "[/b]", "[red]", ":smile:", "[link=x]", "숫자", "100 %"]


@pytest.mark.parametrize("text", STRANGE)
def test_a_table_shows_its_text_as_it_is(text: str, capsys: Captured) -> None:
    print_table(Table([text, "n"], [["x", text]]), title=text)
    shown = capsys.readouterr()
    assert shown.out.count(text) == 3
    assert shown.err == ""


@pytest.mark.parametrize("text", STRANGE)
def test_remarks_and_errors_show_their_text_as_it_is(text: str, capsys: Captured) -> None:
    remark(text)
    print_error(text)
    shown = capsys.readouterr()
    assert shown.err == f"{text}\nsutja: {text}\n"
    assert shown.out == ""


@pytest.mark.parametrize("text", STRANGE)
def test_paths_show_their_text_as_it_is(text: str, capsys: Captured) -> None:
    print_path("Report", Path(text))
    assert capsys.readouterr().out == f"Report: {Path(text)}\n"


def test_an_error_is_one_line_however_long(capsys: Captured) -> None:
    print_error("first\nsecond   third " + "word " * 200)
    shown = capsys.readouterr().err
    assert shown.startswith("sutja: first second third word")
    assert shown.count("\n") == 1


def test_a_wide_table_is_not_cut_where_nobody_watches(capsys: Captured) -> None:
    cells = [f"{'x' * 18}{number}" for number in range(7)]
    print_table(Table(cells, [cells]))
    assert all(capsys.readouterr().out.count(cell) == 2 for cell in [cells[0]])


def test_json_is_for_programs(capsys: Captured) -> None:
    print_json({"name": "숫자 [old]", "n": [1, 2.5, None]})
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"name": "숫자 [old]", "n": [1, 2.5, None]}
    assert "숫자" in shown.out


def test_what_nobody_watches_is_a_line_for_each(capsys: Captured) -> None:
    assert list(with_progress(iter([1, 2]), lambda number: f"[{number}]", total=2)) == [1, 2]
    assert capsys.readouterr().err == "  [1]\n  [2]\n"


def test_what_is_watched_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=100)
    monkeypatch.setattr("sutja.cli.console.remarks", terminal)
    assert list(with_progress(iter("ab"), lambda name: f"item {name}", total=2)) == ["a", "b"]
    assert isinstance(terminal.file, io.StringIO)
    shown = terminal.file.getvalue()
    assert "item b" in shown
    assert "2/2" in shown
