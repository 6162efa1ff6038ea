"""Inside: milliseconds from a stroke to all answers and maps in a report, in Chromium.

The report holds five untrained networks, as many as the main job compares: three LeNet-5 and two MLPs. Strokes are
drawn event by event. The page works within each event: when it ends, all networks have answered and all maps are
painted. The time of the processor does not depend on what else the machine does; that on the clock does.
Command: `python -m benchmarks.inside`. Writes `results/inside.json`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.browser import open_browser
from benchmarks.pen import Stroke, shape_strokes
from benchmarks.recording import record, summarise_repetitions
from sutja.data.dataset import load_dataset
from sutja.networks.model import create
from sutja.reports.html import render_page
from sutja.reports.pages import inside_section
from sutja.synth.stroke_shapes import DIGIT_SHAPES

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession

NETWORKS = ("lenet5", "lenet5", "lenet5", "mlp", "mlp")

STROKE_PROGRAM = """(strokes) => {
  const canvas = document.querySelector(".pad");
  const edge = canvas.getBoundingClientRect();
  const milliseconds = [];
  const send = (name, [x, y]) => {
    const event = new PointerEvent(name, {
      clientX: edge.left + x * edge.width, clientY: edge.top + y * edge.height, pointerId: 1, bubbles: true,
      cancelable: true, button: name === "pointermove" ? -1 : 0,
    });
    const start = performance.now();
    canvas.dispatchEvent(event);
    milliseconds.push(performance.now() - start);
  };
  for (const stroke of strokes) {
    send("pointerdown", stroke[0]);
    for (const point of stroke.slice(1)) send("pointermove", point);
    send("pointerup", stroke.at(-1));
  }
  return milliseconds;
}"""


def main() -> None:
    """Measure, print and record."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    networks = [(f"{name} {seed}", create(name, seed=seed)) for seed, name in enumerate(NETWORKS)]
    html = render_page("Networks at work", "", [inside_section(networks, load_dataset().test)])
    with TemporaryDirectory() as folder, open_browser() as browser:
        report = Path(folder) / "report.html"
        report.write_text(html, encoding="utf-8")
        page = browser.new_page(viewport={"width": 1200, "height": 820})
        page.goto(report.as_uri())
        page.locator(".networks").wait_for()
        page.evaluate(STROKE_PROGRAM, _strokes(0))  # the first digit lets the browser compile the scripts
        clock = page.context.new_cdp_session(page)
        clock.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = _processor_seconds(clock)
        milliseconds = [each for digit in range(10) for each in page.evaluate(STROKE_PROGRAM, _strokes(digit))]
        seconds = _processor_seconds(clock) - before
    values = {
        "networks": list(NETWORKS),
        "events": len(milliseconds),
        "processor_milliseconds": 1000 * seconds / len(milliseconds),
        "clock_milliseconds": summarise_repetitions(milliseconds),
        "page_bytes": len(html.encode()),
    }
    print(values)
    print(f"→ {record('inside', values)}")


def _processor_seconds(clock: CDPSession) -> float:
    """What the page's thread has computed so far."""
    metrics = clock.send("Performance.getMetrics")["metrics"]
    return next(float(each["value"]) for each in metrics if each["name"] == "TaskDuration")


def _strokes(digit: int) -> list[Stroke]:
    """A digit as written by hand, in shares of the square."""
    return shape_strokes(DIGIT_SHAPES[digit][0], 0.25, 0.15, 0.7)


if __name__ == "__main__":
    main()
