"""What sutja and its extras need, as the package declares it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from sutja.cli.diagnosis.requirements import BASE, REQUIREMENT, DeclaredExtra, Requirement, declared_extras
from sutja.environment import EXTRA_OF_MODULE
from tests.cli.commands import ROOT


def test_every_extra_for_users_has_its_packages() -> None:
    extras = declared_extras()
    assert extras.keys() == {BASE, *EXTRA_OF_MODULE.values()}
    assert all(each.requirements for each in extras.values())
    assert Requirement("onnxruntime", "1.20") in extras[BASE].requirements
    assert extras["doubts"].includes == ["sklearn"]
    assert {each.module for each in extras["train"].requirements} >= {"torch", "PIL", "fontTools"}


def test_every_declared_requirement_has_the_form_that_is_understood() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(line for lines in project["optional-dependencies"].values() for line in lines)]
    assert [line for line in lines if not REQUIREMENT.fullmatch(line)] == []


def test_without_a_clone_the_installed_package_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["numpy>=1.26", "torch>=2.9; extra == 'train'", "scikit-learn; extra == 'sklearn'", "ruff; extra == 'dev'"]
    lines.append("torch>=2.9; extra == 'sklearn'")  # as some builders resolve sutja[train]
    monkeypatch.setattr("importlib.metadata.requires", lambda name: lines)
    extras = declared_extras(tmp_path)
    assert extras[BASE].requirements == [Requirement("numpy", "1.26")]
    assert extras["train"].requirements == [Requirement("torch", "2.9")]
    assert extras["sklearn"] == DeclaredExtra([Requirement("scikit-learn", "")], ["train"])
    assert "dev" not in extras


@pytest.mark.parametrize(
    ("minimum", "version", "is_met"),
    [
        ("1.20", "1.20.0", True),
        ("1.20", "1.9.9", False),
        ("2.9", "2.13.0+cpu", True),
        ("6", "6", True),
        ("0.0.18", "0.0.9", False),
        ("", "unknown", True),
        ("2.0", "2.0rc1", True),
    ],
)
def test_versions_are_compared_as_numbers(minimum: str, version: str, is_met: bool) -> None:
    assert Requirement("some", minimum).is_met_by(version) == is_met
