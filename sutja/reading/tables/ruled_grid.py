"""The grid that ruled lines make: which numbers of a table share a row or a column between two lines.

Lines only decide where they agree with most of what the alignment of the numbers says; otherwise nothing changes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sutja.reading.tables.blocks import Block, cell_columns
from sutja.reading.tables.columns import NumberColumn
from sutja.reading.tables.flattening import FlatNumbers

Groups = list[list[int]]

MIN_LINES = 2
MIN_GRID_COLUMNS = 3  # between lines that alone tell the columns,
MAX_DOUBLE_CELLS_SHARE = 0.06  # of their cells, with more than one number
MIN_RULED_ROWS = 3  # between lines that alone tell the rows
MIN_LINE_SHARE = 0.5  # of the width or height of a table, along which a line leads
MIN_LINE_DISTANCE = 0.5  # in heights of a number, between two lines
MAX_CROSSED_NUMBERS_SHARE = 0.1  # of the numbers, through the middle of which a line leads
MIDDLE_SHARE = 0.5  # of a number
MAX_MOVED_SHARE = 0.2  # of the numbers, which alignment has in another row or column
MAX_SHARED_SHARE = 0.2  # of the rows, in which parts of one column both have a number
MAX_SLOPE_STEP = 0.04  # of a line against most
MAX_UNEVENNESS = 0.3  # of the distances of lines
MIN_EVEN_LINES, MAX_ODD_DIFFERENCE = 6, 0.15  # of lines that show which one is odd; from a usual distance around it
MIN_LIKELY_ROWS = 4  # of a column, so that chance does not tell


@dataclass(frozen=True)
class _Lines:
    """Lines `(N, 2, 2)` along the first axis, sorted along the second."""

    ends: NDArray[np.float64]

    def across(self, along: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where each line is across, `(len(along), N)`, at places along it."""
        (x0, y0), (x1, y1) = self.ends[:, 0].T, self.ends[:, 1].T
        return np.asarray(y0 + (along[:, None] - x0) * (y1 - y0) / (x1 - x0))


@dataclass(frozen=True)
class _Bands:
    """Of each number, how many lines are above it; and the distance of each two lines, and the usual one.

    `within` are the numbers between the lines, or no more than a usual distance beyond the outer ones.
    """

    of: dict[int, int]
    distances: NDArray[np.float64]
    usual: float
    within: frozenset[int]

    def narrow(self) -> set[int]:
        """The bands that are no wider than most: there are lines on both sides, and none between is missing."""
        return set((1 + np.flatnonzero(self.distances < (1 + MAX_UNEVENNESS) * self.usual)).tolist())


def ruled_block(flat: FlatNumbers) -> Block | None:
    """The rows of numbers between evenly spaced lines, which need not be aligned; `None` if there are no such lines.

    Numbers far above the first line or below the last one are not among them.
    """
    numbers = _numbers(flat.rows)
    if not (len(numbers) and len(flat.ruling)):
        return None
    bands = _bands(flat, numbers, flat.ruling)
    if bands is None or len(bands.distances) < MIN_RULED_ROWS or not _are_even(bands.distances):
        return None
    rows: defaultdict[int, list[int]] = defaultdict(list)
    for number in sorted(bands.within, key=lambda number: flat.left[number]):
        rows[bands.of[number]].append(number)
    if len(rows) < MIN_RULED_ROWS:
        return None
    ruled = [row for _, row in sorted(rows.items())]
    return Block(ruled, tuple(cell_columns(flat, ruled)), tuple(band - min(rows) for band in sorted(rows)))


def with_ruled_rows(flat: FlatNumbers, block: Block) -> Block:
    """A table with its numbers in the rows that ruled lines of the picture make, where these agree with alignment."""
    if not (block.columns and len(flat.ruling)):
        return block
    across = _bands(flat, _numbers(block.rows), flat.ruling)
    if across is None or not _agrees(across.of, block.rows):
        return block
    rows = _ruled_rows(flat, across, block.rows)
    return Block(rows, tuple(cell_columns(flat, rows)), _places(across, rows))


