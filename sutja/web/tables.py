"""The tables of a reading for the page, and `POST /api/tables`: corrected tables are checked and become files."""

from __future__ import annotations

import base64
import binascii
import itertools
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from sutja.errors import DataError
from sutja.reading.picture import decode_picture
from sutja.reading.quad import Axes, Quad
from sutja.reading.reader import Reader
from sutja.reading.result import ReadDigit, Reading, ReadLine, ReadNumber, ReadSign
from sutja.reading.tables.files import TABLE_FORMS
from sutja.reading.tables.page import PageTables, find_tables
from sutja.reading.tables.table import NumberTable, TableCell
from sutja.web.languages import AnswerLanguage, answer_language, in_language
from sutja.web.problems import ProblemError
from sutja.web.requests import JSON, first_error, require_type
from sutja.web.schemas import problem_responses
from sutja.web.table_schemas import (
    NumberRequest,
    PageRequest,
    SignRequest,
    TableRequest,
    TablesQuery,
    TablesRequest,
    TablesResponse,
    tables_body,
)
from sutja.web.uploads import BodyReceiver
from sutja.web.workers import ReaderPool

MAX_REQUEST_CELLS = 10_000_000  # rows × columns of all tables: in text, an empty cell takes a byte or more
MEDIA_TYPES = {
    "json": JSON,
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "md": "text/markdown",
}
PICTURE_SHAPE = (40_000, 40_000)  # no limit for the boxes of numbers
MIN_QUAD_PIXELS = 1.0


def tables_router(readers: ReaderPool, bodies: BodyReceiver) -> APIRouter:
    """The endpoint; its work is done in the processes of `readers`."""
    router = APIRouter(prefix="/api", tags=["tables"])
    binary = {"schema": {"type": "string"}}
    contents = {kind: binary for form, kind in MEDIA_TYPES.items() if form != "json"}

    @router.post(
        "/tables",
        summary="Check tables, or turn them into a file",
        response_model=TablesResponse,
        responses={200: {"content": contents}, **problem_responses(400, 403, 408, 413, 415, 422, 503, 504)},
        openapi_extra={"requestBody": tables_body()},
    )
    async def tables(request: Request, query: Annotated[TablesQuery, Query()]) -> Response:
        """Check the tables of pages as a person has corrected them, or turn them into a workbook or a text file.

        The headings and notes of a workbook or Markdown are in the language of `Accept-Language`, English or Korean. A
        request of more than ten million cells, rows × columns of all tables, is too large (413).
        """
        async with bodies.receive(request) as body:
            require_type(request, JSON)
            task = partial(convert_tables, body=body, query=query, language=answer_language(request.headers))
            result = await readers.run(task)
        kind = MEDIA_TYPES[query.form]
        return Response(result.content, media_type=f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)

    return router


def tables_json(tables: Sequence[NumberTable], numbers: Sequence[ReadNumber], language: AnswerLanguage) -> list[Any]:
    """The tables of a page for a response; cells name their numbers by the places of these in `numbers`."""
    places = {id(number): at for at, number in enumerate(numbers)}
    return [_table_json(table, places, language) for table in tables]


def _table_json(table: NumberTable, places: dict[int, int], language: AnswerLanguage) -> dict[str, Any]:
    return {
        "aligned": table.aligned,
        "rows": table.shape[0],
        "columns": table.shape[1],
        "cells": [
            {"row": cell.row, "column": cell.column, "numbers": [places[id(number)] for number in cell.numbers]}
            for cell in table.filled_cells
        ],
        "remarks": [
            {
                "kind": remark.kind,
                "row": remark.row,
                "column": remark.column,
                "text": in_language(remark.text, language),
                "suggestion": remark.suggestion,
            }
            for remark in table.remarks
        ],
    }


def convert_tables(_: Reader, *, body: bytes, query: TablesQuery, language: AnswerLanguage) -> Any:
    """The response of `POST /api/tables`; raises a `ProblemError`, 422, for an invalid request."""
    try:
        pages = TablesRequest.model_validate_json(body).pages
    except ValidationError as error:
        raise ProblemError(422, first_error(error)) from None
    if sum(_cell_count(table) for page in pages for table in page.tables) > MAX_REQUEST_CELLS:
        raise ProblemError(413, f"More than {MAX_REQUEST_CELLS:,} cells are too many.")
    numbers = [_page_numbers(page) for page in pages]
    found = [_page_tables(*each, arrange=query.arrange) for each in zip(pages, numbers, strict=True)]
    if query.form != "json":
        return TABLE_FORMS[f".{query.form}"](found, language)
    return {"pages": [tables_json(page.tables, each, language) for page, each in zip(found, numbers, strict=True)]}


