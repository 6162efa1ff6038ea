"""Draw the steps from a picture to its reading on one sheet."""

from __future__ import annotations

import cv2
import numpy as np

from sutja.models.ctc import OTHER, STRIP_ROWS, DecodedSign
from sutja.reading.annotate import Bgr, confidence_colour, draw_text
from sutja.reading.numbers import decimal_text
from sutja.reading.picture import Colour
from sutja.reading.read_strip import ReadStrip
from sutja.reading.reader import ReadingSteps
from sutja.reading.result import Reading, ReadNumber

SHEET_WIDTH_PIXELS = 1440
PAPER_LEVEL, INK_CONTRAST = 191, 0.9  # of a strip that is drawn
GAP_PIXELS = 12  # between the parts of a sheet
TEXT_PIXELS = 13  # height of a digit
CAPTION_ROWS = 26
STRIP_ZOOM = 3
STRIP_MARGIN_PIXELS = 4 * GAP_PIXELS  # left of a strip, for its number
MAX_STRIPS = 60  # drawn of a page
NUMBER_COLUMNS = 2  # of the table of numbers
MAX_NUMBERS = 120  # in this table
HANDWRITTEN_COLOUR: Bgr = (115, 158, 0)  # a green that differs from blue and vermilion for all colour vision
PRINTED_COLOUR: Bgr = (178, 114, 0)
WHITE_LEVEL = 255
OTHER_LABEL = "#"  # for a sign that is no part of a number


def explain(steps: ReadingSteps, min_confidence: float) -> Colour:
    """Draw every step on a sheet, BGR `uint8 (H, 1440, 3)`: picture, numbers found, strips, signs and values.

    Below each strip stand the signs that the network decoded there and their confidences in per cent, with `?` for
    those below `min_confidence` and `#` for signs that are no part of a number.
    """
    panels = [
        _panel("1  picture", steps.picture),
        _panel(f"2  numbers found: {len(steps.strips)} (green: handwritten)", _picture_with_quads(steps)),
    ]
    rows = [_side_by_side(panels), _caption("3  what the network sees, and its signs in per cent")]
    for number, strip in enumerate(steps.strips[:MAX_STRIPS], start=1):
        rows += _strip_rows(number, strip, min_confidence)
    if len(steps.strips) > MAX_STRIPS:
        rows.append(_caption(f"and {len(steps.strips) - MAX_STRIPS} more numbers"))
    return np.vstack(rows + _number_rows(steps.reading))


def _number_rows(reading: Reading) -> list[Colour]:
    """The numbers of a reading, each with its line, its kind and its value, side by side."""
    entries = [
        (f"{place}:  {number.text}{_meaning(number)}", confidence_colour(number.confidence))
        for place, line in enumerate(reading.lines, start=1)
        for number in line.numbers
    ]
    rows = [_caption("4  numbers: line, signs, kind and value")]
    for start in range(0, min(len(entries), MAX_NUMBERS), NUMBER_COLUMNS):
        row = _caption("")
        for column, (text, colour) in enumerate(entries[start : start + NUMBER_COLUMNS]):
            x = GAP_PIXELS + column * SHEET_WIDTH_PIXELS // NUMBER_COLUMNS
            draw_text(row, text, (x, CAPTION_ROWS - 7), TEXT_PIXELS, colour)
        rows.append(row)
    if len(entries) > MAX_NUMBERS:
        rows.append(_caption(f"and {len(entries) - MAX_NUMBERS} more numbers"))
    return rows


def _meaning(number: ReadNumber) -> str:
    """The kind of a number, and its value where that is known."""
    return f"  {number.kind}" + ("" if number.value is None else f" {decimal_text(number.value)}")


def _caption(text: str, width: int = SHEET_WIDTH_PIXELS) -> Colour:
    caption = np.full((CAPTION_ROWS, width, 3), WHITE_LEVEL, np.uint8)
    draw_text(caption, text, (GAP_PIXELS, CAPTION_ROWS - 7), TEXT_PIXELS)
    return caption


