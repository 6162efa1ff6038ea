"""The pictures of the page in README, of writing, a photograph and a phone: `python -m tools.screenshots`.

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
from benchmarks.pen import draw, hand_strokes
from benchmarks.recording import IMAGES
from sutja.data.dataset import load_dataset
from sutja.files import whole_file
from sutja.synth.lines import LineRenderer
from sutja.synth.photograph import take_photograph
from sutja.synth.strokes import DIGIT_SHAPES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DESKTOP = {"viewport": {"width": 1180, "height": 880}}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 1.5, "is_mobile": True, "has_touch": True}
SHAPES = {0: 2, 1: 8, 2: 5, 3: 0, 4: 1, 5: 3, 6: 0, 7: 4, 8: 4, 9: 0}  # of each digit, one that is easy on the eye
LARGEST = 150_000  # bytes of a picture; one that has more is kept in 256 colours
SEED = 35  # of the photograph: one of its digits is doubtful, and the page says so


def main() -> None:
    """Take the pictures and put them into `docs/images`."""
    with TemporaryDirectory() as name, open_browser() as browser:
        folder = Path(name)
        with serve(folder / "corrections") as address:
            _written(_opened(browser, address, **DESKTOP, locale="en-GB"), "page")
            dark = _opened(browser, address, **DESKTOP, locale="ko-KR", color_scheme="dark")
            _photographed(dark, folder / "photograph.jpg", "page-photograph")
            _on_a_phone(_opened(browser, address, **PHONE, locale="en-GB"), "page-phone")


def _opened(browser: Browser, address: str, **how: Any) -> Page:
    page = browser.new_page(**how)
    page.goto(address, wait_until="networkidle")
    return page


def _written(page: Page, name: str) -> None:
    """Two lines that were written, one digit from near."""
    for number, left, top in (("2026", 70, 70), ("31847", 45, 290)):
        _write(page, number, left, top, 130)
    _choose(page, 6)
    _keep(page, name)


def _photographed(page: Page, path: Path, name: str) -> None:
    """A photograph of several lines, one digit from near, in Korean and in the dark."""
    numbers = ["20260412", "31415", "0707", "589"]
    renderer = LineRenderer(load_dataset().test, drawn=0.2)
    taken = take_photograph(renderer, np.random.default_rng(SEED), difficulty="easy", size=(1280, 960), numbers=numbers)
    cv2.imwrite(str(path), taken.picture)
    page.set_viewport_size({"width": 1180, "height": 920})
    page.set_input_files("#choose", path)
    page.wait_for_selector(".digit")
    _choose(page, 6)
    _keep(page, name)


def _on_a_phone(page: Page, name: str) -> None:
    """A number written on a phone."""
    _write(page, "1789", 25, 130, 100)
    _choose(page, 2)
    _keep(page, name)


def _write(page: Page, number: str, left: float, top: float, height: float) -> None:
    for place, digit in enumerate(map(int, number)):
        strokes = hand_strokes(DIGIT_SHAPES[digit][SHAPES[digit]], left, top + (0, 6, -4, 3, -2)[place % 5], height)
        draw(page, strokes)
        left = max(x for stroke in strokes for x, _ in stroke) + 0.27 * height
    page.wait_for_timeout(500)


def _choose(page: Page, place: int) -> None:
    page.locator(".digit").nth(place).click()
    page.mouse.move(5, 5)
    page.wait_for_load_state("networkidle")
    page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
    page.wait_for_timeout(300)


def _keep(page: Page, name: str) -> None:
    """Keep a picture of the window."""
    path = IMAGES / f"{name}.png"
    content = page.screenshot()
    if len(content) > LARGEST:
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
