"""uvicorn, told what this server needs."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from sutja.errors import SutjaError
from sutja.web.timeouts import PatientProtocol

BACKLOG = 1024  # connections that wait to be let in
GRACE = 3  # seconds that answers under way have when the server is stopped


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 is any free one. Raises `SutjaError` where that is not possible."""
    place = f"{host}, port {port}"
    try:
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = found[0]
        # With its protocol: only then does asyncio switch Nagle's algorithm off, which costs 40 milliseconds an answer.
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SutjaError(f"{place}: cannot listen there: {error.strerror}") from error
    try:
        if os.name == "posix":  # elsewhere it would let two servers listen at once
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        hint = "; --port 0 takes a free one" if error.errno == errno.EADDRINUSE else ""
        raise SutjaError(f"{place}: cannot listen there: {(error.strerror or str(error)).lower()}{hint}") from error
    return listener


class _Server(uvicorn.Server):
    """Calls `ready` once the app has started and requests are answered."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def make_server(app: FastAPI, ready: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """A server for an app; `run(sockets=[…])` serves until a signal stops it, and calls `ready` when it has started."""
    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,  # what somebody draws is nobody's business, and a line a request takes time
        server_header=False,
        proxy_headers=False,  # nobody is asked who asks
        timeout_graceful_shutdown=GRACE,
    )
    return _Server(config, ready)
