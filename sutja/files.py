"""Files and folders that are written whole or not at all."""

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
    """Yield a temporary path beside `path`; move it there when the block ends well, delete it otherwise.

    A link is followed. Raises `SutjaError` when `path` is there and no ordinary file; an `OSError` names `path`.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise SutjaError(f"{path}: not an ordinary file: it is not replaced")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(0o666 & ~_umask())  # mkstemp makes files that only their owner can read
        partial.replace(path)
    except OSError as error:
        if error.errno and error.filename in (None, name):
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; move it there when the block ends well, delete it otherwise.

    Into a folder that lies at `path` already only the new files are moved: what else is in it stays. The temporary
    folder lies in it then, for it may be a disk of its own. With `replace` the old folder goes as a whole instead, when
    the new one is complete. An `OSError` that names no file names `path`.
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
                    raise SutjaError(f"{path / file.name}: a folder is in the way")
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
    """Delete a folder, or the link to one: it loses its name in one step, so that no half of it is left under it."""
    aside = path.with_name(f".{path.name}.replaced-{os.getpid()}")
    path.rename(aside)
    if aside.is_symlink():
        aside.unlink()
    shutil.rmtree(aside, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all."""
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_through(path: Path, content: bytes | None) -> None:
    """Write `content` to `path`, whole or not at all, and return when it is on the disk, its name too.

    Two must not do so with the same path at once. With `None` only the names in the folder `path` are made to last.
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
    if sys.platform != "win32":  # where folders cannot be opened
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait until nobody else holds the lock file `path`, and hold it: it is let go of when the process dies, too."""
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
            yield  # closing the file lets go


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