def with_ruled_columns(flat: FlatNumbers, block: Block) -> Block:
    """A table with its numbers in the columns that ruled lines of the picture make, where they do."""
    if not (block.columns and len(flat.ruling)):
        return block
    turned = replace(flat, left=flat.top, right=flat.bottom, top=flat.left, bottom=flat.right)
    down = _bands(turned, _numbers(block.rows), flat.ruling[:, :, ::-1])
    if down is None:
        return block
    if _is_grid(down, block.rows):
        return replace(block, columns=_grid_columns(flat, down.of))
    if _agrees(down.of, [column.numbers for column in block.columns]):
        return replace(block, columns=_ruled_columns(flat, down.of, block))
    return block


def _numbers(rows: Sequence[Sequence[int]]) -> NDArray[np.intp]:
    """All numbers of some rows, in ascending order."""
    return np.array(sorted(number for row in rows for number in row), np.intp)


def _bands(flat: FlatNumbers, numbers: NDArray[np.intp], lines: NDArray[np.float64]) -> _Bands | None:
    """The bands between lines; `None` if lines are few or lead through numbers."""
    left, right = float(flat.left[numbers].min()), float(flat.right[numbers].max())
    ends = np.where((lines[:, :1, :1] > lines[:, 1:, :1]), lines[:, ::-1], lines)
    length = np.minimum(ends[:, 1, 0], right) - np.maximum(ends[:, 0, 0], left)
    steep = np.abs(ends[:, 1, 1] - ends[:, 0, 1]) > 0.5 * (ends[:, 1, 0] - ends[:, 0, 0])
    ends = _parallel(ends[(length > MIN_LINE_SHARE * (right - left)) & ~steep])
    if len(ends) < MIN_LINES:
        return None
    middle = np.array([(left + right) / 2])
    order = np.argsort(_Lines(ends).across(middle)[0])
    places = _Lines(ends[order]).across(middle)[0]
    apart = _without_odd_lines(places, np.diff(places, prepend=-np.inf) > MIN_LINE_DISTANCE * flat.unit)
    heights = _Lines(ends[order][apart]).across((flat.left[numbers] + flat.right[numbers]) / 2)
    centres, room = flat.middle[numbers], MIDDLE_SHARE / 2 * (flat.bottom[numbers] - flat.top[numbers])
    crossed = (np.abs(heights - centres[:, None]) < room[:, None]).any(axis=1)
    if crossed.mean() > MAX_CROSSED_NUMBERS_SHARE:
        return None
    distances = np.diff(places[apart])
    usual = _usual(distances) if len(distances) else np.inf
    beyond = np.maximum(heights[:, 0] - centres, centres - heights[:, -1])
    bands = (heights < centres[:, None]).sum(axis=1).tolist()
    within = frozenset(numbers[beyond < usual].tolist())
    return _Bands(dict(zip(numbers.tolist(), bands, strict=True)), distances, usual, within)


