"""Mark sheets for tests of the page: what stands on them, and answers of the server to them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from sutja.reading.tables.page import find_tables
from sutja.web.tables import tables_json
from tests.reading.tables.sheets import read_table, unsure_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Page

MARKS = [
    ("1", "50", "15", "65"),
    ("2", "19", "22", "41"),
    ("3", "19", "50", "69"),
    ("4", "53", "39", "92"),
    ("5", "12", "15", "27"),
    ("6", "27", "32", "59"),
]
ROWS = [["7", "32", "1[5]"], ["9", "23", "24"], ["8", "7[4]", "76"]]  # nothing of it is a sum
CELLS = """() => [...document.querySelectorAll(".sheet tbody tr")].map(
  (row) => [...row.querySelectorAll(".cell")].map((each) => each.textContent))"""


def answer_of(*rows: Sequence[str], language: Any = "en") -> dict[str, Any]:
    """What the server answers to a table of these signs; unsure digits, in brackets, may be 3 or 8."""
    reading = read_table(*rows, top=40, left=40)
    numbers = iter([unsure_of(number, d3=0.3, d8=0.2) for number in reading.numbers])
    lines = [type(line)(tuple(next(numbers) for _ in line.numbers)) for line in reading.lines]
    reading = type(reading)(tuple(lines))
    return {
        **reading.as_json("", detail=True),
        "tables": tables_json(find_tables(reading), reading.numbers, language),
        "width": 720,
        "height": 480,
        "pages": 1,
    }


def blank_picture(folder: Path) -> Path:
    """A picture of 720 × 480 pixels without writing, to which a test gives an answer."""
    path = folder / "paper.png"
    cv2.imwrite(str(path), np.full((480, 720), 230, np.uint8))
    return path


def show_table(page: Page, picture: Path, *rows: Sequence[str]) -> None:
    """Let the page show a table, by default `ROWS`, as if it had been read in a picture."""
    page.route("**/api/read*", lambda route: route.fulfill(json=answer_of(*(rows or ROWS))))
    page.set_input_files("#choose", picture)
    page.wait_for_selector(".sheet .cell")


def wait_for_cells(page: Page, rows: Sequence[Sequence[str]]) -> None:
    """Wait until the tables of the page show exactly these rows."""
    wanted = [list(row) for row in rows]
    page.wait_for_function(f"wanted => JSON.stringify(({CELLS})()) === JSON.stringify(wanted)", arg=wanted)
