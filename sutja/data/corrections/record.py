"""A correction: what a person says of one digit, and the line of a file that tells it."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import CLASS_COUNT, SIDE_PIXELS
from sutja.errors import DataError

MOST_BYTES = 10 << 20  # of a picture
FARTHEST = 1_000_000  # pixels: further from the corner of its picture is no box
ID = re.compile(r"[0-9a-f]{8}")
KINDS = {  # how the content of a picture file begins → the suffix of its name
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
PICTURE = re.compile(rf"[0-9a-f]{{32}}\.({'|'.join(sorted(set(KINDS.values())))})")


@dataclass(frozen=True, eq=False)
class Correction:
    """What a person says of one digit: `image uint8 (28, 28)`, light ink on black, shows the digit `label`.

    `guess` is what the reader thought and `confidence`, from 0 to 1, how sure it was; `box` is where the digit stands
    in its picture: left, top, width, height in pixels.
    """

    image: NDArray[np.uint8]
    label: int
    guess: int | None = None
    confidence: float | None = None
    box: tuple[int, int, int, int] | None = None

    def __post_init__(self) -> None:
        """Raises `DataError` for what cannot be."""
        if self.image.dtype != np.uint8 or self.image.shape != (SIDE_PIXELS, SIDE_PIXELS):
            raise DataError(
                f"a correction: {self.image.dtype} {self.image.shape} instead of uint8 ({SIDE_PIXELS}, {SIDE_PIXELS})"
            )
        for name, digit in (("label", self.label), ("guess", self.guess)):
            if (name == "label" or digit is not None) and not (type(digit) is int and 0 <= digit < CLASS_COUNT):
                raise DataError(f"a correction: the {name} {digit!r} is no digit from 0 to {CLASS_COUNT - 1}")
        sure = self.confidence
        if sure is not None and not (type(sure) in (int, float) and 0 <= sure <= 1 and math.isfinite(sure)):
            raise DataError(f"a correction: the confidence {sure!r} is not from 0 to 1")
        if self.box is not None and not (
            len(self.box) == 4 and all(type(side) is int and abs(side) <= FARTHEST for side in self.box)
        ):
            raise DataError(f"a correction: the box {self.box!r} is not left, top, width and height in pixels")


@dataclass(frozen=True)
class Line:
    """A line of the file: all of a correction but its pixels; `picture` is the name of a file in `pictures/`."""

    id: str
    time: str
    label: int
    guess: int | None
    confidence: float | None
    box: tuple[int, int, int, int] | None
    picture: str | None
    text: str = field(repr=False, compare=False)


def picture_kind(picture: bytes) -> str:
    """The suffix for a picture file by its content; raises `DataError` when it is no picture or too large."""
    if len(picture) > MOST_BYTES:
        raise DataError(f"the picture has {len(picture):,} bytes: at most {MOST_BYTES:,} are kept")
    for start, kind in KINDS.items():
        if picture.startswith(start) and (kind != "webp" or picture[8:12] == b"WEBP"):
            return kind
    raise DataError("the picture is none: neither PNG nor JPEG, WebP, BMP, TIFF, GIF, JPEG 2000 or PNM")


def line_text(correction: Correction, number: str, picture: str | None) -> str:
    """The line that tells a correction made now, with the name of its picture's file; its newline too."""
    values: dict[str, Any] = {
        "id": number,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "label": correction.label,
        "guess": correction.guess,
        "confidence": correction.confidence,
        "box": correction.box,
        "picture": picture,
    }
    return json.dumps(values) + "\n"


def read_lines(content: bytes, path: Path) -> list[Line]:
    """The lines in the content of the file; the torn beginning of a line at its end is none."""
    whole, newline, rest = content.rpartition(b"\n")
    lines = []
    for number, line in enumerate(whole.split(b"\n") if newline else [], 1):
        try:
            lines.append(parsed(line.decode() + "\n"))
        except (ValueError, DataError) as error:
            raise DataError(
                f"{path}: line {number} is damaged: {error}; a text editor can take the line out"
            ) from error
    if is_line(rest):
        lines.append(parsed(rest.decode() + "\n"))
    if len({line.id for line in lines}) < len(lines):
        raise DataError(f"{path}: damaged: two lines have the same id")
    return lines


def is_line(content: bytes) -> bool:
    """Whether bytes are a whole line, but for the newline at its end."""
    try:
        parsed(content.decode() + "\n")
    except (ValueError, DataError):
        return False
    return True


def parsed(text: str) -> Line:
    """A line by its text. Raises `ValueError` or `DataError` for what `add` would not have written."""
    try:
        values = json.loads(text)
    except (RecursionError, json.JSONDecodeError) as error:
        raise ValueError("not JSON") from error
    needed = {"id", "time", "label", "guess", "confidence", "box", "picture"}
    if not isinstance(values, dict) or set(values) != needed:
        raise ValueError(f"not an object with {', '.join(sorted(needed))}")
    if not isinstance(values["id"], str) or not ID.fullmatch(values["id"]):
        raise ValueError("its id is none")
    if not isinstance(values["time"], str) or not re.fullmatch(r"[0-9T:+-]{19,25}", values["time"]):
        raise ValueError("its time is none")
    picture = values["picture"]
    if picture is not None and not (isinstance(picture, str) and PICTURE.fullmatch(picture)):
        raise ValueError("its picture has a name that no picture here has")
    if isinstance(values["box"], list):
        values["box"] = tuple(values["box"])
    told = {name: values[name] for name in ("label", "guess", "confidence", "box")}
    Correction(np.zeros((SIDE_PIXELS, SIDE_PIXELS), np.uint8), **told)  # raises for values that cannot be
    return Line(**values, text=text)
