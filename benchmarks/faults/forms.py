"""A form of files: how a sound sample is made, which files of it are damaged and how, and how it is read."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.material import Material
from benchmarks.faults.mutations import Random, mutate
from benchmarks.faults.pictures import PNG_SIGNATURE

Damage = Callable[[bytes, Random], tuple[str, bytes]]
DATA, USAGE_OR_DATA, MODEL, FOLDER = frozenset({3}), frozenset({2, 3}), frozenset({4}), frozenset({3, 4})


@dataclass(frozen=True)
class Form:
    """A form of files, one row of the table.

    `make` writes a sound sample into an empty folder. `files` are the patterns of the files in it that are damaged, by
    `damage`; without one the sample itself is hostile. `read` reads the folder and returns what it holds. Where the
    form is `checksummed`, another value than the sample's is a fault. `command` are the words of a command line that
    reads the sample at `entry`, "{}" in them.
    """

    name: str
    part: str
    make: Callable[[Path, Material], None]
    read: Callable[[Path], object]
    files: tuple[str, ...] = ("*",)
    exit_codes: frozenset[int] = DATA
    checksummed: bool = True
    damage: Damage | None = mutate
    entry: str = "."
    command: tuple[str, ...] = ()


def through(unwrap: Callable[[bytes], bytes], wrap: Callable[[bytes, bytes], bytes]) -> Damage:
    """Damage the content of a container, then rebuild the container with correct checksums."""

    def damage(content: bytes, random: Random) -> tuple[str, bytes]:
        name, inner = mutate(unwrap(content), random)
        return name, wrap(content, inner)

    return damage


def repair_png(_: bytes, content: bytes) -> bytes:
    """A PNG with the checksum of each chunk made right."""
    repaired, at = bytearray(content), len(PNG_SIGNATURE)
    while at + 12 <= len(content):
        end = at + 8 + int.from_bytes(content[at : at + 4], "big")
        if end + 4 > len(content):
            break
        repaired[end : end + 4] = zlib.crc32(content[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(repaired)


def first_member(content: bytes) -> bytes:
    """The first file in a zip archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(archive.namelist()[0])


def replace_first_member(content: bytes, member: bytes) -> bytes:
    """A zip archive with another first file."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for number, name in enumerate(archive.namelist()):
            new.writestr(name, archive.read(name) if number else member)
    return made.getvalue()


MATLAB_HEADER_BYTES = 128


def first_matlab_array(content: bytes) -> bytes:
    """The first array in a MATLAB file, unpacked."""
    (size,) = struct.unpack_from("<I", content, MATLAB_HEADER_BYTES + 4)
    start = MATLAB_HEADER_BYTES + 8
    return zlib.decompress(content[start : start + size])


def replace_first_matlab_array(content: bytes, array: bytes) -> bytes:
    """A MATLAB file with another first array, packed with a correct checksum."""
    (size,) = struct.unpack_from("<I", content, MATLAB_HEADER_BYTES + 4)
    kind, rest = content[MATLAB_HEADER_BYTES:][:4], content[MATLAB_HEADER_BYTES + 8 + size :]
    packed = zlib.compress(array)
    return content[:MATLAB_HEADER_BYTES] + kind + struct.pack("<I", len(packed)) + packed + rest


def first_png(content: bytes) -> bytes:
    """The first file in a tar archive."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        file = archive.extractfile(archive.getmembers()[0])
        assert file is not None
        return file.read()


def replace_first_png(content: bytes, png: bytes) -> bytes:
    """A tar archive with another first PNG, whose checksums are made right."""
    made, png = io.BytesIO(), repair_png(b"", png)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive, tarfile.open(fileobj=made, mode="w") as new:
        for number, member in enumerate(archive.getmembers()):
            file = archive.extractfile(member)
            assert file is not None
            inner = file.read() if number else png
            member.size = len(inner)
            new.addfile(member, io.BytesIO(inner))
    return made.getvalue()
