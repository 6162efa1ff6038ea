"""MNIST and the sets that look like it: load in any form, save, split, batch.

Scaling to [0, 1] happens where a batch becomes a tensor (`training`), subtracting the mean inside every network
(`model`), so that nothing is done twice.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sutja.data.corrections.store import holds_corrections, read_corrections
from sutja.data.digits import CLASS_COUNT, Digits, Labels
from sutja.data.formats.idx import read_idx_folder, write_idx_folder
from sutja.data.formats.npz import read_npz, write_npz
from sutja.data.formats.pngtar import holds_png_tars, read_png_tars, write_png_tars
from sutja.errors import DataError, UsageError, unknown
from sutja.files import whole_file, whole_folder

MNIST_FOLDER = Path(__file__).parent / "mnist"
SPLIT_SEED = 1998  # the year of the LeNet-5 paper; every run of every recipe has the same validation part
FORMS = ("idx", "png", "npz")
MNIST_SHA256 = "1e35582d42a90940c55b956deb61875c020b567ed20e3c5b174f52bf7809ed9b"  # of `Dataset.sha256`
OLD_NAME = re.compile(r"(train|t10k|test)[-.](images[-.]idx3-ubyte|labels[-.]idx1-ubyte|t(ar|gz))(\.gz)?|SHA256SUMS")


@dataclass(frozen=True)
class Dataset:
    """A named set with its training and its test digits."""

    name: str
    train: Digits
    test: Digits

    @cached_property
    def sha256(self) -> str:
        """The checksum of all pixels and labels: the same for the same digits, in whatever form they were stored."""
        digest = hashlib.sha256()
        for digits in (self.train, self.test):
            digest.update(digits.images.tobytes())
            digest.update(digits.labels.astype("<i8").tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class Splits:
    """What a run works with: digits to train on, digits to choose by, and digits to be judged by, where it may."""

    train: Digits
    validation: Digits | None
    test: Digits | None

    @property
    def evaluation_parts(self) -> dict[str, Digits]:
        """The parts that are not trained on, by name."""
        parts = {"validation": self.validation, "test": self.test}
        return {name: digits for name, digits in parts.items() if digits is not None}


def load_dataset(source: str | Path = "mnist") -> Dataset:
    """Load a set: the MNIST in this package for the word "mnist", or what lies at the path `source`.

    That may be a folder of IDX files, gzipped or not, flat or in torchvision's `MNIST/raw` layout, of any MNIST-like
    set (Fashion-MNIST, KMNIST, EMNIST digits, QMNIST); a folder or a zip with `train.tar` and `test.tar` of PNG files
    `<index>_<label>.png`; an `.npz` in the form of Keras; or a folder of corrections, all of them training digits
    and test digits at once: they are for judging a network, or for teaching a trained one. Raises `DataError`.
    """
    if str(source) == "mnist":
        return Dataset("mnist", *read_idx_folder(MNIST_FOLDER))
    try:
        path = Path(source).expanduser()
        # The name becomes part of folder names and pages.
        name, reader = re.sub(r"[^\w.+-]", "_", path.resolve().stem)[:40], _reader(path)
    except (OSError, ValueError, RuntimeError) as error:  # too long, a zero byte, an unknown user, no permission
        raise DataError(f"{source}: not a path that can be read: {error}") from error
    return Dataset(name, *reader(path))


def _reader(path: Path) -> Callable[[Path], tuple[Digits, Digits]]:
    if path.is_dir() and holds_corrections(path):
        return _read_corrections
    if path.is_dir():
        return read_png_tars if holds_png_tars(path) else read_idx_folder
    if not path.exists():
        raise DataError(f"{path}: no such file or folder")
    readers = {".npz": read_npz, ".zip": read_png_tars}
    if path.suffix.lower() not in readers or not path.is_file():
        raise DataError(f"{path}: not a data set: expected a folder of IDX files or tars, a .zip or an .npz")
    return readers[path.suffix.lower()]


def _read_corrections(folder: Path) -> tuple[Digits, Digits]:
    digits = read_corrections(folder)
    return digits, digits


def hold_out_every_sixth(name: str, digits: Digits) -> Dataset:
    """A set of digits of which every sixth, and at least the last, is a test digit: the share that MNIST has.

    Raises `UsageError` for fewer than two digits.
    """
    if len(digits) < 2:
        raise UsageError(
            f"{name}: a data set needs training and test digits: at least two, and there are {len(digits)}"
        )
    places = np.arange(len(digits))
    test = places[5::6] if len(digits) > 5 else places[-1:]
    return Dataset(name, digits.take(np.setdiff1d(places, test)), digits.take(test))


def format_from_path(path: Path) -> str:
    """The form in which data are written to `path`, by its name: "npz", or "idx" for a folder.

    Raises `UsageError` for the name of another kind of file, unless such a folder is there.
    """
    suffix = path.suffix.lower()
    if suffix != ".npz" and suffix[1:].isalpha() and not path.is_dir():
        raise UsageError(f"{path}: data sets are written to a file *.npz or into a folder, not to *{suffix}")
    return "npz" if suffix == ".npz" else "idx"


def save_dataset(dataset: Dataset, path: Path, *, form: str, force: bool = False) -> None:
    """Write a set as one of the `FORMS`, whole or not at all: "idx" and "png" into a folder, "npz" into a file.

    Raises `UsageError` for an unknown form and when `path` exists, unless `force` is set.
    """
    if form not in FORMS:
        raise unknown("form", form, FORMS)
    if path.exists() and not force:
        raise UsageError(f"{path}: exists already; --force replaces it")
    if path.exists() and path.is_dir() == (form == "npz"):
        raise UsageError(f"{path}: the form {form} needs a {'file' if form == 'npz' else 'folder'} there")
    if form == "npz" and path.suffix.lower() != ".npz":
        raise UsageError(f"{path}: the name of an .npz file must end in .npz")
    if form == "npz":
        with whole_file(path) as partial:
            write_npz(partial, dataset.train, dataset.test)
    else:
        with whole_folder(path) as partial:
            (write_idx_folder if form == "idx" else write_png_tars)(partial, dataset.train, dataset.test)
            new = {file.name for file in partial.iterdir()}
        for file in path.iterdir():  # what would be loaded in place of the new files
            if OLD_NAME.fullmatch(file.name) and file.name not in new:
                file.unlink()


def describe(dataset: Dataset) -> dict[str, Any]:
    """What there is to know of a set: digits a part and a class, mean and deviation of the scaled pixels, checksum."""
    parts = {
        name: {
            "digits": len(digits),
            "mean": float(digits.images.mean() / 255),
            "deviation": float(digits.images.std() / 255),
            "classes": np.bincount(digits.labels, minlength=CLASS_COUNT).tolist(),
        }
        for name, digits in (("train", dataset.train), ("test", dataset.test))
    }
    return {"name": dataset.name, **parts, "sha256": dataset.sha256}


def split(dataset: Dataset, protocol: str = "curves") -> Splits:
    """Set one twelfth of the training digits (5,000 of 60,000) apart for validation: stratified, always the same.

    By the protocol "validation" (see `Recipe`) the test digits are left out; by "final" nothing is set apart.
    """
    if protocol == "final":
        return Splits(dataset.train, None, dataset.test)
    train, validation = split_indices(dataset)
    test = dataset.test if protocol == "curves" else None
    return Splits(dataset.train.take(train), dataset.train.take(validation), test)


def split_indices(dataset: Dataset) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The places of the digits to train on and of the validation digits in the training set."""
    number = round(len(dataset.train) / 12)
    if number == 0:
        raise DataError(
            f"{dataset.name}: {len(dataset.train)} training digits are too few to set some apart to choose by"
        )
    return stratified_split(dataset.train.labels, number)


def stratified_split(labels: Labels, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split the indices of `labels` into the rest and `count` others in which every class has its share.

    Shares are rounded so that they add up to exactly `count` (largest remainders). Both parts are sorted.
    """
    shares = np.bincount(labels, minlength=CLASS_COUNT) * count / len(labels)
    counts = np.floor(shares).astype(int)
    counts[np.argsort(counts - shares, kind="stable")[: count - counts.sum()]] += 1
    random = np.random.default_rng(SPLIT_SEED)
    chosen = np.zeros(len(labels), bool)
    for label, number in enumerate(counts):
        chosen[random.permutation(np.flatnonzero(labels == label))[:number]] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def batches(length: int, size: int) -> Iterator[slice]:
    """Yield the slices that cut `length` items into batches of at most `size`."""
    for start in range(0, length, size):
        yield slice(start, min(start + size, length))
