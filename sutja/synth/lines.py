"""Lines of digits as they stand on paper, composed of single digits, with their transcription.

A line is composed at twice the height that the network sees, digit by digit, inked and put on paper, made smaller and
then treated exactly as a line of a photograph is: `reading.normalise.line_ink`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from sutja.digits import Digits
from sutja.errors import DataError
from sutja.reading.normalise import LINE_HEIGHT, Gray, Ink, line_ink
from sutja.synth.paper import line_paper
from sutja.synth.strokes import MARGIN, MARKS, SIDE, SIZES, Glyph, draw, draw_digit, draw_letter, scribble

ROWS = 2 * LINE_HEIGHT  # of the line while it is composed
WIDEST = 640  # columns of it
INKED = 60  # from which on a pixel of a digit counts as ink


@dataclass(frozen=True)
class Line:
    """One line: `ink` as the network sees it, `float32 (32, W)`, the digits on it, and the picture `gray` before."""

    ink: Ink
    text: str
    gray: Gray


class Writer:
    """Writes lines with the digits of a set and, for a share of them, with strokes of a pen."""

    def __init__(self, digits: Digits, *, drawn: float = 0.4) -> None:
        """`drawn` is the share of digits that are drawn by a pen instead of taken from `digits`.

        Raises `DataError` when one of the ten is missing.
        """
        self.drawn = drawn
        self._images = digits.images
        inked = digits.images.max(axis=(1, 2)) > INKED
        self._of = [np.flatnonzero((digits.labels == digit) & inked) for digit in range(10)]
        missing = [str(digit) for digit, found in enumerate(self._of) if not len(found)]
        if missing:
            raise DataError(f"lines need all ten digits, and there is no {', '.join(missing)} with ink among these")

    def lines(self, rng: np.random.Generator, count: int) -> Iterator[Line]:
        """So many lines."""
        for _ in range(count):
            yield self.line(rng)

    def line(self, rng: np.random.Generator) -> Line:
        """A line of one to ten digits; one in thirty has other things on it instead."""
        text = "" if rng.random() < 0.03 else random_number(rng)
        hand = Hand(rng)
        canvas, text = self.write(hand, text)
        gray = photographed(hand.reink(canvas), rng)
        return Line(line_ink(gray), text, gray)

    def write(self, hand: Hand, text: str, *, widest: int = WIDEST, signs: bool = True) -> tuple[Gray, str]:
        """The strokes of a line, `uint8 (hand.rows, W)`, and as many digits of `text` as there was room for.

        W is at most `widest`. Without `signs` there is nothing but what the hand puts between digits.
        """
        rng = hand.rng
        canvas = np.zeros((hand.rows, widest), np.uint8)
        at = float(rng.uniform(2, 30)) * hand.scale
        if signs and rng.random() < 0.1:
            at = self._sign(canvas, hand, at)
        done = 0
        while done < len(text) and at < widest - 100 * hand.scale:
            at = hand.put_digit(canvas, self._digit(hand, int(text[done])), int(text[done]), at)
            done += 1
            if done < len(text) and rng.random() < hand.separators:
                at = self._sign(canvas, hand, at, marks=".,.,.,.-.,-.: /, ")
        if signs and (rng.random() < 0.25 or not text):
            for _ in range(int(rng.integers(1, 4))):
                at = self._sign(canvas, hand, at) if at < widest - 60 * hand.scale else at
        end = int(np.clip(at + rng.uniform(0, 40) * hand.scale, 32, widest))
        return bent(canvas[:, :end], rng, scale=hand.scale), text[:done]

    def _digit(self, hand: Hand, digit: int) -> Glyph:
        rng = hand.rng
        if rng.random() < self.drawn:
            return draw_digit(digit, rng, pen=hand.pen, unrest=hand.shakiness)
        image = self._images[rng.choice(self._of[digit])]
        rows, columns = np.flatnonzero(image.max(axis=1) > INKED), np.flatnonzero(image.max(axis=0) > INKED)
        return np.asarray(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])

    def _sign(self, canvas: Gray, hand: Hand, at: float, marks: str = "") -> float:
        """Put something that is no digit; returns where it ends."""
        rng = hand.rng
        if not marks and rng.random() < 0.25:
            thing = scribble(rng, pen=hand.pen) if rng.random() < 0.3 else draw_letter(rng, pen=hand.pen)
            return hand.put(canvas, thing, at, height=float(rng.uniform(0.6, 1.1)))
        marks = marks or "=-.,-=-.=-.=-,$#*:+()~x"
        mark = marks[rng.integers(len(marks))]
        if mark == " ":
            return at + hand.height * float(rng.uniform(0.2, 0.9))
        height, width, below = SIZES[mark]
        shapes = MARKS[mark]
        glyph = draw(shapes[rng.integers(len(shapes))], rng, pen=hand.pen / height, width=width / height)
        return hand.put(canvas, glyph, at, height=height * float(rng.uniform(0.8, 1.3)), below=below)


def random_number(rng: np.random.Generator) -> str:
    """One to ten digits, now and then a round or repetitive number."""
    length = int(rng.integers(1, 11))
    text = "".join(map(str, rng.integers(0, 10, length)))
    if length > 2 and rng.random() < 0.2:
        kept = length // 2
        text = text[:kept] + str(rng.choice([0, 0, 0, *range(10)])) * (length - kept)
    return text


class Hand:
    """How somebody writes: height, slant, width, distances, pen, and how much they vary."""

    def __init__(self, rng: np.random.Generator, *, scale: float = 1.0, rows: int = ROWS) -> None:
        """A hand that writes `scale` times as large as a line needs that a network shall read, on `rows` rows."""
        self.rng = rng
        self.scale = scale
        self.rows = rows
        height = float(np.clip(rng.normal(44, 6), 26, 60))
        self.height = height * scale  # of a digit, in rows
        self.middle = rows / 2 + float(rng.normal(0, 3 + max(0, (50 - height) * 0.2))) * scale
        self.slant = float(np.clip(rng.normal(0.12, 0.22), -0.4, 0.8))
        self.width = float(np.clip(rng.normal(0.98, 0.24), 0.5, 1.7))
        self.gap = float(
            rng.choice([rng.uniform(-0.12, 0.05), rng.uniform(0.05, 0.3), rng.uniform(0.3, 0.9)], p=[0.35, 0.5, 0.15])
        )
        self.unrest = float(rng.uniform(0.02, 0.12))
        self.drift = float(rng.normal(0, 0.025))  # rows a column
        self.separators = float(rng.choice([0, 0.15, 0.4], p=[0.5, 0.3, 0.2]))
        self.pen = float(rng.uniform(3, 9))  # pixels of a digit 64 high
        self.shakiness = float(rng.uniform(0.015, 0.06))
        # Habits: small flat zeros, digits that reach below the others.
        flat = rng.random() < 0.3
        self.zero = (float(rng.uniform(0.5, 0.9)), float(rng.uniform(0.9, 1.9))) if flat else (1.0, 1.0)
        self.low = {int(digit): float(rng.uniform(0, 0.35)) for digit in (1, 4, 7, 9) if rng.random() < 0.2}

    def put_digit(self, canvas: Gray, glyph: Glyph, digit: int, at: float) -> float:
        """Put a digit as this hand is used to write it; returns where the next one may begin."""
        if digit == 0 and self.zero != (1.0, 1.0):
            high, wide = self.zero
            return self.put(
                canvas, glyph, at, height=high, wide=wide, below=(1 - high) * float(self.rng.uniform(0, 0.5))
            )
        longer = self.low.get(digit, 0.0)
        return self.put(canvas, glyph, at, height=1 + longer, wide=1 / (1 + longer), below=longer / 2)

    def put(
        self, canvas: Gray, glyph: Glyph, at: float, *, height: float = 1, wide: float = 1, below: float = 0
    ) -> float:
        """Put a glyph with its left edge at a column; returns where the next one may begin."""
        rng, unrest = self.rng, self.unrest
        drawn = glyph.shape[0] > SIDE // 2 and glyph.shape[0] > 28
        inner = glyph.shape[0] - (2 * MARGIN if drawn else 0)  # rows of it that count
        scale = self.height * height * float(np.clip(rng.normal(1, unrest), 0.7, 1.4)) / inner
        wide *= scale * self.width * float(np.clip(rng.normal(1, unrest), 0.7, 1.4))
        tall = scale
        turn = float(rng.normal(0, unrest * 0.7))
        slant = self.slant + turn
        rows, columns = glyph.shape
        y = self.middle + self.height * (below + float(rng.normal(0, unrest * 0.5)))
        if below == 0:  # along a baseline that may climb or fall
            y += self.drift * (at - 150 * self.scale)
        inset = MARGIN if drawn else 0
        matrix = np.array([[wide, -slant * tall, 0], [wide * turn, tall, 0]])
        middle = matrix[:, :2] @ (columns / 2, rows / 2)
        width = wide * (columns - 2 * inset)
        x = at + width / 2
        matrix[:, 2] = (x - middle[0], y - middle[1])
        reach = (wide * columns + abs(slant) * tall * rows) / 2 + 2
        left, right = max(0, int(x - reach)), min(canvas.shape[1], int(x + reach) + 1)
        if right <= left:
            return at
        matrix[0, 2] -= left
        patch = cv2.warpAffine(
            glyph, matrix, (right - left, canvas.shape[0]), flags=cv2.INTER_LINEAR if tall < 4 else cv2.INTER_CUBIC
        )
        np.maximum(canvas[:, left:right], patch, out=canvas[:, left:right])
        return float(at + width + self.height * (self.gap + float(rng.normal(0, 0.5 * unrest))))

    def reink(self, canvas: Gray) -> Gray:
        """Thicker or thinner strokes, all alike."""
        rng = self.rng
        kind = rng.random()
        side = round(2 * self.scale) + 1
        brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        if kind < 0.3:
            canvas = np.asarray(cv2.erode(canvas, brush), np.uint8)
        elif kind < 0.4:
            canvas = np.asarray(cv2.dilate(canvas, brush), np.uint8)
        soft = cv2.GaussianBlur(canvas, (0, 0), self.scale)
        edge, sharp = float(rng.uniform(40, 150)), float(rng.uniform(1.5, 4)) * max(1, self.scale)
        return np.asarray(np.clip((soft - np.float32(edge)) * sharp + 128, 0, 255), np.uint8)


def bent(canvas: Gray, rng: np.random.Generator, *, scale: float = 1.0) -> Gray:
    """Bend the ink of a line as no slant and size can: places wander smoothly, sideways and up and down.

    `scale` is how much larger it is than the lines that a network reads.
    """
    if rng.random() < 0.3:
        return canvas
    rows, columns = canvas.shape
    grid = (4, max(3, int(columns / (24 * scale))))
    strength = float(rng.uniform(0.5, 3)) * scale
    moves = rng.normal(0, strength, (2, *grid)).astype(np.float32)
    x, y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    x += cv2.resize(moves[0], (columns, rows), interpolation=cv2.INTER_CUBIC)
    y += cv2.resize(moves[1], (columns, rows), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.remap(canvas, x, y, cv2.INTER_LINEAR), np.uint8)


def photographed(canvas: Gray, rng: np.random.Generator) -> Gray:
    """The ink of a line, `uint8 (64, W)`, on paper, as a camera or scanner sees it: `uint8 (32, W / 2)`."""
    canvas = _cut(_surroundings(canvas, rng), rng)
    shape = (LINE_HEIGHT, max(16, canvas.shape[1] // 2))
    ink = cv2.resize(canvas, shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    if rng.random() < 0.3:  # ink that runs dry, pencil on rough paper
        ink *= np.clip(1 - np.abs(rng.standard_normal(shape, dtype=np.float32)) * rng.uniform(0.1, 0.6), 0, 1)
    weak = float(rng.uniform(0.3, 0.95))
    paper = line_paper(shape, rng, strongest=0.55 * weak)
    light = float(rng.uniform(90, 250))
    gray = light * paper * (1 - weak * ink)
    blur = float(rng.uniform(0, 1.1))
    if blur > 0.3:
        gray = np.asarray(cv2.GaussianBlur(gray, (0, 0), blur))
    gray += rng.standard_normal(shape, dtype=np.float32) * rng.uniform(0, 6)
    seen = np.clip(gray, 0, 255).astype(np.uint8)
    if rng.random() < 0.25:
        coded = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])[1]
        seen = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
    return seen


def _cut(canvas: Gray, rng: np.random.Generator) -> Gray:
    """Now and then the picture ends within the writing, above, below or at an end."""
    if rng.random() < 0.12:
        rows, columns = canvas.shape
        edge = int(rng.integers(4, 14))
        parts = (canvas[:edge], canvas[rows - edge :], canvas[:, :edge], canvas[:, columns - edge :])
        parts[rng.integers(4)][:] = 0
    return canvas


def _surroundings(canvas: Gray, rng: np.random.Generator) -> Gray:
    """What else is in the picture of a line: rules, boxes, ends of the lines above and below, specks."""
    rows, columns = canvas.shape
    if rng.random() < 0.3:
        _rule(canvas, rng)
    if rng.random() < 0.06:  # an upright rule
        x = int(rng.choice([rng.integers(0, 6), columns - 1 - rng.integers(0, 6)]))
        cv2.line(canvas, (x, 0), (x, rows), int(rng.integers(100, 255)), int(rng.integers(1, 5)))
    if rng.random() < 0.15:  # ends of another line
        high = int(rng.integers(3, 10))
        strip = np.roll(canvas[26 : 26 + high], int(rng.integers(0, columns)), axis=1)
        strip[:, int(rng.integers(columns // 3, columns)) :] = 0
        target = canvas[:high] if rng.random() < 0.5 else canvas[rows - high :]
        np.maximum(target, strip, out=target)
    for _ in range(int(rng.integers(1, 8)) if rng.random() < 0.15 else 0):
        spot = (int(rng.integers(0, columns)), int(rng.integers(0, rows)))
        cv2.circle(canvas, spot, int(rng.integers(1, 4)), int(rng.integers(80, 255)), -1, cv2.LINE_AA)
    return canvas


def _rule(canvas: Gray, rng: np.random.Generator) -> None:
    """Draw a rule below, above or through the foot of the writing: drawn through, dashed or dotted."""
    columns = canvas.shape[1]
    y, rise = float(rng.choice([rng.uniform(0, 10), rng.uniform(44, 63)], p=[0.25, 0.75])), float(rng.normal(0, 1.5))
    grey, thick = int(rng.integers(90, 255)), int(rng.integers(1, 5))
    step = int(rng.choice([columns, 7, 10, 14], p=[0.4, 0.25, 0.2, 0.15]))
    length = columns if step == columns else max(1, round(step * float(rng.uniform(0.05, 0.6))))
    for x in range(int(rng.integers(0, 7)), columns, step):
        points = [(round(end), round(y + rise * end / columns)) for end in (x, min(columns, x + length))]
        cv2.line(canvas, points[0], points[1], grey, thick, cv2.LINE_AA)
