"""Finished runs as one reader: in every protocol, with one line for all that does not fit together."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from sutja.data.dataset import MNIST_SHA256, Dataset, split
from sutja.environment import DataSource, Environment
from sutja.errors import DataError, ModelFileError, UsageError
from sutja.evaluation.calibration import calibrate
from sutja.evaluation.figures import digit_figures
from sutja.evaluation.metrics import evaluate
from sutja.experiments.ensemble import build_ensemble, reader_reports
from sutja.export.publish import Options, publish
from sutja.models.card import Card
from sutja.models.open import open_model
from sutja.networks.build import load_network, save_network
from sutja.networks.ensemble import choose_weights, combine, log_probabilities
from sutja.networks.infer import infer, to_tensor
from sutja.networks.model import count_parameters
from sutja.recipe import RECIPES, Recipe
from sutja.reports.html import render_card
from sutja.runs.report import RunReport
from sutja.runs.run import Run
from sutja.training.digit_trainer import DigitTrainer
from tests.reports.korean import untranslated
from tests.sealing import resealed, write_sealed

MLP = dataclasses.replace(RECIPES["mlp"], epochs=4, batch_size=16)
LENET5 = dataclasses.replace(RECIPES["lenet5"], epochs=4, batch_size=16)
FILES = {
    "run.json",
    "environment.json",
    "logits.npz",
    "model.onnx",
    "model.safetensors",
    "figures",
    "report.html",
    "MODEL_CARD.md",
    "report.json",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


def finished(recipe: Recipe, dataset: Dataset, folder: Path) -> Run:
    """A run, trained on a few digits, with all that an ensemble needs of it, but without its pictures."""
    splits = split(dataset, recipe.protocol)
    training = DigitTrainer(recipe, splits, device="cpu")
    data = DataSource(dataset.name, dataset.sha256)
    run = Run.create(folder / recipe.run_name, recipe, Environment.now(data))
    list(training.fit())
    network = training.result()
    save_network(network, run.folder / "model.safetensors")
    logits = {part: infer(network, to_tensor(digits)).numpy() for part, digits in splits.evaluation_parts.items()}
    labels = {part: digits.labels for part, digits in splits.evaluation_parts.items()}
    run.save_logits(logits, labels)
    figures = {part: evaluate(logits[part], labels[part]) for part in logits}
    size = count_parameters(network)
    run.save_report(RunReport(parameters=size, epochs=recipe.epochs, seconds=1.5, parity=0.0, figures={**figures}))
    return run


@pytest.fixture(scope="module")
def runs(small: Dataset, folder: Path) -> dict[str, list[Run]]:
    """An MLP and a LeNet-5 in every protocol; the ones that hold digits back have other seeds than the final ones."""
    return {
        protocol: [
            finished(dataclasses.replace(recipe, protocol=protocol, seed=seed), small, folder)
            for recipe, seed in ((MLP, first), (LENET5, first + 1))
        ]
        for protocol, first in (("curves", 0), ("validation", 2), ("final", 4))
    }


@pytest.fixture(scope="module")
def ensembles(runs: dict[str, list[Run]], small: Dataset, folder: Path) -> dict[str, Run]:
    """An ensemble of each protocol, in the folder of its name; that of the final runs has its weights from others."""
    weights_from = {"final": runs["validation"]}
    return {
        protocol: build_ensemble(
            members, small, folder / "ensembles" / protocol, weights_from=weights_from.get(protocol, [])
        )
        for protocol, members in runs.items()
    }


def copied(run: Run, folder: Path) -> Run:
    shutil.copytree(run.folder, folder)
    return Run.open(folder)


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text())


@pytest.mark.parametrize(
    ("protocol", "parts"), [("curves", ("validation", "test")), ("validation", ("validation",)), ("final", ("test",))]
)
def test_an_ensemble_in_every_protocol(
    protocol: str,
    parts: tuple[str, ...],
    runs: dict[str, list[Run]],
    ensembles: dict[str, Run],
    small: Dataset,
    folder: Path,
) -> None:
    members, run, folder = runs[protocol], ensembles[protocol], folder / "ensembles" / protocol
    ensemble = run.ensemble
    weights_from = runs["validation"] if protocol == "final" else []
    assert {path.name for path in folder.iterdir()} == FILES
    assert {path.name for path in folder.parent.iterdir()} == set(runs)
    chosen_on = [run.load_logits("validation") for run in weights_from or members]
    weights = choose_weights(log_probabilities([logits for logits, _ in chosen_on]), chosen_on[0][1])
    assert [each.weight for each in reader_reports(run.report, ensemble)] == [*weights.tolist(), None]
    assert (run.parts, run.evaluated_on) == (parts, parts[-1])
    digits = split(small, protocol).evaluation_parts
    report = read(folder, "report.json")
    with np.load(folder / "logits.npz") as arrays:
        assert set(arrays) == {f"{part}_{kind}" for part in parts for kind in ("logits", "labels")}
        for part in parts:
            own = log_probabilities([run.load_logits(part)[0] for run in members])
            assert np.array_equal(arrays[f"{part}_logits"], combine(own, weights))
            assert np.array_equal(arrays[f"{part}_labels"], digits[part].labels)
            seen = open_model(folder).classifier().logits(digits[part].images)
            assert seen == pytest.approx(arrays[f"{part}_logits"], abs=1e-3)
            assert report["figures"][part] == asdict(evaluate(arrays[f"{part}_logits"], arrays[f"{part}_labels"]))
    assert tuple(report["figures"]) == parts
    assert report["parity"] <= 1e-4
    assert any("optimistic" in remark for remark in ensemble.remarks) == ("validation" in parts)
    assert report["seconds"] == 3


def test_members_are_evaluated_as_in_their_own_reports(runs: dict[str, list[Run]], ensembles: dict[str, Run]) -> None:
    ensemble = ensembles["curves"].ensemble
    for run, member in zip(runs["curves"], ensemble.members, strict=True):
        assert (member.name, member.scores) == (run.name, run.report.figures["test"].scores)
        assert member.parameters == run.report.parameters
    whole = reader_reports(ensembles["curves"].report, ensemble)[-1]
    assert (whole.parameters, whole.disagreements) == (61_706 + 61_676, 0)
    assert [(each.first, each.second) for each in ensemble.comparisons] == [
        (run.name, "the ensemble") for run in runs["curves"]
    ]
    for each, member in zip(ensemble.comparisons, ensemble.members, strict=True):
        assert each.only_first - each.only_second == whole.scores.errors - member.scores.errors
        assert member.disagreements >= each.only_first + each.only_second


def test_the_best_member_is_the_one_that_is_best_on_validation_digits(
    runs: dict[str, list[Run]], small: Dataset, tmp_path: Path
) -> None:
    """Here the test digits would call another one the best."""
    members = [copied(run, tmp_path / f"member{number}") for number, run in enumerate(runs["curves"])]
    labels = split(small).evaluation_parts["validation"].labels
    right = (9 * np.eye(10)[labels]).astype(np.float32)
    worse = min(range(2), key=lambda number: members[number].report.figures["test"].accuracy)
    for number, run in enumerate(members):
        test, test_labels = run.load_logits("test")
        validation = right if number == worse else np.roll(right, 1, axis=1)
        run.save_logits({"validation": validation, "test": test}, {"validation": labels, "test": test_labels})
        members[number] = resealed(run)
    ensemble = build_ensemble(members, small, tmp_path / "both").ensemble
    accuracies = [member.report.figures["test"].accuracy for member in members]
    assert accuracies[0] != accuracies[1]
    assert f"By these, the best member is member{worse}." in ensemble.remarks[1]
    weight = ensemble.members[worse].weight
    assert weight is not None
    assert weight > 0.99


def test_what_is_written_says_what_was_combined(
    runs: dict[str, list[Run]], ensembles: dict[str, Run], small: Dataset, folder: Path
) -> None:
    run, folder = ensembles["final"], folder / "ensembles" / "final"
    made = read(folder, "run.json")
    assert made["kind"] == "ensemble"
    assert [member["name"] for member in made["members"]] == [run.name for run in runs["final"]]
    assert [member.recipe for member in run.manifest.members] == [run.recipe for run in runs["final"]]
    assert sum(member["weight"] for member in made["members"]) == pytest.approx(1)
    assert made["weights_from"] == [run.name for run in runs["validation"]]
    card, page = (folder / "MODEL_CARD.md").read_text(), (folder / "report.html").read_text()
    for member in run.ensemble.members:
        assert f"| {member.name} | {member.weight:.3f} | {member.parameters:,} |" in card
        assert member.name in page
    assert small.sha256 in card
    assert "123,382 parameters" in card
    assert all(remark in card for remark in run.ensemble.remarks)
    pictures = {path.stem: cv2.imread(str(path)) for path in (folder / "figures").iterdir()}
    assert pictures.keys() == {"members", "confusion", "reliability", "mistakes"}
    assert all(picture is not None and picture.std() > 1 for picture in pictures.values())


@pytest.mark.parametrize("protocol", ["curves", "final"])
def test_the_page_of_an_ensemble_is_in_both_languages(ensembles: dict[str, Run], protocol: str) -> None:
    page = ensembles[protocol].folder / "report.html"
    names = {member.name for member in ensembles[protocol].ensemble.members}
    assert '<html lang="en">' in page.read_text(encoding="utf-8")
    assert set(untranslated(page)) <= names


def test_the_page_of_an_ensemble_opens_in_the_wanted_language(
    runs: dict[str, list[Run]], small: Dataset, tmp_path: Path
) -> None:
    run = build_ensemble(runs["final"], small, tmp_path / "both", language="ko")
    page = run.folder / "report.html"
    assert '<html lang="ko" data-language="ko">' in page.read_text(encoding="utf-8")
    assert "가중치는 모두 같습니다." in page.read_text(encoding="utf-8")
    assert set(untranslated(page)) <= {each.name for each in run.ensemble.members}


def test_an_ensemble_is_replaced_only_by_force_and_nothing_else_is(
    runs: dict[str, list[Run]], ensembles: dict[str, Run], small: Dataset, folder: Path, tmp_path: Path
) -> None:
    assert "curves" in ensembles
    both = Path(shutil.copytree(folder / "ensembles" / "curves", tmp_path / "both"))
    with pytest.raises(UsageError, match=r"both: exists already \(finished\); --force replaces it"):
        build_ensemble(runs["final"], small, both)
    (both / "old.txt").write_text("old")
    run = build_ensemble(runs["final"], small, both, force=True)
    assert {path.name for path in both.iterdir()} == FILES
    assert [*read(both, "report.json")["figures"]] == ["test"]
    assert [each.weight for each in run.ensemble.members] == [0.5, 0.5]
    assert run.ensemble.remarks[0].startswith("All weights are equal")
    assert not any("best member" in remark for remark in run.ensemble.remarks)
    (tmp_path / "mine").mkdir()
    with pytest.raises(UsageError, match="mine: not a run folder"):
        build_ensemble(runs["curves"], small, tmp_path / "mine", force=True)
    assert Run.open(both) == run


def refused(*args: Any, **more: Any) -> str:
    """The line that says why there is no ensemble; nothing may be left of it."""
    runs, dataset, folder = args
    with pytest.raises((UsageError, DataError, ModelFileError)) as caught:
        build_ensemble(runs, dataset, folder / "ensemble", **more)
    assert not [path for path in folder.iterdir() if "ensemble" in path.name]
    return f"{type(caught.value).__name__}: {caught.value}"


def test_members_that_do_not_fit_together(
    runs: dict[str, list[Run]], small: Dataset, mnist: Dataset, tmp_path: Path
) -> None:
    mlp, lenet5 = runs["curves"]
    assert "needs at least two runs" in refused([mlp], small, tmp_path)
    assert f"UsageError: {mlp.folder}: is named twice" in refused([mlp, lenet5, mlp], small, tmp_path)
    mixed = refused([mlp, runs["final"][1]], small, tmp_path)
    assert mixed.endswith(f"is 'final', that of {mlp.folder} 'curves': an ensemble needs members of one protocol")
    assert "was trained on other data than mnist: name its data with --data" in refused([mlp, lenet5], mnist, tmp_path)
    copy = copied(mlp, tmp_path / "copy")
    assert f"{copy.folder}: is the same network as {mlp.folder}" in refused([mlp, copy], small, tmp_path)
    (copy.folder / "report.json").unlink()
    assert "copy: not finished (stopped after epoch 0 of 4)" in refused([copy, lenet5], small, tmp_path)


def test_members_with_files_that_are_missing_or_foreign(
    runs: dict[str, list[Run]], small: Dataset, tmp_path: Path
) -> None:
    mlp, lenet5 = runs["final"]
    copy = copied(mlp, tmp_path / "copy")
    logits, labels = copy.load_logits("test")
    copy.save_logits({"test": logits[:, :5].copy()}, {"test": labels})
    assert "logits.npz: damaged: its SHA-256 is not that of report.json" in refused([copy, lenet5], small, tmp_path)
    copy = resealed(copy)
    assert "DataError" in (line := refused([copy, lenet5], small, tmp_path))
    assert "logits.npz: damaged: test: logits float32 (30, 5)" in line
    copy.save_logits({"test": logits}, {"test": labels[::-1].copy()})
    copy = resealed(copy)
    assert "logits.npz: its test labels are not those of the data" in refused([copy, lenet5], small, tmp_path)
    (copy.folder / "logits.npz").unlink()
    assert "logits.npz: missing or damaged" in refused([copy, lenet5], small, tmp_path)
    copy.save_logits({"test": logits}, {"test": labels})
    copy = resealed(copy)
    weights = (copy.folder / "model.safetensors").read_bytes()
    save_network(load_network(open_model(runs["curves"][0].folder)), copy.folder / "model.safetensors")
    copy = resealed(copy)
    assert "ModelFileError" in (line := refused([copy, lenet5], small, tmp_path))
    assert line.endswith("model.safetensors: is not the network that gave its logits.npz")
    for content in (weights[:-40], b"", (lenet5.folder / "model.safetensors").read_bytes()):
        (copy.folder / "model.safetensors").write_bytes(content)
        assert "model.safetensors: " in refused([copy, lenet5], small, tmp_path)
    (copy.folder / "model.safetensors").unlink()
    assert "model.safetensors: missing, damaged or of another network than mlp" in refused(
        [copy, lenet5], small, tmp_path
    )


def test_runs_that_cannot_choose_the_weights(runs: dict[str, list[Run]], small: Dataset, tmp_path: Path) -> None:
    final, held_out = runs["final"], runs["validation"]
    for weights_from, why in (
        (held_out[:1], "--weights-from names 1 runs for 2 members: one for each"),
        (held_out[::-1], f"{held_out[1].folder}: cannot choose a weight for {final[0].folder}: its recipe differs"),
        ([held_out[0], held_out[0]], "is named twice"),
        (final, "has no figures of validation digits: its protocol is 'final'"),
    ):
        assert why in refused(final, small, tmp_path, weights_from=weights_from)
    for members in (held_out, runs["curves"]):
        assert "these have validation digits already" in refused(members, small, tmp_path, weights_from=held_out)


@pytest.fixture(scope="module")
def exported(ensembles: dict[str, Run], folder: Path) -> Card:
    """The ensemble of the final runs as a published model, calibrated by that of the held-out ones."""
    assert ensembles
    final, counterpart = (ensembles[each] for each in ("final", "validation"))
    return publish(final, folder / "published", Options(calibrate_with=[counterpart]))


def test_an_ensemble_is_published_as_one_model(
    exported: Card, runs: dict[str, list[Run]], small: Dataset, folder: Path
) -> None:
    names = [f"final.{suffix}" for suffix in ("onnx", "safetensors", "json", "md")]
    assert {path.name for path in (folder / "published").iterdir()} == {*names}
    assert Card.read(folder / "published" / "final.json") == exported
    with np.load(folder / "ensembles" / "validation" / "logits.npz") as arrays:
        fitted = calibrate(arrays["validation_logits"], arrays["validation_labels"])
    digits = f"{fitted.count} validation digits, read by validation"
    assert exported.calibration == dataclasses.replace(fitted, digits=digits)
    with np.load(folder / "ensembles" / "final" / "logits.npz") as arrays:
        logits, labels = arrays["test_logits"], arrays["test_labels"]
    assert exported.figures == {"test": digit_figures(logits, labels, fitted.temperature)}
    assert (exported.parameters, exported.seconds) == (61_706 + 61_676, 3)
    assert [(each.name, each.recipe) for each in exported.members] == [(run.name, run.recipe) for run in runs["final"]]
    classifier = open_model(folder / "published" / "final.onnx").classifier()
    assert classifier.logits(small.test.images) == pytest.approx(logits, abs=1e-3)
    assert classifier.temperature == fitted.temperature
    tensors = load_file(folder / "published" / "final.safetensors")
    for number, run in enumerate(runs["final"]):
        for name, value in load_network(open_model(run.folder)).state_dict().items():
            assert torch.equal(tensors[f"members.{number}.{name}"], value)


def test_both_cards_of_an_ensemble_are_of_one_template(exported: Card, ensembles: dict[str, Run], folder: Path) -> None:
    page = (folder / "published" / "final.md").read_text()
    card = (folder / "ensembles" / "final" / "MODEL_CARD.md").read_text()
    assert page == render_card(exported)
    for text in (page, card):
        assert text.startswith("# Ensemble of 2 networks\n\nAn ensemble of 2 networks, together 123,382 parameters,")
        assert all(f"\n- {remark}\n" in text for remark in ensembles["final"].ensemble.remarks)
        assert "The members were trained in 3 s together" in text
        assert "under `members.0`" in text
        assert "| recipe |" not in text
        assert "\n\n\n" not in text
    assert f"divide the logits by the temperature {exported.temperature:.4f}" in page
    assert "No temperature was fitted" in card
    assert all(f"| `{name}` | `{sha256}` |" in page for name, sha256 in exported.files.items())


def test_an_ensemble_is_opened_like_a_run(folder: Path, small: Dataset, tmp_path: Path) -> None:
    for protocol in ("validation", "final"):
        opened = open_model(folder / "ensembles" / protocol)
        assert (opened.protocol, opened.data_sha256, opened.reads) == (protocol, small.sha256, "digits")
        assert len(opened.members) == 2
    damaged = Path(shutil.copytree(folder / "ensembles" / "final", tmp_path / "damaged"))
    (damaged / "run.json").write_text('{"members": [3]}')
    with pytest.raises(ModelFileError, match="damaged"):
        open_model(damaged)


def test_without_weights_a_model_is_three_files(exported: Card, folder: Path, tmp_path: Path) -> None:
    """Here also without a counterpart to calibrate it."""
    to = Path(shutil.copytree(folder / "published", tmp_path / "to"))
    final = Run.open(folder / "ensembles" / "final")
    with pytest.raises(UsageError, match=r"final\.onnx: exists already"):
        publish(final, to, Options(weights=False))
    card = publish(final, to, Options(weights=False, force=True))
    assert {path.name for path in to.iterdir()} == {"final.onnx", "final.json", "final.md"}
    assert (Card.read(to / "final.json"), [*card.files]) == (card, ["final.onnx"])
    assert (card.temperature, card.calibration, open_model(to / "final.onnx").temperature) == (1, None, 1)
    assert card.figures["test"] == dataclasses.replace(exported.figures["test"], calibrated=None)
    page = (to / "final.md").read_text()
    assert "safetensors" not in page
    assert "Pixels are normalised inside.\n\nA digit" in page


def test_ensembles_that_cannot_be_exported(
    runs: dict[str, list[Run]], ensembles: dict[str, Run], folder: Path, tmp_path: Path
) -> None:
    assert ensembles
    final, held_out, curves = (folder / "ensembles" / each for each in ("final", "validation", "curves"))
    copies = iter(range(100))

    def changed(original: Path, name: str, change: Callable[[Any], object]) -> Path:
        copy = Path(shutil.copytree(original, tmp_path / f"copy{next(copies)}"))
        values = read(copy, name)
        change(values)
        write_sealed(copy / name, values)
        return copy

    def fails(kind: type[Exception], why: str, path: Path = final, other: Path | None = None) -> None:
        with pytest.raises(kind, match=why):
            publish(Run.open(path), tmp_path / "to", Options(calibrate_with=[Run.open(other)] if other else []))

    def first(name: str, value: Any) -> Callable[[Any], object]:
        return lambda values: values["members"][0].update({name: value})

    fails(UsageError, "has no figures of validation digits: its protocol is 'final'", other=final)
    fails(UsageError, "curves: has validation digits of its own: leave out --calibrate-with", curves, held_out)
    fails(UsageError, "1 networks instead of 2", other=runs["validation"][0].folder)
    other = changed(held_out, "run.json", lambda values: values["members"][1]["recipe"].update(epochs=5, seed=9))
    fails(UsageError, "not the validation counterpart of .*: epochs = 5 instead of 4$", other=other)
    other = changed(held_out, "environment.json", lambda values: values["data"].update(sha256="0"))
    fails(UsageError, "trained on other data", other=other)
    equal = changed(final, "run.json", lambda values: [each.update(weight=0.5) for each in values["members"]])
    fails(UsageError, "its weights differ: --weights-from", equal, held_out)

    damages: list[tuple[str, Callable[[Any], object], str]] = [
        ("run.json", lambda values: values.clear(), "missing or unknown: kind"),
        ("run.json", lambda values: values.update(members=[]), "an ensemble needs members"),
        ("run.json", first("weight", "1"), r"members\[0\].weight = '1' is not of the type float"),
        ("run.json", first("weight", -1.0), r"weight = -1\.0 is not from 0 to 1"),
        ("run.json", first("weight", float("nan")), "NaN is not a finite number"),
        ("run.json", first("weight", 1.0), "do not add up to 1"),
        ("run.json", first("recipe", {"model": "none"}), "not a recipe"),
        ("run.json", lambda values: values["members"][0]["recipe"].update(protocol="curves"), "several protocols"),
        ("environment.json", lambda values: values.pop("data"), "missing or unknown: data"),
        ("report.json", lambda values: values["ensemble"].pop("remarks"), "ensemble: missing or unknown: remarks"),
        ("report.json", lambda values: values["ensemble"]["members"].pop(), "it needs as many members as run.json"),
        (
            "report.json",
            lambda values: values["ensemble"]["members"][0]["scores"].update(errors=None),
            r"ensemble.members\[0\].scores.errors = 'None' is not of the type int",
        ),
    ]
    for name, change, why in damages:
        fails(DataError, rf"{name}: .*{why}", changed(final, name, change))
    mnist = changed(final, "environment.json", lambda values: values["data"].update(sha256=MNIST_SHA256))
    fails(ModelFileError, "these weights do not give the logits", mnist)
    swapped = changed(final, "run.json", lambda values: values["members"].reverse())
    fails(ModelFileError, r"model\.safetensors: missing, damaged or of other members", swapped)
    (swapped / "model.safetensors").unlink()
    fails(ModelFileError, r"model\.safetensors: missing, damaged or of other members", swapped)
    (mnist / "logits.npz").write_bytes(b"")
    fails(DataError, r"logits\.npz: damaged: its SHA-256 is not that of report\.json", mnist)
    (mnist / "logits.npz").unlink()
    fails(DataError, r"logits\.npz: missing or damaged", mnist)
    assert not (tmp_path / "to").exists()
