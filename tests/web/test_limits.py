"""What the server does when it is given too much, too slowly or by too many at once."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest

from sutja.data.dataset import Dataset
from sutja.reading.reader import Reader
from sutja.web import uploads as bodies
from sutja.web.app import create_app
from sutja.web.pool import Pool
from sutja.web.problems import ProblemError
from sutja.web.settings import Settings
from sutja.web.timeouts import PatientProtocol
from sutja.web.workers import Networks, Readers

from .serving import coded, draw, is_problem, serving

PNG = {"content-type": "image/png"}
SECONDS = 0.5


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with tight limits: one megabyte, half a second to arrive, one reader and four who wait."""
    folder = tmp_path_factory.mktemp("limited")
    settings = Settings(corrections=folder, megabytes=1, seconds=SECONDS, workers=1, waiting=4)
    with serving(create_app(settings)) as address:
        yield address


@pytest.fixture(scope="module")
def picture(mnist: Dataset) -> bytes:
    return coded(draw(mnist.test.images[:1]))


def is_alive(address: str, picture: bytes) -> None:
    """Check that the server answers and reads."""
    assert httpx.get(f"{address}/healthz").json() == {"status": "ok"}
    for _ in range(50):  # what was given up may still be read
        answer = httpx.post(f"{address}/api/read", content=picture, headers=PNG)
        if answer.status_code != 503:
            break
        time.sleep(0.1)
    assert answer.json()["text"] == "7"


def connect(address: str) -> socket.socket:
    url = urlsplit(address)
    return socket.create_connection((url.hostname, url.port), timeout=20)


def health(connection: socket.socket) -> bool:
    """Ask on an open connection whether the server is there."""
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    told = b""
    while not told.endswith(b"}") and (part := connection.recv(65536)):
        told += part
    return told.endswith(b'{"status":"ok"}')


