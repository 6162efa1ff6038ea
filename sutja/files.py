"""Atomic writes: files and folders that appear complete or not at all."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sutja.errors import SutjaError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success, move it to `path`, otherwise delete it.

    Follows symbolic links. Raises `SutjaError` if `path` exists and is not a regular file; an `OSError` names `path`.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise SutjaError(f"{path}: not a regular file, so it is not replaced")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(0o666 & ~_umask())  # mkstemp creates files that only their owner can read
        partial.replace(path)
    except OSError as error:
        if error.errno and error.filename in (None, name):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; on success, move it to `path`, otherwise delete it.

    If the folder `path` exists, move only the new files into it and keep its other files; the temporary folder is then
    created inside `path`, which may be a mount point. With `replace`, the complete new folder replaces the old one
    instead. An `OSError` without a file name gets `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(
        tempfile.mkdtemp(prefix=f".{path.name}.", dir=path if path.is_dir() and not replace else path.parent)
    )
    try:
        yield partial
        partial.chmod(0o777 & ~_umask())
        if replace and path.exists():
            remove_folder(path)
        if path.exists():
            for file in partial.iterdir():
                if (path / file.name).is_dir():
                    raise SutjaError(f"{path / file.name}: is a folder, so it is not replaced")
            for file in partial.iterdir():
                file.replace(path / file.name)
        else:
            partial.replace(path)
    except OSError as error:
        if error.errno and error.filename is None:
            error.filename = str(path)
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def remove_folder(path: Path) -> None:
    """Delete a folder, or a link to one. It is renamed first, so that no partial folder is left at `path`."""
    renamed = path.with_name(f".{path.name}.replaced-{os.getpid()}")
    path.rename(renamed)
    if renamed.is_symlink():
        renamed.unlink()
    shutil.rmtree(renamed, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, atomically."""
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_through(path: Path, content: bytes | None) -> None:
    """Write `content` to `path` atomically, and flush the file and its folder entry to disk.

    Not safe for concurrent writes to the same path. With `None`, only flush the entries of the folder `path`.
    """
    if content is not None:
        partial = path.with_name(f".{path.name}.partial")
        try:
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise
        path = path.parent
    if sys.platform != "win32":  # Windows cannot open folders
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on the file `path`, waiting for it; the system releases it if the process dies."""
    with path.open("ab") as file:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
            try:
                yield
            finally:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
            yield  # closing the file releases the lock


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
