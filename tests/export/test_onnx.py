"""From a run to a published model: four files that belong together, calibrated by digits that were held back."""

from __future__ import annotations

import dataclasses
import json
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from sutja.data.dataset import Dataset, split
from sutja.data.digits import Labels
from sutja.errors import DataError, ModelFileError, UsageError
from sutja.evaluation.calibration import calibrate
from sutja.evaluation.metrics import Logits
from sutja.export.onnx import (
    Output,
    check_weights,
    checksums,
    counterpart_differences,
    export_run,
    find_spread,
    publish_judged,
    published_name,
)
from sutja.models.card import Card, judge
from sutja.models.open import open_model
from sutja.networks.build import load_network
from sutja.networks.infer import infer, to_tensor
from sutja.networks.model import create
from sutja.recipe import RECIPES, Distillation
from sutja.reports.html import render_card
from sutja.runs.results import gather, read_results, update_results
from sutja.runs.run import Run


def other_seed(run: Run, folder: Path) -> Run:
    """A copy of a run that says that it had another seed and three errors more."""
    other = other_run(run, folder, seed=1)
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    report[run.judged_by]["errors"] += 3
    other.save_json("report.json", report)
    return Run.open(folder)


def test_four_files_that_belong_together(published: Path, counterparts: dict[str, Run]) -> None:
    name = "few-mlp-epochs=5-batch_size=16-protocol=final"
    assert published_name(counterparts["final"]) == published.stem == name
    files = {path.name for path in published.parent.iterdir()}
    assert files == {f"{name}.{suffix}" for suffix in ("onnx", "safetensors", "json", "md")}
    card = Card.read(published.with_suffix(".json"))
    assert card.files == checksums(published, published.with_suffix(".safetensors"))
    assert card.parity <= 1e-4
    assert (card.parameters, card.epochs, card.members) == (61_676, 5, None)
    assert card.recipe == dataclasses.asdict(counterparts["final"].recipe)
    assert card.data == counterparts["final"].environment["data"]
    weights = load_file(published.with_suffix(".safetensors"))
    create("mlp", seed=7).load_state_dict(weights)


def test_a_final_run_is_calibrated_by_its_held_out_counterpart(published: Path, counterparts: dict[str, Run]) -> None:
    card = Card.read(published.with_suffix(".json"))
    fitted = calibrate(*counterparts["validation"].load_logits("validation"))
    assert card.calibration == {
        **dataclasses.asdict(fitted),
        "digits": f"20 validation digits, read by {counterparts['validation'].name}",
    }
    assert card.temperature == fitted.temperature != 1
    assert card.figures == {"test": judge(*counterparts["final"].load_logits("test"), fitted.temperature)}


def test_the_page_tells_what_the_card_tells(published: Path) -> None:
    card = Card.read(published.with_suffix(".json"))
    page = published.with_suffix(".md").read_text(encoding="utf-8")
    assert page == render_card(dataclasses.asdict(card))
    assert page.startswith("# MLP (epochs = 5, batch_size = 16, protocol = final)\n\n")
    scores, calibration = card.figures["test"], card.calibration
    assert calibration is not None
    for text in (
        "61,676 parameters",
        f"divide the logits by the temperature {card.temperature:.4f}",
        f"| errors | {scores['errors']} |",
        f"| expected calibration error | {100 * scores['calibration_error']:.2f} % |",
        f"| – calibrated | {100 * scores['calibrated']['calibration_error']:.2f} % |",
        f"from {calibration['loss_before']:.4f} to {calibration['loss_after']:.4f}",
        *card.files.values(),
        card.data["sha256"],
        "| batch_size | 16 |",
    ):
        assert text in page
    assert "\n\n\n" not in page


