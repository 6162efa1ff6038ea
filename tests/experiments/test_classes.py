"""Networks for other classes than the ten digits, from training to a published model."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from sutja.data.class_names import DIGIT_NAMES, ClassNames
from sutja.data.dataset import Dataset, save_dataset
from sutja.errors import DataError, UsageError
from sutja.experiments.comparison import compare_runs
from sutja.experiments.ensemble import build_ensemble
from sutja.experiments.experiment import RunContext, train
from sutja.export.publish import Options, publish
from sutja.models.open import open_model
from sutja.networks.build import load_network
from sutja.networks.infer import infer, to_tensor
from sutja.recipe import RECIPES, Recipe
from sutja.runs.run import Run
from sutja.training.finetuning.task import Task
from tests.classes import BALANCED, HUNDRED, LETTERS, YES_AND_NO, pattern_set
from tests.cli.commands import fails, sutja
from tests.conftest import Undrawn

pytestmark = pytest.mark.usefixtures("one_thread")

RECIPE = dataclasses.replace(RECIPES["mlp"], epochs=3, batch_size=16, learning_rate=0.003)
NOISY = {BALANCED: pattern_set(BALANCED, 12, 4, noise=200.0)}


def recipe(**changes: object) -> Recipe:
    return dataclasses.replace(RECIPE, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a set of 47 classes that are hard to tell apart."""
    path = tmp_path_factory.mktemp("data") / "balanced"
    save_dataset(NOISY[BALANCED], path, file_format="idx")
    return path


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> RunContext:
    return RunContext(NOISY[BALANCED], tmp_path_factory.mktemp("runs"), "cpu", 1)


@pytest.fixture(scope="module")
def run(context: RunContext) -> Run:
    """A run on them, with its report."""
    return train(recipe(), context)


@pytest.mark.parametrize("class_names", [YES_AND_NO, LETTERS, HUNDRED], ids=len)
def test_the_classes_of_the_data_are_those_of_the_run(
    class_names: ClassNames, undrawn: Undrawn, tmp_path: Path
) -> None:
    dataset = pattern_set(class_names, 24 if class_names is YES_AND_NO else 6)
    with undrawn():
        run = train(recipe(), RunContext(dataset, tmp_path, "cpu", 1))
    assert Run.open(run.folder).class_names == class_names
    report, (logits, labels) = run.report.figures["test"], run.load_logits("test")
    assert report.accuracy > 3 / len(class_names) or report.accuracy == 1
    assert logits.shape == (len(labels), len(class_names))
    opened = open_model(run.folder)
    assert opened.class_names == class_names
    assert opened.predict_proba(dataset.test.images).shape == logits.shape
    assert np.array_equal(opened.predict(dataset.test.images), logits.argmax(axis=1))
    assert opened.evaluate(dataset).errors == report.errors


@pytest.mark.parametrize("name", ["lenet5", "convnet", "tiny"])
def test_every_kind_of_network_is_trained_on_letters(name: str, undrawn: Undrawn, tmp_path: Path) -> None:
    dataset = pattern_set(LETTERS, 3, 1)
    changed = dataclasses.replace(RECIPES[name], epochs=1, batch_size=26, protocol="final")
    with undrawn():
        run = train(changed, RunContext(dataset, tmp_path, "cpu", 1, engine="auto"))
    assert run.load_logits("test")[0].shape == (26, 26)


def test_both_engines_compute_other_classes(undrawn: Undrawn, tmp_path: Path) -> None:
    dataset = pattern_set(LETTERS)
    losses = []
    for engine in ("torch", "auto"):
        with undrawn():
            run = train(recipe(), RunContext(dataset, tmp_path / engine, "cpu", 1, engine=engine))
        losses.append(run.report.figures["test"].loss)
    assert losses[0] == pytest.approx(losses[1], rel=1e-2)


