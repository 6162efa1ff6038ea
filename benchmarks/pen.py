"""A pen for the page: digits as strokes, filling the outlines of MNIST's or as of a hand, drawn by pointer events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from sutja.synth.strokes import Shape, smooth_curve

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from playwright.sync_api import Page

Stroke = list[tuple[float, float]]

PEN = 8  # pixels of the width of a stroke on the page
ZOOM = 5  # pixels of the page that a pixel of MNIST is wide
FINE = 4  # times finer than the page is what the strokes are found on
DENSE = 2 * FINE  # pixels of these between two points of a stroke
APART = 6  # pixels of the page between strokes that fill
INK = 110  # brightness at which the outline of a digit is, between paper, 0, and ink, 255

# Draws strokes as a pen does, one event after the other; `pace` is the time between two of them.
DRAW = """async ({strokes, pace}) => {
  const canvas = document.getElementById("ink");
  const edge = canvas.getBoundingClientRect();
  const send = (name, [x, y], buttons) => canvas.dispatchEvent(new PointerEvent(name, {
    clientX: edge.left + x, clientY: edge.top + y, pointerId: 1, pointerType: "mouse", isPrimary: true,
    button: name === "pointermove" ? -1 : 0, buttons, bubbles: true, cancelable: true,
  }));
  const rest = () => pace && new Promise((resolve) => setTimeout(resolve, pace));
  for (const stroke of strokes) {
    send("pointerdown", stroke[0], 1);
    for (const point of stroke.slice(1)) {
      await rest();
      send("pointermove", point, 1);
    }
    await rest();
    send("pointerup", stroke.at(-1), 0);
  }
}"""


def outline_strokes(digit: NDArray[np.uint8], left: float = 0, top: float = 0, zoom: float = ZOOM) -> list[Stroke]:
    """Strokes of a pen, points x and y in pixels of the page, that fill the outline of a digit `uint8 (28, 28)`.

    The pen goes along within the outline, at half its width from it, and then across what is left. Where the digit is
    thinner than the pen it goes along its middle. `left` and `top` say where the digit's corner lies on the page.
    """
    scale = zoom * FINE
    large = cv2.resize(digit, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    inner = _pen_places((large > INK).astype(np.uint8), PEN * FINE / 2)
    contours, _ = cv2.findContours(inner, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    along = [np.concatenate([contour[::DENSE, 0], contour[:1, 0]]) for contour in contours]
    paths = along + _runs(inner)
    return [[(left + float(x) / FINE, top + float(y) / FINE) for x, y in path] for path in paths]


def hand_strokes(shape: Shape, left: float, top: float, height: float) -> list[Stroke]:
    """The strokes of a hand that writes a shape in a box so high, with about twelve points a stroke's bend."""
    width = 0.7 * height
    paths = [smooth_curve(np.array(stroke, np.float64), steps=12) for stroke in shape]
    return [[(left + width * float(x), top + height * float(y)) for x, y in path] for path in paths]


def _pen_places(shape: NDArray[np.uint8], radius: float) -> NDArray[np.uint8]:
    """Where the middle of a round pen may be: deep enough in the shape, or as deep as it is there."""
    depth = cv2.distanceTransform(shape, cv2.DIST_L2, 5)
    deep = (depth >= radius).astype(np.uint8)
    reached = cv2.dilate(deep, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (round(2 * radius) + 1,) * 2))
    ridge = (depth >= cv2.dilate(depth, np.ones((5, 5), np.uint8)) - 0.5) & (reached == 0) & (depth > radius / 3)
    places = np.asarray(cv2.dilate(deep | ridge.astype(np.uint8), np.ones((3, 3), np.uint8)), np.uint8)
    return places & shape


def _runs(inner: NDArray[np.uint8]) -> list[NDArray[np.int64]]:
    """Level strokes across what the pen does not cover when it goes along the contours."""
    step = APART * FINE
    size = (PEN * FINE - 2,) * 2
    left_over = cv2.erode(inner, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, size))
    found = []
    for row in range(step // 2, len(inner), step):
        edges = np.flatnonzero(np.diff(left_over[row], prepend=0, append=0))
        found += [np.array([(start, row), (stop - 1, row)]) for start, stop in edges.reshape(-1, 2)]
    return found


def draw(page: Page, strokes: Sequence[Stroke], pace: float = 0) -> None:
    """Draw strokes on the page, with `pace` milliseconds between two points."""
    page.evaluate(DRAW, {"strokes": strokes, "pace": pace})
