"""Fetch the fonts that generated documents are written in: `python -m tools.fonts [FOLDER]`.

The fonts are those of `sutja/synth/documents/fonts.csv`: npm packages under the Open Font Licence or a similar one,
fetched with `npm pack` and used for training only. Fonts that are there already are kept, so an interrupted fetch goes
on where it stopped.
"""

from __future__ import annotations

import argparse
import io
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from fontTools.merge import Merger
from fontTools.ttLib import TTFont

from sutja.errors import DataError, SutjaError
from sutja.files import whole_file
from sutja.synth.documents.fonts import FONT_FOLDER, FontEntry, read_font_table

NPM_SECONDS = 300
SUBSETS = ("latin", "latin-ext", "vietnamese", "cyrillic", "korean", "devanagari", "bengali", "malayalam", "tamil")
LAYOUT_TABLES = ("GSUB", "GPOS", "GDEF")
FILE_OF_WEIGHT = re.compile(r"package/files/(?P<stem>.+)-(?P<weight>\d00)-normal\.woff$")


def main(arguments: list[str] | None = None) -> int:
    """Fetch what is missing in the folder; say one line for each font that cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m tools.fonts", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=FONT_FOLDER, help=f"default: {FONT_FOLDER}")
    folder = parser.parse_args(arguments).folder
    try:
        missing = fetch_fonts(read_font_table(), folder)
    except SutjaError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{folder}: {len(list(folder.glob('*.ttf')))} fonts, {missing} missing")
    return 0


def fetch_fonts(entries: Iterable[FontEntry], folder: Path) -> int:
    """Fetch the fonts that `folder` lacks, a package at a time; the number of those that cannot be had."""
    wanted = [entry for entry in entries if not (folder / f"{entry.name}.ttf").is_file()]
    packages = [(key, list(group)) for key, group in groupby(sorted(wanted, key=_package), key=_package)]
    missing = 0
    for number, (package, fonts) in enumerate(packages, 1):
        print(f"\r{number}/{len(packages)} {package:50}", end="", file=sys.stderr, flush=True)
        try:
            _fetch_package(package, fonts, folder)
        except DataError as error:
            missing += len(fonts)
            print(f"\rskipped: {error}", file=sys.stderr)
    print(file=sys.stderr)
    return missing


def _package(entry: FontEntry) -> str:
    return entry.package


def _fetch_package(package: str, entries: list[FontEntry], folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        archive = pack(package, Path(scratch))
        for entry in entries:
            with whole_file(folder / f"{entry.name}.ttf") as partial:
                build_font(archive, entry, partial)


def pack(package: str, folder: Path) -> Path:
    """Download a package into `folder`; raises `DataError` if npm cannot have it, `SutjaError` if there is no npm."""
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), package]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=NPM_SECONDS, check=False)
    except FileNotFoundError as error:
        raise SutjaError("npm is not installed, and the fonts come from it") from error
    except subprocess.TimeoutExpired as error:
        raise DataError(f"{package}: npm pack took more than {NPM_SECONDS} seconds") from error
    archives = list(folder.glob("*.tgz"))
    if done.returncode or not archives:
        raise DataError(f"{package}: npm pack failed")
    return archives[0]


def build_font(archive: Path, entry: FontEntry, path: Path) -> None:
    """Write one TrueType file of all subsets of a package that documents use; raises `DataError` if there is none."""
    with tarfile.open(archive) as package:
        members = {match["stem"]: match[0] for match in _files_of_weight(package.getnames(), entry)}
        stems = [stem for stem in (entry.family, *(f"{entry.family}-{s}" for s in SUBSETS)) if stem in members]
        parts = [content.read() for stem in stems if (content := package.extractfile(members[stem]))]
    if not parts:
        raise DataError(f"{entry.package}: has no font {entry.name}")
    try:
        merged = merge_parts(parts)
    except Exception:  # some fonts' layout tables are beyond fontTools' merger: it raises whatever it met
        merged = merge_parts(parts, without=LAYOUT_TABLES)
    merged.save(path)


def _files_of_weight(names: list[str], entry: FontEntry) -> list[re.Match[str]]:
    """The files of the weight that is closest to the entry's."""
    matches = [match for name in names if (match := FILE_OF_WEIGHT.match(name))]
    weights = {int(match["weight"]) for match in matches}
    closest = min(weights, key=lambda weight: (abs(weight - entry.weight), weight), default=0)
    return [match for match in matches if int(match["weight"]) == closest]


def merge_parts(parts: list[bytes], *, without: Iterable[str] = ()) -> TTFont:
    """One font of the signs of all parts, which are WOFF files of one font; `without` names tables to leave out."""
    fonts = []
    for part in parts:
        font = TTFont(io.BytesIO(part))
        font.flavor = None
        for table in without:
            if table in font:
                del font[table]
        fonts.append(font)
    return fonts[0] if len(fonts) == 1 else _merged(fonts)


def _merged(fonts: list[TTFont]) -> TTFont:
    with tempfile.TemporaryDirectory() as scratch:
        paths = [Path(scratch) / f"{number}.ttf" for number in range(len(fonts))]
        for font, path in zip(fonts, paths, strict=True):
            font.save(path)
        return Merger().merge([str(path) for path in paths])


if __name__ == "__main__":
    sys.exit(main())
