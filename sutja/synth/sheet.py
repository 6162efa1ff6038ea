"""A sheet with handwritten numbers on it, seen straight from above in even light: paper, what is printed, and ink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.reading.normalise import Gray
from sutja.synth.handwriting import ROWS, Hand
from sutja.synth.lines import Writer, random_number
from sutja.synth.paper import grain

Colours = NDArray[np.float32]  # (height, width, 3), blue, green, red; 1 = the light of white paper

SMALLEST = 16.0  # pixels of a digit's height
TALL = 44  # rows of a digit that a hand of scale 1 writes
MARGIN = 0.13  # of the sheet that stays free at each edge
PAPERS = (  # blue, green, red
    (0.97, 0.98, 0.98),
    (0.95, 0.96, 0.96),
    (0.97, 0.98, 0.98),
    (0.83, 0.93, 0.96),  # cream
    (0.55, 0.90, 0.96),  # a yellow note
    (0.93, 0.90, 0.80),  # light blue
    (0.86, 0.82, 0.95),  # pink
    (0.78, 0.81, 0.83),  # recycled
)
BOARDS = ((0.10, 0.10, 0.10), (0.20, 0.24, 0.13), (0.24, 0.19, 0.16), (0.04, 0.03, 0.03))  # black, green, slate, screen


@dataclass(frozen=True)
class Pen:
    """What is written with: its colour, its width in heights of a digit, how rough and how uneven it is, 0 to 1."""

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
    """A sheet: its `colours`, and for each line of digits on it the text and the box (left, top, right, bottom)."""

    colours: Colours
    lines: tuple[tuple[str, tuple[int, int, int, int]], ...]
    digit_height: float


@dataclass(frozen=True)
class Contents:
    """What stands on a sheet at most: lines, digits a line; and how often: printed rules, signs, a dark board.

    `faintest` is the least strength of the ink, in [0, 1], `closest` the least distance of two digits in heights.
    """

    lines: int
    digits: int
    printed: float
    signs: float
    dark: float
    faintest: float
    closest: float


def write_sheet(
    writer: Writer,
    rng: np.random.Generator,
    size: tuple[int, int],
    contents: Contents,
    numbers: Sequence[str] | None = None,
) -> Sheet:
    """Write numbers, random ones unless some are given, on a sheet of `size`, width and height, in one hand."""
    width, height = size
    inner = (1 - 2 * MARGIN) * width, (1 - 2 * MARGIN) * height
    pitch = float(rng.uniform(1.7, 2.6))  # heights of a digit from line to line
    numbers = numbers or _numbers(rng, inner, pitch, contents)
    tallest = min(inner[0] / (1.25 * max(map(len, numbers)) + 1), inner[1] / (len(numbers) * pitch + 0.3), height / 4)
    tall = max(SMALLEST, tallest * float(rng.uniform(0.55, 1)))
    dark = rng.random() < contents.dark
    pen = CHALK if dark else PENS[list(PENS)[rng.integers(len(PENS))]]
    hand = Hand(rng, scale=tall / TALL, rows=round(2 * ROWS * tall / TALL), pen=float(rng.uniform(*pen.widths)))
    hand.gap = max(hand.gap, contents.closest)
    ink, lines = _write_lines(writer, hand, numbers, size, pitch * tall, contents)
    colours = _board(size, rng) if dark else _paper(size, rng)
    if not dark and rng.random() < contents.printed:
        _print_rules(colours, rng, lines, pitch * tall)
    _apply(colours, ink, pen, rng, strength=float(rng.uniform(contents.faintest, 1)), tall=tall)
    return Sheet(colours, tuple(lines), tall)


def _numbers(rng: np.random.Generator, inner: tuple[float, float], pitch: float, contents: Contents) -> list[str]:
    """Random numbers, as many and as long as there is room for."""
    most = min(contents.lines, max(1, int(inner[1] / (SMALLEST * pitch) - 0.3)))
    longest = min(contents.digits, max(1, int(inner[0] / (1.25 * SMALLEST) - 1)))
    count = int(rng.integers(1, most + 1))
    return [random_number(rng)[: int(rng.integers(1, longest + 1))] for _ in range(count)]


def _write_lines(
    writer: Writer,
    hand: Hand,
    numbers: Sequence[str],
    size: tuple[int, int],
    pitch: float,
    contents: Contents,
) -> tuple[Gray, list[tuple[str, tuple[int, int, int, int]]]]:
    """The ink of all lines, `uint8 (height, width)`, and their texts and boxes."""
    width, height = size
    rng = hand.rng
    ink = np.zeros((height, width), np.uint8)
    lines = []
    left = MARGIN * width
    first = MARGIN * height + pitch / 2
    first += float(rng.uniform(0, max(0.0, height * (1 - 2 * MARGIN) - pitch * len(numbers))))
    indent = float(rng.uniform(0, 0.3)) * width if max(map(len, numbers)) < 5 else 0.0
    for index, number in enumerate(numbers):
        x = round(left + indent + abs(float(rng.normal(0, 0.3))) * hand.height)
        room = round(width * (1 - MARGIN)) - x
        room = max(room, round(130 * hand.scale))
        line, text = writer.write(hand, number, widest=room, signs=rng.random() < contents.signs)
        y = round(first + index * pitch - hand.rows / 2 + float(rng.normal(0, 0.04)) * pitch)
        box = _put(ink, line, x, y)
        if text and box is not None:
            lines.append((text, box))
    return ink, lines


def _put(ink: Gray, line: Gray, x: int, y: int) -> tuple[int, int, int, int] | None:
    """Put a line's ink on the sheet with its left upper corner at x, y; returns the box of its ink, or `None`."""
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
    colours[:] = PAPERS[rng.integers(len(PAPERS))]
    fibres = grain(shape, rng, size=float(rng.uniform(1, 3)), strength=float(rng.uniform(0.004, 0.02)))
    fibres += grain(shape, rng, size=float(rng.uniform(20, 200)), strength=0.008)
    colours += fibres[:, :, None]
    return colours


