"""Training from Python, and what the trained model can do."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import sutja
from sutja import TrainedRun
from sutja.data.dataset import Dataset, split
from sutja.errors import DataError, UsageError
from sutja.networks.build import load_network
from sutja.recipe import get_recipe
from sutja.runs.epoch import Epoch
from tests.conftest import Undrawn

pytestmark = pytest.mark.usefixtures("one_thread")
RECIPE = "mlp:batch_size=16,learning_rate=0.01"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def epochs() -> list[Epoch]:
    return []


@pytest.fixture(scope="module")
def model(few: Dataset, runs: Path, epochs: list[Epoch]) -> TrainedRun:
    return sutja.train(RECIPE, few, runs=runs, on_epoch=epochs.append, epochs=3, seed=1)


def test_settings_are_fields_of_the_recipe(model: TrainedRun, runs: Path, epochs: list[Epoch]) -> None:
    expected = dataclasses.replace(get_recipe("mlp"), epochs=3, batch_size=16, learning_rate=0.01, seed=1)
    assert model.recipe == expected
    assert model.run.folder == runs / "few-mlp-epochs=3-batch_size=16-learning_rate=0.01-s1"
    assert [each.epoch for each in epochs] == [1, 2, 3]


def test_it_predicts_images_of_every_form(model: TrainedRun, few: Dataset) -> None:
    images, labels = few.test.images, few.test.labels
    probabilities = model.predict_proba(images)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(len(images)))
    assert np.array_equal(model.predict(images), probabilities.argmax(axis=1))
    for same in (images.reshape(-1, 784), images / 255, images.astype(int).tolist()):
        assert np.array_equal(model.predict_proba(same), probabilities)
    assert model.score(images, labels) == (model.predict(images) == labels).mean() > 0.6
    assert model.predict(images[:0]).shape == (0,)


def test_its_evaluation_is_that_of_the_report(model: TrainedRun, small: Dataset) -> None:
    report = model.evaluate()
    assert report.errors == model.run.report.figures["test"].errors
    assert model.evaluate(small).count == len(small.test)
    assert repr(model) == f"<{model.name}: {report.accuracy:.2%} of 100 test digits, {model.run.folder}>"


def test_the_report_is_a_page(model: TrainedRun) -> None:
    assert "confusion" in model.report().read_text(encoding="utf-8")


def test_the_exported_model_predicts_the_same(model: TrainedRun, few: Dataset, tmp_path: Path) -> None:
    path = model.export(tmp_path / "models")
    assert path == tmp_path / "models" / "few-mlp-epochs=3-batch_size=16-learning_rate=0.01.onnx"
    opened = sutja.open_model(path)
    assert np.array_equal(opened.predict(few.test.images), model.predict(few.test.images))
    assert opened.evaluate(few) == model.evaluate()
    with pytest.raises(UsageError, match="exists already"):
        model.export(tmp_path / "models")
    assert model.export(tmp_path / "models", half=True, force=True) == path


def test_it_is_a_trained_model_for_everything_that_takes_one(model: TrainedRun) -> None:
    assert not load_network(model).training
    assert sutja.open_model(model.run.folder).sha256 == model.sha256


def test_the_same_training_is_not_done_twice(model: TrainedRun, few: Dataset, runs: Path, undrawn: Undrawn) -> None:
    def refuse(record: Epoch) -> None:
        raise AssertionError(record)

    again = sutja.train("mlp:epochs=3,batch_size=16", few, runs=runs, on_epoch=refuse, seed=1, learning_rate=0.01)
    assert again.sha256 == model.sha256
    repeated: list[Epoch] = []
    with undrawn():
        recipe = dataclasses.replace(get_recipe("mlp"), batch_size=16, learning_rate=0.01)
        forced = sutja.train(recipe, few, runs=runs, force=True, on_epoch=repeated.append, epochs=3, seed=1)
    assert len(repeated) == 3
    assert (forced.weights_sha256, forced.run.folder) == (model.weights_sha256, model.run.folder)


def test_an_interrupted_training_is_continued(few: Dataset, tmp_path: Path, undrawn: Undrawn) -> None:
    def interrupt(record: Epoch) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sutja.train("mlp", few, runs=tmp_path, on_epoch=interrupt, epochs=2)
    further: list[Epoch] = []
    with undrawn():
        assert sutja.train("mlp", few, runs=tmp_path, on_epoch=further.append, epochs=2).run.finished
    assert [each.epoch for each in further] == [2]


def test_a_network_of_the_validation_protocol_never_sees_the_test_digits(
    few: Dataset, tmp_path: Path, undrawn: Undrawn
) -> None:
    with undrawn():
        model = sutja.train("mlp", few, runs=tmp_path, epochs=1, protocol="validation")
    part, digits = model.evaluation_digits(few)
    assert (part, len(digits)) == ("validation", len(split(few, "validation").evaluation_parts["validation"]))
    assert model.evaluate().count == len(digits)


@pytest.mark.parametrize(
    ("recipe", "why"),
    [
        ("lenet", "did you mean 'lenet5'"),
        ("mlp:seed=1", "seed is set twice"),
        ("mlp:lr=0.1", "did you mean 'learning_rate'"),
        ("line-reader", "line-reader: reads lines"),
    ],
)
def test_what_no_recipe_can_be_is_one_line(recipe: str, why: str, few: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=why):
        sutja.train(recipe, few, runs=tmp_path, seed=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("images", "why"),
    [
        (np.zeros((2, 27, 28), np.uint8), r"uint8 \(2, 27, 28\) instead of images"),
        (np.zeros((28, 28), np.uint8), "instead of images"),
        (np.full((1, 784), 255.0), "floats from 0 to 1: divide these by 255"),
        (np.full((1, 784), -1), "pixels from -1 to -1"),
        (np.full((1, 784), np.nan), "pixels from nan to nan"),
        (np.full((1, 784), "a"), "instead of images"),
    ],
)
def test_what_are_no_images_is_one_line(images: np.ndarray, why: str) -> None:
    with pytest.raises(DataError, match=why):
        sutja.open_model("tiny").predict(images)


def test_labels_are_one_for_each_image(few: Dataset) -> None:
    with pytest.raises(DataError, match=r"labels \(3,\) for 2 images"):
        sutja.open_model("tiny").score(few.test.images[:2], [1, 2, 3])


def test_a_network_for_lines_predicts_no_single_digits(few: Dataset) -> None:
    with pytest.raises(UsageError, match="reads lines"):
        sutja.open_model("line-reader").predict(few.test.images)
