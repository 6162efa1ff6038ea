"""The speeds that `sutja doctor` compares with are those of the benchmark in `results/`."""

from __future__ import annotations

import copy
import json
from pathlib import Path

from benchmarks.recording import load_results
from sutja.cli.diagnosis.speed import RECORDED_SPEEDS, RecordedSpeeds
from sutja.files import from_json
from tools.recorded_speeds import render_speeds


def test_the_package_has_the_recorded_speeds() -> None:
    assert RECORDED_SPEEDS.read_text(encoding="utf-8") == render_speeds()


def test_of_each_machine_the_latest_speed_counts(tmp_path: Path) -> None:
    latest = load_results("throughput")
    earlier = copy.deepcopy(latest)
    earlier["images_per_second"]["sutja"]["median"] = 1.0
    other = copy.deepcopy(earlier)
    other["environment"]["processor"] = "another"
    history = {"2026-01-01": {"throughput": earlier}, "2026-01-02": {"throughput": other}, "2026-01-03": {}}
    for day, values in history.items():
        (tmp_path / f"bench-{day}.json").write_text(json.dumps(values))
    (tmp_path / "throughput.json").write_text(json.dumps(latest))
    speeds = from_json(RecordedSpeeds, render_speeds(tmp_path)).speeds
    assert [round(each.images_per_second) for each in speeds] == [
        round(latest["images_per_second"]["sutja"]["median"]),
        1,
    ]
