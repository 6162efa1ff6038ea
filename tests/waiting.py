"""How tests wait: for events, however busy the computer is; seconds only guard against hanging."""

from __future__ import annotations

import time
from collections.abc import Callable

HANG_SECONDS = 600.0  # nothing that a test waits for takes this long


def wait_until(condition: Callable[[], bool]) -> None:
    """Poll until a condition holds; fails after `HANG_SECONDS`."""
    end = time.monotonic() + HANG_SECONDS
    while not condition():
        assert time.monotonic() < end, "it hangs"
        time.sleep(0.02)
