"""Tables on the terminal, and figures in `results/faults.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.faults.outcomes import Outcome
from benchmarks.faults.session import Measured
from benchmarks.recording import RESULTS, record
from sutja.environment import describe_environment

NAME = "faults"
MAX_PRINTED = 3  # faults of each kind; all that are kept are in the file
HEADS = ("tried", *(str(outcome) for outcome in Outcome))


def print_measured(part: str, measured: Measured) -> int:
    """Print a part's table, figures and faults; returns the number of faults."""
    rows = [
        (name, [tally.tried, *(tally.counts[each] for each in Outcome)]) for name, tally in measured.tallies.items()
    ]
    width = max((len(name) for name, _ in rows), default=0)
    used = [number for number, _ in enumerate(HEADS) if number < 3 or any(row[number] for _, row in rows)]
    print(f"{part:{width}} {' '.join(HEADS[number].rjust(11) for number in used)}")
    for name, row in rows:
        print(f"{name:{width}} {' '.join(f'{row[number]:11,}' for number in used)}")
    for name, tally in measured.tallies.items():
        for finding in tally.findings[:MAX_PRINTED]:
            print(f"  {finding['outcome']}: {name}: {finding['detail']}\n    {finding['repeat']}")
    if measured.values:
        print(json.dumps(measured.values, indent=2))
    return sum(tally.faults for tally in measured.tallies.values())


def record_measured(part: str, measured: Measured, *, seed: int, add: bool) -> Path:
    """Put a part's figures into `results/faults.json`, in place of its earlier ones or, to `add`, with them."""
    parts = load_parts()
    earlier = parts.get(part, {}) if add else {}
    kinds = dict(earlier.get("kinds", {}))
    for name, tally in measured.tallies.items():
        kinds[name] = tally.merged(kinds.get(name)).to_json()
    seeds = sorted({*earlier.get("seeds", []), seed})
    made = describe_environment()
    parts[part] = {"seeds": seeds, "kinds": kinds, "values": measured.values, "environment": made}
    return record(NAME, {"parts": parts})


def load_parts(folder: Path = RESULTS) -> dict[str, Any]:
    """The recorded figures of each part."""
    path = folder / f"{NAME}.json"
    if not path.exists():
        return {}
    parts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["parts"]
    return parts
