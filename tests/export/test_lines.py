"""A line reader from `sutja train` to a published model, and what verbs for single digits say to it."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from sutja.cli.app import build_app
from sutja.data.dataset import Dataset, save_dataset
from sutja.errors import DataError, ModelFileError, UsageError
from sutja.experiments.callback import Callback
from sutja.experiments.experiment import RunContext, train
from sutja.export import lines as line_run
from sutja.export.half_precision import halved
from sutja.export.publish import publish
from sutja.files import checksums
from sutja.models.card import Card
from sutja.models.catalogue import list_published
from sutja.models.onnx_line_network import LineNetwork
from sutja.models.open import open_model
from sutja.networks.build import load_network
from sutja.networks.infer import infer_strips
from sutja.networks.line_model import LineReader
from sutja.recipe import RECIPES
from sutja.reports.html import render_card
from sutja.runs.run import Run
from sutja.synth.strips import fixed_strips
from sutja.training import line_trainer as line_training
from sutja.training.checkpoint import load_checkpoint
from tests.sealing import write_sealed
from tests.synth.painted import RowPainter, row_painter

pytestmark = pytest.mark.usefixtures("one_thread", "small_epochs")
RECIPE = dataclasses.replace(RECIPES["line-reader"], epochs=2, batch_size=16, learning_rate=1e-4, ema_decay=0.5)


@pytest.fixture(scope="module")
def small_epochs() -> Iterator[None]:
    """Epochs of 48 strips, runs that are judged by 30; the documents are those of a quick painter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sutja.synth.documents.painter.document_painter", row_painter)
        for module, constants in (
            (line_training, {"STRIPS_PER_EPOCH": 48, "STRIPS_PER_CHUNK": 24, "MEASURED_STRIPS": 8}),
            (line_run, {"EVALUATED_STRIPS": 30, "PARITY_STRIPS": 10}),
        ):
            for name, value in constants.items():
                patch.setattr(module, name, value)
        yield


@pytest.fixture(scope="module")
def context(few: Dataset, tmp_path_factory: pytest.TempPathFactory) -> RunContext:
    return RunContext(few, tmp_path_factory.mktemp("runs"), "cpu", 1)


@pytest.fixture(scope="module")
def run(context: RunContext, small_epochs: None) -> Run:
    return train(RECIPE, context)


@pytest.fixture(scope="module")
def exported(run: Run, few: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Card]:
    folder = tmp_path_factory.mktemp("published")
    return folder, publish(run, folder, dataset=few)


class Interrupter(Callback):
    """Presses Ctrl-C in the second epoch."""

    def __init__(self) -> None:
        self.lines = 0

    def on_batch_end(self, examples: int) -> None:
        self.lines += examples
        if self.lines > 60:
            raise KeyboardInterrupt


def fails(words: list[str | Path], why: str, code: int = 2) -> None:
    """Hold a refusal to its form: a code, and one line on standard error."""
    result = CliRunner().invoke(build_app(), [str(word) for word in words], env={"NO_COLOR": ""})
    assert result.exit_code == code, result.output
    assert re.fullmatch(r"sutja: [^\n]+\n", result.stderr), result.stderr
    assert why in result.stderr
    assert result.stdout == ""


def test_a_run_leaves_its_files(run: Run) -> None:
    assert run.finished
    assert {path.name for path in run.folder.iterdir()} == {
        "run.json",
        "environment.json",
        "metrics.csv",
        "checkpoint.pt",
        "model.safetensors",
        "model.onnx",
        "report.json",
        "figures",
        "report.html",
        "MODEL_CARD.md",
    }
    pictures = {path.stem: cv2.imread(str(path)) for path in (run.folder / "figures").iterdir()}
    assert pictures.keys() == {"curves", "lines", "mistakes", "reliability"}
    assert all(picture is not None and picture.std() > 5 for picture in pictures.values())


def test_the_report_counts_lines(run: Run) -> None:
    figures, report = run.report.card_figures()["validation"], run.report
    assert figures.count == 30
    assert figures.errors == round(30 * (1 - figures.accuracy))
    assert report.epochs == 2
    assert report.parity <= 1e-4
    assert figures.lines is not None and figures.calibrated is not None and report.calibration is not None
    assert figures.lines.signs > 30
    assert report.temperature == report.calibration.temperature
    assert report.calibration.digits == f"{report.calibration.count:,} signs read on strips of validation digits"


