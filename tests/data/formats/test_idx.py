"""IDX files: every layout of MNIST-like data sets, and every kind of damage."""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sutja.data.dataset import MNIST_FOLDER, Dataset
from sutja.data.digits import Digits
from sutja.data.formats.container import open_container
from sutja.data.formats.forms import read_form
from sutja.data.formats.idx import read_checksums, read_idx, write_idx_folder

from .damage import FAST, Damage, assert_same_or_refused, damages, digits_of, little_memory, refusal, same


def read_idx_folder(folder: Path) -> tuple[Digits, Digits]:
    with open_container(folder) as container:
        return digits_of(read_form(container))


def idx(array: NDArray[Any], code: int = 0x08) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape) + array.tobytes()


def qmnist_labels(digits: Digits) -> bytes:
    columns = np.full((len(digits), 8), 99)
    columns[:, 0] = digits.labels
    return idx(columns.astype(">i4"), code=0x0C)


def header(*shape: int, code: int = 0x08) -> bytes:
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, code, len(shape), *shape)


def images_bytes(digits: Digits) -> bytes:
    return idx(digits.images)


def labels_bytes(digits: Digits) -> bytes:
    return idx(digits.labels.astype(np.uint8))


def put_set(folder: Path, dataset: Dataset, **contents: bytes) -> Path:
    """Write a set under MNIST's names, unpacked; `contents` replace single files, e.g. `train_labels`."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, name, digits in (("train", "train", dataset.train), ("test", "t10k", dataset.test)):
        images, labels = images_bytes(digits), labels_bytes(digits)
        (folder / f"{name}-images-idx3-ubyte").write_bytes(contents.get(f"{part}_images", images))
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(contents.get(f"{part}_labels", labels))
    return folder


def test_what_is_written_is_read(tmp_path: Path, small: Dataset) -> None:
    write_idx_folder(tmp_path, small.train, small.test)
    train, test = read_idx_folder(tmp_path)
    assert same(train, small.train)
    assert same(test, small.test)


def test_files_are_reproducible_and_listed(tmp_path: Path, small: Dataset) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        write_idx_folder(tmp_path / name, small.train, small.test)
    names = {path.name for path in MNIST_FOLDER.iterdir()} - {"README.md"}
    first = {path.name: path.read_bytes() for path in (tmp_path / "first").iterdir()}
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "second").iterdir()}
    assert first.keys() == names
    sums = read_checksums(tmp_path / "first")
    assert sums == {
        name.removesuffix(".gz"): hashlib.sha256(gzip.decompress(content)).hexdigest()
        for name, content in first.items()
        if name.endswith(".gz")
    }


@pytest.mark.parametrize("zipped", [False, True], ids=["unpacked", "gzipped"])
@pytest.mark.parametrize("place", ["", "raw", "MNIST/raw", "FashionMNIST/raw"])
@pytest.mark.parametrize(
    ("images_name", "labels_name", "test_part"),
    [
        ("{}-images-idx3-ubyte", "{}-labels-idx1-ubyte", "t10k"),
        ("{}-images.idx3-ubyte", "{}-labels.idx1-ubyte", "t10k"),
        ("emnist-digits-{}-images-idx3-ubyte", "emnist-digits-{}-labels-idx1-ubyte", "test"),
        ("emnist-mnist-{}-images-idx3-ubyte", "emnist-mnist-{}-labels-idx1-ubyte", "test"),
        ("qmnist-{}-images-idx3-ubyte", "qmnist-{}-labels-idx2-int", "test"),
    ],
    ids=["mnist", "dots", "emnist-digits", "emnist-mnist", "qmnist"],
)
def test_all_layouts_are_read(
    tmp_path: Path, small: Dataset, zipped: bool, place: str, images_name: str, labels_name: str, test_part: str
) -> None:
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    for part, digits in (("train", small.train), (test_part, small.test)):
        transposed = images_name.startswith("emnist")
        images = idx(digits.images.transpose(0, 2, 1)) if transposed else images_bytes(digits)
        labels = qmnist_labels(digits) if labels_name.endswith("int") else labels_bytes(digits)
        for name, content in ((images_name, images), (labels_name, labels)):
            path = tmp_path / place / (name.format(part) + (".gz" if zipped else ""))
            path.write_bytes(gzip.compress(content, 1) if zipped else content)
    train, test = read_idx_folder(tmp_path)
    assert same(train, small.train)
    assert same(test, small.test)
    assert train.images.flags.c_contiguous


@pytest.mark.parametrize("zipped", [False, True], ids=["folder", "zip"])
def test_files_in_folders_of_their_own_names_are_read(tmp_path: Path, small: Dataset, zipped: bool) -> None:
    """As Kaggle packs them: the same files twice, once each in a folder of its name."""
    for file in put_set(tmp_path / "flat", small).iterdir():
        for place in (file.name, f"{file.name}/{file.name}"):
            target = tmp_path / "archive" / (place.replace("-idx", ".idx") if place == file.name else place)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    for file in (tmp_path / "archive").glob("t*.idx*"):
        file.unlink()  # half of what is unpacked by hand lacks them
    if zipped:
        with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
            for file in (path for path in (tmp_path / "archive").rglob("*") if path.is_file()):
                archive.write(file, file.relative_to(tmp_path).as_posix())
    train, test = read_idx_folder(tmp_path / ("archive.zip" if zipped else "archive"))
    assert same(train, small.train)
    assert same(test, small.test)


def test_two_sets_in_one_folder_are_not_mixed(tmp_path: Path, small: Dataset) -> None:
    put_set(tmp_path / "a" / "raw", small)
    put_set(tmp_path / "b" / "raw", Dataset("other", small.test, small.train))
    (tmp_path / "a" / "raw" / "t10k-labels-idx1-ubyte").unlink()
    assert "the file of the test labels is missing" in refusal(lambda: read_idx_folder(tmp_path))


def test_the_unpacked_file_takes_precedence(tmp_path: Path, small: Dataset) -> None:
    put_set(tmp_path, small)
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(b"not to be read")
    assert same(read_idx_folder(tmp_path)[0], small.train)


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"])
def test_gzip_is_recognised_by_content_not_by_name(tmp_path: Path, small: Dataset, name: str) -> None:
    content = images_bytes(small.train)
    (tmp_path / name).write_bytes(content if name.endswith(".gz") else gzip.compress(content))
    assert np.array_equal(read_idx(tmp_path / name), small.train.images)


@pytest.mark.parametrize(
    ("code", "dtype"), [(0x08, ">u1"), (0x09, ">i1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4"), (0x0E, ">f8")]
)
def test_all_types_come_in_native_byte_order(tmp_path: Path, code: int, dtype: str) -> None:
    array = np.array([[0, 1, 2], [100, 101, 127]], dtype)
    (tmp_path / "array").write_bytes(idx(array, code))
    read = read_idx(tmp_path / "array")
    assert read.dtype == array.dtype.newbyteorder("=")
    assert read.dtype.isnative
    assert np.array_equal(read, array)


BAD_FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not an IDX file: it begins with nothing"),
    "half a magic": (b"\0\0\x08", "not an IDX file"),
    "a zip": (b"PK\x03\x04" + bytes(100), "not an IDX file: it begins with 50 4b 03 04"),
    "unknown type": (header(2, code=0x0A) + b"12", "not an IDX file"),
    "no dimension": (header() + b"1", "not an IDX file"),
    "five dimensions": (header(1, 1, 1, 1, 1) + b"1", "not an IDX file"),
    "half a header": (header(2, 28, 28)[:-1], "ends inside its header"),
    "truncated": (header(2, 28, 28) + bytes(2 * 28 * 28 - 1), "truncated: 1,567 of the 1,568 bytes"),
    "trailing": (header(2, 28, 28) + bytes(2 * 28 * 28 + 1), "extra bytes after the 1,568"),
    "bomb": (header(2**32 - 1, 2**32 - 1, 28), "declares"),
    "bomb of zero": (header(0, 2**32 - 1, 2**32 - 1, 2**32 - 1), ""),
    "just over 1 GiB": (header((1 << 27) + 1, code=0x0E), "declares 1,073,741,832 bytes"),
    "gzip cut off": (gzip.compress(header(2, 28, 28) + bytes(1568))[:-9], "cannot be read"),
    "gzip without its end": (gzip.compress(header(2, 28, 28) + bytes(1568))[:-8], "cannot be read"),
    "gzip of another checksum": (gzip.compress(header(2) + b"12")[:-8] + bytes(8), "cannot be read"),
    "gzip and junk": (gzip.compress(header(2) + b"12") + b"junk", "cannot be read"),
    "gzip of nothing": (gzip.compress(b""), "not an IDX file"),
    "gzip magic alone": (b"\x1f\x8b", "cannot be read"),
    "gzip of a bomb": (gzip.compress(header(2) + bytes(1 << 25), 1), "extra bytes"),
}


@pytest.mark.parametrize(("content", "message"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_bad_files_are_refused_before_they_cost_memory(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with little_memory():
        text = refusal(lambda: read_idx(path))
    assert str(path) in text
    assert message in text


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert refusal(lambda: read_idx(tmp_path / "none")) == f"{tmp_path / 'none'}: no such file"
    assert str(tmp_path) in refusal(lambda: read_idx(tmp_path))


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("train_labels", idx(np.zeros(59, np.uint8)), "train-labels-idx1-ubyte: 59 labels, but 60 images"),
        ("test_labels", idx(np.zeros(31, np.uint8)), "t10k-labels-idx1-ubyte: 31 labels, but 30 images"),
        ("train_labels", idx(np.full(60, 10, np.uint8)), "train-labels-idx1-ubyte: the label 10 is out of"),
        ("train_labels", idx(np.zeros(60, ">f4"), 0x0D), "train-labels-idx1-ubyte: float32"),
        ("test_images", idx(np.zeros((30, 784), np.uint8)), "t10k-images-idx3-ubyte: uint8 (30, 784)"),
        ("test_images", idx(np.zeros((30, 28, 28), ">i4"), 0x0C), "t10k-images-idx3-ubyte: int32"),
        ("test_labels", idx(np.zeros((30, 0), np.uint8)), "t10k-labels-idx1-ubyte"),
    ],
    ids=["fewer labels", "more labels", "label 10", "float labels", "no rows", "int images", "labels without columns"],
)
def test_files_that_do_not_fit_are_refused(
    tmp_path: Path, small: Dataset, file: str, content: bytes, message: str
) -> None:
    put_set(tmp_path, small, **{file: content})
    assert f"{tmp_path}/{message}" in refusal(lambda: read_idx_folder(tmp_path))


def test_an_empty_set_is_refused(tmp_path: Path, small: Dataset) -> None:
    put_set(tmp_path, small, train_images=header(0, 28, 28), train_labels=header(0))
    assert "train-images-idx3-ubyte: the set is empty" in refusal(lambda: read_idx_folder(tmp_path))


@pytest.mark.parametrize("missing", ["train-labels", "t10k-images", "t10k-labels"])
def test_a_missing_part_is_named(tmp_path: Path, small: Dataset, missing: str) -> None:
    next(put_set(tmp_path, small).glob(f"{missing}*")).unlink()
    part, kind = missing.replace("t10k", "test").split("-")
    assert refusal(lambda: read_idx_folder(tmp_path)) == f"{tmp_path}: the file of the {part} {kind} is missing"


def test_a_folder_without_a_set_is_refused(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    assert "not the folder of a data set" in refusal(lambda: read_idx_folder(tmp_path))


@pytest.mark.parametrize("name", ["train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"])
@pytest.mark.parametrize("zipped", [False, True], ids=["unpacked", "gzipped"])
def test_a_wrong_checksum_is_refused(tmp_path: Path, small: Dataset, name: str, zipped: bool) -> None:
    write_idx_folder(tmp_path, small.train, small.test)
    content = bytearray(gzip.decompress((tmp_path / f"{name}.gz").read_bytes()))
    content[-1] ^= 1
    path = tmp_path / (name + (".gz" if zipped else ""))
    path.write_bytes(gzip.compress(content) if zipped else content)
    assert f"{path}: wrong checksum" in refusal(lambda: read_idx_folder(tmp_path))


def test_checksums_are_read_in_every_notation(tmp_path: Path) -> None:
    (tmp_path / "SHA256SUMS").write_text("AB12  first\ncd34 *second\n\na line that is none\n")
    assert read_checksums(tmp_path) == {"first": "ab12", "second": "cd34"}
    assert read_checksums(tmp_path / "none") == {}


def test_unreadable_checksums_are_refused(tmp_path: Path, small: Dataset) -> None:
    put_set(tmp_path, small)
    (tmp_path / "SHA256SUMS").write_bytes(b"\xff\xfe")
    assert str(tmp_path / "SHA256SUMS") in refusal(lambda: read_idx_folder(tmp_path))


@pytest.fixture(scope="module", params=["unpacked", "gzipped"])
def checked_set(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, small: Dataset) -> Path:
    folder = tmp_path_factory.mktemp("idx")
    write_idx_folder(folder, small.train.take(np.arange(5)), small.test.take(np.arange(3)))
    for path in folder.glob("*.gz") if request.param == "unpacked" else ():
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    return folder


@FAST
@given(file=st.integers(0, 4), damage=damages)
def test_damage_is_noticed_or_harmless(checked_set: Path, small: Dataset, file: int, damage: Damage) -> None:
    path = sorted(checked_set.iterdir())[file]
    content = path.read_bytes()
    path.write_bytes(damage.done_to(content))
    try:
        train, test = small.train.take(np.arange(5)), small.test.take(np.arange(3))
        assert_same_or_refused(lambda: read_idx_folder(checked_set), train, test)
    finally:
        path.write_bytes(content)


@FAST
@given(damage=damages.filter(lambda damage: damage.kind in ("cut", "append", "delete", "insert")))
def test_another_length_is_noticed_without_checksums(
    tmp_path_factory: pytest.TempPathFactory, small: Dataset, damage: Damage
) -> None:
    path = tmp_path_factory.getbasetemp() / "length-idx3-ubyte"
    path.write_bytes(damage.done_to(images_bytes(small.test)))
    assert str(path) in refusal(lambda: read_idx(path))


@pytest.mark.parametrize("zipped", [False, True], ids=["unpacked", "gzipped"])
def test_an_array_is_in_memory_once(tmp_path: Path, zipped: bool) -> None:
    content = header(64 << 20) + bytes(64 << 20)
    (tmp_path / "array").write_bytes(gzip.compress(content, 1) if zipped else content)
    with little_memory(64 + 64 // 8 + 8):  # what grows is longer by an eighth than what is in it
        assert read_idx(tmp_path / "array", sha256=hashlib.sha256(content).hexdigest()).shape == (64 << 20,)


def test_what_is_declared_but_missing_costs_no_memory(tmp_path: Path) -> None:
    (tmp_path / "array").write_bytes(header(600 << 20) + b"little")
    with little_memory():
        assert "truncated: 6 of the 629,145,600 bytes" in refusal(lambda: read_idx(tmp_path / "array"))


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte", "SHA256SUMS"])
def test_a_named_pipe_is_refused(tmp_path: Path, small: Dataset, name: str) -> None:
    """Opening one would wait for a writer for ever."""
    put_set(tmp_path, small)
    (tmp_path / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / name)
    assert "not a regular file" in refusal(lambda: read_idx_folder(tmp_path))
