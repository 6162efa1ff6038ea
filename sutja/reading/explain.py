"""Draw the steps from a picture to its reading on one sheet."""

from __future__ import annotations

import cv2
import numpy as np

from sutja.models.ctc import LINE_HEIGHT, DecodedDigit
from sutja.reading.annotate import Bgr, confidence_colour, draw_text
from sutja.reading.cells import digit_box
from sutja.reading.normalise import Gray
from sutja.reading.numbers import decimal_text
from sutja.reading.picture import Colour
from sutja.reading.reader import ReadingSteps
from sutja.reading.result import Reading, ReadNumber
from sutja.reading.strip import Strip

SHEET_WIDTH_PIXELS = 1440
GAP_PIXELS = 12  # between the parts of a sheet
TEXT_PIXELS = 13  # height of a digit
CAPTION_ROWS = 26
STRIP_ZOOM = 3
STRIP_MARGIN_PIXELS = 4 * GAP_PIXELS  # left of a strip, for its number
MAX_STRIPS = 60  # drawn of a page
NUMBER_COLUMNS = 2  # of the table of numbers
MAX_NUMBERS = 120  # in this table
LINE_COLOUR: Bgr = (115, 158, 0)  # a green that differs from blue and vermilion for all colour vision
WHITE_LEVEL = 255


def explain(steps: ReadingSteps, min_confidence: float) -> Colour:
    """Draw every step on a sheet, BGR `uint8 (H, 1440, 3)`: picture, page, ink, lines, strips and numbers.

    Below each strip stand the digits that the network decoded there and their confidences in per cent, with `?` for
    those below `min_confidence`.
    """
    detection = steps.detection
    turned = f", turned by {90 * detection.quarter_turns} degrees to the left" if detection.quarter_turns else ""
    inverted = ", light on dark" if detection.page.inverted else ""
    picture = np.rot90(steps.picture, detection.quarter_turns)
    panels = [
        _panel(f"1  picture{turned}{inverted}", _coloured(np.ascontiguousarray(picture))),
        _panel("2  light evened, rules removed", _coloured(detection.page.gray)),
        _panel("3  ink", _coloured(np.where(detection.page.ink, 0, WHITE_LEVEL).astype(np.uint8))),
        _panel(f"4  lines: {len(detection.strips)}", _page_with_lines(steps)),
    ]
    rows = [
        _side_by_side(panels[:2]),
        _side_by_side(panels[2:]),
        _caption("5  what the network sees, and its digits in per cent"),
    ]
    for number, (strip, digits) in enumerate(zip(detection.strips, detection.digits, strict=True), start=1):
        if number > MAX_STRIPS:
            rows.append(_caption(f"and {len(detection.strips) - MAX_STRIPS} more lines"))
            break
        rows += _strip_rows(number, strip, digits, min_confidence)
    return np.vstack(rows + _number_rows(steps.reading))


def _number_rows(reading: Reading) -> list[Colour]:
    """The numbers of a reading, each with its line, its kind and its value, side by side."""
    entries = [
        (f"{place}:  {number.text}{_meaning(number)}", confidence_colour(number.confidence))
        for place, line in enumerate(reading.lines, start=1)
        for number in line.numbers
    ]
    rows = [_caption("6  numbers: line, signs, kind and value")]
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


def _coloured(gray: Gray) -> Colour:
    return np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR), np.uint8)


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


def _page_with_lines(steps: ReadingSteps) -> Colour:
    """The page with the outline of each line and the boxes of its digits."""
    detection = steps.detection
    page = _coloured(detection.page.gray)
    thickness = max(1, round(max(page.shape) / 700))
    for strip, digits, cells in zip(detection.strips, detection.digits, detection.cells, strict=True):
        width = strip.ink.shape[1]
        outline = [strip.to_page(x, y) for x, y in ((0, 0), (width, 0), (width, LINE_HEIGHT), (0, LINE_HEIGHT))]
        cv2.polylines(page, [np.round(outline).astype(np.int32)], isClosed=True, color=LINE_COLOUR, thickness=thickness)
        for digit, cell in zip(digits, cells, strict=True):
            left, top, right, bottom = map(round, digit_box(strip, cell))
            cv2.rectangle(page, (left, top), (right, bottom), confidence_colour(digit.confidence), thickness)
    return page


def _strip_rows(number: int, strip: Strip, digits: tuple[DecodedDigit, ...], min_confidence: float) -> list[Colour]:
    """A strip, enlarged and wrapped to the sheet's width, with the digits below it."""
    gray = np.round(WHITE_LEVEL * (1 - strip.ink)).astype(np.uint8)
    columns = (SHEET_WIDTH_PIXELS - STRIP_MARGIN_PIXELS - GAP_PIXELS) // STRIP_ZOOM
    rows = []
    for start in range(0, gray.shape[1], columns):
        row = _strip_row(gray[:, start : start + columns])
        if start == 0:
            draw_text(row, str(number), (GAP_PIXELS, LINE_HEIGHT * STRIP_ZOOM // 2), TEXT_PIXELS)
        for digit in digits:
            middle = (digit.start + digit.stop) / 2
            if start <= middle < start + columns:
                x = STRIP_MARGIN_PIXELS + round((middle - start) * STRIP_ZOOM)
                _draw_digit(row, digit, x, is_sure=digit.confidence >= min_confidence)
        rows.append(row)
    return rows


def _strip_row(gray: Gray) -> Colour:
    """A part of a strip, enlarged and framed, with room below it for two lines of text."""
    interpolation = cv2.INTER_NEAREST
    part = np.asarray(cv2.resize(_coloured(gray), None, fx=STRIP_ZOOM, fy=STRIP_ZOOM, interpolation=interpolation))
    height, width = part.shape[:2]
    row = np.full((height + 3 * TEXT_PIXELS + GAP_PIXELS, SHEET_WIDTH_PIXELS, 3), WHITE_LEVEL, np.uint8)
    row[:height, STRIP_MARGIN_PIXELS : STRIP_MARGIN_PIXELS + width] = part
    cv2.rectangle(row, (STRIP_MARGIN_PIXELS - 1, 0), (STRIP_MARGIN_PIXELS + width, height), (200, 200, 200))
    return row


def _draw_digit(row: Colour, digit: DecodedDigit, x: int, *, is_sure: bool) -> None:
    """Draw a digit and, below it, its confidence in per cent, centred at column `x` below the strip."""
    top = LINE_HEIGHT * STRIP_ZOOM
    percent = f"{100 * digit.confidence:.0f}"
    draw_text(row, str(digit.digit) if is_sure else "?", (x, top + 18), TEXT_PIXELS, centred=True)
    label, colour = percent if is_sure else f"{digit.digit} {percent}", confidence_colour(digit.confidence)
    draw_text(row, label, (x, top + 34), 9, colour, centred=True)