def test_the_card_in_the_run_folder_describes_lines(run: Run) -> None:
    page = (run.folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    for text in (
        "reads a handwritten number, or several on a line",
        "`model.onnx` maps `strips`, `float32 (N, 3, 48, W)`",
        "`float32 (N, W/4, 19)`",
        "| strips | 30 |",
        "`min_confidence`",
        "best class of each place",
        *checksums(run.folder / "model.onnx").values(),
    ):
        assert text in page
    assert "one handwritten digit" not in page
    assert "(N, 1, 28, 28)" not in page
    assert "\n\n\n" not in page


def test_the_onnx_file_gives_what_pytorch_gives_for_every_width(run: Run) -> None:
    strips = [strip.pixels for strip in fixed_strips(RowPainter(), 12, 5)]
    network = halved(load_network(open_model(run.folder)))
    for ours, theirs in zip(
        infer_strips(network, strips), LineNetwork(run.folder / "model.onnx").logits(strips), strict=True
    ):
        assert ours.shape == theirs.shape
        assert np.abs(ours - theirs).max() <= 1e-4


def test_the_onnx_file_is_half_as_large_as_the_weights(run: Run) -> None:
    sizes = [(run.folder / name).stat().st_size for name in ("model.onnx", "model.safetensors")]
    assert sizes[0] < min(3_000_000, 0.52 * sizes[1])


def test_an_interrupted_run_goes_on_to_the_same_bits(
    run: Run, context: RunContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sutja.experiments.experiment._finish", lambda *_: None)  # the weights are what counts here
    elsewhere = dataclasses.replace(context, runs=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        train(RECIPE, elsewhere, [Interrupter()])
    stopped = Run.open(elsewhere.folder(RECIPE))
    assert len(stopped.metrics()) == 1
    resumed = train(RECIPE, elsewhere, resume=True)
    ours, theirs = (load_checkpoint(each) for each in (run, resumed))
    assert ours is not None
    assert theirs is not None
    for part in ("network", "average"):
        assert all(torch.equal(ours[part][name], theirs[part][name]) for name in ours[part])
    losses = [[record["validation_loss"] for record in each.metrics()] for each in (run, resumed)]
    assert losses[0] == losses[1]


def test_the_published_card_is_read_as_it_was_written(exported: tuple[Path, Card], run: Run) -> None:
    folder, card = exported
    assert card.name == "few-line-reader-epochs=2-batch_size=16-learning_rate=0.0001-ema_decay=0.5"
    assert {path.name for path in folder.iterdir()} == {
        f"{card.name}.{suffix}" for suffix in ("onnx", "safetensors", "json", "md")
    }
    assert Card.read(folder / f"{card.name}.json") == card
    assert (folder / f"{card.name}.md").read_text(encoding="utf-8") == render_card(card)
    assert card.files == checksums(folder / f"{card.name}.onnx", folder / f"{card.name}.safetensors")
    assert card.calibration is not None
    assert card.min_confidence is not None
    assert card.reads == "lines"
    assert card.figures["validation"].errors == run.report.figures["validation"].errors
    LineReader().load_state_dict(load_file(folder / f"{card.name}.safetensors"))
    network = LineNetwork(
        folder / f"{card.name}.onnx", temperature=card.temperature, sha256=card.files[f"{card.name}.onnx"]
    )
    assert network.logits([np.zeros((3, 48, 41), np.float32)])[0].shape == (11, 19)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (None, "figures.validation: not those of a network that reads lines"),
        ({}, "figures.validation.lines: missing or unknown: character_error, coverage, selective_accuracy, signs"),
        ([], "figures.validation.lines: not a JSON object"),
    ],
)
def test_a_damaged_card_is_named(exported: tuple[Path, Card], tmp_path: Path, lines: object, why: str) -> None:
    folder, card = exported
    values = json.loads((folder / f"{card.name}.json").read_text(encoding="utf-8"))
    values["figures"]["validation"]["lines"] = lines
    path = tmp_path / f"{card.name}.json"
    write_sealed(path, values)
    with pytest.raises(ModelFileError, match=f"damaged: {why}"):
        Card.read(path)


def test_a_run_of_other_data_or_other_weights_is_not_published(
    run: Run, few: Dataset, mnist: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="was trained on other digits than mnist: no lines to evaluate it on"):
        publish(run, tmp_path / "to", dataset=mnist)
    changed = Run.create(tmp_path / "changed", run.recipe, run.environment)
    shutil.copy(run.folder / "model.safetensors", changed.folder)
    figures = run.report.figures["validation"]
    figures = dataclasses.replace(figures, errors=figures.errors + 9)
    changed.save_report(dataclasses.replace(run.report, figures={"validation": figures}))
    with pytest.raises(DataError, match=r"its weights do not make the \d+ errors of its report\.json"):
        publish(changed, tmp_path / "to", dataset=few)
    assert not (tmp_path / "to").exists()


def test_verbs_for_single_digits_refuse_it_in_one_line(
    run: Run, exported: tuple[Path, Card], few: Dataset, counterparts: dict[str, Run], tmp_path: Path
) -> None:
    why = "reads lines: this is for networks that read single digits"
    data = tmp_path / "few.npz"
    save_dataset(few, data, file_format="npz")
    here: list[str | Path] = ["--data", data, "--runs", tmp_path / "runs"]
    fails(["evaluate", run.folder, "--data", data], f"{run.folder / 'model.onnx'}: {why}")
    onnx = exported[0] / f"{exported[1].name}.onnx"
    fails(["evaluate", onnx, "--data", data], f"{onnx}: {why}")
    with pytest.raises(UsageError, match=why):
        open_model(onnx).classifier()
    fails(["compare", run.folder, "mlp", *here], f"{run.folder}: {why}")
    fails(["compare", "mlp", "line-reader", *here], f"line-reader: {why}")
    fails(["study", "line-reader:epochs=1", "--seeds", "1", *here], f"line-reader: {why}")
    fails(["distil", run.folder, "--to", tmp_path / "runs" / "x.targets.npz", "--data", data], f"{run.folder}: {why}")
    fails(["ensemble", run.folder, counterparts["validation"].folder, "--data", data], f"{run.folder}: {why}")
    fails(["export", run.folder, "--calibrate-with", run.folder, "--to", tmp_path / "to"], f"--calibrate-with: {why}")
    fails(["export", run.folder, "--study", tmp_path / "x.csv", "--to", tmp_path / "to"], f"--study: {why}")
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / "to").exists()