def _cell_count(table: TableRequest) -> int:
    rows, columns = _shape(table)
    return rows * columns


def _shape(table: TableRequest) -> tuple[int, int]:
    return 1 + max(cell.row for cell in table.cells), 1 + max(cell.column for cell in table.cells)


def _page_numbers(page: PageRequest) -> list[ReadNumber]:
    """The numbers of a page in the order of its cells, with their values."""
    numbers = [_number(each) for table in page.tables for cell in table.cells for each in cell.numbers]
    return list(Reading((ReadLine(tuple(numbers)),)).with_values().numbers)


def _page_tables(page: PageRequest, numbers: Sequence[ReadNumber], *, arrange: bool) -> PageTables:
    if arrange:
        return PageTables(page.name, find_tables(Reading((ReadLine(tuple(numbers)),)), mend=False))
    left = iter(numbers)
    tables = tuple(_table(table, left) for table in page.tables)
    return PageTables(page.name, tables, dict(_pictures(page)))


def _table(table: TableRequest, numbers: Iterator[ReadNumber]) -> NumberTable:
    """A table, which takes its numbers from the front of `numbers`."""
    held: dict[tuple[int, int], tuple[ReadNumber, ...]] = {}
    for cell in table.cells:
        taken = tuple(itertools.islice(numbers, len(cell.numbers)))
        held[cell.row, cell.column] = held.get((cell.row, cell.column), ()) + taken
    cells = (TableCell(*place, found) for place, found in held.items())
    return NumberTable.of(cells, _shape(table), aligned=table.aligned)


def _pictures(page: PageRequest) -> Iterator[tuple[tuple[int, int, int], bytes]]:
    for at, table in enumerate(page.tables):
        for cell in table.cells:
            if cell.jpeg is not None:
                yield (at, cell.row, cell.column), _decode_jpeg(cell.jpeg)


def _decode_jpeg(text: str) -> bytes:
    """The bytes of a small JPEG file in base64; raises a `ProblemError`, 422, for anything else."""
    try:
        content = base64.b64decode(text, validate=True)
        if content.startswith(b"\xff\xd8") and decode_picture(content, "a cell's picture").size:
            return content
    except (binascii.Error, DataError):
        pass
    raise ProblemError(422, "The picture of a cell is no JPEG file in base64.")


def _number(number: NumberRequest) -> ReadNumber:
    sure = sum(each.sure for each in number.signs)
    share = number.confidence ** (1 / max(1, sure))
    signs = [_sign(each, share) for each in number.signs]
    return ReadNumber.at(_real_quad(number.quad), signs, shape=PICTURE_SHAPE, at_edge=number.at_edge)


def _real_quad(corners: list[list[float]]) -> Quad:
    """The corners as a quad; a rectangle of some size for points that lie on a line."""
    quad = np.array(corners, np.float32)
    axes = Axes.of(quad)
    if min(axes.length, axes.height) >= MIN_QUAD_PIXELS:
        return quad
    direction = axes.direction if float(np.hypot(*axes.direction)) > 0 else np.array((1.0, 0.0))
    length, height = (max(each, MIN_QUAD_PIXELS) for each in (axes.length, axes.height))
    return Axes(axes.centre, direction, length, height).quad


def _sign(sign: SignRequest, sure: float) -> ReadDigit | ReadSign:
    """A sign; `sure` is the confidence of a sure one."""
    box = (0, 0, 1, 1)
    if not sign.guess.isdecimal():
        return ReadSign(sign.guess if sign.sure else None, sign.guess, sure if sign.sure else 0.0, box)
    digit = int(sign.guess)
    if sign.sure:
        return ReadDigit(digit, digit, sure, box)
    probabilities = np.array(sign.probabilities or [0.0] * 10)
    return ReadDigit(None, digit, float(probabilities[digit]), box, probabilities=probabilities)
