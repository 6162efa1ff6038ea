"""The settings of a server."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from sutja.environment import usable_cores
from sutja.reading.reader import DEFAULT_CLASSIFIER, DEFAULT_LINE_READER
from sutja.web.same_origin import server_names


@dataclass(frozen=True)
class ServerSettings:
    """The models (see `Reader`), the folder of the corrections, and the limits of a server.

    `hosts` are the names under which clients may address the server, of `server_names`. The body of a request has at
    most `max_body_megabytes` and arrives within `body_timeout_seconds`. `workers` processes read one picture each,
    within `reading_timeout_seconds`, while up to `max_queued` more requests wait.
    """

    model: str | Path = DEFAULT_LINE_READER
    classifier: str | Path = DEFAULT_CLASSIFIER
    corrections: Path = Path("corrections")
    hosts: Collection[str] = server_names("127.0.0.1")
    max_body_megabytes: int = 10
    body_timeout_seconds: float = 10.0
    reading_timeout_seconds: float = 10.0
    workers: int = usable_cores()
    max_queued: int = 64
