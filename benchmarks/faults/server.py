"""The server under mixed load: sound requests, of which each must be answered rightly, and hostile ones among them."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import statistics
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from time import monotonic

import cv2
import numpy as np

from benchmarks.faults.bombs import BOMBS
from benchmarks.faults.mutations import Random, mutate
from benchmarks.faults.outcomes import Outcome, Result, Tally
from benchmarks.faults.pictures import numbers_picture
from benchmarks.faults.serving import BOUNDARY, Server, ask, correction_form, form, request, serving, stop
from benchmarks.faults.session import Measured, Session
from sutja.data.dataset import load_dataset
from sutja.reading.reader import Reader

CLIENTS = 8
PAUSE_SECONDS = 0.02  # of a client between two requests: the load is meant to last, not to measure speed
HOSTILE_SHARE = 0.05
LOAD_SECONDS = 300.0
SLOW_CLIENTS = 200  # at once
SLOW_SECONDS = 15.0  # more than any timeout of the server
READER_KILL_SECONDS = 5.0  # between two kills of a reader
MAX_GROWTH = 0.05  # of the memory, from the second fifth of the time to the last
EXPECTED_LOG = (  # how its own lines begin
    "Press Ctrl-C to stop",
    "stopped",
    "WARNING: a reader process",
    "WARNING: Invalid HTTP request received.",
)
BUSY = (503, 504)
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


@cache
def _png() -> bytes:
    return cv2.imencode(".png", numbers_picture())[1].tobytes()


@cache
def encoded_digit() -> str:
    """A digit as the API takes it."""
    return base64.b64encode(load_dataset().test.images[0].tobytes()).decode()


def judge_sound(status: int, body: bytes, right: Callable[[bytes], bool], kind: str) -> Result:
    """A sound request is answered rightly, or refused because the server is busy."""
    if status in (200, 201):
        return Result(Outcome.UNCHANGED if right(body) else Outcome.SILENT, f"{kind}: {body[:200]!r}")
    if status in BUSY:
        return Result(Outcome.REFUSED)
    if status >= 500:
        return Result(Outcome.TRACEBACK, f"{kind}: {status} {body[:200]!r}")
    return Result(Outcome.MISREPORTED if status else Outcome.LOST, f"{kind}: {status} {body[:200]!r}")


def judge_hostile(status: int, body: bytes, kind: str) -> Result:
    """A hostile request may be answered, refused or cut off, but it is no failure of the server."""
    if status >= 500 and status not in BUSY:
        return Result(Outcome.TRACEBACK, f"{kind}: {status} {body[:200]!r}")
    return Result(Outcome.REFUSED if status >= 400 or not status else Outcome.UNCHANGED)


@cache
def idle_text() -> str:
    """What the reader reads on the sound picture undisturbed, whichever network is published."""
    text = Reader(threads=1).read(numbers_picture()).text
    assert text, "nothing is read on the sound picture"
    return text


def has_idle_text(body: bytes) -> bool:
    """Whether an answer has that text."""
    return bool(json.loads(body)["text"] == idle_text())


def _has_label(body: bytes) -> bool:
    return int(np.argmax(json.loads(body)["probabilities"])) == int(load_dataset().test.labels[0])


async def sound_request(server: Server, random: Random) -> Result:
    """Send one sound request and check its answer."""
    png, correction = _png(), correction_form(encoded_digit(), 7)
    saliency = json.dumps({"image": encoded_digit()}).encode()
    kinds: list[tuple[bytes, Callable[[bytes], bool]]] = [
        *[(request(server, "POST", "/api/read", png, content_type="image/png"), has_idle_text)] * 6,
        (request(server, "POST", "/api/read", form(png), content_type=MULTIPART), has_idle_text),
        (request(server, "POST", "/api/read?detail=true", png, content_type="image/png"), has_idle_text),
        *[(request(server, "POST", "/api/saliency", saliency, content_type="application/json"), _has_label)] * 2,
        (
            request(server, "POST", "/api/corrections", correction, content_type=MULTIPART),
            lambda body: b"stored" in body,
        ),
        (request(server, "GET", "/api/corrections"), lambda body: b"total" in body),
        (request(server, "GET", "/"), lambda body: b"<html" in body),
        (request(server, "GET", "/api/models"), lambda body: b"name" in body),
        (request(server, "GET", "/healthz"), lambda body: b"ok" in body),
    ]
    content, right = kinds[int(random.integers(len(kinds)))]
    status, body = await ask(server, content)
    return judge_sound(status, body, right, content[:40].decode(errors="replace").partition(" HTTP")[0])


async def hostile_request(server: Server, random: Random, bombs: list[bytes]) -> Result:
    """Send one hostile request."""
    png = _png()

    def read(content: bytes, **headers: str) -> bytes:
        return request(server, "POST", "/api/read", content, **{"content_type": "image/png", **headers})

    kinds: dict[str, Callable[[], Awaitable[tuple[int, bytes]]]] = {
        "a bomb": lambda: ask(server, read(bombs[int(random.integers(len(bombs)))])),
        "a damaged picture": lambda: ask(server, read(mutate(png, random)[1])),
        "a damaged request": lambda: ask(server, mutate(read(png), random)[1], seconds=SLOW_SECONDS),
        "a damaged form": lambda: ask(server, read(mutate(form(png), random)[1], content_type=MULTIPART)),
        "a body that never comes": lambda: ask(server, read(png)[:-50], seconds=SLOW_SECONDS),
        "a header that never ends": lambda: ask(server, read(png)[:40], seconds=SLOW_SECONDS),
        "a body with a pause": lambda: ask(server, read(png), pause_at=300, pause=1.0),
        "a large body": lambda: ask(server, read(bytes(11 << 20))),
        "another name of the host": lambda: ask(server, read(png, host="evil.example")),
        "a page of another site": lambda: ask(server, read(png, origin="http://evil.example")),
        "deep JSON": lambda: ask(
            server, request(server, "POST", "/api/saliency", b"[" * 100_000, content_type="application/json")
        ),
        "a client that leaves": lambda: ask(server, read(png), seconds=0.01),
    }
    kind = str(random.choice(list(kinds)))
    status, body = await kinds[kind]()
    return judge_hostile(status, body, kind)


def make_bombs(session: Session) -> list[bytes]:
    """The contents of the hostile pictures that the size of a request lets through."""
    contents = []
    for name, bomb in BOMBS.items():
        if name.startswith("bomb: picture"):
            folder = session.folder / "pictures" / name.replace("/", "-")
            folder.mkdir(parents=True, exist_ok=True)
            bomb.make(folder, session.material)
            contents += [path.read_bytes() for path in folder.iterdir()]
    return contents


def try_load(session: Session, part: str) -> Measured:
    """Five minutes of mixed load, or `seconds` if these are more; memory is measured each second."""
    seconds = max(session.seconds, LOAD_SECONDS) if session.count is None else session.count
    bombs = make_bombs(session)
    return _serve(session, part, lambda server: _load(session, server, seconds, bombs))


def try_slow_clients(session: Session, part: str) -> Measured:
    """Many clients that send nothing more, and readers that are killed, while others must be answered."""
    seconds = session.seconds if session.count is None else session.count
    return _serve(session, part, lambda server: _besiege(session, server, seconds))


def _serve(session: Session, part: str, use: Callable[[Server], Awaitable[Measured]]) -> Measured:
    folder = session.folder / part
    folder.mkdir(exist_ok=True)
    idle_text()  # before there are clients that would wait for it
    with serving(folder / "corrections", folder / "log") as server:

        async def used() -> Measured:
            return await use(server)

        measured = asyncio.run(used())
        _count(measured, session, part, "stopping", stop(server))
    _count(measured, session, part, "log", judge_log(server.log))
    return measured


def _count(measured: Measured, session: Session, part: str, kind: str, result: Result) -> None:
    repeat = f"python -m benchmarks.faults --part {part} --seed {session.seed}"
    measured.tallies.setdefault(kind, Tally()).add(result, repeat)


def judge_log(path: Path) -> Result:
    """A log has nothing but what the server says of itself."""
    lines = [" ".join(line.split()) for line in path.read_text(errors="replace").splitlines()]
    lines = [line for line in lines if not line.startswith(EXPECTED_LOG)]
    if any("Traceback" in line for line in lines):
        return Result(Outcome.TRACEBACK, f"{len(lines):,} lines; the last: {lines[-1]}")
    kinds = Counter(lines).most_common(3)
    return Result(Outcome.NOISY, f"{len(lines):,} lines, such as {kinds}") if lines else Result(Outcome.UNCHANGED)


async def _load(session: Session, server: Server, seconds: float, bombs: list[bytes]) -> Measured:
    end = monotonic() + seconds
    measured, memory = Measured({}, {}), list[int]()

    async def client(number: int) -> None:
        random = np.random.default_rng([session.seed, number])
        while monotonic() < end:
            hostile = random.random() < HOSTILE_SHARE
            result = await (hostile_request(server, random, bombs) if hostile else sound_request(server, random))
            _count(measured, session, "load", "hostile requests" if hostile else "sound requests", result)
            await asyncio.sleep(PAUSE_SECONDS)

    async def watch() -> None:
        while monotonic() < end:
            memory.append(server.resident_bytes())
            await asyncio.sleep(1)

    await asyncio.gather(watch(), *(client(number) for number in range(CLIENTS)))
    growth = memory_growth(memory)
    judged = Result(Outcome.MEMORY if growth > MAX_GROWTH else Outcome.UNCHANGED, f"grew by {100 * growth:.1f} %")
    _count(measured, session, "load", "memory", judged)
    measured.values.update(
        seconds=seconds,
        clients=CLIENTS,
        memory_growth=round(growth, 4),
        peak_megabytes=max(memory) >> 20,
        usual_megabytes=int(statistics.median(memory)) >> 20,
    )
    return measured


def memory_growth(samples: list[int]) -> float:
    """By which share memory grew from the second fifth of the samples to the last: before, the server warms up."""
    fifth = max(1, len(samples) // 5)
    return statistics.median(samples[-fifth:]) / statistics.median(samples[fifth : 2 * fifth] or samples[:1]) - 1


async def _besiege(session: Session, server: Server, seconds: float) -> Measured:
    end, measured = monotonic() + seconds, Measured({}, {})
    png = _png()

    async def slow(number: int) -> None:
        random = np.random.default_rng([session.seed, number])
        while monotonic() < end:
            content = request(server, "POST", "/api/read", png, content_type="image/png")
            cut = int(random.integers(1, len(content)))
            status, body = await ask(server, content[:cut], seconds=SLOW_SECONDS)
            _count(measured, session, "slow", "slow clients", judge_hostile(status, body, f"{cut} bytes"))

    async def sound(number: int) -> None:
        random = np.random.default_rng([session.seed, 1, number])
        while monotonic() < end:
            _count(measured, session, "slow", "sound requests beside them", await sound_request(server, random))
            await asyncio.sleep(PAUSE_SECONDS)

    async def kill_readers() -> None:
        random = np.random.default_rng([session.seed, 2])
        while monotonic() < end:
            await asyncio.sleep(READER_KILL_SECONDS)
            readers = [process for process in server.processes()[1:] if _is_reader(process)]
            if readers:
                os.kill(int(random.choice(readers)), signal.SIGKILL)
                _count(measured, session, "slow", "killed readers", Result(Outcome.UNCHANGED))

    await asyncio.gather(kill_readers(), sound(0), sound(1), *(slow(number) for number in range(SLOW_CLIENTS)))
    return measured


def _is_reader(process: int) -> bool:
    try:
        return b"spawn_main" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False
