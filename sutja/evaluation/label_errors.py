"""Labels that are probably wrong, by confident learning.

Source: C. Northcutt, L. Jiang and I. Chuang, "Confident learning: estimating uncertainty in dataset labels", 2021, as
cleanlab computes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import Labels


@dataclass(frozen=True)
class LabelDoubt:
    """A digit whose label may be wrong: where it is, its `label`, and the most probable other one, `suggested`.

    `part` is "train" or "test", `index` the digit's place in it. Both probabilities, in [0, 1], are those of networks
    that were not trained on the digit. `wrong` says whether confident learning takes the label for an error.
    """

    part: str
    index: int
    label: int
    suggested: int
    label_probability: float
    suggested_probability: float
    wrong: bool


def rank_labels(labels: Labels, probabilities: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The indices of digits from the most to the least doubtful label, `(N,)`, and which labels are errors, `(N,)`.

    `probabilities (N, C)` of the classes 0 to C - 1 come from networks that were not trained on the digit; every class
    has some labels `(N,)`.
    """
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    wrong = find_label_issues(labels, probabilities, n_jobs=1)
    quality = get_label_quality_scores(labels, probabilities, method="self_confidence")
    return np.argsort(quality, kind="stable"), np.asarray(wrong, bool)


def label_doubts(
    labels: Labels, probabilities: NDArray[np.float64], classes: Labels, parts: dict[str, int]
) -> Iterator[LabelDoubt]:
    """Yield a `LabelDoubt` for each digit, the most doubtful label first.

    `labels (N,)` are indices into `classes (C,)`, the labels as they are given. `parts` has the names of the parts that
    follow each other in the labels, with their lengths.
    """
    order, wrong = rank_labels(labels, probabilities)
    names = [name for name, count in parts.items() for _ in range(count)]
    places = [index for count in parts.values() for index in range(count)]
    for number in order.tolist():
        others = probabilities[number].copy()
        others[labels[number]] = -1
        yield LabelDoubt(
            part=names[number],
            index=places[number],
            label=int(classes[labels[number]]),
            suggested=int(classes[others.argmax()]),
            label_probability=float(probabilities[number, labels[number]]),
            suggested_probability=float(others.max()),
            wrong=bool(wrong[number]),
        )
