"""The JSON files in `results/`: figures of benchmarks, each with the machine and the commit that produced them.

`<name>.json` holds the latest figures of one benchmark; `bench-<date>.json` holds all figures measured on one day.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sutja.environment import describe_environment
from sutja.files import write_text

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "results"
IMAGES = ROOT / "docs" / "images"


def record(name: str, values: dict[str, Any]) -> Path:
    """Write `results/<name>.json` with the values and the environment; returns its path."""
    path = RESULTS / f"{name}.json"
    write_text(path, json.dumps({**values, "environment": describe_environment()}, indent=2) + "\n")
    return path


def load_results(name: str, folder: Path = RESULTS) -> dict[str, Any]:
    """The values that `record` wrote under a name."""
    values: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return values


def add_to_history(name: str, day: date, folder: Path = RESULTS) -> Path:
    """Copy the latest figures of a benchmark into the history of a day; returns its path.

    They replace the benchmark's earlier figures of that day and leave those of other benchmarks alone.
    """
    path = folder / f"bench-{day.isoformat()}.json"
    history = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    write_text(path, json.dumps({**history, name: load_results(name, folder)}, indent=2) + "\n")
    return path


def summarise_repetitions(values: Sequence[float]) -> dict[str, float]:
    """Median, minimum and maximum of repeated measurements."""
    return {"median": statistics.median(values), "minimum": min(values), "maximum": max(values)}
