"""What endpoints ask of a request: its content type, and what is wrong with its content."""

from __future__ import annotations

from fastapi import Request
from pydantic import ValidationError

from sutja.web.problems import ProblemError

MULTIPART, RAW, JSON = "multipart/form-data", "application/octet-stream", "application/json"


def content_type(request: Request) -> str:
    """The content type of a request in lower case, without parameters; "" if it has none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def require_type(request: Request, wanted: str) -> None:
    """Raise a `ProblemError`, 415, for any other content type."""
    if content_type(request) != wanted:
        raise ProblemError(415, f"The content type must be {wanted}.")


def first_error(error: ValidationError) -> str:
    """The first validation error of a request and the field that it concerns."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}"[:300] if place else first["msg"][:300]
