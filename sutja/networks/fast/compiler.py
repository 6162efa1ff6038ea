"""The compiled kernels: built once for a processor, a compiler and a source, and kept in the user's cache folder.

The translation units are compiled side by side.

A library's name holds the SHA-256 of what it is built from and of its own content. So another compiler, processor or
version never loads it, and a damaged one is noticed and built again.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from sutja.errors import SutjaError
from sutja.files import exclusive, whole_file

SOURCE_FOLDER = Path(__file__).parent / "kernels"
COMPILERS = ("g++", "clang++", "c++")
COMPILER_FLAGS = ("-O3", "-march=native", "-std=gnu++17", "-fno-math-errno", "-fno-trapping-math", "-fPIC", "-pthread")
COMPILER_SECONDS = 600  # after which the compiler is stopped
DIGEST_CHARACTERS = 32


class UnbuiltError(SutjaError):
    """The kernels cannot be built on this machine."""


def kernel_library() -> Path:
    """The path of the compiled kernels, built first where they are not; two processes never build at the same time.

    Raises `UnbuiltError` with the reason where there is no compiler, it fails, or nothing can be stored.
    """
    compiler = _find_compiler()
    folder = cache_folder()
    key = _key(compiler)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if (found := _stored(folder, key)) is not None:
            return found
        with exclusive(folder / f"{key}.lock"):
            return _stored(folder, key) or _build(compiler, folder, key)
    except OSError as error:
        raise UnbuiltError(f"{folder}: {error.strerror}") from error


def cache_folder() -> Path:
    """The user's cache folder for compiled kernels."""
    if sys.platform == "darwin" and "XDG_CACHE_HOME" not in os.environ:
        return Path.home() / "Library" / "Caches" / "sutja" / "kernels"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sutja" / "kernels"


def _find_compiler() -> str:
    if sys.platform == "win32":
        raise UnbuiltError("the kernels are for Linux and macOS")
    found = next(filter(None, map(shutil.which, COMPILERS)), None)
    if found is None:
        raise UnbuiltError("there is no C++ compiler")
    return found


def _key(compiler: str) -> str:
    """The SHA-256 of what the library depends on."""
    sources = [path.name.encode() + b"\0" + path.read_bytes() for path in sorted(SOURCE_FOLDER.iterdir())]
    version = _run([compiler, "--version"])
    described = "\0".join([version, *COMPILER_FLAGS, platform.machine(), _processor_flags()]).encode()
    return _digest(b"\0".join([*sources, described]))


def _processor_flags() -> str:
    """The instructions of the processor, as far as the system tells them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), platform.processor())


def _stored(folder: Path, key: str) -> Path | None:
    """The library of that key; one whose content is not what its name says is removed."""
    for path in folder.glob(f"{key}-*.so"):
        if path.stem == f"{key}-{_digest(path.read_bytes())}":
            return path
        path.unlink(missing_ok=True)
    return None


def _build(compiler: str, folder: Path, key: str) -> Path:
    with whole_file(folder / f"{key}.building") as partial:
        with TemporaryDirectory() as objects:
            units = {str(path): f"{objects}/{path.stem}.o" for path in sorted(SOURCE_FOLDER.glob("*.cpp"))}
            _run(*([compiler, *COMPILER_FLAGS, "-c", path, "-o", compiled] for path, compiled in units.items()))
            _run([compiler, *COMPILER_FLAGS, "-shared", *units.values(), "-o", str(partial)])
        content = partial.read_bytes()
        path = folder / f"{key}-{_digest(content)}.so"
        partial.write_bytes(content)
    (folder / f"{key}.building").replace(path)
    return path


def _run(*commands: list[str]) -> str:
    """Run commands side by side; returns what they print. Raises `UnbuiltError` if one fails, and ends the others."""
    # Groups of their own: a compiler is several processes, and none must outlive an interrupt or the limit.
    start = functools.partial(
        subprocess.Popen, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    processes: list[subprocess.Popen[str]] = []
    try:
        processes.extend(map(start, commands))
        return "".join(map(_output, processes))
    finally:
        for process in processes:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()


def _output(process: subprocess.Popen[str]) -> str:
    """What a process prints until it ends."""
    name = str(process.args[0]) if isinstance(process.args, list) else str(process.args)
    try:
        output, messages = process.communicate(timeout=COMPILER_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise UnbuiltError(f"{name}: took longer than {COMPILER_SECONDS} s") from error
    if process.returncode:
        raise UnbuiltError(f"{name}: {' '.join(messages.split())}")
    return output


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:DIGEST_CHARACTERS]
