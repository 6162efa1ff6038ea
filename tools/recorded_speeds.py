"""The training speeds in `results/`, as the package carries them for `sutja doctor`; `tools.readme` writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.recording import RESULTS, load_results
from sutja.cli.diagnosis.speed import RecordedSpeeds, TrainingSpeed
from sutja.files import to_json


def render_speeds(folder: Path = RESULTS) -> str:
    """The file of the package as text: of each machine the latest speed."""
    history = [load_results(path.stem, folder).get("throughput") for path in sorted(folder.glob("bench-*.json"))]
    measured = [each for each in [*history, load_results("throughput", folder)] if each is not None]
    latest = {speed.machine: speed for speed in map(_speed, measured)}
    return to_json(RecordedSpeeds(list(latest.values())))


def _speed(throughput: dict[str, Any]) -> TrainingSpeed:
    machine = f"{throughput['environment']['processor']} with {throughput['environment']['cores']} cores"
    rate = round(throughput["images_per_second"]["sutja"]["median"], 1)
    return TrainingSpeed(rate, throughput["threads"], machine)
