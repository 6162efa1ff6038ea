"""How somebody writes: size, slant, distances, pen and habits; and how that hand puts digits on paper."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.models.ctc import LINE_HEIGHT
from sutja.reading.normalise import Gray
from sutja.synth.strokes import MARGIN, SIDE, Glyph
from sutja.synth.tracing import Points, Strokes

ROWS = 2 * LINE_HEIGHT  # of the line while it is composed
STROKE = 2.6  # rows of these: usual width of a stroke without its soft edge, so as broad as on real photographs
COARSE = 2.0  # scale from which on strokes are not drawn twice as large and made smaller


class Hand:
    """How somebody writes: height, slant, width, distances, pen, and how much they vary."""

    def __init__(
        self, rng: np.random.Generator, *, scale: float = 1.0, rows: int = ROWS, pen: float | None = None
    ) -> None:
        """A hand that writes `scale` times as large as a line needs that a network shall read, on `rows` rows.

        With a `pen`, the width of its stroke in heights of a digit, it writes all digits with that; otherwise it is any
        pen, and one hand in four leaves MNIST's digits as they are.
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
        self.unrest = float(rng.uniform(0.02, 0.12))
        self.drift = float(rng.normal(0, 0.025))  # rows a column
        self.separators = float(rng.choice([0, 0.15, 0.4], p=[0.5, 0.3, 0.2]))
        self.shakiness = float(rng.uniform(0.015, 0.06))
        # What a pen of one width writes looks unlike MNIST's pictures: were those taken as they are, a network would
        # tell one source of digits from the other, and read each only as that source writes them.
        self.traces = pen is not None or rng.random() < 0.75
        usual = float(np.clip(STROKE * np.exp(rng.normal(0, 0.3)), 1.5, 8)) / height
        self.pen = usual if pen is None else pen  # heights of a digit
        self.pressure = float(rng.choice([0, rng.uniform(0.1, 0.4)], p=[0.6, 0.4]))  # how much its width varies
        # Habits: small flat zeros, also joined ones, a large first digit, digits that reach below or above the others,
        # ones that lean, ends of strokes drawn out or cut short, digits joined without lifting the pen, and a bend that
        # all digits share.
        flat = rng.random() < 0.35
        self.zero = (float(rng.uniform(0.4, 0.9)), float(rng.uniform(0.9, 1.9))) if flat else (1.0, 1.0)
        self.first = float(rng.uniform(1.05, 1.5)) if rng.random() < 0.12 else 1.0  # heights of the first digit
        self.low = {int(digit): float(rng.uniform(0, 0.35)) for digit in (1, 4, 7, 9) if rng.random() < 0.2}
        self.high = {int(digit): float(rng.uniform(0, 0.5)) for digit in (1, 4, 6, 7) if rng.random() < 0.15}
        self.lean = {1: float(rng.uniform(0.1, 0.6))} if rng.random() < 0.3 else {}
        self.flourish = float(rng.choice([0.05, rng.uniform(0.08, 0.2)], p=[0.7, 0.3]))  # heights, deviation
        self.joins = float(rng.choice([0, rng.uniform(0.2, 0.8)], p=[0.88, 0.12]))
        self.joins_zeros = max(self.joins, float(rng.choice([0, rng.uniform(0.4, 1)], p=[0.8, 0.2])))
        self.bend = rng.normal(0, rng.uniform(0, 0.06), (3, 3, 2))
        self._before: list[Points] = []  # the strokes of the digit before, where they stand
        self._begins = True

    def lift(self) -> None:
        """Lift the pen and begin a number: what is put next is joined with nothing."""
        self._before = []
        self._begins = True

    def put_digit(self, canvas: Gray, glyph: Glyph | Strokes, digit: int, at: float) -> float:
        """Put a digit as this hand is used to write it; returns where the next one may begin."""
        large = self.first if self._begins else 1.0
        self._begins = False
        joins = self.joins_zeros if digit == 0 else self.joins
        if digit == 0 and self.zero != (1.0, 1.0):
            high, wide = self.zero
            below = (1 - high) * float(self.rng.uniform(0, 0.5))
            return self.put(canvas, glyph, at, height=high, wide=wide, below=below, joins=joins)
        low, high = self.low.get(digit, 0.0), self.high.get(digit, 0.0)
        tall = 1 + low + high
        below = (low - high - (large - 1)) / 2
        lean = self.lean.get(digit, 0.0)
        return self.put(canvas, glyph, at, height=large * tall, wide=1 / tall, below=below, lean=lean, joins=joins)

    def put(
        self,
        canvas: Gray,
        glyph: Glyph | Strokes,
        at: float,
        *,
        height: float = 1,
        wide: float = 1,
        below: float = 0,
        lean: float = 0,
        joins: float | None = None,
    ) -> float:
        """Put a glyph, a picture or strokes, with its left edge at a column; returns where the next one may begin.

        `height` is in heights of a digit, and so is how far its middle lies `below` that of the line; `lean` is added
        to the slant. `joins` is how probably the pen is not lifted before; with `None` it is no part of a number.
        """
        rng, unrest = self.rng, self.unrest
        broad, middle, edge = self._size(glyph)
        tall = self.height * height * float(np.clip(rng.normal(1, unrest), 0.7, 1.4))
        wide *= tall * self.width * float(np.clip(rng.normal(1, unrest), 0.7, 1.4))
        turn = float(rng.normal(0, unrest * 0.7))
        matrix = np.array([[wide, -(self.slant + lean + turn) * tall], [wide * turn, tall]])
        y = self.middle + self.height * (below + float(rng.normal(0, unrest * 0.5)))
        y += self.drift * (at - 150 * self.scale)  # along a baseline that may climb or fall
        width = wide * broad + edge
        x = at + width / 2
        shift = np.array([x, y]) - matrix @ middle
        if isinstance(glyph, tuple):
            self._draw(canvas, [self._varied(stroke, broad) @ matrix.T + shift for stroke in glyph], joins)
        else:
            self._paste(canvas, glyph, matrix / _rows(glyph), shift)
        return float(at + width + self.height * (self.gap + float(rng.normal(0, 0.5 * unrest))))

    def _size(self, glyph: Glyph | Strokes) -> tuple[float, Points, float]:
        """The width and the middle of a glyph in its heights, and the pixels that a pen adds to that width."""
        if isinstance(glyph, tuple):
            broad = float(np.concatenate(glyph)[:, 0].max())
            return broad, np.array([broad / 2, 0.5]), self.pen * self.height
        rows, columns = glyph.shape
        inner = _rows(glyph)
        return (columns - (rows - inner)) / inner, np.array([columns, rows]) / (2 * inner), 0.0

    def _varied(self, stroke: Points, broad: float) -> Points:
        """A stroke as this hand draws it this time: bent as all are, a little otherwise, its ends longer or shorter."""
        stroke = self._with_ends(stroke)
        grid = self.bend + self.rng.normal(0, 0.6 * self.shakiness, (3, 3, 2))
        place = np.clip(stroke / (max(broad, 0.2), 1) * 2, 0, 1.999)
        cell = place.astype(np.int64)
        right, down = (place - cell).T[:, :, None]
        column, row = cell.T
        above = grid[row, column] * (1 - right) + grid[row, column + 1] * right
        beneath = grid[row + 1, column] * (1 - right) + grid[row + 1, column + 1] * right
        return np.asarray(stroke + above * (1 - down) + beneath * down)

    def _with_ends(self, stroke: Points) -> Points:
        """A stroke whose ends go on for a while, turning a little, or stop earlier; rings are left as they are."""
        if len(stroke) < 6 or np.hypot(*(stroke[0] - stroke[-1])) < 0.05:
            return stroke
        for _ in range(2):
            stroke = stroke[::-1]
            length = float(np.clip(self.rng.normal(0.3 * self.flourish, self.flourish), -0.1, 0.45))
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

    def _draw(self, canvas: Gray, strokes: list[Points], joins: float | None) -> None:
        """Draw strokes, points in pixels of the canvas, with this hand's pen."""
        link = None
        if joins is not None:
            link = self._link(strokes) if self.rng.random() < joins else None
            self._before = strokes
        drawn = strokes if link is None else [*strokes, link]
        pen = self.pen * self.height * float(np.clip(self.rng.normal(1, 0.06), 0.8, 1.2))
        points = np.concatenate(drawn)
        left, top = np.floor(points.min(axis=0) - pen - 2).astype(int)
        right, bottom = np.ceil(points.max(axis=0) + pen + 2).astype(int)
        left, right = max(0, left), min(canvas.shape[1], right)
        top, bottom = max(0, top), min(canvas.shape[0], bottom)
        if right <= left or bottom <= top:
            return
        fine = 1 if self.scale > COARSE else 2
        patch = np.zeros((fine * (bottom - top), fine * (right - left)), np.uint8)
        for stroke in drawn:
            self._stroke(patch, (stroke - (left, top)) * fine, pen * fine)
        if fine > 1:
            patch = np.asarray(cv2.resize(patch, (right - left, bottom - top), interpolation=cv2.INTER_AREA), np.uint8)
        part = canvas[top:bottom, left:right]
        np.maximum(part, patch, out=part)

    def _stroke(self, patch: Gray, stroke: Points, pen: float) -> None:
        places = np.round(stroke * 8).astype(np.int32)
        if not self.pressure:
            cv2.polylines(patch, [places], False, 255, max(1, round(pen)), cv2.LINE_AA, shift=3)
            return
        knots = self.rng.normal(0, self.pressure, max(2, len(stroke) // 6 + 2))
        force = np.interp(np.linspace(0, len(knots) - 1, len(stroke)), np.arange(len(knots)), knots)
        widths = np.maximum(1, np.round(pen * np.clip(1 + force, 0.4, 1.6))).astype(int).tolist()
        for index in range(len(stroke) - 1):
            cv2.line(patch, places[index].tolist(), places[index + 1].tolist(), 255, widths[index], cv2.LINE_AA, 3)

    def _link(self, strokes: list[Points]) -> Points | None:
        """A stroke from the end of the digit before to the nearest end of this one, where the pen was not lifted."""
        if not self._before:
            return None
        start = max((stroke[end] for stroke in self._before for end in (0, -1)), key=lambda point: float(point[0]))
        ends = [stroke[end] for stroke in strokes for end in (0, -1)]
        stop = min(ends, key=lambda point: float(np.hypot(*(point - start))))
        if float(np.hypot(*(stop - start))) > 0.8 * self.height:
            return None
        along = np.linspace(0, 1, 8)[:, None]
        sag = np.array([0, float(self.rng.normal(0.05, 0.15)) * self.height])
        return np.asarray(start * (1 - along) + stop * along + 4 * sag * along * (1 - along))

    @staticmethod
    def _paste(canvas: Gray, glyph: Glyph, matrix: NDArray[np.float64], shift: NDArray[np.float64]) -> None:
        """Put a picture's pixels where a matrix and a shift say."""
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

    def reink(self, canvas: Gray) -> Gray:
        """Thicker or thinner strokes, all alike."""
        rng = self.rng
        if self.traces:
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


def _rows(glyph: Glyph) -> int:
    """The rows of a picture that count: a letter has margins, a digit of MNIST has none."""
    rows = int(glyph.shape[0])
    return rows - (2 * MARGIN if rows > SIDE // 2 else 0)
