"""`sutja serve` as a process of its own, requests to it, and its kills."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlsplit

from benchmarks.faults.mutations import Random
from benchmarks.faults.outcomes import Outcome, Result
from benchmarks.faults.pool import resident_bytes
from benchmarks.faults.processes import empty, is_alone, start, sutja, temporary_files
from sutja.data.corrections.store import Corrections

BOUNDARY = "----faults"
STOP_SECONDS = 30.0
MAX_MOMENT_SECONDS = 1.5  # between the first request and the kill


@dataclass(frozen=True)
class Server:
    """A running server."""

    process: subprocess.Popen[bytes]
    host: str
    port: int
    log: Path

    def processes(self) -> list[int]:
        """The numbers of all its processes, its own first."""
        found, added = [self.process.pid], [self.process.pid]
        while added:
            added = [child for parent in added for child in _children(parent)]
            found += added
        return found

    def resident_bytes(self) -> int:
        """The memory of all its processes."""
        return sum(map(resident_bytes, self.processes()))


def _children(process: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        return [int(word) for task in tasks for word in (task / "children").read_text().split()]
    except OSError:
        return []


@contextmanager
def serving(corrections: Path, log: Path) -> Iterator[Server]:
    """Run `sutja serve` on a free port; its log is written to a file. It is killed at the end unless it has ended."""
    with log.open("wb") as stream:
        process = start("serve", "--port", "0", "--corrections", corrections, stdout=subprocess.PIPE, stderr=stream)
    assert process.stdout is not None
    try:
        line = next(line.decode() for line in process.stdout if b"http://" in line)
        address = urlsplit(line.split()[-1])
        yield Server(process, str(address.hostname), int(address.port or 0), log)
    finally:
        process.stdout.close()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def stop(server: Server) -> Result:
    """Interrupt a server; it says that it has stopped, ends with 0, and leaves no process."""
    server.process.send_signal(signal.SIGINT)
    end = monotonic() + STOP_SECONDS
    while server.process.poll() is None and monotonic() < end:
        sleep(0.05)
    if server.process.poll() is None:
        return Result(Outcome.HANG, f"it has not stopped within {STOP_SECONDS:g} s")
    if not is_alone(server.process.pid):
        return Result(Outcome.LEFTOVER, "processes go on")
    if server.process.returncode != 0 or "stopped" not in server.log.read_text():
        return Result(Outcome.MISREPORTED, f"exit code {server.process.returncode}")
    return Result(Outcome.UNCHANGED)


async def ask(
    server: Server, request: bytes, *, seconds: float = 60.0, pause_at: int | None = None, pause: float = 0.0
) -> tuple[int, bytes]:
    """Send the bytes of a request on a connection of its own; returns status and body, 0 without an answer.

    With `pause_at` the rest from there on is sent after a pause.
    """
    writer = None
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(request[:pause_at])
            await writer.drain()
            if pause_at is not None:
                await asyncio.sleep(pause)
                writer.write(request[pause_at:])
                await writer.drain()
            answer = await reader.read()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return 0, b""
    finally:
        if writer is not None:
            writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return (int(head[9:12]) if head[9:12].isdigit() else 0), body


def request(server: Server, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of a request; underscores in the names of `headers` stand for hyphens."""
    own = {"Host": f"{server.host}:{server.port}", "Connection": "close", "Content-Length": str(len(body))}
    lines = own | {name.replace("_", "-").title(): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def form(picture: bytes | None = None, **fields: str) -> bytes:
    """A multipart form."""
    parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
    if picture is not None:
        parts.append(b'name="picture"; filename="numbers.png"\r\nContent-Type: image/png\r\n\r\n' + picture)
    separator = f"--{BOUNDARY}\r\nContent-Disposition: form-data; ".encode()
    return b"".join(separator + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode()


def correction_form(encoded: str, label: int) -> bytes:
    """The form that stores one correction of an image in base64."""
    values = [{"image": encoded, "label": label, "guess": None, "confidence": None, "box": None}]
    return form(corrections=json.dumps(values))


def kill_server(folder: Path, encoded: str, random: Random) -> Result:
    """Kill a server while corrections are sent to it: each that it confirmed is kept."""
    empty(folder)
    store = folder / "corrections"
    moment = float(random.uniform(0, MAX_MOMENT_SECONDS))
    with serving(store, folder / "log") as server:
        timer = threading.Timer(moment, server.process.kill)
        timer.start()
        confirmed = _confirmed(server, encoded)
        timer.join()
        server.process.wait()
        if not is_alone(server.process.pid):
            return Result(Outcome.LEFTOVER, f"killed after {moment:.2f} s: readers go on")
    try:
        kept = len(Corrections(store).all())
    except Exception as error:
        return Result(Outcome.LOST, f"killed after {moment:.2f} s: {type(error).__name__}: {error}")
    if kept < confirmed:
        return Result(Outcome.LOST, f"killed after {moment:.2f} s: {kept} of {confirmed} corrections")
    if kept:
        following = sutja("corrections", store, "--delete", Corrections(store).ids()[0], "--force")
        if following.code != 0:
            return Result(Outcome.LOST, f"the next command: exit code {following.code}: {following.err[-200:]}")
        if left := temporary_files(store):
            return Result(Outcome.LEFTOVER, ", ".join(left[:5]))
    return Result(Outcome.UNCHANGED, f"killed after {moment:.2f} s: {kept} corrections")


def _confirmed(server: Server, encoded: str) -> int:
    """Send corrections until the server is gone; returns how many it has confirmed."""
    count = 0
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    connection = HTTPConnection(server.host, server.port, timeout=60)
    while True:
        try:
            connection.request("POST", "/api/corrections", correction_form(encoded, count % 10), headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            connection.close()
            return count
        count += answer.status == 201
