"""A page reader's run: trained on small scenes, reported, exported, published, and refused where digits are read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from sutja.cli.app import build_app
from sutja.data.dataset import Dataset
from sutja.errors import DataError, ModelFileError, UsageError
from sutja.experiments.experiment import RunContext, train
from sutja.export import pages as page_export
from sutja.export.half_precision import halved
from sutja.export.pages import export_pages
from sutja.export.publish import publish
from sutja.files import checksums
from sutja.models.card import Card
from sutja.models.onnx_page_network import PageNetwork
from sutja.models.open import open_model
from sutja.networks.build import load_network
from sutja.networks.infer import infer_pages
from sutja.networks.page_model import PageReader
from sutja.recipe import RECIPES
from sutja.runs.run import Run
from sutja.training import page_trainer as page_training
from tests.training.page_scenes import ScenePainter, small_scenes

pytestmark = pytest.mark.usefixtures("one_thread", "small_epochs")
RECIPE = dataclasses.replace(RECIPES["page-reader"], epochs=1, batch_size=2, precision="float32")


@pytest.fixture(scope="module")
def small_epochs() -> Iterator[None]:
    """Small scenes, four in an epoch, six to evaluate on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sutja.synth.documents.painter.document_painter", small_scenes)
        patch.setattr(page_training, "SCENES_PER_EPOCH", 4)
        patch.setattr(page_training, "MEASURED_SCENES", 2)
        for name, count in (("EVALUATED_SCENES", 6), ("PARITY_SCENES", 2)):
            patch.setattr(page_export, name, count)
        yield


@pytest.fixture(scope="module")
def run(few: Dataset, small_epochs: None, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(RECIPE, RunContext(few, tmp_path_factory.mktemp("runs"), "cpu", 1))


@pytest.fixture(scope="module")
def exported(run: Run, few: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Card]:
    folder = tmp_path_factory.mktemp("published")
    return folder, publish(run, folder, dataset=few)


def test_a_run_leaves_its_files_and_pictures(run: Run) -> None:
    assert run.finished
    assert run.reads == "pages"
    assert not (run.folder / "logits.npz").exists()
    pictures = {path.stem: cv2.imread(str(path)) for path in (run.folder / "figures").iterdir()}
    assert pictures.keys() == {"curves", "pages"}
    assert all(picture is not None and picture.std() > 5 for picture in pictures.values())


def test_the_report_counts_numbers(run: Run) -> None:
    figures = run.report.card_figures()["validation"]
    assert figures.pages is not None
    assert figures.count > 2
    assert figures.errors == round(figures.count * (1 - figures.pages.recall))
    assert run.report.parity <= 1e-4


def test_the_card_says_how_its_maps_are_read(run: Run) -> None:
    page = (run.folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    for text in (
        "finds the numbers on them",
        "`float32 (N, 9, H/4, W/4)`",
        "`min_confidence`",
        *checksums(run.folder / "model.onnx").values(),
    ):
        assert text in page
    assert "(N, 1, 28, 28)" not in page
    assert "\n\n\n" not in page


def test_the_onnx_file_gives_what_pytorch_gives_for_every_size(run: Run) -> None:
    network, exported = halved(load_network(open_model(run.folder))), open_model(run.folder).page_network(threads=1)
    rng = np.random.default_rng(0)
    for sides in ((64, 64), (96, 160), (33, 70)):
        picture = rng.integers(0, 256, (*sides, 3)).astype(np.uint8)
        whole = np.zeros((-(-sides[0] // 32) * 32, -(-sides[1] // 32) * 32, 3), np.uint8)
        whole[: sides[0], : sides[1]] = picture
        wanted = infer_pages(network, torch.from_numpy(whole).permute(2, 0, 1)[None])[0].numpy()
        maps = exported.maps(picture)
        assert maps.shape == (9, -(-sides[0] // 4), -(-sides[1] // 4))
        assert np.abs(maps - wanted[:, : maps.shape[1], : maps.shape[2]]).max() <= 1e-4


def test_the_onnx_file_is_half_as_large_as_the_weights(run: Run) -> None:
    sizes = [(run.folder / name).stat().st_size for name in ("model.onnx", "model.safetensors")]
    assert sizes[0] < min(3_000_000, 0.52 * sizes[1])


def test_a_published_page_reader_is_opened_by_its_card(exported: tuple[Path, Card], run: Run) -> None:
    folder, card = exported
    assert Card.read(folder / f"{card.name}.json") == card
    assert card.reads == "pages"
    assert card.figures["validation"].errors == run.report.figures["validation"].errors
    PageReader().load_state_dict(load_file(folder / f"{card.name}.safetensors"))
    model = open_model(folder / f"{card.name}.onnx")
    assert model.page_network().maps(np.zeros((32, 32, 3), np.uint8)).shape == (9, 8, 8)
    for wrong in (model.classifier, model.line_network):
        with pytest.raises(UsageError, match="reads pages: this is for networks that read"):
            wrong()


def test_a_run_of_other_digits_or_other_weights_is_not_published(
    run: Run, few: Dataset, mnist: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="was trained on other digits than mnist: no pages to evaluate it on"):
        publish(run, tmp_path / "to", dataset=mnist)
    changed = Run.create(tmp_path / "changed", run.recipe, run.environment)
    (changed.folder / "model.safetensors").write_bytes((run.folder / "model.safetensors").read_bytes())
    figures = run.report.figures["validation"]
    report = dataclasses.replace(run.report, figures={"validation": dataclasses.replace(figures, errors=-9)})
    changed.save_report(report)
    with pytest.raises(DataError, match=r"its weights do not make the -9 errors of its report\.json"):
        publish(changed, tmp_path / "to", dataset=few)


def test_a_file_of_another_network_is_refused(run: Run, tmp_path: Path) -> None:
    path = run.folder / "model.onnx"
    with pytest.raises(ModelFileError, match="its SHA-256 is not the recorded one"):
        PageNetwork(path, sha256="0" * 64)

    class Other(torch.nn.Module):
        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.avg_pool2d(pictures.float(), 4)

    scene = ScenePainter().paint(np.random.default_rng(0), (64, 64))
    with pytest.raises(ModelFileError, match="not a network for pages"):
        export_pages(Other(), tmp_path / "other.onnx", [scene])


def test_commands_for_single_digits_refuse_it_in_one_line(run: Run) -> None:
    result = CliRunner().invoke(build_app(), ["compare", str(run.folder), "mlp"], env={"NO_COLOR": ""})
    assert result.exit_code == 2
    assert "reads pages: this is for networks that read single digits" in result.stderr
    assert result.stderr.count("\n") == 1
