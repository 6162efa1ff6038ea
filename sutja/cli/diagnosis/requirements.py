"""The packages that sutja and its extras need, as the package declares them."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from sutja.environment import EXTRA_OF_MODULE
from sutja.files import resolved

CLONE = resolved(Path(__file__)).parents[3]
MODULE_OF_PACKAGE = {  # where it is not the package's name
    "fonttools": "fontTools",
    "opencv-python-headless": "cv2",
    "pillow": "PIL",
    "scikit-learn": "sklearn",
}
BASE = ""  # stands for the packages that every installation needs
USER_EXTRAS = tuple(dict.fromkeys(EXTRA_OF_MODULE.values()))
REQUIREMENT = re.compile(r"""([\w.-]+)(?:\[([^]]*)\])?(?:>=([\d.]+))?(?:\s*;\s*extra\s*==\s*["']([\w-]+)["'])?""")


@dataclass(frozen=True)
class Requirement:
    """A package, and the least version that is good enough; "" where any is."""

    package: str
    minimum: str

    @property
    def module(self) -> str:
        """The module that the package brings."""
        return MODULE_OF_PACKAGE.get(self.package, self.package.replace("-", "_"))

    def is_met_by(self, version: str) -> bool:
        """Whether a version, such as "2.13.0+cpu", is new enough."""
        return _numbers(version) >= _numbers(self.minimum)


@dataclass
class DeclaredExtra:
    """What an extra needs: packages, and other extras of sutja."""

    requirements: list[Requirement] = field(default_factory=list)
    includes: list[str] = field(default_factory=list)


def declared_extras(clone: Path = CLONE) -> dict[str, DeclaredExtra]:
    """What sutja itself needs, under `BASE`, and what each extra needs.

    It is what the `pyproject.toml` of a clone says, else the installed package.
    """
    extras = {BASE: DeclaredExtra(), **{name: DeclaredExtra() for name in USER_EXTRAS}}
    for line in _declared_lines(clone / "pyproject.toml"):
        match = REQUIREMENT.fullmatch(line)
        if match is None or (extra := match[4] or BASE) not in extras:
            continue
        if match[1] == "sutja":
            extras[extra].includes += match[2].split(",")
        else:
            extras[extra].requirements.append(Requirement(match[1], match[3] or ""))
    _separate(extras)
    return extras


def _separate(extras: dict[str, DeclaredExtra]) -> None:
    """Name the extras that an extra includes: an installed package lists their packages among its own."""
    whole = {name: set(each.requirements) for name, each in extras.items()}
    for name, declared in extras.items():
        for other in extras:
            if other and whole[other] and whole[other] < whole[name]:
                declared.includes.append(other)
                declared.requirements = [each for each in declared.requirements if each not in whole[other]]


def _declared_lines(project: Path) -> list[str]:
    """The requirements in the form of an installed package, as `torch>=2.9; extra == "train"`."""
    if not project.is_file():
        return importlib.metadata.requires("sutja") or []
    values = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    extras = values["optional-dependencies"].items()
    return [*values["dependencies"], *(f'{line}; extra == "{name}"' for name, lines in extras for line in lines)]


def _numbers(version: str) -> list[int]:
    """The leading numbers of a version, without zeros at the end."""
    match = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(each) for each in match[0].split(".")] if match else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return numbers
