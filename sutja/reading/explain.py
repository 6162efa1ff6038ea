"""The way from a picture to its reading on one sheet, for people to look at."""

from __future__ import annotations

import cv2
import numpy as np

from sutja.models.ctc import LINE_HEIGHT, DecodedDigit
from sutja.reading.annotate import Tint, tint, write
from sutja.reading.cells import cells, digit_box
from sutja.reading.normalise import Gray
from sutja.reading.picture import Colour
from sutja.reading.reader import Steps
from sutja.reading.strip import Strip

SHEET = 1440  # pixels of the width of a sheet
GAP = 12  # pixels between its parts
LETTERS = 13  # pixels of the height of what is written
HEAD = 26  # rows of a caption
ENLARGED = 3  # pixels for a pixel of a strip
MOST_STRIPS = 60  # that are shown of a page
OUTLINE: Tint = (115, 158, 0)  # of lines: the green that is told from blue and vermilion
PAPER = 255


def explain(steps: Steps, min_confidence: float) -> Colour:
    """A sheet, BGR `uint8 (H, 1440, 3)`, with every step: picture, light evened, ink, lines, strips.

    Below each strip, which is what the network sees, stand the digits that it spotted there with their confidence in
    per cent, and `?` where that is less than `min_confidence`.
    """
    turned = f", turned by {90 * steps.sight.turned} degrees to the left" if steps.sight.turned else ""
    inverted = ", light on dark" if steps.sight.page.inverted else ""
    picture = np.rot90(steps.picture, steps.sight.turned)
    panels = [
        _panel(f"1  picture{turned}{inverted}", _coloured(np.ascontiguousarray(picture))),
        _panel("2  light evened, rules removed", _coloured(steps.sight.page.gray)),
        _panel("3  ink", _coloured(np.where(steps.sight.page.ink, 0, PAPER).astype(np.uint8))),
        _panel(f"4  lines: {len(steps.sight.strips)}", _with_lines(steps)),
    ]
    rows = [_beside(panels[:2]), _beside(panels[2:]), _caption("5  what the network sees, and its digits in per cent")]
    for number, (strip, spotted) in enumerate(zip(steps.sight.strips, steps.sight.spotted, strict=True), start=1):
        if number > MOST_STRIPS:
            rows.append(_caption(f"and {len(steps.sight.strips) - MOST_STRIPS} more lines"))
            break
        rows += _strip_rows(number, strip, spotted, min_confidence)
    return np.vstack(rows)


def _coloured(gray: Gray) -> Colour:
    return np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR), np.uint8)


def _caption(text: str, width: int = SHEET) -> Colour:
    head = np.full((HEAD, width, 3), PAPER, np.uint8)
    write(head, text, (GAP, HEAD - 7), LETTERS)
    return head


def _panel(caption: str, picture: Colour) -> Colour:
    """A picture fitted into half of the sheet, with its caption and a frame."""
    width = SHEET // 2
    room = width - 2 * GAP
    zoom = min(room / picture.shape[1], room / picture.shape[0])
    size = (max(1, round(zoom * picture.shape[1])), max(1, round(zoom * picture.shape[0])))
    fitted = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_NEAREST)
    body = np.full((size[1] + 2 * GAP, width, 3), PAPER, np.uint8)
    body[GAP : GAP + size[1], GAP : GAP + size[0]] = fitted
    cv2.rectangle(body, (GAP - 1, GAP - 1), (GAP + size[0], GAP + size[1]), (160, 160, 160))
    return np.vstack([_caption(caption, width), body])


def _beside(panels: list[Colour]) -> Colour:
    """Two panels side by side; the lower one is filled up with paper."""
    height = max(panel.shape[0] for panel in panels)
    sheet = np.full((height, SHEET, 3), PAPER, np.uint8)
    for index, panel in enumerate(panels):
        sheet[: panel.shape[0], index * SHEET // 2 : index * SHEET // 2 + panel.shape[1]] = panel
    return sheet


def _with_lines(steps: Steps) -> Colour:
    """The page with the outline of each line and the boxes of its digits."""
    page = _coloured(steps.sight.page.gray)
    thick = max(1, round(max(page.shape) / 700))
    for strip, spotted in zip(steps.sight.strips, steps.sight.spotted, strict=True):
        width = strip.ink.shape[1]
        corners = [strip.to_page(x, y) for x, y in ((0, 0), (width, 0), (width, LINE_HEIGHT), (0, LINE_HEIGHT))]
        cv2.polylines(page, [np.round(corners).astype(np.int32)], isClosed=True, color=OUTLINE, thickness=thick)
        for each, cell in zip(spotted, cells(strip, spotted), strict=True):
            left, top, right, bottom = digit_box(strip, cell)
            cv2.rectangle(page, (round(left), round(top)), (round(right), round(bottom)), tint(each.confidence), thick)
    return page


def _strip_rows(number: int, strip: Strip, spotted: tuple[DecodedDigit, ...], min_confidence: float) -> list[Colour]:
    """A strip, enlarged, in as many rows as it needs, and below each the digits that were spotted in it."""
    gray = np.round(PAPER * (1 - strip.ink)).astype(np.uint8)
    margin = 4 * GAP
    columns = (SHEET - margin - GAP) // ENLARGED
    rows = []
    for start in range(0, gray.shape[1], columns):
        part = _coloured(gray[:, start : start + columns])
        part = np.asarray(cv2.resize(part, None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_NEAREST), np.uint8)
        row = np.full((part.shape[0] + 3 * LETTERS + GAP, SHEET, 3), PAPER, np.uint8)
        row[: part.shape[0], margin : margin + part.shape[1]] = part
        cv2.rectangle(row, (margin - 1, 0), (margin + part.shape[1], part.shape[0]), (200, 200, 200))
        if start == 0:
            write(row, str(number), (GAP, LINE_HEIGHT * ENLARGED // 2), LETTERS)
        for each in spotted:
            middle = (each.start + each.stop) / 2
            if start <= middle < start + columns:
                at = margin + round((middle - start) * ENLARGED)
                sure = each.confidence >= min_confidence
                write(row, str(each.digit) if sure else "?", (at, part.shape[0] + 18), LETTERS, centred=True)
                percent = f"{100 * each.confidence:.0f}" if sure else f"{each.digit} {100 * each.confidence:.0f}"
                write(row, percent, (at, part.shape[0] + 34), 9, tint(each.confidence), centred=True)
        rows.append(row)
    return rows