def test_a_final_run_alone_is_told_to_be_uncalibrated_and_a_study_tells_of_the_other_seeds(
    counterparts: dict[str, Run], tmp_path: Path
) -> None:
    run = counterparts["final"]
    spread = gather([run, other_seed(run, tmp_path / "other")])
    card = export_run(run, tmp_path, spread=spread)
    errors = run.report["test"]["errors"]
    assert card.spread is not None
    assert (card.spread["seeds"], card.spread["errors"]) == ([0, 1], [errors, errors + 3])
    assert Card.read(tmp_path / f"{card.name}.json") == card
    assert (card.temperature, card.calibration, card.figures["test"]["calibrated"]) == (1, None, None)
    assert open_model(tmp_path / f"{card.name}.onnx").temperature == 1
    page = (tmp_path / f"{card.name}.md").read_text(encoding="utf-8")
    assert "No temperature was fitted to its logits" in page
    assert "calibrated |" not in page
    low, high = spread.interval or (0, 0)
    assert f"the mean accuracy is {100 - errors - 1.5:.3f} % ± 2.121 (deviation; 95 % interval" in page
    assert f"{100 * low:.3f}–{100 * high:.3f} %" in page
    assert f"seed by seed: {errors}, {errors + 3}." in page
    assert "not those of the best one. Over 2 seeds" in page


def other_run(run: Run, folder: Path, **changes: str | float | Distillation) -> Run:
    """A copy of a run that says that it was made by another recipe."""
    shutil.copytree(run.folder, folder)
    recipe = dataclasses.replace(run.recipe, **changes)  # type: ignore[arg-type]
    (folder / "recipe.json").write_text(recipe.to_json(), encoding="utf-8")
    return Run.open(folder)


def test_weights_in_half_are_judged_as_they_are_stored(
    published: Path, counterparts: dict[str, Run], mnist: Dataset, tmp_path: Path
) -> None:
    network = create("tiny", seed=1).eval()
    digits = split(mnist, "validation").evaluation_parts["validation"]
    data = counterparts["validation"].environment | {"data": {"name": "mnist", "sha256": mnist.sha256}}
    run = Run.create(tmp_path / "run", dataclasses.replace(RECIPES["tiny"], protocol="validation"), data)
    told: dict[str, dict[str, tuple[Logits, Labels]] | None] = {}

    def describe(name: str, logits: dict[str, tuple[Logits, Labels]] | None) -> Card:
        told[name] = logits
        return dataclasses.replace(Card.read(published.with_suffix(".json")), name=name)

    for name in ("whole", "half"):
        card = publish_judged(network, run, tmp_path, Output(half=name == "half"), partial(describe, name))
        assert card.precision == {"whole": None, "half": "half"}[name]
    assert told["whole"] is None and told["half"] is not None
    logits, labels = told["half"]["validation"]
    assert np.array_equal(labels, digits.labels)
    assert not np.array_equal(infer(network, to_tensor(digits)).numpy(), logits)
    assert open_model(tmp_path / "half.onnx").classifier().logits(digits.images) == pytest.approx(logits, abs=1e-4)
    for suffix in ("onnx", "safetensors"):
        half, whole = (len((tmp_path / f"{name}.{suffix}").read_bytes()) for name in ("half", "whole"))
        assert half < 0.8 * whole
    create("tiny", seed=7).load_state_dict(load_file(tmp_path / "half.safetensors"))


def test_rounded_weights_need_the_digits_that_judge_them(counterparts: dict[str, Run], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="was not trained on MNIST: without the digits --half cannot judge"):
        export_run(counterparts["final"], tmp_path / "to", output=Output(half=True))
    assert not (tmp_path / "to").exists()


def test_another_run_does_not_calibrate(counterparts: dict[str, Run], tmp_path: Path) -> None:
    final, held_out = counterparts["final"], counterparts["validation"]

    def refused(other: Run, why: str) -> None:
        with pytest.raises(UsageError, match=why) as caught:
            export_run(final, tmp_path / "to", held_out=[other])
        assert str(other.folder) in str(caught.value)

    refused(other_run(held_out, tmp_path / "a", epochs=6), "not the held-out .*: epochs = 6 instead of 5")
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
    (data.folder / "environment.json").write_text(json.dumps(environment), encoding="utf-8")
    refused(data, "trained on other data")
    assert not (tmp_path / "to").exists()


