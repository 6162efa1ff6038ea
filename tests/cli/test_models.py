"""`sutja models`, and published models by their names."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from torch import nn

from sutja.data.dataset import Dataset, save_dataset
from sutja.environment import install_command
from sutja.networks import model
from sutja.networks.model import NETWORKS
from sutja.runs.run import Run
from tests.cli.commands import fails, sutja, without_pytorch

pytestmark = pytest.mark.usefixtures("one_thread")


def test_models_lists_the_networks() -> None:
    outcome = sutja("models")
    assert (outcome.code, outcome.err) == (0, "")
    for text in ("lenet5", "61,706", "416,520", "mlp", "61,676", "247 kB"):
        assert text in outcome.out
    listed = json.loads(sutja("models", "--json").out)["networks"]
    assert listed.keys() == NETWORKS.keys() | {"line-reader", "page-reader"}
    assert listed["lenet5"] == {"parameters": 61_706, "multiply_adds": 416_520, "bytes": 246_824}


def test_a_wrong_parameter_count_is_one_line_and_hides_no_other_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "NETWORKS", dict(NETWORKS))
    model.network("wrong", parameters=1)(lambda dropout: nn.Linear(2, 1))
    outcome = sutja("models")
    assert outcome.code == 1
    assert outcome.err == "sutja: network wrong: has 3 parameters, not the 1 that it declares\n"
    assert "61,706" in outcome.out


def test_published_models_are_measured_and_listed_without_pytorch(
    published: Path, counterparts: dict[str, Run], few: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save_dataset(few, tmp_path / "few.npz", file_format="npz")
    (tmp_path / published.stem).mkdir()  # no run folder: not in the way
    card = json.loads(published.with_suffix(".json").read_text(encoding="utf-8"))
    for name in (published.stem, str(published)):
        measured = without_pytorch(
            "evaluate", name, "--data", "few.npz", "--json", weights=published.parent, folder=tmp_path
        )
        assert (measured.code, measured.err) == (0, "")
        values = json.loads(measured.out)
        assert values["errors"] == card["figures"]["test"]["errors"]
        assert values["temperature"] == card["temperature"]
        assert values["calibrated"] == pytest.approx(card["figures"]["test"]["calibrated"], rel=1e-3)
    words = ("evaluate", published.stem, "--data", "few.npz", "--corruptions")
    corrupted = without_pytorch(*words, weights=published.parent, folder=tmp_path)
    assert corrupted.code == 1
    assert corrupted.err.splitlines()[-1].startswith("sutja: scipy is not installed: the extra 'robustness' brings it")
    listed = without_pytorch("models", weights=published.parent, folder=tmp_path)
    assert listed.code == 0
    assert published.stem in listed.out
    assert "lenet5" not in listed.out
    assert listed.err == f"The networks need PyTorch, which the extra 'train' brings: {install_command('train')}\n"
    assert re.search(rf"{published.stem} +61,676 .*% test", listed.out)


def test_a_run_folder_wins_over_a_published_model_of_its_name(
    published: Path, counterparts: dict[str, Run], few: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sutja.models.catalogue.WEIGHTS", published.parent)
    save_dataset(few, Path("few.npz"), file_format="npz")
    assert "calibrated," in sutja("evaluate", published.stem, "-d", "few.npz").out
    shutil.copytree(counterparts["final"].folder, published.stem)
    outcome = sutja("evaluate", published.stem, "-d", "few.npz")
    assert outcome.code == 0
    assert "calibrated," not in outcome.out
    fails(sutja("evaluate", "lenet"), 2, f"known: {published.stem}; or name a run's folder")


def test_damaged_published_models_have_their_code(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sutja.models.catalogue.WEIGHTS", tmp_path / "weights")
    shutil.copytree(published.parent, tmp_path / "weights")
    copy = tmp_path / "weights" / published.name
    copy.write_bytes(copy.read_bytes()[:-1])
    fails(sutja("evaluate", published.stem), 4, "its SHA-256 is not the recorded one")
    fails(sutja("evaluate", copy), 4, "its SHA-256 is not the recorded one")
    copy.with_suffix(".json").unlink()
    fails(sutja("evaluate", published.stem), 4, "the card of the model is missing")
    fails(sutja("evaluate", tmp_path / "none.onnx"), 4, "none.onnx: no such model file")
    listed = sutja("models", "--json")
    assert listed.code == 4
    assert "the card of the model is missing" in listed.err
    assert json.loads(listed.out)["published"] == []
