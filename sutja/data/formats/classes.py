"""Folders of classes: each picture lies in a folder that is called by its digit, as in `train/7/any.png`.

There may be a folder for training and one for testing, or one that has to be split. Folders that are called otherwise
are classes of these names, in their order: `train/A/any.png`. Folders that are written have numbers, since `a` and `A`
are the same on many file systems; `classes.txt` has the names.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from sutja.data.class_names import listed_names
from sutja.data.digits import Digits
from sutja.data.formats.container import Container
from sutja.data.formats.parts import Parts, part_of
from sutja.data.formats.picture_files import PICTURE_SUFFIX, numbered_pictures, read_labelled_pictures, write_picture
from sutja.errors import DataError

CLASS_FILE_PATTERN = re.compile(rf"(?:.*/)?[^/]+/[^/]+{PICTURE_SUFFIX}", re.IGNORECASE | re.DOTALL)
_NUMBERED = re.compile(r"(?:class|digit|label)?[ _-]?(\d{1,2})", re.IGNORECASE)
_NUMBER = re.compile(r"\d+|\D+")


def read_classes(container: Container, names: Sequence[str]) -> Parts:
    """Read the pictures in folders of classes. Raises `DataError`."""
    folders = {name: PurePosixPath(name).parent.name for name in names}
    numbers = {name: int(match[1]) for name, folder in folders.items() if (match := _NUMBERED.fullmatch(folder))}
    named = _in_named_folders(names)
    if not named and not numbers:
        raise DataError(f"{container.path}: not the folder of a data set: pictures without labels, as {names[0]}")
    if not named.keys() - numbers.keys():
        return read_labelled_pictures(container, numbers)
    words = sorted({*named.values()}, key=_natural_order)
    class_names = listed_names(words, f"{container.path}: the folders of classes")
    labels = {name: words.index(folder) for name, folder in named.items()}
    train, test = read_labelled_pictures(container, labels)
    return replace(train, class_names=class_names), test


def _in_named_folders(names: Sequence[str]) -> dict[str, str]:
    """The folder of each picture that lies in one of several that lie side by side and name no part."""
    places = {name: PurePosixPath(name).parent for name in names}
    classes = {place for place in places.values() if place.name and part_of(place.name) is None}
    counts = Counter(place.parent for place in classes)
    words = {place.name for place in classes if counts[place.parent] > 1}
    return {name: place.name for name, place in places.items() if place.name in words}


def _natural_order(word: str) -> list[tuple[float, str]]:
    """A key by which `2` comes before `10`, and both before `A`."""
    return [(int(part), "") if part.isdecimal() else (math.inf, part) for part in _NUMBER.findall(word)]


def write_classes(folder: Path, train: Digits, test: Digits) -> None:
    """Write the pictures `train/7/000012.png`, numbered in their order."""
    for name, label, content in numbered_pictures(train, test):
        write_picture(folder / name.parent / str(label) / name.name, content)
