"""Picture files whose names end in their label: `train/00012_7.png`, as in the tars of courses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sutja.data.digits import Digits
from sutja.data.formats.container import Container
from sutja.data.formats.parts import Parts
from sutja.data.formats.picture_files import PICTURE_SUFFIX, numbered_pictures, read_labelled_pictures, write_picture

NAMED_FILE_PATTERN = re.compile(rf"(?:.*/)?\d{{1,9}}_(\d{{1,3}}){PICTURE_SUFFIX}", re.IGNORECASE | re.DOTALL)


def read_named(container: Container, names: Sequence[str]) -> Parts:
    """Read the pictures `<index>_<label>.png`. Raises `DataError`."""
    matches = {name: NAMED_FILE_PATTERN.fullmatch(name) for name in names}
    return read_labelled_pictures(container, {name: int(match[1]) for name, match in matches.items() if match})


def write_named(folder: Path, train: Digits, test: Digits) -> None:
    """Write the pictures `train/000012_7.png`, numbered in their order."""
    for name, label, content in numbered_pictures(train, test):
        write_picture(folder / name.parent / f"{name.stem}_{label}.png", content)
