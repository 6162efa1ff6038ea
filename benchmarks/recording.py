"""Results of benchmarks as JSON files in `results/`, each with the machine and the commit that it was made with."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sutja.environment import describe_environment
from sutja.files import write_text

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "results"


def record(name: str, values: dict[str, Any]) -> Path:
    """Write `results/<name>.json` with the values and the environment; returns its path."""
    path = RESULTS / f"{name}.json"
    write_text(path, json.dumps({**values, "environment": describe_environment()}, indent=2) + "\n")
    return path


def load(name: str) -> dict[str, Any]:
    """What `record` wrote under that name."""
    values: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return values


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, smallest and largest of some measurements."""
    return {"median": statistics.median(values), "minimum": min(values), "maximum": max(values)}
