"""Results of benchmarks as JSON files in `results/`, each with the machine and the commit that it was made with.

`<name>.json` holds the latest figures of one benchmark; `bench-<date>.json` all that were taken on one day.
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


def load(name: str, folder: Path = RESULTS) -> dict[str, Any]:
    """What `record` wrote under that name."""
    values: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return values


def keep(name: str, day: date, folder: Path = RESULTS) -> Path:
    """Put the latest figures of a benchmark into a day's history; returns its path.

    They take the place of earlier ones of the same day, and leave those of other benchmarks alone.
    """
    path = folder / f"bench-{day.isoformat()}.json"
    history = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    write_text(path, json.dumps({**history, name: load(name, folder)}, indent=2) + "\n")
    return path


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, smallest and largest of some measurements."""
    return {"median": statistics.median(values), "minimum": min(values), "maximum": max(values)}
