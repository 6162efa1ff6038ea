"""Take README's screenshots of the page (drawing, photograph, phone, sheet): `python -m tools.screenshots`.

Korean text needs a Korean font: apt-get install fonts-nanum.
"""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from PIL import Image

from benchmarks.browser import open_browser, serve
from benchmarks.mark_sheet import paint_marks
from benchmarks.pen import draw, shape_strokes
from benchmarks.recording import IMAGES
from sutja.data.dataset import load_dataset
from sutja.files import whole_file
from sutja.synth.lines import LineRenderer
from sutja.synth.photograph import take_photograph
from sutja.synth.stroke_shapes import DIGIT_SHAPES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DESKTOP = {"viewport": {"width": 1180, "height": 880}}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 1.5, "is_mobile": True, "has_touch": True}
SHAPE_OF_DIGIT = {0: 2, 1: 8, 2: 5, 3: 0, 4: 1, 5: 3, 6: 0, 7: 4, 8: 4, 9: 0}  # digit → index of a clear shape
MAX_FULL_COLOUR_BYTES = 150_000  # a larger PNG is reduced to 256 colours
SHEET_SEED, SHEET_ROWS = 3, 8
PHOTOGRAPH_SEED = 35  # one digit of this photograph is doubtful, and the page says so


def main() -> None:
    """Take the screenshots and write them to `docs/images`."""
    with TemporaryDirectory() as name, open_browser() as browser:
        folder = Path(name)
        with serve(folder / "corrections") as address:
            _take_drawing(_open_page(browser, address, **DESKTOP, locale="en-GB"), "page")
            dark = _open_page(browser, address, **DESKTOP, locale="ko-KR", color_scheme="dark")
            _take_photograph_page(dark, folder / "photograph.jpg", "page-photograph")
            _take_phone(_open_page(browser, address, **PHONE, locale="en-GB"), "page-phone")
            sheet = _open_page(browser, address, **DESKTOP, locale="en-GB")
            _take_sheet(sheet, folder / "marks.jpg", "page-sheet")


def _open_page(browser: Browser, address: str, **options: Any) -> Page:
    page = browser.new_page(**options)
    page.goto(address, wait_until="networkidle")
    return page


def _take_drawing(page: Page, name: str) -> None:
    """Two handwritten lines, with the details of one digit."""
    for number, left, top in (("2026", 70, 70), ("31847", 45, 290)):
        _write(page, number, left, top, 130)
    _select_digit(page, 6)
    _save_screenshot(page, name)


def _take_photograph_page(page: Page, path: Path, name: str) -> None:
    """A photograph of several lines, with the details of one digit, in Korean and dark mode."""
    numbers = ["20260412", "31415", "0707", "589"]
    renderer = LineRenderer(load_dataset().test, drawn=0.2)
    rng = np.random.default_rng(PHOTOGRAPH_SEED)
    taken = take_photograph(renderer, rng, difficulty="easy", size=(1280, 960), numbers=numbers)
    cv2.imwrite(str(path), taken.picture)
    page.set_viewport_size({"width": 1180, "height": 920})
    page.set_input_files("#choose", path)
    page.wait_for_selector(".digit")
    _select_digit(page, 6)
    _save_screenshot(page, name)


def _take_phone(page: Page, name: str) -> None:
    """A number drawn on a phone."""
    _write(page, "1789", 25, 130, 100)
    _select_digit(page, 2)
    _save_screenshot(page, name)


def _take_sheet(page: Page, path: Path, name: str) -> None:
    """A mark sheet beside its table, the first cell to check from near."""
    marks = np.random.default_rng(SHEET_SEED).integers(10, 50, (SHEET_ROWS, 3))
    rows = [[str(row + 1), *map(str, each), str(each.sum())] for row, each in enumerate(marks)]
    cv2.imwrite(str(path), paint_marks(load_dataset().test, rows))
    page.set_input_files("#choose", path)
    page.wait_for_selector(".sheet .cell")
    if not page.locator(".card").is_visible():  # nothing is to be checked
        page.locator(".cell").nth(6).click()
    page.wait_for_timeout(500)
    _save_screenshot(page, name)


def _write(page: Page, number: str, left: float, top: float, height: float) -> None:
    for place, digit in enumerate(map(int, number)):
        shape = DIGIT_SHAPES[digit][SHAPE_OF_DIGIT[digit]]
        strokes = shape_strokes(shape, left, top + (0, 6, -4, 3, -2)[place % 5], height)
        draw(page, strokes)
        left = max(x for stroke in strokes for x, _ in stroke) + 0.27 * height
    page.wait_for_timeout(500)


def _select_digit(page: Page, place: int) -> None:
    page.locator(".digit").nth(place).click()
    page.mouse.move(5, 5)
    page.wait_for_load_state("networkidle")
    page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
    page.wait_for_timeout(300)


def _save_screenshot(page: Page, name: str) -> None:
    """Save a screenshot of the window."""
    path = IMAGES / f"{name}.png"
    content = page.screenshot()
    if len(content) > MAX_FULL_COLOUR_BYTES:
        few = (
            Image.open(io.BytesIO(content))
            .convert("RGB")
            .quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        )
        packed = io.BytesIO()
        few.save(packed, format="PNG", optimize=True)
        content = packed.getvalue()
    with whole_file(path) as partial:
        partial.write_bytes(content)
    read = "".join(page.locator(".big").all_inner_texts())
    print(f"→ {path}: {path.stat().st_size / 1000:.0f} kB, {read}")


if __name__ == "__main__":
    main()
