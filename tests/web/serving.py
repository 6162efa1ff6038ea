"""A real server for the tests: uvicorn in a thread, on a free port."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
from fastapi import FastAPI
from numpy.typing import NDArray

from sutja.web.server import listen, make_server
from sutja.web.settings import ServerSettings
from tests.waiting import HANG_SECONDS

PROBLEM = "application/problem+json"
get, post = partial(httpx.get, timeout=HANG_SECONDS), partial(httpx.post, timeout=HANG_SECONDS)


def patient_settings(corrections: Path, **settings: Any) -> ServerSettings:
    """Settings of a server with one reader, whose timeouts no test reaches unless it sets them."""
    patient = {"body_timeout_seconds": HANG_SECONDS, "reading_timeout_seconds": HANG_SECONDS, "workers": 1}
    return ServerSettings(corrections=corrections, **{**patient, **settings})


@contextmanager
def serving(app: FastAPI, host: str = "127.0.0.1") -> Iterator[str]:
    """Run an app on a server; gives its address."""
    listener = listen(host, 0)
    ready = threading.Event()
    server = make_server(app, ready.set)

    def run() -> None:
        try:
            server.run(sockets=[listener])
        finally:
            ready.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(HANG_SECONDS) and server.started, "the server has not come up"
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(HANG_SECONDS)
        listener.close()
        assert not thread.is_alive(), "the server has not ended"


def draw(images: Iterable[NDArray[np.uint8]], size: int = 56) -> NDArray[np.uint8]:
    """Draw digits, `uint8 (28, 28)`, side by side in black on white, `uint8 (H, W)`."""
    inks = [cv2.resize(image, (size, size), interpolation=cv2.INTER_CUBIC) for image in images]
    canvas = np.full((3 * size, (len(inks) + 2) * size), 255, np.uint8)
    canvas[size : 2 * size, size:-size] = 255 - np.hstack(inks)
    return canvas


def encode(picture: NDArray[np.uint8], suffix: str = ".png") -> bytes:
    """Encode a picture as a file."""
    return cv2.imencode(suffix, picture)[1].tobytes()


def is_problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """Check that a response is a problem with that status and no other fields; returns it."""
    assert response.status_code == status, response.text[:500]
    assert response.headers["content-type"] == PROBLEM
    problem: dict[str, Any] = response.json()
    assert set(problem) == {"type", "title", "status", "detail"}
    assert problem["status"] == status
    assert problem["detail"] and "\n" not in problem["detail"] and "Traceback" not in problem["detail"]
    return problem
