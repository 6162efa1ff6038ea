"""Blocks: which rows of a level page form a table, and which are lines of numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from sutja.reading.rows import group_rows
from sutja.reading.tables.columns import NumberColumn, align_rows, find_columns
from sutja.reading.tables.flattening import FlatNumbers

Rows = list[list[int]]

MIN_TABLE_ROWS, MIN_TABLE_COLUMNS, MIN_LIST_ROWS = 2, 2, 3  # a list is a table of one column
MIN_IN_PLACE_SHARE = 0.75  # of the numbers of a table, in its columns or alone in one
MIN_ALIGNED_SHARE = 0.7  # of them, in columns of several
MANY_NUMBERS = 30  # in a block; if at least MIN_ALIGNED_SHARE of them fit its columns, that is no chance
MIN_ALIGNED_SHARE = 0.6
# In the distance of two rows
LOOSE_GAP, WIDE_GAP = 1.6, 6.0  # between tables below each other whose columns differ, and in any case
UNEVEN_GAP = 2.4  # between tables, if no whole number of rows would fill it
MAX_OFFSET_SPREAD = 0.17  # of the offsets of one half of each row from the other, which a slope makes all alike
SAME_ROW_SHARE = 0.6  # within which there is a row of the other half beside one
OTHER_PITCH = 1.15  # between the distances of rows of two tables
MIN_RULED_SHARE = 0.5  # of the rows, below which there is a line
EMPTY_ROW_TOLERANCE, ROW_TOLERANCE = 0.2, 0.12  # of evenly spaced rows
MAX_EMPTY_ROWS = 4  # between two others
# In heights of a number
MIN_GUTTER = 2.0  # between tables side by side
MAX_LEVEL_OFFSET = 0.22  # of one half of a row from the other, in the mean
MAX_JUTTING = 0.5  # of a number out of its column
EDGE_TOLERANCE = 0.25  # of an edge of a longer one from those of the others
MAX_LIST_SPREAD, TIGHT_SPREAD = 0.5, 0.15  # of the edges of a list, and of a column that nothing else need show
MAX_HEIGHT_RATIO = 1.6  # of a number in a table
MAX_SECOND_GAP = 0.4  # between a number and a second one in its cell
MIN_JOINED_OVERLAP = 0.5  # of the narrower of two columns that are one
MAX_DOUBLE_SHARE = 0.15  # of the rows of a column, with two numbers in a cell; one may have them in any case
MIN_LIKELY_CELLS = 4  # fewest rows of a column that may have such a cell
MIN_SHARED_COLUMNS = 0.6  # of the columns of tables below each other that are one


@dataclass(frozen=True)
class Block:
    """Rows of numbers, by their indices: a table if it has `columns`, else lines.

    `places` are those of the rows where ruled lines tell how many are empty between them.
    """

    rows: Rows
    columns: tuple[NumberColumn, ...] = ()
    places: tuple[int, ...] = ()


def find_blocks(flat: FlatNumbers) -> list[Block]:
    """The tables and the other lines of a page, from top to bottom."""
    return blocks_from_top(flat, (block for part in find_parts(flat) for block in _blocks_of(flat, part)))


def blocks_from_top(flat: FlatNumbers, blocks: Iterable[Block]) -> list[Block]:
    """Blocks from top to bottom."""
    return sorted(blocks, key=lambda block: min(_place(flat, row) for row in block.rows))


def find_parts(flat: FlatNumbers) -> list[Rows]:
    """The rows of a page apart where tables lie side by side or below each other."""
    return _parts(flat, [list(row) for row in flat.rows])


def place_rows(flat: FlatNumbers, rows: Rows) -> list[int]:
    """The place of each row of a table, with empty rows between where evenly spaced rows leave room for them."""
    gaps = np.diff([_place(flat, row) for row in rows])
    steps = np.ones(len(gaps), np.int64)
    if len(gaps) > 2:
        near = gaps[gaps < 1.5 * np.sort(gaps)[len(gaps) // 3]]
        shares = gaps / near.mean()
        whole = np.round(shares)
        is_even = float(np.abs(near / near.mean() - 1).mean()) < ROW_TOLERANCE and 2 * len(near) > len(gaps)
        is_empty = is_even & (np.abs(shares - whole) < EMPTY_ROW_TOLERANCE) & (whole <= MAX_EMPTY_ROWS + 1)
        steps = np.where(is_empty, np.maximum(whole, 1), 1).astype(np.int64)
    return [0, *np.cumsum(steps).tolist()]


def _place(flat: FlatNumbers, row: Sequence[int]) -> float:
    """How far down a row is."""
    return float(flat.middle[list(row)].mean())


def _parts(flat: FlatNumbers, rows: Rows) -> list[Rows]:
    """The rows apart where tables lie side by side or below each other."""
    halves = next(_side_by_side(flat, rows), None) or next(_stacked(flat, rows), None)
    return [part for half in halves for part in _parts(flat, half)] if halves else [rows]


def _side_by_side(flat: FlatNumbers, rows: Rows) -> Iterator[tuple[Rows, Rows]]:
    """The rows to the left and to the right of a gutter, grouped again, where they are not the same rows."""
    numbers = np.array(sorted((number for row in rows for number in row), key=lambda each: flat.left[each]), np.intp)
    reach = np.maximum.accumulate(flat.right[numbers])
    for at in np.flatnonzero(flat.left[numbers[1:]] - reach[:-1] > MIN_GUTTER * flat.unit) + 1:
        left, right = (regrouped_rows(flat, half) for half in (numbers[:at], numbers[at:]))
        if _is_ruled_across(flat, float(reach[at - 1]), float(flat.left[numbers[at]]), len(rows)):
            continue
        if min(len(left), len(right)) >= MIN_TABLE_ROWS and not _are_level(flat, left, right):
            yield left, right


def _is_ruled_across(flat: FlatNumbers, left: float, right: float, rows: int) -> bool:
    """Whether lines lead across a gutter, about as many as there are rows: then it is no gutter between tables."""
    starts, stops = flat.ruling[:, :, 0].min(axis=1, initial=np.inf), flat.ruling[:, :, 0].max(axis=1, initial=-np.inf)
    return int(((starts < left) & (stops > right)).sum()) >= max(MIN_TABLE_ROWS, MIN_RULED_SHARE * rows)


def regrouped_rows(flat: FlatNumbers, numbers: NDArray[np.intp]) -> Rows:
    """The rows of some numbers, told by their places alone, not by the slopes of their writing."""
    edges = (flat.left, flat.top), (flat.right, flat.top), (flat.right, flat.bottom), (flat.left, flat.bottom)
    quads = np.stack([np.stack([x[numbers], y[numbers]], axis=1) for x, y in edges], axis=1)
    return [numbers[row].tolist() for row in group_rows(quads)]


def _are_level(flat: FlatNumbers, left: Rows, right: Rows) -> bool:
    """Whether the rows of two halves are the same ones; either half may lack some."""
    ours, theirs = (np.array([_place(flat, row) for row in half]) for half in (left, right))
    steps = ours[:, None] - theirs
    offsets = steps[np.arange(len(ours)), np.abs(steps).argmin(axis=1)]
    pitch = min(_usual(np.diff(ours)), _usual(np.diff(theirs)))
    beside = offsets[np.abs(offsets) < SAME_ROW_SHARE * pitch]
    if not len(beside) or float(np.abs(beside).mean()) < MAX_LEVEL_OFFSET * flat.unit:
        return True
    return float(np.abs(beside - median(beside)).mean()) < MAX_OFFSET_SPREAD * pitch


def _stacked(flat: FlatNumbers, rows: Rows) -> Iterator[tuple[Rows, Rows]]:
    """The rows above and below a gap, the widest first, where another table begins behind it."""
    gaps = np.diff([_place(flat, row) for row in rows])
    if len(gaps) < 2:
        return
    for at in np.argsort(-gaps).tolist():
        pitches = [max(_usual(each), flat.unit) for each in (gaps[:at], gaps[at + 1 :]) if len(each)]
        share = float(gaps[at]) / max(pitches)
        if share < LOOSE_GAP:
            continue
        above, below = rows[: at + 1], rows[at + 1 :]
        is_odd = share > UNEVEN_GAP and abs(share - round(share)) > EMPTY_ROW_TOLERANCE
        is_other = len(gaps) > 2 * MIN_LIST_ROWS and max(pitches) > OTHER_PITCH * min(pitches)
        if share > WIDE_GAP or is_odd or is_other or not _share_columns(flat, above, below):
            yield above, below


def _usual(gaps: NDArray[np.float64]) -> float:
    return float(np.sort(gaps)[len(gaps) // 2])


def _share_columns(flat: FlatNumbers, above: Rows, below: Rows) -> bool:
    """Whether nearly all numbers of the fewer rows are in columns of the others, and most columns are in both."""
    few = min(above, below, key=len)
    fewer = {number for row in few for number in row}
    united = find_columns(flat, above + below)
    shared = sum(bool(fewer.intersection(column.numbers) and set(column.numbers) - fewer) for column in united)
    fitting = sum(_fits(flat, united, place, fewer) for place in _places(united) if place[1] in fewer)
    return shared >= MIN_SHARED_COLUMNS * len(find_columns(flat, few)) and fitting >= MIN_IN_PLACE_SHARE * len(fewer)


def _blocks_of(flat: FlatNumbers, rows: Rows) -> list[Block]:
    """The table in these rows, and the lines above and below it that are no part of it; or all as lines."""
    first, last = 0, len(rows)
    while last - first > MIN_TABLE_ROWS:
        columns = cell_columns(flat, rows[first:last])
        if not _belongs(flat, columns, rows[first]):
            first += 1
        elif not _belongs(flat, columns, rows[last - 1]):
            last -= 1
        else:
            break
    if not is_table(flat, cell_columns(flat, rows[first:last]), rows[first:last]):
        return [Block(rows)]
    lines = [Block(part) for part in (rows[:first], rows[last:]) if part]
    aligned = _aligned(flat, rows[first:last])
    return [Block(aligned, tuple(cell_columns(flat, aligned))), *lines]


def _aligned(flat: FlatNumbers, rows: Rows) -> Rows:
    """The rows aligned by the order of their numbers in each column; a second number in a cell stays with the first."""
    columns = cell_columns(flat, rows)
    column_of = {number: at for at, column in enumerate(columns) for number in column.numbers}
    seconds: dict[int, list[int]] = {}
    for row in rows:
        first_of: dict[int, int] = {}
        for number in row:
            first = first_of.setdefault(column_of[number], number)
            if first != number:
                seconds.setdefault(first, []).append(number)
    left_out = {number for found in seconds.values() for number in found}
    firsts = [NumberColumn([each for each in column.numbers if each not in left_out]) for column in columns]
    aligned = align_rows(flat, firsts)
    whole = ([each for number in row for each in (number, *seconds.get(number, ()))] for row in aligned)
    return [sorted(row, key=lambda number: flat.left[number]) for row in whole]


def cell_columns(flat: FlatNumbers, rows: Rows) -> list[NumberColumn]:
    """The columns of rows, joined where they lie within each other: a few cells have two numbers, as one cut in two.

    A column of few numbers that touches another one is such second numbers, too.
    """
    row_of = {number: at for at, row in enumerate(rows) for number in row}
    columns = find_columns(flat, rows)
    if len(rows) < MIN_LIKELY_CELLS:
        return columns
    most = max(1, MAX_DOUBLE_SHARE * len(rows))
    while True:
        pairs = [at for at in range(len(columns) - 1) if _holds_second(flat, columns[at : at + 2], row_of, most)]
        if not pairs:
            return columns
        at = min(pairs, key=lambda each: columns[each + 1].left - columns[each].right)
        columns[at].numbers += columns.pop(at + 1).numbers
        columns[at].measure(flat)


def _holds_second(flat: FlatNumbers, pair: Sequence[NumberColumn], row_of: dict[int, int], most: float) -> bool:
    """Whether one of two columns is second numbers in cells of the other, of which there are `most` at most."""
    one, other = pair
    wide = min(one.right - one.left, other.right - other.left)
    shared = {row_of[number] for number in one.numbers} & {row_of[number] for number in other.numbers}
    if len(shared) > most:
        return False
    is_within = one.right - other.left > MIN_JOINED_OVERLAP * wide
    few = min(len(one.numbers), len(other.numbers))
    return is_within or (flat.has_parts and few <= most and other.left - one.right < MAX_SECOND_GAP * flat.unit)


def _belongs(flat: FlatNumbers, columns: Sequence[NumberColumn], row: Sequence[int]) -> bool:
    """Whether most numbers of an outer row are in columns of the other rows."""
    places = (place for place in _places(columns) if place[1] in row)
    fitting = sum(_fits(flat, columns, place) or _is_in_line(flat, columns, place) for place in places)
    return 2 * fitting >= len(row)


def _places(columns: Sequence[NumberColumn]) -> Iterator[tuple[int, int]]:
    """The column of each number, and the number."""
    return ((at, number) for at, column in enumerate(columns) for number in column.numbers)


def _fits(
    flat: FlatNumbers, columns: Sequence[NumberColumn], place: tuple[int, int], apart: Collection[int] = ()
) -> bool:
    """Whether a number is as high as others, within its column of others not `apart`, and clear of those beside it."""
    at, number = place
    others = [other for other in columns[at].numbers if other != number and other not in apart]
    if not others or flat.bottom[number] - flat.top[number] > MAX_HEIGHT_RATIO * flat.unit:
        return False
    room = MAX_JUTTING * flat.unit
    within = flat.left[others].min() - room < flat.left[number] and flat.right[number] < flat.right[others].max() + room
    return bool(within) and _is_clear(flat, columns, place)


def _is_clear(flat: FlatNumbers, columns: Sequence[NumberColumn], place: tuple[int, int]) -> bool:
    """Whether a number does not reach into the columns beside its own."""
    (at, number), room = place, MAX_JUTTING * flat.unit
    behind = at == 0 or flat.left[number] > columns[at - 1].right - room
    return bool(behind and (at + 1 == len(columns) or flat.right[number] < columns[at + 1].left + room))


def _is_in_line(flat: FlatNumbers, columns: Sequence[NumberColumn], place: tuple[int, int]) -> bool:
    """Whether a number, which may be longer than the others of its column, has an edge below those of most of them."""
    at, number = place
    others = [other for other in columns[at].numbers if other != number]
    if not others or not _is_clear(flat, columns, place):
        return False
    offsets = (abs(median(edge[others]) - edge[number]) for edge in (flat.left, flat.right))
    return bool(min(offsets) < EDGE_TOLERANCE * flat.unit)


def is_table(flat: FlatNumbers, columns: Sequence[NumberColumn], rows: Rows) -> bool:
    """Whether rows are a table: at least two of at least two columns, or a list, and nearly all numbers aligned."""
    numbers = sum(map(len, rows))
    tight = [len(column.numbers) >= MIN_LIST_ROWS and _spread(flat, column) < TIGHT_SPREAD for column in columns]
    fitting = sum(
        _fits(flat, columns, place) or (tight[place[0]] and _is_clear(flat, columns, place))
        for place in _places(columns)
    )
    if len(columns) < MIN_TABLE_COLUMNS:
        return len(rows) >= MIN_LIST_ROWS and _spread(flat, columns[0]) < MAX_LIST_SPREAD
    several = sum(len(row) > 1 for row in rows)
    alone = sum(len(column.numbers) == 1 for column in columns)
    is_aligned = fitting >= MIN_ALIGNED_SHARE * numbers and fitting + alone >= MIN_IN_PLACE_SHARE * numbers
    is_aligned |= numbers >= MANY_NUMBERS and fitting >= MIN_ALIGNED_SHARE * numbers
    return min(len(rows), several) >= MIN_TABLE_ROWS and is_aligned


def _spread(flat: FlatNumbers, column: NumberColumn) -> float:
    """How far the best aligned edges, or the middles, of a column are from each other, in heights of a number."""
    left, right = flat.left[column.numbers], flat.right[column.numbers]
    spreads = [float(np.abs(edge - np.sort(edge)[len(edge) // 2]).mean()) for edge in (left, right, (left + right) / 2)]
    return min(spreads) / flat.unit
