"""Receive request bodies within limits of size, of total memory and of time, and parse forms."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from sutja.web.problems import CLOSE_CONNECTION, ProblemError

MEGABYTE = 2**20
MAX_TOTAL_BYTES = 256 * MEGABYTE  # of all bodies in memory
MAX_DRAINED_BYTES = 64 * MEGABYTE  # of a rejected body: a client that is still sending may miss the response otherwise

logging.getLogger("python_multipart").setLevel(logging.ERROR)  # its warnings are the answers to malformed forms


def server_busy(headers: Mapping[str, str] | None = None) -> ProblemError:
    """A new 503: one that is raised again would keep each of its tracebacks, and the bodies in their frames."""
    detail = "Too many requests at once; try again in a moment."
    return ProblemError(503, detail, {"retry-after": "1", **(headers or {})})


@dataclass(frozen=True)
class Upload:
    """An uploaded file: its content, and the name that the client gave it, without folders."""

    content: bytes
    name: str


class BodyReceiver:
    """Receives bodies of at most `max_megabytes` within `timeout_seconds`."""

    def __init__(self, *, max_megabytes: int, timeout_seconds: float) -> None:
        self._max_bytes, self._timeout_seconds = max_megabytes * MEGABYTE, timeout_seconds
        self._total_bytes = 0

    @asynccontextmanager
    async def receive(self, request: Request) -> AsyncIterator[bytes]:
        """The body of a request, which counts towards `MAX_TOTAL_BYTES` until the block ends.

        Raises a `ProblemError`: 400 if the client disconnects, 408 after the timeout, 413 for a body that is too large,
        503 if the bodies of other requests fill the memory.
        """
        parts: list[bytes] = []
        try:
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    await self._receive(request, parts)
            except TimeoutError:
                detail = f"The request did not arrive within {self._timeout_seconds:g} seconds."
                raise ProblemError(408, detail, CLOSE_CONNECTION) from None
            parts[:] = [b"".join(parts)]  # release the parts: the body is in memory once
            yield parts[0]
        finally:
            self._total_bytes -= sum(map(len, parts))

    async def _receive(self, request: Request, parts: list[bytes]) -> None:
        size = 0
        stream = request.stream()
        try:
            async for part in stream:
                if not part:
                    continue
                size += len(part)
                if size > self._max_bytes or _declared_bytes(request.headers) > self._max_bytes:
                    await _drain(stream)
                    limit = self._max_bytes // MEGABYTE
                    detail = f"The request is larger than {limit} MB; send a smaller picture."
                    raise ProblemError(413, detail, CLOSE_CONNECTION)
                if self._total_bytes + len(part) > MAX_TOTAL_BYTES:
                    raise server_busy(CLOSE_CONNECTION)
                self._total_bytes += len(part)
                parts.append(part)
        except ClientDisconnect:
            raise ProblemError(400, "The request ended before its body was complete.", CLOSE_CONNECTION) from None


def _declared_bytes(headers: Headers) -> int:
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0


async def _drain(stream: AsyncGenerator[bytes, None]) -> None:
    """Receive and discard the rest: a client that is still sending would see only a broken connection."""
    drained = 0
    async for part in stream:
        drained += len(part)
        if drained > MAX_DRAINED_BYTES:
            return


class _InMemoryParser(MultiPartParser):
    """A parser that keeps files in memory, where the body is already."""

    spool_max_size = MAX_TOTAL_BYTES


async def parse_form(
    body: bytes, headers: Headers, *, file: str, field: str | None = None
) -> tuple[Upload | None, str | None]:
    """Parse a multipart body with at most one file and one text field; `None` for either that is missing.

    Raises a `ProblemError`, 422, for a malformed form and for other fields.
    """

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        parser = _InMemoryParser(headers, stream(), max_files=1, max_fields=1, max_part_size=len(body) + 1)
        form = await parser.parse()
    except (MultiPartException, ValueError) as error:
        raise ProblemError(422, f"The multipart form cannot be parsed: {error}") from None
    upload, text = None, None
    try:
        for name, value in form.multi_items():
            if name == file and isinstance(value, UploadFile):
                upload = Upload(await value.read(), _base_name(value.filename or ""))
            elif name == field:
                text = value if isinstance(value, str) else _decode(await value.read())
            else:
                expected = f"the file '{file}'" + (f" and the field '{field}'" if field else "")
                raise ProblemError(422, f"Unexpected form field '{name[:40]}': the form takes {expected}.")
    finally:
        await form.close()
    return upload, text


def _decode(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ProblemError(422, "A text in the form is not UTF-8.") from None


def _base_name(name: str) -> str:
    """The last part of a file name of any operating system, without folders and unprintable characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(each for each in last if each.isprintable())[:100]
