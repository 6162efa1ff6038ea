"""Page: latency and accuracy of reading digits drawn on the page of `sutja serve`, in Chromium.

The accuracy is that of MNIST's first 500 test digits, drawn on the canvas by pointer events: strokes of the page's pen
that fill their outlines (`benchmarks/pen.py`). The latency is measured with handwritten shapes in one or two strokes,
drawn at the pace of a mouse: from the last pointer event, the lifting of the pen, to the frame that shows the answer.
The server's part lasts from the request to the first byte of the response.
Command: `python -m benchmarks.page [--digits N]`. Writes `results/page.json`.
"""

from __future__ import annotations

import argparse
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.browser import open_browser, serve
from benchmarks.pen import Stroke, draw, outline_strokes, shape_strokes
from benchmarks.recording import record
from sutja.data.dataset import load_dataset
from sutja.synth.stroke_shapes import DIGIT_SHAPES

if TYPE_CHECKING:
    from playwright.sync_api import Page

TEST_DIGITS = 500  # the first ones of MNIST's test set
SHAPES_PER_DIGIT = 5  # each is timed twice
EVENT_INTERVAL_MILLISECONDS = 8  # between two pointer events: 125 per second, as most mice and screens send them
STATIC = Path(__file__).parent.parent / "sutja" / "web" / "static"

# Counts the readings in progress, from the packing of the picture on, and records when the pen was lifted, when the
# latest picture was packed and when an answer was on the screen.
WATCH_PROGRAM = """() => {
  const watch = (window.watch = { open: 0, shown: 0, lifted: 0, packed: 0 });
  const pack = HTMLCanvasElement.prototype.toDataURL;
  HTMLCanvasElement.prototype.toDataURL = function () {
    watch.open += 1;
    watch.packed = performance.now();
    return pack.call(this);
  };
  const ask = window.fetch;
  window.fetch = async (address, how) => {
    const answer = await ask(address, how);
    const parse = answer.json.bind(answer);
    answer.json = async () => {
      const value = await parse();
      setTimeout(() => (watch.open -= address.startsWith("api/read"))); // after the page has handled the answer
      return value;
    };
    return answer;
  };
  addEventListener("pointerup", () => (watch.lifted = performance.now()), true);
  new MutationObserver(() => requestAnimationFrame(() => {
    const channel = new MessageChannel(); // its message arrives after the frame is drawn
    channel.port1.onmessage = () => (watch.shown = performance.now());
    channel.port2.postMessage(0);
  })).observe(document.getElementById("lines"), { childList: true });
}"""
SERVER_TIME_PROGRAM = """() => {
  const asked = performance.getEntriesByType("resource").findLast(({ name }) => name.includes("api/read"));
  performance.clearResourceTimings(); // the browser keeps at most 250
  return asked.responseStart - asked.requestStart;
}"""
DONE_PROGRAM = "() => watch.open === 0 && watch.packed >= watch.lifted && watch.shown > watch.packed"


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--digits", type=int, default=TEST_DIGITS, help=f"test digits to draw (default: {TEST_DIGITS})")
    parser.add_argument("--address", help="of a running server (default: start one)")
    options = parser.parse_args()
    with _server(options.address) as address, open_browser() as browser:
        page = browser.new_page(viewport={"width": 1200, "height": 820})
        page.goto(address, wait_until="networkidle")
        page.evaluate(WATCH_PROGRAM)
        values = {**_latency(page), "digits": options.digits, **_accuracy(page, options.digits)}
    values["page_bytes"] = sum(path.stat().st_size for path in STATIC.iterdir())
    values["sent_bytes"] = sum(len(gzip.compress(path.read_bytes())) for path in STATIC.iterdir())
    print({name: value for name, value in values.items() if name != "misread"})
    print(f"→ {record('page', values)}")


@contextmanager
def _server(address: str | None) -> Iterator[str]:
    if address:
        yield address
        return
    with TemporaryDirectory() as folder, serve(Path(folder) / "corrections") as started:
        yield started


def _accuracy(page: Page, count: int) -> dict[str, Any]:
    """Draw test digits; returns the shares predicted and answered correctly, and the digits that are misread."""
    test = load_dataset().test
    misread = []
    answered_correctly = 0
    for index in range(count):
        guess, answer = _draw_and_read(page, outline_strokes(test.images[index], 230, 180))
        label = str(test.labels[index])
        answered_correctly += answer == label
        if guess != label:
            misread.append({"index": index, "label": label, "read": guess})
    return {
        "accuracy": 1 - len(misread) / count,
        "answered_correctly": answered_correctly / count,
        "misread": misread,
    }


def _draw_and_read(page: Page, strokes: list[Stroke], interval: float = 0) -> tuple[str, str]:
    """Draw a digit on an empty page; returns the predictions, and the answers with `?` for uncertain digits."""
    page.evaluate("document.getElementById('clear').click()")
    page.wait_for_function("() => watch.open === 0 && !document.querySelector('.digit')")
    draw(page, strokes, interval)
    page.wait_for_function(DONE_PROGRAM)
    answers = page.locator(".digit .big").all_inner_texts()
    guesses = page.locator(".digit").evaluate_all(
        "all => all.map((each) => (each.querySelector('.guess') ?? each.querySelector('.big')).textContent[0])"
    )
    return "".join(guesses), "".join(answers)


def _latency(page: Page) -> dict[str, Any]:
    """Milliseconds from the lifted pen to the answer on the screen, and the server's part of them."""
    whole, server = [], []
    for shapes in DIGIT_SHAPES.values():
        for shape in 2 * shapes[:SHAPES_PER_DIGIT]:
            _draw_and_read(page, shape_strokes(shape, 250, 180, 150), EVENT_INTERVAL_MILLISECONDS)
            whole.append(page.evaluate("watch.shown - watch.lifted"))
            server.append(page.evaluate(SERVER_TIME_PROGRAM))
    return {
        "timed_digits": len(whole),
        "latency_milliseconds": _percentiles(whole),
        "server_milliseconds": _percentiles(server),
    }


def _percentiles(values: list[float]) -> dict[str, float]:
    return {"median": float(np.median(values)), "p95": float(np.percentile(values, 95))}


if __name__ == "__main__":
    main()
