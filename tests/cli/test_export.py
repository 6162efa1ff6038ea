"""`sutja export` and `sutja ensemble`."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from sutja.data.dataset import Dataset, save_dataset
from sutja.runs.results import gather, update_results
from sutja.runs.run import Run
from tests.cli.commands import Words, fails, sutja

pytestmark = pytest.mark.usefixtures("one_thread")


def test_an_ensemble_is_reported_evaluated_and_exported(run: Path, other_run: Path, data: Path, tmp_path: Path) -> None:
    members = [shutil.copytree(each, tmp_path / each.name) for each in (run, other_run)]
    folder = tmp_path / "ensemble"
    words: Words = ["ensemble", *members, "--data", data]
    outcome = sutja(*words)
    assert (outcome.code, outcome.err) == (0, "")
    for text in (" test digits", run.name, other_run.name, "61,706", "McNemar", f"Report: {folder / 'report.html'}"):
        assert text in outcome.out
    assert "The weights were chosen on the 10 validation digits of the members.\n" in outcome.out
    reported = json.loads(sutja(*words, "--json", "--to", tmp_path / "again").out)
    assert reported["folder"] == str(tmp_path / "again")
    assert [member["name"] for member in reported["ensemble"]["members"]] == [run.name, other_run.name]
    measured = json.loads(sutja("evaluate", folder, "--data", data, "--json").out)
    assert measured["confusion"] == reported["figures"]["test"]["confusion"]
    assert measured["loss"] == pytest.approx(reported["figures"]["test"]["loss"], abs=1e-4)
    published = tmp_path / "published"
    outcome = sutja("export", folder, "--to", published, "--no-weights")
    assert (outcome.code, outcome.err) == (0, "")
    assert re.findall("Written: (.*)", outcome.out) == [
        str(published / f"ensemble.{suffix}") for suffix in ("onnx", "json", "md")
    ]
    assert "calibrated," in sutja("evaluate", published / "ensemble.onnx", "--data", data).out
    fails(
        sutja("export", folder, "--study", "s.csv"),
        2,
        "ensemble: is an ensemble: this is for the run of a single network",
    )
    fails(sutja("export", folder, "--calibrate-with", run), 2, "ensemble: has validation digits of its own")
    fails(sutja("compare", folder, run), 2, "ensemble: is an ensemble: this is for")
    fails(sutja(*words), 2, "ensemble: exists already (finished); --force replaces it")
    fails(sutja("ensemble", run, "-d", data), 2, "an ensemble needs at least two runs")


def test_export_makes_a_model_that_is_measured(
    counterparts: dict[str, Run], few: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    final, held_out = counterparts["final"].folder, counterparts["validation"].folder
    update_results(Path("study.csv"), [gather([counterparts["final"]])])
    words: Words = ["export", final, "--calibrate-with", held_out, "--study", "study.csv"]
    outcome = sutja(*words)
    assert outcome.code == 0, outcome
    assert outcome.err.startswith("study.csv: has no results over several seeds of MLP (epochs = 5")
    name = final.name.removesuffix("-s0")
    for suffix in ("onnx", "safetensors", "json", "md"):
        assert f"Written: {Path(name) / name}.{suffix}\n" in outcome.out
    save_dataset(few, Path("few.npz"), file_format="npz")
    assert "calibrated," in sutja("evaluate", Path(name) / f"{name}.onnx", "-d", "few.npz").out
    fails(sutja(*words[:4]), 2, "exists already; --force replaces it")
    fails(sutja("export", final, "--calibrate-with", final, "--to", "x"), 2, "has no figures of validation digits")
    fails(sutja("export", final, "--study", "few.npz"), 3, "few.npz: not a file of results")
    fails(sutja("export", "none"), 2, "none: not a run folder: it does not exist")
    assert not Path("x").exists()
