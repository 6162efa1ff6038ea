"""Whole runs on sixty real digits: what they leave behind, how they go on, and how they are compared."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from sutja.data.dataset import Dataset, split
from sutja.environment import DataSource, Environment
from sutja.errors import DataError, ModelFileError, SutjaError, UsageError
from sutja.evaluation.metrics import evaluate
from sutja.experiments.callback import Callback, PlannedRun, TrainingStart
from sutja.experiments.comparison import compare_runs
from sutja.experiments.experiment import RunContext, train
from sutja.files import write_json
from sutja.models.onnx_classifier import Classifier
from sutja.networks.model import create
from sutja.recipe import RECIPES, Recipe
from sutja.reports.pages import NetworksAtWork, write_comparison_report
from sutja.reports.plots import DRAWN_MISTAKES
from sutja.runs.epoch import Epoch
from sutja.runs.run import Manifest, Run

Undrawn = Callable[[], AbstractContextManager[None]]
ONE_EPOCH = dataclasses.replace(RECIPES["lenet5-regularised"], epochs=1, batch_size=16)
THREE_EPOCHS = dataclasses.replace(RECIPES["mlp"], epochs=3, batch_size=16, dropout=0.2, ema_decay=0.9)
MAX_REPORT_BYTES = 1_200_000
FIGURES = {
    *("curves", "confusion", "reliability", "mistakes", "augmentation"),
    *("filters", "feature_maps", "second_filters", "second_feature_maps"),
}


class Log(Callback):
    """Remembers what it was told, and may press Ctrl-C."""

    def __init__(self, interrupt_in_epoch: int = 0) -> None:
        self.told: list[str] = []
        self.images = 0
        self.interrupt_in_epoch = interrupt_in_epoch

    def on_train_begin(self, planned: PlannedRun, start: TrainingStart) -> None:
        self.told.append(f"start {start.epochs_done}")
        self.start = start

    def on_batch_end(self, examples: int) -> None:
        self.images += examples
        if (
            self.interrupt_in_epoch
            and sum(word.startswith("epoch") for word in self.told) == self.interrupt_in_epoch - 1
        ):
            raise KeyboardInterrupt

    def on_epoch_end(self, planned: PlannedRun, record: Epoch) -> None:
        self.told.append(f"epoch {record.epoch}")

    def on_train_end(self, planned: PlannedRun, failure: str | None) -> None:
        self.told.append(failure or "finish")


@pytest.fixture(scope="module")
def context(small: Dataset, tmp_path_factory: pytest.TempPathFactory) -> RunContext:
    return RunContext(small, tmp_path_factory.mktemp("runs"), device="cpu", threads=1)


@pytest.fixture(scope="module")
def log() -> Log:
    return Log()


@pytest.fixture(scope="module")
def run(context: RunContext, log: Log) -> Run:
    """LeNet-5 with all that is drawn of it."""
    return train(ONE_EPOCH, context, [log])


@pytest.fixture(scope="module")
def mlp_run(context: RunContext) -> Run:
    return train(THREE_EPOCHS, context)


def elsewhere(context: RunContext, folder: Path) -> RunContext:
    return dataclasses.replace(context, runs=folder)


def interrupted(recipe: Recipe, context: RunContext) -> Run:
    """Train until Ctrl-C is pressed in the second epoch."""
    with pytest.raises(KeyboardInterrupt):
        train(recipe, context, [Log(interrupt_in_epoch=2)])
    return Run.open(context.folder(recipe))


def test_a_run_leaves_every_file_of_the_contract(run: Run) -> None:
    assert run.finished
    assert {path.name for path in run.folder.iterdir()} == {
        "run.json",
        "environment.json",
        "metrics.csv",
        "checkpoint.pt",
        "model.safetensors",
        "model.onnx",
        "logits.npz",
        "report.json",
        "figures",
        "report.html",
        "MODEL_CARD.md",
    }


@pytest.mark.parametrize(("threads", "chosen"), [(0, 1), (3, 3)])
def test_a_busy_machine_trains_with_fewer_threads_unless_they_are_given(
    threads: int, chosen: int, context: RunContext, tmp_path: Path, undrawn: Undrawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Afterwards, PyTorch has as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    monkeypatch.setattr("sutja.networks.device.free_cores", lambda: 0.4)
    log = Log()
    with undrawn():
        run = train(THREE_EPOCHS, dataclasses.replace(context, runs=tmp_path, threads=threads), [log])
    after = torch.get_num_threads()
    torch.set_num_threads(before)
    assert (run.environment.threads, log.start.threads, log.start.busy) == (chosen, chosen, chosen == 1)
    assert after == 2


def test_the_folder_is_named_by_data_recipe_and_changes(run: Run, context: RunContext, mnist: Dataset) -> None:
    assert run.folder == context.runs / "small-lenet5-regularised-epochs=1-batch_size=16-s0"
    assert RunContext(mnist).folder(RECIPES["mlp"]) == Path("runs/mlp-s0")


def test_the_pictures_can_be_seen(run: Run) -> None:
    pictures = {path.stem: cv2.imread(str(path)) for path in (run.folder / "figures").iterdir()}
    assert pictures.keys() == FIGURES
    for picture in pictures.values():
        assert picture is not None
        assert min(picture.shape[:2]) > 150
        assert picture.std() > 5


def test_the_report_needs_nothing_outside_itself(run: Run) -> None:
    html = (run.folder / "report.html").read_text(encoding="utf-8")
    sources = re.findall(r'(?:src|href)\s*=\s*"([^"]*)"', html)
    mistakes = min(DRAWN_MISTAKES, run.report.figures["test"].errors)  # digits with texts below them: no plot
    assert mistakes > 0
    pictures = [source for source in sources if source.startswith("data:image/png;base64,")]
    assert len(pictures) == len(FIGURES) - 1 + mistakes
    assert all(source.startswith(("data:", "#")) for source in sources)
    without_data = re.sub(
        r'data:image/png;base64,[A-Za-z0-9+/=]*|<script type="application/json".*?</script>', "", html
    )
    assert not re.search(r"https?:|//[a-z]|@import|url\(|<script[^>]*\ssrc|<link|fetch\(|XMLHttp", without_data)


def test_the_report_of_a_run_holds_its_network(run: Run) -> None:
    html = (run.folder / "report.html").read_text(encoding="utf-8")
    (packed,) = re.findall(r'<script type="application/json" id="inside-data">(.*?)</script>', html)
    inside = json.loads(packed)
    assert [each["title"] for each in inside["networks"]] == [run.recipe.title]
    assert inside["networks"][0]["count"] == run.report.parameters
    assert len(html.encode()) <= MAX_REPORT_BYTES


def test_the_environment_says_what_the_run_was_made_with(run: Run, small: Dataset) -> None:
    environment = run.environment
    assert environment.data == DataSource("small", small.sha256, train=60, test=30)
    assert (environment.device, environment.threads, environment.precision) == ("cpu", 1, "float32")
    assert environment.packages["torch"] == torch.__version__.split("+")[0] or environment.packages["torch"]


def test_report_logits_curves_and_onnx_tell_the_same(run: Run, small: Dataset) -> None:
    logits, labels = run.load_logits("test")
    np.testing.assert_array_equal(labels, small.test.labels)
    report = evaluate(logits, labels)
    assert run.report.figures["test"] == report
    assert run.metrics()[-1]["test_accuracy"] == pytest.approx(report.accuracy, abs=1e-5)
    assert run.metrics()[-1]["test_loss"] == pytest.approx(report.loss, rel=1e-4)
    np.testing.assert_allclose(Classifier(run.folder / "model.onnx").logits(small.test.images), logits, atol=1e-4)
    np.testing.assert_array_equal(run.load_logits("validation")[1], split(small).evaluation_parts["validation"].labels)


@pytest.mark.parametrize(("protocol", "part"), [("validation", "validation"), ("final", "test")])
def test_a_protocol_leaves_figures_of_one_part_only(
    protocol: str, part: str, context: RunContext, tmp_path: Path
) -> None:
    recipe = dataclasses.replace(THREE_EPOCHS, epochs=1, protocol=protocol)
    log = Log()
    run = train(recipe, elsewhere(context, tmp_path), [log])
    assert log.images == (60 if protocol == "final" else 55)  # the final ones are trained on every digit
    assert set(run.report.figures) == {part}
    assert run.evaluated_on == part
    assert not [column for column in run.metrics()[-1] if column.startswith("test")]
    assert run.report.figures[part].count == len(run.load_logits(part)[1])
    assert f"| {part} |" in (run.folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    with pytest.raises(UsageError, match=f"its protocol is '{protocol}'"):
        run.load_logits("test" if part == "validation" else "validation")


def test_runs_that_never_saw_the_test_digits_are_not_compared(counterparts: dict[str, Run], tmp_path: Path) -> None:
    shutil.copytree(counterparts["validation"].folder, tmp_path / "other")
    runs = [counterparts["validation"], Run.open(tmp_path / "other")]
    with pytest.raises(UsageError, match="has no figures of test digits"):
        compare_runs(runs, tmp_path / "comparison")


def test_the_report_counts_parameters_epochs_and_parity(run: Run) -> None:
    assert (run.report.parameters, run.report.epochs) == (61_706, 1)
    assert 0 <= run.report.parity <= 1e-4
    assert run.report.seconds > 0


def test_the_card_tells_figures_data_and_recipe(run: Run, small: Dataset) -> None:
    card = (run.folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert card.startswith("# LeNet-5, regularised (epochs = 1, batch_size = 16)\n")
    for text in (
        "61,706 parameters",
        small.sha256,
        f"| errors | {run.report.figures['validation'].errors} |",
        "| dropout | 0.05 |",
    ):
        assert text in card


def test_observers_hear_everything_in_order(run: Run, log: Log) -> None:
    assert log.told == ["start 0", "epoch 1", "finish"]
    assert log.images == 60 - 5  # one twelfth is set apart for validation


def test_an_existing_run_is_refused_and_stays(run: Run, context: RunContext) -> None:
    before = (run.folder / "model.safetensors").read_bytes()
    with pytest.raises(UsageError, match=r"exists already \(finished\)"):
        train(ONE_EPOCH, context)
    assert (run.folder / "model.safetensors").read_bytes() == before


def test_a_finished_run_is_returned_untouched(run: Run, context: RunContext) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")}
    observer = Log()
    assert train(ONE_EPOCH, context, [observer], resume=True) == run
    assert {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")} == before
    assert observer.told == []


@pytest.fixture(scope="module")
def resumed(context: RunContext, undrawn: Undrawn, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Log]:
    """A run that was interrupted in its second epoch of three and then brought to its end."""
    other = elsewhere(context, tmp_path_factory.mktemp("resumed"))
    stopped = interrupted(THREE_EPOCHS, other)
    assert stopped.state == "stopped after epoch 1 of 3"
    log = Log()
    with undrawn():
        return train(THREE_EPOCHS, other, [log], resume=True), log


def test_interrupted_and_resumed_ends_with_the_same_bytes(resumed: tuple[Run, Log], mlp_run: Run) -> None:
    run, log = resumed
    assert log.told == ["start 1", "epoch 2", "epoch 3", "finish"]
    weights = [(each.folder / "model.safetensors").read_bytes() for each in (run, mlp_run)]
    assert weights[0] == weights[1]
    np.testing.assert_array_equal(run.load_logits("test")[0], mlp_run.load_logits("test")[0])


def test_force_replaces_a_run_by_the_same_one(resumed: tuple[Run, Log], mlp_run: Run) -> None:
    run, _ = resumed
    (run.folder / "leftover").touch()
    Run.create(run.folder, THREE_EPOCHS, run.environment, force=True)
    assert {path.name for path in run.folder.iterdir()} == {"run.json", "environment.json"}


@pytest.fixture
def stopped(context: RunContext, tmp_path: Path) -> tuple[Run, RunContext]:
    """A run that was interrupted in its second epoch of three."""
    other = elsewhere(context, tmp_path)
    return interrupted(THREE_EPOCHS, other), other


def test_an_interrupted_run_keeps_its_last_epoch_and_is_not_finished(stopped: tuple[Run, RunContext]) -> None:
    run, _ = stopped
    assert {path.name for path in run.folder.iterdir()} == {
        "run.json",
        "environment.json",
        "metrics.csv",
        "checkpoint.pt",
    }
    assert [row["epoch"] for row in run.metrics()] == [1]


def test_resuming_with_other_data_is_refused(stopped: tuple[Run, RunContext], small: Dataset) -> None:
    _, context = stopped
    other = Dataset(small.name, small.train, small.test.take(np.arange(29)))
    with pytest.raises(DataError, match="was trained on other data than small"):
        train(THREE_EPOCHS, dataclasses.replace(context, dataset=other), resume=True)


def test_resuming_what_is_not_there_is_refused(context: RunContext, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no run to resume: leave out --resume"):
        train(THREE_EPOCHS, elsewhere(context, tmp_path), resume=True)


def test_resuming_with_a_recipe_that_was_changed_meanwhile_is_refused(stopped: tuple[Run, RunContext]) -> None:
    """A published recipe may change with the version of sutja; half a training by each is neither."""
    run, context = stopped
    before = dataclasses.replace(THREE_EPOCHS, learning_rate=0.001)
    write_json(run.folder / "run.json", Manifest.of(before))
    with pytest.raises(SutjaError, match="recipe"):
        train(THREE_EPOCHS, context, resume=True)


@pytest.mark.parametrize("content", [[1, 2], {"network": {}}, {"network": 3, "records": []}])
def test_resuming_from_a_checkpoint_of_something_else_is_refused(
    stopped: tuple[Run, RunContext], content: object
) -> None:
    run, context = stopped
    torch.save(content, run.folder / "checkpoint.pt")
    with pytest.raises(ModelFileError, match=r"checkpoint\.pt: "):
        train(THREE_EPOCHS, context, resume=True)


@pytest.mark.parametrize("content", ["{}", '{"data": 3}', '{"data": {}, "threads": 1}'])
def test_resuming_with_an_environment_that_says_nothing_is_refused(
    stopped: tuple[Run, RunContext], content: str
) -> None:
    run, context = stopped
    (run.folder / "environment.json").write_text(content)
    with pytest.raises(DataError, match=r"environment\.json"):
        train(THREE_EPOCHS, context, resume=True)


def test_a_set_too_small_to_choose_by_is_refused(context: RunContext, small: Dataset, tmp_path: Path) -> None:
    """Of five digits none is left for validation."""
    five = Dataset("five", small.train.take(np.arange(5)), small.test)
    with pytest.raises(DataError, match="five"):
        train(THREE_EPOCHS, RunContext(five, tmp_path, device="cpu", threads=1))
    assert list(tmp_path.iterdir()) == []


def test_a_recipe_that_cannot_be_trained_leaves_no_folder(context: RunContext, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown network"):
        train(dataclasses.replace(ONE_EPOCH, network="lenet"), elsewhere(context, tmp_path))
    with pytest.raises(UsageError, match="unknown device"):
        train(ONE_EPOCH, RunContext(context.dataset, tmp_path, device="tpu"))
    assert list(tmp_path.iterdir()) == []


def test_runs_are_compared_the_weakest_first(run: Run, mlp_run: Run, tmp_path: Path) -> None:
    (result,) = compare_runs([run, mlp_run], tmp_path / "comparison")
    accuracy = {each.recipe.title: each.report.figures["test"].accuracy for each in (run, mlp_run)}
    assert accuracy[result.first] <= accuracy[result.second]
    assert result.difference == pytest.approx(accuracy[result.second] - accuracy[result.first])
    html = (tmp_path / "comparison" / "report.html").read_text(encoding="utf-8")
    assert result.verdict in html
    assert html.count("<h2") == 7
    assert cv2.imread(str(tmp_path / "comparison" / "figures" / "curves.png")) is not None


def test_a_comparison_holds_the_networks_of_its_runs(
    run: Run, mlp_run: Run, small: Dataset, mnist: Dataset, tmp_path: Path
) -> None:
    without = tmp_path / "without-weights"
    shutil.copytree(mlp_run.folder, without)
    (without / "model.safetensors").unlink()
    for dataset, count in ((small, len(small.test)), (mnist, 0)):  # digits that were not trained on, or none
        compare_runs([run, mlp_run], tmp_path / "comparison", dataset)
        html = (tmp_path / "comparison" / "report.html").read_text(encoding="utf-8")
        (packed,) = re.findall(r'<script type="application/json" id="inside-data">(.*?)</script>', html)
        inside = json.loads(packed)
        assert [each["title"] for each in inside["networks"]] == [run.recipe.title, mlp_run.recipe.title]
        assert len(inside["labels"]) == count
    compare_runs([run, Run.open(without)], tmp_path / "comparison", small)
    html = (tmp_path / "comparison" / "report.html").read_text(encoding="utf-8")
    assert f"{mlp_run.recipe.title} is not shown at work: " in html


def test_a_comparison_has_room_for_five_networks_at_work(run: Run, small: Dataset, tmp_path: Path) -> None:
    networks = [(f"LeNet-5 {seed}", create("lenet5", seed=seed)) for seed in range(5)]
    write_comparison_report(tmp_path, [run] * 5, [], NetworksAtWork(networks, small.test))
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    (packed,) = re.findall(r'<script type="application/json" id="inside-data">(.*?)</script>', html)
    assert [each["title"] for each in json.loads(packed)["networks"]] == [title for title, _ in networks]
    assert "Not shown at work" not in html
    assert len(html.encode()) <= MAX_REPORT_BYTES


def test_fewer_than_two_runs_cannot_be_compared(run: Run, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least two different runs"):
        compare_runs([run], tmp_path / "comparison")
    assert list(tmp_path.iterdir()) == []


def test_runs_on_other_data_cannot_be_compared(run: Run, tmp_path: Path) -> None:
    other = Run.create(tmp_path / "other", ONE_EPOCH, Environment.now(DataSource("x", "another"), threads=1))
    with pytest.raises(UsageError, match="evaluated on other digits"):
        compare_runs([run, other], tmp_path / "comparison")


def test_a_run_that_is_not_finished_cannot_be_compared(
    run: Run, stopped: tuple[Run, RunContext], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"not finished \(stopped after epoch 1 of 3\)"):
        compare_runs([run, stopped[0]], tmp_path / "comparison")
    assert not (tmp_path / "comparison").exists()