def test_several_seeds_calibrate_together(counterparts: dict[str, Run], tmp_path: Path) -> None:
    """Here they have the same logits, so that together they say what one says, but for the number of digits."""
    held_out, final = counterparts["validation"], counterparts["final"]
    other = other_run(held_out, tmp_path / "other-s1", seed=1)
    cards = [export_run(final, tmp_path / str(len(runs)), held_out=runs) for runs in ([held_out], [held_out, other])]
    one, two = (card.calibration or {} for card in cards)
    assert two == {
        **{name: pytest.approx(value, rel=1e-6) for name, value in one.items() if name not in ("digits", "count")},
        "count": 2 * one["count"],
        "digits": f"20 validation digits, read by {held_out.name}, other-s1",
    }
    with pytest.raises(UsageError, match="two runs of one seed"):
        export_run(final, tmp_path / "again", held_out=[held_out, held_out])


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
    name = published_name(run)
    (tmp_path / f"{name}.md").write_text("mine")
    (tmp_path / "other.onnx").write_text("other")
    with pytest.raises(UsageError, match=r"\.md: exists already; --force replaces it"):
        export_run(run, tmp_path)
    with pytest.raises(UsageError, match="has validation digits of its own: leave out --calibrate-with"):
        export_run(run, tmp_path, held_out=[run], output=Output(force=True))
    with pytest.raises(UsageError, match=r"other\.onnx: not a folder"):
        export_run(run, tmp_path / "other.onnx")
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.md", "other.onnx"}
    card = export_run(run, tmp_path, output=Output(force=True))
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
        export_run(run, tmp_path / "to")
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize("protocol", ["validation", "final"])
def test_weights_that_do_not_give_the_logits_are_refused(
    mnist: Dataset, counterparts: dict[str, Run], tmp_path: Path, protocol: str
) -> None:
    data = {"name": "mnist", "train": 60_000, "test": 10_000, "sha256": mnist.sha256}
    recipe = dataclasses.replace(RECIPES["mlp"], protocol=protocol)
    run = Run.create(tmp_path / "run", recipe, counterparts[protocol].environment | {"data": data})
    network, part = create("mlp", seed=4), run.judged_by
    digits = split(mnist, protocol).evaluation_parts[part]
    logits = infer(network, to_tensor(digits)).numpy()
    run.save_weights(network)
    run.save_logits(**{f"{part}_logits": logits, f"{part}_labels": digits.labels})
    run.save_json(
        "report.json", {"parameters": 61_676, "epochs": 1, "seconds": 1.0, part: judge(logits, digits.labels)}
    )
    check_weights(load_network(open_model(run.folder)), run)
    run.save_weights(create("mlp", seed=5))
    with pytest.raises(ModelFileError, match=r"these weights do not give the logits of logits\.npz"):
        export_run(run, tmp_path / "to")
    run.save_json("environment.json", counterparts[protocol].environment)
    check_weights(load_network(open_model(run.folder)), Run.open(run.folder))  # of other data


def test_the_row_of_a_study_is_that_of_recipe_protocol_and_data(counterparts: dict[str, Run], tmp_path: Path) -> None:
    run, results = counterparts["final"], tmp_path / "study.csv"
    other = other_seed(run, tmp_path / "other")
    update_results(results, [gather([counterparts["validation"]]), gather([run])])
    assert find_spread(results, run) is None, "one seed has no deviation"
    both = gather([run, other])
    update_results(results, [both])
    assert find_spread(results, run) == find_spread(results, other) == read_results(results)[1]
    assert find_spread(results, other_run(run, tmp_path / "changed", ema_decay=0.9)) is None
    assert find_spread(results, counterparts["validation"]) is None
    update_results(results, [dataclasses.replace(both, errors=(99, 98))])
    with pytest.raises(DataError, match=r"study\.csv: mlp:epochs=5,batch_size=16, seed 0: 99 errors, which .* has not"):
        find_spread(results, run)
