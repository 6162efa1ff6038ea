"""Hostile files: small, and made so that whoever believes them needs much memory or time."""

from __future__ import annotations

import gzip
import shutil
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np

from benchmarks.faults.forms import FOLDER, MODEL, Form
from benchmarks.faults.material import Material
from benchmarks.faults.pictures import PNG_SIGNATURE, numbers_picture
from benchmarks.faults.samples import (
    ENSEMBLE_READERS,
    FORMS,
    MODEL_NAME,
    RUN_READERS,
    read_corrections_folder,
    read_data,
    read_picture,
)
from sutja.models.card import Card

DEEP_JSON = b"[" * 100_000
GIGABYTE_DIGITS = 1_369_000  # of 784 bytes: just below a gibibyte
LARGE_PIXELS = 60_000  # of a side that no limit admits
SCANS = 300


def png(width: int, height: int, *, data: bytes = b"", claimed_bytes: int | None = None, twice: bool = False) -> bytes:
    """A grey PNG that declares a size; `claimed_bytes` is the length that its pixel chunk claims."""

    def chunk(kind: bytes, content: bytes, length: int | None = None) -> bytes:
        declared = len(content) if length is None else length
        return struct.pack(">I", declared) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    second = chunk(b"IHDR", struct.pack(">IIBBBBB", LARGE_PIXELS, LARGE_PIXELS, 8, 0, 0, 0, 0)) if twice else b""
    pixels = chunk(b"IDAT", data or zlib.compress(bytes(1000)), claimed_bytes)
    return PNG_SIGNATURE + header + second + pixels + chunk(b"IEND", b"")


def tiff(widths: Sequence[int], heights: Sequence[int], *, rows_per_strip: int = 100) -> bytes:
    """A deflated TIFF whose width and height tags are given once for each value; all strips are the same bytes."""
    strip = zlib.compress(bytes(max(widths) * rows_per_strip), 9)
    strips = max(heights) // rows_per_strip
    entries = [
        *((256, 4, 1, width) for width in widths),
        *((257, 4, 1, height) for height in heights),
        *((tag, 3, 1, value) for tag, value in ((258, 8), (259, 8), (262, 1))),
    ]
    offset = 8 + 2 + 12 * (len(entries) + 4) + 4
    lengths, pixels = offset + 4 * strips, offset + 8 * strips
    entries += [(273, 4, strips, offset), (277, 3, 1, 1), (278, 4, 1, rows_per_strip), (279, 4, strips, lengths)]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    tables = struct.pack(f"<{strips}I", *[pixels] * strips) + struct.pack(f"<{strips}I", *[len(strip)] * strips)
    return b"II*\0" + struct.pack("<I", 8) + directory + struct.pack("<I", 0) + tables + strip


def progressive_jpeg(side: int, scans: int) -> bytes:
    """A progressive JPEG whose last scan is repeated."""
    picture = np.full((side, side), 255, np.uint8)
    content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    start = content.rindex(b"\xff\xda")
    return content[:-2] + content[start:-2] * scans + b"\xff\xd9"


def jpeg_of_two_sizes() -> bytes:
    """A JPEG with a second, large frame header behind the first."""
    content = cv2.imencode(".jpg", numbers_picture())[1].tobytes()
    at = content.index(b"\xff\xc0")
    end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    large = content[at : at + 5] + struct.pack(">HH", LARGE_PIXELS, LARGE_PIXELS) + content[at + 9 : end]
    return content[:end] + large + content[end:]


def webp_of_two_sizes() -> bytes:
    """A WebP whose canvas is smaller than its frame."""
    frame = cv2.imencode(".webp", np.full((7_200, 7_000), 255, np.uint8))[1].tobytes()[12:]
    canvas = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (31).to_bytes(3, "little") + (31).to_bytes(3, "little")
    body = b"WEBP" + canvas + frame
    return b"RIFF" + struct.pack("<I", len(body)) + body


