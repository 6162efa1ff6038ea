"""The names of the classes of a data set: the ten digits, unless its files or its user say otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from sutja.errors import DataError, UsageError

MIN_CLASSES, MAX_CLASSES = 2, 100
MAX_NAME_CHARACTERS = 40


@dataclass(frozen=True)
class ClassNames:
    """The names of 1 to 100 classes, in the order of their labels: label 0 first. No two are the same."""

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        """Raises `DataError` for too many classes, and for a name that is empty, too long, unprintable or doubled."""
        if not 1 <= len(self.names) <= MAX_CLASSES:
            raise DataError(_wrong_count(len(self.names)))
        for place, name in enumerate(self.names):
            if not (name and name == name.strip() and name.isprintable() and len(name) <= MAX_NAME_CHARACTERS):
                raise DataError(f"the name of class {place} is {name!r}: 1 to {MAX_NAME_CHARACTERS} signs are possible")
        if doubled := [name for place, name in enumerate(self.names) if name in self.names[:place]]:
            raise DataError(f"two classes are called {doubled[0]}")

    @classmethod
    def numbered(cls, count: int) -> Self:
        """So many classes, called by their labels: "0", "1" and so on."""
        return cls(tuple(str(label) for label in range(count)))

    def __len__(self) -> int:
        """The number of classes."""
        return len(self.names)

    def __getitem__(self, label: int) -> str:
        """The name of the class with a label."""
        return self.names[label]

    def __iter__(self) -> Iterator[str]:
        """The names in the order of their labels."""
        return iter(self.names)

    @property
    def are_digits(self) -> bool:
        """Whether the classes are the ten digits."""
        return self == DIGIT_NAMES

    @property
    def word(self) -> str:
        """What one of them is called: a "digit" or a "class"."""
        return "digit" if self.are_digits else "class"

    @property
    def summary(self) -> str:
        """How many and which they are, in a few words: "47 classes (0, 1, 2 … t)"."""
        if self.are_digits:
            return "the ten digits"
        few = ", ".join(self.names) if len(self) <= 4 else f"{', '.join(self.names[:3])} … {self.names[-1]}"
        return f"{len(self)} classes ({few})"

    @property
    def recorded(self) -> tuple[str, ...] | None:
        """The names as files record them: none for the ten digits, which are the default."""
        return None if self.are_digits else self.names


DIGIT_NAMES = ClassNames.numbered(10)


def recorded_names(names: Sequence[str] | None) -> ClassNames:
    """The class names that a file records: those of the ten digits if it has none. Raises `DataError`."""
    return DIGIT_NAMES if names is None else ClassNames(tuple(names))


def listed_names(names: Sequence[str], place: str) -> ClassNames:
    """The class names that the file `place` lists. Raises a `DataError` that names it, also for a single class."""
    try:
        if len(names) < MIN_CLASSES:
            raise DataError(_wrong_count(len(names)))
        return ClassNames(tuple(names))
    except DataError as error:
        raise DataError(f"{place}: {error}") from error


def parse_class_names(text: str) -> ClassNames:
    """The classes of a text: their number, as in `47`, or their names, as in `A,B,C`. Raises `UsageError`."""
    try:
        if text.strip().isdecimal():
            count = int(text[:9])
            return listed_names([str(label) for label in range(min(count, MAX_CLASSES + 1))], f"--classes {text}")
        return listed_names([name.strip() for name in text.split(",")], f"--classes {text}")
    except DataError as error:
        raise UsageError(str(error)) from error


def _wrong_count(count: int) -> str:
    number = f"more than {MAX_CLASSES} classes" if count > MAX_CLASSES else f"{count} class{'es' if count != 1 else ''}"
    return f"{number}: {MIN_CLASSES} to {MAX_CLASSES} are possible"
