"""MNIST and similar data sets: load any supported format, save, split, batch.

Images stay `uint8`: they are scaled to [0, 1] when a batch becomes a tensor, and normalised inside every network.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sutja.data.class_names import ClassNames
from sutja.data.corrections.store import holds_corrections, read_corrections
from sutja.data.digits import CLASS_COUNT, SIDE_PIXELS, Digits, Labels
from sutja.data.formats.class_list import CLASS_LIST_NAME, write_class_list
from sutja.data.formats.container import open_container
from sutja.data.formats.forms import FORMS, read_form, read_text_file
from sutja.data.formats.idx import read_idx
from sutja.data.formats.npz import read_npz, write_npz
from sutja.data.formats.parts import Parts
from sutja.data.formats.zips import write_zip
from sutja.data.inspection import inspect_digits
from sutja.data.samples import Mending, find_class_names, to_digits
from sutja.errors import DataError, UsageError, unknown
from sutja.files import remove_folder, require_unpacked, resolved, whole_file, whole_folder

MNIST_FOLDER = Path(__file__).parent / "mnist"
SPLIT_SEED = 1998  # fixed, so that every run of every recipe has the same validation digits
FILE_FORMATS = ("npz", *FORMS)
MNIST_SHA256 = "1e35582d42a90940c55b956deb61875c020b567ed20e3c5b174f52bf7809ed9b"  # `Dataset.sha256` of MNIST


@dataclass(frozen=True)
class Dataset:
    """A named data set with its training and test digits, and remarks on what was done or seems wrong."""

    name: str
    train: Digits
    test: Digits
    remarks: tuple[str, ...] = ()

    @property
    def class_names(self) -> ClassNames:
        """The names of its classes: the ten digits, unless it has others."""
        return self.train.class_names

    def require_digits(self) -> None:
        """Raises `UsageError` when its classes are others than the ten digits."""
        if not self.class_names.are_digits:
            raise UsageError(f"{self.name}: has {self.class_names.summary}: this needs the ten digits")

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of all pixels and labels, independent of the file format and of the names of the classes."""
        digest = hashlib.sha256()
        for digits in (self.train, self.test):
            digest.update(digits.images.reshape(-1).data)  # copies nothing
            digest.update(digits.labels.astype("<i8").tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class Splits:
    """The digits that a run uses: for training, for validation and for testing; `None` where a protocol has none."""

    train: Digits
    validation: Digits | None
    test: Digits | None

    @property
    def evaluation_parts(self) -> dict[str, Digits]:
        """The parts that are not trained on, by name: "validation" and "test", where present."""
        parts = {"validation": self.validation, "test": self.test}
        return {name: digits for name, digits in parts.items() if digits is not None}


def load_dataset(source: str | Path = "mnist", mending: Mending | None = None) -> Dataset:
    """Load a data set: the MNIST in this package if `source` is "mnist", otherwise the files at the path `source`.

    Supported are a folder or a zip file in any of the `FORMS` (IDX files of any MNIST-like set, tars of PNGs, NumPy
    arrays, Parquet, MATLAB, LIBSVM, ARFF, CSV, picture files), one file of these, an `.npz` file as Keras distributes
    MNIST, and a folder of corrections, which are training and test digits at once: use them to evaluate or fine-tune a
    network. Of a set without test digits, a sixth is held out for them. Pictures become grey and 28×28; all else is
    changed by `mending` only. What was done and what seems wrong are the `remarks`. Raises `DataError`.
    """
    if str(source) == "mnist":
        require_unpacked(MNIST_FOLDER, "MNIST", DataError)
        return _digits_of("mnist", _read_path(MNIST_FOLDER), mending)
    try:
        path = Path(source).expanduser()
        # The name becomes part of folder names and HTML pages.
        name, is_there = re.sub(r"[^\w.+-]", "_", resolved(path).stem)[:40], path.exists()
        is_corrected = path.is_dir() and holds_corrections(path)
    except (OSError, ValueError, RuntimeError) as error:  # too long, null byte, unknown user, no permission
        raise DataError(f"{source}: not a readable path: {error}") from error
    if not is_there:
        raise DataError(f"{path}: no such file or folder")
    if is_corrected:
        digits = read_corrections(path)
        return Dataset(name, digits, digits)
    dataset = _digits_of(name, _read_path(path), mending)
    oddities = inspect_digits(str(path), dataset.train, dataset.test, mnist_means())
    return Dataset(name, dataset.train, dataset.test, (*dataset.remarks, *oddities))


def _read_path(path: Path) -> Parts:
    if path.suffix.lower() == ".npz" and not path.is_dir():
        return read_npz(path)
    with open_container(path) as container:
        is_known = path.is_dir() or container.is_zip or any(each.files.fullmatch(path.name) for each in FORMS.values())
        return read_form(container) if is_known else read_text_file(container)


def _digits_of(name: str, parts: Parts, mending: Mending | None) -> Dataset:
    """The data set of what was read; without a second part, a sixth of each class is held out for testing."""
    samples, test_samples = parts
    class_names, told = find_class_names(samples, mending)
    train, remarks = to_digits(samples, mending, class_names)
    remarks += told
    if test_samples:
        test, more = to_digits(test_samples, mending, class_names)
        return Dataset(name, train, test, (*remarks, *(remark for remark in more if remark not in remarks)))
    count = max(1, len(train) // 6)
    if len(train) < 2:
        raise DataError(f"{samples.images_name}: one digit is too few: one for training and one for testing are needed")
    kept, held_out = stratified_split(train.labels, count)
    remark = f"{samples.images_name}: no test digits: {count:,} of {len(train):,} digits, of every class, are held out"
    return Dataset(name, train.take(kept), train.take(held_out), (*remarks, remark))


@cache
def mnist_means() -> NDArray[np.float64]:
    """The mean picture of each digit in MNIST's test set, `(10, 28, 28)`; zeros where the package is a zip archive."""
    if not MNIST_FOLDER.is_dir():
        return np.zeros((CLASS_COUNT, SIDE_PIXELS, SIDE_PIXELS))
    images, labels = (read_idx(MNIST_FOLDER / f"t10k-{kind}-ubyte.gz") for kind in ("images-idx3", "labels-idx1"))
    return np.stack([images[labels == label].mean(axis=0) for label in range(CLASS_COUNT)])


def hold_out_every_sixth(name: str, digits: Digits) -> Dataset:
    """Make a data set in which every sixth digit, but at least the last, is a test digit, in the proportion of MNIST.

    Raises `UsageError` for fewer than two digits.
    """
    if len(digits) < 2:
        raise UsageError(f"{name}: a data set needs at least two digits, one for testing; there are {len(digits)}")
    indices = np.arange(len(digits))
    test = indices[5::6] if len(digits) > 5 else indices[-1:]
    return Dataset(name, digits.take(np.setdiff1d(indices, test)), digits.take(test))


def format_from_path(path: Path) -> str:
    """The file format for writing to `path`, by its suffix: "npz", or "idx" for a folder or a zip file.

    Raises `UsageError` for the suffix of another kind of file, unless `path` is an existing folder.
    """
    suffix = path.suffix.lower()
    if suffix not in (".npz", ".zip") and suffix[1:].isalpha() and not path.is_dir():
        raise UsageError(
            f"{path}: a data set is written to an .npz file or a folder, or a .zip of one, not to a {suffix} file"
        )
    return "npz" if suffix == ".npz" else "idx"


def save_dataset(dataset: Dataset, path: Path, *, file_format: str, force: bool = False) -> None:
    """Write a data set atomically in one of the `FILE_FORMATS`: "npz" into a file, others into a folder or `.zip` file.

    Raises `UsageError` for an unknown format, and if `path` exists unless `force` is set.
    """
    is_file = file_format == "npz" or path.suffix.lower() == ".zip"
    if file_format not in FILE_FORMATS:
        raise unknown("format", file_format, FILE_FORMATS)
    if path.exists() and not force:
        raise UsageError(f"{path}: exists already; --force replaces it")
    if path.exists() and path.is_dir() == is_file:
        raise UsageError(f"{path}: the format {file_format} needs a {'file' if is_file else 'folder'} there")
    if file_format == "npz" and path.suffix.lower() != ".npz":
        raise UsageError(f"{path}: the name of an .npz file must end in .npz")
    if not is_file:
        _save_folder(dataset, path, file_format)
        return
    with whole_file(path) as partial:
        if file_format == "npz":
            write_npz(partial, dataset.train, dataset.test)
        else:
            folder = partial.with_suffix(".files")
            try:
                folder.mkdir()
                _write_form(dataset, folder, file_format)
                write_zip(partial, folder)
            finally:
                remove_folder(folder)


def _write_form(dataset: Dataset, folder: Path, file_format: str) -> None:
    """Write the files of a form into a folder, with a list of the classes where these are not the digits."""
    FORMS[file_format].write(folder, dataset.train, dataset.test)
    if not dataset.class_names.are_digits:
        write_class_list(folder, dataset.class_names)


def _save_folder(dataset: Dataset, path: Path, file_format: str) -> None:
    """Write into a folder, and remove there what would be loaded instead of the new files or with them."""
    with whole_folder(path) as partial:
        _write_form(dataset, partial, file_format)
        written = {file.name for file in partial.iterdir()}
        for name in written if path.is_dir() else ():
            if (path / name).is_dir():
                remove_folder(path / name)
    patterns = [re.escape(CLASS_LIST_NAME), *(form.written for form in FORMS.values())]
    for file in path.iterdir():
        if file.name not in written and any(re.fullmatch(pattern, file.name) for pattern in patterns):
            remove_folder(file) if file.is_dir() else file.unlink()


def describe_dataset(dataset: Dataset) -> dict[str, Any]:
    """Describe a data set: digits per part and class, names of the classes, mean and standard deviation, checksum."""
    parts = {
        name: {
            "digits": len(digits),
            **_pixel_statistics(digits),
            "classes": np.bincount(digits.labels, minlength=len(dataset.class_names)).tolist(),
        }
        for name, digits in (("train", dataset.train), ("test", dataset.test))
    }
    about = {"class_names": list(dataset.class_names), "sha256": dataset.sha256, "remarks": list(dataset.remarks)}
    return {"name": dataset.name, **parts, **about}


def _pixel_statistics(digits: Digits) -> dict[str, float]:
    """Mean and standard deviation of the pixels in [0, 1], from a histogram: floats would take gigabytes."""
    counts = np.zeros(256, np.int64)
    for part in batches(len(digits), 1000):
        counts += np.bincount(digits.images[part].ravel(), minlength=256)
    levels = np.arange(256) / 255
    mean = float(levels @ counts / counts.sum())
    return {"mean": mean, "standard_deviation": float(np.sqrt((levels - mean) ** 2 @ counts / counts.sum()))}


def split(dataset: Dataset, protocol: str = "curves") -> Splits:
    """Split off one twelfth of the training digits (5,000 of 60,000) for validation, stratified and always the same.

    The protocol "validation" (see `Recipe`) leaves out the test digits; "final" has no validation digits.
    """
    if protocol == "final":
        return Splits(dataset.train, None, dataset.test)
    train, validation = split_indices(dataset)
    test = dataset.test if protocol == "curves" else None
    return Splits(dataset.train.take(train), dataset.train.take(validation), test)


def split_indices(dataset: Dataset) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The indices in the training set of the digits to train on and of the validation digits. Raises `DataError`."""
    number = round(len(dataset.train) / 12)
    if number == 0:
        raise DataError(
            f"{dataset.name}: {len(dataset.train)} training digits are too few to split off validation digits"
        )
    return stratified_split(dataset.train.labels, number)


def stratified_split(labels: Labels, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Select `count` indices of `labels` in proportion to the classes; returns the other indices and the selected ones.

    The counts per class are rounded by the largest remainder method, so that they add up to `count`. Both are sorted.
    """
    shares = np.bincount(labels) * count / len(labels)
    counts = np.floor(shares).astype(int)
    counts[np.argsort(counts - shares, kind="stable")[: count - counts.sum()]] += 1
    random = np.random.default_rng(SPLIT_SEED)
    selected = np.zeros(len(labels), bool)
    for label, class_count in enumerate(counts):
        selected[random.permutation(np.flatnonzero(labels == label))[:class_count]] = True
    return np.flatnonzero(~selected), np.flatnonzero(selected)


def batches(length: int, size: int) -> Iterator[slice]:
    """Yield slices that cut `length` items into batches of at most `size`."""
    for start in range(0, length, size):
        yield slice(start, min(start + size, length))
