"""The endpoints that read: `POST /api/read` and `POST /api/look`."""

from __future__ import annotations

import base64
import time
from functools import partial
from typing import Annotated, Any

import cv2
import numpy as np
from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from sutja.data.digits import SIDE_PIXELS
from sutja.errors import DataError, LargePictureError
from sutja.reading.normalise import Gray
from sutja.reading.picture import decode_picture
from sutja.reading.reader import Reader
from sutja.web.problems import ProblemError
from sutja.web.schemas import LookAnswer, LookRequest, ReadingAnswer, problems
from sutja.web.uploads import Intake, Upload, parse_form
from sutja.web.workers import Readers, Work

PICTURE = "the picture"  # what errors call it
MULTIPART, RAW, JSON = "multipart/form-data", "application/octet-stream", "application/json"
BINARY = {"type": "string", "format": "binary"}
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
LOOK_BODY = {"required": True, "content": {JSON: {"schema": LookRequest.model_json_schema()}}}


def reading_router(readers: Readers, intake: Intake) -> APIRouter:
    """The endpoints, with the readers that they use."""
    router = APIRouter(prefix="/api", tags=["reading"])

    @router.post(
        "/read",
        summary="Read a picture",
        response_model=ReadingAnswer,
        responses=problems(400, 403, 408, 413, 415, 422, 503, 504),
        openapi_extra={"requestBody": READ_BODY},
    )
    async def read(
        request: Request,
        detail: Annotated[
            bool, Query(description="With each digit what the network sees, and its ten numbers.")
        ] = False,
        upright: Annotated[bool, Query(description="The picture is not turned: quarter turns are not tried.")] = False,
    ) -> Response:
        """The numbers in a picture, sent as it is or as the field `picture` of a form.

        It may be PNG, JPEG, WebP, BMP, TIFF, GIF, JPEG 2000 or PNM, up to 10 MB and 50 megapixels.
        """
        async with intake.body(request) as body:
            upload = await _upload(request, body)
            return await _timed(readers, partial(read_picture, upload=upload, detail=detail, upright=upright))

    @router.post(
        "/look",
        summary="See where the network looks",
        response_model=LookAnswer,
        responses=problems(400, 403, 408, 413, 415, 422, 503, 504),
        openapi_extra={"requestBody": LOOK_BODY},
    )
    async def look(request: Request) -> Response:
        """The ten probabilities of a digit, and which of its places speak for it and against it."""
        async with intake.body(request) as body:
            require_type(request, JSON)
            try:
                image = decode_image(LookRequest.model_validate_json(body).image)
            except ValidationError as error:
                raise ProblemError(422, first_error(error)) from None
            return await _timed(readers, partial(look_at, image=image))

    return router


async def _timed(readers: Readers, work: Work) -> Response:
    """The answer as JSON, with how long it took and waited, for the browser's tools and for benchmarks."""
    asked = time.perf_counter()
    done = await readers.run(work)
    waited = time.perf_counter() - asked - done.seconds
    told = f"wait;dur={1000 * waited:.2f}, read;dur={1000 * done.seconds:.2f}"
    return Response(done.content, headers={"server-timing": told}, media_type=JSON)


async def _upload(request: Request, body: bytes) -> Upload:
    """The picture in a body; raises a `ProblemError` where the type of its content is not one that may hold one."""
    kind = content_type(request)
    if kind == MULTIPART:
        upload, _ = await parse_form(body, request.headers, file="picture")
        if upload is None:
            raise ProblemError(422, "The form has no field 'picture'.")
        return upload
    if not (kind.startswith("image/") or kind == RAW):
        raise ProblemError(415, f"Content of the type '{kind[:60]}' is not taken: image/…, {RAW} and {MULTIPART} are.")
    return Upload(body, "")


def content_type(request: Request) -> str:
    """The type of a request's content, without parameters, lower case; "" where it has none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def require_type(request: Request, wanted: str) -> None:
    """Raises a `ProblemError`, 415, for content of another type."""
    if content_type(request) != wanted:
        raise ProblemError(415, f"Content of the type {wanted} is expected.")


def decode_upload(content: bytes) -> Gray:
    """The picture in bytes, grey `uint8 (H, W)`; raises a `ProblemError`: 413 too many pixels, 422 no picture."""
    try:
        return decode_picture(content, PICTURE)
    except LargePictureError as error:
        raise ProblemError(413, str(error)) from None
    except DataError as error:
        raise ProblemError(422, str(error)) from None
    except MemoryError:
        raise ProblemError(413, f"{PICTURE}: there is not enough memory for it") from None


def read_picture(reader: Reader, *, upload: Upload, detail: bool, upright: bool) -> dict[str, Any]:
    """What `POST /api/read` tells. Raises a `ProblemError` where there is no picture."""
    gray = decode_upload(upload.content)
    try:
        reading = reader.read(gray, upright=upright)
    except (MemoryError, cv2.error) as error:
        raise ProblemError(422, f"{PICTURE}: could not be read: {error or 'memory is short'}") from None
    height, width = gray.shape
    return {**reading.as_json(upload.name, detail=detail), "width": width, "height": height}


def check_picture(_: Reader, *, content: bytes) -> None:
    """Raises a `ProblemError` for what is no picture."""
    decode_upload(content)


def look_at(reader: Reader, *, image: Gray) -> dict[str, Any]:
    """What `POST /api/look` tells of an image `uint8 (28, 28)`."""
    seen = reader.saliency(image)
    saliency = np.clip(np.round(127 * seen.values), -127, 127).astype(np.int8)
    return {
        "probabilities": [round(float(each), 4) for each in seen.probabilities],
        "saliency": base64.b64encode(saliency.tobytes()).decode(),
    }


def decode_image(text: str) -> Gray:
    """The image `uint8 (28, 28)` in base64 that its pattern was held against."""
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(SIDE_PIXELS, SIDE_PIXELS)


def first_error(error: ValidationError) -> str:
    """The first thing that is wrong with a request, and where."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}"[:300] if place else first["msg"][:300]
