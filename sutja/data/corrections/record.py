"""A correction: the label that a person gives to one digit, and its record, a line of JSON with checksums."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import CLASS_COUNT, SIDE_PIXELS
from sutja.errors import DataError

MAX_PICTURE_BYTES = 10 << 20
MAX_BOX_PIXELS = 1_000_000  # no side or offset of a box is longer
ID_PATTERN = re.compile(r"[0-9a-f]{8}")
SUFFIX_BY_SIGNATURE = {  # first bytes of a picture file → suffix of its name
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8": "jpg",
    b"RIFF": "webp",
    b"BM": "bmp",
    b"II*\0": "tif",
    b"MM\0*": "tif",
    b"GIF8": "gif",
    b"\0\0\0\x0cjP  \r\n": "jp2",
    **{b"P%d" % number: "pnm" for number in range(1, 7)},
}
PICTURE_NAME_PATTERN = re.compile(rf"[0-9a-f]{{32}}\.({'|'.join(sorted(set(SUFFIX_BY_SIGNATURE.values())))})")


@dataclass(frozen=True, eq=False)
class Correction:
    """The label that a person gives to a digit: `image uint8 (28, 28)`, light ink on black, shows `label`.

    `guess` is the reader's prediction and `confidence` its confidence in [0, 1]. `box` is the position of the digit in
    its picture: left, top, width, height in pixels.
    """

    image: NDArray[np.uint8]
    label: int
    guess: int | None = None
    confidence: float | None = None
    box: tuple[int, int, int, int] | None = None

    def __post_init__(self) -> None:
        """Validate the fields. Raises `DataError`."""
        shape = (SIDE_PIXELS, SIDE_PIXELS)
        if self.image.dtype != np.uint8 or self.image.shape != shape:
            raise DataError(f"correction: image {self.image.dtype} {self.image.shape} instead of uint8 {shape}")
        for name, digit in (("label", self.label), ("guess", self.guess)):
            if (name == "label" or digit is not None) and not (type(digit) is int and 0 <= digit < CLASS_COUNT):
                raise DataError(f"correction: {name} {digit!r} is not a digit from 0 to {CLASS_COUNT - 1}")
        value = self.confidence
        if value is not None and not (type(value) in (int, float) and 0 <= value <= 1 and math.isfinite(value)):
            raise DataError(f"correction: confidence {value!r} is not from 0 to 1")
        box = self.box
        if box is not None and not (
            isinstance(box, tuple)
            and len(box) == 4
            and all(type(side) is int and abs(side) <= MAX_BOX_PIXELS for side in box)
        ):
            raise DataError(f"correction: box {self.box!r} is not left, top, width and height in pixels")


@dataclass(frozen=True)
class CorrectionRecord:
    """A line of the records file: a correction without its pixels; `picture` names a file in `pictures/`.

    `digit_sha256` is the checksum of the pixels.
    """

    id: str
    time: str
    label: int
    guess: int | None
    confidence: float | None
    box: tuple[int, int, int, int] | None
    picture: str | None
    digit_sha256: str
    text: str = field(repr=False, compare=False)


def picture_suffix(picture: bytes) -> str:
    """The file name suffix for a picture, by its content. Raises `DataError` if it is not a picture or too large."""
    if len(picture) > MAX_PICTURE_BYTES:
        raise DataError(f"the picture has {len(picture):,} bytes; the maximum is {MAX_PICTURE_BYTES:,}")
    for signature, suffix in SUFFIX_BY_SIGNATURE.items():
        if picture.startswith(signature) and (suffix != "webp" or picture[8:12] == b"WEBP"):
            return suffix
    raise DataError("the picture is not a PNG, JPEG, WebP, BMP, TIFF, GIF, JPEG 2000 or PNM file")


def format_record(correction: Correction, identifier: str, picture: str | None) -> str:
    """Format a correction as a record made now: a line of JSON with its newline; `picture` is a file name."""
    values: dict[str, Any] = {
        "id": identifier,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "label": correction.label,
        "guess": correction.guess,
        "confidence": correction.confidence,
        "box": correction.box,
        "picture": picture,
        "digit_sha256": pixels_sha256(correction.image),
    }
    return json.dumps({**values, "sha256": record_sha256(values)}) + "\n"


def pixels_sha256(image: NDArray[np.uint8]) -> str:
    """The SHA-256 of the pixels of a digit, row by row, as its record holds it."""
    return hashlib.sha256(image.tobytes()).hexdigest()


def record_sha256(values: dict[str, Any]) -> str:
    """The SHA-256 of all other values of a record."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def format_records(records: Iterable[CorrectionRecord]) -> bytes:
    """The content of the records file: a line for each record, and a closing line with their number and checksum.

    The file is always written whole: one that was cut has another closing line, or none.
    """
    lines = [record.text for record in records]
    content = "".join(lines).encode()
    closing = {"corrections": len(lines), "sha256": hashlib.sha256(content).hexdigest()}
    return content + json.dumps(closing).encode() + b"\n"


