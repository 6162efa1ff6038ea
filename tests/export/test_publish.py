"""From a run to a published model: four files that belong together, calibrated by digits that were held back."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file
from torch import nn

from sutja.data.dataset import Dataset, split
from sutja.environment import DataSource, Environment
from sutja.errors import DataError, ModelFileError, UsageError
from sutja.evaluation.calibration import calibrate
from sutja.evaluation.figures import digit_figures
from sutja.evaluation.metrics import evaluate
from sutja.export.publish import Options, check_weights, counterpart_differences, find_seed_results, publish
from sutja.files import checksums, write_json
from sutja.models.card import Card
from sutja.models.open import open_model, open_run
from sutja.networks.build import load_network, save_network
from sutja.networks.infer import infer, to_tensor
from sutja.networks.model import create
from sutja.recipe import RECIPES, Distillation, Recipe
from sutja.reports.html import render_card
from sutja.runs.report import RunReport
from sutja.runs.results import gather, read_results, update_results
from sutja.runs.run import Manifest, Run
from tests.sealing import resealed, write_sealed


def other_seed(run: Run, folder: Path) -> Run:
    """A copy of a run that says that it had another seed and three errors more."""
    other = other_run(run, folder, seed=1)
    scores = run.report.figures[run.evaluated_on]
    scores = dataclasses.replace(scores, errors=scores.errors + 3)
    other.save_report(dataclasses.replace(run.report, figures={run.evaluated_on: scores}))
    return Run.open(folder)


def trained_on_mnist(network: nn.Module, recipe: Recipe, mnist: Dataset, folder: Path) -> Run:
    """The finished run of a network that says that it was trained on MNIST."""
    run = Run.create(folder, recipe, Environment.now(DataSource("mnist", mnist.sha256)))
    digits = split(mnist, recipe.protocol).evaluation_parts[run.evaluated_on]
    logits = infer(network, to_tensor(digits)).numpy()
    save_network(network, run.folder / "model.safetensors")
    run.save_logits({run.evaluated_on: logits}, {run.evaluated_on: digits.labels})
    figures = {run.evaluated_on: evaluate(logits, digits.labels)}
    run.save_report(RunReport(parameters=3, epochs=1, seconds=1.0, parity=0.0, figures={**figures}))
    return run


def test_four_files_that_belong_together(published: Path, counterparts: dict[str, Run]) -> None:
    name = "few-mlp-epochs=5-batch_size=16-protocol=final"
    assert counterparts["final"].published_name == published.stem == name
    files = {path.name for path in published.parent.iterdir()}
    assert files == {f"{name}.{suffix}" for suffix in ("onnx", "safetensors", "json", "md")}
    card = Card.read(published.with_suffix(".json"))
    assert card.files == checksums(published, published.with_suffix(".safetensors"))
    assert card.parity <= 1e-4
    assert (card.parameters, card.epochs, card.members) == (61_676, 5, [])
    assert card.recipe == counterparts["final"].recipe
    assert card.environment == counterparts["final"].environment
    weights = load_file(published.with_suffix(".safetensors"))
    create("mlp", seed=7).load_state_dict(weights)


def test_a_final_run_is_calibrated_by_its_held_out_counterpart(published: Path, counterparts: dict[str, Run]) -> None:
    card = Card.read(published.with_suffix(".json"))
    fitted = calibrate(*counterparts["validation"].load_logits("validation"))
    digits = f"20 validation digits, read by {counterparts['validation'].name}"
    assert card.calibration == dataclasses.replace(fitted, digits=digits)
    assert card.temperature == fitted.temperature != 1
    assert card.figures == {"test": digit_figures(*counterparts["final"].load_logits("test"), fitted.temperature)}


def test_the_page_tells_what_the_card_tells(published: Path) -> None:
    card = Card.read(published.with_suffix(".json"))
    page = published.with_suffix(".md").read_text(encoding="utf-8")
    assert page == render_card(card)
    assert page.startswith("# MLP (epochs = 5, batch_size = 16, protocol = final)\n\n")
    scores, calibration = card.figures["test"], card.calibration
    assert calibration is not None and scores.calibrated is not None
    for text in (
        "61,676 parameters",
        f"divide the logits by the temperature {card.temperature:.4f}",
        f"| errors | {scores.errors} |",
        f"| expected calibration error | {100 * scores.calibration_error:.2f} % |",
        f"| – calibrated | {100 * scores.calibrated.calibration_error:.2f} % |",
        f"from {calibration.loss_before:.4f} to {calibration.loss_after:.4f}",
        *card.files.values(),
        card.environment.data.sha256,
        "| batch_size | 16 |",
    ):
        assert text in page
    assert "\n\n\n" not in page


def test_a_final_run_alone_is_told_to_be_uncalibrated_and_a_study_tells_of_the_other_seeds(
    counterparts: dict[str, Run], tmp_path: Path
) -> None:
    run = counterparts["final"]
    result = gather([run, other_seed(run, tmp_path / "other")])
    card = publish(run, tmp_path, Options(study=result))
    errors = run.report.figures["test"].errors
    assert card.seed_results is not None
    assert (card.seed_results.seeds, card.seed_results.errors) == ([0, 1], [errors, errors + 3])
    assert Card.read(tmp_path / f"{card.name}.json") == card
    assert (card.temperature, card.calibration, card.figures["test"].calibrated) == (1, None, None)
    assert open_model(tmp_path / f"{card.name}.onnx").temperature == 1
    page = (tmp_path / f"{card.name}.md").read_text(encoding="utf-8")
    assert "No temperature was fitted to its logits" in page
    assert "calibrated |" not in page
    low, high = result.interval or (0, 0)
    assert f"the mean accuracy is {100 - errors - 1.5:.3f} % ± 2.121 (standard deviation; 95 % interval" in page
    assert f"{100 * low:.3f}–{100 * high:.3f} %" in page
    assert f"seed by seed: {errors}, {errors + 3}." in page
    assert "not those of the best one. Over 2 seeds" in page


def other_run(run: Run, folder: Path, **changes: str | float | Distillation) -> Run:
    """A copy of a run that says that it was made by another recipe."""
    shutil.copytree(run.folder, folder)
    recipe = dataclasses.replace(run.recipe, **changes)  # type: ignore[arg-type]
    write_json(folder / "run.json", Manifest.of(recipe))
    return Run.open(folder)


def test_weights_in_half_are_evaluated_as_they_are_stored(mnist: Dataset, tmp_path: Path) -> None:
    network = create("tiny", seed=1).eval()
    run = trained_on_mnist(
        network, dataclasses.replace(RECIPES["tiny"], protocol="validation"), mnist, tmp_path / "tiny-s0"
    )
    whole, half = (publish(run, tmp_path / name, Options(half=name == "half")) for name in ("whole", "half"))
    assert (whole.precision, half.precision) == (None, "half")
    digits = split(mnist, "validation").evaluation_parts["validation"]
    logits, labels = run.load_logits("validation")
    assert whole.figures == {"validation": digit_figures(logits, labels, whole.temperature)}
    stored = open_model(tmp_path / "half" / "tiny.onnx").classifier().logits(digits.images)
    assert not np.array_equal(stored, logits)
    expected = digit_figures(stored, digits.labels, half.temperature)
    assert half.figures["validation"].errors == expected.errors
    assert half.figures["validation"].loss == pytest.approx(expected.loss, rel=1e-5)
    assert half.figures["validation"].loss != whole.figures["validation"].loss
    for suffix in ("onnx", "safetensors"):
        sizes = [len((tmp_path / name / f"tiny.{suffix}").read_bytes()) for name in ("half", "whole")]
        assert sizes[0] < 0.8 * sizes[1]
    create("tiny", seed=7).load_state_dict(load_file(tmp_path / "half" / "tiny.safetensors"))


def test_rounded_weights_need_the_digits_that_evaluate_them(counterparts: dict[str, Run], tmp_path: Path) -> None:
    with pytest.raises(
        UsageError,
        match="was trained on other data than mnist: --half evaluates rounded",
    ):
        publish(counterparts["final"], tmp_path / "to", Options(half=True))
    assert not (tmp_path / "to").exists()


def test_another_run_does_not_calibrate(counterparts: dict[str, Run], tmp_path: Path) -> None:
    final, held_out = counterparts["final"], counterparts["validation"]

    def refused(other: Run, why: str) -> None:
        with pytest.raises(UsageError, match=why) as caught:
            publish(final, tmp_path / "to", Options(calibrate_with=[other]))
        assert str(other.folder) in str(caught.value)

    refused(other_run(held_out, tmp_path / "a", epochs=6), "not the validation counterpart .*: epochs = 6 instead of 5")
    refused(other_run(held_out, tmp_path / "b", network="lenet5"), "network = lenet5 instead of mlp")
    refused(other_run(held_out, tmp_path / "c", seed=1, ema_decay=0.9), r"ema_decay = 0\.9 instead of 0\.0$")
    student = other_run(held_out, tmp_path / "d", distillation=Distillation("t"))
    refused(student, "distillation.teacher = t instead of none")
    refused(final, "has no figures of validation digits: its protocol is 'final'")
    unfinished = other_run(held_out, tmp_path / "e")
    (unfinished.folder / "report.json").unlink()
    refused(unfinished, "not finished")
    data = other_run(held_out, tmp_path / "f")
    environment = json.loads((data.folder / "environment.json").read_text(encoding="utf-8"))
    environment["data"]["sha256"] = 64 * "0"
    write_sealed(data.folder / "environment.json", environment)
    refused(data, "trained on other data")
    assert not (tmp_path / "to").exists()


def test_several_seeds_calibrate_together(counterparts: dict[str, Run], tmp_path: Path) -> None:
    """Here they have the same logits, so that together they say what one says, but for the number of digits."""
    held_out, final = counterparts["validation"], counterparts["final"]
    other = other_run(held_out, tmp_path / "other-s1", seed=1)
    cards = [
        publish(final, tmp_path / str(len(runs)), Options(calibrate_with=runs))
        for runs in ([held_out], [held_out, other])
    ]
    one, two = (dataclasses.asdict(card)["calibration"] for card in cards)
    assert two == {
        **{name: pytest.approx(value, rel=1e-6) for name, value in one.items() if name not in ("digits", "count")},
        "count": 2 * one["count"],
        "digits": f"20 validation digits, read by {held_out.name}, other-s1",
    }
    with pytest.raises(UsageError, match="two runs of one seed"):
        publish(final, tmp_path / "again", Options(calibrate_with=[held_out, held_out]))


def test_teachers_of_the_two_protocols_may_differ(counterparts: dict[str, Run], tmp_path: Path) -> None:
    final = other_run(counterparts["final"], tmp_path / "final-s0", distillation=Distillation("big"))
    seen_less = Distillation("big-validation")
    held_out = other_run(counterparts["validation"], tmp_path / "validation-s0", distillation=seen_less)
    assert counterpart_differences(final.recipe, held_out.recipe) == []
    assert counterpart_differences(final.recipe, counterparts["validation"].recipe) == [
        "distillation.teacher",
        "distillation.weight",
        "distillation.temperature",
    ]


def test_a_run_with_validation_digits_calibrates_itself_and_replaces_what_is_there_only_by_force(
    counterparts: dict[str, Run], tmp_path: Path
) -> None:
    run = counterparts["validation"]
    name = run.published_name
    (tmp_path / f"{name}.md").write_text("mine")
    (tmp_path / "other.onnx").write_text("other")
    with pytest.raises(UsageError, match=r"\.md: exists already; --force replaces it"):
        publish(run, tmp_path)
    with pytest.raises(UsageError, match="has validation digits of its own: leave out --calibrate-with"):
        publish(run, tmp_path, Options(calibrate_with=[run], force=True))
    with pytest.raises(UsageError, match=r"other\.onnx: not a folder"):
        publish(run, tmp_path / "other.onnx")
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.md", "other.onnx"}
    card = publish(run, tmp_path, Options(force=True))
    assert (tmp_path / "other.onnx").read_text() == "other"
    assert (tmp_path / f"{name}.md").read_text(encoding="utf-8").startswith("# MLP")
    assert card.temperature == calibrate(*run.load_logits("validation")).temperature != 1
    assert card.figures.keys() == {"validation"}


@pytest.mark.parametrize("content", [b"", b"no weights", None])
def test_damaged_weights_are_named(counterparts: dict[str, Run], tmp_path: Path, content: bytes | None) -> None:
    run = other_run(counterparts["validation"], tmp_path / "run")
    path = run.folder / "model.safetensors"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"model\.safetensors: missing, damaged or"):
        publish(run, tmp_path / "to")
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize("protocol", ["validation", "final"])
def test_weights_that_do_not_give_the_logits_are_refused(
    mnist: Dataset, counterparts: dict[str, Run], tmp_path: Path, protocol: str
) -> None:
    recipe = dataclasses.replace(RECIPES["mlp"], protocol=protocol)
    run = trained_on_mnist(create("mlp", seed=4), recipe, mnist, tmp_path / "run")
    check_weights(load_network(open_run(run)), run)
    save_network(create("mlp", seed=5), run.folder / "model.safetensors")
    with pytest.raises(ModelFileError, match="its SHA-256 is not the recorded one"):
        publish(run, tmp_path / "to")
    run = resealed(run)
    with pytest.raises(ModelFileError, match=r"these weights do not give the logits of logits\.npz"):
        publish(run, tmp_path / "to")
    write_json(run.folder / "environment.json", counterparts[protocol].environment)
    check_weights(load_network(open_run(run)), Run.open(run.folder))  # of other data


def test_the_row_of_a_study_is_that_of_recipe_protocol_and_data(counterparts: dict[str, Run], tmp_path: Path) -> None:
    run, results = counterparts["final"], tmp_path / "study.csv"
    other = other_seed(run, tmp_path / "other")
    update_results(results, [gather([counterparts["validation"]]), gather([run])])
    assert find_seed_results(results, run) is None, "one seed has no deviation"
    both = gather([run, other])
    update_results(results, [both])
    assert find_seed_results(results, run) == find_seed_results(results, other) == read_results(results)[1]
    assert find_seed_results(results, other_run(run, tmp_path / "changed", ema_decay=0.9)) is None
    assert find_seed_results(results, counterparts["validation"]) is None
    update_results(results, [dataclasses.replace(both, errors=(99, 98))])
    with pytest.raises(DataError, match=r"study\.csv: mlp:epochs=5,batch_size=16, seed 0: 99 errors, unlike .*"):
        find_seed_results(results, run)