def _board(size: tuple[int, int], rng: np.random.Generator) -> Colours:
    """A blackboard that was wiped more or less well."""
    shape = size[::-1]
    colours = np.empty((*shape, 3), np.float32)
    colours[:] = BOARDS[rng.integers(len(BOARDS))]
    wiped = grain(shape, rng, size=max(shape) / 8, strength=1) + grain(shape, rng, size=max(shape) / 40, strength=0.4)
    colours += (np.clip(wiped, 0, None) * float(rng.uniform(0, 0.05)))[:, :, None]
    colours += grain(shape, rng, size=1.5, strength=0.01)[:, :, None]
    return colours


def _print_rules(
    colours: Colours, rng: np.random.Generator, lines: list[tuple[str, tuple[int, int, int, int]]], pitch: float
) -> None:
    """Print what paper has: rules, squares, or a table around the lines."""
    height, width = colours.shape[:2]
    colour = np.array(((0.86, 0.72, 0.62), (0.75, 0.75, 0.75), (0.82, 0.80, 0.62))[rng.integers(3)], np.float32)
    kind = rng.choice(["ruled", "squared", "table"])
    thick = max(1, round(pitch * float(rng.uniform(0.01, 0.025))))
    mask = np.zeros((height, width), np.uint8)
    if kind == "table" and lines:
        colour *= 0.5
        bottoms = [box[3] for _, box in lines]
        edges = [bottoms[0] - pitch, *bottoms]
        for y in edges:
            cv2.line(
                mask,
                (round(0.06 * width), round(y + 0.2 * pitch)),
                (round(0.94 * width), round(y + 0.2 * pitch)),
                255,
                thick,
            )
        for x in (0.06, 0.94):
            cv2.line(
                mask,
                (round(x * width), round(edges[0] + 0.2 * pitch)),
                (round(x * width), round(edges[-1] + 0.2 * pitch)),
                255,
                thick,
            )
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
    rows = mask > 0
    share = mask[rows].astype(np.float32)[:, None] / 255
    colours[rows] *= 1 - share * (1 - colour)


def _apply(colours: Colours, ink: Gray, pen: Pen, rng: np.random.Generator, *, strength: float, tall: float) -> None:
    """Put ink on paper: where it is, the paper takes on the pen's colour; rough and uneven pens leave some out."""
    top, bottom = _extent(ink)
    part = ink[top:bottom].astype(np.float32) * np.float32(strength / 255)
    shape = part.shape
    if pen.rough:
        rough = grain(shape, rng, size=max(1.0, 0.02 * tall), strength=1)
        part *= np.clip(1 - pen.rough * np.abs(rough), 0, 1)
    part *= np.clip(1 - pen.uneven * np.abs(grain(shape, rng, size=0.5 * tall, strength=1)), 0.3, 1)
    colour = np.array(pen.colour, np.float32)
    region = colours[top:bottom]
    region += part[:, :, None] * (colour - region)


def _extent(ink: Gray) -> tuple[int, int]:
    """From which to which row there is ink."""
    rows = np.flatnonzero(ink.max(axis=1))
    return (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, 1)
