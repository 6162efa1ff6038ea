"""Zip files of the folders of data sets, reproducible to the byte."""

from __future__ import annotations

import zipfile
from pathlib import Path

PACKED_SUFFIXES = (".gz", ".png", ".parquet", ".mat")  # which do not become smaller
_FIRST_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can hold


def write_zip(path: Path, folder: Path) -> None:
    """Write all files below `folder` into a zip file, in the order of their names."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(each for each in folder.rglob("*") if each.is_file()):
            member = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _FIRST_DATE)
            member.compress_type = zipfile.ZIP_STORED if file.suffix in PACKED_SUFFIXES else zipfile.ZIP_DEFLATED
            with file.open("rb") as source, archive.open(member, "w") as target:
                while part := source.read(1 << 20):
                    target.write(part)
