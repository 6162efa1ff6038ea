"""The endpoints of corrections: `POST /api/corrections` and `GET /api/corrections`."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from pydantic import TypeAdapter, ValidationError

from sutja.data.corrections.store import Correction, Corrections
from sutja.errors import DataError, StorageError
from sutja.files import resolved
from sutja.web.pool import BoundedPool
from sutja.web.problems import ProblemError
from sutja.web.reading import BINARY, check_picture, decode_image
from sutja.web.requests import JSON, MULTIPART, first_error, require_type
from sutja.web.schemas import CorrectionRequest, CorrectionsResponse, StoredResponse, problem_responses
from sutja.web.uploads import BodyReceiver, parse_form
from sutja.web.workers import ReaderPool

MAX_CORRECTIONS_PER_REQUEST = 100  # each is a file that is synchronised to the disk
CORRECTIONS_ADAPTER: TypeAdapter[list[CorrectionRequest]] = TypeAdapter(list[CorrectionRequest])


def _describe_form() -> dict[str, Any]:
    """The OpenAPI description of the form; `encoding` declares that the list in it is JSON text."""
    corrections = {
        "type": "array",
        "minItems": 1,
        "maxItems": MAX_CORRECTIONS_PER_REQUEST,
        "items": CorrectionRequest.model_json_schema(),
        "description": "Digits with their correct labels, as JSON text.",
    }
    schema = {
        "type": "object",
        "properties": {"picture": BINARY, "corrections": corrections},
        "required": ["corrections"],
        "additionalProperties": False,
    }
    return {
        "required": True,
        "content": {MULTIPART: {"schema": schema, "encoding": {"corrections": {"contentType": JSON}}}},
    }


def corrections_router(store: Corrections, bodies: BodyReceiver, readers: ReaderPool, pool: BoundedPool) -> APIRouter:
    """The endpoints; disk access runs in `pool`, so that reading does not wait for it."""
    router = APIRouter(prefix="/api", tags=["corrections"])

    @router.post(
        "/corrections",
        summary="Store corrections",
        status_code=201,
        response_model=StoredResponse,
        responses=problem_responses(400, 403, 408, 413, 415, 422, 500, 503, 504, 507),
        openapi_extra={"requestBody": _describe_form()},
    )
    async def add(request: Request) -> dict[str, int]:
        """Store digits with their correct labels and, optionally, the picture that they are in.

        Corrections stay in a folder on the computer that runs the server. After status 201 they are on the disk.
        """
        async with bodies.receive(request) as body:
            require_type(request, MULTIPART)
            upload, text = await parse_form(body, request.headers, file="picture", field="corrections")
            if text is None:
                raise ProblemError(422, "The form has no field 'corrections'.")
            corrections = _parse(text)
            if upload:  # store only valid pictures
                await readers.run(partial(check_picture, content=upload.content))
            return await pool.run(partial(_store, store, corrections, upload.content if upload else None))

    @router.get(
        "/corrections",
        summary="Count the corrections",
        response_model=CorrectionsResponse,
        responses=problem_responses(500, 503, 504),
    )
    async def count() -> dict[str, Any]:
        """The number of corrections and their folder."""
        total = await pool.run(partial(_count, store))
        return {"total": total, "folder": str(resolved(store.folder))}

    return router


def _parse(text: str) -> list[Correction]:
    """Parse corrections from JSON; raises a `ProblemError`, 422, for anything else."""
    try:
        requested = CORRECTIONS_ADAPTER.validate_json(text)
    except ValidationError as error:
        raise ProblemError(422, f"corrections: {first_error(error)}") from None
    if not 1 <= len(requested) <= MAX_CORRECTIONS_PER_REQUEST:
        raise ProblemError(422, f"corrections: expected 1 to {MAX_CORRECTIONS_PER_REQUEST}, got {len(requested)}")
    return [
        Correction(
            image=decode_image(each.image),
            label=each.label,
            guess=each.guess,
            confidence=each.confidence,
            box=(each.box[0], each.box[1], each.box[2], each.box[3]) if each.box else None,
        )
        for each in requested
    ]


def _count(store: Corrections) -> int:
    """The number of corrections; raises a `ProblemError`, 500, if the folder is damaged."""
    try:
        return len(store)
    except DataError as error:
        raise ProblemError(500, f"The corrections cannot be read: {error}") from None


def _store(store: Corrections, corrections: list[Correction], picture: bytes | None) -> dict[str, int]:
    """Store corrections.

    Raises a `ProblemError`: 500 if the folder is damaged, 507 if it cannot be written, 422 for invalid corrections.
    """
    _count(store)  # first, so that a damaged folder is not reported as an error of the request
    try:
        stored = store.add(corrections, picture)
        return {"stored": len(stored), "total": len(store)}
    except StorageError as error:
        raise ProblemError(507, f"The corrections could not be written: {error}") from None
    except DataError as error:
        raise ProblemError(422, str(error)) from None
