"""Clutter of documents: stamps, bar codes, logos, signatures, punched holes, and what else is no number."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from sutja.synth.documents.document import other_run, upright_quad
from sutja.synth.documents.hiding import uncovered_runs
from sutja.synth.documents.number_texts import random_digits
from sutja.synth.documents.scrawls import scrawl
from sutja.synth.documents.sheets import DocumentSheet

MAX_CLUTTER_SHARE = 0.35  # of the picture's width
PAINTED_CHANGE = 0.25  # of a colour, 0…1, where something covers the paper
INKED_CHANGE = 100  # of the ink, 0…255


def _place(sheet: DocumentSheet, width: float, height: float) -> tuple[float, float]:
    """A place for something of a width and height, mostly within the window."""
    left, top, right, bottom = sheet.window
    x, y = sheet.rng.uniform((left, top), (right, bottom)) - np.array((width, height)) / 2
    return float(x), float(y)


def stamp(sheet: DocumentSheet) -> None:
    """A stamp: a ring or a frame with words and a date or number in it, in the ink of the second pen."""
    rng, unit = sheet.rng, sheet.digit_height
    side = min(unit * float(rng.uniform(2.5, 7)), MAX_CLUTTER_SHARE * sheet.size[0])
    x, y = _place(sheet, side, side)
    layer = sheet.hand_layers[-1]
    middle = (round(x + side / 2), round(y + side / 2))
    thick = max(1, round(0.02 * side))
    turn = float(rng.normal(0, 12))
    if rng.random() < 0.5:
        for share in (1.0, 0.75)[: int(rng.integers(1, 3))]:
            cv2.circle(layer, middle, round(side / 2 * share), 200, thick, cv2.LINE_AA)
    else:
        corners = cv2.boxPoints((middle, (side, 0.6 * side), turn))
        cv2.polylines(layer, [np.round(corners).astype(np.int32)], True, 200, thick, cv2.LINE_AA)
    size = side * 0.13
    for line in range(int(rng.integers(1, 4))):
        text = sheet.phrase(2)[:12] if line != 1 else random_digits(rng, int(rng.integers(3, 8)))
        sheet.print_text(text, x + 0.15 * side, y + side * (0.4 + 0.18 * line), size, angle=float(np.radians(turn)))


def bar_code(sheet: DocumentSheet) -> None:
    """A bar code with its number printed below."""
    rng, unit = sheet.rng, sheet.digit_height
    width = min(unit * float(rng.uniform(3, 9)), MAX_CLUTTER_SHARE * sheet.size[0])
    height = width * float(rng.uniform(0.25, 0.5))
    x, y = _place(sheet, width, height)
    at, step = x, max(1.0, width / 95)
    while at < x + width:
        thick = step * float(rng.integers(1, 4))
        cv2.rectangle(sheet.print_layer, (round(at), round(y)), (round(at + thick), round(y + height)), 255, -1)
        at += thick + step * float(rng.integers(1, 4))
    sheet.runs.append(other_run(upright_quad(x, y, x + width, y + height), handwritten=False))
    if rng.random() < 0.7:
        sheet.print_text(random_digits(rng, int(rng.integers(8, 14))), x, y + height * 1.25, 0.16 * height + 2)


def square_code(sheet: DocumentSheet) -> None:
    """A code of small squares."""
    rng, unit = sheet.rng, sheet.digit_height
    side = min(unit * float(rng.uniform(2, 5)), MAX_CLUTTER_SHARE * sheet.size[0])
    x, y = (max(0, round(each)) for each in _place(sheet, side, side))
    count = int(rng.integers(21, 34))
    squares = (rng.random((count, count)) < 0.5).astype(np.uint8) * 255
    for row, column in ((0, 0), (0, count - 7), (count - 7, 0)):
        squares[row : row + 7, column : column + 7] = 255
        squares[row + 1 : row + 6, column + 1 : column + 6] = 0
        squares[row + 2 : row + 5, column + 2 : column + 5] = 255
    code = cv2.resize(squares, (max(8, round(side)),) * 2, interpolation=cv2.INTER_NEAREST)
    part = sheet.print_layer[y : y + len(code), x : x + len(code)]
    np.maximum(part, code[: part.shape[0], : part.shape[1]], out=part)


def logo(sheet: DocumentSheet) -> None:
    """A logo or a picture: some coloured shapes, perhaps with a name."""
    rng, unit = sheet.rng, sheet.digit_height
    side = min(unit * float(rng.uniform(1.5, 6)), MAX_CLUTTER_SHARE * sheet.size[0])
    x, y = _place(sheet, side, side)
    for _ in range(int(rng.integers(1, 6))):
        colour = tuple(rng.uniform(0, 1, 3).tolist())
        points = np.round(rng.uniform(0, 1, (int(rng.integers(3, 9)), 2)) * side + (x, y)).astype(np.int32)
        points[0] = np.clip(points[0], 0, np.subtract(sheet.size, 1))  # a part of each shape is on the sheet
        if rng.random() < 0.5:
            cv2.fillConvexPoly(sheet.colours, cv2.convexHull(points), colour, cv2.LINE_AA)
        else:
            axes = (max(1, round(side * rng.uniform(0.1, 0.5))), max(1, round(side * rng.uniform(0.1, 0.5))))
            filled = -1 if rng.random() < 0.5 else max(1, round(0.04 * side))
            cv2.ellipse(
                sheet.colours, points[0].tolist(), axes, float(rng.uniform(0, 180)), 0, 360, colour, filled, cv2.LINE_AA
            )
    if rng.random() < 0.5:
        sheet.print_text(sheet.word(), x, y + 1.3 * side, 0.25 * side)


def signature(sheet: DocumentSheet) -> None:
    """A signature: a long scrawl with a stroke below."""
    rng, unit = sheet.rng, sheet.digit_height
    height = unit * float(rng.uniform(0.8, 2))
    written = scrawl(rng, "x" * int(rng.integers(4, 12)), height, pen=sheet.pen_width)
    x, y = _place(sheet, written.width, height)
    sheet.put(written, x, y + height)
    if rng.random() < 0.5:
        sheet.rule_by_hand((x, y + 1.3 * height), (x + written.width, y + 1.2 * height))


def holes(sheet: DocumentSheet) -> None:
    """Punched holes or round stickers along an edge."""
    rng, unit = sheet.rng, sheet.digit_height
    radius = max(2, round(unit * float(rng.uniform(0.2, 0.8))))
    x = round(sheet.window[0] + radius * float(rng.uniform(0.5, 4)))
    step = radius * float(rng.uniform(4, 12))
    colour = tuple(rng.uniform(0, 0.9, 3).tolist())
    height = sheet.size[1]
    for y in np.arange(float(rng.uniform(0, min(step, height))), height, step):  # at least one is seen
        cv2.circle(sheet.colours, (x, round(y)), radius, colour, -1, cv2.LINE_AA)


def scribble_over(sheet: DocumentSheet) -> None:
    """Doodles: loops, spirals, hatching."""
    rng, unit = sheet.rng, sheet.digit_height
    side = unit * float(rng.uniform(1, 4))
    x, y = _place(sheet, side, side)
    sheet.mark((x, y, x + side, y + side), "wave")
    turns = np.linspace(0, float(rng.uniform(6, 40)), 60)
    spiral = (
        np.stack([np.cos(turns), np.sin(turns) * float(rng.uniform(0.2, 1))], axis=1) * (turns / turns[-1])[:, None]
    )
    spiral += np.outer(turns / turns[-1], rng.uniform(0, 2, 2))
    sheet.stroke(spiral * side / 2 + (x, y), (x, y, x + side, y + side))


# How often a document has each.
CLUTTER: dict[str, tuple[Callable[[DocumentSheet], None], float]] = {
    "stamp": (stamp, 0.05),
    "bar code": (bar_code, 0.03),
    "square code": (square_code, 0.02),
    "logo": (logo, 0.06),
    "signature": (signature, 0.05),
    "holes": (holes, 0.02),
    "scribble": (scribble_over, 0.03),
}


def add_clutter(sheet: DocumentSheet) -> None:
    """Add each kind of clutter as often as documents have it; numbers that it hides are none any more."""
    chosen = [draw for draw, probability in CLUTTER.values() if sheet.chance(probability)]
    if not chosen:
        return
    colours, ink, count = sheet.colours.copy(), sheet.ink, len(sheet.runs)
    for draw in chosen:
        draw(sheet)
    painted = np.abs(sheet.colours - colours).max(axis=2) > PAINTED_CHANGE
    covered = painted | (sheet.ink.astype(np.int16) - ink > INKED_CHANGE)
    sheet.runs[:count] = uncovered_runs(sheet.runs[:count], covered)
