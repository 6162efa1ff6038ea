"""Page, sheets: from the file of a mark sheet to its table on the screen of `sutja serve`, in Chromium.

The sheet has 120 numbers in MNIST's test digits and 12 megapixels. It is timed from the choice of the file to the frame
that shows the table: decoding and scaling in the browser, sending, reading in one process, and drawing.
Command: `python -m benchmarks.page_sheet`. Writes `results/page-sheet.json`.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.browser import open_browser, serve
from benchmarks.mark_sheet import paint_marks
from benchmarks.recording import record
from sutja.data.dataset import load_dataset

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROWS, COLUMNS = 20, 6
WIDTH_PIXELS, HEIGHT_PIXELS = 3000, 4000
READINGS = 7  # after one that is not timed
JPEG_QUALITY_PERCENT = 92
SEED = 20261127

# Notes when a file was chosen, and when a table was on the screen.
WATCH_PROGRAM = """() => {
  const watch = (window.watch = { chosen: 0, shown: 0 });
  document.getElementById("choose").addEventListener("change", () => (watch.chosen = performance.now()), true);
  new MutationObserver(() => document.querySelector(".sheet .cell") && requestAnimationFrame(() => {
    const channel = new MessageChannel(); // its message arrives after the frame is drawn
    channel.port1.onmessage = () => (watch.shown = performance.now());
    channel.port2.postMessage(0);
  })).observe(document.getElementById("tables"), { childList: true });
}"""
SERVER_TIME_PROGRAM = """() => {
  const asked = performance.getEntriesByType("resource").findLast(({ name }) => name.includes("api/read"));
  return asked.responseStart - asked.requestStart;
}"""


def main() -> None:
    """Measure, print and record."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "marks.jpg"
        size = _write_sheet(path)
        with serve(Path(folder) / "corrections") as address, open_browser() as browser:
            page = browser.new_page(viewport={"width": 1200, "height": 820})
            page.goto(address, wait_until="networkidle")
            page.evaluate(WATCH_PROGRAM)
            times = [_read(page, path) for _ in range(1 + READINGS)][1:]
            cells = page.locator(".sheet .cell").count()
    whole, server = np.array(times).T
    values = {
        "megapixels": size / 1e6,
        "cells": cells,
        "milliseconds": {"median": float(np.median(whole)), "max": float(whole.max())},
        "server_milliseconds": {"median": float(np.median(server)), "max": float(server.max())},
    }
    print(values)
    print(f"→ {record('page-sheet', values)}")


def _write_sheet(path: Path) -> int:
    """Write the picture of the sheet; returns the number of its pixels."""
    marks = np.random.default_rng(SEED).integers(10, 100, (ROWS, COLUMNS))
    sheet = paint_marks(load_dataset().test, [[str(mark) for mark in row] for row in marks])
    large = cv2.resize(sheet, (WIDTH_PIXELS, HEIGHT_PIXELS), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(path), cv2.cvtColor(large, cv2.COLOR_GRAY2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY_PERCENT])
    return int(large.size)


def _read(page: Page, path: Path) -> tuple[float, float]:
    """Milliseconds from the choice of the file to the table, and the server's part of them."""
    page.evaluate("() => { watch.shown = 0; document.getElementById('clear').click(); }")
    page.set_input_files("#choose", path)
    page.wait_for_function("() => watch.shown > watch.chosen")
    return page.evaluate("watch.shown - watch.chosen"), page.evaluate(SERVER_TIME_PROGRAM)


if __name__ == "__main__":
    main()
