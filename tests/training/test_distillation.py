"""Distillation: reproducible views, targets that are probabilities, files that are refused, students that learn."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from sutja.data.dataset import Dataset, split_indices
from sutja.errors import DataError, ModelFileError, UsageError
from sutja.experiments.distil import distil_runs
from sutja.experiments.experiment import RunContext, train
from sutja.models.open import open_model
from sutja.networks.build import load_network
from sutja.networks.model import create
from sutja.recipe import RECIPES, Distillation
from sutja.runs.run import Run
from sutja.training.distillation import (
    DistillationTargets,
    distil,
    distillation_loss,
    distorted,
    load_targets,
    save_targets,
)

Undrawn = Callable[[], AbstractContextManager[None]]
pytestmark = pytest.mark.usefixtures("pictureless")
VIEWS = 3
TEACHER = dataclasses.replace(RECIPES["mlp"], epochs=1, batch_size=16)
STUDENT = dataclasses.replace(TEACHER, name="student", distillation=Distillation("mlps"), epochs=2)


@pytest.fixture(scope="module")
def pictureless(undrawn: Undrawn) -> Iterator[None]:
    """No test needs the pictures of teachers and students."""
    with undrawn():
        yield


@pytest.fixture(scope="module")
def context(small: Dataset, tmp_path_factory: pytest.TempPathFactory) -> RunContext:
    return RunContext(small, tmp_path_factory.mktemp("runs"), device="cpu", threads=1)


@pytest.fixture(scope="module")
def teachers(context: RunContext, pictureless: None) -> list[Run]:
    return [train(dataclasses.replace(TEACHER, seed=seed), context) for seed in (0, 1)]


@pytest.fixture(scope="module")
def targets(context: RunContext, teachers: list[Run]) -> DistillationTargets:
    path = context.targets("mlps")
    done = distil_runs(teachers, context, path, augmentation="affine", views=VIEWS)
    assert list(done) == [1, 2, 3]
    return load_targets(path, context.dataset.train.images)


def test_a_view_is_always_the_same_and_differs_from_the_next(small: Dataset) -> None:
    images = small.train.images
    assert torch.equal(distorted(images, "affine", 1), distorted(images, "affine", 1))
    assert not torch.equal(distorted(images, "affine", 1), distorted(images, "affine", 2))
    assert torch.equal(distorted(images, "none", 0)[:, 0], torch.from_numpy(images))


def test_a_target_is_the_mean_of_the_teachers_probabilities(small: Dataset) -> None:
    networks = [create("mlp", seed=seed).eval() for seed in (0, 1)]
    (log_probabilities,) = distil(networks, small.train.images, "none", 1)
    pixels = torch.from_numpy(small.train.images).unsqueeze(1) / 255
    with torch.inference_mode():
        expected = torch.stack([network(pixels).softmax(1) for network in networks]).mean(0)
    np.testing.assert_allclose(np.exp(log_probabilities.astype(np.float32)), expected.numpy(), atol=2e-3)


def test_targets_are_read_as_they_were_written(targets: DistillationTargets, tmp_path: Path) -> None:
    save_targets(targets, tmp_path / "again.npz")
    again = load_targets(tmp_path / "again.npz", targets.images)
    np.testing.assert_array_equal(again.log_probabilities, targets.log_probabilities)
    assert again.describe() == targets.describe()
    assert targets.describe().views == VIEWS


def test_views_repeat_and_can_be_restricted_to_some_digits(targets: DistillationTargets, small: Dataset) -> None:
    chosen = split_indices(small)[0]
    some = dataclasses.replace(targets, chosen=chosen)
    pixels, answers = some.view(VIEWS + 1)
    all_pixels, all_answers = targets.view(1)
    assert torch.equal(pixels, all_pixels[chosen])
    assert torch.equal(answers, all_answers[chosen])
    assert answers.dtype == torch.float32


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"log_probabilities": np.zeros((2, 60, 10), np.float32)}, "not distillation targets of 60 digits: float32"),
        (
            {"log_probabilities": np.zeros((2, 59, 10), np.float16)},
            r"not distillation targets of 60 digits: float16 \(2, 59, 10\)",
        ),
        ({"log_probabilities": np.full((1, 60, 10), np.nan, np.float16)}, "not distillation targets of 60 digits"),
        ({"log_probabilities": np.zeros((0, 60, 10), np.float16)}, "distillation targets without views"),
        ({"digits": np.array("0" * 64)}, "distillation targets of other digits"),
    ],
)
def test_targets_that_do_not_fit_are_refused(
    changes: dict[str, Any], why: str, targets: DistillationTargets, tmp_path: Path
) -> None:
    path = tmp_path / "foreign.npz"
    save_targets(targets, path)
    with np.load(path) as arrays:
        kept = dict(arrays)
    np.savez(path, **kept | changes)
    with pytest.raises(DataError, match=why):
        load_targets(path, targets.images)


def test_damaged_and_missing_targets_are_errors_of_one_line(tmp_path: Path, small: Dataset) -> None:
    (tmp_path / "damaged.npz").write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(DataError, match=r"damaged\.npz: not distillation targets, or damaged"):
        load_targets(tmp_path / "damaged.npz", small.train.images)
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(DataError, match=r"text\.npz: not distillation targets, or damaged: File is not a zip file"):
        load_targets(tmp_path / "text.npz", small.train.images)
    with pytest.raises(UsageError, match=r"none\.npz: no such distillation targets"):
        load_targets(tmp_path / "none.npz", small.train.images)


def test_a_student_learns_from_its_teacher(context: RunContext, targets: DistillationTargets) -> None:
    run = train(STUDENT, context)
    assert run.environment.distillation_targets == targets.describe()
    alone = train(dataclasses.replace(STUDENT, distillation=None, name="alone"), context)
    assert not np.array_equal(run.load_logits("test")[0], alone.load_logits("test")[0])


def test_a_final_student_learns_from_every_digit(context: RunContext, targets: DistillationTargets) -> None:
    run = train(dataclasses.replace(STUDENT, protocol="final", name="final"), context)
    assert run.report.figures["test"].count == len(context.dataset.test)


def test_a_student_of_a_teacher_that_saw_the_validation_digits_is_not_evaluated_by_them(
    context: RunContext, targets: DistillationTargets
) -> None:
    assert targets.validation_unseen
    path = context.targets("seen")
    list(distil_runs([final_teacher(context)], context, path, augmentation="none", views=1))
    assert not load_targets(path, targets.images).validation_unseen
    with pytest.raises(UsageError, match="this teacher has seen the validation digits"):
        train(dataclasses.replace(STUDENT, distillation=Distillation("seen"), name="evaluated"), context)


def final_teacher(context: RunContext) -> Run:
    return train(dataclasses.replace(TEACHER, protocol="final"), context)


def test_a_missing_file_of_targets_is_an_error_that_names_the_command(context: RunContext) -> None:
    with pytest.raises(
        UsageError, match=r"nobody\.targets\.npz: no such distillation targets: `sutja distil` makes them"
    ):
        train(dataclasses.replace(STUDENT, distillation=Distillation("nobody")), context)


def test_agreeing_with_the_teacher_costs_nothing() -> None:
    answers = torch.randn(4, 10, generator=torch.Generator().manual_seed(0))
    assert distillation_loss(answers + 3, answers, 2.0).item() == pytest.approx(0, abs=1e-6)
    assert distillation_loss(-answers, answers, 2.0).item() > 0.1


def test_the_loss_is_the_divergence_of_softened_probabilities() -> None:
    random = torch.Generator().manual_seed(1)
    logits, answers = torch.randn(5, 10, generator=random), torch.randn(5, 10, generator=random)
    p, q = (answers / 3).softmax(1), (logits / 3).softmax(1)
    expected = 9 * (p * (p / q).log()).sum(1).mean()
    assert distillation_loss(logits, answers, 3.0).item() == pytest.approx(expected.item(), rel=1e-5)


def test_weights_of_a_run_are_read_back(teachers: list[Run], context: RunContext, tmp_path: Path) -> None:
    network = load_network(open_model(teachers[0].folder))
    images = torch.from_numpy(context.dataset.test.images).unsqueeze(1) / 255
    with torch.inference_mode():
        np.testing.assert_allclose(network(images).numpy(), teachers[0].load_logits("test")[0], atol=1e-5)
    assert isinstance(network, nn.Module)
    assert not network.training


def test_weights_of_another_network_are_refused(teachers: list[Run], tmp_path: Path) -> None:
    other = dataclasses.replace(teachers[0].recipe, network="lenet5")
    with pytest.raises(ModelFileError, match=r"model\.safetensors: missing, damaged or of another network than lenet5"):
        load_network(dataclasses.replace(open_model(teachers[0].folder), recipe=other))


def test_distortions_are_those_of_the_augmentation(small: Dataset) -> None:
    views = distorted(small.train.images, "affine-elastic", 0)
    assert views.dtype == torch.uint8
    assert views.shape == (60, 1, 28, 28)
    with pytest.raises(UsageError, match="unknown augmentation"):
        distorted(small.train.images, "afine", 0)
