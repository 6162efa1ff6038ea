"""Handwriting styles: size, slant, spacing, pen and habits of a writer, and drawing digits in such a style."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.reading.normalise import Gray
from sutja.synth.strokes import SHAPE_HEIGHT_PIXELS, SHAPE_MARGIN_PIXELS, Glyph
from sutja.synth.tracing import Points, Strokes

CANVAS_ROWS = 64  # of a line while it is drawn
USUAL_STROKE_ROWS = 2.6  # without the soft edge; as wide, in rows of the canvas, as on real photographs
INK_LEVEL = 100  # of a pasted picture, from which its box counts
MAX_SUPERSAMPLED_SCALE = 2.0  # up to this scale, strokes are drawn at twice the size and reduced


@dataclass(frozen=True)
class Placement:
    """How a glyph deviates from the usual: all sizes are in digit heights, and `width` is relative to `height`.

    `offset_below` is the offset of its middle below that of the line; `lean` is added to the slant. The pen
    stays down before the glyph with `join_probability`; `None` is for glyphs that are not part of a number. Its
    strokes are at least `min_pen` wide.
    """

    height: float = 1
    width: float = 1
    offset_below: float = 0
    lean: float = 0
    join_probability: float | None = None
    min_pen: float = 0


class HandwritingStyle:
    """The style of a writer: height, slant, width, spacing, pen, and how much they vary."""

    def __init__(
        self, rng: np.random.Generator, *, scale: float = 1.0, rows: int = CANVAS_ROWS, pen_width: float | None = None
    ) -> None:
        """Draw a random style, `scale` times as large as the network needs, for a canvas of `rows` rows.

        With a `pen_width`, in digit heights, all digits are written with that pen; by default the pen is random, and
        one style in four leaves MNIST's digits as they are.
        """
        self.rng = rng
        self.scale = scale
        self.rows = rows
        height = float(np.clip(rng.normal(43, 7), 24, 54))
        self.height = height * scale  # of a digit, in rows
        self.middle = rows / 2 + float(rng.normal(0, 3 + max(0, (50 - height) * 0.2))) * scale
        self.slant = float(np.clip(rng.normal(0.12, 0.22), -0.4, 0.8))
        self.width = float(np.clip(rng.normal(0.98, 0.24), 0.5, 1.7))
        self.gap = float(
            rng.choice([rng.uniform(-0.05, 0.05), rng.uniform(0.05, 0.3), rng.uniform(0.3, 0.9)], p=[0.25, 0.58, 0.17])
        )
        self.jitter = float(rng.uniform(0.02, 0.12))  # relative variation of sizes and positions
        self.baseline_slope = float(rng.normal(0, 0.025))  # rows per column
        self.separator_probability = float(rng.choice([0, 0.15, 0.4], p=[0.5, 0.3, 0.2]))
        self.stroke_jitter = float(rng.uniform(0.015, 0.06))
        # Strokes of one width look unlike MNIST's pictures. If those were always used as they are, a network could tell
        # the sources of digits apart and learn each only in the style of that source.
        self.uses_traces = pen_width is not None or rng.random() < 0.75
        usual = float(np.clip(USUAL_STROKE_ROWS * np.exp(rng.normal(0, 0.3)), 1.5, 8)) / height
        self.pen_width = usual if pen_width is None else pen_width  # digit heights
        # Relative variation of the pen's width along a stroke.
        self.pressure_variation = float(rng.choice([0, rng.uniform(0.1, 0.4)], p=[0.6, 0.4]))
        # Habits: small flat zeros, possibly joined; a large first digit; digits that extend below or above the others;
        # leaning ones; lengthened or shortened ends of strokes; digits joined without lifting the pen; and a bend that
        # all digits share.
        flat = rng.random() < 0.35
        self.zero_size = (float(rng.uniform(0.4, 0.9)), float(rng.uniform(0.9, 1.9))) if flat else (1.0, 1.0)
        self.first_height = float(rng.uniform(1.05, 1.5)) if rng.random() < 0.12 else 1.0  # of the first digit
        self.descents = {int(digit): float(rng.uniform(0, 0.35)) for digit in (1, 4, 7, 9) if rng.random() < 0.2}
        self.ascents = {int(digit): float(rng.uniform(0, 0.5)) for digit in (1, 4, 6, 7) if rng.random() < 0.15}
        self.leans = {1: float(rng.uniform(0.1, 0.6))} if rng.random() < 0.3 else {}
        self.flourish = float(rng.choice([0.05, rng.uniform(0.08, 0.2)], p=[0.7, 0.3]))  # standard deviation, heights
        self.join_probability = float(rng.choice([0, rng.uniform(0.2, 0.8)], p=[0.88, 0.12]))
        self.zero_join_probability = max(
            self.join_probability, float(rng.choice([0, rng.uniform(0.4, 1)], p=[0.8, 0.2]))
        )
        self.bend = rng.normal(0, rng.uniform(0, 0.06), (3, 3, 2))
        self.last_box = (0.0, 0.0, 0.0, 0.0)  # of the glyph drawn last: left, top, right, bottom of its ink
        self.varies_strokes = True  # bends strokes and lengthens their ends, which small writing does not show
        self._previous: list[Points] = []  # strokes of the previous digit on the canvas
        self._at_start = True

    def start_number(self) -> None:
        """Lift the pen and start a number: the next digit is not joined to the previous one."""
        self._previous = []
        self._at_start = True

    def draw_digit(self, canvas: Gray, glyph: Glyph | Strokes, digit: int, at: float) -> float:
        """Draw a digit with the habits of this style at column `at`; returns the column for the next glyph."""
        large = self.first_height if self._at_start else 1.0
        self._at_start = False
        join_probability = self.zero_join_probability if digit == 0 else self.join_probability
        if digit == 0 and self.zero_size != (1.0, 1.0):
            height, width = self.zero_size
            below = (1 - height) * float(self.rng.uniform(0, 0.5))
            return self.draw_glyph(
                canvas, glyph, at, Placement(height, width, below, join_probability=join_probability)
            )
        descent, ascent = self.descents.get(digit, 0.0), self.ascents.get(digit, 0.0)
        extent = 1 + descent + ascent
        below = (descent - ascent - (large - 1)) / 2
        lean = self.leans.get(digit, 0.0)
        return self.draw_glyph(canvas, glyph, at, Placement(large * extent, 1 / extent, below, lean, join_probability))

    def draw_glyph(self, canvas: Gray, glyph: Glyph | Strokes, at: float, placement: Placement) -> float:
        """Draw a glyph, a picture or strokes, with its left edge at `at`; returns the column for the next one."""
        rng, jitter = self.rng, self.jitter
        glyph_width, middle, pen_margin = self._size(glyph)
        height = self.height * placement.height * _clipped(rng.normal(1, jitter), 0.7, 1.4)
        wide = placement.width * (height * self.width * _clipped(rng.normal(1, jitter), 0.7, 1.4))
        turn = float(rng.normal(0, jitter * 0.7))
        matrix = np.array([[wide, -(self.slant + placement.lean + turn) * height], [wide * turn, height]])
        y = self.middle + self.height * (placement.offset_below + float(rng.normal(0, jitter * 0.5)))
        y += self.baseline_slope * (at - 150 * self.scale)  # a rising or falling baseline
        width = wide * glyph_width + pen_margin
        x = at + width / 2 - self.slant * placement.offset_below * self.height  # what stands lower is further left
        shift = np.array([x, y]) - matrix @ middle
        if isinstance(glyph, tuple):
            strokes = [self._varied(stroke, glyph_width) @ matrix.T + shift for stroke in glyph]
            self._draw(canvas, strokes, placement)
        else:
            self._paste(canvas, glyph, matrix / _rows(glyph), shift)
        return float(at + width + self.height * (self.gap + float(rng.normal(0, 0.5 * jitter))))

    def _size(self, glyph: Glyph | Strokes) -> tuple[float, Points, float]:
        """The width and the middle of a glyph in glyph heights, and the pixels that the pen adds to its width."""
        if isinstance(glyph, tuple):
            broad = float(np.concatenate(glyph)[:, 0].max())
            return broad, np.array([broad / 2, 0.5]), self.pen_width * self.height
        rows, columns = glyph.shape
        inner = _rows(glyph)
        return (columns - (rows - inner)) / inner, np.array([columns, rows]) / (2 * inner), 0.0

    def _varied(self, stroke: Points, broad: float) -> Points:
        """Vary a stroke: the shared bend, a little random bend, and longer or shorter ends."""
        if not self.varies_strokes:
            return stroke
        stroke = self._with_ends(stroke)
        grid = self.bend + self.rng.normal(0, 0.6 * self.stroke_jitter, (3, 3, 2))
        place = np.clip(stroke / (max(broad, 0.2), 1) * 2, 0, 1.999)
        cell = place.astype(np.int64)
        right, down = (place - cell).T[:, :, None]
        column, row = cell.T
        above = grid[row, column] * (1 - right) + grid[row, column + 1] * right
        beneath = grid[row + 1, column] * (1 - right) + grid[row + 1, column + 1] * right
        return np.asarray(stroke + above * (1 - down) + beneath * down)

    def _with_ends(self, stroke: Points) -> Points:
        """Lengthen the ends of a stroke in a slight curve, or shorten them; leave rings unchanged."""
        if len(stroke) < 6 or np.hypot(*(stroke[0] - stroke[-1])) < 0.05:
            return stroke
        for _ in range(2):
            stroke = stroke[::-1]
            length = _clipped(self.rng.normal(0.3 * self.flourish, self.flourish), -0.1, 0.45)
            steps = np.hypot(*np.diff(stroke[-4:], axis=0).T)
            step = max(float(steps.mean()), 0.02)
            count = round(abs(length) / step)
            if length < 0:
                stroke = stroke[: max(5, len(stroke) - count)]
            elif count:
                course = np.arctan2(*(stroke[-1] - stroke[-4])[::-1])
                course = course + self.rng.normal(0, 0.8) * np.arange(1, count + 1) / 6
                tail = stroke[-1] + np.cumsum(step * np.stack([np.cos(course), np.sin(course)], axis=1), axis=0)
                stroke = np.concatenate([stroke, tail])
        return stroke

    def _draw(self, canvas: Gray, strokes: list[Points], placement: Placement) -> None:
        """Draw strokes, with points in canvas pixels, with the pen of this style."""
        link, join_probability = None, placement.join_probability
        if join_probability is not None:
            link = self._link(strokes) if self.rng.random() < join_probability else None
            self._previous = strokes
        drawn = strokes if link is None else [*strokes, link]
        usual = self.pen_width * _clipped(self.rng.normal(1, 0.06), 0.8, 1.2)
        pen = max(usual, placement.min_pen) * self.height
        self.last_box = _box_around(np.concatenate(strokes), pen / 2)
        points = np.concatenate(drawn)
        left, top = np.floor(points.min(axis=0) - pen - 2).astype(int)
        right, bottom = np.ceil(points.max(axis=0) + pen + 2).astype(int)
        left, right = max(0, left), min(canvas.shape[1], right)
        top, bottom = max(0, top), min(canvas.shape[0], bottom)
        if right <= left or bottom <= top:
            return
        supersampling = 1 if self.scale > MAX_SUPERSAMPLED_SCALE else 2
        patch = np.zeros((supersampling * (bottom - top), supersampling * (right - left)), np.uint8)
        for stroke in drawn:
            self._stroke(patch, (stroke - (left, top)) * supersampling, pen * supersampling)
        if supersampling > 1:
            patch = np.asarray(cv2.resize(patch, (right - left, bottom - top), interpolation=cv2.INTER_AREA), np.uint8)
        part = canvas[top:bottom, left:right]
        np.maximum(part, patch, out=part)

    def _stroke(self, patch: Gray, stroke: Points, pen: float) -> None:
        places = np.round(stroke * 8).astype(np.int32)
        if not self.pressure_variation:
            cv2.polylines(patch, [places], False, 255, max(1, round(pen)), cv2.LINE_AA, shift=3)
            return
        knots = self.rng.normal(0, self.pressure_variation, max(2, len(stroke) // 6 + 2))
        force = np.interp(np.linspace(0, len(knots) - 1, len(stroke)), np.arange(len(knots)), knots)
        widths = np.maximum(1, np.round(pen * np.clip(1 + force, 0.4, 1.6))).astype(int).tolist()
        for index in range(len(stroke) - 1):
            cv2.line(patch, places[index].tolist(), places[index + 1].tolist(), 255, widths[index], cv2.LINE_AA, 3)

    def _link(self, strokes: list[Points]) -> Points | None:
        """A stroke from the end of the previous digit to the nearest end of this one, or `None` if too far."""
        if not self._previous:
            return None
        start = max((stroke[end] for stroke in self._previous for end in (0, -1)), key=lambda point: float(point[0]))
        ends = [stroke[end] for stroke in strokes for end in (0, -1)]
        stop = min(ends, key=lambda point: float(np.hypot(*(point - start))))
        if float(np.hypot(*(stop - start))) > 0.8 * self.height:
            return None
        along = np.linspace(0, 1, 8)[:, None]
        sag = np.array([0, float(self.rng.normal(0.05, 0.15)) * self.height])
        return np.asarray(start * (1 - along) + stop * along + 4 * sag * along * (1 - along))

    def _paste(self, canvas: Gray, glyph: Glyph, matrix: NDArray[np.float64], shift: NDArray[np.float64]) -> None:
        """Draw a picture, transformed by a matrix and a shift."""
        rows, columns = glyph.shape
        corners = np.array([(0, 0), (columns, 0), (0, rows), (columns, rows)]) @ matrix.T + shift
        left = max(0, int(corners[:, 0].min()) - 2)
        right = min(canvas.shape[1], int(corners[:, 0].max()) + 3)
        if right <= left:
            return
        moved = np.column_stack([matrix, shift - (left, 0)])
        kind = cv2.INTER_LINEAR if matrix[1, 1] < 4 else cv2.INTER_CUBIC
        patch = cv2.warpAffine(glyph, moved, (right - left, canvas.shape[0]), flags=kind)
        np.maximum(canvas[:, left:right], patch, out=canvas[:, left:right])
        inked = np.argwhere(patch > INK_LEVEL)[:, ::-1] + (left, 0)
        self.last_box = _box_around(inked if len(inked) else corners, 0.5)

    def vary_thickness(self, canvas: Gray) -> Gray:
        """Make all strokes thicker or thinner."""
        rng = self.rng
        if self.uses_traces:
            soft = cv2.GaussianBlur(canvas, (0, 0), 0.7 * self.scale)
            edge = float(rng.uniform(70, 140))
        else:
            kind = rng.random()
            side = round(2 * self.scale) + 1
            brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
            if kind < 0.3:
                canvas = np.asarray(cv2.erode(canvas, brush), np.uint8)
            elif kind < 0.4:
                canvas = np.asarray(cv2.dilate(canvas, brush), np.uint8)
            soft = cv2.GaussianBlur(canvas, (0, 0), self.scale)
            edge = float(rng.uniform(40, 150))
        sharp = float(rng.uniform(1.5, 4)) * max(1, self.scale)
        return np.asarray(np.clip((soft - np.float32(edge)) * sharp + 128, 0, 255), np.uint8)


def _clipped(value: float, low: float, high: float) -> float:
    """A number within limits: `np.clip` takes longer than the rest of what draws a glyph."""
    return min(max(float(value), low), high)


def _box_around(points: Points | NDArray[np.int64], margin: float) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of points, with a margin."""
    left, top = (points.min(axis=0) - margin).tolist()
    right, bottom = (points.max(axis=0) + margin).tolist()
    return left, top, right, bottom


def _rows(glyph: Glyph) -> int:
    """The rows of a picture without its margins: letters have them, MNIST's cropped digits do not."""
    rows = int(glyph.shape[0])
    return rows - (2 * SHAPE_MARGIN_PIXELS if rows > SHAPE_HEIGHT_PIXELS // 2 else 0)
