"""Archives of PNG files: valid, damaged, foreign and malicious ones."""

from __future__ import annotations

import bz2
import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sutja.data.dataset import Dataset
from sutja.data.digits import Digits, Images
from sutja.data.formats.container import open_container
from sutja.data.formats.pngtar import MAX_MEMBER_BYTES, TAR_FILE_PATTERN, read_png_tar, read_tars, write_png_tars
from sutja.data.samples import Samples, to_digits

from .damage import FAST, Damage, assert_same_or_refused, damages, digits_of, little_memory, refusal, same

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
Member = tuple[str | tarfile.TarInfo, bytes]


def png(image: Images) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_header(width: int, height: int) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))


def png_body(pixels: int = 28 * 29) -> bytes:
    return chunk(b"IDAT", zlib.compress(bytes(pixels))) + chunk(b"IEND", b"")


GOOD = png(np.zeros((28, 28), np.uint8))
FAKE_SIZE = chunk(b"tEXt", struct.pack(">II", 28, 28) + b"note")


def special(kind: bytes, name: str = "1_3.png", target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def tar_of(members: Iterable[Member]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in members:
            member = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def digits_tar(digits: Digits) -> bytes:
    pairs = enumerate(zip(digits.images, digits.labels, strict=True))
    return tar_of((f"{index:05}_{label}.png", png(image)) for index, (image, label) in pairs)


def read_samples(content: bytes) -> Samples:
    return read_png_tar(io.BytesIO(content), "train.tar")


def read(content: bytes) -> Digits:
    return to_digits(read_samples(content))[0]


def read_png_tars(path: Path) -> tuple[Digits, Digits]:
    with open_container(path) as container:
        return digits_of(read_tars(container, [name for name in container.names if TAR_FILE_PATTERN.fullmatch(name)]))


def put_zip(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_what_is_written_is_read(tmp_path: Path, small: Dataset) -> None:
    write_png_tars(tmp_path, small.train, small.test)
    train, test = read_png_tars(tmp_path)
    assert same(train, small.train)
    assert same(test, small.test)


def test_archives_are_reproducible(tmp_path: Path, small: Dataset) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        write_png_tars(tmp_path / name, small.train, small.test)
    for name in ("train.tar", "test.tar"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tgz"])
@pytest.mark.parametrize("zipped", [False, True], ids=["unpacked", "gzipped"])
def test_archives_may_be_compressed_whatever_their_name(
    tmp_path: Path, small: Dataset, suffix: str, zipped: bool
) -> None:
    for part, digits in (("train", small.train), ("test", small.test)):
        content = digits_tar(digits)
        (tmp_path / f"{part}.{suffix}").write_bytes(gzip.compress(content) if zipped else content)
    train, test = read_png_tars(tmp_path)
    assert same(train, small.train)
    assert same(test, small.test)


def test_digits_come_in_the_order_of_their_index(small: Dataset) -> None:
    order = [7, 0, 11, 3]
    members = [(f"./train/{index}_{small.train.labels[index]}.PNG", png(small.train.images[index])) for index in order]
    assert same(read(tar_of([(special(tarfile.DIRTYPE, "train"), b""), *members])), small.train.take(np.sort(order)))


def test_the_label_is_not_read_from_the_index() -> None:
    assert read(tar_of([("train_7/09123_4.png", GOOD)])).labels.tolist() == [4]


@pytest.mark.parametrize("folder", ["", "data/", "a/deep folder/"])
@pytest.mark.parametrize("suffix", ["tar", "tgz"])
def test_a_zip_may_hold_the_archives_anywhere_beside_junk(
    tmp_path: Path, small: Dataset, folder: str, suffix: str
) -> None:
    train, test = digits_tar(small.train), digits_tar(small.test)
    path = put_zip(
        tmp_path / "course.zip",
        **{f"{folder}train.{suffix}": train if suffix == "tar" else gzip.compress(train)},
        **{f"{folder}test.{suffix}": test if suffix == "tar" else gzip.compress(test)},
        **{f"__MACOSX/{folder}._train.tar": b"junk", f"__MACOSX/{folder}train.tar": b"junk", "read me.txt": b"hello"},
    )
    digits = read_png_tars(path)
    assert same(digits[0], small.train)
    assert same(digits[1], small.test)


def test_files_of_operating_systems_are_skipped_and_told() -> None:
    samples = read_samples(tar_of([(".DS_Store", b"junk"), ("._0_5.png", b"junk"), ("0_5.png", GOOD)]))
    assert samples.labels.tolist() == [5]
    assert samples.remarks == ("train.tar: skipped 2 files of an operating system (._*, .DS_Store and the like)",)


def test_a_link_called_like_such_a_file_is_refused() -> None:
    content = tar_of([(special(tarfile.SYMTYPE, "._0_5.png", "0_5.png"), b""), ("0_5.png", GOOD)])
    assert "links and special files" in refusal(lambda: read(content))


def test_ink_in_the_alpha_channel_is_taken_and_told(small: Dataset) -> None:
    pictures = [np.dstack([np.zeros((28, 28, 3), np.uint8), image]) for image in small.train.images]
    members = [
        (f"{n}_{label}.png", png(each))
        for n, (label, each) in enumerate(zip(small.train.labels, pictures, strict=True))
    ]
    samples = read_samples(tar_of(members))
    assert same(to_digits(samples)[0], small.train)
    assert samples.remarks == ("train.tar: 60 of 60 pictures have their ink in the alpha channel, which was taken",)


def test_pictures_of_every_size_become_28_by_28_and_are_told() -> None:
    members = [(f"{n}_3.png", png(np.zeros((n, 40), np.uint8))) for n in (1, 28, 300)]
    samples = read_samples(tar_of(members))
    assert samples.images.shape == (3, 28, 28)
    assert samples.remarks == ("train.tar: 3 of 3 pictures of other sizes brought to 28×28",)


BAD_MEMBERS: dict[str, tuple[Member, str]] = {
    "symbolic link": ((special(tarfile.SYMTYPE, target="0_5.png"), b""), "1_3.png: links and special files"),
    "hard link": ((special(tarfile.LNKTYPE, target="0_5.png"), b""), "1_3.png: links and special files"),
    "character device": ((special(tarfile.CHRTYPE), b""), "1_3.png: links and special files"),
    "block device": ((special(tarfile.BLKTYPE), b""), "1_3.png: links and special files"),
    "pipe": ((special(tarfile.FIFOTYPE), b""), "1_3.png: links and special files"),
    "folder outside": ((special(tarfile.DIRTYPE, "../out"), b""), "../out: "),
    "absolute path": (("/tmp/1_3.png", GOOD), "/tmp/1_3.png: its path leads outside"),
    "parent": (("../1_3.png", GOOD), "../1_3.png: its path leads outside"),
    "parent within": (("train/../../1_3.png", GOOD), "train/../../1_3.png: its path leads outside"),
    "windows parent": (("..\\1_3.png", GOOD), "its path leads outside"),
    "windows drive": (("C:\\data\\1_3.png", GOOD), "its path leads outside"),
    "text file": (("README.txt", b"hello"), "README.txt: not named <index>_<label>.png"),
    "no label": (("1.png", GOOD), "1.png: not named <index>_<label>.png"),
    "empty label": (("1_.png", GOOD), "1_.png: not named <index>_<label>.png"),
    "letter for a label": (("1_x.png", GOOD), "1_x.png: not named <index>_<label>.png"),
    "no index": (("_3.png", GOOD), "_3.png: not named <index>_<label>.png"),
    "negative label": (("1_-3.png", GOOD), "1_-3.png: not named <index>_<label>.png"),
    "label out of range": (("1_10.png", GOOD), "the label 10 is out of the range"),
    "name of two lines": (("two\nlines.png", GOOD), "not named <index>_<label>.png"),
    "the same index": (("0_3.png", GOOD), "0_3.png: its index is repeated"),
    "the same index, padded": (("train/000_5.png", GOOD), "train/000_5.png: its index is repeated"),
    "empty file": (("1_3.png", b""), "1_3.png: not a PNG file"),
    "GIF": (("1_3.png", b"GIF89a" + bytes(100)), "1_3.png: not a PNG file"),
    "PNG magic alone": (("1_3.png", PNG_MAGIC), "1_3.png: not a PNG file"),
    "too large": (("1_3.png", png(np.zeros((1, 5000), np.uint8))), "1_3.png: 5000×1 pixels are too many"),
    "PNG bomb": (("1_3.png", PNG_MAGIC + png_header(60_000, 60_000) + png_body()), "1_3.png: 60000×60000 pixels"),
    "hidden PNG bomb": (("1_3.png", PNG_MAGIC + FAKE_SIZE + png_header(30_000, 30_000) + png_body()), "1_3.png: "),
    "more bytes than a digit": (("1_3.png", GOOD + bytes(MAX_MEMBER_BYTES)), "1_3.png: 4,194,"),
    "PNG cut off": (("1_3.png", GOOD[:-1]), "1_3.png: a damaged PNG file"),
    "PNG without its end": (("1_3.png", GOOD[:-12]), "1_3.png: a damaged PNG file"),
    "PNG and more": (("1_3.png", GOOD + b"more"), "1_3.png: a damaged PNG file"),
    "PNG without pixels": (("1_3.png", PNG_MAGIC + png_header(28, 28) + png_body(0)), "1_3.png: a damaged PNG file"),
    "PNG of another checksum": (("1_3.png", GOOD[:-30] + b"?" + GOOD[-29:]), "1_3.png: a damaged PNG file"),
}


@pytest.mark.parametrize(("member", "message"), BAD_MEMBERS.values(), ids=BAD_MEMBERS.keys())
def test_bad_members_are_refused_before_they_cost_memory(member: Member, message: str) -> None:
    content = tar_of([("0_5.png", GOOD), member, ("2_7.png", GOOD)])
    with little_memory():
        text = refusal(lambda: read(content))
    assert text.startswith("train.tar: ")
    assert message in text


def nested_headers(count: int) -> bytes:
    return special(tarfile.XHDTYPE).tobuf() * count


def long_header(kind: bytes, size: int) -> bytes:
    member = special(kind)
    member.size = size
    return member.tobuf() + bytes(size)


TWO = tar_of([("0_5.png", GOOD), ("1_3.png", GOOD)])
HALF = 512 + 512  # header and padded PNG of the first digit
BAD_ARCHIVES: dict[str, bytes] = {
    "nothing": b"",
    "text": b"This is no archive. " * 100,
    "no member": tar_of([]),
    "folders only": tar_of([(special(tarfile.DIRTYPE, "train"), b"")]),
    "damaged header in the middle": TWO[:HALF] + b"?" + TWO[HALF + 1 :],
    "zeros over a header in the middle": TWO[:HALF] + bytes(512) + TWO[HALF + 512 :],
    "zeros over a digit in the middle": tar_of([("0_5.png", GOOD)])[:HALF] + bytes(HALF) + TWO,
    "cut off in the first header": TWO[:100],
    "cut off in a PNG": TWO[: 512 + 50],
    "cut off in the padding": TWO[: HALF - 1],
    "cut off between two digits": TWO[:HALF],
    "cut off in a later header": TWO[: HALF + 300],
    "cut off before its end": TWO[: 2 * HALF],
    "cut off after the gzip magic": gzip.compress(TWO)[:3],
    "cut off in the gzip header": gzip.compress(TWO)[:9],
    "gzip cut off": gzip.compress(TWO)[:-20],
    "gzip of a text": gzip.compress(b"This is no archive. " * 100),
    "gzip magic and junk": b"\x1f\x8b\x08" + b"junk" * 300,
    "xz magic and junk": b"\xfd7zXZ" + b"junk" * 300,
    "bz2 magic and junk": b"BZh91AY&SY" + b"junk" * 300,
    "one header in the other": nested_headers(2000) + TWO,
    "a header without end": gzip.compress(long_header(tarfile.XHDTYPE, 1 << 26) + TWO, 1),
    "a name without end": gzip.compress(long_header(tarfile.GNUTYPE_LONGNAME, 1 << 26) + TWO, 1),
    "bz2 bomb": bz2.compress(TWO[:HALF] + bytes(1 << 26), 1),
}


@pytest.mark.parametrize("content", BAD_ARCHIVES.values(), ids=BAD_ARCHIVES.keys())
def test_bad_archives_are_refused_before_they_cost_memory(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "train.tar"
    path.write_bytes(content)
    (tmp_path / "test.tar").write_bytes(TWO)
    with little_memory():
        text = refusal(lambda: read_png_tars(tmp_path))
    assert text.startswith(f"{path}: ")


@pytest.mark.parametrize(("there", "missing"), [("train", "test"), ("test", "train")])
def test_a_missing_archive_is_named(tmp_path: Path, there: str, missing: str) -> None:
    (tmp_path / f"{there}.tar").write_bytes(TWO)
    assert refusal(lambda: read_png_tars(tmp_path)) == f"{tmp_path}: {missing}.tar is missing"


def test_a_folder_in_place_of_an_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.tar").mkdir()
    assert str(tmp_path / "train.tar") in refusal(lambda: read_png_tars(tmp_path))


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "train.tar is missing"),
        ({"data/test.tar": TWO, "train.txt": b""}, "train.tar is missing"),
        ({"train.tar": TWO, "__MACOSX/test.tar": TWO}, "test.tar is missing"),
        ({"train.tar": TWO, "test.tar": TWO[:700]}, "test.tar: not a readable tar archive"),
        ({"train.tar": TWO, "a\nb/test.tar": b"text"}, "test.tar: not a readable tar archive"),
    ],
    ids=["empty", "no training set", "no test set", "cut off", "name of two lines"],
)
def test_a_zip_without_good_archives_is_refused(tmp_path: Path, members: dict[str, bytes], message: str) -> None:
    path = put_zip(tmp_path / "course.zip", **members)
    text = refusal(lambda: read_png_tars(path))
    assert text.startswith(f"{path}: ")
    assert message in text


def changed(content: bytes, record: bytes, offset: int, new: bytes) -> bytes:
    at = content.index(record) + offset
    return content[:at] + new + content[at + len(new) :]


LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


@pytest.mark.parametrize(
    ("record", "offset", "new"),
    [
        (LOCAL, 100, b"????"),
        (CENTRAL, 8, b"\x01"),
        (CENTRAL, 8, b"\x20"),
        (CENTRAL, 9, b"\x08" + bytes(36) + b"\xff"),
        (CENTRAL, 10, b"\x63"),
        (CENTRAL, 10, b"\x0e"),
        (CENTRAL, 16, b"????"),
        (CENTRAL, 42, b"\xff\xff\xff\x7f"),
        (END, 16, b"\xff\xff\xff\x7f"),
        (END, 0, b"????"),
    ],
    ids=[
        "content",
        "encrypted",
        "patched",
        "name that is not UTF-8",
        "unknown method",
        "LZMA that is none",
        "checksum",
        "offset",
        "folder offset",
        "no end",
    ],
)
def test_a_damaged_zip_is_refused(tmp_path: Path, record: bytes, offset: int, new: bytes) -> None:
    path = put_zip(tmp_path / "course.zip", **{"train.tar": TWO, "test.tar": TWO})
    path.write_bytes(changed(path.read_bytes(), record, offset, new))
    assert str(path) in refusal(lambda: read_png_tars(path))


def test_a_text_named_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "course.zip").write_text("not a zip")
    assert str(tmp_path / "course.zip") in refusal(lambda: read_png_tars(tmp_path / "course.zip"))


@FAST
@given(damage=damages, zipped=st.booleans())
def test_damage_to_a_tar_is_noticed_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, small: Dataset, damage: Damage, zipped: bool
) -> None:
    folder = tmp_path_factory.getbasetemp() / "tars"
    folder.mkdir(exist_ok=True)
    train, test = small.train.take(np.arange(5)), small.test.take(np.arange(3))
    for part, digits in (("train", train), ("test", test)):
        content = gzip.compress(digits_tar(digits), 1, mtime=0) if zipped else digits_tar(digits)
        (folder / f"{part}.tar").write_bytes(damage.done_to(content) if part == "train" else content)
    assert_same_or_refused(lambda: read_png_tars(folder), train, test)


@FAST
@given(damage=damages)
def test_damage_to_a_zip_is_noticed_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, small: Dataset, damage: Damage
) -> None:
    train, test = small.train.take(np.arange(5)), small.test.take(np.arange(3))
    path = tmp_path_factory.getbasetemp() / "course.zip"
    put_zip(path, **{"train.tar": digits_tar(train), "test.tar": digits_tar(test)})
    path.write_bytes(damage.done_to(path.read_bytes()))
    assert_same_or_refused(lambda: read_png_tars(path), train, test)
