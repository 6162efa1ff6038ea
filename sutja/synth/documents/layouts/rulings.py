"""Rulings and frames: the lines of paper and of forms."""

from __future__ import annotations

import numpy as np

from sutja.synth.documents.sheets import DocumentSheet, Region

Segment = tuple[tuple[float, float], tuple[float, float]]
PLAIN_SHARE, RULED_SHARE, SQUARED_SHARE = 0.4, 0.25, 0.28  # of papers; the others have dots
THINNEST_RULE_PIXELS = 0.6


def draw_frame(sheet: DocumentSheet, box: Region, thick: float) -> None:
    """Draw the four sides of a box, `thick` pixels thick."""
    left, top, right, bottom = box
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    for start, stop in zip(corners, [*corners[1:], corners[0]], strict=True):
        sheet.rule(start, stop, thick)


def long_sides(box: Region, beyond: float) -> list[Segment]:
    """The four sides of a box, longer by `beyond` at both ends."""
    left, top, right, bottom = box
    return [
        ((left - beyond, top), (right + beyond, top)),
        ((left - beyond, bottom), (right + beyond, bottom)),
        ((left, top - beyond), (left, bottom + beyond)),
        ((right, top - beyond), (right, bottom + beyond)),
    ]


def draw_ruling(sheet: DocumentSheet, pitch: float) -> None:
    """Draw rules `pitch` pixels apart, squares or dots, as paper has them, or nothing."""
    kind = sheet.rng.random()
    if kind < PLAIN_SHARE:
        return
    ruled = kind < PLAIN_SHARE + RULED_SHARE
    dotted = kind > PLAIN_SHARE + RULED_SHARE + SQUARED_SHARE
    spacing = pitch if ruled else sheet.heights(0.35, 1.3)
    thick = max(THINNEST_RULE_PIXELS, sheet.heights(0.015, 0.05))
    width, height = sheet.size
    for y in np.arange(sheet.between(0, spacing), height, spacing):
        sheet.rule((0, y), (width, y), thick, dots=spacing if dotted else 0.0)
    if not ruled and not dotted:
        for x in np.arange(sheet.between(0, spacing), width, spacing):
            sheet.rule((x, 0), (x, height), thick)
