"""The tables of a picture in responses, and corrected tables in requests."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from sutja.web.schema_types import Probabilities, StrictModel

MAX_PAGES, MAX_TABLES, MAX_CELLS = 200, 100, 5_000  # of a request, a page, a table
MAX_TABLE_ROWS, MAX_TABLE_COLUMNS = 2_000, 200
MAX_CELL_NUMBERS, MAX_SIGNS = 100, 60  # of a cell, a number
MAX_JPEG_CHARACTERS = 40_000
JPEG_FORMAT = "base64-jpeg"  # of strings in JSON Schema


def _as_int(value: Any) -> Any:
    """1.0 in JSON is the integer 1."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


SignText = Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", ".", ",", ":", "/", "+", "-", " ", "?"]
RowIndex = Annotated[int, Field(ge=0, lt=MAX_TABLE_ROWS), BeforeValidator(_as_int)]
ColumnIndex = Annotated[int, Field(ge=0, lt=MAX_TABLE_COLUMNS), BeforeValidator(_as_int)]
QuadCoordinate = Annotated[float, Field(ge=-20_000, le=40_000)]
QuadCorner = Annotated[list[QuadCoordinate], Field(min_length=2, max_length=2)]


class CellResponse(StrictModel):
    """A cell that holds numbers."""

    row: int = Field(ge=0)
    column: int = Field(ge=0)
    numbers: list[int] = Field(
        description="Their places, from 0, among all numbers of the picture or, of a request, of the page."
    )


class RemarkResponse(StrictModel):
    """What a person should look at."""

    kind: Literal["unsure", "form", "sum"] = Field(
        description="unsure: of a sign; form: other than that of the column; sum: of a column or row that is wrong."
    )
    row: int = Field(ge=0)
    column: int = Field(ge=0)
    text: str = Field(description="In the language of `Accept-Language`, English or Korean.")
    suggestion: str | None = Field(description="The signs that would mend a sum.")


class TableResponse(StrictModel):
    """Rows and columns, which cells hold which numbers, and what is to be checked."""

    aligned: bool = Field(description="false: lines of numbers that are no table.")
    rows: int = Field(ge=1)
    columns: int = Field(ge=1)
    cells: list[CellResponse]
    remarks: list[RemarkResponse]


class SignRequest(StrictModel):
    """A digit or another sign of a number."""

    guess: SignText = Field(description="? for a sign that is not known.")
    sure: bool = True
    probabilities: Probabilities | None = Field(None, description="Of the ten digits, if it is one and not sure.")


class NumberRequest(StrictModel):
    """A number of a page, as it was read or as a person has corrected it."""

    signs: list[SignRequest] = Field(min_length=1, max_length=MAX_SIGNS)
    confidence: float = Field(1.0, ge=0, le=1, description="As in the response, if it is as it was read.")
    quad: Annotated[list[QuadCorner], Field(min_length=4, max_length=4)] = Field(
        description="The corners top left, top right, bottom right, bottom left, as seen in reading direction."
    )
    at_edge: bool = Field(False, description="As in the response, if it is as it was read.")


class CellRequest(StrictModel):
    """A cell with its numbers from left to right, and the picture of it for a workbook."""

    row: RowIndex
    column: ColumnIndex
    numbers: list[NumberRequest] = Field(min_length=1, max_length=MAX_CELL_NUMBERS)
    jpeg: str | None = Field(
        None, max_length=MAX_JPEG_CHARACTERS, json_schema_extra={"format": JPEG_FORMAT}, description="In base64."
    )


class TableRequest(StrictModel):
    """The cells of a table that hold numbers; the last of them are in the last row and column."""

    aligned: bool = True
    cells: list[CellRequest] = Field(min_length=1, max_length=MAX_CELLS)


class PageRequest(StrictModel):
    """The tables of a page."""

    name: str = Field(max_length=200, description="Of its file.")
    tables: list[TableRequest] = Field(max_length=MAX_TABLES)


class TablesRequest(StrictModel):
    """Pages with their tables."""

    pages: list[PageRequest] = Field(min_length=1, max_length=MAX_PAGES)


class TablesResponse(StrictModel):
    """The tables of each page."""

    pages: list[list[TableResponse]]


class TablesQuery(BaseModel):
    """What is to become of the tables."""

    form: Literal["json", "xlsx", "csv", "tsv", "md"] = Field(
        "json", description="json: the tables with their remarks; else a file, as `sutja read --to` writes it."
    )
    arrange: bool = Field(False, description="Find the tables again from where the numbers are.")


def tables_body() -> dict[str, Any]:
    """The OpenAPI description of a request with tables, whose schemas stand in it."""
    schema = TablesRequest.model_json_schema()
    return {"required": True, "content": {"application/json": {"schema": _inlined(schema, schema["$defs"])}}}


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """A schema with each reference replaced by what it names; none names itself."""
    if isinstance(schema, list):
        return [_inlined(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if name := schema.get("$ref", "").rpartition("/")[2]:
        return {**_inlined(definitions[name], definitions), **{key: schema[key] for key in schema if key != "$ref"}}
    return {key: _inlined(value, definitions) for key, value in schema.items() if key != "$defs"}
