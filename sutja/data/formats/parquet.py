"""Parquet as Hugging Face has it: a row for each digit with the bytes of its picture file, and its label.

Needs pyarrow, which the extra `parquet` brings. Shards (`train-00000-of-00002.parquet`) are read one after the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from sutja.data.class_names import ClassNames, listed_names
from sutja.data.digits import SIDE_PIXELS, Digits
from sutja.data.formats import MAX_ARRAY_BYTES
from sutja.data.formats.container import MAX_FILES, Container
from sutja.data.formats.parts import Parts, read_by_parts
from sutja.data.pictures.fit import MAX_DIGIT_FILE_BYTES, PictureCounts, decode_picture_of_digit
from sutja.data.samples import Samples, UnlabelledError
from sutja.errors import DataError

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.parquet

PARQUET_FILE_PATTERN = re.compile(r".*\.parquet", re.IGNORECASE | re.DOTALL)
_IMAGE_NAMES, _LABEL_NAMES = ("image", "img", "picture"), ("label", "labels", "digit", "class", "target")
_ROWS_AT_ONCE = 1000


def read_parquet(container: Container, names: Sequence[str]) -> Parts:
    """Read the training and test digits in Parquet files. Raises `DataError`; `ImportError` without pyarrow."""
    import pyarrow  # noqa: F401  # before all else: what is missing is said first

    return read_by_parts(container, names, _read_shards)


def _read_shards(container: Container, names: Sequence[str]) -> Samples:
    labels: list[int] = []
    images = bytearray()  # the images one after the other: a list of arrays would be copied
    counts = PictureCounts()
    class_names = _read_class_names(container, names[0])
    for name in names:
        for content, label in _rows(container, name):
            place = f"{container.place(name)}: row {len(labels) + 1:,}"
            images += decode_picture_of_digit(content, place, counts).tobytes()
            labels.append(label)
    place = container.place(names[0])
    pixels = np.frombuffer(images, np.uint8).reshape(-1, SIDE_PIXELS, SIDE_PIXELS)
    return Samples(pixels, np.array(labels, np.int64), place, place, counts.remarks(place), class_names)


def _rows(container: Container, name: str) -> Iterator[tuple[bytes, int]]:
    """The bytes of each picture and its label."""
    place = container.place(name)
    with _open_table(container, name) as table:
        image, label = _columns(table, place)
        for batch in table.iter_batches(_ROWS_AT_ONCE, columns=[image, label]):
            for picture, number in zip(batch.column(image).to_pylist(), batch.column(label).to_pylist(), strict=True):
                yield _picture_bytes(picture, place), _label(number, place)


def _read_class_names(container: Container, name: str) -> ClassNames | None:
    """The names that the library `datasets` keeps for the labels, where there are any."""
    place = container.place(name)
    with _open_table(container, name) as table:
        label = _columns(table, place)[1]
        try:
            features = json.loads((table.schema_arrow.metadata or {})[b"huggingface"])["info"]["features"]
            names = features[label]["names"]
        except (KeyError, TypeError, ValueError):
            return None
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        return None
    return listed_names(names, f"{place}: the names of the labels")


@contextmanager
def _open_table(container: Container, name: str) -> Iterator[pyarrow.parquet.ParquetFile]:
    """Open a Parquet file. What fails meanwhile is a `DataError`."""
    import pyarrow
    import pyarrow.parquet

    place = container.place(name)
    try:
        with container.open(name) as file:
            source = pyarrow.BufferReader(file.read(MAX_ARRAY_BYTES)) if container.is_zip else file
            yield pyarrow.parquet.ParquetFile(source, page_checksum_verification=True)
    except pyarrow.ArrowException as error:
        raise DataError(f"{place}: not a readable Parquet file: {' '.join(str(error).split())[:200]}") from error


def _columns(table: pyarrow.parquet.ParquetFile, place: str) -> tuple[str, str]:
    """The names of the columns of pictures and labels. Raises `DataError` also for more than is bearable."""
    names = table.schema_arrow.names
    image, label = (next((each for each in known if each in names), "") for known in (_IMAGE_NAMES, _LABEL_NAMES))
    if image and not label:
        raise UnlabelledError(f"{place}: no labels, only {', '.join(names[:8])}")
    if not image:
        raise DataError(f"{place}: expected the columns image and label, found {', '.join(names[:8]) or 'nothing'}")
    facts = table.metadata
    groups = [facts.row_group(number) for number in range(facts.num_row_groups)]
    sizes = [group.column(number).total_uncompressed_size for group in groups for number in range(group.num_columns)]
    if facts.num_rows > MAX_FILES or max(sizes, default=0) > MAX_ARRAY_BYTES:
        raise DataError(f"{place}: more than {MAX_FILES:,} rows, or than {MAX_ARRAY_BYTES:,} bytes in a column")
    return image, label


def _picture_bytes(picture: Any, place: str) -> bytes:
    content = picture.get("bytes") if isinstance(picture, dict) else picture
    if not isinstance(content, bytes) or len(content) > MAX_DIGIT_FILE_BYTES:
        raise DataError(f"{place}: a picture without bytes, or with more than {MAX_DIGIT_FILE_BYTES:,}")
    return content


def _label(number: Any, place: str) -> int:
    if not isinstance(number, int) or isinstance(number, bool):
        raise DataError(f"{place}: a label that is not a whole number: {str(number)[:20]}")
    return number


def write_parquet(folder: Path, train: Digits, test: Digits) -> None:
    """Write `train-00000-of-00001.parquet` and its like for testing, with the features that `datasets` reads."""
    import pyarrow
    import pyarrow.parquet

    label = {"names": [*train.class_names], "_type": "ClassLabel"}
    features = {"info": {"features": {"image": {"_type": "Image"}, "label": label}}}
    image_type = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    schema = pyarrow.schema([("image", image_type), ("label", pyarrow.int64())], {"huggingface": json.dumps(features)})
    for part, digits in (("train", train), ("test", test)):
        pictures = [{"bytes": cv2.imencode(".png", image)[1].tobytes(), "path": None} for image in digits.images]
        table = pyarrow.table({"image": pictures, "label": digits.labels}, schema=schema)
        path = folder / f"{part}-00000-of-00001.parquet"
        pyarrow.parquet.write_table(table, path, row_group_size=_ROWS_AT_ONCE, write_page_checksum=True)
