"""MATLAB files: SVHN's, USPS's and MNIST's layouts, what SciPy writes, and damaged ones."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.io import loadmat, savemat

from sutja.data.dataset import Dataset, load_dataset
from sutja.data.digits import Digits
from sutja.data.formats.matlab import read_arrays, write_matlab
from sutja.data.samples import Mending

from .damage import little_memory, refusal, same

HEADER = b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM"


def put_mat(path: Path, **arrays: Any) -> Path:
    savemat(path, arrays, do_compression=True)
    return path


def test_svhn_is_grey_and_its_label_10_is_0_and_told(tmp_path: Path, small: Dataset) -> None:
    for part, digits in (("train", small.train), ("test", small.test)):
        pixels = np.repeat(np.pad(digits.images, ((0, 0), (2, 2), (2, 2)))[:, :, :, None], 3, axis=3)
        labels = np.where(digits.labels == 0, 10, digits.labels).astype(np.uint8)[:, None]
        put_mat(tmp_path / f"{part}_32x32.mat", X=pixels.transpose(1, 2, 3, 0), y=labels)
    loaded = load_dataset(tmp_path)
    assert np.array_equal(loaded.train.labels, small.train.labels)
    assert np.array_equal(loaded.test.labels, small.test.labels)
    told = "\n".join(loaded.remarks)
    for text in (
        "the label 10 stands for 0, as in SVHN",
        "60 pictures in colour made grey",
        "32×32 pixels brought to 28×28",
    ):
        assert text in told
    assert load_dataset(tmp_path / "train_32x32.mat").sha256 == loaded.sha256


def parts_of(digits: Digits, **names: str) -> dict[str, NDArray[Any]]:
    return {names["pixels"]: digits.images.reshape(-1, 784).T, names["labels"]: digits.labels[None].astype(float)}


def test_columns_of_pixels_as_in_mnist_original_are_read(tmp_path: Path, small: Dataset) -> None:
    loaded = load_dataset(
        put_mat(tmp_path / "mnist-original.mat", **parts_of(small.train, pixels="data", labels="label"))
    )
    assert (len(loaded.train), len(loaded.test)) == (50, 10)
    assert "10 of 60 digits" in loaded.remarks[0]


def test_digits_in_arrays_of_their_own_are_read(tmp_path: Path, small: Dataset) -> None:
    arrays = {
        f"{part}{label}": digits.images[digits.labels == label].reshape(-1, 784)
        for part, digits in (("train", small.train), ("test", small.test))
        for label in range(10)
    }
    loaded = load_dataset(put_mat(tmp_path / "mnist_all.mat", **arrays))
    assert same(loaded.train, small.train.take(np.argsort(small.train.labels, kind="stable")))


def test_labels_may_have_a_column_for_each_class(tmp_path: Path, small: Dataset) -> None:
    arrays: dict[str, Any] = {}
    for part, digits in (("train", small.train), ("test", small.test)):
        arrays[f"{part}_patterns"] = digits.images.reshape(-1, 784).T
        arrays[f"{part}_labels"] = 2.0 * (np.arange(10)[:, None] == digits.labels) - 1
    assert load_dataset(put_mat(tmp_path / "usps_resampled.mat", **arrays)).sha256 == small.sha256


def test_column_by_column_pixels_are_told_and_mended(tmp_path: Path, small: Dataset, mnist: Dataset) -> None:
    """As in a well-known course: 20×20 pixels in [0, 1], column by column, labels 1 to 10."""
    digits = mnist.test.take(np.arange(600))
    pixels = digits.images[:, 4:24, 4:24].transpose(0, 2, 1).reshape(-1, 400) / 255
    path = put_mat(tmp_path / "ex3data1.mat", X=pixels, y=np.where(digits.labels == 0, 10, digits.labels)[:, None])
    needed = Mending(pixel_range=(0, 1), ten_is_zero=True)
    assert any("transposed" in remark and "--transpose" in remark for remark in load_dataset(path, needed).remarks)
    mended = load_dataset(path, Mending(pixel_range=(0, 1), ten_is_zero=True, transpose=True))
    assert not any("transposed" in remark for remark in mended.remarks)


def test_scipy_reads_what_is_written(tmp_path: Path, small: Dataset) -> None:
    write_matlab(tmp_path, small.train, small.test)
    arrays = loadmat(tmp_path / "train.mat")
    assert np.array_equal(arrays["X"].transpose(2, 0, 1), small.train.images)
    assert np.array_equal(arrays["y"][:, 0], small.train.labels)


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "f4", "f8", "i8"])
@pytest.mark.parametrize("packed", [False, True])
def test_every_type_of_number_is_read_as_scipy_reads_it(tmp_path: Path, dtype: str, packed: bool) -> None:
    array = (np.arange(60).reshape(3, 4, 5) * 2).astype(dtype)
    savemat(
        tmp_path / "a.mat", {"a": array, "text": "hello", "cell": np.array(["x", 1], object)}, do_compression=packed
    )
    found = read_arrays((tmp_path / "a.mat").read_bytes())
    assert list(found) == ["a"]
    assert np.array_equal(found["a"], loadmat(tmp_path / "a.mat")["a"])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not a .mat file of level 5"),
        (b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM", "version 7.3 (HDF5): write it with save -v7"),
        (HEADER + b"\1", "truncated"),
        (HEADER + struct.pack("<II", 14, 1 << 30), "longer than the file"),
        (HEADER + struct.pack("<II", 9, 8) + bytes(8), "an element of the type 9"),
        (HEADER + struct.pack("<II", 15, 8) + bytes(8), "cannot be read: Error -3"),
        (HEADER + struct.pack("<II", 14, 8) + bytes(8), "an array without a header"),
    ],
    ids=["empty", "7.3", "half a tag", "too long", "no array", "no zlib", "no header"],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "digits.mat").write_bytes(content)
    message = refusal(lambda: load_dataset(tmp_path / "digits.mat"))
    assert message.startswith(f"{tmp_path / 'digits.mat'}: ")
    assert why in message


def test_a_bomb_is_refused_before_it_costs_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sutja.data.formats.matlab.MAX_MATLAB_BYTES", 1 << 20)
    packed = zlib.compress(struct.pack("<II", 14, 64 << 20) + bytes(64 << 20), 1)
    (tmp_path / "bomb.mat").write_bytes(HEADER + struct.pack("<II", 15, len(packed)) + packed)
    with little_memory():
        assert "more than 1,048,576 bytes" in refusal(lambda: load_dataset(tmp_path / "bomb.mat"))


def test_labels_without_pictures_are_refused(tmp_path: Path) -> None:
    put_mat(tmp_path / "digits.mat", y=np.arange(5))
    assert "which array has the pictures?" in refusal(lambda: load_dataset(tmp_path / "digits.mat"))
