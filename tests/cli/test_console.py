"""What the terminal shows, and on which of its two streams."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
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


WORDS = st.text("ab", min_size=1, max_size=9)
TEXTS = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)


@given(st.data(), st.integers(1, 8), st.integers(0, 3))
def test_a_table_of_short_words_fits_80_columns(data: st.DataObject, columns: int, rows: int) -> None:
    """Each cell is there as often as it should be, and none is cut, however many columns there are."""
    heads = data.draw(st.lists(TEXTS, min_size=columns, max_size=columns))
    firsts = data.draw(st.lists(TEXTS, min_size=rows, max_size=rows))
    cells = [[first, *(f"{row}:{column}" for column in range(1, columns))] for row, first in enumerate(firsts)]
    shown = printed(Table(heads, cells))
    assert all(cell_len(line) <= 80 for line in shown.splitlines())
    for cell in (cell for row in cells for cell in row[1:]):
        assert shown.count(f" {cell}") == 1
    words = Counter(word for text in (*heads, *firsts) for word in text.split())
    there = Counter(shown.split())
    assert all(there[word] >= count for word, count in words.items())


def printed(table: Table) -> str:
    console = Console(file=io.StringIO(), width=80, highlight=False, markup=False, emoji=False, soft_wrap=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sutja.cli.console.out", console)
        print_table(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_table_that_is_too_wide_continues_below_with_its_first_column() -> None:
    names = ["", *(f"{'recipe' * 3}{number}" for number in range(7))]
    shown = printed(Table(names, [["epochs", *"1234567"], ["seed", *"0000000"]]))
    parts = [part.split() for part in shown.strip().split("\n\n")]
    assert [name for part in parts for name in part if name.startswith("recipe")] == names[1:]
    assert all("epochs" in part and "seed" in part for part in parts)


def test_a_cell_wider_than_the_terminal_is_not_cut() -> None:
    cells = [name * 90 for name in "abc"]
    shown = printed(Table(cells, [cells]))
    assert [shown.count(name) >= 2 * 90 for name in "abc"] == [True, True, True]
    assert all(cell_len(line) <= 80 for line in shown.splitlines())


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
