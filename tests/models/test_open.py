"""What a word for a model means: a published name, an ONNX file with its card, or a run's folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from sutja.data.dataset import Dataset
from sutja.errors import ModelFileError, UsageError
from sutja.evaluation.metrics import softmax
from sutja.models.card import read_card
from sutja.models.catalogue import published_path
from sutja.models.open import open_model
from sutja.recipe import RECIPES
from sutja.runs.run import Run


def test_published_models_tell_what_they_read() -> None:
    assert (open_model("convnet-small").reads, open_model("line-reader").reads) == ("digits", "lines")
    assert open_model("convnet-small").temperature != 1
    card = read_card(published_path("line-reader"))
    assert card.reading is not None
    assert open_model("line-reader").min_confidence == card.reading["min_confidence"]


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


def test_a_run_without_validation_digits_has_the_temperature_of_its_report(
    counterparts: dict[str, Run], tmp_path: Path
) -> None:
    folder = shutil.copytree(counterparts["final"].folder, tmp_path / "run")
    assert open_model(folder).temperature == 1
    report = json.loads((folder / "report.json").read_text())
    (folder / "report.json").write_text(json.dumps(report | {"temperature": 1.5}))
    assert open_model(folder).temperature == 1.5


def test_a_line_readers_run_reads_lines(counterparts: dict[str, Run], tmp_path: Path) -> None:
    folder = tmp_path / "lines-s0"
    folder.mkdir()
    (folder / "recipe.json").write_text(RECIPES["line-reader"].to_json())
    shutil.copy(open_model("line-reader").path, folder / "model.onnx")
    (folder / "report.json").write_text(json.dumps({"temperature": 1.2, "validation": {"min_confidence": 0.8}}))
    shutil.copy(counterparts["final"].folder / "environment.json", folder)
    opened = open_model(folder)
    assert (opened.reads, opened.temperature, opened.min_confidence) == ("lines", 1.2, 0.8)
    with pytest.raises(UsageError, match="reads lines"):
        opened.classifier()


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
        ("report.json", '{"temperature": "hot"}', "temperature = 'hot'"),
        ("report.json", '{"temperature": 1000}', "temperature = 1000"),
        ("recipe.json", "{}", "not a recipe"),
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
