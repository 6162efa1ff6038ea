"""The requests and responses of the API, for its OpenAPI description, to which the tests hold the server."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from sutja.data.pictures.limits import MAX_FILE_PAGES
from sutja.reading.numbers import DecimalSign, NumberKind
from sutja.web.problems import MEDIA_TYPE, ProblemDetails
from sutja.web.schema_types import Probabilities, Probability, StrictModel
from sutja.web.table_schemas import TableResponse

IMAGE_BASE64_LENGTH = 1048  # characters for 28 × 28 bytes
IMAGE_BASE64_PATTERN = "^[A-Za-z0-9+/]{1045}[AQgw]==$"

DigitClass = Annotated[int, Field(ge=0, le=9)]
Box = Annotated[list[int], Field(min_length=4, max_length=4, description="Left, top, width, height in pixels.")]
CornerPosition = Annotated[list[float], Field(min_length=2, max_length=2, description="x and y in pixels.")]
EncodedImage = Annotated[
    str,
    Field(
        pattern=IMAGE_BASE64_PATTERN,
        min_length=IMAGE_BASE64_LENGTH,
        max_length=IMAGE_BASE64_LENGTH,
        description="28 × 28 bytes, row by row, 0 = paper, 255 = ink, in base64.",
    ),
]


class ReadQuery(BaseModel):
    """How a picture is to be read."""

    detail: bool = Field(False, description="Return each digit's input to the network and its ten probabilities.")
    upright: bool = Field(False, description="The picture is upright: do not try quarter turns.")
    printed: bool = Field(False, description="Read printed numbers, too.")
    single: bool = Field(False, description="The picture shows one digit, of any size.")
    decimal: Literal["auto", DecimalSign] = Field(
        "auto", description="The decimal sign; auto: that of most numbers of the picture that tell it themselves."
    )
    page: int = Field(1, ge=1, le=MAX_FILE_PAGES, description="Of a PDF, TIFF or HEIF file.")
    picture: bool = Field(False, description="Return the picture, too, with at most 2,400 pixels per side.")


class DigitResponse(StrictModel):
    """A digit in a picture."""

    digit: DigitClass | None = Field(description="The digit; null if the reader is not sure.")
    guess: DigitClass = Field(description="The most probable digit, even if the reader is not sure.")
    confidence: Probability
    box: Box
    image: EncodedImage | None = Field(None, description="The input of the network, with detail=true.")
    probabilities: Probabilities | None = Field(
        None, description="Of the ten digits, with detail=true; the rest is the probability of no digit."
    )


class NumberResponse(StrictModel):
    """A number, with every sign where it was written."""

    text: str = Field(description="The signs, as in -1,500.75; ? stands for one of which the reader is not sure.")
    guess: str = Field(description="The most probable signs, even if the reader is not sure.")
    kind: NumberKind = Field(description="other: none of these, or it cannot be told which sign is the decimal one.")
    value: Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$")] | None = Field(
        description="In digits, with a decimal point; null if it cannot be told, and for dates and times."
    )
    confidence: Probability
    handwritten: bool = Field(description="false: printed.")
    at_edge: bool = Field(description="true: it touches the edge of the picture, and may go on beyond it.")
    box: Box
    quad: Annotated[list[CornerPosition], Field(min_length=4, max_length=4)] = Field(
        description="The corners top left, top right, bottom right, bottom left, as seen in reading direction."
    )
    digits: list[DigitResponse] = Field(description="Those of the number, without its other signs.")


class LineResponse(StrictModel):
    """A line of numbers, from left to right."""

    text: str = Field(description="The numbers, with a space between two.")
    confidence: Probability
    numbers: list[NumberResponse]


class ReadingResponse(StrictModel):
    """The numbers in a picture."""

    file: str = Field(description="The name of the uploaded file; empty if it has none.")
    text: str = Field(description="The lines, separated by newlines; empty if there are no numbers.")
    confidence: Probability
    lines: list[LineResponse]
    tables: list[TableResponse] = Field(
        description="From top to bottom; every number is in a cell. Lines that are no table are not `aligned`."
    )
    width: int = Field(ge=1, description="Of the picture after its EXIF orientation is applied, as for the boxes.")
    height: int = Field(ge=1)
    pages: int = Field(ge=1, description="Of the file.")
    picture: str | None = Field(None, description="A JPEG file in base64, with picture=true.")


class SaliencyResponse(StrictModel):
    """The probabilities of a digit and its saliency map."""

    probabilities: Probabilities
    saliency: EncodedImage = Field(
        description="28 × 28 signed bytes, row by row, in base64: positive where occlusion lowers the probability of "
        "the digit (127 at most), negative where it raises it."
    )


class SaliencyRequest(StrictModel):
    """A digit, as in a response with `detail=true`."""

    image: EncodedImage


class StoredResponse(StrictModel):
    """The number of corrections after some were stored."""

    stored: int = Field(ge=0, description="Stored by this request.")
    total: int = Field(ge=0, description="Stored in all.")


class CorrectionsResponse(StrictModel):
    """The stored corrections."""

    total: int = Field(ge=0)
    folder: str = Field(description="On the computer that runs the server.")


class ModelResponse(StrictModel):
    """A published model, or one in use."""

    name: str
    title: str
    reads: Literal["digits", "lines", "pages"]
    parameters: int | None
    accuracy: Probability | None = Field(description="On the test digits of MNIST, or on synthetic lines of them.")
    used: bool
    version: str = Field(description="Of sutja.")


class HealthResponse(StrictModel):
    """The server answers."""

    status: Literal["ok"]


class CorrectionRequest(StrictModel):
    """A digit with its correct label."""

    image: EncodedImage
    label: DigitClass = Field(description="The correct digit.")
    guess: DigitClass | None = Field(None, description="The digit that was read.")
    confidence: Probability | None = None
    box: Annotated[list[Annotated[int, Field(ge=0, le=20_000)]], Field(min_length=4, max_length=4)] | None = None


PROBLEM_DESCRIPTIONS = {
    400: "The request is incomplete.",
    403: "A page of another site sent the request.",
    404: "The file has no such page.",
    408: "The request arrived too slowly.",
    413: "More than 10 MB or 50 megapixels.",
    415: "This content type is not accepted.",
    421: "The host name is not one of the server's.",
    422: "The content is invalid.",
    500: "The corrections in the folder are damaged.",
    503: "Too many requests at once, or no reader is running; `Retry-After` says when to try again.",
    504: "Processing took too long.",
    507: "The corrections could not be written.",
}


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of the error responses with these statuses."""
    schema = {"$ref": f"#/components/schemas/{ProblemDetails.__name__}"}
    described: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        described[status] = {"description": PROBLEM_DESCRIPTIONS[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        if status == 503:
            seconds = {"description": "Seconds.", "schema": {"type": "string"}}
            described[status]["headers"] = {"Retry-After": {**seconds, "required": True}}
    return described
