"""Atomic writes, of files and folders that appear complete or not at all; and JSON files of one dataclass each."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import math
import os
import re
import stat
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

from sutja.errors import DataError, StorageError, SutjaError

T = TypeVar("T")

CHECKSUM_FIELD = "sha256"  # of a JSON file: the SHA-256 of its other fields


def open_regular(path: Path) -> IO[bytes]:
    """Open a regular file for reading; never waits for the writer of a named pipe.

    Raises `OSError`, also for a file of another kind.
    """
    return os.fdopen(_open_regular(path, os.O_RDONLY), "rb")


def _open_regular(path: Path, flags: int) -> int:
    """The descriptor of a regular file, opened with `flags`."""
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0), 0o666)
    kind = os.fstat(handle).st_mode
    if not stat.S_ISREG(kind):
        os.close(handle)
        code = errno.EISDIR if stat.S_ISDIR(kind) else errno.EINVAL
        raise OSError(code, os.strerror(code) if stat.S_ISDIR(kind) else "not a regular file", str(path))
    return handle


def require_unpacked(folder: Path, content: str, failure: type[SutjaError]) -> None:
    """Raise `failure` if a folder of this package is not on the disk, as when Python imports it from a zip archive."""
    if not folder.is_dir():
        raise failure(f"{folder}: no such folder: install sutja unpacked, not as a zip, to use its {content}")


def resolved(path: Path) -> Path:
    """The absolute path without symbolic links; a loop of links, which `Path.resolve` refuses, stays a link."""
    return Path(os.path.realpath(path))


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success, move it to `path`, otherwise delete it.

    Follows symbolic links. Raises `SutjaError` if `path` exists and is not a regular file; an `OSError` names `path`.
    """
    path = resolved(path)
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise SutjaError(f"{path}: not a regular file, so it is not replaced")
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(path.parent, path.name)
    partial = _partial(path, path.parent)
    try:  # nothing exists yet: an interrupt leaves nothing, wherever it comes
        yield partial
        partial.replace(path)
    except OSError as error:
        if error.errno and error.filename in (None, str(partial)):
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
    inside = path if path.is_dir() and not replace else path.parent
    remove_abandoned(inside, path.name)
    partial = _partial(path, inside)
    try:
        partial.mkdir()
        yield partial
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
        _remove_tree(partial)


def remove_folder(path: Path) -> None:
    """Delete a folder, or a link to one. It is renamed first, so that no partial folder is left at `path`."""
    renamed = _partial(path, path.parent)
    path.rename(renamed)
    if renamed.is_symlink():
        renamed.unlink()
    _remove_tree(renamed)


def remove_abandoned(folder: Path, name: str = "") -> None:
    """Delete temporary files and folders, of `name` or of any, that killed processes of this machine left behind."""
    for path in folder.glob(f".{_escaped(name) or '*'}.*.partial*"):
        owner = re.search(r"\.([^.]*)-(\d+)-[0-9a-f]{8}\.partial(\.\w+)?$", path.name)
        if owner and owner[1] == _host() and not _is_alive(int(owner[2])):
            if path.is_dir() and not path.is_symlink():
                _remove_tree(path)
            else:
                path.unlink(missing_ok=True)


def _remove_tree(path: Path) -> None:
    import shutil  # takes two milliseconds, which reading a picture need not

    shutil.rmtree(path, ignore_errors=True)


def _escaped(name: str) -> str:
    """`name` for `Path.glob`, with none of its characters special."""
    return re.sub(r"([*?[])", r"[\1]", name)


def _partial(path: Path, folder: Path) -> Path:
    """A temporary name for `path` in `folder`, which says which process of which machine is writing."""
    return folder / f".{path.name}.{_host()}-{os.getpid()}-{os.urandom(4).hex()}.partial{path.suffix}"


def _host() -> str:
    name = os.uname().nodename if sys.platform != "win32" else os.environ.get("COMPUTERNAME", "")
    return re.sub(r"\W", "_", name)


def _is_alive(process: int) -> bool:
    if sys.platform == "win32":
        return True  # there os.kill would end the process instead of looking for it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return not _is_unreaped(process)


