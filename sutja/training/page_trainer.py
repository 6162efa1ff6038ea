"""Training of the network that finds numbers on pictures. Every epoch paints new scenes."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from torch import Tensor, nn

from sutja.data.dataset import Splits
from sutja.errors import UsageError
from sutja.export.half_precision import halved
from sutja.export.pages import PARITY_SCENES, draw_pages, evaluate_pages, evaluation_scenes, export_pages
from sutja.networks.infer import infer_pages
from sutja.reading.page_maps import decode_maps
from sutja.reading.page_metrics import match_numbers
from sutja.recipe import Recipe
from sutja.reports.html import Section
from sutja.runs.run import Run
from sutja.synth.documents.document import Document
from sutja.synth.documents.scenes import BuildPainter, fixed_scenes, visible_numbers
from sutja.synth.prefetch import Prefetcher
from sutja.training.page_loss import PageBatch, as_page_batch, page_loss
from sutja.training.page_targets import PageTargets, page_targets, scene_maker
from sutja.training.trainer import Evaluation, Trainer

SCENES_PER_EPOCH = 2048
MEASURED_SCENES = 60  # on which loss and F1 are measured after each epoch
MEASURED_BATCH = 10


class PageTrainer(Trainer[PageBatch]):
    """Trains a page reader on scenes that are painted during the training."""

    max_gradient_norm = 5.0

    def __init__(self, recipe: Recipe, splits: Splits, *, build: BuildPainter, device: str = "auto") -> None:
        """`build` makes the painter of scenes with some digits; it is pickled.

        Raises `UsageError` when the recipe asks for what pages do not have.
        """
        if recipe.distillation or recipe.augmentation != "none" or recipe.label_smoothing or recipe.dropout:
            raise UsageError(f"{recipe.name}: pages have no distillation, augmentation, label smoothing or dropout")
        if recipe.hard_example_repeats > 1:
            raise UsageError(f"{recipe.name}: pages have no hard-example sampling")
        super().__init__(recipe, device)
        self._build = build
        maker = partial(scene_maker, build, splits.train, recipe.batch_size)
        self._prefetcher: Prefetcher[list[PageTargets]] = Prefetcher(maker, seed=recipe.seed, purpose="scenes")
        weakref.finalize(self, self._prefetcher.close)
        measured = {"train": splits.train, **({} if recipe.protocol == "final" else splits.evaluation_parts)}
        self._measured = {part: fixed_scenes(build(digits), MEASURED_SCENES, 0) for part, digits in measured.items()}

    @property
    def examples_per_epoch(self) -> int:
        """The number of scenes in an epoch."""
        return self.steps_per_epoch * self.recipe.batch_size

    @property
    def steps_per_epoch(self) -> int:
        """The number of batches in an epoch."""
        return math.ceil(SCENES_PER_EPOCH / self.recipe.batch_size)

    def batches(self, epoch: int) -> Iterator[PageBatch]:
        """Yield batches of scenes, while other processes paint the next ones."""
        steps = self.steps_per_epoch
        for number in range(epoch * steps, (epoch + 1) * steps):
            scenes = self._prefetcher.take(number, stop=self.recipe.epochs * steps)
            yield as_page_batch(scenes).to(self.device)

    def loss_on_batch(self, batch: PageBatch) -> Tensor:
        """The loss of the network's maps, which is computed in float32."""
        with self.autocast():
            maps = self.network(batch.pictures)
        return page_loss(maps.float(), batch)

    def measure(self) -> dict[str, tuple[float, float]]:
        """Mean loss, and F1 of the numbers found, on scenes that are always the same."""
        return {part: measure_pages(self.averaged, documents) for part, documents in self._measured.items()}

    def evaluate(self, network: nn.Module, splits: Splits) -> Evaluation:
        """Evaluate the network, in half precision as it is published, on painted scenes, and calibrate it."""
        scenes = evaluation_scenes(splits, self._build)
        self._evaluated = evaluated = evaluate_pages(halved(network), scenes)
        part, figures = list(evaluated.figures.items())[-1]
        f1 = f"F1 {100 * figures.pages.f1:.1f} %" if figures.pages else ""
        return Evaluation(
            summary=f"{f1} of {figures.count:,} numbers on scenes painted with {part} digits",
            figures={**evaluated.figures},
            temperature=evaluated.calibration.temperature if evaluated.calibration else 1.0,
            calibration=evaluated.calibration,
            min_confidence=evaluated.min_score,
        )

    def export(self, network: nn.Module, path: Path, splits: Splits) -> float:
        """Write the network in half precision as an ONNX file; returns the largest difference in a map."""
        scenes = list(self._evaluated.scenes.values())[-1]
        return export_pages(halved(network), path, scenes[:PARITY_SCENES])

    def sections(self, run: Run, network: nn.Module, splits: Splits, evaluation: Evaluation) -> list[Section]:
        """Draw the figures of the run, and put them into the sections of its report."""
        return [Section("Pages", pictures=draw_pages(run, self._evaluated))]


def measure_pages(network: nn.Module, documents: list[Document]) -> tuple[float, float]:
    """Mean loss of the maps of documents of one size, and F1 of the numbers found on them."""
    losses, found = [], []
    for start in range(0, len(documents), MEASURED_BATCH):
        batch = as_page_batch([page_targets(each) for each in documents[start : start + MEASURED_BATCH]])
        maps = infer_pages(network, batch.pictures)
        losses.append(page_loss(maps, batch).item() * len(batch))
        found += [decode_maps(each) for each in maps.numpy()]
    f1 = match_numbers(found, [visible_numbers(each) for each in documents]).f1
    return math.fsum(losses) / len(documents), f1
