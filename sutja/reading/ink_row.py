"""The whole row of ink on a picture of one number, as a further find: the page network often finds a part of it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from sutja.reading.page_direction import upside_down
from sutja.reading.page_maps import FoundNumber
from sutja.reading.picture import Colour, as_gray
from sutja.reading.quad import Axes, upright_quad
from sutja.reading.single_digit import row_of_pieces

MAX_ROW_FINDS = 40  # on a picture with one number, in all looks at it


def with_row_of_ink(found: Sequence[FoundNumber], picture: Colour) -> list[FoundNumber]:
    """The finds, and one around all ink of a picture `uint8 (H, W, 3)` if that is a row of signs.

    It is as high as most of its pieces, reads in the direction of the surest find, and has its score.
    """
    if not 0 < len(found) <= MAX_ROW_FINDS:
        return list(found)
    surest = max(found, key=lambda each: each.score)
    across, down = Axes.of(surest.quad).direction
    boxes = row_of_pieces(as_gray(picture)) if abs(across) > abs(down) else []
    if not boxes:
        return list(found)
    left, right = min(x for x, _, _, _ in boxes), max(x + width for x, _, width, _ in boxes)
    top, bottom = (median(edges) for edges in ([y for _, y, _, _ in boxes], [y + high for _, y, _, high in boxes]))
    row = [FoundNumber(upright_quad(left, top, right, bottom), surest.score, median(each.hand for each in found))]
    return [*found, *(row if across > 0 else upside_down(row))]
