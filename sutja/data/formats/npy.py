"""NumPy's arrays in single files: pictures and labels of the two parts, as `x_train.npy`, `y_train.npy` and so on.

Kuzushiji's are packed, as in `k49-train-imgs.npz`, each with one array.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import Digits
from sutja.data.formats.arrays import ArrayArchive, read_array
from sutja.data.formats.container import Container
from sutja.data.formats.parts import Parts, only_file, read_by_parts
from sutja.data.samples import Samples, UnlabelledError, square_pictures
from sutja.errors import DataError

NPY_FILE_PATTERN = re.compile(r".*(\.npy|(imgs|images|labels)\.npz)", re.IGNORECASE | re.DOTALL)
IMAGES_PATTERN = re.compile(
    r"(?<![a-z])(x|images?|imgs?|data|pixels|patterns|fea|features|inputs)(?![a-z])", re.IGNORECASE
)
LABELS_PATTERN = re.compile(r"(?<![a-z])(y|labels?|targets?|classes|digits?|gnd)(?![a-z])", re.IGNORECASE | re.DOTALL)


def read_npy(container: Container, names: Sequence[str]) -> Parts:
    """Read training and test digits from `.npy` files; nothing in them is executed. Raises `DataError`."""
    return read_by_parts(container, names, _read_part)


def _read_part(container: Container, names: Sequence[str]) -> Samples:
    images_name, labels_name = images_and_labels({name: PurePosixPath(name).stem for name in names}, container.path)
    images, labels = (_read(container, name) for name in (images_name, labels_name))
    place = container.place(images_name)
    if images.ndim == 2:
        with container.failures(images_name):
            images = square_pictures(images)
    return Samples(images, labels, place, container.place(labels_name))


def images_and_labels(words: dict[str, str], place: str | Path) -> tuple[str, str]:
    """The keys of `words` whose words stand for pictures and labels. Raises `DataError` if there is not one of each."""
    found = []
    for what, pattern in (("pictures", IMAGES_PATTERN), ("labels", LABELS_PATTERN)):
        keys = [key for key, word in words.items() if pattern.search(word.replace("_", " "))]
        if not keys and what == "labels":
            raise UnlabelledError(f"{place}: no labels, only {', '.join(sorted(words)[:4])}")
        if len(keys) != 1:
            listed = ", ".join(sorted(words)[:4]) or "nothing"
            raise DataError(f"{place}: which array has the {what}? Expected x_train, y_train and so on, found {listed}")
        found.append(keys[0])
    return found[0], found[1]


def _read(container: Container, name: str) -> NDArray[Any]:
    with container.failures(name):
        if name.lower().endswith(".npz"):
            with container.open(name) as file, zipfile.ZipFile(file) as archive:
                arrays = ArrayArchive(archive)
                return arrays[only_file(container, arrays.names)]
        return read_array(lambda: container.open(name), PurePosixPath(name).name, container.size_bytes(name))


def write_npy(folder: Path, train: Digits, test: Digits) -> None:
    """Write `x_train.npy`, `y_train.npy`, `x_test.npy` and `y_test.npy`."""
    for part, digits in (("train", train), ("test", test)):
        np.save(folder / f"x_{part}.npy", digits.images)
        np.save(folder / f"y_{part}.npy", digits.labels.astype(np.uint8))
