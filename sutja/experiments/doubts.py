"""Which labels of a data set are doubtful: networks that were not trained on a digit judge its label."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from sutja.data.class_names import ClassNames
from sutja.data.dataset import Dataset
from sutja.data.digits import Digits
from sutja.errors import DataError
from sutja.evaluation.label_errors import LabelDoubt, label_doubts
from sutja.experiments.digit_classifier import DigitClassifier
from sutja.files import write_text
from sutja.reports.captions import doubt_lines
from sutja.reports.html import DigitSheet, Plot, Section, write_page
from sutja.reports.plots import plot_doubts
from sutja.reports.tables import doubt_table

DOUBTS_PER_PICTURE = 48


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """All digits of a data set, and for each the probabilities of a network that was trained on other folds."""

    digits: Digits
    parts: dict[str, int]
    classes: NDArray[np.int64]
    probabilities: NDArray[np.float64] = field(repr=False)

    @classmethod
    def of(cls, dataset: Dataset) -> OutOfFold:
        """Before the first fold. Where training and test digits are the same, they are taken once."""
        parts = {"train": dataset.train}
        if dataset.test is not dataset.train:
            parts["test"] = dataset.test
        images = np.concatenate([each.images for each in parts.values()])
        labels = np.concatenate([each.labels for each in parts.values()])
        classes = np.unique(labels)
        counts = {name: len(each) for name, each in parts.items()}
        return cls(Digits(images, labels), counts, classes, np.zeros((len(labels), len(classes))))

    def fill(self, recipe: str, *, folds: int, device: str, seed: int) -> Iterator[int]:
        """Train a network for each fold on the others, and yield the number of each that is done.

        The folds have the same share of each class; a class with fewer digits than `folds` makes them fewer. Raises
        `DataError` for a class with a single digit, and what `DigitClassifier.fit` raises.
        """
        labels = self.digits.labels
        least = int(np.bincount(labels)[self.classes].min())
        if least < 2 or len(self.classes) < 2:
            raise DataError("doubts need at least two digits of each of two classes")
        splitter = StratifiedKFold(min(folds, least), shuffle=True, random_state=seed)
        for number, (others, fold) in enumerate(splitter.split(labels, labels), 1):
            classifier = DigitClassifier(recipe, device=device, random_state=seed + number)
            classifier.fit(self.digits.images[others], labels[others])
            self.probabilities[fold] = classifier.predict_proba(self.digits.images[fold])
            yield number

    def doubts(self) -> Iterator[LabelDoubt]:
        """Yield a doubt for each digit, the most doubtful label first."""
        numbers = np.searchsorted(self.classes, self.digits.labels)
        return label_doubts(numbers, self.probabilities, self.classes, self.parts)


def write_doubts(
    folder: Path, dataset: Dataset, doubts: Sequence[LabelDoubt], recipe: str, *, count: int, language: str = ""
) -> None:
    """Write `report.html`, with pictures of the first `count` doubts, and `doubts.csv`, with all, into a folder.

    `language` is that of `render_page`.
    """
    shown = doubts[:count]
    sections, names = [], dataset.class_names
    for start in range(0, len(shown), DOUBTS_PER_PICTURE):
        part = shown[start : start + DOUBTS_PER_PICTURE]
        images = np.stack([getattr(dataset, each.part).images[each.index] for each in part])
        name = f"{start + 1} to {start + len(part)}"
        caption = "Label → suggested label, with the probability of that, and the place of the digit in the data set."
        sheet = DigitSheet(images, [doubt_lines(each, names.names) for each in part], caption)
        plot = Plot(plot_doubts(images, part, names), f"doubts-{start + 1}", caption, sheet)
        sections.append(Section(f"Doubts {name}", pictures=[plot], table=doubt_table(part, names)))
    wrong = sum(each.wrong for each in doubts)
    lead = (
        f"Confident learning takes {wrong:,} of {len(doubts):,} labels for errors; the most doubtful come first. "
        f"The networks ({recipe}) were not trained on the digits that they judge. Look before you change a label."
    )
    write_page(folder, f"Doubtful labels of {dataset.name}", lead, sections, language)
    write_text(folder / "doubts.csv", _csv(doubts, names))


def doubt_values(doubt: LabelDoubt, class_names: ClassNames) -> dict[str, Any]:
    """The fields of a doubt for JSON and CSV; labels of other classes than the digits by their names."""
    if class_names.are_digits:
        return asdict(doubt)
    return asdict(doubt) | {name: class_names[getattr(doubt, name)] for name in ("label", "suggested")}


def _csv(doubts: Sequence[LabelDoubt], class_names: ClassNames) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [each.name for each in fields(LabelDoubt)], lineterminator="\n")
    writer.writeheader()
    for each in doubts:
        probabilities = {name: f"{getattr(each, name):.6f}" for name in ("label_probability", "suggested_probability")}
        writer.writerow(doubt_values(each, class_names) | probabilities | {"wrong": "yes" if each.wrong else "no"})
    return text.getvalue()
