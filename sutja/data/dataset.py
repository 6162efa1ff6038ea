"""MNIST and similar data sets: load any supported format, save, split, batch.

Images stay `uint8`: they are scaled to [0, 1] when a batch becomes a tensor, and normalised inside every network.
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
from sutja.files import require_unpacked, resolved, whole_file, whole_folder

MNIST_FOLDER = Path(__file__).parent / "mnist"
SPLIT_SEED = 1998  # fixed, so that every run of every recipe has the same validation digits
FILE_FORMATS = ("idx", "png", "npz")
MNIST_SHA256 = "1e35582d42a90940c55b956deb61875c020b567ed20e3c5b174f52bf7809ed9b"  # `Dataset.sha256` of MNIST
STORED_FILE_NAME = re.compile(
    r"(train|t10k|test)[-.](images[-.]idx3-ubyte|labels[-.]idx1-ubyte|t(ar|gz))(\.gz)?|SHA256SUMS"
)


@dataclass(frozen=True)
class Dataset:
    """A named data set with its training and test digits."""

    name: str
    train: Digits
    test: Digits

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of all pixels and labels, independent of the file format."""
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


def load_dataset(source: str | Path = "mnist") -> Dataset:
    """Load a data set: the MNIST in this package if `source` is "mnist", otherwise the files at the path `source`.

    Supported are a folder of IDX files of any MNIST-like set (MNIST, Fashion-MNIST, KMNIST, EMNIST digits, QMNIST),
    gzipped or not, flat or in torchvision's `MNIST/raw` layout; a folder or zip file with `train.tar` and `test.tar` of
    PNG files `<index>_<label>.png`; an `.npz` file as Keras distributes MNIST; and a folder of corrections, which are
    training and test digits at once: use them to evaluate or fine-tune a network. Raises `DataError`.
    """
    if str(source) == "mnist":
        require_unpacked(MNIST_FOLDER, "MNIST", DataError)
        return Dataset("mnist", *read_idx_folder(MNIST_FOLDER))
    try:
        path = Path(source).expanduser()
        # The name becomes part of folder names and HTML pages.
        name, reader = re.sub(r"[^\w.+-]", "_", resolved(path).stem)[:40], _reader(path)
    except (OSError, ValueError, RuntimeError) as error:  # too long, null byte, unknown user, no permission
        raise DataError(f"{source}: not a readable path: {error}") from error
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
        raise DataError(f"{path}: not a data set: expected a folder of IDX files or tars, a .zip or an .npz file")
    return readers[path.suffix.lower()]


def _read_corrections(folder: Path) -> tuple[Digits, Digits]:
    digits = read_corrections(folder)
    return digits, digits


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
    """The file format for writing to `path`, by its suffix: "npz", or "idx" for a folder.

    Raises `UsageError` for the suffix of another kind of file, unless `path` is an existing folder.
    """
    suffix = path.suffix.lower()
    if suffix != ".npz" and suffix[1:].isalpha() and not path.is_dir():
        raise UsageError(f"{path}: a data set is written to an .npz file or a folder, not to a {suffix} file")
    return "npz" if suffix == ".npz" else "idx"


def save_dataset(dataset: Dataset, path: Path, *, file_format: str, force: bool = False) -> None:
    """Write a data set atomically in one of the `FILE_FORMATS`: "idx" and "png" into a folder, "npz" into a file.

    Raises `UsageError` for an unknown format, and if `path` exists unless `force` is set.
    """
    if file_format not in FILE_FORMATS:
        raise unknown("format", file_format, FILE_FORMATS)
    if path.exists() and not force:
        raise UsageError(f"{path}: exists already; --force replaces it")
    if path.exists() and path.is_dir() == (file_format == "npz"):
        raise UsageError(
            f"{path}: the format {file_format} needs a {'file' if file_format == 'npz' else 'folder'} there"
        )
    if file_format == "npz" and path.suffix.lower() != ".npz":
        raise UsageError(f"{path}: the name of an .npz file must end in .npz")
    if file_format == "npz":
        with whole_file(path) as partial:
            write_npz(partial, dataset.train, dataset.test)
    else:
        with whole_folder(path) as partial:
            (write_idx_folder if file_format == "idx" else write_png_tars)(partial, dataset.train, dataset.test)
            written = {file.name for file in partial.iterdir()}
        for file in path.iterdir():  # remove files that would be loaded instead of the new ones
            if STORED_FILE_NAME.fullmatch(file.name) and file.name not in written:
                file.unlink()


def describe_dataset(dataset: Dataset) -> dict[str, Any]:
    """Describe a data set: digits per part and class, mean and standard deviation of the scaled pixels, checksum."""
    parts = {
        name: {
            "digits": len(digits),
            **_pixel_statistics(digits),
            "classes": np.bincount(digits.labels, minlength=CLASS_COUNT).tolist(),
        }
        for name, digits in (("train", dataset.train), ("test", dataset.test))
    }
    return {"name": dataset.name, **parts, "sha256": dataset.sha256}


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
    shares = np.bincount(labels, minlength=CLASS_COUNT) * count / len(labels)
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
