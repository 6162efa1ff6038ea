"""The limits of the server: size, time and number of requests."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import multiprocessing
import os
import re
import signal
import socket
import threading
import time
import weakref
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from sutja.data.dataset import Dataset
from sutja.environment import usable_cores
from sutja.errors import SutjaError
from sutja.reading.reader import Reader
from sutja.web import uploads, workers
from sutja.web.app import create_app
from sutja.web.pool import BoundedPool
from sutja.web.problems import ProblemError
from sutja.web.timeouts import HeaderTimeoutProtocol
from sutja.web.workers import ReaderFactory, ReaderPool, ReaderTask
from tests.waiting import HANG_SECONDS, wait_until

from .serving import draw, encode, get, is_problem, patient_settings, post, serving

PNG = {"content-type": "image/png"}
SHORT_SECONDS = 0.2  # timeouts that tests exceed by never going on


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a limit of one megabyte, one worker and a queue of four."""
    settings = patient_settings(tmp_path_factory.mktemp("limited"), max_body_megabytes=1, max_queued=4)
    with serving(create_app(settings)) as address:
        yield address


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a short timeout for bodies."""
    folder = tmp_path_factory.mktemp("impatient")
    with serving(create_app(patient_settings(folder, body_timeout_seconds=SHORT_SECONDS))) as address:
        yield address


@pytest.fixture(scope="module")
def picture(mnist: Dataset) -> bytes:
    return encode(draw(mnist.test.images[:1]))


def is_alive(address: str, picture: bytes) -> None:
    """Check that the server answers and reads."""
    assert get(f"{address}/healthz").json() == {"status": "ok"}
    answers = []

    def answered() -> bool:
        answers.append(post(f"{address}/api/read", content=picture, headers=PNG))
        return answers[-1].status_code not in (408, 503)  # under load, the short timeout may strike a good request

    wait_until(answered)
    assert answers[-1].json()["text"] == "7"


def connect(address: str) -> socket.socket:
    url = urlsplit(address)
    return socket.create_connection((url.hostname, url.port), timeout=HANG_SECONDS)


def health(connection: socket.socket) -> bool:
    """Request /healthz on an open connection."""
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    received = b""
    while not received.endswith(b"}") and (part := connection.recv(65536)):
        received += part
    return received.endswith(b'{"status":"ok"}')


def everything(connection: socket.socket) -> bytes:
    """All that the server sends until it closes the connection."""
    parts = []
    with contextlib.suppress(ConnectionError):  # reset: the server closed it before it had received everything
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def test_a_body_that_is_too_large_is_refused(address: str, picture: bytes) -> None:
    too_much = bytes(2**20 + 1)
    answer = post(f"{address}/api/read", content=too_much, headers=PNG)
    assert "1 MB" in is_problem(answer, 413)["detail"]
    assert answer.headers["connection"] == "close"
    for path, files in (("read", {"picture": too_much}), ("corrections", {"picture": too_much, "corrections": b"[]"})):
        is_problem(post(f"{address}/api/{path}", files=files), 413)
    just_enough = picture + bytes(2**20 - len(picture))  # decoders ignore bytes after the end of a PNG
    assert post(f"{address}/api/read", content=just_enough, headers=PNG).json()["text"] == "7"
    is_alive(address, picture)


def test_a_chunked_body_has_the_same_limit(address: str, picture: bytes) -> None:
    def parts(count: int) -> Iterator[bytes]:
        yield picture
        for _ in range(count):
            yield bytes(10_000)

    answer = post(f"{address}/api/read", content=parts(200), headers=PNG)
    assert answer.request.headers["transfer-encoding"] == "chunked"
    is_problem(answer, 413)
    assert post(f"{address}/api/read", content=parts(0), headers=PNG).json()["text"] == "7"


def test_a_declared_size_that_is_too_large_is_not_waited_for(impatient: str) -> None:
    with connect(impatient) as connection:
        head = "POST /api/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
        connection.sendall(f"{head}Content-Length: 99999999999\r\n\r\nx".encode())
        assert everything(connection).startswith((b"HTTP/1.1 413", b"HTTP/1.1 408"))


def test_a_slow_body_times_out(impatient: str, picture: bytes) -> None:
    """The timeout covers the whole body: further bytes do not extend it."""
    with connect(impatient) as connection:
        head = "POST /api/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 999999\r\n\r\n"
        connection.sendall(head.encode())
        stop = threading.Event()

        def drip() -> None:
            with contextlib.suppress(OSError):  # the server may have closed the connection
                while not stop.wait(SHORT_SECONDS / 5):
                    connection.sendall(b"x")

        dripping = threading.Thread(target=drip)
        dripping.start()
        received = connection.recv(65536)
        stop.set()
        dripping.join()
        assert received.startswith(b"HTTP/1.1 408") and b"application/problem+json" in received
    is_alive(impatient, picture)


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n"])
def test_slow_headers_time_out(address: str, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HeaderTimeoutProtocol, "header_timeout_seconds", SHORT_SECONDS)
    with connect(address) as connection:
        connection.sendall(sent)
        assert everything(connection) == b""


def test_slow_headers_of_a_second_request_time_out(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with connect(address) as connection:
        assert health(connection)
        monkeypatch.setattr(HeaderTimeoutProtocol, "header_timeout_seconds", SHORT_SECONDS)
        time.sleep(2 * SHORT_SECONDS)  # a connection without a request is not closed
        assert health(connection)
        connection.sendall(b"GET /heal")
        assert everything(connection) == b""


def test_a_client_that_disconnects_does_no_harm(address: str, picture: bytes) -> None:
    for length in (10, len(picture)):
        with connect(address) as connection:
            head = (
                "POST /api/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 9999\r\n\r\n"
            )
            connection.sendall(head.encode() + picture[:length])
    is_alive(address, picture)


def test_all_bodies_together_have_a_limit(address: str, picture: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_TOTAL_BYTES", len(picture) - 1)
    refused = post(f"{address}/api/read", content=picture, headers=PNG)
    is_problem(refused, 503)
    assert int(refused.headers["retry-after"]) > 0
    monkeypatch.undo()
    is_alive(address, picture)


def test_of_a_hundred_requests_those_beyond_the_queue_get_503_at_once(
    address: str, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_sent, run = threading.Event(), workers._ReaderProcess.run

    def run_late(process: workers._ReaderProcess, task: workers.ReaderTask) -> workers.TaskResult:
        all_sent.wait(HANG_SECONDS)
        return run(process, task)

    monkeypatch.setattr(workers._ReaderProcess, "run", run_late)
    with ThreadPoolExecutor(100) as clients:
        asked = [clients.submit(post, f"{address}/api/read", content=picture, headers=PNG) for _ in range(100)]
        answers = []
        for future in as_completed(asked):
            answers.append(future.result())
            if len(answers) == 95:  # one is being read, four wait in the queue
                all_sent.set()
    assert [answer.status_code for answer in answers] == [503] * 95 + [200] * 5
    for answer in answers[:95]:
        is_problem(answer, 503)
        assert answer.headers["retry-after"] == "1"
    assert {answer.json()["text"] for answer in answers[95:]} == {"7"}
    is_alive(address, picture)


def test_a_hundred_digits_at_once_are_all_read(tmp_path: Path, picture: bytes) -> None:
    async def ask_all(address: str) -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=100)
        async with httpx.AsyncClient(base_url=address, limits=limits, timeout=HANG_SECONDS) as client:
            asked = [client.post("/api/read", content=picture, headers=PNG) for _ in range(100)]
            return await asyncio.gather(*asked)

    with serving(create_app(patient_settings(tmp_path, workers=usable_cores(), max_queued=100))) as address:
        answers = asyncio.run(ask_all(address))
    assert [answer.status_code for answer in answers] == [200] * 100
    assert {answer.json()["text"] for answer in answers} == {"7"}


def test_refused_work_is_not_kept() -> None:
    class Body:
        """Stands for a body of ten megabytes."""

    async def refuse() -> list[weakref.ref[Body]]:
        pool = BoundedPool("test", workers=1, max_queued=0, timeout_seconds=HANG_SECONDS)
        release, refused = threading.Event(), []
        first = asyncio.create_task(pool.run(partial(release.wait, HANG_SECONDS)))
        await asyncio.sleep(0)
        for _ in range(3):
            body = Body()
            refused.append(weakref.ref(body))
            with contextlib.suppress(ProblemError):
                await pool.run(partial(id, body))
            del body
        release.set()
        assert await first
        pool.close()
        return refused

    refused = asyncio.run(refuse())
    gc.collect()
    assert [each() for each in refused] == [None] * 3


async def status(pool: BoundedPool) -> int:
    """The status of work in a pool, 200 for success."""
    try:
        await pool.run(lambda: None)
    except ProblemError as problem:
        return problem.status
    return 200


def test_work_beyond_the_queue_is_refused_at_once() -> None:
    release, begun = threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        release.wait(HANG_SECONDS)
        return "done"

    async def check() -> None:
        pool = BoundedPool("test", workers=1, max_queued=1, timeout_seconds=HANG_SECONDS)
        first = asyncio.create_task(pool.run(slow))
        await asyncio.to_thread(begun.wait, HANG_SECONDS)
        second = asyncio.create_task(pool.run(slow))
        await asyncio.sleep(0)  # let it enter the queue
        assert await status(pool) == 503
        release.set()
        assert (await first, await second) == ("done", "done")
        assert await status(pool) == 200
        pool.close()

    asyncio.run(check())


def test_work_that_times_out_occupies_its_slot_until_it_ends() -> None:
    release, begun, ran = threading.Event(), threading.Event(), []

    def slow() -> None:
        begun.set()
        release.wait(HANG_SECONDS)

    async def check() -> None:
        pool = BoundedPool("test", workers=1, max_queued=1, timeout_seconds=0.5)
        first = asyncio.create_task(pool.run(slow))
        await asyncio.to_thread(begun.wait, HANG_SECONDS)
        second = asyncio.create_task(pool.run(lambda: ran.append("second")))
        for late in (first, second):
            with pytest.raises(ProblemError) as over:
                await late
            assert over.value.status == 504
        # The slot of the second is free, the slot of the first is not.
        assert Counter(await asyncio.gather(status(pool), status(pool))) == {503: 1, 504: 1}
        release.set()
        while await status(pool) != 200:
            await asyncio.sleep(0.01)
        pool.close()

    asyncio.run(check())
    assert ran == []


def test_an_exception_of_work_is_raised_and_frees_the_slot() -> None:
    def wrong() -> None:
        raise ValueError("wrong")

    async def check() -> None:
        pool = BoundedPool("test", workers=1, max_queued=0, timeout_seconds=HANG_SECONDS)
        for _ in range(3):
            with pytest.raises(ValueError, match="wrong"):
                await pool.run(wrong)
        pool.close()

    asyncio.run(check())


def sleep(_: Reader) -> None:
    time.sleep(HANG_SECONDS)


def die(_: Reader) -> None:
    os._exit(1)


def fail(_: Reader) -> None:
    raise ValueError("a fault")


def text(reader: Reader, *, content: bytes) -> str:
    return reader.read(content).text


@contextlib.contextmanager
def one_reader(timeout_seconds: float) -> Iterator[ReaderPool]:
    """A pool with one worker process."""
    readers = ReaderPool(
        ReaderFactory("line-reader", "convnet-small"), workers=1, max_queued=1, timeout_seconds=timeout_seconds
    )
    readers.start()
    try:
        yield readers
    finally:
        readers.close()


def test_a_process_that_hangs_is_replaced(picture: bytes) -> None:
    async def check() -> None:
        with pytest.raises(ProblemError) as raised:
            await readers.run(sleep)
        assert raised.value.status == 504
        while True:  # until the new process is ready
            with contextlib.suppress(ProblemError):
                assert (await readers.run(partial(text, content=picture))).content == b'"7"'
                break
            await asyncio.sleep(0.1)

    with one_reader(timeout_seconds=2) as readers:
        asyncio.run(check())


def test_a_process_that_dies_is_replaced_and_one_that_raises_is_not(picture: bytes) -> None:
    async def check() -> None:
        with pytest.raises(ProblemError) as raised:
            await readers.run(die)
        assert raised.value.status == 422
        assert (await readers.run(partial(text, content=picture))).content == b'"7"'
        with pytest.raises(RuntimeError, match="a fault"):
            await readers.run(fail)
        assert (await readers.run(partial(text, content=picture))).content == b'"7"'

    with one_reader(timeout_seconds=HANG_SECONDS) as readers:
        asyncio.run(check())


def end(process: workers._ReaderProcess) -> None:
    """Kill a process, as the system does when memory runs out."""
    process._process.kill()
    process._process.join()


def test_a_process_that_ends_while_idle_costs_no_picture(picture: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with one_reader(timeout_seconds=HANG_SECONDS) as readers:
        for _ in range(2):
            end(readers._processes[0])
            assert asyncio.run(readers.run(partial(text, content=picture))).content == b'"7"'
    assert len(caplog.records) == 2
    for record in caplog.records:
        assert re.fullmatch(
            r"a reader process has ended while it was idle: signal .*; another takes its place", record.getMessage()
        )


def killed_once(reader: Reader, *, content: bytes, marker: Path, signal_number: int) -> str:
    """Read a picture, in a process that is killed before its end unless there is a `marker` of an earlier kill."""
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal_number)
    return reader.read(content).text


def killed(_: Reader) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def crash(_: Reader) -> None:
    os.kill(os.getpid(), signal.SIGABRT)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_that_is_killed_while_it_reads_costs_no_picture(
    picture: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    with one_reader(timeout_seconds=HANG_SECONDS) as readers:
        task = partial(killed_once, content=picture, marker=tmp_path / "killed", signal_number=number)
        assert asyncio.run(readers.run(task)).content == b'"7"'
    (record,) = caplog.records
    assert re.fullmatch(
        r"a reader process has ended while it read a picture: signal .*; another takes its place", record.getMessage()
    )


@pytest.mark.parametrize(("task", "status"), [(killed, 503), (crash, 422)])
def test_a_picture_is_blamed_for_a_crash_but_not_for_kills(picture: bytes, task: ReaderTask, status: int) -> None:
    with one_reader(timeout_seconds=HANG_SECONDS) as readers:
        with pytest.raises(ProblemError) as raised:
            asyncio.run(readers.run(task))
        assert raised.value.status == status
        wait_until(lambda: not readers._idle.empty())
        assert asyncio.run(readers.run(partial(text, content=picture))).content == b'"7"'


@pytest.mark.parametrize("failure", ["idle", "starting"])
def test_without_a_process_the_answer_is_503(
    picture: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, failure: str
) -> None:
    restart, start = workers._ReaderProcess.restart, workers._ReaderProcess.start

    def restart_and_end(process: workers._ReaderProcess) -> None:
        restart(process)
        end(process)

    def start_and_end(process: workers._ReaderProcess) -> None:
        start(process)
        end(process)

    with one_reader(timeout_seconds=HANG_SECONDS) as readers:
        end(readers._processes[0])
        if failure == "idle":
            monkeypatch.setattr(workers._ReaderProcess, "restart", restart_and_end)
        else:
            monkeypatch.setattr(workers._ReaderProcess, "start", start_and_end)
        with pytest.raises(ProblemError) as raised:
            asyncio.run(readers.run(partial(text, content=picture)))
        assert (raised.value.status, raised.value.headers) == (503, {"retry-after": "1"})
        wait_until(lambda: not readers._idle.empty())  # it has tried once more
        monkeypatch.undo()
        assert asyncio.run(readers.run(partial(text, content=picture))).content == b'"7"'
    assert all("\n" not in record.getMessage() and not record.exc_info for record in caplog.records)
    assert f"a reader process {'has ended' if failure == 'idle' else 'could not start'}" in caplog.text


@dataclass(frozen=True)
class FailingFactory(ReaderFactory):
    """Readers that fail in the worker processes."""

    def create(self) -> Reader:
        raise ValueError("two\nlines")


def test_a_process_that_fails_at_its_start_says_why() -> None:
    readers = ReaderPool(FailingFactory("line-reader", "convnet-small"), workers=1, max_queued=1, timeout_seconds=1)
    with pytest.raises(SutjaError, match=r"^a reader process could not start: ValueError: two\\nlines$") as raised:
        readers.start()
    assert raised.value.exit_code == 1
    readers.close()


def test_processes_end_with_the_server(tmp_path: Path) -> None:
    before = set(multiprocessing.active_children())
    with serving(create_app(patient_settings(tmp_path, workers=2))):
        assert len(set(multiprocessing.active_children()) - before) == 2
    assert set(multiprocessing.active_children()) <= before