def _panel(caption: str, picture: Colour) -> Colour:
    """A picture fitted into half of the sheet's width, with a caption and a frame."""
    width = SHEET_WIDTH_PIXELS // 2
    room = width - 2 * GAP_PIXELS
    zoom = min(room / picture.shape[1], room / picture.shape[0])
    columns, rows = max(1, round(zoom * picture.shape[1])), max(1, round(zoom * picture.shape[0]))
    interpolation = cv2.INTER_AREA if zoom < 1 else cv2.INTER_NEAREST
    body = np.full((rows + 2 * GAP_PIXELS, width, 3), WHITE_LEVEL, np.uint8)
    right, bottom = GAP_PIXELS + columns, GAP_PIXELS + rows
    body[GAP_PIXELS:bottom, GAP_PIXELS:right] = cv2.resize(picture, (columns, rows), interpolation=interpolation)
    cv2.rectangle(body, (GAP_PIXELS - 1, GAP_PIXELS - 1), (right, bottom), (160, 160, 160))
    return np.vstack([_caption(caption, width), body])


def _side_by_side(panels: list[Colour]) -> Colour:
    """Two panels side by side, the lower one padded with white."""
    height = max(panel.shape[0] for panel in panels)
    sheet = np.full((height, SHEET_WIDTH_PIXELS, 3), WHITE_LEVEL, np.uint8)
    for index, panel in enumerate(panels):
        left = index * SHEET_WIDTH_PIXELS // 2
        sheet[: panel.shape[0], left : left + panel.shape[1]] = panel
    return sheet


def _picture_with_quads(steps: ReadingSteps) -> Colour:
    """The picture with the outline of each number that was found."""
    picture = steps.picture.copy()
    thickness = max(1, round(max(picture.shape) / 500))
    for each in steps.strips:
        colour = HANDWRITTEN_COLOUR if each.found.handwritten else PRINTED_COLOUR
        corners = [np.round(each.found.quad).astype(np.int32)]
        cv2.polylines(picture, corners, isClosed=True, color=colour, thickness=thickness)
    return picture


def _strip_rows(number: int, strip: ReadStrip, min_confidence: float) -> list[Colour]:
    """A strip, enlarged and wrapped to the sheet's width, with the signs below it."""
    shown = _strip_picture(strip)
    columns = (SHEET_WIDTH_PIXELS - STRIP_MARGIN_PIXELS - GAP_PIXELS) // STRIP_ZOOM
    rows = []
    for start in range(0, shown.shape[1], columns):
        row = _strip_row(shown[:, start : start + columns])
        if start == 0:
            draw_text(row, str(number), (GAP_PIXELS, STRIP_ROWS * STRIP_ZOOM // 2), TEXT_PIXELS)
        for sign in strip.signs:
            middle = (sign.start + sign.stop) / 2
            if start <= middle < start + columns:
                x = STRIP_MARGIN_PIXELS + round((middle - start) * STRIP_ZOOM)
                _draw_sign(row, sign, x, is_sure=sign.confidence >= min_confidence)
        rows.append(row)
    return rows


def _strip_picture(strip: ReadStrip) -> Colour:
    """The evened pixels of a strip as a picture: paper is light grey."""
    levels = PAPER_LEVEL * (1 + INK_CONTRAST * strip.strip.pixels.transpose(1, 2, 0))
    return np.clip(np.round(levels), 0, WHITE_LEVEL).astype(np.uint8)


def _strip_row(shown: Colour) -> Colour:
    """A part of a strip, enlarged and framed, with room below it for two lines of text."""
    interpolation = cv2.INTER_NEAREST
    part = np.asarray(cv2.resize(shown, None, fx=STRIP_ZOOM, fy=STRIP_ZOOM, interpolation=interpolation))
    height, width = part.shape[:2]
    row = np.full((height + 3 * TEXT_PIXELS + GAP_PIXELS, SHEET_WIDTH_PIXELS, 3), WHITE_LEVEL, np.uint8)
    row[:height, STRIP_MARGIN_PIXELS : STRIP_MARGIN_PIXELS + width] = part
    cv2.rectangle(row, (STRIP_MARGIN_PIXELS - 1, 0), (STRIP_MARGIN_PIXELS + width, height), (200, 200, 200))
    return row


def _draw_sign(row: Colour, sign: DecodedSign, x: int, *, is_sure: bool) -> None:
    """Draw a sign and, below it, its confidence in per cent, centred at column `x` below the strip."""
    top = STRIP_ROWS * STRIP_ZOOM
    percent, name = f"{100 * sign.confidence:.0f}", OTHER_LABEL if sign.sign == OTHER else sign.sign
    draw_text(row, name if is_sure else "?", (x, top + 18), TEXT_PIXELS, centred=True)
    label, colour = percent if is_sure else f"{name} {percent}", confidence_colour(sign.confidence)
    draw_text(row, label, (x, top + 34), 9, colour, centred=True)
