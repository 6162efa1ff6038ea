"""Web server: throughput and latency of `sutja serve` with 32 concurrent clients, and with one.

The server runs with its default options. The clients run in another process on the same machine, each with one
persistent connection, for 15 seconds. Each request is a test digit of MNIST as a PNG of the kind that the page sends:
36 pixels high, with a margin of 36 pixels.
Command: `python -m benchmarks.web [--quick]`. Writes `results/web.json`.
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

from benchmarks.recording import ROOT, record, summarise_repetitions
from sutja.data.dataset import load_dataset

DIGIT_HEIGHT_PIXELS = 36  # also the margin, as in `static/drawing.js`
TEST_DIGITS = 500  # the first ones of MNIST's test set
CLIENTS = 32
LOAD_SECONDS = 15.0
SERVER_TIMING = re.compile(rb"read;dur=([0-9.]+)")


@dataclass(frozen=True)
class Response:
    """A response: its status, the text read, the client's seconds, and the milliseconds that reading took."""

    status: int
    text: str
    seconds: float
    read_milliseconds: float


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two seconds; records nothing")
    parser.add_argument("--client", metavar="ADDRESS", help=argparse.SUPPRESS)
    options = parser.parse_args()
    seconds = 2.0 if options.quick else LOAD_SECONDS
    if options.client:
        print(json.dumps(asyncio.run(measure_load(options.client, seconds))))
        return
    with _server() as address:
        command = [sys.executable, "-m", "benchmarks.web", "--client", address]
        run = subprocess.run([*command, *(["--quick"] if options.quick else [])], check=True, stdout=subprocess.PIPE)
    values = json.loads(run.stdout)
    print(json.dumps(values, indent=2))
    if not options.quick:
        print(f"→ {record('web', values)}")


@contextmanager
def _server() -> Iterator[str]:
    """Run `sutja serve` on a free port; yields its address."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "main.py", "serve", "--port", "0", "--corrections", folder]
        server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            yield next(line.split()[-1] for line in server.stdout if "http://" in line)
        finally:
            server.terminate()
            server.wait(timeout=30)


async def measure_load(address: str, seconds: float) -> dict[str, object]:
    """Measure what 32 concurrent clients see, then a single client that asks for the details of each digit."""
    digits = load_dataset().test
    drawings = [encode_drawing(image) for image in digits.images[:TEST_DIGITS]]
    labels = [str(label) for label in digits.labels[:TEST_DIGITS]]
    await send_load(address, drawings[:64], clients=4, seconds=1.0, detail=False)  # warm-up
    start = time.perf_counter()
    responses = await send_load(address, drawings, clients=CLIENTS, seconds=seconds, detail=False)
    elapsed = time.perf_counter() - start
    single = await send_load(address, drawings, clients=1, seconds=seconds / 3, detail=True)
    waits = np.array([response.seconds for _, response in responses]) * 1000
    return {
        "clients": CLIENTS,
        "seconds": round(elapsed, 2),
        "requests": len(responses),
        "requests_per_second": round(len(responses) / elapsed, 1),
        "latency_p50_milliseconds": round(float(np.percentile(waits, 50)), 1),
        "latency_p99_milliseconds": round(float(np.percentile(waits, 99)), 1),
        "errors": sum(response.status != 200 for _, response in responses),
        "accuracy": round(float(np.mean([response.text == labels[number] for number, response in responses])), 4),
        "single_client": {
            "latency_milliseconds": summarise_repetitions([round(1000 * each.seconds, 2) for _, each in single]),
            "read_milliseconds": summarise_repetitions([each.read_milliseconds for _, each in single]),
        },
    }


def encode_drawing(image: NDArray[np.uint8]) -> bytes:
    """Encode a digit `uint8 (28, 28)` as PNG, black on white."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    ink = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    width = max(1, round(ink.shape[1] * DIGIT_HEIGHT_PIXELS / ink.shape[0]))
    paper = 255 - cv2.resize(ink, (width, DIGIT_HEIGHT_PIXELS), interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".png", np.pad(paper, DIGIT_HEIGHT_PIXELS, constant_values=255))[1].tobytes()


async def send_load(
    address: str, drawings: list[bytes], *, clients: int, seconds: float, detail: bool
) -> list[tuple[int, Response]]:
    """Let clients send pictures for a time in seconds, each after the last response; returns numbers and responses."""
    host, port = str(urlsplit(address).hostname), urlsplit(address).port
    path = f"/api/read?upright=true&detail={str(detail).lower()}"
    responses: list[tuple[int, Response]] = []
    end = time.perf_counter() + seconds

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        while time.perf_counter() < end:
            responses.append((number, await send_picture(reader, writer, f"{host}:{port}", path, drawings[number])))
            number = (number + clients) % len(drawings)
        writer.close()

    await asyncio.gather(*(client(number) for number in range(clients)))
    return responses


async def send_picture(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, path: str, picture: bytes
) -> Response:
    """Send a picture on an open connection and wait for the response."""
    start = time.perf_counter()
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: image/png\r\nContent-Length: {len(picture)}\r\n\r\n"
    writer.write(head.encode() + picture)
    headers = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", headers)
    assert length is not None, headers
    body = await reader.readexactly(int(length[1]))
    seconds = time.perf_counter() - start
    status, timing = int(headers[9:12]), SERVER_TIMING.search(headers)
    text = json.loads(body)["text"] if status == 200 else ""
    return Response(status, text, seconds, float(timing[1]) if timing else float("nan"))


if __name__ == "__main__":
    main()
