"""Pictures of cells, cut level out of the picture of a page."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.reading.tables.table import TableCell

Pixels = NDArray[np.uint8]

CELL_PICTURE_ROWS, MAX_CELL_PICTURE_COLUMNS = 44, 320  # pixels
CELL_MARGIN = 0.45  # of the height of the numbers, on each side
CELL_QUALITY_PERCENT = 85


def cell_picture(picture: Pixels, cell: TableCell) -> bytes:
    """The numbers of a cell and some paper around them, level, as a JPEG file of `CELL_PICTURE_ROWS`.

    `picture` is that of the page, grey or blue, green, red; `cell` holds numbers.
    """
    first, last = (np.array(cell.numbers[at].quad, np.float64) for at in (0, -1))
    corners = np.array([first[0], last[1], last[2], first[3]])
    along, down = _mean_step(corners, (1, 2), (0, 3)), _mean_step(corners, (3, 2), (0, 1))
    length, height = (max(1.0, float(np.hypot(*step))) for step in (along, down))
    rows = CELL_PICTURE_ROWS
    wide = rows * (length / height + 2 * CELL_MARGIN) / (1 + 2 * CELL_MARGIN)
    columns = min(MAX_CELL_PICTURE_COLUMNS, max(1, round(wide)))
    right, low = CELL_MARGIN * height / length * along, CELL_MARGIN * down
    wider = corners + np.array([-right - low, right - low, right + low, low - right])
    target = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)], np.float32)
    matrix = cv2.getPerspectiveTransform(wider.astype(np.float32), target)
    level = cv2.warpPerspective(picture, matrix, (columns, rows), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    return bytes(cv2.imencode(".jpg", level, [cv2.IMWRITE_JPEG_QUALITY, CELL_QUALITY_PERCENT])[1])


def _mean_step(corners: NDArray[np.float64], ends: tuple[int, int], starts: tuple[int, int]) -> NDArray[np.float64]:
    return np.asarray((corners[list(ends)] - corners[list(starts)]).mean(axis=0))
