"""Teaching corrections to a trained network: it learns them, forgets nothing, and the run says where it comes from."""

from __future__ import annotations

import dataclasses
import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.corrections import broad_pen, distort
from sutja.data.dataset import Dataset, split
from sutja.data.digits import Digits
from sutja.environment import CorrectionsSource
from sutja.errors import DataError, ModelFileError, UsageError
from sutja.experiments.experiment import RunContext, train
from sutja.models.onnx_classifier import Classifier
from sutja.models.open import open_model
from sutja.networks.build import load_network
from sutja.recipe import Distillation, FineTuning
from sutja.runs.run import Run
from sutja.training.finetuning.finetune import FineTuner
from sutja.training.finetuning.task import Task
from sutja.training.finetuning.writer_style import WriterStyle, find_pen

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="session")
def slanted(mnist: Dataset) -> Digits:
    """Test digits of MNIST that all lean far to the right: row by row moved by its distance from the middle."""
    images = mnist.test.images[:200]
    moved = [np.roll(images[:, row], round((13 - row) * 0.7), axis=1) for row in range(28)]
    return Digits(np.stack(moved, axis=1), mnist.test.labels[:200])


@pytest.fixture(scope="module")
def tiny() -> nn.Module:
    return load_network(open_model("tiny"))


@pytest.fixture(scope="session")
def task(counterparts: dict[str, Run], slanted: Digits) -> Task:
    return Task.open(counterparts["validation"].folder, "mine", slanted.take(np.arange(20)))


