"""The one way to open a trained model: by a published name, an ONNX file with its card, or the folder of a run.

Needs no PyTorch. `networks.build.load_network` makes the PyTorch network of a model opened here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from sutja.data.class_names import DIGIT_NAMES, ClassNames
from sutja.data.digits import Labels, digit_images
from sutja.errors import DataError, ModelFileError, UsageError
from sutja.evaluation.calibration import fit_temperature
from sutja.files import resolved
from sutja.models.card import read_card
from sutja.models.catalogue import is_published, published_path
from sutja.models.onnx_classifier import Classifier
from sutja.models.onnx_line_network import LineNetwork
from sutja.models.onnx_page_network import PageNetwork
from sutja.recipe import Recipe

if TYPE_CHECKING:
    from sutja.data.dataset import Dataset
    from sutja.data.digits import Digits
    from sutja.evaluation.metrics import Report
    from sutja.models.card import CardMember
    from sutja.runs.run import Member, Run

DEFAULT_MIN_CONFIDENCE = 0.5  # where neither card nor report has another


@dataclass(frozen=True)
class TrainedModel:
    """A trained network in the ONNX file `path`, and what is known of it.

    It has a `recipe`, or is an ensemble of `members`. `data_sha256` is the checksum of its training data. `temperature`
    divides its logits; a digit on a line needs a confidence of at least `min_confidence`, in [0, 1]. `weights` is the
    safetensors file for PyTorch, or `None` if it was published without one. The checksums are those of card or report.
    `base_name` is the name without the seed. `class_names` are the classes that it tells apart.
    """

    name: str
    base_name: str
    path: Path
    reads: Literal["digits", "lines", "pages"]
    data_sha256: str
    recipe: Recipe | None
    members: tuple[Member | CardMember, ...]
    temperature: float
    min_confidence: float
    sha256: str | None
    weights: Path | None
    weights_sha256: str | None
    class_names: ClassNames = DIGIT_NAMES

    @property
    def protocol(self) -> str:
        """The validation protocol of its training; all members of an ensemble have the same."""
        return (self.recipe or self.members[0].recipe).protocol

    def classifier(self, *, threads: int = 0, any_classes: bool = False) -> Classifier:
        """The network for single digits, in ONNX Runtime; with `any_classes` also one for letters and the like.

        `threads` compute at once; with 0, ONNX Runtime chooses. Raises `UsageError` for a network that reads anything
        else, and `ModelFileError` for a file that is missing, damaged or not such a network.
        """
        self._require("digits")
        if not any_classes:
            self.require_digits()
        return Classifier(
            self.path,
            temperature=self.temperature,
            sha256=self.sha256,
            threads=threads,
            class_count=len(self.class_names),
        )

    def require_digits(self) -> None:
        """Raises `UsageError` when it tells other classes apart than the ten digits."""
        if not self.class_names.are_digits:
            raise UsageError(f"{self.path}: knows {self.class_names.summary}: this is for networks that read digits")

    def line_network(self, *, threads: int = 0) -> LineNetwork:
        """The network for lines, in ONNX Runtime; as `classifier`, which is for networks that read single digits."""
        self._require("lines")
        return LineNetwork(self.path, temperature=self.temperature, sha256=self.sha256, threads=threads)

    def page_network(self, *, threads: int = 0) -> PageNetwork:
        """The network that finds numbers, in ONNX Runtime; as `classifier`, for networks that read single digits."""
        self._require("pages")
        return PageNetwork(self.path, temperature=self.temperature, sha256=self.sha256, threads=threads)

    def predict_proba(self, images: Any) -> NDArray[np.float64]:
        """The probabilities `(N, classes)` of single digits, divided by the temperature.

        `images` is an array `(N, 28, 28)` or `(N, 784)`, 0 = paper, of whole numbers up to 255 or floats up to 1.
        Raises `DataError` for anything else, and what `classifier` raises.
        """
        return self._classifier.probabilities(digit_images(images))

    def predict(self, images: Any) -> Labels:
        """The most probable digits, `int64 (N,)`, of the images that `predict_proba` takes.

        Of a network for other classes, these are places in `class_names`.
        """
        return np.asarray(self.predict_proba(images).argmax(axis=1), np.int64)

    def score(self, images: Any, labels: Any) -> float:
        """The accuracy on images with their labels `(N,)`, N ≥ 1, in [0, 1]."""
        predicted, expected = self.predict(images), np.asarray(labels)
        if expected.shape != predicted.shape or not len(expected):
            raise DataError(f"labels {expected.shape} for {len(predicted):,} images: there must be one for each")
        return float((predicted == expected).mean())

    def evaluate(self, data: Dataset | str | Path | None = None) -> Report:
        """Evaluate the network on the digits of a data set that `evaluation_digits` chooses; by default MNIST's.

        Its logits are taken as they are, without the temperature. Raises what `load_dataset` and `classifier` raise.
        """
        from sutja.data.dataset import Dataset, load_dataset  # reading need not wait for all formats
        from sutja.evaluation.metrics import evaluate

        dataset = data if isinstance(data, Dataset) else load_dataset(data or "mnist")
        _, digits = self.evaluation_digits(dataset)
        return evaluate(self._classifier.logits(digits.images), digits.labels)

    def evaluation_digits(self, dataset: Dataset) -> tuple[str, Digits]:
        """The part of a data set on which the network may be evaluated, "test" or "validation", and its digits.

        The validation digits stand for the test digits where the network was trained with the protocol "validation".
        Raises `UsageError` for a data set with another number of classes.
        """
        from sutja.data.dataset import split

        if len(dataset.class_names) != len(self.class_names):
            here, there = self.class_names.summary, dataset.class_names.summary
            raise UsageError(f"{self.name}: knows {here}, but {dataset.name} has {there}")
        if (self.protocol, self.data_sha256) == ("validation", dataset.sha256):
            return "validation", split(dataset, "validation").evaluation_parts["validation"]
        return "test", dataset.test

    @cached_property
    def _classifier(self) -> Classifier:
        return self.classifier(any_classes=True)

    def _require(self, kind: str) -> None:
        """Raises `UsageError` when the network does not read what `kind` says."""
        if self.reads != kind:
            reads, wanted = (f"{'single ' if each == 'digits' else ''}{each}" for each in (self.reads, kind))
            raise UsageError(f"{self.path}: reads {reads}: this is for networks that read {wanted}")


def open_model(word: str | Path) -> TrainedModel:
    """Open what `word` names: the folder of a finished run or an ensemble, an ONNX file, or a published model.

    A folder takes precedence over a published model of the same name. Raises `UsageError` for an unknown name, and
    `ModelFileError` if the run is not finished or its files are missing or damaged.
    """
    path = Path(word)
    if path.is_dir():
        from sutja.runs.run import Run, is_run_folder  # reading with a published model need not wait for it

        if is_run_folder(path):
            try:
                return open_run(Run.open(path))
            except (DataError, UsageError) as error:
                raise ModelFileError(str(error)) from error
    if path.suffix == ".onnx":
        return _open_published(path)
    if path.exists() and not is_published(str(word)):
        raise ModelFileError(f"{word}: neither the folder of a run, with its run.json, nor an ONNX file")
    try:
        return _open_published(published_path(str(word)))
    except UsageError as error:
        raise UsageError(f"{error}; or name a run's folder or an ONNX file by its path") from error


def open_run(run: Run) -> TrainedModel:
    """The model in a run folder. Raises `UsageError` while the run is not finished, `DataError` if it is damaged."""
    report, files = run.report, (run.folder / "model.onnx", run.folder / "model.safetensors")
    return TrainedModel(
        name=resolved(run.folder).name,
        base_name=run.published_name,
        path=files[0],
        reads=run.reads,
        data_sha256=run.data_sha256,
        recipe=run.manifest.recipe,
        members=run.manifest.members,
        temperature=_fitted_temperature(run) if report.temperature is None else report.temperature,
        min_confidence=DEFAULT_MIN_CONFIDENCE if report.min_confidence is None else report.min_confidence,
        sha256=report.files.get(files[0].name),
        weights=files[1],
        weights_sha256=report.files.get(files[1].name),
        class_names=run.class_names,
    )


def _open_published(path: Path) -> TrainedModel:
    card = read_card(path)
    weights = path.with_suffix(".safetensors")
    return TrainedModel(
        name=card.name,
        base_name=card.name,
        path=path,
        reads=card.reads,
        data_sha256=card.environment.data.sha256,
        recipe=card.recipe,
        members=tuple(card.members),
        temperature=card.temperature,
        min_confidence=DEFAULT_MIN_CONFIDENCE if card.min_confidence is None else card.min_confidence,
        sha256=card.files[path.name],
        weights=weights if weights.name in card.files else None,
        weights_sha256=card.files.get(weights.name),
        class_names=card.class_names,
    )


def _fitted_temperature(run: Run) -> float:
    """The temperature that fits the run's validation logits, or 1 where it has none."""
    if "validation" not in run.parts or not (run.folder / "logits.npz").is_file():
        return 1.0
    return fit_temperature(*run.load_logits("validation"))
