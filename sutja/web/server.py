"""uvicorn, told what this server needs."""

from __future__ import annotations

import socket

import uvicorn
from fastapi import FastAPI

from sutja.errors import SutjaError
from sutja.web.patience import PatientProtocol

GRACE = 3  # seconds that answers under way have when the server is stopped


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 is any free one. Raises `SutjaError` where that is not possible."""
    place = f"{host}, port {port}"
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=1024, reuse_port=False)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SutjaError(f"{place}: cannot listen there: {reason}; --port chooses another port, 0 any") from error
    except OverflowError as error:
        raise SutjaError(f"{place}: there is no such port") from error


def make_server(app: FastAPI) -> uvicorn.Server:
    """A server for an app; `run(sockets=[…])` serves until the process is told to stop."""
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
    return uvicorn.Server(config)
