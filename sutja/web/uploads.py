"""Bodies of requests within bounds: so many bytes each, so many in all, and so many seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from sutja.web.problems import CLOSE, ProblemError

MEGABYTE = 2**20
ALL = 256 * MEGABYTE  # bytes of all bodies that are in memory at once
DRAINED = 64 * MEGABYTE  # bytes of a refused body that are read all the same: else the client may miss the answer
BUSY = ProblemError(503, "Too many requests at once; try again in a moment.", {"retry-after": "1"})


@dataclass(frozen=True)
class Upload:
    """A file that was sent: its content, and its name as the client tells it, without folders."""

    content: bytes
    name: str


class Intake:
    """Reads bodies of at most `megabytes` in at most `seconds`."""

    def __init__(self, *, megabytes: int, seconds: float) -> None:
        self._most, self._seconds = megabytes * MEGABYTE, seconds
        self._held = 0

    @asynccontextmanager
    async def body(self, request: Request) -> AsyncIterator[bytes]:
        """The body of a request; it counts among all bodies until the block ends.

        Raises a `ProblemError`: 408 too slow, 413 too large, 503 too much of other requests.
        """
        parts: list[bytes] = []
        try:
            try:
                async with asyncio.timeout(self._seconds):
                    await self._receive(request, parts)
            except TimeoutError:
                slow = f"The request took longer than {self._seconds:g} seconds to arrive."
                raise ProblemError(408, slow, CLOSE) from None
            parts[:] = [b"".join(parts)]  # not twice in memory
            yield parts[0]
        finally:
            self._held -= sum(map(len, parts))

    async def _receive(self, request: Request, parts: list[bytes]) -> None:
        size = 0
        stream = request.stream()
        try:
            async for part in stream:
                if not part:
                    continue
                size += len(part)
                if size > self._most or _declared(request.headers) > self._most:
                    await _drain(stream)
                    limit = self._most // MEGABYTE
                    raise ProblemError(413, f"The request is larger than {limit} MB; a smaller picture will do.", CLOSE)
                if self._held + len(part) > ALL:
                    raise ProblemError(503, BUSY.detail, {**BUSY.headers, **CLOSE})
                self._held += len(part)
                parts.append(part)
        except ClientDisconnect:
            raise ProblemError(400, "The request ended before its body did.", CLOSE) from None


def _declared(headers: Headers) -> int:
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0


async def _drain(stream: AsyncGenerator[bytes, None]) -> None:
    """Read on and forget: who is still sending does not listen, and would see a broken connection only."""
    rest = 0
    async for part in stream:
        rest += len(part)
        if rest > DRAINED:
            return


class _InMemory(MultiPartParser):
    """A parser that keeps files in memory, where the body was already."""

    spool_max_size = ALL


async def parse_form(
    body: bytes, headers: Headers, *, file: str, field: str | None = None
) -> tuple[Upload | None, str | None]:
    """The one file and the one text field of a multipart body, `None` where it has none of that name.

    Raises a `ProblemError`, 422, when it is no such form or has anything else in it.
    """

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        parser = _InMemory(headers, stream(), max_files=1, max_fields=1, max_part_size=len(body) + 1)
        form = await parser.parse()
    except (MultiPartException, ValueError) as error:
        raise ProblemError(422, f"Not a multipart form that can be read: {error}") from None
    upload, text = None, None
    try:
        for name, value in form.multi_items():
            if name == file and isinstance(value, UploadFile):
                upload = Upload(await value.read(), _base_name(value.filename or ""))
            elif name == field:
                text = value if isinstance(value, str) else _decoded(await value.read())
            else:
                wanted = " and ".join(f"'{each}'" for each in (file, field) if each)
                raise ProblemError(
                    422, f"The form has a field '{name[:40]}' that is not expected: {wanted} is, as a file."
                )
    finally:
        await form.close()
    return upload, text


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ProblemError(422, "A text in the form is not UTF-8.") from None


def _base_name(name: str) -> str:
    """The last part of a file's name, whatever system it comes from: no folders, nothing unprintable."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(each for each in last if each.isprintable())[:100]