def parse_records(content: bytes, path: Path) -> list[CorrectionRecord]:
    """Parse what `format_records` has made; an editor may have dropped the last newline.

    Raises a `DataError` that says what is damaged and which command keeps the rest.
    """
    lines = content.removesuffix(b"\n").split(b"\n")
    advice = f"`sutja corrections {path.parent} --repair` keeps the sound lines"
    records = []
    for number, line in enumerate(lines[:-1], 1):
        try:
            records.append(parse_record(line.decode() + "\n"))
        except (ValueError, DataError) as error:
            raise DataError(f"{path}: line {number} is damaged: {error}; {advice}") from error
    if content.removesuffix(b"\n") + b"\n" != format_records(records):
        raise DataError(f"{path}: damaged: its last line does not close the {len(records)} before it; {advice}")
    if len({record.id for record in records}) < len(records):
        raise DataError(f"{path}: damaged: two lines have the same id; {advice}")
    return records


def salvage_records(content: bytes) -> tuple[list[CorrectionRecord], int]:
    """The sound records in a damaged file, of each id the first, and the number of all other lines.

    The closing line does not count, damaged or not.
    """
    records: dict[str, CorrectionRecord] = {}
    others = 0
    for line in filter(None, content.split(b"\n")):
        try:
            record = parse_record(line.decode() + "\n")
        except (ValueError, DataError):
            others += not line.startswith(b'{"corrections": ')
            continue
        others += record.id in records
        records.setdefault(record.id, record)
    return list(records.values()), others


def parse_record(text: str) -> CorrectionRecord:
    """Parse a line. Raises `ValueError` or `DataError` for anything that `format_record` does not write."""
    try:
        values = json.loads(text)
    except (RecursionError, json.JSONDecodeError) as error:
        raise ValueError("not JSON") from error
    checksums = {"digit_sha256", "sha256"}
    names = {"id", "time", "label", "guess", "confidence", "box", "picture"} | checksums
    if isinstance(values, dict) and set(values) == names - checksums:
        raise ValueError("it has no checksums, as those of earlier versions")
    if not isinstance(values, dict) or set(values) != names:
        raise ValueError(f"not an object with {', '.join(sorted(names))}")
    if values.pop("sha256") != record_sha256(values):
        raise ValueError("its checksum is wrong")
    if not isinstance(values["id"], str) or not ID_PATTERN.fullmatch(values["id"]):
        raise ValueError("the id is invalid")
    if not isinstance(values["time"], str) or not re.fullmatch(r"[0-9T:+-]{19,25}", values["time"]):
        raise ValueError("the time is invalid")
    if not isinstance(values["digit_sha256"], str) or not re.fullmatch(r"[0-9a-f]{64}", values["digit_sha256"]):
        raise ValueError("the checksum of the digit is invalid")
    picture = values["picture"]
    if picture is not None and not (isinstance(picture, str) and PICTURE_NAME_PATTERN.fullmatch(picture)):
        raise ValueError("the name of the picture is invalid")
    if isinstance(values["box"], list):
        values["box"] = tuple(values["box"])
    fields = {name: values[name] for name in ("label", "guess", "confidence", "box")}
    Correction(np.zeros((SIDE_PIXELS, SIDE_PIXELS), np.uint8), **fields)  # validates them
    return CorrectionRecord(**values, text=text)