def _parallel(ends: NDArray[np.float64]) -> NDArray[np.float64]:
    """The lines that run as most do: not the edges of a desk or of a shadow."""
    slopes = (ends[:, 1, 1] - ends[:, 0, 1]) / np.maximum(ends[:, 1, 0] - ends[:, 0, 0], 1e-9)
    return ends[np.abs(slopes - np.sort(slopes)[len(slopes) // 2]) < MAX_SLOPE_STEP] if len(ends) else ends


def _without_odd_lines(places: NDArray[np.float64], kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which lines are `kept`, without those between two others a usual distance apart, if all are even then.

    They are folds of the paper and edges of shadows.
    """
    lines = np.flatnonzero(kept)
    if len(lines) < MIN_EVEN_LINES:
        return kept
    usual = _usual(np.diff(places[lines]))
    around = places[lines[2:]] - places[lines[:-2]]
    even = kept.copy()
    even[lines[1:-1][np.abs(around - usual) < MAX_ODD_DIFFERENCE * usual]] = False
    return even if _are_even(np.diff(places[even])) else kept


def _agrees(bands: dict[int, int], groups: Sequence[Sequence[int]]) -> bool:
    """Whether most numbers of each group are between the same lines, and few between those of a larger group."""
    largest: Counter[int] = Counter()
    moved = 0
    for group in groups:
        ((band, count),) = Counter(bands[number] for number in group).most_common(1)
        moved += len(group) - count
        largest[band] = max(largest[band], count)
    shared = len(bands) - moved - largest.total()
    return max(moved, shared) <= MAX_MOVED_SHARE * len(bands)


def _ruled_rows(flat: FlatNumbers, across: _Bands, rows: Groups) -> Groups:
    """The numbers between two lines as a row, unless a whole row more stands there, of which the line is not seen.

    There is room for one more only where the lines are farther apart than most.
    """
    bands, narrow = across.of, across.narrow()
    usual = [Counter(bands[number] for number in row).most_common(1)[0][0] for row in rows]
    ruled: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        for number in row:
            band = bands[number]
            owners = [other for other, own in enumerate(usual) if own == band]
            owner = at if usual[at] == band or not owners else min(owners, key=lambda other: abs(other - at))
            ruled[band, owner if owners and band not in narrow else -1].append(number)
    return [sorted(row, key=lambda number: flat.left[number]) for _, row in sorted(ruled.items())]


def _places(bands: _Bands, rows: Groups) -> tuple[int, ...]:
    """The places of rows by the lines between them; none if lines are not evenly spaced, as if one was not seen."""
    places = [bands.of[row[0]] for row in rows]
    inner = bands.distances[places[0] : places[-1] - 1]
    if len(set(places)) < len(places) or not len(inner):
        return ()
    return tuple(place - places[0] for place in places) if _are_even(inner) else ()


def _are_even(distances: NDArray[np.float64]) -> bool:
    """Whether lines are all about as far apart as most: none between them is missing."""
    return bool((np.abs(distances / _usual(distances) - 1) < MAX_UNEVENNESS).all())


def _usual(distances: NDArray[np.float64]) -> float:
    """The median of distances, at least one; of two in the middle the larger."""
    return float(np.sort(distances)[len(distances) // 2])


def _is_grid(down: _Bands, rows: Groups) -> bool:
    """Whether lines down the page part the numbers of all rows, but for few cells with two."""
    if len(down.distances) < MIN_GRID_COLUMNS or len(down.within) < len(down.of):
        return False
    cells = Counter((at, down.of[number]) for at, row in enumerate(rows) for number in row)
    return sum(count > 1 for count in cells.values()) <= MAX_DOUBLE_CELLS_SHARE * len(cells)


def _grid_columns(flat: FlatNumbers, bands: dict[int, int]) -> tuple[NumberColumn, ...]:
    """The numbers between each two lines."""
    columns = [NumberColumn([each for each in bands if bands[each] == band]) for band in sorted(set(bands.values()))]
    for column in columns:
        column.measure(flat)
    return tuple(columns)


def _ruled_columns(flat: FlatNumbers, bands: dict[int, int], block: Block) -> tuple[NumberColumn, ...]:
    """The columns cut where a line leads, and joined between two lines unless they are side by side in many rows."""
    row_of = {number: at for at, row in enumerate(block.rows) for number in row}
    parts: defaultdict[int, list[NumberColumn]] = defaultdict(list)
    for column in block.columns:
        for band in sorted({bands[number] for number in column.numbers}):
            own = [number for number in column.numbers if bands[number] == band]
            joined = next((part for part in parts[band] if _are_one_column(part.numbers, own, row_of)), None)
            if joined:
                joined.numbers = joined.numbers + own
            else:
                parts[band].append(NumberColumn(own))
    columns = [part for _, found in sorted(parts.items()) for part in found]
    for column in columns:
        column.measure(flat)
    return tuple(columns)


def _are_one_column(first: Sequence[int], second: Sequence[int], row_of: dict[int, int]) -> bool:
    rows, others = ({row_of[number] for number in part} for part in (first, second))
    longer = max(len(rows), len(others))
    return longer >= MIN_LIKELY_ROWS and len(rows & others) <= MAX_SHARED_SHARE * longer
