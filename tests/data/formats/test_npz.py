"""NumPy archives in the format of Keras: valid, damaged, foreign and malicious ones."""

from __future__ import annotations

import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sutja.data.dataset import Dataset
from sutja.data.digits import Digits
from sutja.data.formats import npz
from sutja.data.formats.npz import write_npz

from .damage import FAST, Damage, assert_same_or_refused, damages, digits_of, little_memory, refusal, same

KEYS = ("x_train", "y_train", "x_test", "y_test")
HEADER = "{'descr': '|u1', 'fortran_order': False, 'shape': %s}"


def read_npz(path: Path) -> tuple[Digits, Digits]:
    return digits_of(npz.read_npz(path))


def arrays_of(train: Digits, test: Digits) -> dict[str, NDArray[Any]]:
    return {"x_train": train.images, "y_train": train.labels, "x_test": test.images, "y_test": test.labels}


def put_npz(path: Path, dataset: Dataset, **others: NDArray[Any]) -> Path:
    """Save a set in the format of Keras, with some arrays replaced by `others`."""
    contents: dict[str, Any] = {**arrays_of(dataset.train, dataset.test), **others}
    np.savez(path, **contents)
    return path


def put_raw(path: Path, header: str, content: bytes = bytes(784), *, version: int = 1) -> Path:
    """Write an archive whose four arrays consist of `header` and `content`."""
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for key in KEYS:
            archive.writestr(f"{key}.npy", b"\x93NUMPY" + bytes([version, 0]) + length + header.encode() + content)
    return path


def test_what_is_written_is_read(tmp_path: Path, small: Dataset) -> None:
    write_npz(tmp_path / "set.npz", small.train, small.test)
    train, test = read_npz(tmp_path / "set.npz")
    assert same(train, small.train)
    assert same(test, small.test)


@pytest.mark.parametrize("name", ["set", "set.npz.new", "set.zip"])
def test_it_is_written_to_the_given_path(tmp_path: Path, small: Dataset, name: str) -> None:
    write_npz(tmp_path / name, small.train, small.test)
    assert list(tmp_path.iterdir()) == [tmp_path / name]
    assert same(read_npz(tmp_path / name)[0], small.train)


@pytest.mark.parametrize("dtype", ["u1", "<i8", ">i4", "u8"])
def test_any_integer_labels_are_read(tmp_path: Path, small: Dataset, dtype: str) -> None:
    labels = {"y_train": small.train.labels.astype(dtype), "y_test": small.test.labels.astype(dtype)}
    train, test = read_npz(put_npz(tmp_path / "set.npz", small, **labels, more=np.zeros(3)))
    assert same(train, small.train)
    assert same(test, small.test)
    assert train.labels.dtype == np.int64


def test_images_in_fortran_order_are_read(tmp_path: Path, small: Dataset) -> None:
    train, _ = read_npz(put_npz(tmp_path / "set.npz", small, x_train=np.asfortranarray(small.train.images)))
    assert same(train, small.train)
    assert train.images.flags.c_contiguous


@pytest.mark.parametrize("key", KEYS)
def test_a_missing_array_is_named(tmp_path: Path, small: Dataset, key: str) -> None:
    path = tmp_path / "set.npz"
    arrays: dict[str, Any] = arrays_of(small.train, small.test)
    del arrays[key]
    np.savez(path, **arrays)
    assert refusal(lambda: read_npz(path)).startswith(f"{path}: {key} is missing")


