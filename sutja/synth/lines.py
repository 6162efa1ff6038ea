"""Lines of digits as they stand on paper, composed of single digits, with their transcription.

A line is composed at twice the height that the network sees, digit by digit, inked and put on paper, made smaller and
then treated exactly as a line of a photograph is: `reading.normalise.line_ink`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from sutja.data.digits import Digits
from sutja.errors import DataError
from sutja.models.ctc import LINE_HEIGHT
from sutja.reading.normalise import Gray, Ink, line_ink
from sutja.synth.handwriting import Hand
from sutja.synth.paper import line_paper
from sutja.synth.strokes import MARKS, SIZES, Glyph, curves, digit_curves, draw_letter, scribble
from sutja.synth.tracing import Strokes, trace

WIDEST = 640  # columns of it
INKED = 60  # from which on a pixel of a digit counts as ink
TRIES = 4  # digits that are tried until one can be traced

# Signs beside digits: before them, after them, between two, and what numbers, above all amounts, end with. A bracket is
# rare: where only digits are expected, most that look like one are ones.
BEFORE = "=-.,-=-.=-.=-,$#*:+()~x"
BETWEEN = ".,.,.,.-.,-.: ., .,/-. "
AFTER = "=-.,-=-.=-.=-,$#*:+)~x"
ENDS = ("=", "=", "=", "-", "-", ".-", ".-", ",-", ".", ".", ",", ".=", "=-", "--", "~", "x", "#", "*", ":", "/-")


@dataclass(frozen=True)
class Line:
    """One line: `ink` as the network sees it, `float32 (32, W)`, the digits on it, and the picture `gray` before."""

    ink: Ink
    text: str
    gray: Gray


class Writer:
    """Writes lines with the digits of a set and, for a share of them, with strokes of a pen."""

    def __init__(self, digits: Digits, *, drawn: float = 0.4) -> None:
        """`drawn` is the share of digits that are drawn by a pen in other styles instead of taken from `digits`.

        Raises `DataError` when one of the ten is missing.
        """
        self.drawn = drawn
        self._images = digits.images
        self._traces: dict[int, Strokes | None] = {}  # by index; each is sought when it is first needed
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
        hand.lift()
        canvas = np.zeros((hand.rows, widest), np.uint8)
        at = float(rng.uniform(2, 30)) * hand.scale
        if signs and rng.random() < 0.1:
            at = self._sign(canvas, hand, at, BEFORE)
        done = 0
        while done < len(text) and at < widest - 100 * hand.scale:
            at = hand.put_digit(canvas, self._digit(hand, int(text[done])), int(text[done]), at)
            done += 1
            if done < len(text) and rng.random() < hand.separators:
                at = put_mark(canvas, hand, at, one_of(BETWEEN, rng))
        end = rng.random() if signs else 1.0
        if end < 0.25:
            for mark in ENDS[rng.integers(len(ENDS))]:
                at = put_mark(canvas, hand, at, mark) if at < widest - 60 * hand.scale else at
        elif end < 0.45 or (signs and not text):
            for _ in range(int(rng.integers(1, 4))):
                at = self._sign(canvas, hand, at, AFTER) if at < widest - 60 * hand.scale else at
        end = int(np.clip(at + rng.uniform(0, 40) * hand.scale, 32, widest))
        return bent(canvas[:, :end], rng, scale=hand.scale), text[:done]

    def _digit(self, hand: Hand, digit: int) -> Glyph | Strokes:
        rng = hand.rng
        if rng.random() < self.drawn:
            return digit_curves(digit, rng, unrest=hand.shakiness)
        for _ in range(TRIES if hand.traces else 0):
            strokes = self._trace(int(rng.choice(self._of[digit])))
            if strokes is not None:
                return strokes
        image = self._images[rng.choice(self._of[digit])]
        rows, columns = np.flatnonzero(image.max(axis=1) > INKED), np.flatnonzero(image.max(axis=0) > INKED)
        return np.asarray(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])

    def _trace(self, index: int) -> Strokes | None:
        if index not in self._traces:
            self._traces[index] = trace(self._images[index])
        return self._traces[index]

    def _sign(self, canvas: Gray, hand: Hand, at: float, marks: str) -> float:
        """Put something that is no digit; returns where it ends."""
        rng = hand.rng
        if rng.random() >= 0.25:
            return put_mark(canvas, hand, at, one_of(marks, rng))
        height = float(rng.uniform(0.6, 1.1))
        if rng.random() < 0.3:
            return hand.put(canvas, scribble(rng), at, height=height)
        return hand.put(canvas, draw_letter(rng, pen=64 * hand.pen), at, height=height)


def one_of(marks: str, rng: np.random.Generator) -> str:
    """One of the marks, each as likely as it is often in the text."""
    return marks[rng.integers(len(marks))]


def put_mark(canvas: Gray, hand: Hand, at: float, mark: str) -> float:
    """Put a mark that is no digit, or a space; returns where it ends."""
    rng = hand.rng
    if mark == " ":
        return at + hand.height * float(rng.uniform(0.2, 0.9))
    height, width, below = SIZES[mark]
    shapes = MARKS[mark]
    strokes = curves(shapes[rng.integers(len(shapes))], rng, width=width / height)
    return hand.put(canvas, strokes, at, height=height * float(rng.uniform(0.8, 1.3)), below=below)


def random_number(rng: np.random.Generator) -> str:
    """One to ten digits, now and then a round or repetitive number."""
    length = int(rng.integers(1, 11))
    text = "".join(map(str, rng.integers(0, 10, length)))
    if length > 2 and rng.random() < 0.3:
        kept = length // 2
        text = text[:kept] + str(rng.choice([0] * 8 + list(range(10)))) * (length - kept)
    return text


def bent(canvas: Gray, rng: np.random.Generator, *, scale: float = 1.0) -> Gray:
    """Bend the ink of a line as no slant and size can: places wander smoothly, sideways and up and down.

    `scale` is how much larger it is than the lines that a network reads.
    """
    if rng.random() < 0.5:
        return canvas
    rows, columns = canvas.shape
    grid = (4, max(3, int(columns / (24 * scale))))
    strength = float(rng.uniform(0.5, 2.5)) * scale
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
    harm = float(rng.choice([0.4, 1]))  # half of all pictures are good ones
    if rng.random() < 0.3 * harm:  # ink that runs dry, pencil on rough paper
        ink *= np.clip(1 - np.abs(rng.standard_normal(shape, dtype=np.float32)) * rng.uniform(0.1, 0.6), 0, 1)
    weak = float(rng.uniform(0.95 - 0.65 * harm, 0.95))
    paper = line_paper(shape, rng, strongest=0.55 * harm * weak)
    light = float(rng.uniform(90, 250))
    gray = light * paper * (1 - weak * ink)
    blur = float(rng.uniform(0, 1.1))
    if blur > 0.3:
        gray = np.asarray(cv2.GaussianBlur(gray, (0, 0), blur))
    gray += rng.standard_normal(shape, dtype=np.float32) * rng.uniform(0, 6 * harm)
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
    if rng.random() < 0.03:  # an upright rule
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
