"""Packages are really imported, and what ends Python on import ends only a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from sutja.cli.diagnosis import packages
from sutja.cli.diagnosis.packages import ImportedPackage, check_packages, import_group
from sutja.cli.diagnosis.requirements import BASE, DeclaredExtra, Requirement
from sutja.environment import install_command

MODULES = {
    "sound": "__version__ = '2.1'\nprint('a line of its own')",
    "crashing": "import os\nos.abort()",
    "raising": "raise RuntimeError('no such instruction')",
    "needing": "import nowhere_to_be_found",
    "ending": "raise SystemExit(3)",
}


@pytest.fixture(autouse=True)
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules of each kind, which the process that imports them finds."""
    for name, code in MODULES.items():
        (tmp_path / f"{name}.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def declare(monkeypatch: pytest.MonkeyPatch, **extras: DeclaredExtra) -> None:
    base = DeclaredExtra([Requirement("sound", "2.0")])
    monkeypatch.setattr(packages, "declared_extras", lambda: {BASE: base, **extras})


def test_each_package_is_imported_whatever_those_before_it_did() -> None:
    names = ["crashing", "sound", "raising", "absent", "needing", "ending"]
    found = {each.requirement.package: each for each in import_group([Requirement(name, "") for name in names])}
    assert list(found) == names
    assert found["sound"].version == "2.1"
    assert found["absent"].is_missing
    assert found["crashing"].error.startswith("its import ends Python with the code ")
    assert found["raising"].error == "RuntimeError: no such instruction"
    assert found["needing"].error == "it needs nowhere_to_be_found, which is not installed"
    assert found["ending"].error == "SystemExit: 3"


def test_an_import_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "waiting.py").write_text("import threading\nthreading.Event().wait()")
    monkeypatch.setattr(packages, "IMPORT_SECONDS", 0.5)
    (found,) = import_group([Requirement("waiting", "")])
    assert found.error == "its import takes more than 0.5 seconds"


def test_a_version_that_is_too_old_is_a_fault() -> None:
    old = ImportedPackage(Requirement("onnxruntime", "1.20"), "1.9.0")
    assert old.fault == "onnxruntime 1.9.0 is too old: at least 1.20 is needed"


def test_an_extra_that_is_not_installed_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = DeclaredExtra([Requirement("sound", ""), Requirement("absent", "")])
    declare(monkeypatch, train=absent, sklearn=DeclaredExtra([Requirement("sound", "")], ["train"]))
    base, train, sklearn = check_packages()
    assert (base.state, base.text) == ("ok", "sound 2.1")
    assert (train.state, train.text, train.advice) == ("note", "not installed: absent", install_command("train"))
    assert (sklearn.state, sklearn.text) == ("note", "needs the extra train, which does not work")
    assert not any(each.exit_code for each in (base, train, sklearn))


def test_an_extra_without_packages_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, scans=DeclaredExtra())
    _, scans = check_packages()
    assert (scans.state, scans.text) == ("note", "the installed package is older than this code, and does not know it")


def test_a_package_that_cannot_be_imported_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, train=DeclaredExtra([Requirement("raising", "")]))
    _, train = check_packages()
    assert (train.state, train.exit_code) == ("broken", 1)
    assert train.text == "raising cannot be imported: RuntimeError: no such instruction"
    assert install_command("train") in train.advice


@pytest.mark.parametrize(("package", "why"), [("absent", "is not installed"), ("sound", "is too old: at least 3.0")])
def test_sutja_itself_needs_all_its_packages(package: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "declared_extras", lambda: {BASE: DeclaredExtra([Requirement(package, "3.0")])})
    (base,) = check_packages()
    assert (base.state, base.exit_code) == ("broken", 1)
    assert why in base.text