def gif_of_two_sizes() -> bytes:
    """A GIF whose screen is small and whose frame is large."""
    screen = b"GIF89a" + struct.pack("<HH", 10, 10) + b"\x80\0\0" + bytes(6)
    return screen + b"," + struct.pack("<HHHH", 0, 0, 65_535, 65_535) + b"\0\x02\x02\x4c\x01\0;"


def idx(shape: Sequence[int], content: bytes = b"") -> bytes:
    """An IDX file of unsigned bytes that declares a shape."""
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape) + content


def zeros_gzip(head: bytes, size: int) -> bytes:
    """A gzip of `head` and `size` zeros, made piece by piece."""
    made = BytesIO()
    with gzip.GzipFile(fileobj=made, mode="wb", compresslevel=6, mtime=0) as file:
        file.write(head)
        for start in range(0, size, 1 << 24):
            file.write(bytes(min(1 << 24, size - start)))
    return made.getvalue()


def npy_head(shape: Sequence[int], kind: str) -> bytes:
    """The header of a NumPy array."""
    made = BytesIO()
    np.lib.format.write_array_header_1_0(made, {"descr": kind, "fortran_order": False, "shape": tuple(shape)})
    return made.getvalue()


def _write(folder: Path, _: Material, *, files: dict[str, Callable[[], bytes]]) -> None:
    for name, make in files.items():
        (folder / name).write_bytes(make())


