"""The speed of this machine beside the recorded ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from sutja.cli.diagnosis import speed
from sutja.cli.diagnosis.speed import TrainingSpeed, check_speed, judge_speed, measure_speed, recorded_speeds

RECORDED = [TrainingSpeed(10_000, 2, "a laptop"), TrainingSpeed(40_000, 8, "a server")]


@pytest.mark.parametrize("content", ["{", "[]", '{"speeds": 3}', '{"speeds": [{"machine": "a laptop"}]}'])
def test_damaged_recorded_speeds_are_a_data_error(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "recorded.json"
    path.write_text(content)
    monkeypatch.setattr(speed, "measure_speed", lambda: RECORDED[0])
    monkeypatch.setattr(speed, "recorded_speeds", lambda: recorded_speeds(path))
    finding = check_speed()
    assert (finding.state, finding.exit_code) == ("broken", 3)
    assert "recorded.json: damaged" in finding.text


@pytest.mark.parametrize(("rate", "state"), [(30_000, "ok"), (6_000, "ok"), (4_000, "note")])
def test_less_than_half_the_slowest_machine_is_slow(rate: float, state: str) -> None:
    finding = judge_speed(TrainingSpeed(rate, 1, "this"), RECORDED)
    assert (finding.state, finding.exit_code) == (state, 0)
    assert f"{rate / 10_000:.1f} times the 10,000 images/s with 2 threads, of a laptop" in finding.text


def test_lenet5_is_really_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "MEASURED_SECONDS", 0.0)
    threads = torch.get_num_threads()
    assert measure_speed().images_per_second > 0
    assert torch.get_num_threads() == threads
