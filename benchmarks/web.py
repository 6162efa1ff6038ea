"""The server under load: single digits a second from 32 clients at once, how long each waits, and what one costs.

The server is `sutja serve` as anybody starts it, the clients are a process of their own on the same machine, with one
connection each that stays open. Each digit of MNIST's test set is a PNG as the page makes it of what was drawn: 36
pixels high, with as much paper around.
Writes `results/web.json`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.recording import ROOT, record, spread
from sutja.data.dataset import load_dataset

TALL = 36  # pixels of a digit's height and of the paper around, as `static/drawing.js` has them
DIGITS = 500
CLIENTS = 32
SECONDS = 15.0
TIMING = re.compile(rb"read;dur=([0-9.]+)")


@dataclass(frozen=True)
class Answer:
    """One request: its status, what was read, the client's seconds, and the milliseconds that reading took."""

    status: int
    text: str
    seconds: float
    read_milliseconds: float


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two seconds, and nothing is recorded")
    parser.add_argument("--client", metavar="ADDRESS", help=argparse.SUPPRESS)
    options = parser.parse_args()
    seconds = 2.0 if options.quick else SECONDS
    if options.client:
        print(json.dumps(asyncio.run(measure(options.client, seconds))))
        return
    with serving() as address:
        words = [sys.executable, "-m", "benchmarks.web", "--client", address]
        told = subprocess.run([*words, *(["--quick"] if options.quick else [])], check=True, stdout=subprocess.PIPE)
    values = json.loads(told.stdout)
    print(json.dumps(values, indent=2))
    if not options.quick:
        print(f"→ {record('web', values)}")


@contextmanager
def serving() -> Iterator[str]:
    """Run `sutja serve` on a free port; gives its address."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "main.py", "serve", "--port", "0", "--corrections", folder]
        server = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            yield next(line.split()[-1] for line in server.stdout if "http://" in line)
        finally:
            server.terminate()
            server.wait(timeout=30)


async def measure(address: str, seconds: float) -> dict[str, object]:
    """What 32 clients see, and what one client sees who draws a digit after the other."""
    digits = load_dataset().test
    drawn = [draw(image) for image in digits.images[:DIGITS]]
    labels = [str(label) for label in digits.labels[:DIGITS]]
    await load(address, drawn[:64], clients=4, seconds=1.0, detail=False)  # the server has warmed up
    begun = time.perf_counter()
    answers = await load(address, drawn, clients=CLIENTS, seconds=seconds, detail=False)
    lasted = time.perf_counter() - begun
    alone = await load(address, drawn, clients=1, seconds=seconds / 3, detail=True)
    waits = np.array([answer.seconds for _, answer in answers]) * 1000
    return {
        "clients": CLIENTS,
        "seconds": round(lasted, 2),
        "requests": len(answers),
        "requests_a_second": round(len(answers) / lasted, 1),
        "milliseconds_50": round(float(np.percentile(waits, 50)), 1),
        "milliseconds_99": round(float(np.percentile(waits, 99)), 1),
        "errors": sum(answer.status != 200 for _, answer in answers),
        "right": round(float(np.mean([answer.text == labels[number] for number, answer in answers])), 4),
        "alone": {
            "milliseconds": spread([round(1000 * answer.seconds, 2) for _, answer in alone]),
            "read_milliseconds": spread([answer.read_milliseconds for _, answer in alone]),
        },
    }


def draw(image: NDArray[np.uint8]) -> bytes:
    """A digit `uint8 (28, 28)` in black on white paper, as PNG."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    ink = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    wide = max(1, round(ink.shape[1] * TALL / ink.shape[0]))
    paper = 255 - cv2.resize(ink, (wide, TALL), interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".png", np.pad(paper, TALL, constant_values=255))[1].tobytes()


async def load(
    address: str, drawn: list[bytes], *, clients: int, seconds: float, detail: bool
) -> list[tuple[int, Answer]]:
    """Let some clients send pictures for so long, each the next one when it has its answer: number and answer."""
    host, port = str(urlsplit(address).hostname), urlsplit(address).port
    path = f"/api/read?upright=true&detail={str(detail).lower()}"
    answers: list[tuple[int, Answer]] = []
    end = time.perf_counter() + seconds

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        while time.perf_counter() < end:
            answers.append((number, await ask(reader, writer, f"{host}:{port}", path, drawn[number])))
            number = (number + clients) % len(drawn)
        writer.close()

    await asyncio.gather(*(client(number) for number in range(clients)))
    return answers


async def ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, path: str, picture: bytes
) -> Answer:
    """Send a picture on an open connection and wait for the answer."""
    begun = time.perf_counter()
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: image/png\r\nContent-Length: {len(picture)}\r\n\r\n"
    writer.write(head.encode() + picture)
    headers = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", headers)
    assert length is not None, headers
    body = await reader.readexactly(int(length[1]))
    seconds = time.perf_counter() - begun
    status, timing = int(headers[9:12]), TIMING.search(headers)
    text = json.loads(body)["text"] if status == 200 else ""
    return Answer(status, text, seconds, float(timing[1]) if timing else float("nan"))


if __name__ == "__main__":
    main()