def everything(connection: socket.socket) -> bytes:
    """All that the server says until it closes the connection."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_the_body_has_a_limit_that_is_told(address: str, picture: bytes) -> None:
    too_much = bytes(2**20 + 1)
    answer = httpx.post(f"{address}/api/read", content=too_much, headers=PNG)
    assert "1 MB" in is_problem(answer, 413)["detail"]
    assert answer.headers["connection"] == "close"
    for path, files in (("read", {"picture": too_much}), ("corrections", {"picture": too_much, "corrections": b"[]"})):
        is_problem(httpx.post(f"{address}/api/{path}", files=files), 413)
    just_enough = picture + bytes(2**20 - len(picture))  # what follows a PNG's end does not count
    assert httpx.post(f"{address}/api/read", content=just_enough, headers=PNG).json()["text"] == "7"
    is_alive(address, picture)


def test_a_body_without_a_length_has_the_same_limit(address: str, picture: bytes) -> None:
    def parts(count: int) -> Iterator[bytes]:
        yield picture
        for _ in range(count):
            yield bytes(10_000)

    answer = httpx.post(f"{address}/api/read", content=parts(200), headers=PNG)
    assert answer.request.headers["transfer-encoding"] == "chunked"
    is_problem(answer, 413)
    assert httpx.post(f"{address}/api/read", content=parts(0), headers=PNG).json()["text"] == "7"


def test_a_declared_size_is_believed_at_once(address: str) -> None:
    with connect(address) as connection:
        head = "POST /api/read HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 99999999999\r\n\r\nx"
        begun = time.perf_counter()
        connection.sendall(head.encode())
        assert everything(connection).startswith((b"HTTP/1.1 413", b"HTTP/1.1 408"))
        assert time.perf_counter() - begun < 4 * SECONDS


def test_a_slow_body_is_given_up(address: str, picture: bytes) -> None:
    with connect(address) as connection:
        head = (
            f"POST /api/read HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: {len(picture)}\r\n\r\n"
        )
        connection.sendall(head.encode())
        begun = time.perf_counter()
        stop = threading.Event()

        def drip() -> None:  # a byte now and then: each time something has come
            for byte in picture:
                if stop.wait(SECONDS / 5):
                    return
                connection.sendall(bytes([byte]))

        dripping = threading.Thread(target=drip)
        dripping.start()
        told = connection.recv(65536)
        stop.set()
        dripping.join()
        assert told.startswith(b"HTTP/1.1 408") and b"application/problem+json" in told
        assert SECONDS * 0.9 < time.perf_counter() - begun < 6 * SECONDS
    is_alive(address, picture)


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: b\r\n"])
def test_a_slow_head_is_given_up(address: str, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PatientProtocol, "head_seconds", SECONDS)
    with connect(address) as connection:
        begun = time.perf_counter()
        connection.sendall(sent)
        assert everything(connection) == b""
        assert SECONDS * 0.9 < time.perf_counter() - begun < 6 * SECONDS


def test_the_head_of_the_second_request_is_waited_for_as_well(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PatientProtocol, "head_seconds", SECONDS)
    with connect(address) as connection:
        assert health(connection)
        time.sleep(1.5 * SECONDS)  # nobody is thrown out for having nothing to ask
        assert health(connection)
        connection.sendall(b"GET /heal")
        assert everything(connection) == b""


def test_who_goes_away_is_forgotten(address: str, picture: bytes) -> None:
    for length in (10, len(picture)):
        with connect(address) as connection:
            head = "POST /api/read HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 9999\r\n\r\n"
            connection.sendall(head.encode() + picture[:length])
    is_alive(address, picture)


def test_all_bodies_together_have_a_limit(address: str, picture: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "ALL", len(picture) - 1)
    refused = httpx.post(f"{address}/api/read", content=picture, headers=PNG)
    is_problem(refused, 503)
    assert int(refused.headers["retry-after"]) > 0
    monkeypatch.undo()
    is_alive(address, picture)


def test_a_hundred_at_once_are_read_or_told_to_come_again(tmp_path: Path, mnist: Dataset) -> None:
    page = coded(np.vstack([draw(mnist.test.images[start : start + 6]) for start in (0, 6, 12)]))

    def ask(_: int) -> httpx.Response:
        return httpx.post(f"{address}/api/read", content=page, headers=PNG, timeout=60)

    settings = Settings(corrections=tmp_path, workers=1, waiting=4, seconds=30)
    with serving(create_app(settings)) as address, ThreadPoolExecutor(100) as clients:
        answers = list(clients.map(ask, range(100)))
        is_alive(address, coded(draw(mnist.test.images[:1])))
    assert {answer.status_code for answer in answers} == {200, 503}
    for answer in answers:
        if answer.status_code == 503:
            is_problem(answer, 503)
            assert answer.headers["retry-after"] == "1"
        else:
            assert answer.json()["text"].count("\n") == 2


def test_a_hundred_digits_at_once_are_all_read(tmp_path: Path, picture: bytes) -> None:
    async def ask_all(address: str) -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=100)
        async with httpx.AsyncClient(base_url=address, limits=limits, timeout=30) as client:
            asked = [client.post("/api/read", content=picture, headers=PNG) for _ in range(100)]
            return await asyncio.gather(*asked)

    with serving(create_app(Settings(corrections=tmp_path, waiting=100, seconds=60))) as address:
        answers = asyncio.run(ask_all(address))
    assert [answer.status_code for answer in answers] == [200] * 100
    assert {answer.json()["text"] for answer in answers} == {"7"}


def test_work_that_takes_too_long_keeps_its_place_until_it_is_done() -> None:
    release, begun, ran = threading.Event(), threading.Event(), []

    def slow() -> None:
        begun.set()
        release.wait(10)

    async def check() -> None:
        pool = Pool("test", workers=1, waiting=1, seconds=0.1)
        first = asyncio.create_task(pool.run(slow))
        await asyncio.to_thread(begun.wait, 10)
        second = asyncio.create_task(pool.run(lambda: ran.append("second")))
        await asyncio.sleep(0)
        with pytest.raises(ProblemError) as full:
            await pool.run(lambda: ran.append("third"))
        assert full.value.status == 503
        for late in (first, second):
            with pytest.raises(ProblemError) as over:
                await late
            assert over.value.status == 504
        fourth = asyncio.create_task(pool.run(lambda: "done"))  # the place of the second is free, that of the first not
        await asyncio.sleep(0)
        with pytest.raises(ProblemError):
            await pool.run(lambda: None)
        release.set()
        assert await fourth == "done"
        pool.close()

    asyncio.run(check())
    assert ran == []


def test_what_work_raises_comes_through_and_frees_the_place() -> None:
    def wrong() -> None:
        raise ValueError("wrong")

    async def check() -> None:
        pool = Pool("test", workers=1, waiting=0, seconds=5)
        for _ in range(3):
            with pytest.raises(ValueError, match="wrong"):
                await pool.run(wrong)
            await asyncio.sleep(0.01)
        pool.close()

    asyncio.run(check())


def sleep(_: Reader) -> None:
    time.sleep(60)


def die(_: Reader) -> None:
    os._exit(1)


def fail(_: Reader) -> None:
    raise ValueError("a fault")


def text(reader: Reader, *, content: bytes) -> str:
    return reader.read(content).text


def test_processes_that_hang_or_die_are_replaced(picture: bytes) -> None:
    readers = Readers(Networks("line-reader", "convnet-small"), workers=1, waiting=1, seconds=3)
    readers.start()

    async def check() -> None:
        for work, status in ((sleep, 504), (die, 422)):
            with pytest.raises(ProblemError) as raised:
                await readers.run(work)
            assert raised.value.status == status
            for _ in range(200):  # while a new one starts, its place is taken
                with contextlib.suppress(ProblemError):
                    assert (await readers.run(partial(text, content=picture))).content == b'"7"'
                    break
                await asyncio.sleep(0.1)
            else:
                pytest.fail("no new process has come up")
        with pytest.raises(RuntimeError, match="a fault"):
            await readers.run(fail)
        assert (await readers.run(partial(text, content=picture))).content == b'"7"'

    asyncio.run(check())
    readers.close()


def test_processes_end_with_the_server(tmp_path: Path) -> None:
    before = set(multiprocessing.active_children())
    with serving(create_app(Settings(corrections=tmp_path, workers=2))):
        assert len(set(multiprocessing.active_children()) - before) == 2
    assert set(multiprocessing.active_children()) <= before
