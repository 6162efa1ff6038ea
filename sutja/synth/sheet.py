"""A sheet with handwritten numbers, seen from above in even light: paper, printed rules, and ink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.reading.normalise import Gray
from sutja.synth.handwriting import CANVAS_ROWS, HandwritingStyle
from sutja.synth.lines import LineRenderer, random_number
from sutja.synth.paper import grain

Colours = NDArray[np.float32]  # (height, width, 3), blue, green, red; 1 = the light of white paper

MIN_RENDERED_DIGIT_PIXELS = 16.0
UNIT_SCALE_DIGIT_ROWS = 44  # usual digit height of a style of scale 1
MARGIN_SHARE = 0.13  # of the sheet, free at each edge
PAPER_COLOURS = (  # blue, green, red
    (0.97, 0.98, 0.98),
    (0.95, 0.96, 0.96),
    (0.97, 0.98, 0.98),
    (0.83, 0.93, 0.96),  # cream
    (0.55, 0.90, 0.96),  # a yellow note
    (0.93, 0.90, 0.80),  # light blue
    (0.86, 0.82, 0.95),  # pink
    (0.78, 0.81, 0.83),  # recycled
)
# A black, green or slate board, and a screen.
BOARD_COLOURS = ((0.10, 0.10, 0.10), (0.20, 0.24, 0.13), (0.24, 0.19, 0.16), (0.04, 0.03, 0.03))


@dataclass(frozen=True)
class Pen:
    """A pen: its colour, the range of its width in digit heights, and how rough and uneven its ink is, 0 to 1."""

    colour: tuple[float, float, float]
    widths: tuple[float, float]
    rough: float
    uneven: float


PENS = {
    "ballpoint, blue": Pen((0.62, 0.28, 0.20), (0.055, 0.09), 0.08, 0.15),
    "ballpoint, black": Pen((0.17, 0.16, 0.16), (0.055, 0.09), 0.08, 0.15),
    "pencil": Pen((0.42, 0.41, 0.41), (0.06, 0.095), 0.45, 0.25),
    "felt pen, black": Pen((0.12, 0.11, 0.12), (0.09, 0.14), 0.02, 0.05),
    "felt pen, blue": Pen((0.55, 0.20, 0.12), (0.09, 0.14), 0.02, 0.05),
    "felt pen, red": Pen((0.20, 0.18, 0.75), (0.09, 0.14), 0.02, 0.05),
}
CHALK = Pen((0.88, 0.90, 0.90), (0.09, 0.14), 0.5, 0.2)


@dataclass(frozen=True)
class Sheet:
    """A sheet: its `colours`, and for each line of digits its text and its box (left, top, right, bottom)."""

    colours: Colours
    lines: tuple[tuple[str, tuple[int, int, int, int]], ...]
    digit_height: float


@dataclass(frozen=True)
class Contents:
    """Limits of the content of a sheet: lines, digits per line, and probabilities of rules, signs and a dark board.

    `min_ink` is the minimum strength of the ink, in [0, 1], and `min_gap` the minimum gap between digits, in heights.
    """

    max_lines: int
    max_digits: int
    rules_probability: float
    signs_probability: float
    board_probability: float
    min_ink: float
    min_gap: float


def write_sheet(
    renderer: LineRenderer,
    rng: np.random.Generator,
    size: tuple[int, int],
    contents: Contents,
    numbers: Sequence[str] | None = None,
) -> Sheet:
    """Write numbers, by default random ones, on a sheet of `size` (width, height) in one random style."""
    width, height = size
    inner = (1 - 2 * MARGIN_SHARE) * width, (1 - 2 * MARGIN_SHARE) * height
    pitch = float(rng.uniform(1.7, 2.6))  # from line to line, in digit heights
    numbers = numbers or _numbers(rng, inner, pitch, contents)
    by_width, by_height = inner[0] / (1.25 * max(map(len, numbers)) + 1), inner[1] / (len(numbers) * pitch + 0.3)
    max_digit_height = min(by_width, by_height, height / 4)
    digit_height = max(MIN_RENDERED_DIGIT_PIXELS, max_digit_height * float(rng.uniform(0.55, 1)))
    on_board = rng.random() < contents.board_probability
    pen = CHALK if on_board else PENS[list(PENS)[rng.integers(len(PENS))]]
    scale = digit_height / UNIT_SCALE_DIGIT_ROWS
    rows = round(2 * CANVAS_ROWS * digit_height / UNIT_SCALE_DIGIT_ROWS)
    style = HandwritingStyle(rng, scale=scale, rows=rows, pen_width=float(rng.uniform(*pen.widths)))
    style.gap = max(style.gap, contents.min_gap)
    ink, lines = _write_lines(renderer, style, numbers, size, pitch * digit_height, contents)
    colours = _board(size, rng) if on_board else _paper(size, rng)
    if not on_board and rng.random() < contents.rules_probability:
        _print_rules(colours, rng, lines, pitch * digit_height)
    _apply_ink(colours, ink, pen, rng, strength=float(rng.uniform(contents.min_ink, 1)), digit_height=digit_height)
    return Sheet(colours, tuple(lines), digit_height)


def _numbers(rng: np.random.Generator, inner: tuple[float, float], pitch: float, contents: Contents) -> list[str]:
    """Random numbers that fit on the sheet in count and length."""
    max_count = min(contents.max_lines, max(1, int(inner[1] / (MIN_RENDERED_DIGIT_PIXELS * pitch) - 0.3)))
    max_length = min(contents.max_digits, max(1, int(inner[0] / (1.25 * MIN_RENDERED_DIGIT_PIXELS) - 1)))
    count = int(rng.integers(1, max_count + 1))
    return [random_number(rng)[: int(rng.integers(1, max_length + 1))] for _ in range(count)]


def _write_lines(
    renderer: LineRenderer,
    style: HandwritingStyle,
    numbers: Sequence[str],
    size: tuple[int, int],
    pitch: float,
    contents: Contents,
) -> tuple[Gray, list[tuple[str, tuple[int, int, int, int]]]]:
    """Draw all lines: their ink, `uint8 (height, width)`, and their texts and boxes."""
    width, height = size
    rng = style.rng
    ink = np.zeros((height, width), np.uint8)
    lines = []
    left = MARGIN_SHARE * width
    first = MARGIN_SHARE * height + pitch / 2
    first += float(rng.uniform(0, max(0.0, height * (1 - 2 * MARGIN_SHARE) - pitch * len(numbers))))
    indent = float(rng.uniform(0, 0.3)) * width if max(map(len, numbers)) < 5 else 0.0
    for index, number in enumerate(numbers):
        x = round(left + indent + abs(float(rng.normal(0, 0.3))) * style.height)
        room = max(round(width * (1 - MARGIN_SHARE)) - x, round(130 * style.scale))
        line, text = renderer.draw_line(
            style, number, max_columns=room, signs=rng.random() < contents.signs_probability
        )
        y = round(first + index * pitch - style.rows / 2 + float(rng.normal(0, 0.04)) * pitch)
        box = _paste(ink, line, x, y)
        if text and box is not None:
            lines.append((text, box))
    return ink, lines


def _paste(ink: Gray, line: Gray, x: int, y: int) -> tuple[int, int, int, int] | None:
    """Paste a line with its top left corner at x, y; returns the box of its ink, or `None` without ink."""
    top, bottom = max(0, y), min(ink.shape[0], y + line.shape[0])
    right = min(ink.shape[1], x + line.shape[1])
    part = line[top - y : bottom - y, : right - x]
    np.maximum(ink[top:bottom, x:right], part, out=ink[top:bottom, x:right])
    rows, columns = np.flatnonzero(part.max(axis=1) > 60), np.flatnonzero(part.max(axis=0) > 60)
    if not len(rows):
        return None
    return x + int(columns[0]), top + int(rows[0]), x + int(columns[-1]) + 1, top + int(rows[-1]) + 1


def _paper(size: tuple[int, int], rng: np.random.Generator) -> Colours:
    shape = size[::-1]
    colours = np.empty((*shape, 3), np.float32)
    colours[:] = PAPER_COLOURS[rng.integers(len(PAPER_COLOURS))]
    fibres = grain(shape, rng, size=float(rng.uniform(1, 3)), strength=float(rng.uniform(0.004, 0.02)))
    fibres += grain(shape, rng, size=float(rng.uniform(20, 200)), strength=0.008)
    colours += fibres[:, :, None]
    return colours


def _board(size: tuple[int, int], rng: np.random.Generator) -> Colours:
    """A blackboard with traces of wiped chalk."""
    shape = size[::-1]
    colours = np.empty((*shape, 3), np.float32)
    colours[:] = BOARD_COLOURS[rng.integers(len(BOARD_COLOURS))]
    wiped = grain(shape, rng, size=max(shape) / 8, strength=1) + grain(shape, rng, size=max(shape) / 40, strength=0.4)
    colours += (np.clip(wiped, 0, None) * float(rng.uniform(0, 0.05)))[:, :, None]
    colours += grain(shape, rng, size=1.5, strength=0.01)[:, :, None]
    return colours


def _print_rules(
    colours: Colours, rng: np.random.Generator, lines: list[tuple[str, tuple[int, int, int, int]]], pitch: float
) -> None:
    """Print rules, squares, or a table around the lines."""
    height, width = colours.shape[:2]
    colour = np.array(((0.86, 0.72, 0.62), (0.75, 0.75, 0.75), (0.82, 0.80, 0.62))[rng.integers(3)], np.float32)
    kind = rng.choice(["ruled", "squared", "table"])
    thick = max(1, round(pitch * float(rng.uniform(0.01, 0.025))))
    mask = np.zeros((height, width), np.uint8)
    if kind == "table" and lines:
        colour *= 0.5
        bottoms = [box[3] for _, box in lines]
        edges = [bottoms[0] - pitch, *bottoms]
        left, right = round(0.06 * width), round(0.94 * width)
        rows = [round(y + 0.2 * pitch) for y in edges]
        for row in rows:
            cv2.line(mask, (left, row), (right, row), 255, thick)
        for column in (left, right):
            cv2.line(mask, (column, rows[0]), (column, rows[-1]), 255, thick)
    else:
        spacing = pitch if kind == "ruled" else pitch * float(rng.uniform(0.2, 0.5))
        start = lines[0][1][3] + float(rng.uniform(-0.05, 0.15)) * pitch if lines else 0.0
        for y in np.arange(start % spacing, height, spacing):
            cv2.line(mask, (0, round(y)), (width, round(y)), 255, thick, cv2.LINE_AA)
        if kind == "squared":
            for x in np.arange(float(rng.uniform(0, spacing)), width, spacing):
                cv2.line(mask, (round(x), 0), (round(x), height), 255, thick, cv2.LINE_AA)
        elif rng.random() < 0.5:
            x = round(0.09 * width)
            colours[:, x : x + thick] *= np.array((0.75, 0.65, 0.95), np.float32)
    printed = mask > 0
    share = mask[printed].astype(np.float32)[:, None] / 255
    colours[printed] *= 1 - share * (1 - colour)


def _apply_ink(
    colours: Colours, ink: Gray, pen: Pen, rng: np.random.Generator, *, strength: float, digit_height: float
) -> None:
    """Colour the paper where there is ink, with gaps from rough and uneven pens."""
    top, bottom = _ink_rows(ink)
    part = ink[top:bottom].astype(np.float32) * np.float32(strength / 255)
    shape = part.shape
    if pen.rough:
        rough = grain(shape, rng, size=max(1.0, 0.02 * digit_height), strength=1)
        part *= np.clip(1 - pen.rough * np.abs(rough), 0, 1)
    part *= np.clip(1 - pen.uneven * np.abs(grain(shape, rng, size=0.5 * digit_height, strength=1)), 0.3, 1)
    colour = np.array(pen.colour, np.float32)
    region = colours[top:bottom]
    region += part[:, :, None] * (colour - region)


def _ink_rows(ink: Gray) -> tuple[int, int]:
    """The range of rows with ink."""
    rows = np.flatnonzero(ink.max(axis=1))
    return (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, 1)