class Trap:
    """An object whose pickle creates a file when loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("key", KEYS)
def test_objects_are_refused_and_nothing_is_executed(tmp_path: Path, small: Dataset, key: str) -> None:
    sprung = tmp_path / "sprung"
    path = put_npz(tmp_path / "set.npz", small, **{key: np.array([Trap(sprung)] * 60, object)})
    assert not sprung.exists()
    text = refusal(lambda: read_npz(path))
    assert not sprung.exists()
    assert text.startswith(f"{path}: ")


def test_the_trap_of_that_test_works(tmp_path: Path, small: Dataset) -> None:
    sprung = tmp_path / "sprung"
    path = put_npz(tmp_path / "set.npz", small, x_train=np.array([Trap(sprung)], object))
    with np.load(path, allow_pickle=True) as archive:
        archive["x_train"]
    assert sprung.exists()


@pytest.mark.parametrize(
    ("key", "array", "message"),
    [
        ("x_train", np.zeros((60, 28, 28), np.float32), "x_train: float32"),
        ("x_test", np.zeros((30, 784), np.uint8), "x_test: uint8 (30, 784)"),
        ("x_test", np.zeros((29, 28, 28), np.uint8), "y_test: 30 labels, but 29 images"),
        ("y_train", np.zeros(60, np.float64), "y_train: float64"),
        ("y_train", np.zeros((60, 1), np.uint8), "y_train: uint8 (60, 1)"),
        ("y_train", np.full(60, 10), "y_train: the label 10 is out of the range"),
        ("y_test", np.full(30, -1), "y_test: the label -1 is out of the range"),
        ("y_test", np.full(30, "NaT", "m8[s]"), "y_test: timedelta64"),
        ("y_test", np.full(30, "7"), "y_test: <U1"),
        ("y_test", np.zeros(30, [("two\nlines", "u1")]), "y_test: "),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_arrays_that_do_not_fit_are_refused(
    tmp_path: Path, small: Dataset, key: str, array: NDArray[Any], message: str
) -> None:
    path = put_npz(tmp_path / "set.npz", small, **{key: array})
    assert refusal(lambda: read_npz(path)).startswith(f"{path}: {message}")


def test_an_empty_set_is_refused(tmp_path: Path, small: Dataset) -> None:
    empty = {"x_train": np.zeros((0, 28, 28), np.uint8), "y_train": np.zeros(0, np.uint8)}
    path = put_npz(tmp_path / "set.npz", small, **empty)
    assert refusal(lambda: read_npz(path)) == f"{path}: x_train: the set is empty"


BAD_HEADERS: dict[str, str] = {
    "more than it holds": HEADER % "(2, 28, 28)",
    "a bomb": HEADER % "(8589934592, 28, 28)",
    "a bomb of zero": HEADER % f"(0, {10**30})",
    "less than it holds": HEADER % "(783,)",
    "a negative size": HEADER % "(-1, 28, 28)",
    "a truth value for a size": HEADER % "(True, 28, 28)",
    "no tuple": HEADER % "784",
    "a hundred dimensions": HEADER % f"({'1, ' * 100})",
    "things without size": "{'descr': '|V0', 'fortran_order': False, 'shape': (10000000000, 28, 28)}",
    "an unknown type": "{'descr': 'nothing', 'fortran_order': False, 'shape': (1, 28, 28)}",
    "an outdated type": "{'descr': '|a1', 'fortran_order': False, 'shape': (1, 28, 28)}",
    "no type": "{'descr': [()], 'fortran_order': False, 'shape': (1, 28, 28)}",
    "an expression": "__import__('os').getcwd()",
    "no closing bracket": "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 28, 28",
    "many brackets": "(" * 3000,
    "many signs": "-" * 9000 + "1",
    "a long number": "1" * 5000,
    "too long": HEADER % f"(1, 28, 28){' ' * 20_000}",
    "a dictionary for a key": "{{}: 1}",
    "mixed keys": "{1: 2, 'a': 3}",
    "nothing": "",
    "a zero byte": "\0",
}


@pytest.mark.parametrize("version", [1, 2, 3, 9])
@pytest.mark.parametrize("header", BAD_HEADERS.values(), ids=BAD_HEADERS.keys())
def test_bad_headers_are_refused_before_they_cost_memory(tmp_path: Path, header: str, version: int) -> None:
    path = put_raw(tmp_path / "set.npz", header, version=version)
    with little_memory():
        text = refusal(lambda: read_npz(path))
    assert text.startswith(f"{path}: ")


def test_a_header_that_claims_to_be_long_is_refused_before_it_costs_memory(tmp_path: Path) -> None:
    path = put_raw(tmp_path / "set.npz", "{}".ljust(100 << 20), version=2)
    with little_memory():
        text = refusal(lambda: read_npz(path))
    assert text.endswith("x_train: a header of 104,857,600 bytes; the maximum is 10,000")


def test_two_members_of_one_name_are_refused(tmp_path: Path, small: Dataset) -> None:
    """Which of them is meant is not known."""
    path = put_npz(tmp_path / "set.npz", small)
    with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("y_test.npy", archive.read("y_test.npy"))
    assert refusal(lambda: read_npz(path)).endswith("two members have the same name")


def test_headers_of_python_2_are_read_without_a_warning(tmp_path: Path) -> None:
    path = put_raw(tmp_path / "set.npz", HEADER % "(1L, 28L, 28L)")
    assert "y_train: uint8 (1, 28, 28) instead of integer labels" in refusal(lambda: read_npz(path))


def test_an_array_of_more_than_a_gibibyte_is_refused(tmp_path: Path) -> None:
    path = put_raw(tmp_path / "set.npz", HEADER % "(1, 28, 28)")
    content = path.read_bytes()
    at = content.index(b"PK\x01\x02") + 24
    path.write_bytes(content[:at] + struct.pack("<I", (1 << 30) + 1) + content[at + 4 :])
    assert refusal(lambda: read_npz(path)).startswith(
        f"{path}: not a readable .npz file: x_train has 1,073,741,825 bytes"
    )


def test_an_array_that_unpacks_to_more_than_declared_is_refused(tmp_path: Path) -> None:
    path = put_raw(tmp_path / "set.npz", HEADER % "(1, 28, 28)", bytes(1 << 26))
    content = path.read_bytes()
    at = content.index(b"PK\x01\x02") + 24
    path.write_bytes(content[:at] + struct.pack("<I", 1000) + content[at + 4 :])
    with little_memory():
        assert refusal(lambda: read_npz(path)).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("offset", "new"),
    [(8, b"\x01"), (9, b"\x08" + bytes(36) + b"\xff"), (10, b"\x63"), (16, b"????"), (42, b"\xff\xff\xff\x7f")],
    ids=["encrypted", "name that is not UTF-8", "unknown method", "checksum", "offset"],
)
def test_a_damaged_archive_is_refused(tmp_path: Path, small: Dataset, offset: int, new: bytes) -> None:
    path = put_npz(tmp_path / "set.npz", small)
    content = path.read_bytes()
    at = content.index(b"PK\x01\x02") + offset
    path.write_bytes(content[:at] + new + content[at + len(new) :])
    assert refusal(lambda: read_npz(path)).startswith(f"{path}: ")


def test_invalid_compressed_data_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "set.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x_train.npy", b"\x09\x04\x05\x00" + b"\xff" * 500)
    content = path.read_bytes()
    for record, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = content.index(record) + offset
        content = content[:at] + bytes([zipfile.ZIP_LZMA]) + content[at + 1 :]
    path.write_bytes(content)
    assert refusal(lambda: read_npz(path)).startswith(f"{path}: ")


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04", b"PK\x05\x06" + bytes(18)])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "set.npz"
    path.write_bytes(content)
    assert refusal(lambda: read_npz(path)).startswith(f"{path}: ")


def test_keys_with_newlines_are_reported_on_one_line(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {"two\nlines": np.zeros(1)}
    np.savez(tmp_path / "set.npz", **arrays)
    assert "x_train is missing" in refusal(lambda: read_npz(tmp_path / "set.npz"))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert refusal(lambda: read_npz(tmp_path / "none.npz")) == f"{tmp_path / 'none.npz'}: no such file"
    assert str(tmp_path) in refusal(lambda: read_npz(tmp_path))


@FAST
@given(damage=damages, packed=st.booleans())
def test_damage_is_noticed_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, small: Dataset, damage: Damage, packed: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    few = Dataset("few", small.train.take(np.arange(5)), small.test.take(np.arange(3)))
    if packed:
        write_npz(path, few.train, few.test)
    else:
        put_npz(path, few)
    path.write_bytes(damage.done_to(path.read_bytes()))
    assert_same_or_refused(lambda: read_npz(path), few.train, few.test)
