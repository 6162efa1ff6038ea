"""The parts of the harness by their names, and how a single case of each is repeated."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.faults.commands import try_commands, try_places
from benchmarks.faults.disks import try_disks
from benchmarks.faults.files import FORM_PARTS, try_files
from benchmarks.faults.kills import try_kills
from benchmarks.faults.server import try_load, try_slow_clients
from benchmarks.faults.session import Measured, Session

Part = Callable[[Session, str], Measured]

PARTS: dict[str, Part] = {
    **dict.fromkeys(FORM_PARTS, try_files),
    "commands": try_commands,
    "places": try_places,
    "kills": try_kills,
    "disks": try_disks,
    "slow": try_slow_clients,
    "load": try_load,
}
