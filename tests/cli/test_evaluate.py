"""`sutja evaluate`, of runs."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from sutja.data.dataset import Dataset, save_dataset
from sutja.evaluation.corruptions import CORRUPTIONS
from sutja.runs.run import Run
from tests.cli.commands import fails, sutja

pytestmark = pytest.mark.usefixtures("one_thread")


def test_evaluate_measures_through_onnx(run: Path, data: Path, tmp_path: Path) -> None:
    outcome = sutja("evaluate", run, "--data", data, "--to", tmp_path)
    assert (outcome.code, outcome.err) == (0, "")
    for text in ("accuracy", "95 % interval", "Brier score", "precision", "read as", f"Pictures: {tmp_path}"):
        assert text in outcome.out
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == [
        "confusion.png",
        "mistakes.png",
        "reliability.png",
    ]
    measured = json.loads(sutja("evaluate", run, "--data", data, "--json").out)
    expected = asdict(Run.open(run).report.figures["test"])
    assert measured["confusion"] == expected["confusion"]
    assert measured["loss"] == pytest.approx(expected["loss"], abs=1e-4)
    assert measured["classes"][3]["count"] == expected["classes"][3]["count"]


def test_a_run_to_choose_by_is_not_measured_on_test_digits(
    counterparts: dict[str, Run], few: Dataset, tmp_path: Path
) -> None:
    """Of the data that it was trained on; other data had no part in the choice."""
    data, other = tmp_path / "few.npz", tmp_path / "other.npz"
    save_dataset(few, data, file_format="npz")
    save_dataset(Dataset("other", few.train, few.test.take(np.arange(10))), other, file_format="npz")
    run = counterparts["validation"]
    measured = json.loads(sutja("evaluate", run.folder, "--data", data, "--json").out)
    assert measured["confusion"] == asdict(run.report.figures["validation"])["confusion"]
    table = sutja("evaluate", run.folder, "--data", data).out
    assert "few.npz,validationdigits" in "".join(table.split())  # a long path breaks the head into lines
    assert json.loads(sutja("evaluate", run.folder, "--data", other, "--json").out)["count"] == 10
    final = json.loads(sutja("evaluate", counterparts["final"].folder, "--data", data, "--json").out)
    assert final["confusion"] == asdict(counterparts["final"].report.figures["test"])["confusion"]


def test_evaluate_on_corrupted_digits(run: Path, data: Path, tmp_path: Path) -> None:
    outcome = sutja("evaluate", run, "--data", data, "--corruptions", "--to", tmp_path)
    assert outcome.code == 0, outcome
    for name in CORRUPTIONS:
        assert re.search(rf"^ +{name} +\d+\.\d\d %", outcome.out, re.MULTILINE), name
        assert re.search(rf"^  {name} \d+\.\d\d %$", outcome.err, re.MULTILINE), name
    assert outcome.err.startswith("corrupting 40 digits, MNIST-C style\n")
    assert (tmp_path / "figures" / "corruptions.png").read_bytes().startswith(b"\x89PNG")
    as_json = sutja("evaluate", run, "--data", data, "--corruptions", "--json")
    measured = json.loads(as_json.out)
    assert as_json.err == outcome.err
    scores = {each["name"]: each for each in measured["corruptions"]["scores"]}
    assert list(scores) == list(CORRUPTIONS)
    assert scores["identity"]["errors"] == measured["errors"]
    mean = sum(scores[name]["accuracy"] for name in CORRUPTIONS if name != "identity") / 15
    assert measured["corruptions"]["mean"] == pytest.approx(mean)
    assert re.search(rf"mean of the 15 corruptions +{100 * mean:.2f} %", outcome.out)
    assert "corruptions" not in json.loads(sutja("evaluate", run, "--data", data, "--json").out)


def test_a_damaged_model_file_has_its_code(run: Path, data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    (copy / "model.onnx").write_bytes(b"no network")
    fails(sutja("evaluate", copy, "--data", data), 4, "model.onnx: damaged or another file: its SHA-256")
    (copy / "model.onnx").unlink()
    fails(sutja("evaluate", copy, "--data", data), 4, "model.onnx: no such model file")


def test_damaged_data_has_its_code(run: Path, data: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.npz"
    damaged.write_bytes(data.read_bytes()[:1000])
    fails(sutja("evaluate", run, "--data", damaged), 3, f"{damaged}: ")
