"""The page of `sutja serve` in a real browser: how soon a drawn digit is read, and how many are read right.

MNIST's test digits are drawn on the page's canvas by pointer events: strokes of the page's pen that fill their outlines
(`benchmarks/pen.py`). How soon an answer comes is measured with digits that are written as by a hand, in one stroke or
two. The time goes from the last event, the pen's lifting, until the frame with the answer is on the screen; that of the
server is from the end of the request to the first byte of its answer.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.browser import open_browser, serve
from benchmarks.pen import Stroke, draw, hand_strokes, outline_strokes
from benchmarks.recording import record
from sutja.data.dataset import load_dataset
from sutja.synth.strokes import DIGIT_SHAPES

if TYPE_CHECKING:
    from playwright.sync_api import Page

DIGITS = 500  # of the test set, the first ones
TIMED = 5  # shapes of each digit that are written at the pace of a hand, twice each
PACE = 8  # milliseconds between two events of a pointer: 125 a second, as of most mice and screens
STATIC = Path(__file__).parent.parent / "sutja" / "web" / "static"

# Counts the readings that are under way, from the making of the picture on, and keeps when the pen was lifted, when the
# latest picture was made and when an answer was on the screen.
WATCH = """() => {
  const watch = (window.watch = { open: 0, shown: 0, lifted: 0, made: 0 });
  const Packer = window.CompressionStream;
  window.CompressionStream = function (kind) {
    watch.open += 1;
    watch.made = performance.now();
    return new Packer(kind);
  };
  const ask = window.fetch;
  window.fetch = async (address, how) => {
    const answer = await ask(address, how);
    const parse = answer.json.bind(answer);
    answer.json = async () => {
      const value = await parse();
      setTimeout(() => (watch.open -= address.startsWith("api/read"))); // when the page has taken it and goes on
      return value;
    };
    return answer;
  };
  addEventListener("pointerup", () => (watch.lifted = performance.now()), true);
  new MutationObserver(() => requestAnimationFrame(() => {
    const channel = new MessageChannel(); // its message comes when the frame is drawn
    channel.port1.onmessage = () => (watch.shown = performance.now());
    channel.port2.postMessage(0);
  })).observe(document.getElementById("lines"), { childList: true });
}"""
SERVER = """() => {
  const asked = performance.getEntriesByType("resource").findLast(({ name }) => name.includes("api/read"));
  performance.clearResourceTimings(); // the browser keeps 250 and no more
  return asked.responseStart - asked.requestStart;
}"""
DONE = "() => watch.open === 0 && watch.made >= watch.lifted && watch.shown > watch.made"


def main() -> None:
    """Measure and write `results/page.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--digits", type=int, default=DIGITS)
    parser.add_argument("--address", help="of a server that runs already, instead of one that is started for this")
    words = parser.parse_args()
    with _served(words.address) as address, open_browser() as browser:
        page = browser.new_page(viewport={"width": 1200, "height": 820})
        page.goto(address, wait_until="networkidle")
        page.evaluate(WATCH)
        values = {**_latency(page), "digits": words.digits, **_accuracy(page, words.digits)}
    values["page_bytes"] = sum(path.stat().st_size for path in STATIC.iterdir())
    print({name: value for name, value in values.items() if name != "wrong"})
    print(f"→ {record('page', values)}")


@contextmanager
def _served(address: str | None) -> Iterator[str]:
    if address:
        yield address
        return
    with TemporaryDirectory() as folder, serve(Path(folder) / "corrections") as started:
        yield started


def _accuracy(page: Page, count: int) -> dict[str, Any]:
    """How many digits are read as just what they are; by the best guess, and as far as the reader is sure."""
    test = load_dataset().test
    wrong = []
    told = 0
    for index in range(count):
        guess, said = _drawn_and_read(page, outline_strokes(test.images[index], 230, 180))
        label = str(test.labels[index])
        told += said == label
        if guess != label:
            wrong.append({"index": index, "label": label, "read": guess})
    return {"accuracy": 1 - len(wrong) / count, "told_right": told / count, "wrong": wrong}


def _drawn_and_read(page: Page, strokes: list[Stroke], pace: float = 0) -> tuple[str, str]:
    """The digits that are read of a digit drawn on an empty page: the guesses, and with `?` for unsure ones."""
    page.evaluate("document.getElementById('clear').click()")
    page.wait_for_function("() => watch.open === 0 && !document.querySelector('.digit')")
    draw(page, strokes, pace)
    page.wait_for_function(DONE)
    said = page.locator(".digit .big").all_inner_texts()
    guesses = page.locator(".digit").evaluate_all(
        "all => all.map((each) => (each.querySelector('.guess') ?? each.querySelector('.big')).textContent[0])"
    )
    return "".join(guesses), "".join(said)


def _latency(page: Page) -> dict[str, Any]:
    """Milliseconds from the lifted pen to the answer on the screen, and those that the server took."""
    whole, server = [], []
    for shapes in DIGIT_SHAPES.values():
        for shape in 2 * shapes[:TIMED]:
            _drawn_and_read(page, hand_strokes(shape, 250, 180, 150), PACE)
            whole.append(page.evaluate("watch.shown - watch.lifted"))
            server.append(page.evaluate(SERVER))
    return {"timed": len(whole), "milliseconds": _summary(whole), "server_milliseconds": _summary(server)}


def _summary(values: list[float]) -> dict[str, float]:
    return {"median": float(np.median(values)), "p95": float(np.percentile(values, 95))}


if __name__ == "__main__":
    main()