def _is_unreaped(process: int) -> bool:
    """Whether a process has ended and only its parent does not know yet, as under a first process that never waits."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:  # without such a file, as on macOS
        return False
    return status.rpartition(")")[2].split()[:1] == ["Z"]


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, atomically."""
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_through(path: Path, content: bytes | None) -> None:
    """Write `content` to `path` atomically, and flush the file and its folder entry to disk.

    Not safe for concurrent writes to the same path. With `None`, only flush the entries of the folder `path`.
    """
    if content is not None:
        partial = _partial(path, path.parent)
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
def exclusive(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold an exclusive lock on the file `path`, waiting for it; the system releases it if the process dies.

    Raises `StorageError` if `path` cannot be a file, and, unless it is to `wait`, if another process holds the lock.
    """
    try:
        handle = _open_regular(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror}") from error
    with os.fdopen(handle, "r+b") as file:
        try:
            _lock(file, wait=wait)
        except OSError as error:
            raise StorageError(f"{path}: another process is using it") from error
        try:
            yield
        finally:
            _unlock(file)


def _lock(file: IO[bytes], *, wait: bool) -> None:
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


def _unlock(file: IO[bytes]) -> None:
    if sys.platform == "win32":  # elsewhere closing the file does it
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)


def sealed_line(values: dict[str, Any]) -> bytes:
    """A JSON object on a line of its own, with the SHA-256 of the others as the last field."""
    text = json.dumps(values)
    return f'{text[:-1]}, "{CHECKSUM_FIELD}": "{hashlib.sha256(text.encode()).hexdigest()}"}}\n'.encode()


def unsealed(line: bytes) -> dict[str, Any]:
    """The object on a line that `sealed_line` made; raises `ValueError` for any other line."""
    seal_length = len(f', "{CHECKSUM_FIELD}": ""}}\n') + 2 * hashlib.sha256().digest_size
    text = line[:-seal_length] + b"}"
    if line != text[:-1] + f', "{CHECKSUM_FIELD}": "{hashlib.sha256(text).hexdigest()}"}}\n'.encode():
        raise ValueError(f"the line is not that of its {CHECKSUM_FIELD}")
    values: dict[str, Any] = json.loads(text)
    return values


def write_json(path: Path, value: Any) -> None:
    """Write a dataclass to `path` as JSON, one field per line and last its checksum, whole or not at all."""
    write_text(path, to_json(value))


def read_json(kind: type[T], path: Path, failure: type[SutjaError] = DataError) -> T:
    """Read what `write_json` wrote; raises `failure`, which names the file, for anything else."""
    try:
        return from_json(kind, path.read_text(encoding="utf-8"))
    except OSError as error:
        raise failure(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise failure(f"{path}: damaged: {error}") from error


def to_json(value: Any) -> str:
    """A dataclass as a JSON object, one field per line, with the SHA-256 of all others as the last field."""
    values = dataclasses.asdict(value)
    return json.dumps({**values, CHECKSUM_FIELD: _checksum(values)}, indent=2, ensure_ascii=False) + "\n"


def from_json(kind: type[T], text: str) -> T:
    """The dataclass `kind` that `to_json` wrote.

    Fields with a default may be missing. Numbers must be finite. A class with a `from_json(text, name)` of its own is
    read by it. Raises `ValueError` for a field that is missing, unknown or of another type, and says which, and for
    values that differ from those that were written, by their checksum.
    """
    try:
        values = json.loads(text, parse_constant=_refuse_constant)
        checksum = values.pop(CHECKSUM_FIELD, None) if isinstance(values, dict) else None
        value: T = _decode(kind, values, "")
        if checksum != _checksum(values):
            raise ValueError(f"its values are not those of its {CHECKSUM_FIELD}")
    except (RecursionError, OverflowError, TypeError, SutjaError) as error:
        raise ValueError(str(error)) from error
    return value


def _checksum(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _decode(kind: Any, value: Any, name: str) -> Any:
    """The JSON `value` as `kind`; `name` is the path of its field, as in `members[0].weight`."""
    origin, arguments = get_origin(kind), get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(kind, value, name)
    if origin in (Union, types.UnionType):
        return None if value is None and type(None) in arguments else _decode(_chosen(arguments, value), value, name)
    if origin in (list, tuple) and isinstance(value, list):
        return origin(_decode(arguments[0], each, f"{name}[{index}]") for index, each in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {key: _decode(arguments[1], each, f"{name}.{key}") for key, each in value.items()}
    if kind is float and type(value) is int:
        value = float(value)
    if origin is Literal:
        fits = isinstance(value, str) and value in arguments
    else:
        fits = kind is Any or (type(value) is kind and not (kind is float and not math.isfinite(value)))
    if not fits:
        expected = f"one of {', '.join(arguments)}" if origin is Literal else f"of the type {(origin or kind).__name__}"
        raise ValueError(f"{name or 'value'} = {str(value)[:40]!r} is not {expected}")
    return value


def _decode_dataclass(kind: Any, value: Any, name: str) -> Any:
    prefix = f"{name}: " if name else ""
    if not isinstance(value, dict):
        raise ValueError(f"{prefix}not a JSON object")
    if hasattr(kind, "from_json"):
        return kind.from_json(json.dumps(value), name)
    fields = dataclasses.fields(kind)
    missing = {each.name for each in fields if each.default is each.default_factory is dataclasses.MISSING}
    differing = sorted((value.keys() - {each.name for each in fields}) | (missing - value.keys()))
    if differing:
        raise ValueError(f"{prefix}missing or unknown: {', '.join(differing)[:100]}")
    hints, dot = get_type_hints(kind), f"{name}." if name else ""
    return kind(**{field: _decode(hints[field], each, dot + field) for field, each in value.items()})


def _chosen(kinds: tuple[Any, ...], value: Any) -> Any:
    """The one of several kinds that a value is of: of dataclasses, the one with exactly its fields."""
    kinds = tuple(kind for kind in kinds if kind is not type(None))
    for kind in kinds if isinstance(value, dict) else ():
        if dataclasses.is_dataclass(kind) and value.keys() == {each.name for each in dataclasses.fields(kind)}:
            return kind
    return kinds[0]


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a finite number")


def checksums(*paths: Path) -> dict[str, str]:
    """The SHA-256 of files, by their names."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
