"""Which files of a data set are for training and which for testing, by their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sutja.data.formats.container import Container
from sutja.data.samples import Samples, UnlabelledError
from sutja.errors import DataError

_START = r"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))"  # of a word, also inside of trainingSet
_TRAIN = re.compile(rf"{_START}(?i:train(ing)?)(?![a-z])")
_TEST = re.compile(rf"({_START}(?i:test(ing)?|t10k)(?![a-z]))|\.t(\.(gz|bz2|xz))?$")
_OTHER = re.compile(rf"{_START}(?i:val(id(ation)?)?|dev|sample|extra)(?![a-z])")

Parts = tuple[Samples, Samples | None]
_LISTED_NAMES = 3  # that a remark lists


class PartNames(NamedTuple):
    """The files for training, those for testing, and those that belong to neither."""

    train: list[str]
    test: list[str]
    unused: list[str]


def part_of(name: str) -> str | None:
    """The part that a file or array belongs to by its name: "train", "test", "other" or, without a word, `None`.

    The last word counts: in `mnist_train/test/0.png` it is "test".
    """
    found = {
        part: max((match.start() for match in pattern.finditer(name)), default=-1)
        for part, pattern in (("train", _TRAIN), ("test", _TEST), ("other", _OTHER))
    }
    last = max(found, key=lambda part: found[part])
    return last if found[last] >= 0 else None


def part_names(names: Sequence[str]) -> PartNames:
    """Sort files into parts. Without the word "train", what names no part is for training, or else everything."""
    by_part: dict[str | None, list[str]] = {}
    for name in names:
        by_part.setdefault(part_of(name), []).append(name)
    for key in ("train", None, "test", "other"):
        if train := by_part.pop(key, []):
            break
    test = by_part.pop("test", [])
    return PartNames(train, test, sorted(name for others in by_part.values() for name in others))


def read_by_parts(
    container: Container, names: Sequence[str], read: Callable[[Container, Sequence[str]], Samples]
) -> Parts:
    """Read the files for training and those for testing, each part by `read`.

    The second is `None` if there is one part only, or if the second has no labels. What is not used is remarked.
    """
    train_names, test_names, unused = part_names(names)
    train = read(container, train_names)
    remarks = _unused_remark(container, unused)
    try:
        test = read(container, test_names) if test_names else None
    except UnlabelledError as error:
        return train.remarked(*remarks, f"{error}; not used"), None
    return train.remarked(*remarks), test


def _unused_remark(container: Container, unused: Sequence[str]) -> tuple[str, ...]:
    if not unused:
        return ()
    more = f" and {len(unused) - _LISTED_NAMES:,} more" if len(unused) > _LISTED_NAMES else ""
    return (f"{container.path}: not used, for they are neither training nor test digits: "
            f"{', '.join(unused[:_LISTED_NAMES])}{more}",)  # fmt: skip


def only_file(container: Container, names: Sequence[str]) -> str:
    """The only one of `names`; raises a `DataError` that lists several."""
    if len(names) > 1:
        listed = ", ".join(names[:_LISTED_NAMES])
        raise DataError(f"{container.path}: which file has the digits? There are {len(names)}: {listed}")
    return names[0]
