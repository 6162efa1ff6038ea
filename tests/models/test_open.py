"""What a word for a model means: a published name, an ONNX file with its card, or a run's folder."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import sutja
from sutja.data.dataset import Dataset
from sutja.errors import ModelFileError, UsageError
from sutja.evaluation.metrics import softmax
from sutja.models.card import read_card
from sutja.models.catalogue import published_path
from sutja.models.open import open_model
from sutja.networks.build import load_network
from sutja.recipe import RECIPES
from sutja.runs.run import Run
from tests.sealing import write_sealed


def test_published_models_tell_what_they_read() -> None:
    assert (open_model("convnet-small").reads, open_model("line-reader").reads) == ("digits", "lines")
    assert open_model("convnet-small").temperature != 1
    for name in ("line-reader", "page-reader"):
        assert open_model(name).min_confidence == read_card(published_path(name)).min_confidence
    assert open_model("page-reader").min_confidence != 0.5


def test_from_a_zip_it_says_that_models_and_mnist_need_a_folder(tmp_path: Path) -> None:
    package = Path(sutja.__file__).parent
    with zipfile.ZipFile(tmp_path / "sutja.zip", "w") as archive:
        for path in [*package.rglob("*.py"), package / "models" / "weights" / "convnet-small.json"]:
            archive.write(path, path.relative_to(package.parent))
    code = """
from pathlib import Path
from sutja import Reader
from sutja.data.dataset import load_dataset
from sutja.data.download import download_mnist
from sutja.errors import SutjaError
for use in (Reader, load_dataset, lambda: download_mnist(Path("mnist"), mirrors=[])):
    try:
        use()
    except SutjaError as error:
        print(error)
"""
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "sutja.zip")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 3, done
    assert all("sutja.zip" in line and "install sutja unpacked, not as a zip, to use its" in line for line in lines)


def test_an_onnx_file_is_as_its_card_says(published: Path) -> None:
    opened = open_model(published)
    assert (opened.path, opened.reads) == (published, "digits")
    assert opened.sha256 is not None


def test_a_run_is_calibrated_by_its_validation_digits(counterparts: dict[str, Run], few: Dataset) -> None:
    run = counterparts["validation"]
    opened = open_model(run.folder)
    assert (opened.name, opened.reads) == (run.name, "digits")
    logits, labels = run.load_logits("validation")
    right = np.arange(len(labels)), labels
    losses = [-np.log(softmax(logits / each)[right]).mean() for each in (opened.temperature, 1.0)]
    assert losses[0] <= losses[1]
    images = few.test.images
    expected = softmax(opened.classifier().logits(images) / opened.temperature)
    assert np.allclose(opened.classifier().probabilities(images), expected, atol=1e-6)


def changed_report(folder: Path, **values: object) -> None:
    path = folder / "report.json"
    write_sealed(path, json.loads(path.read_text()) | values)


def test_a_run_without_validation_digits_has_the_temperature_of_its_report(
    counterparts: dict[str, Run], tmp_path: Path
) -> None:
    folder = shutil.copytree(counterparts["final"].folder, tmp_path / "run")
    assert open_model(folder).temperature == 1
    changed_report(folder, temperature=1.5)
    assert open_model(folder).temperature == 1.5


def test_a_line_readers_run_reads_lines(counterparts: dict[str, Run], tmp_path: Path) -> None:
    recipe = dataclasses.replace(RECIPES["line-reader"], protocol="final")
    run = Run.create(tmp_path / "lines-s0", recipe, counterparts["final"].environment)
    shutil.copy(open_model("line-reader").path, run.folder / "model.onnx")
    run.save_report(dataclasses.replace(counterparts["final"].report, files={}, temperature=1.2, min_confidence=0.8))
    opened = open_model(run.folder)
    assert (opened.reads, opened.temperature, opened.min_confidence) == ("lines", 1.2, 0.8)
    assert opened.line_network().temperature == 1.2
    with pytest.raises(UsageError, match="reads lines"):
        opened.classifier()
    with pytest.raises(UsageError, match="reads single digits"):
        open_model("tiny").line_network()


@pytest.mark.parametrize("name", ["recipe.json", "ensemble.json"])
def test_a_folder_of_a_former_version_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{}")
    with pytest.raises(ModelFileError, match="of a former version of sutja, which this one cannot read") as caught:
        open_model(tmp_path)
    assert "\n" not in str(caught.value)


def test_files_that_are_not_the_recorded_ones_are_refused(counterparts: dict[str, Run], tmp_path: Path) -> None:
    folder = shutil.copytree(counterparts["final"].folder, tmp_path / "run")
    for name in ("model.onnx", "model.safetensors"):
        (folder / name).write_bytes((folder / name).read_bytes()[:-1])
    with pytest.raises(ModelFileError, match="SHA-256 is not the recorded one"):
        open_model(folder).classifier()
    with pytest.raises(ModelFileError, match="SHA-256 is not the recorded one"):
        load_network(open_model(folder))
    with pytest.raises(UsageError, match="published without its weights"):
        load_network(open_model("convnet"))


def test_what_is_no_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "model.txt").write_text("")
    for name in ("empty", "model.txt"):
        with pytest.raises(ModelFileError, match="neither the folder of a run"):
            open_model(tmp_path / name)
    with pytest.raises(ModelFileError, match="no such model file"):
        open_model(tmp_path / "gone.onnx")
    with pytest.raises(UsageError, match="did you mean 'convnet'"):
        open_model("convnett")


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("report.json", None, "not finished"),
        ("model.onnx", None, "no such model file"),
        ("report.json", "[]", "not a JSON object"),
        ("report.json", "{", "damaged"),
        ("report.json", "{}", "missing or unknown: figures, parameters, parity, seconds"),
        ("report.json", "[" * 100_000, "damaged"),
        ("run.json", "{}", "missing or unknown: kind"),
        ("run.json", '{"kind": "digits", "recipe": {}}', "not a recipe"),
        ("run.json", '{"kind": "words"}', "kind = 'words' is not one of digits, lines, pages, ensemble"),
        ("environment.json", "{}", "missing or unknown"),
        ("logits.npz", "nothing", "damaged"),
    ],
)
def test_a_damaged_folder_is_told(
    counterparts: dict[str, Run], tmp_path: Path, file: str, content: str | None, why: str
) -> None:
    folder = shutil.copytree(counterparts["validation"].folder, tmp_path / "run")
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(content)
    with pytest.raises(ModelFileError, match=why):
        open_model(folder).classifier()


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"temperature": "hot"}, "temperature = 'hot' is not of the type float"),
        ({"temperature": 1000}, "temperature = 1000.0 is not from"),
        ({"min_confidence": 2}, "min_confidence = 2.0 is not from 0 to 1"),
        ({"figures": {}}, "it needs figures of validation digits"),
        ({"surprise": 1}, "missing or unknown: surprise"),
    ],
)
def test_a_report_with_wrong_values_is_told(
    counterparts: dict[str, Run], tmp_path: Path, values: dict[str, object], why: str
) -> None:
    folder = shutil.copytree(counterparts["validation"].folder, tmp_path / "run")
    changed_report(folder, **values)
    with pytest.raises(ModelFileError, match=why):
        open_model(folder)