@pytest.fixture(scope="session")
def taught(task: Task, few: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    context = RunContext(few, tmp_path_factory.mktemp("taught"), "cpu", 1)
    return train(task.recipe({"epochs": "2"}), context, task=task)


def test_the_recipe_tells_weights_and_corrections(task: Task, taught: Run) -> None:
    written = Run.open(taught.folder).recipe
    start = taught.environment.start
    assert start is not None
    assert (start.name, start.sha256) == (task.start.base_name, task.start.weights_sha256)
    assert written.finetuning == FineTuning(f"{start.name}@{start.sha256}", f"mine-20@{task.sha256}")
    assert (written.network, written.protocol) == ("mlp", "validation")
    assert taught.folder.name.endswith(f"{start.name}-mine-20-epochs=2-s0")
    assert taught.environment.corrections == CorrectionsSource("mine", 20, task.sha256)


def test_the_run_is_whole(taught: Run) -> None:
    names = {path.name for path in taught.folder.iterdir()}
    assert names >= {"report.html", "MODEL_CARD.md", "model.onnx", "model.safetensors", "logits.npz", "figures"}
    assert "was then fine-tuned on the corrections `mine-20`" in (taught.folder / "MODEL_CARD.md").read_text()
    assert "Errors before and after" in (taught.folder / "report.html").read_text()
    assert open_model(taught.folder).reads == "digits"


def test_corrections_are_learned_and_the_rest_is_not_forgotten(task: Task, taught: Run, slanted: Digits) -> None:
    assert taught.report.finetuning is not None
    errors = taught.report.finetuning.errors
    assert errors["corrections"].after < errors["corrections"].before / 2
    assert errors["validation"].after <= errors["validation"].before + 1
    after = Classifier(taught.folder / "model.onnx")
    further = slanted.take(np.arange(20, 200))
    wrong = int((after.logits(further.images).argmax(1) != further.labels).sum())
    assert wrong < _errors(task.network, further)


def _errors(network: torch.nn.Module, digits: Digits) -> int:
    with torch.inference_mode():
        logits = network(torch.from_numpy(digits.images).unsqueeze(1).float() / 255)
    return int((logits.argmax(1).numpy() != digits.labels).sum())


def test_an_interrupted_run_ends_with_the_same_weights(task: Task, few: Dataset) -> None:
    recipe = task.recipe({"epochs": "2", "batch_size": "16"})
    splits = split(few, recipe.protocol)
    straight, first, second = (FineTuner(recipe, splits, task, device="cpu") for _ in range(3))
    list(straight.fit())
    next(iter(islice(first.fit(), 1)))
    second.load_state_dict(first.state_dict())
    list(second.fit())
    for one, other in zip(straight.result().parameters(), second.result().parameters(), strict=True):
        assert torch.equal(one, other)


def test_what_forgets_goes_back(task: Task, few: Dataset) -> None:
    settings = {
        "epochs": "1",
        "learning_rate": "0.05",
        "distillation.weight": "0",
        "finetuning.corrected_share": "0.98",
        "finetuning.styled_share": "0",
    }
    recipe = task.recipe(settings)
    training = FineTuner(recipe, split(few, recipe.protocol), task, device="cpu")
    list(training.fit())
    training.result()
    assert training.kept_step < 1


def test_other_corrections_are_no_run_to_go_on_with(task: Task, few: Dataset, taught: Run, slanted: Digits) -> None:
    other = dataclasses.replace(task, corrected=slanted.take(np.arange(1, 21)))
    context = RunContext(few, taught.folder.parent, "cpu", 1)
    with pytest.raises(UsageError, match="other corrections"):
        train(other.recipe({"epochs": "2"}), context, task=other, resume=True)
    again = train(task.recipe({"epochs": "2"}), context, task=task, resume=True)
    assert again.report == taught.report


def test_settings_that_belong_to_the_start_are_refused(task: Task) -> None:
    for field, value in (
        ("network", "lenet5"),
        ("protocol", "final"),
        ("distillation.teacher", "x"),
        ("distillation", "none"),
        ("hard_example_repeats", "2"),
    ):
        with pytest.raises(UsageError, match=f"{field} cannot be set with --from"):
            task.recipe({field: value})
    with pytest.raises(UsageError, match="start cannot be set with --from"):
        task.recipe({"finetuning.start": "x@" + "0" * 64})


def test_settings_of_the_finetuning_and_its_distillation(task: Task) -> None:
    recipe = task.recipe({"finetuning.styled_share": "0.25", "distillation.weight": "0.5"})
    assert recipe.finetuning == dataclasses.replace(task.recipe().finetuning, styled_share=0.25)  # type: ignore[type-var]
    assert recipe.distillation == Distillation("start", weight=0.5)
    assert recipe.changes() == {"distillation.weight": 0.5, "finetuning.styled_share": 0.25}


@pytest.mark.parametrize(("start", "corrections"), [("convnet@" + "0" * 64, ""), ("convnet", "x"), ("", "")])
def test_a_finetuning_needs_both_of_its_origins(start: str, corrections: str) -> None:
    with pytest.raises(UsageError, match="expected NAME@SHA-256"):
        FineTuning(start, corrections)


def test_a_start_of_other_data_is_refused(task: Task, small: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="was trained on other data than small"):
        train(task.recipe(), RunContext(small, tmp_path, "cpu", 1), task=task)


def test_published_networks_are_starts(slanted: Digits) -> None:
    task = Task.open("lenet5-best", "mine", slanted)
    assert (task.start, task.start_recipe.network) == (open_model("lenet5-best"), "lenet5")
    for name, why in (
        ("line-reader", "--from line-reader: reads lines"),
        ("nothing", "unknown published model"),
        ("convnet", "published without its weights"),
        ("ensemble", "an ensemble"),
    ):
        with pytest.raises(UsageError, match=why):
            Task.open(name, "mine", slanted)


def test_a_damaged_start_is_told(task: Task, taught: Run, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    for path in taught.folder.glob("*.*"):
        (tmp_path / "run" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "run" / "model.safetensors").write_bytes(b"x")
    with pytest.raises(ModelFileError, match="damaged"):
        Task.open(tmp_path / "run", "mine", task.corrected)
    (tmp_path / "run" / "report.json").write_text(json.dumps({}))
    with pytest.raises((DataError, ModelFileError)):
        Task.open(tmp_path / "run", "mine", task.corrected)


def test_a_style_is_that_of_the_writer(mnist: Dataset, slanted: Digits, tiny: nn.Module) -> None:
    usual = mnist.train.take(np.arange(300))
    styled = WriterStyle(slanted, mnist.train, tiny).render(usual, np.random.default_rng(0))
    assert (styled.labels == usual.labels).all()

    def lean(digits: Digits) -> float:
        """How far ink goes to the left a row further down: the covariance over the variance of the rows."""
        images = torch.from_numpy(digits.images).float()
        ink = images / images.sum((1, 2)).view(-1, 1, 1)
        y, x = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
        dy, dx = (each - (ink * each).sum((1, 2)).view(-1, 1, 1) for each in (y, x))
        return float((-(ink * dy * dx).sum((1, 2)) / (ink * dy**2).sum((1, 2))).mean())

    own = lean(slanted)
    assert abs(lean(styled) - own) < abs(lean(usual) - own) / 3


@pytest.mark.parametrize("pixels", [0, 12, 24])
def test_a_pen_is_found_by_the_width_of_its_strokes(mnist: Dataset, pixels: int) -> None:
    broad = distort(broad_pen(pixels + 1), mnist.test.take(np.arange(20)))
    assert find_pen(broad, mnist.train.take(np.arange(200))) == pytest.approx(pixels, rel=0.2, abs=3)


def test_a_style_has_the_pen_of_the_writer(mnist: Dataset, tiny: nn.Module) -> None:
    some = mnist.train.take(np.arange(200))
    style = WriterStyle(distort(broad_pen(25), mnist.test.take(np.arange(20))), mnist.train, tiny)
    assert style.render(some, np.random.default_rng(0)).images.mean() > 1.15 * some.images.mean()


def test_blank_corrections_do_no_harm(mnist: Dataset, tiny: nn.Module) -> None:
    blank = Digits(np.zeros((2, 28, 28), np.uint8), np.array([1, 7]))
    some = mnist.train.take(np.arange(20))
    styled = WriterStyle(blank, mnist.train, tiny).render(some, np.random.default_rng(0))
    assert styled.images.any(axis=(1, 2)).all()
