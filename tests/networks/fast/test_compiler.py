"""The kernels are compiled once, by one process, and never loaded when damaged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sutja.errors import UsageError
from sutja.networks.fast import compiler, engine
from sutja.networks.fast.compiler import UnbuiltError, kernel_library
from sutja.networks.fast.engine import accelerated, active_kernels, use_engine
from sutja.networks.model import create

BUILD = "from sutja.networks.fast.compiler import kernel_library; print(kernel_library())"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, sources that compile in no time, and a compiler that counts how often it is called."""
    sources = tmp_path / "kernels"
    sources.mkdir()
    (sources / "kernels.cpp").write_text('extern "C" int sutja_answer() { return 42; }\n', encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(compiler, "SOURCE_FOLDER", sources)
    try:
        compiler._find_compiler()
    except UnbuiltError as error:
        pytest.skip(str(error))
    return tmp_path


def test_a_library_is_built_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = kernel_library()
    monkeypatch.setattr(compiler, "_build", lambda *_: pytest.fail("built again"))
    assert kernel_library() == first
    assert first.is_relative_to(folder)


def test_another_source_is_another_library(folder: Path) -> None:
    first = kernel_library()
    (folder / "kernels" / "more.h").write_text("// more\n", encoding="utf-8")
    assert kernel_library() != first


def test_a_damaged_library_is_built_again(folder: Path) -> None:
    path = kernel_library()
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert kernel_library().read_bytes() == content


def test_nothing_is_left_beside_the_library(folder: Path) -> None:
    path = kernel_library()
    assert {each.suffix for each in path.parent.iterdir()} == {".so", ".lock"}


def test_two_processes_build_one_library(folder: Path, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    slow = tmp_path / "bin" / "g++"
    slow.parent.mkdir()
    real = compiler._find_compiler()
    slow.write_text(
        f'#!/bin/sh\ncase "$1" in --version) ;; *) echo x >> {calls}; sleep 0.5;; esac\nexec {real} "$@"\n',
        encoding="utf-8",
    )
    slow.chmod(0o755)
    script = (
        f"import os, pathlib; from sutja.networks.fast import compiler\n"
        f"compiler.SOURCE_FOLDER = pathlib.Path({str(folder / 'kernels')!r})\n"
        f"os.environ['PATH'] = {str(slow.parent)!r} + ':' + os.environ['PATH']\n{BUILD}"
    )
    processes = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    paths = {process.communicate()[0] for process in processes}
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(paths) == 1
    assert calls.read_text(encoding="utf-8") == "x\n" * 2  # one unit compiled, one library linked


def test_a_source_that_does_not_compile_is_one_line(folder: Path) -> None:
    (folder / "kernels" / "kernels.cpp").write_text("nonsense\n", encoding="utf-8")
    with pytest.raises(UnbuiltError) as raised:
        kernel_library()
    assert "\n" not in str(raised.value)
    assert "nonsense" in str(raised.value)


def test_no_compiler_outlives_one_that_fails(folder: Path) -> None:
    slow = [
        sys.executable,
        "-c",
        f"import pathlib, time; time.sleep(60); pathlib.Path({str(folder / 'late')!r}).touch()",
    ]
    with pytest.raises(UnbuiltError, match="nonsense"):
        compiler._run([sys.executable, "-c", "import nonsense"], slow)
    assert not (folder / "late").exists()


def test_a_folder_that_cannot_be_written_is_one_line(folder: Path) -> None:
    (folder / "cache").write_text("a file", encoding="utf-8")
    with pytest.raises(UnbuiltError, match="cache"):
        kernel_library()


def test_without_a_compiler_pytorch_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    engine._load.cache_clear()
    try:
        with use_engine("auto"):
            assert active_kernels() is None
            assert accelerated(create("lenet5", seed=0)) is None
        with pytest.raises(UsageError, match="--engine torch"), use_engine("fast"):
            pass
    finally:
        engine._load.cache_clear()


def test_an_engine_ends_with_its_block() -> None:
    with use_engine("torch"):
        assert active_kernels() is None
    with pytest.raises(UsageError, match="engine"), use_engine("quick"):
        pass
    assert active_kernels() is None