def test_the_command_line_trains_one_lists_it_and_its_network(few: Dataset, tmp_path: Path) -> None:
    save_dataset(few, tmp_path / "few.npz", file_format="npz")
    words = ["train", "line-reader", "--epochs", "1", "--data", tmp_path / "few.npz", "--runs", tmp_path / "runs"]
    settings = ["--set", "batch_size=16", "--set", "protocol=final", "--device", "cpu", "--threads", "1"]
    result = CliRunner().invoke(build_app(), [str(word) for word in (*words, *settings)], env={"NO_COLOR": ""})
    assert result.exit_code == 0, result.output
    assert "Line reader" in result.stdout
    assert "epoch 1/1" in result.stderr
    (folder,) = (tmp_path / "runs").iterdir()
    run = Run.open(folder)
    assert run.report.figures["test"].count == 30
    page = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "No temperature was fitted to its logits" in page
    assert "less confidence than 0.50" in page
    assert "100 test digits" in page
    listed = CliRunner().invoke(build_app(), ["runs", "--runs", str(tmp_path / "runs")], env={"NO_COLOR": ""})
    assert folder.name in listed.stdout


def test_models_and_recipes_list_it(exported: tuple[Path, Card], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sutja.models.catalogue.WEIGHTS", exported[0])
    assert [card.reads for card in list_published()[0]] == ["lines"]
    told = CliRunner().invoke(build_app(), ["models"], env={"NO_COLOR": "", "COLUMNS": "200"}).stdout
    assert re.search(r"\d %.*validation\s+lines", told, re.DOTALL)  # over several lines of the table
    assert "networks, for one digit or a strip of 48×160" in " ".join(told.split())
    values = json.loads(CliRunner().invoke(build_app(), ["models", "--json"]).stdout)
    assert values["published"][0]["min_confidence"] == exported[1].min_confidence
    size = values["networks"]["line-reader"]
    assert size["parameters"] == sum(each.numel() for each in LineReader().parameters())
    assert size["multiply_adds"] > size["parameters"]
    assert "line-reader" in CliRunner().invoke(build_app(), ["recipes"], env={"COLUMNS": "200"}).stdout
