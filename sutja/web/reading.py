"""The endpoints that read: `POST /api/read` and `POST /api/saliency`."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

import cv2
import numpy as np
from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from sutja.data.digits import SIDE_PIXELS
from sutja.data.pictures.pages import count_pages, page_content
from sutja.errors import DataError, LargePictureError, MissingExtraError
from sutja.reading.normalise import Gray
from sutja.reading.picture import Colour, decode_colour
from sutja.reading.reader import Reader
from sutja.reading.tables.page import arrange_page
from sutja.web.languages import AnswerLanguage, answer_language
from sutja.web.problems import ProblemError
from sutja.web.requests import JSON, MULTIPART, RAW, content_type, first_error, require_type
from sutja.web.schemas import ReadingResponse, ReadQuery, SaliencyRequest, SaliencyResponse, problem_responses
from sutja.web.tables import tables_json
from sutja.web.uploads import BodyReceiver, Upload, parse_form
from sutja.web.workers import ReaderPool, ReaderTask

PICTURE_NAME = "the picture"  # in error messages
MAX_SHOWN_SIDE_PIXELS, SHOWN_QUALITY_PERCENT = 2400, 88  # of a picture that is returned
BINARY = {"type": "string", "format": "binary", "minLength": 1}
READ_BODY = {
    "required": True,
    "content": {
        "image/*": {"schema": BINARY},
        RAW: {"schema": BINARY},
        MULTIPART: {
            "schema": {
                "type": "object",
                "properties": {"picture": BINARY},
                "required": ["picture"],
                "additionalProperties": False,
            }
        },
    },
}
SALIENCY_BODY = {"required": True, "content": {JSON: {"schema": SaliencyRequest.model_json_schema()}}}


def reading_router(readers: ReaderPool, bodies: BodyReceiver) -> APIRouter:
    """The endpoints, which read in `readers` and receive requests through `bodies`."""
    router = APIRouter(prefix="/api", tags=["reading"])

    @router.post(
        "/read",
        summary="Read a picture",
        response_model=ReadingResponse,
        responses=problem_responses(400, 403, 404, 408, 413, 415, 422, 503, 504),
        openapi_extra={"requestBody": READ_BODY},
    )
    async def read(request: Request, query: Annotated[ReadQuery, Query()]) -> Response:
        """Read the numbers in a picture, sent as the request body or as the field `picture` of a form.

        PNG, JPEG, WebP, BMP, TIFF, GIF, JPEG 2000, PNM, HEIC or PDF, up to 10 MB and 50 megapixels.
        """
        async with bodies.receive(request) as body:
            upload = await _upload(request, body)
            language = answer_language(request.headers)
            return await _run_timed(readers, partial(read_picture, upload=upload, query=query, language=language))

    @router.post(
        "/saliency",
        summary="Compute the saliency map of a digit",
        response_model=SaliencyResponse,
        responses=problem_responses(400, 403, 408, 413, 415, 422, 503, 504),
        openapi_extra={"requestBody": SALIENCY_BODY},
    )
    async def saliency(request: Request) -> Response:
        """The ten probabilities of a digit, and which parts of it support the prediction or contradict it."""
        async with bodies.receive(request) as body:
            require_type(request, JSON)
            try:
                image = decode_image(SaliencyRequest.model_validate_json(body).image)
            except ValidationError as error:
                raise ProblemError(422, first_error(error)) from None
            return await _run_timed(readers, partial(compute_saliency, image=image))

    return router


async def _run_timed(readers: ReaderPool, task: ReaderTask) -> Response:
    """The JSON response, with the times of waiting and reading for browser tools and benchmarks (`Server-Timing`)."""
    start = time.perf_counter()
    result = await readers.run(task)
    waited = time.perf_counter() - start - result.seconds
    timing = f"wait;dur={1000 * waited:.2f}, read;dur={1000 * result.seconds:.2f}"
    return Response(result.content, headers={"server-timing": timing}, media_type=JSON)


async def _upload(request: Request, body: bytes) -> Upload:
    """The picture in a body; raises a `ProblemError`: 415 for other content types, 422 for a form without a picture."""
    kind = content_type(request)
    if kind == MULTIPART:
        upload, _ = await parse_form(body, request.headers, file="picture")
        if upload is None:
            raise ProblemError(422, "The form has no field 'picture'.")
        return upload
    if not (kind.startswith("image/") or kind == RAW):
        raise ProblemError(415, f"Content type '{kind[:60]}' is not accepted: send image/*, {RAW} or {MULTIPART}.")
    return Upload(body, "")


def decode_upload(content: bytes, page: int | None = None) -> Colour:
    """Decode a picture, or a page of a file, to BGR, `uint8 (H, W, 3)`.

    Raises a `ProblemError`: 413 for too many pixels, 422 if it is invalid.
    """
    with _problems_of_pictures():
        return decode_colour(page_content(content, PICTURE_NAME, page), PICTURE_NAME)


@contextmanager
def _problems_of_pictures() -> Iterator[None]:
    """Turn what is wrong with a picture into a `ProblemError`."""
    try:
        yield
    except LargePictureError as error:
        raise ProblemError(413, str(error)) from None
    except DataError as error:
        raise ProblemError(422, str(error)) from None
    except MissingExtraError:  # its message is for who may install it
        raise ProblemError(422, f"{PICTURE_NAME}: this server cannot read files of this form") from None
    except MemoryError:
        raise ProblemError(413, f"{PICTURE_NAME}: not enough memory for it") from None


def read_picture(reader: Reader, *, upload: Upload, query: ReadQuery, language: AnswerLanguage) -> dict[str, Any]:
    """The response of `POST /api/read`; raises a `ProblemError` for an invalid picture."""
    with _problems_of_pictures():
        pages = count_pages(upload.content, PICTURE_NAME)
    if query.page > pages:
        raise ProblemError(404, f"{PICTURE_NAME}: there is no such page: the file has {pages:,}")
    picture = decode_upload(upload.content, query.page)
    picture = _reduced(picture) if query.picture else picture
    sign = None if query.decimal == "auto" else query.decimal
    try:
        reading = reader.read(
            picture, upright=query.upright, printed=query.printed, single=query.single, decimal_sign=sign
        )
    except (MemoryError, cv2.error) as error:
        raise ProblemError(422, f"{PICTURE_NAME}: could not be read: {error or 'not enough memory'}") from None
    height, width = picture.shape[:2]
    page = arrange_page(reading)
    return {
        **page.reading.as_json(upload.name, detail=query.detail),
        "tables": tables_json(page.tables, page.reading.numbers, language),
        "width": width,
        "height": height,
        "pages": pages,
        **({"picture": _jpeg_text(picture)} if query.picture else {}),
    }


def _reduced(picture: Colour) -> Colour:
    """A picture with at most `MAX_SHOWN_SIDE_PIXELS` per side, to be read as it is shown."""
    zoom = MAX_SHOWN_SIDE_PIXELS / max(picture.shape)
    if zoom >= 1:
        return picture
    size = [max(1, round(zoom * side)) for side in picture.shape[1::-1]]
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _jpeg_text(picture: Colour) -> str:
    quality = [cv2.IMWRITE_JPEG_QUALITY, SHOWN_QUALITY_PERCENT]
    return base64.b64encode(cv2.imencode(".jpg", picture, quality)[1].data).decode("ascii")


def check_picture(_: Reader, *, content: bytes) -> None:
    """Raise a `ProblemError` for an invalid picture."""
    decode_upload(content)


def compute_saliency(reader: Reader, *, image: Gray) -> dict[str, Any]:
    """The response of `POST /api/saliency` for an image, `uint8 (28, 28)`."""
    saliency = reader.saliency(image)
    values = np.clip(np.round(127 * saliency.values), -127, 127).astype(np.int8)
    return {
        "probabilities": [round(float(each), 4) for each in saliency.probabilities],
        "saliency": base64.b64encode(values.tobytes()).decode(),
    }


def decode_image(text: str) -> Gray:
    """Decode an image, `uint8 (28, 28)`, from base64 that matches `IMAGE_BASE64_PATTERN`."""
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(SIDE_PIXELS, SIDE_PIXELS)