def test_a_run_has_its_pages(run: Run) -> None:
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    for text in ("Class by class", "A row is a class", '"classes":'):
        assert text in page
    assert "Digit by digit" not in page
    card = (run.folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    for text in ("tells 47 classes of pictures apart", "`float32 (N, 47)`", "`A`, `B`, `C`, `D`", "one of 47 classes"):
        assert text in card
    assert {path.name for path in (run.folder / "figures").iterdir()} >= {"confusion.png", "mistakes.png"}


def test_a_stopped_run_goes_on_with_the_same_bits(context: RunContext, undrawn: Undrawn, tmp_path: Path) -> None:
    changed, place = recipe(epochs=2, seed=5), dataclasses.replace(context, runs=tmp_path)
    with undrawn():
        whole = train(changed, place).load_logits("test")[0]
        (place.folder(changed) / "report.json").unlink()
        assert np.array_equal(train(changed, place, resume=True).load_logits("test")[0], whole)
        (place.folder(changed) / "report.json").unlink()
        some, others = (
            dataclasses.replace(part, class_names=ClassNames.numbered(60))
            for part in (place.dataset.train, place.dataset.test)
        )
        with pytest.raises(DataError, match="was trained on other data"):
            train(changed, dataclasses.replace(place, dataset=Dataset(place.dataset.name, some, others)), resume=True)


def test_a_published_model_knows_its_classes(run: Run, context: RunContext, tmp_path: Path) -> None:
    for half in (False, True):
        card = publish(run, tmp_path / str(half), Options(half=half), dataset=context.dataset)
        opened = open_model(tmp_path / str(half) / f"{card.name}.onnx")
        assert opened.class_names == BALANCED
        assert opened.temperature == card.temperature != 1
        expected = infer(load_network(opened), to_tensor(context.dataset.test)).numpy()
        found = opened.classifier(any_classes=True).logits(context.dataset.test.images)
        assert found == pytest.approx(expected, abs=0.02)


def test_an_ensemble_and_a_comparison(run: Run, context: RunContext, undrawn: Undrawn, tmp_path: Path) -> None:
    with undrawn():
        other = train(recipe(seed=1), context)
    ensemble = build_ensemble([run, other], context.dataset, tmp_path / "both")
    assert open_model(ensemble.folder).class_names == BALANCED
    assert open_model(ensemble.folder).evaluate(context.dataset).count == 188
    (pair,) = compare_runs([run, other], tmp_path / "comparison", context.dataset)
    assert pair.first
    assert "A row is a class" in (tmp_path / "comparison" / "report.html").read_text(encoding="utf-8")


def test_what_reads_digits_refuses_it(run: Run, context: RunContext, small: Dataset, tmp_path: Path) -> None:
    why = "knows 47 classes (0, 1, 2 … t): this is for networks that read digits"
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"")
    fails(sutja("read", picture, "--model", run.folder), 2, why)
    fails(sutja("serve", "--model", run.folder), 2, why)
    with pytest.raises(UsageError, match="this is for networks that read digits"):
        open_model(run.folder).classifier()
    with pytest.raises(UsageError, match="this is for networks that read digits"):
        Task.open(run.folder, "corrections", small.train)
    with pytest.raises(UsageError, match=r"patterns-47: has 47 classes .*: this needs the ten digits"):
        train(RECIPES["line-reader"], context)


def test_a_network_is_not_measured_on_another_number_of_classes(run: Run, counterparts: dict[str, Run]) -> None:
    fails(sutja("evaluate", run.folder), 2, "knows 47 classes (0, 1, 2 … t), but mnist has the ten digits")
    with pytest.raises(UsageError, match="knows the ten digits, but patterns-47 has 47 classes"):
        open_model(counterparts["final"].folder).evaluate(NOISY[BALANCED])


def test_the_commands(run: Run, letters: Path, tmp_path: Path) -> None:
    values = json.loads(sutja("evaluate", run.folder, "--data", letters, "--json").out)
    assert tuple(values["class_names"]) == BALANCED.names
    assert np.array(values["confusion"]).shape == (47, 47)
    told = sutja("evaluate", run.folder, "--data", letters, "--to", tmp_path / "figures")
    assert told.code == 0, told
    assert " class " in told.out
    exported = sutja("export", run.folder, "--to", tmp_path / "model", "--data", letters, "--half")
    assert exported.code == 0, exported
    described = json.loads(sutja("data", "info", letters, "--json").out)
    assert tuple(described["class_names"]) == BALANCED.names
    assert described["train"]["classes"] == [12] * 47


def test_digits_are_recorded_as_before(counterparts: dict[str, Run]) -> None:
    run = counterparts["final"]
    assert run.environment.data.class_names is None
    assert run.class_names == open_model(run.folder).class_names == DIGIT_NAMES
