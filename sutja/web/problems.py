"""Errors as RFC 9457 problem details, `application/problem+json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from sutja.web.headers import SECURITY_HEADERS
from sutja.web.languages import AnswerLanguage, answer_language, in_language

MEDIA_TYPE = "application/problem+json"
CLOSE_CONNECTION = {"connection": "close"}


class ProblemDetails(BaseModel):
    """The body of an error response (RFC 9457)."""

    model_config = ConfigDict(extra="forbid")
    type: str = Field(description="Always about:blank: the status identifies the kind of problem.")
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="What is wrong, and what to do.")


class ProblemError(Exception):
    """An error response: its status, one line that says what is wrong, and additional headers."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})


def as_response(problem: ProblemError, language: AnswerLanguage = "en") -> Response:
    """The problem as an HTTP response, its detail in a language."""
    details = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": in_language(problem.detail, language),
    }
    content = json.dumps(details, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, problem.status, problem.headers, MEDIA_TYPE)


def install_handlers(app: FastAPI) -> None:
    """Make an app answer every error with problem details."""
    app.add_exception_handler(ProblemError, _answer)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(Exception, _answer_unexpected)


async def _answer(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return as_response(error, answer_language(request.headers))


async def _answer_http(request: Request, error: Exception) -> Response:
    """Errors of the router: no such path, no such method."""
    assert isinstance(error, HTTPException)
    details = {
        404: "There is nothing at this address; see /docs for the API.",
        405: f"{request.method} is not allowed here; see /docs for the API.",
    }
    detail = details.get(error.status_code, str(error.detail))
    headers = dict(error.headers or {})
    described = request.app.openapi()["paths"].get(request.url.path)
    if error.status_code == 405 and described:  # the router names only the methods of the path's first route
        headers["Allow"] = ", ".join(sorted(map(str.upper, described)))
    return as_response(ProblemError(error.status_code, detail, headers))


async def _answer_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:5]]
    return as_response(ProblemError(422, "; ".join(wrong)[:1000]))


async def _answer_unexpected(request: Request, _: Exception) -> Response:
    """A bug: the traceback goes to the server's log, not to the client."""
    headers = {**SECURITY_HEADERS, **CLOSE_CONNECTION}
    problem = ProblemError(500, "The server failed; its log has the cause.", headers)
    return as_response(problem, answer_language(request.headers))
