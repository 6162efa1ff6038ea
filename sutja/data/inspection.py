"""What is odd about a loaded data set: one line for each thing, with the option that mends it. Nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sutja.data.class_names import ClassNames
from sutja.data.digits import CLASS_COUNT, SIDE_PIXELS, Digits, Images, Labels
from sutja.data.samples import blank, hint, pixel_range_of

Means = NDArray[np.float64]

_LOOKED_AT = 5000  # pictures, evenly spread: more do not change the answers
_FAINT_LEVEL = 64  # that no picture of a set exceeds whose pixels are in another range
_BRIGHT_LEVEL = 127
_INVERTED_SHARE = 0.9  # of the pictures
_MIN_LIKENESS = 0.5  # correlation of the means of classes with MNIST's; Fashion-MNIST has 0.2
_MIN_ADVANTAGE = 0.15
_MIN_CLASSES = 5  # fewer may look transposed by chance


def inspect_digits(name: str, train: Digits, test: Digits, mnist_means: Means) -> Iterator[str]:
    """Look at a data set, and yield a line for each thing that seems wrong.

    These are pixels in another range, inverted or transposed pictures, blank ones, and labels that are all the same or
    begin with 1. Inverted means that most edges are brighter than what they enclose; transposed, that the means of the
    classes are more like `mnist_means` `(10, 28, 28)`, those of MNIST, when rows and columns are exchanged.
    """
    images, labels = _sample(train)
    brightest = int(train.images.max())
    if 0 < brightest < _FAINT_LEVEL:
        yield (
            f"{name}: the brightest pixel is {brightest}, not 255: "
            f"{hint(f'--pixel-range {pixel_range_of(0, brightest)}')}"
        )
    inverted = _is_inverted(images)
    if inverted:
        yield f"{name}: inverted: dark digits on bright paper: {hint('--invert')}"
    are_known = np.isin(labels, _digit_labels(train.class_names))
    upright = 255 - images if inverted else images
    if _is_transposed(upright[are_known], labels[are_known], mnist_means):
        yield f"{name}: transposed: the digits lie mirrored on their sides: {hint('--transpose')}"
    for part, digits in (("training", train), ("test", test)):
        count = int(blank(digits.images).sum())
        if count:
            yield f"{name}: {count:,} of {len(digits):,} {part} pictures are blank: {hint('--drop-blank')}"
    yield from _odd_labels(name, train)


def _odd_labels(name: str, train: Digits) -> Iterator[str]:
    counts = np.bincount(train.labels, minlength=len(train.class_names))
    if np.count_nonzero(counts) == 1:
        label = train.class_names[int(counts.argmax())]
        yield f"{name}: all {len(train):,} training digits have the label {label}: are these the labels?"
    elif train.class_names.are_digits and counts[0] == 0 and (counts[1:] > 0).all():
        yield (f"{name}: the labels are 1 to 9, and there is no 0: {hint('--labels-from 1')}, if 1 stands for 0")


def _digit_labels(class_names: ClassNames) -> list[int]:
    """The labels that stand for the digit of the same number, as those of letters and digits together begin."""
    return [label for label, name in enumerate(class_names) if label < CLASS_COUNT and name == str(label)]


def _sample(digits: Digits) -> tuple[Images, Labels]:
    indices = np.unique(np.linspace(0, len(digits) - 1, min(_LOOKED_AT, len(digits))).round().astype(np.int64))
    return digits.images[indices], digits.labels[indices]


def _is_inverted(images: Images) -> bool:
    """Whether the edge of nearly every picture is bright, and brighter than the rest."""
    is_edge = np.ones((SIDE_PIXELS, SIDE_PIXELS), bool)
    is_edge[2:-2, 2:-2] = False
    edges, insides = images[:, is_edge].mean(axis=1), images[:, ~is_edge].mean(axis=1)
    return float(((edges > _BRIGHT_LEVEL) & (edges > insides)).mean()) >= _INVERTED_SHARE


def _is_transposed(images: Images, labels: Labels, mnist_means: Means) -> bool:
    """Whether the means of the classes are like MNIST's, but only with rows and columns exchanged."""
    present = np.unique(labels)
    if len(present) < _MIN_CLASSES:
        return False
    means = np.stack([images[labels == label].mean(axis=0) for label in present])
    templates = mnist_means[present]
    turned = _likeness(means.swapaxes(1, 2), templates)
    return turned >= _MIN_LIKENESS and turned - _likeness(means, templates) >= _MIN_ADVANTAGE


def _likeness(means: Means, templates: Means) -> float:
    """The mean correlation of the pictures of both stacks; those without contrast have none."""
    first, second = (each - each.mean(axis=(1, 2), keepdims=True) for each in (means, templates))
    norms = np.sqrt((first**2).sum(axis=(1, 2)) * (second**2).sum(axis=(1, 2)))
    return float(((first * second).sum(axis=(1, 2)) / np.maximum(norms, 1e-9)).mean())
