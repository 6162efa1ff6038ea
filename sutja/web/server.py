"""The listening socket, and uvicorn with the configuration that this server needs."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from sutja.errors import SutjaError
from sutja.web.timeouts import HeaderTimeoutProtocol

LISTEN_BACKLOG = 1024  # connections that the system accepts before the server does
SHUTDOWN_TIMEOUT_SECONDS = 3  # for responses under way when the server stops


def listen(host: str, port: int) -> socket.socket:
    """Open a socket that listens on `host` and `port`, 0 for any free port; raises `SutjaError` if that fails."""
    place = f"{host}, port {port}"
    try:
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = found[0]
        # With its protocol: only then does asyncio disable Nagle's algorithm, which delays each response by 40 ms.
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SutjaError(f"{place}: cannot listen there: {error.strerror}") from error
    try:
        if os.name == "posix":  # elsewhere the option would let two servers listen on one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(LISTEN_BACKLOG)
    except OSError as error:
        listener.close()
        hint = "; --port 0 takes a free one" if error.errno == errno.EADDRINUSE else ""
        raise SutjaError(f"{place}: cannot listen there: {(error.strerror or str(error)).lower()}{hint}") from error
    return listener


class _Server(uvicorn.Server):
    """Starts the app before itself, and raises what that raises; calls `on_ready` when it accepts connections."""

    def __init__(self, app: FastAPI, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._app, self._on_ready = app, on_ready

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        async with self._app.router.lifespan_context(self._app):
            await super().serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()


def make_server(app: FastAPI, on_ready: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """A server for an app.

    `run(sockets=[…])` raises what the app raises at its start, calls `on_ready` when it accepts requests, and serves
    until a signal.
    """
    config = uvicorn.Config(
        app,
        http=HeaderTimeoutProtocol,
        ws="none",
        lifespan="off",  # `_Server` does it: uvicorn would log a traceback, and exit with code 3
        log_level="warning",
        access_log=False,  # for privacy and speed
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=SHUTDOWN_TIMEOUT_SECONDS,
    )
    return _Server(app, config, on_ready)
