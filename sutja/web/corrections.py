"""The endpoints of corrections: `POST /api/corrections` and `GET /api/corrections`."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from pydantic import TypeAdapter, ValidationError

from sutja.data.corrections.store import Correction, Corrections
from sutja.errors import DataError, StorageError
from sutja.web.pool import Pool
from sutja.web.problems import ProblemError
from sutja.web.reading import BINARY, JSON, MULTIPART, check_picture, decode_image, first_error, require_type
from sutja.web.schemas import CorrectionRequest, KeptAnswer, StoredAnswer, problems
from sutja.web.uploads import Intake, parse_form
from sutja.web.workers import Readers

MOST = 100  # corrections in one request: each is a file that is written through to the disk
CORRECTIONS: TypeAdapter[list[CorrectionRequest]] = TypeAdapter(list[CorrectionRequest])


def _body() -> dict[str, Any]:
    """The description of the form. A list of objects in it is JSON text, as `encoding` says."""
    corrections = {
        "type": "array",
        "minItems": 1,
        "maxItems": MOST,
        "items": CorrectionRequest.model_json_schema(),
        "description": "Digits with their right labels, as JSON text.",
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


def corrections_router(store: Corrections, intake: Intake, readers: Readers, pool: Pool) -> APIRouter:
    """The endpoints, with the store that they use; `pool` writes to the disk, where reading does not wait for it."""
    router = APIRouter(prefix="/api", tags=["corrections"])

    @router.post(
        "/corrections",
        summary="Keep corrections",
        status_code=201,
        response_model=StoredAnswer,
        responses=problems(400, 403, 408, 413, 415, 422, 500, 503, 504, 507),
        openapi_extra={"requestBody": _body()},
    )
    async def add(request: Request) -> dict[str, int]:
        """Digits with their right labels and, where there is one, the picture that they are in.

        They are kept in a folder on the computer that runs the server, and sent nowhere. What was answered with 201 is
        on the disk.
        """
        async with intake.body(request) as body:
            require_type(request, MULTIPART)
            upload, text = await parse_form(body, request.headers, file="picture", field="corrections")
            if text is None:
                raise ProblemError(422, "The form has no field 'corrections'.")
            corrections = _parsed(text)
            if upload:  # nothing but pictures is kept on the disk
                await readers.run(partial(check_picture, content=upload.content))
            return await pool.run(partial(_keep, store, corrections, upload.content if upload else None))

    @router.get(
        "/corrections", summary="Count the corrections", response_model=KeptAnswer, responses=problems(500, 503, 504)
    )
    async def count() -> dict[str, Any]:
        """How many corrections there are, and in which folder."""
        total = await pool.run(partial(_count, store))
        return {"total": total, "folder": str(store.folder.resolve())}

    return router


def _parsed(text: str) -> list[Correction]:
    """The corrections in JSON; raises a `ProblemError`, 422, for anything else."""
    try:
        asked = CORRECTIONS.validate_json(text)
    except ValidationError as error:
        raise ProblemError(422, f"corrections: {first_error(error)}") from None
    if not 1 <= len(asked) <= MOST:
        raise ProblemError(422, f"corrections: {len(asked)} are not from 1 to {MOST}")
    return [
        Correction(
            image=decode_image(each.image),
            label=each.label,
            guess=each.guess,
            confidence=each.confidence,
            box=(each.box[0], each.box[1], each.box[2], each.box[3]) if each.box else None,
        )
        for each in asked
    ]


def _count(store: Corrections) -> int:
    """How many are kept; raises a `ProblemError`, 500, when something has damaged the folder since the start."""
    try:
        return len(store)
    except DataError as error:
        raise ProblemError(500, f"The corrections cannot be read: {error}") from None


def _keep(store: Corrections, corrections: list[Correction], picture: bytes | None) -> dict[str, int]:
    """Store corrections.

    Raises a `ProblemError`: 507 when they cannot be written, 422 for what the store refuses, and what `_count` does.
    """
    _count(store)  # first, so that what is wrong with the folder is not taken for a fault of the request
    try:
        stored = store.add(corrections, picture)
        return {"stored": len(stored), "total": len(store)}
    except StorageError as error:
        raise ProblemError(507, f"The corrections could not be written: {error}") from None
    except DataError as error:
        raise ProblemError(422, str(error)) from None
