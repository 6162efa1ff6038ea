"""Folders of classes: each picture lies in a folder that is called by its digit, as in `train/7/any.png`.

There may be a folder for training and one for testing, or one that has to be split.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sutja.data.digits import Digits
from sutja.data.formats.container import Container
from sutja.data.formats.parts import Parts
from sutja.data.formats.picture_files import PICTURE_SUFFIX, numbered_pictures, read_labelled_pictures, write_picture

CLASS_FILE_PATTERN = re.compile(
    rf"(?:.*/)?(?:class|digit|label)?[ _-]?(\d{{1,2}})/[^/]+{PICTURE_SUFFIX}", re.IGNORECASE | re.DOTALL
)


def read_classes(container: Container, names: Sequence[str]) -> Parts:
    """Read the pictures in folders of classes. Raises `DataError`."""
    matches = {name: CLASS_FILE_PATTERN.fullmatch(name) for name in names}
    return read_labelled_pictures(container, {name: int(match[1]) for name, match in matches.items() if match})


def write_classes(folder: Path, train: Digits, test: Digits) -> None:
    """Write the pictures `train/7/000012.png`, numbered in their order."""
    for name, label, content in numbered_pictures(train, test):
        write_picture(folder / name.parent / str(label) / name.name, content)
