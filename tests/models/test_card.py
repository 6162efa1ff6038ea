"""Published models: what is there is what its card says, and everything else is one line."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sutja.data.dataset import MNIST_SHA256, Dataset
from sutja.errors import ModelFileError, UsageError
from sutja.evaluation.calibration import divide_by_temperature
from sutja.evaluation.figures import CalibratedScores, Figures, digit_figures
from sutja.evaluation.metrics import evaluate, softmax
from sutja.models.card import Card
from sutja.models.catalogue import WEIGHTS, list_published, published_path
from sutja.models.open import open_model
from sutja.reading.single_reader import QUICK_CLASSES
from sutja.runs.run import Run
from tests.models.test_onnx_classifier import write_linear
from tests.sealing import write_sealed

QUICK = 100_000  # parameters of a network that reads 10,000 digits in about a second
LIMIT = 14_000_000  # bytes of all published models together; those that read pages and lines take 6 of them


@pytest.fixture
def copy(published: Path, tmp_path: Path) -> Path:
    """The ONNX file of a published model that may be damaged."""
    shutil.copytree(published.parent, tmp_path / "copy")
    return tmp_path / "copy" / published.name


def change(onnx: Path, **values: Any) -> None:
    """Write other values into the card of a model."""
    path = onnx.with_suffix(".json")
    write_sealed(path, json.loads(path.read_text(encoding="utf-8")) | values)


def fails(onnx: Path, why: str) -> None:
    with pytest.raises(ModelFileError, match=why) as caught:
        open_model(onnx).classifier()
    assert str(caught.value).startswith(str(onnx.parent))
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 4


def test_a_model_gives_the_logits_of_its_run_and_calibrated_probabilities(
    published: Path, counterparts: dict[str, Run], few: Dataset
) -> None:
    classifier = open_model(published).classifier()
    logits, _ = counterparts["final"].load_logits("test")
    np.testing.assert_allclose(classifier.logits(few.test.images), logits, atol=1e-4)
    temperature = Card.read(published.with_suffix(".json")).temperature
    assert classifier.temperature == temperature != 1
    expected = softmax(divide_by_temperature(logits, temperature))
    np.testing.assert_allclose(classifier.probabilities(few.test.images), expected, atol=1e-4)


def test_a_card_comes_back_as_it_was_written(published: Path, tmp_path: Path) -> None:
    card = Card.read(published.with_suffix(".json"))
    (tmp_path / published.with_suffix(".json").name).write_text(card.to_json(), encoding="utf-8")
    assert Card.read(tmp_path / published.with_suffix(".json").name) == card


def test_figures_are_those_of_the_evaluation(counterparts: dict[str, Run]) -> None:
    logits, labels = counterparts["final"].load_logits("test")
    scores, after = evaluate(logits, labels).scores, evaluate(divide_by_temperature(logits, 2.0), labels)
    assert digit_figures(logits, labels) == Figures(**vars(scores))
    calibrated = CalibratedScores(after.loss, after.brier, after.calibration_error)
    assert digit_figures(logits, labels, 2.0) == Figures(**vars(scores), calibrated=calibrated)


def test_models_are_found_by_their_name(
    published: Path, monkeypatch: pytest.MonkeyPatch, few: Dataset, tmp_path: Path
) -> None:
    monkeypatch.setattr("sutja.models.catalogue.WEIGHTS", published.parent)
    cards, damages = list_published()
    assert ([card.name for card in cards], damages) == ([published.stem], [])
    images = few.test.images
    by_name, by_path = (open_model(each).classifier().logits(images) for each in (published.stem, published))
    np.testing.assert_array_equal(by_name, by_path)
    for name in (published.stem[:-1], f"./{published.stem}", "", "..", str(published)):
        with pytest.raises(UsageError, match="unknown published model"):
            published_path(name)
    monkeypatch.setattr("sutja.models.catalogue.WEIGHTS", tmp_path)
    with pytest.raises(UsageError, match="known: none"):
        open_model(published.stem)


def test_a_damaged_card_does_not_hide_the_others(copy: Path) -> None:
    (copy.parent / "other.onnx").write_bytes(copy.read_bytes())
    (copy.parent / "third.json").write_text("{}", encoding="utf-8")
    cards, damages = list_published(copy.parent)
    assert [card.name for card in cards] == [copy.stem]
    assert ["other.json: the card of the model is missing" in str(damages[0]), "third.json" in str(damages[1])] == [
        True,
        True,
    ]


@pytest.mark.parametrize("length", [0, 100, -1])
def test_a_truncated_model_is_refused(copy: Path, length: int) -> None:
    copy.write_bytes(copy.read_bytes()[:length])
    fails(copy, "damaged or another file: its SHA-256 is not the recorded one")


def test_an_edited_model_is_refused(copy: Path, few: Dataset) -> None:
    """One bit of a weight: ONNX Runtime alone would not notice."""
    content = bytearray(copy.read_bytes())
    content[len(content) // 2] ^= 1
    copy.write_bytes(content)
    fails(copy, "its SHA-256 is not the recorded one")


def test_what_is_missing_is_named(copy: Path) -> None:
    copy.with_suffix(".json").unlink()
    fails(copy, r"\.json: the card of the model is missing")
    copy.unlink()
    fails(copy, r"\.onnx: no such model file")


@pytest.mark.parametrize(("images", "logits"), [((1, 32, 32), 10), ((1, 28, 28), 26)])
def test_a_foreign_network_with_a_fitting_card_is_refused(
    copy: Path, images: tuple[int, int, int], logits: int
) -> None:
    write_linear(copy, images=("N", *images), logits=("N", logits))
    change(copy, files={copy.name: hashlib.sha256(copy.read_bytes()).hexdigest()})
    fails(copy, "not a network for digits")


SCORES = {
    "count": 9,
    "errors": 3,
    "accuracy": 0.6,
    "accuracy_low": 0.5,
    "accuracy_high": 0.7,
    "loss": 1,
    "brier": 1,
    "calibration_error": 0.1,
}
MEMBER = {"name": "a", "weight": 1, "parameters": 3, "accuracy": 0.9, "errors": 1, "loss": 0.1}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"temperature": "1.2"}, "temperature = '1.2' is not of the type float"),
        ({"temperature": True}, "temperature = 'True' is not of the type float"),
        ({"temperature": None}, "temperature = 'None' is not of the type float"),
        ({"temperature": 0}, r"temperature = 0\.0 is not from 0\.05 to 20"),
        ({"temperature": -1.5}, r"temperature = -1\.5 is not from"),
        ({"temperature": float("nan")}, "NaN is not a finite number"),
        ({"temperature": 10**400}, "int too large"),
        ({"temperature": 1.0}, "is not that of its calibration"),
        ({"calibration": None}, "is not that of its calibration"),
        ({"calibration": {"temperature": 2}}, "calibration: missing or unknown: count"),
        ({"name": "other"}, "it is the card of 'other'"),
        ({"name": 3}, "name = '3' is not of the type str"),
        ({"reads": "words"}, "reads = 'words' is not one of digits, lines"),
        ({"files": {}}, r"files: .*\.onnx is missing"),
        ({"files": []}, r"files = '\[\]' is not of the type dict"),
        ({"files": {"a.onnx": "abc"}}, r"files: a\.onnx has no SHA-256"),
        ({"figures": {"test": {"errors": 3}}}, "figures.test: missing or unknown: accuracy"),
        ({"figures": {"test": 3}}, "figures.test: not a JSON object"),
        ({"figures": {"test": SCORES | {"calibrated": 1}}}, "figures.test.calibrated: not a JSON object"),
        ({"figures": {"test": SCORES | {"loss": "low"}}}, "figures.test.loss = 'low' is not of the type float"),
        ({"reads": "lines", "figures": {"test": SCORES}}, "figures.test: not those of a network that reads lines"),
        ({"environment": {"data": {"name": "mnist"}}}, "environment: missing or unknown: commit"),
        ({"members": [{"name": "a"}]}, r"members\[0\]: missing or unknown: accuracy, errors, loss"),
        ({"members": [MEMBER | {"recipe": {"name": "a"}}]}, r"members\[0\].recipe: not a recipe"),
        ({"recipe": None}, "it needs either a recipe or members"),
        ({"remarks": ["a", 3]}, r"remarks\[1\] = '3' is not of the type str"),
        ({"parameters": 1.5}, r"parameters = '1\.5' is not of the type int"),
        ({"min_confidence": 2}, "min_confidence = 2.0 is not from 0 to 1"),
        ({"seed_results": {"count": 3}}, "seed_results: missing or unknown: errors"),
        ({"surprise": 1}, "missing or unknown: surprise"),
    ],
    ids=str,
)
def test_a_card_with_wrong_values_is_refused(copy: Path, values: dict[str, Any], why: str) -> None:
    change(copy, **values)
    fails(copy, rf"\.json: damaged: .*{why}")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"null", b"\xff", b"[" * 100_000, b"{" * 9])
def test_a_card_that_is_no_card_is_refused(copy: Path, content: bytes) -> None:
    copy.with_suffix(".json").write_bytes(content)
    fails(copy, r"\.json: (damaged|cannot be read)")


def test_what_a_card_need_not_have(copy: Path) -> None:
    recipe = json.loads(copy.with_suffix(".json").read_text(encoding="utf-8"))["recipe"]
    member = {**MEMBER, "recipe": recipe}
    change(copy, parameters=None, recipe=None, epochs=None, seconds=None, members=[member], remarks=["one"])
    opened = open_model(copy)
    assert (opened.recipe, opened.protocol, len(opened.members)) == (None, "final", 1)


def test_what_a_card_may_say_is_null_it_may_leave_out(copy: Path) -> None:
    """As a card does that was written before there was such a field."""
    path = copy.with_suffix(".json")
    values = json.loads(path.read_text(encoding="utf-8"))
    optional = [name for name, value in values.items() if value in (None, [])]
    assert "remarks" in optional
    write_sealed(path, {name: values[name] for name in values.keys() - {*optional}})
    assert Card.read(path).to_json() == json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    del values["temperature"]
    write_sealed(path, values)
    fails(copy, "missing or unknown: temperature")


def test_no_card_can_be_made_with_a_contradiction(published: Path) -> None:
    with pytest.raises(ValueError, match="is not that of its calibration"):
        dataclasses.replace(Card.read(published.with_suffix(".json")), temperature=3.0)


def test_the_models_of_this_package_are_what_their_cards_say(mnist: Dataset) -> None:
    cards, damages = list_published()
    assert damages == []
    expected = {name for card in cards for name in (*card.files, f"{card.name}.json", f"{card.name}.md")}
    assert {path.name for path in WEIGHTS.iterdir()} == expected | {"README.md"}
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) <= LIMIT
    for card in cards:
        for name, sha256 in card.files.items():
            assert hashlib.sha256((WEIGHTS / name).read_bytes()).hexdigest() == sha256
        assert card.calibration is not None, "every published model is calibrated"
        if card.name == "quick-reader":  # has a class for no digit, of which MNIST has none
            assert card.class_names.names == QUICK_CLASSES
            continue
        assert card.environment.data.sha256 == MNIST_SHA256
        if (card.parameters or QUICK) < QUICK:
            predictions = open_model(card.name).classifier().logits(mnist.test.images).argmax(axis=1)
            assert (predictions != mnist.test.labels).sum() == card.figures["test"].errors
