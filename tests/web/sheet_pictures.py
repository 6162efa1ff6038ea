"""Mark sheets for tests of the page: pictures of digits in rows and columns, and answers of the server to them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from sutja.reading.tables.page import find_tables
from sutja.web.tables import tables_json
from tests.reading.tables.sheets import read_table, unsure_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from playwright.sync_api import Page

    from sutja.data.dataset import Dataset

DIGIT_PIXELS, CELL_PIXELS, ROW_PIXELS = 44, 230, 110
PAPER, EDGE_PIXELS = 245, 65
MARKS = [
    ("1", "50", "15", "65"),
    ("2", "19", "22", "41"),
    ("3", "19", "50", "69"),
    ("4", "53", "39", "92"),
    ("5", "12", "15", "27"),
    ("6", "27", "32", "59"),
]
CELLS = """() => [...document.querySelectorAll(".sheet tbody tr")].map(
  (row) => [...row.querySelectorAll(".cell")].map((each) => each.textContent))"""


def paint_marks(mnist: Dataset, rows: Sequence[Sequence[str]] = MARKS) -> NDArray[np.uint8]:
    """A sheet of numbers in test digits of MNIST, black on light grey."""
    size = (ROW_PIXELS * len(rows) + EDGE_PIXELS, CELL_PIXELS * len(rows[0]) + EDGE_PIXELS)
    sheet = np.full(size, PAPER, np.float32)
    used: Counter[str] = Counter()
    for row, cells in enumerate(rows):
        for column, number in enumerate(cells):
            for place, digit in enumerate(number):
                image = mnist.test.images[np.flatnonzero(mnist.test.labels == int(digit))[used[digit]]]
                ink = cv2.resize(image, (DIGIT_PIXELS, DIGIT_PIXELS), interpolation=cv2.INTER_CUBIC).astype(np.float32)
                top = EDGE_PIXELS + ROW_PIXELS * row
                left = EDGE_PIXELS + CELL_PIXELS * column + 32 * place
                part = sheet[top : top + DIGIT_PIXELS, left : left + DIGIT_PIXELS]
                part[:] = np.minimum(part, PAPER - 0.85 * ink)
                used[digit] += 1
    return np.clip(sheet, 0, 255).astype(np.uint8)


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


def wait_for_cells(page: Page, rows: Sequence[Sequence[str]]) -> None:
    """Wait until the tables of the page show exactly these rows."""
    wanted = [list(row) for row in rows]
    page.wait_for_function(f"wanted => JSON.stringify(({CELLS})()) === JSON.stringify(wanted)", arg=wanted)
