"""Files that sutja needs or writes: sound ones are told, damaged ones have the code of their kind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sutja.cli.diagnosis.storage import check_download, check_fonts, check_mnist, check_models, check_runs
from sutja.data.dataset import MNIST_FOLDER
from sutja.models.catalogue import WEIGHTS
from sutja.synth.documents.fonts import read_font_table


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "weights"
    folder.mkdir()
    for path in WEIGHTS.glob("tiny.*"):
        shutil.copy(path, folder)
    return folder


def test_published_models_are_compared_with_their_cards(weights: Path) -> None:
    sound = check_models(weights)
    assert (sound.state, sound.text) == ("ok", "1 with the checksums of their 2 files")
    assert check_models().state == "ok"


@pytest.mark.parametrize("suffix", [".onnx", ".safetensors", ".json"])
def test_damaged_and_missing_files_of_models_are_model_failures(suffix: str, weights: Path) -> None:
    path = weights / f"tiny{suffix}"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    damaged = check_models(weights)
    assert (damaged.state, damaged.exit_code) == ("broken", 4)
    assert str(path) in damaged.text
    path.unlink()
    assert check_models(weights).exit_code == 4


def test_no_models_at_all_are_a_model_failure(tmp_path: Path) -> None:
    assert check_models(tmp_path / "none").exit_code == 4


def test_a_damaged_mnist_is_a_data_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mnist"
    shutil.copytree(MNIST_FOLDER, folder)
    labels = folder / "t10k-labels-idx1-ubyte.gz"
    labels.write_bytes(labels.read_bytes()[:-100])
    monkeypatch.setattr("sutja.data.dataset.MNIST_FOLDER", folder)
    damaged = check_mnist()
    assert (damaged.state, damaged.exit_code) == ("broken", 3)
    (downloaded,) = check_download(folder)
    assert (downloaded.state, downloaded.exit_code) == ("broken", 3)
    assert "sutja data download" in downloaded.advice


def test_downloaded_data_is_told_only_where_there_is_some(tmp_path: Path) -> None:
    assert check_download(tmp_path / "none") == []
    (sound,) = check_download(MNIST_FOLDER)
    assert sound.state == "ok"


def test_a_folder_of_runs_need_not_exist_and_is_not_made(tmp_path: Path) -> None:
    finding = check_runs(tmp_path / "a" / "runs")
    assert (finding.state, list(tmp_path.iterdir())) == ("ok", [])


def test_a_folder_of_runs_that_cannot_be_written_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    finding = check_runs(tmp_path)
    assert (finding.state, finding.exit_code) == ("broken", 1)
    assert finding.text == f"{tmp_path}: cannot be written: Permission denied"


def test_a_file_in_place_of_the_runs_is_told(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    assert check_runs(tmp_path / "runs").exit_code == 2


def test_a_damaged_run_has_the_code_of_its_damage(tmp_path: Path) -> None:
    (tmp_path / "mlp-s0").mkdir()
    (tmp_path / "mlp-s0" / "run.json").write_text("{")
    finding = check_runs(tmp_path)
    assert (finding.state, finding.exit_code) == ("broken", 3)
    assert "run.json" in finding.text


def test_missing_fonts_are_a_note_and_damaged_ones_are_broken(tmp_path: Path) -> None:
    missing = check_fonts(tmp_path)
    assert (missing.state, missing.exit_code) == ("note", 0)
    assert f"python -m tools.fonts {tmp_path}" in missing.advice
    (tmp_path / f"{read_font_table()[0].name}.ttf").write_bytes(b"no font")
    damaged = check_fonts(tmp_path)
    assert (damaged.state, damaged.exit_code) == ("broken", 3)
