"""The environment of a result."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import tomllib
from datetime import datetime
from pathlib import Path

import pytest

import sutja
from sutja import __version__, environment
from sutja.environment import (
    EXTRA_OF_MODULE,
    commit,
    describe_environment,
    free_cores,
    install_command,
    missing_module_hint,
    processor,
)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that contains the package, like a clone."""
    module = tmp_path / "sutja" / "environment.py"
    module.parent.mkdir()
    module.write_text("code\n")
    monkeypatch.setattr(environment, "__file__", str(module))
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def git(folder: Path, *words: str) -> str:
    me = ["-c", "user.name=me", "-c", "user.email=me@example.org", "-c", "commit.gpgsign=false"]
    run = subprocess.run(["git", "-C", str(folder), *me, *words], capture_output=True, text=True, check=True)
    return run.stdout.strip()


def committed(folder: Path) -> str:
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return git(folder, "rev-parse", "HEAD")


def test_the_commit_of_a_checkout(checkout: Path) -> None:
    assert commit() is None
    assert commit() != committed(checkout)
    assert commit() == git(checkout, "rev-parse", "HEAD")


def test_changes_are_reported_but_new_files_are_not(checkout: Path) -> None:
    first = committed(checkout)
    (checkout / "notes.txt").write_text("new")
    assert commit() == first
    (checkout / "sutja" / "environment.py").write_text("other code\n")
    assert commit() == f"{first}+changes"


def test_new_results_and_pages_are_not_changes_of_the_code(checkout: Path) -> None:
    files = [
        checkout / "README.md",
        checkout / "results" / "start-up.json",
        checkout / "docs" / "images" / "curves.png",
    ]
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("old")
    first = committed(checkout)
    for path in files:
        path.write_text("new")
    assert commit() == first
    (checkout / "sutja" / "environment.py").write_text("other code\n")
    assert commit() == f"{first}+changes"


@pytest.mark.parametrize("content", [None, "gitdir: nowhere"])
def test_a_checkout_that_git_cannot_read_has_no_commit(checkout: Path, content: str | None) -> None:
    if content is None:
        (checkout / ".git").mkdir()
    else:
        (checkout / ".git").write_text(content)
    assert commit() is None


def test_without_git_there_is_no_commit(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    committed(checkout)
    monkeypatch.setenv("PATH", str(checkout))
    assert commit() is None


def test_the_description_is_plain_values() -> None:
    described = describe_environment()
    assert json.loads(json.dumps(described)) == described
    assert described["sutja"] == __version__
    assert described["python"] == platform.python_version()
    assert described["cores"] >= 1
    assert datetime.fromisoformat(described["started"]).utcoffset() is not None


def test_installed_packages_have_versions_and_absent_ones_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "REPORTED_PACKAGES", ("numpy", "no-such-package"))
    packages = describe_environment()["packages"]
    assert packages["numpy"][0].isdigit()
    assert packages["no-such-package"] is None


def test_the_processor_has_a_name() -> None:
    assert processor()
    assert "\n" not in processor()


def test_an_extra_is_installed_from_the_clone_that_is_run_or_else_by_name(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert install_command("train") == 'pip install "sutja[train]"'
    (checkout / "pyproject.toml").touch()
    assert install_command("train") == f'pip install "{checkout}[train]"'
    monkeypatch.chdir(checkout)
    assert install_command("train") == 'pip install ".[train]"'


def test_the_hint_for_a_missing_module_names_an_extra_that_there_is() -> None:
    project = tomllib.loads((Path(sutja.__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(EXTRA_OF_MODULE.values()) <= set(project["optional-dependencies"])
    hint = missing_module_hint("torch.nn")
    assert hint is not None
    assert hint.startswith("torch is not installed: the extra 'train' brings it: pip install")
    assert missing_module_hint("no_such_module") is None
    assert missing_module_hint(None) is None


class Clock:
    """The time, and the time that this process computed: it passes only where somebody waits."""

    def __init__(self, stat: Path, ticks: str, own_seconds: float) -> None:
        self.stat, self.ticks, self.own_seconds, self.computed = stat, ticks, own_seconds, 0.0

    def process_time(self) -> float:
        return self.computed

    def sleep(self, seconds: float) -> None:
        self.stat.write_text(self.ticks)
        self.computed += self.own_seconds


@pytest.mark.parametrize(
    ("ticks", "own_seconds", "free"),
    [
        ("cpu 100 0 0 300 0 0 0 0 0 0", 0, 1.5),  # of two processors: of programs, of nice ones, of the system, idle
        ("cpu 300 0 100 0 0 0 0 0 0 0", 0, 0.0),
        ("cpu 200 200 0 0 0 0 0 0 0 0", 0, 1.0),  # nice programs make way
        ("cpu 0 0 0 200 200 0 0 0 0 0", 0, 2.0),  # who waits for disks does not compute
        ("cpu 200 0 0 200 0 0 0 0 0 0", 0.1, 1.5),  # half a core was this process
        ("cpu 0 0 0 0 0 0 0 0 0 0", 0, None),
        ("intr 1 2 3", 0, None),
        ("cpu one two", 0, None),
    ],
)
def test_free_cores_are_those_on_which_no_other_program_computes(
    ticks: str, own_seconds: float, free: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu 0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0")
    monkeypatch.setattr(environment, "PROC_STAT", stat)
    monkeypatch.setattr(environment, "time", Clock(stat, ticks, own_seconds))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert free_cores() == (None if free is None else pytest.approx(free))


def test_where_the_system_does_not_tell_nobody_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "PROC_STAT", tmp_path / "none")
    assert free_cores() is None
