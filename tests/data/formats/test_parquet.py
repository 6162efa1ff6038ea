"""Parquet files as Hugging Face has them, in shards, in colour and without labels."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sutja.data.dataset import Dataset, load_dataset, save_dataset
from sutja.data.digits import Digits, Images

from .damage import refusal

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def encoded(image: Images, suffix: str = ".png") -> bytes:
    return cv2.imencode(suffix, image)[1].tobytes()


def put_table(path: Path, digits: Digits, suffix: str = ".png", **columns: Any) -> Path:
    pictures = [{"bytes": encoded(image, suffix), "path": None} for image in digits.images]
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pyarrow.table({"image": pictures, "label": digits.labels, **columns}), path)
    return path


@pytest.mark.parametrize("place", ["data/{}-0000{}-of-00002.parquet", "mnist/{}/000{}.parquet"])
def test_shards_are_read_in_their_order(tmp_path: Path, small: Dataset, place: str) -> None:
    for part, digits in (("train", small.train), ("test", small.test)):
        half = len(digits) // 2
        put_table(tmp_path / place.format(part, 1), digits.take(np.arange(half, len(digits))))
        put_table(tmp_path / place.format(part, 0), digits.take(np.arange(half)))
    assert load_dataset(tmp_path).sha256 == small.sha256


def test_photographs_become_digits_and_are_told(tmp_path: Path, small: Dataset) -> None:
    images = [cv2.resize(image, (56, 56)) for image in small.train.images]
    put_table(tmp_path / "digits.parquet", Digits(np.stack(images), small.train.labels), ".jpg")
    loaded = load_dataset(tmp_path / "digits.parquet")
    assert (len(loaded.train), len(loaded.test)) == (50, 10)
    assert any("60 of 60 pictures of 56×56 pixels brought to 28×28" in remark for remark in loaded.remarks)


def test_other_columns_and_plain_bytes_are_read(tmp_path: Path, small: Dataset) -> None:
    for part, digits in (("train", small.train), ("test", small.test)):
        pictures = [encoded(image) for image in digits.images]
        table = pyarrow.table({"writer": ["me"] * len(digits), "img": pictures, "target": digits.labels})
        parquet.write_table(table, tmp_path / f"{part}.parquet")
    assert load_dataset(tmp_path).sha256 == small.sha256


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"a": [1]}, "expected the columns image and label, found a"),
        ({"image": [b"1"]}, "no labels, only image"),
        ({"image": [b"1"], "label": [1]}, "row 1: not a picture, or damaged"),
        ({"image": [None], "label": [1]}, "a picture without bytes"),
        ({"image": ["text"], "label": [1]}, "a picture without bytes"),
        (
            {"image": [encoded(np.zeros((28, 28), np.uint8))], "label": ["one"]},
            "a label that is not a whole number: one",
        ),
        ({"image": [encoded(np.zeros((28, 28), np.uint8))], "label": [None]}, "a label that is not a whole number"),
    ],
    ids=["columns", "no labels", "no picture", "nothing", "text", "word", "no label"],
)
def test_other_tables_are_refused(tmp_path: Path, columns: dict[str, Any], why: str) -> None:
    parquet.write_table(pyarrow.table(columns), tmp_path / "digits.parquet")
    message = refusal(lambda: load_dataset(tmp_path / "digits.parquet"))
    assert message.startswith(f"{tmp_path / 'digits.parquet'}: ")
    assert why in message


def test_what_is_written_has_the_features_that_datasets_reads(tmp_path: Path, small: Dataset) -> None:
    save_dataset(small, tmp_path / "digits", file_format="parquet")
    schema = parquet.read_schema(tmp_path / "digits" / "train-00000-of-00001.parquet")
    assert b'"_type": "ClassLabel"' in schema.metadata[b"huggingface"]
    assert schema.names == ["image", "label"]


def test_without_pyarrow_its_name_is_in_the_error(
    tmp_path: Path, small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_table(tmp_path / "train.parquet", small.train)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ModuleNotFoundError, match="pyarrow"):
        load_dataset(tmp_path)
