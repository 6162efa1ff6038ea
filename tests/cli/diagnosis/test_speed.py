"""The speed of this machine beside the recorded ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from sutja.cli.diagnosis import speed
from sutja.cli.diagnosis.speed import TrainingSpeed, check_speed, judge_speed, measure_speed, recorded_speeds
from sutja.errors import DataError
from tests.cli.commands import ROOT

RECORDED = [TrainingSpeed(10_000, 2, "a laptop"), TrainingSpeed(40_000, 8, "a server")]


def test_the_recorded_speed_is_that_of_the_benchmark() -> None:
    values = json.loads((ROOT / "results" / "throughput.json").read_text(encoding="utf-8"))
    assert values["images_per_second"]["sutja"]["median"] in [each.images_per_second for each in recorded_speeds()]


def test_of_each_machine_the_latest_speed_counts(tmp_path: Path) -> None:
    shutil.copy(ROOT / "results" / "throughput.json", tmp_path)
    latest = json.loads((tmp_path / "throughput.json").read_text(encoding="utf-8"))
    earlier = json.loads(json.dumps(latest))
    earlier["images_per_second"]["sutja"]["median"] = 1.0
    other = json.loads(json.dumps(earlier))
    other["environment"]["processor"] = "another"
    for day, values in (("2026-01-01", earlier), ("2026-01-02", other)):
        (tmp_path / f"bench-{day}.json").write_text(json.dumps({"throughput": values}))
    (tmp_path / "bench-2026-01-03.json").write_text(json.dumps({"inference": {}}))
    median = latest["images_per_second"]["sutja"]["median"]
    assert {each.images_per_second for each in recorded_speeds(tmp_path)} == {median, 1.0}


@pytest.mark.parametrize("content", ["{", "[]", '{"images_per_second": 3}'])
def test_damaged_results_are_a_data_error(content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "throughput.json").write_text(content)
    with pytest.raises(DataError, match=r"throughput\.json: damaged"):
        recorded_speeds(tmp_path)
    monkeypatch.setattr(speed, "measure_speed", lambda: RECORDED[0])
    monkeypatch.setattr(speed, "recorded_speeds", lambda: recorded_speeds(tmp_path))
    finding = check_speed()
    assert (finding.state, finding.exit_code) == ("broken", 3)


@pytest.mark.parametrize(("rate", "state"), [(30_000, "ok"), (6_000, "ok"), (4_000, "note")])
def test_less_than_half_the_slowest_machine_is_slow(rate: float, state: str) -> None:
    finding = judge_speed(TrainingSpeed(rate, 1, "this"), RECORDED)
    assert (finding.state, finding.exit_code) == (state, 0)
    assert f"{rate / 10_000:.1f} times the 10,000 images/s with 2 threads, of a laptop" in finding.text


def test_without_recorded_figures_the_speed_stands_alone(tmp_path: Path) -> None:
    finding = judge_speed(TrainingSpeed(100, 1, "this"), recorded_speeds(tmp_path))
    assert (finding.state, finding.text) == (
        "ok",
        "100 images/s with 1 thread; recorded figures are in a clone only",
    )


def test_lenet5_is_really_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "MEASURED_SECONDS", 0.0)
    threads = torch.get_num_threads()
    assert measure_speed().images_per_second > 0
    assert torch.get_num_threads() == threads
