"""Arrays in single `.npy` files: their names, shapes and types, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sutja.data.dataset import Dataset, load_dataset
from sutja.data.samples import Mending

from .damage import little_memory, refusal


def put_arrays(folder: Path, dataset: Dataset, images: str = "x_{}", labels: str = "y_{}") -> Path:
    for part, digits in (("train", dataset.train), ("test", dataset.test)):
        np.save(folder / f"{images.format(part)}.npy", digits.images)
        np.save(folder / f"{labels.format(part)}.npy", digits.labels)
    return folder


@pytest.mark.parametrize(
    ("images", "labels"),
    [("x_{}", "y_{}"), ("{}_images", "{}_labels"), ("X-{}", "Y-{}"), ("{}-data", "{}-targets"), ("{}/x", "{}/y")],
)
def test_usual_names_are_understood(tmp_path: Path, small: Dataset, images: str, labels: str) -> None:
    for part in ("train", "test"):
        (tmp_path / part).mkdir()
    assert load_dataset(put_arrays(tmp_path, small, images, labels)).sha256 == small.sha256


def test_one_file_stands_for_all_four(tmp_path: Path, small: Dataset) -> None:
    put_arrays(tmp_path, small)
    assert load_dataset(tmp_path / "x_train.npy").sha256 == small.sha256


def test_rows_of_pixels_and_one_part_are_read(tmp_path: Path, small: Dataset) -> None:
    np.save(tmp_path / "images.npy", small.train.images.reshape(60, 784))
    np.save(tmp_path / "labels.npy", small.train.labels)
    assert len(load_dataset(tmp_path).train) == 50


def test_floats_need_their_range(tmp_path: Path, small: Dataset) -> None:
    put_arrays(tmp_path, small)
    np.save(tmp_path / "x_train.npy", (small.train.images / 255).astype(np.float32))
    np.save(tmp_path / "x_test.npy", small.test.images / 255)
    assert "x_train.npy: float32 (60, 28, 28), pixels from 0 to 1, instead of uint8 from 0 to 255" in refusal(
        lambda: load_dataset(tmp_path)
    )
    assert load_dataset(tmp_path, Mending(pixel_range=(0, 1))).sha256 == small.sha256


def test_objects_are_refused_and_nothing_is_executed(tmp_path: Path, small: Dataset) -> None:
    put_arrays(tmp_path, small)
    np.save(tmp_path / "y_train.npy", np.array([str(number) * 9 for number in range(60)], object), allow_pickle=True)
    assert "y_train.npy: cannot be read: Object arrays cannot be loaded" in refusal(lambda: load_dataset(tmp_path))


@pytest.mark.parametrize(
    ("removed", "why"),
    [("y_train", "no labels, only x_train.npy"), ("x_train", "which array has the pictures?")],
)
def test_a_missing_array_is_named(tmp_path: Path, small: Dataset, removed: str, why: str) -> None:
    (put_arrays(tmp_path, small) / f"{removed}.npy").unlink()
    assert why in refusal(lambda: load_dataset(tmp_path))


def test_a_header_that_declares_too_much_costs_no_memory(tmp_path: Path, small: Dataset) -> None:
    put_arrays(tmp_path, small)
    path = tmp_path / "x_train.npy"
    path.write_bytes(path.read_bytes().replace(b"(60, 28, 28)", b"(6000000, 28, 28)"[:12]))
    load = path.read_bytes().replace(b"(6000000, 28", b"(9999, 99, 9)"[:12])
    path.write_bytes(load)
    with little_memory():
        assert str(path) in refusal(lambda: load_dataset(tmp_path))
