"""The answers of the API, for its description; what is not kept to here, the tests of the API tell."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sutja.web.problems import MEDIA_TYPE, ProblemDetails

IMAGE_LENGTH = 1048  # characters of base64 for 28 × 28 bytes
IMAGE_PATTERN = "^[A-Za-z0-9+/]{1045}[AQgw]==$"

Probability = Annotated[float, Field(ge=0, le=1)]
Ten = Annotated[list[Probability], Field(min_length=10, max_length=10)]
Class = Annotated[int, Field(ge=0, le=9)]
Box = Annotated[list[int], Field(min_length=4, max_length=4, description="Left, top, width, height in pixels.")]
Image = Annotated[
    str,
    Field(
        pattern=IMAGE_PATTERN,
        min_length=IMAGE_LENGTH,
        max_length=IMAGE_LENGTH,
        description="28 × 28 bytes, row by row, 0 = paper, 255 = ink, in base64.",
    ),
]


class Answer(BaseModel):
    """An object with just these fields, of just these types: true is no number."""

    model_config = ConfigDict(extra="forbid", strict=True)


class DigitAnswer(Answer):
    """One digit."""

    digit: Class | None = Field(description="The digit; null where the reader is not sure.")
    guess: Class = Field(description="What the reader thinks, sure or not.")
    confidence: Probability
    box: Box
    image: Image | None = Field(None, description="What the network sees, with detail=true.")
    probabilities: Ten | None = Field(None, description="Of the ten digits, with detail=true; the rest is: no digit.")


class LineAnswer(Answer):
    """A line of digits, from left to right."""

    text: str = Field(description="The digits; ? where the reader is not sure.")
    confidence: Probability
    digits: list[DigitAnswer]


class ReadingAnswer(Answer):
    """What stands in a picture."""

    file: str = Field(description="The name of the picture's file, where it was sent with one.")
    text: str = Field(description="The lines, parted by newlines; empty where nothing was read.")
    confidence: Probability
    lines: list[LineAnswer]
    width: int = Field(ge=1, description="Of the picture, turned upright as its EXIF says; boxes refer to it.")
    height: int = Field(ge=1)


class LookAnswer(Answer):
    """What the network sees in a digit."""

    probabilities: Ten
    saliency: Image = Field(
        description="Where it looked: 28 × 28 signed bytes in base64; 127 where covering the place lowers the "
        "probability of the digit most, negative where covering it raises it."
    )


class LookRequest(Answer):
    """A digit as `detail=true` gives it."""

    image: Image


class StoredAnswer(Answer):
    """What became of corrections."""

    stored: int = Field(ge=0, description="How many were stored now.")
    total: int = Field(ge=0, description="How many there are.")


class KeptAnswer(Answer):
    """The corrections that there are."""

    total: int = Field(ge=0)
    folder: str = Field(description="Where they are kept, on the computer that runs the server.")


class ModelAnswer(Answer):
    """A network that can be used."""

    name: str
    title: str
    reads: Literal["lines", "digits"]
    parameters: int | None
    accuracy: Probability | None = Field(description="On MNIST's test digits, or on lines composed of them.")
    used: bool
    version: str = Field(description="Of sutja.")


class HealthAnswer(Answer):
    """The server is there."""

    status: Literal["ok"]


class CorrectionRequest(Answer):
    """One digit with its right label."""

    image: Image
    label: Class = Field(description="What it is.")
    guess: Class | None = Field(None, description="What it was taken for.")
    confidence: Probability | None = None
    box: Annotated[list[Annotated[int, Field(ge=0, le=20_000)]], Field(min_length=4, max_length=4)] | None = None


PROBLEMS = {
    400: "The request broke off.",
    403: "A page of another site sent it.",
    408: "The request arrived too slowly.",
    413: "More than 10 MB or 50 megapixels.",
    415: "A type of content that is not taken.",
    421: "The server was called by a name that is not its own.",
    422: "Not what is expected.",
    500: "The corrections in the folder are damaged.",
    503: "Too many requests at once; `Retry-After` says when to try again.",
    504: "It took too long.",
    507: "It could not be written.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The description of these answers that are no success."""
    schema = {"$ref": f"#/components/schemas/{ProblemDetails.__name__}"}
    described: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        described[status] = {"description": PROBLEMS[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        if status == 503:
            seconds = {"description": "Seconds.", "schema": {"type": "string"}}
            described[status]["headers"] = {"Retry-After": {**seconds, "required": True}}
    return described
