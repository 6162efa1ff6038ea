"""`sutja doctor`: one screen, JSON, and the exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sutja.cli.diagnosis import packages, processor, storage
from sutja.cli.diagnosis import speed as speed_module
from sutja.cli.diagnosis.finding import Finding, broken, note
from tests.cli.commands import Outcome, sutja

BASE, TRAIN = Finding("sutja itself", "numpy 2.4"), Finding("extra train", "torch 2.13")
ABSENT = note("extra train", "not installed: torch", 'pip install ".[train]"')


@pytest.fixture(autouse=True)
def healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which all is well and little is examined."""
    monkeypatch.setattr(packages, "check_packages", lambda: [BASE, TRAIN])
    monkeypatch.setattr(processor, "check_cores", lambda: Finding("processor", "two cores"))
    monkeypatch.setattr(processor, "processor_flags", lambda: frozenset())
    monkeypatch.setattr(speed_module, "check_speed", lambda: Finding("LeNet-5 training", "15,000 images/s"))
    monkeypatch.setattr(storage, "check_package_files", lambda: [Finding("published models", "8 sound")])
    monkeypatch.setattr(storage, "check_fonts", lambda: Finding("fonts", "all"))


def doctor(folder: Path, *words: str) -> Outcome:
    return sutja("doctor", "--runs", folder, *words)


def test_all_is_well(tmp_path: Path) -> None:
    outcome = doctor(tmp_path)
    assert (outcome.code, outcome.err) == (0, "")
    for text in ("Python", "torch 2.13", "two cores", "used by PyTorch", "15,000 images/s", "fonts", "all is well"):
        assert text in outcome.out
    assert "what to do" not in outcome.out
    assert max(map(len, outcome.out.splitlines()[1:])) <= 80


def test_what_is_broken_comes_first_and_gives_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "check_cores", lambda: note("processor", "busy", "--threads 1"))
    models = broken("published models", "tiny.onnx: damaged", "git checkout", exit_code=4)
    monkeypatch.setattr(storage, "check_package_files", lambda: [models])
    outcome = doctor(tmp_path)
    assert outcome.code == 4
    told = outcome.out[outcome.out.index("what to do") :]
    assert told.index("git checkout") < told.index("--threads 1")


def test_without_pytorch_the_rest_is_examined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "check_packages", lambda: [BASE, ABSENT])
    outcome = doctor(tmp_path)
    assert outcome.code == 0
    assert 'pip install ".[train]"' in outcome.out
    assert "published models" in outcome.out
    for subject in ("LeNet-5 training", "fonts"):
        assert re.search(f"note +{subject} +not examined: needs the extra train", outcome.out)
    assert "used by PyTorch" not in outcome.out


def test_where_sutja_itself_is_broken_nothing_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "check_packages", lambda: [broken(BASE.subject, "no numpy", "pip install"), TRAIN])
    outcome = doctor(tmp_path)
    assert outcome.code == 1
    assert "no numpy" in outcome.out
    assert "files" not in outcome.out


def test_json_has_every_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "check_packages", lambda: [BASE, ABSENT])
    values = json.loads(doctor(tmp_path, "--json").out)
    assert values.keys() == {"environment", "packages", "machine", "files"}
    assert values["packages"][1] == {
        "subject": "extra train",
        "text": "not installed: torch",
        "state": "note",
        "advice": 'pip install ".[train]"',
        "exit_code": 0,
    }
    assert [each["subject"] for each in values["files"]] == ["published models", "runs", "fonts"]
