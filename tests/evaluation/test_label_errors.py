"""Which labels are doubtful by given probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.evaluation.label_errors import LabelDoubt, label_doubts, rank_labels

pytest.importorskip("cleanlab", reason="the extra 'doubts' is not installed")


def probabilities(labels: np.ndarray, given: float) -> np.ndarray:
    """Of three classes: `given` for that of the label, and most of the rest for the next one."""
    rest = np.full((len(labels), 3), (1 - given) / 4)
    rest[np.arange(len(labels)), labels] = given
    rest[np.arange(len(labels)), (labels + 1) % 3] += (1 - given) / 2
    return rest


def test_a_label_that_the_networks_contradict_comes_first_and_is_an_error() -> None:
    labels = np.arange(60) % 3
    judged = probabilities(labels, 0.9)
    judged[7] = [0.01, 0.02, 0.97]  # the label is 1
    judged[20] = [0.4, 0.2, 0.4]  # the label is 2
    order, wrong = rank_labels(labels, judged)
    assert order[:2].tolist() == [7, 20]
    assert np.flatnonzero(wrong).tolist() == [7]


def test_a_doubt_names_part_place_and_the_labels_as_they_are_given() -> None:
    labels, classes = np.arange(60) % 3, np.array([2, 5, 9])
    judged = probabilities(labels, 0.9)
    judged[43] = [0.01, 0.02, 0.97]
    found = list(label_doubts(labels, judged, classes, {"train": 40, "test": 20}))
    assert found[0] == LabelDoubt("test", 3, 5, 9, 0.02, 0.97, wrong=True)
    assert {(each.part, each.index) for each in found} == {
        *(("train", index) for index in range(40)),
        *(("test", index) for index in range(20)),
    }
    assert all(each.suggested != each.label for each in found)
