"""Draw digits on the page by pointer events: strokes that fill the outlines of MNIST's digits, or written shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from sutja.synth.stroke_shapes import Shape
from sutja.synth.strokes import smooth_curve

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from playwright.sync_api import Page

Stroke = list[tuple[float, float]]

PEN_WIDTH_PIXELS = 8  # of the page
PAGE_PIXELS_PER_MNIST_PIXEL = 5
SUPERSAMPLING = 4  # subpixels per pixel of the page; strokes are found on subpixels
POINT_SPACING_SUBPIXELS = 2 * SUPERSAMPLING  # between two points of a stroke
FILL_SPACING_PIXELS = 6  # of the page, between strokes that fill
OUTLINE_LEVEL = 110  # brightness at the outline of a digit, between paper, 0, and ink, 255

# Draws strokes as a pen does, event by event, with `interval` milliseconds between two events.
DRAW_PROGRAM = """async ({strokes, interval}) => {
  const canvas = document.getElementById("ink");
  const edge = canvas.getBoundingClientRect();
  const send = (name, [x, y], buttons) => canvas.dispatchEvent(new PointerEvent(name, {
    clientX: edge.left + x, clientY: edge.top + y, pointerId: 1, pointerType: "mouse", isPrimary: true,
    button: name === "pointermove" ? -1 : 0, buttons, bubbles: true, cancelable: true,
  }));
  const rest = () => interval && new Promise((resolve) => setTimeout(resolve, interval));
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


def outline_strokes(
    digit: NDArray[np.uint8], left: float = 0, top: float = 0, zoom: float = PAGE_PIXELS_PER_MNIST_PIXEL
) -> list[Stroke]:
    """Strokes of a pen that fill the outline of a digit `uint8 (28, 28)`; points are x and y in pixels of the page.

    The pen follows the outline inside, at half its width, and then fills the rest with level strokes. Where the digit
    is thinner than the pen, it follows the digit's middle. `left` and `top` place the digit's corner on the page.
    """
    scale = zoom * SUPERSAMPLING
    large = cv2.resize(digit, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    inner = _pen_centres((large > OUTLINE_LEVEL).astype(np.uint8), PEN_WIDTH_PIXELS * SUPERSAMPLING / 2)
    contours, _ = cv2.findContours(inner, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    along = [np.concatenate([contour[::POINT_SPACING_SUBPIXELS, 0], contour[:1, 0]]) for contour in contours]
    paths = along + _fill_strokes(inner)
    return [[(left + float(x) / SUPERSAMPLING, top + float(y) / SUPERSAMPLING) for x, y in path] for path in paths]


def shape_strokes(shape: Shape, left: float, top: float, height: float) -> list[Stroke]:
    """The strokes of a handwritten shape in a box of a height in pixels, with twelve points between two knots."""
    width = 0.7 * height
    paths = [smooth_curve(np.array(stroke, np.float64), steps=12) for stroke in shape]
    return [[(left + width * float(x), top + height * float(y)) for x, y in path] for path in paths]


def _pen_centres(shape: NDArray[np.uint8], radius: float) -> NDArray[np.uint8]:
    """Where the centre of a round pen may be: its radius inside the shape, or on the ridge of a thinner shape."""
    depth = cv2.distanceTransform(shape, cv2.DIST_L2, 5)
    deep = (depth >= radius).astype(np.uint8)
    reached = cv2.dilate(deep, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (round(2 * radius) + 1,) * 2))
    ridge = (depth >= cv2.dilate(depth, np.ones((5, 5), np.uint8)) - 0.5) & (reached == 0) & (depth > radius / 3)
    centres = np.asarray(cv2.dilate(deep | ridge.astype(np.uint8), np.ones((3, 3), np.uint8)), np.uint8)
    return centres & shape


def _fill_strokes(inner: NDArray[np.uint8]) -> list[NDArray[np.int64]]:
    """Level strokes across the area that the pen does not cover when it follows the contours."""
    step = FILL_SPACING_PIXELS * SUPERSAMPLING
    size = (PEN_WIDTH_PIXELS * SUPERSAMPLING - 2,) * 2
    uncovered = cv2.erode(inner, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, size))
    found = []
    for row in range(step // 2, len(inner), step):
        edges = np.flatnonzero(np.diff(uncovered[row], prepend=0, append=0))
        found += [np.array([(start, row), (stop - 1, row)]) for start, stop in edges.reshape(-1, 2)]
    return found


def draw(page: Page, strokes: Sequence[Stroke], interval: float = 0) -> None:
    """Draw strokes on the page, with an interval in milliseconds between two points."""
    page.evaluate(DRAW_PROGRAM, {"strokes": strokes, "interval": interval})
