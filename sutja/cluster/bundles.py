"""Files that travel to the nodes of a cluster, once to each, and are unpacked there once."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sutja.errors import DataError
from sutja.files import whole_file, whole_folder

LAST_FILES = ("run.json", "report.json")  # say that a folder is a run's, and that it is finished


@dataclass(frozen=True)
class Bundle:
    """The files of a folder by their paths in it, as in `figures/curves.png`."""

    files: Mapping[str, bytes]

    @classmethod
    def of(cls, *paths: Path) -> Bundle:
        """The files at these paths, by their names; of a folder, all that are in it, under its name."""
        files: dict[str, bytes] = {}
        for path in paths:
            found = sorted(path.rglob("*")) if path.is_dir() else [path]
            files |= {each.relative_to(path.parent).as_posix(): each.read_bytes() for each in found if each.is_file()}
        return cls(files)

    @property
    def sha256(self) -> str:
        """The SHA-256 of all names and contents."""
        digest = hashlib.sha256()
        for name, content in sorted(self.files.items()):
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()

    def unpack(self) -> Path:
        """The folder with these files in this node's temporary folder; written by the first process that needs it."""
        folder = Path(tempfile.gettempdir()) / f"sutja-cluster-{self.sha256}"
        if not folder.is_dir():
            with whole_folder(folder, replace=True) as partial:
                write_files(partial, self.files)
        return folder


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder, each whole or not at all, and those last that say what the folder is.

    Raises `DataError` for a name that leads out of the folder.
    """
    for name in sorted(files, key=lambda each: (each in LAST_FILES, each == LAST_FILES[-1], each)):
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts or "\\" in name or ":" in name:
            raise DataError(f"{name[:80]!r}: a file of this name is not taken from a node")
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as partial:
            partial.write_bytes(files[name])


class ChangedFiles:
    """What has changed in a folder since it was last asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[int, int]] = {}

    def take(self) -> dict[str, bytes]:
        """The files that are new or have changed, without temporary ones, by their paths in the folder."""
        changed = {}
        for path in sorted(self._folder.rglob("*")):
            name = path.relative_to(self._folder)
            if not path.is_file() or any(part.startswith(".") for part in name.parts):
                continue
            state = (path.stat().st_mtime_ns, path.stat().st_size)
            if self._known.get(name.as_posix()) != state:
                changed[name.as_posix()] = path.read_bytes()
                self._known[name.as_posix()] = state
        return changed