def _write_npz(folder: Path, _: Material, *, real: bool) -> None:
    """An archive of data that claims a gibibyte of images; `real` ones are there, as zeros."""
    with zipfile.ZipFile(folder / "digits.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for part in ("train", "test"):
            for name, shape in (("x", (GIGABYTE_DIGITS, 28, 28)), ("y", (GIGABYTE_DIGITS,))):
                with archive.open(f"{name}_{part}.npy", "w", force_zip64=True) as file:
                    file.write(npy_head(shape, "|u1"))
                    for _number in range(int(np.prod(shape)) // (1 << 20) if real else 0):
                        file.write(bytes(1 << 20))
                    file.write(bytes(int(np.prod(shape)) % (1 << 20)) if real else b"")


def _write_tar(folder: Path, _: Material, *, size: int, kind: bytes) -> None:
    member = tarfile.TarInfo("train/0_7.png")
    member.size, member.type = size, kind
    (folder / "train.tar").write_bytes(member.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    shutil.copy(folder / "train.tar", folder / "test.tar")


def _spoil(folder: Path, material: Material, *, form: str, name: str, content: Callable[[], bytes]) -> None:
    """The sample of a form, one file of it replaced."""
    FORMS[form].make(folder, material)
    target = next(folder.glob(name))
    target.write_bytes(content())


def _claiming_npz(names: Sequence[str]) -> bytes:
    """Arrays that claim a terabyte each."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(f"{name}.npy", npy_head((1 << 31, 10, 10), "<f4"))
    return made.getvalue()


def _picture_bombs() -> list[Form]:
    kinds: dict[str, Callable[[], bytes]] = {
        "TIFF, width twice, the large one first": lambda: tiff([40_000, 10], [20_000]),
        "TIFF, width twice, the small one first": lambda: tiff([10, 40_000], [20_000]),
        "TIFF, height twice": lambda: tiff([40_000], [20_000, 10]),
        "TIFF of 800 megapixels": lambda: tiff([40_000], [20_000]),
        "PNG of 3,600 megapixels": lambda: png(LARGE_PIXELS, LARGE_PIXELS),
        "PNG, two headers": lambda: png(28, 28, twice=True),
        "PNG, a chunk that claims 2 GB": lambda: png(28, 28, claimed_bytes=0x7FFF_FFFF),
        "JPEG of 300 scans": lambda: progressive_jpeg(7000, SCANS),
        "JPEG, two headers": jpeg_of_two_sizes,
        "WebP, two sizes": webp_of_two_sizes,
        "GIF, two sizes": gif_of_two_sizes,
        "PNM of 3,600 megapixels": lambda: b"P5 60000 60000 255\n" + bytes(100),
        "nothing": bytes,
    }
    return [
        _bomb(
            f"picture: {name}",
            partial(_write, files={"bomb": make}),
            read_picture,
            entry="bomb",
            command=("read", "{}"),
        )
        for name, make in kinds.items()
    ]


def _bomb(
    name: str,
    make: Callable[[Path, Material], None],
    read: Callable[[Path], object],
    exit_codes: frozenset[int] = frozenset({3}),
    **options: object,
) -> Form:
    return Form(f"bomb: {name}", "bombs", make, read, exit_codes=exit_codes, damage=None, **options)  # type: ignore[arg-type]


def _data_bombs() -> list[Form]:
    def folder_of(head: bytes, size: int, *, packed: bool) -> Callable[[Path, Material], None]:
        labels = idx((GIGABYTE_DIGITS,))
        pack = zeros_gzip if packed else lambda head, _: head
        files: dict[str, Callable[[], bytes]] = {}
        for part in ("train", "t10k"):
            files[f"{part}-images-idx3-ubyte"] = lambda: pack(head, size)
            files[f"{part}-labels-idx1-ubyte"] = lambda: pack(labels, GIGABYTE_DIGITS)
        return partial(_write, files=files)

    data = ("data", "info", "{}", "--json")
    gibibyte = idx((GIGABYTE_DIGITS, 28, 28))
    return [
        _bomb(
            "IDX that claims terabytes",
            folder_of(idx((0xFFFF_FFFF, 28, 28)), 0, packed=False),
            read_data,
            command=data,
        ),
        _bomb("IDX that claims a gibibyte", folder_of(gibibyte, 0, packed=False), read_data, command=data),
        _bomb("IDX of a gibibyte, gzipped", folder_of(gibibyte, GIGABYTE_DIGITS * 784, packed=True), read_data),
        _bomb(
            "npz that claims a gibibyte",
            partial(_write_npz, real=False),
            partial(read_data, name="digits.npz"),
            entry="digits.npz",
            command=data,
        ),
        _bomb(
            "npz of a gibibyte",
            partial(_write_npz, real=True),
            partial(read_data, name="digits.npz"),
            entry="digits.npz",
        ),
        _bomb(
            "tar, a member of 8 GB", partial(_write_tar, size=8 << 30, kind=tarfile.REGTYPE), read_data, command=data
        ),
        _bomb("tar, a name of 8 GB", partial(_write_tar, size=8 << 30, kind=tarfile.GNUTYPE_LONGNAME), read_data),
        *_table_bombs(),
    ]


def _table_bombs() -> list[Form]:
    """Hostile files of the other forms of data."""
    pairs = " ".join(f"{number}:1234567890" for number in range(1, 5000))
    contents: dict[str, tuple[str, Callable[[], bytes]]] = {
        "CSV, a line of a gibibyte, gzipped": ("train.csv.gz", lambda: zeros_gzip(b"1,", 1 << 30)),
        "CSV of a gibibyte, gzipped": ("train.csv.gz", lambda: zeros_csv(1 << 30)),
        "LIBSVM of a gibibyte, gzipped": ("train.libsvm.gz", lambda: zeros_csv(1 << 30, line=PAIRS_LINE)),
        "CSV of 100,000 columns": ("train.csv", lambda: b"1," * 100_000 + b"1"),
        "LIBSVM, a long line that ends badly": ("train.libsvm", lambda: f"1 {pairs} 5000:x".encode()),
        "LIBSVM, few rows of an index of 999,999,999": ("train.libsvm", lambda: b"1 999999999:1\n" * 9),
        "ARFF, 100,000 attributes": ("train.arff", lambda: b"@attribute a real\n" * 100_000),
        "npy that claims a terabyte": ("x_train.npy", lambda: npy_head((1 << 31, 10, 10), "<f4")),
        "MATLAB, an array of a gibibyte": ("train.mat", lambda: matlab_of_zeros(1 << 30)),
        "MATLAB, an array that claims 4 GB": ("train.mat", lambda: matlab_of_zeros(0, declared=0xFFFF_FFF8)),
    }
    return [
        _bomb(name, partial(_write, files={file: make, "y_train.npy": lambda: npy_head((0,), "|u1")}), read_data)
        if file.endswith(".npy")
        else _bomb(name, partial(_write, files={file: make}), read_data)
        for name, (file, make) in contents.items()
    ]


PAIRS_LINE = b"1 " + b" ".join(b"%d:1" % number for number in range(1, 9)) + b"\n"


def zeros_csv(size: int, *, line: bytes = b"0," * 784 + b"0\n") -> bytes:
    """A gzip of a text of `size` bytes of equal lines."""
    made, lines = BytesIO(), line * 10_000
    with gzip.GzipFile(fileobj=made, mode="wb", compresslevel=6, mtime=0) as file:
        for _ in range(0, size, len(lines)):
            file.write(lines)
    return made.getvalue()


def matlab_of_zeros(size: int, *, declared: int | None = None) -> bytes:
    """A MATLAB file with a packed array of zeros that declares its size, or another."""
    stream = zlib.compressobj(6)
    head = struct.pack("<II", 14, size if declared is None else declared)
    packed = (
        stream.compress(head) + b"".join(stream.compress(bytes(1 << 24)) for _ in range(size >> 24)) + stream.flush()
    )
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + struct.pack("<II", 15, len(packed)) + packed


def _folder_bombs() -> list[Form]:
    digit = partial(_spoil, form="corrections: digits", name="digits/*.png")
    bombs = [
        _bomb(
            "corrections: a digit that claims 2 GB",
            partial(digit, content=lambda: png(28, 28, claimed_bytes=0x7FFF_FFFF)),
            read_corrections_folder,
        ),
        _bomb(
            "corrections: a digit of two sizes",
            partial(digit, content=lambda: png(28, 28, twice=True)),
            read_corrections_folder,
        ),
        _bomb(
            "corrections: deep JSON",
            partial(
                _spoil, form="corrections: records", name="corrections.jsonl", content=lambda: 2 * (DEEP_JSON + b"\n")
            ),
            read_corrections_folder,
            command=("corrections", "{}"),
        ),
        _bomb(
            "card: deep JSON",
            partial(_spoil, form="card", name="*.json", content=lambda: DEEP_JSON),
            lambda folder: Card.read(folder / f"{MODEL_NAME}.json"),
            MODEL,
        ),
        _bomb(
            "distillation targets that claim a terabyte",
            partial(
                _spoil,
                form="distillation targets",
                name="*.targets.npz",
                content=lambda: _claiming_npz(("log_probabilities", "augmentation", "digits", "validation_unseen")),
            ),
            FORMS["distillation targets"].read,
        ),
    ]
    for kind, readers in (("run", RUN_READERS), ("ensemble", ENSEMBLE_READERS)):
        for name, read in readers.items():
            if name.endswith(".json"):
                spoiled = partial(_spoil, form=f"{kind}: {name}", name=name, content=lambda: DEEP_JSON)
                bombs.append(_bomb(f"{kind}: {name} of deep JSON", spoiled, read, FOLDER))
        arrays = [f"{part}_{what}" for part in ("validation", "test") for what in ("logits", "labels")]
        spoiled = partial(_spoil, form=f"{kind}: logits.npz", name="logits.npz", content=partial(_claiming_npz, arrays))
        bombs.append(_bomb(f"{kind}: logits.npz that claims terabytes", spoiled, readers["logits.npz"], FOLDER))
    return bombs


BOMBS: dict[str, Form] = {form.name: form for form in (*_picture_bombs(), *_data_bombs(), *_folder_bombs())}
