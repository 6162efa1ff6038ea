"""Decoding picture files and arrays of every kind to grey, and refusing what is not a picture."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image

from sutja.data.dataset import Dataset
from sutja.data.pictures.header import PNG_SIGNATURE
from sutja.errors import DataError
from sutja.reading import picture
from sutja.reading.normalise import Gray
from sutja.reading.picture import decode_colour, decode_picture, load_picture, to_gray
from tests.waiting import HANG_SECONDS

from .written import write

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def gray(mnist: Dataset) -> Gray:
    """A picture that is higher than wide and without any symmetry."""
    return write(mnist, "12", "3", "4", size=40).gray


def file_of(image: Image.Image, form: str, **how: Any) -> bytes:
    """The bytes of an image's file, written by Pillow."""
    content = io.BytesIO()
    image.save(content, form, **how)
    return content.getvalue()


def difference(first: Gray, second: Gray) -> float:
    """The mean difference of two pictures of the same shape, in grey levels."""
    assert first.shape == second.shape
    assert first.dtype == second.dtype == np.uint8
    return float(np.abs(first.astype(int) - second).mean())


@pytest.mark.parametrize(
    ("form", "how", "nearly"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("PPM", {}, 0),
        ("WEBP", {"lossless": True}, 1),
        ("JPEG", {"quality": 95}, 2),
        ("JPEG", {"quality": 95, "progressive": True}, 2),
        ("JPEG2000", {}, 1),
        ("GIF", {}, 1),
    ],
)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_files_of_every_format(gray: Gray, form: str, how: dict[str, Any], nearly: float, mode: str) -> None:
    decoded = decode_picture(file_of(Image.fromarray(gray).convert(mode), form, **how), "a file")
    assert difference(decoded, gray) <= nearly


def test_a_cmyk_jpeg(gray: Gray) -> None:
    assert difference(decode_picture(file_of(Image.fromarray(gray).convert("CMYK"), "JPEG"), "a file"), gray) < 12


def test_a_palette(gray: Gray) -> None:
    coloured = Image.fromarray(gray).convert("P", palette=Image.Palette.ADAPTIVE, colors=64)
    assert difference(decode_picture(file_of(coloured, "PNG"), "a file"), gray) < 4


def test_black_and_white(gray: Gray) -> None:
    bits = Image.fromarray(gray).convert("1", dither=Image.Dither.NONE)
    assert (
        difference(decode_picture(file_of(bits, "PNG"), "a file"), np.where(gray > 127, 255, 0).astype(np.uint8)) == 0
    )


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_sixteen_bits(gray: Gray, suffix: str) -> None:
    deep = gray.astype(np.uint16) * 257
    for pixels in (deep, cv2.cvtColor(deep, cv2.COLOR_GRAY2BGR)):
        content = cv2.imencode(suffix, pixels)[1].tobytes()
        assert difference(decode_picture(content, "a file"), gray) <= 1


def test_a_korean_name(gray: Gray, tmp_path: Path) -> None:
    path = tmp_path / "사진" / "손글씨 숫자.png"
    path.parent.mkdir()
    path.write_bytes(cv2.imencode(".png", gray)[1].tobytes())
    assert np.array_equal(load_picture(path), gray)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_turns_a_picture_upright(gray: Gray, orientation: int, form: str) -> None:
    turned: dict[int, Gray] = {  # what a camera stores in this orientation
        1: gray,
        2: gray[:, ::-1],
        3: gray[::-1, ::-1],
        4: gray[::-1],
        5: gray.T,
        6: np.rot90(gray, 1),
        7: gray[::-1, ::-1].T,
        8: np.rot90(gray, -1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    how: dict[str, Any] = {"quality": 95} if form == "JPEG" else {"lossless": True} if form == "WEBP" else {}
    image = Image.fromarray(np.ascontiguousarray(turned[orientation])).convert("RGB")
    decoded = decode_picture(file_of(image, form, exif=exif, **how), "a file")
    assert difference(decoded, gray) < 3


@pytest.mark.parametrize(("ink", "paper"), [(20, 255), (250, 0)])
def test_transparent_paper_contrasts_with_the_ink(gray: Gray, ink: int, paper: int) -> None:
    """Dark ink is blended onto white and light ink onto black, whatever the colour of the transparent pixels."""
    alpha = np.clip((225 - gray.astype(int)) * 255 / 185, 0, 255).astype(np.uint8)
    pixels = np.dstack([np.full_like(gray, ink)] * 3 + [alpha])
    pixels[alpha == 0, :3] = 128
    for stored in (pixels, pixels.astype(np.uint16) * np.uint16(257)):
        content = cv2.imencode(".png", stored)[1].tobytes()
        expected = np.round(paper + (ink - paper) * (alpha / 255))
        assert difference(decode_picture(content, "a file"), expected.astype(np.uint8)) < 1
        assert decode_colour(content, "a file").shape == (*gray.shape, 3)


def test_an_opaque_picture_with_alpha_is_that_picture(gray: Gray) -> None:
    pixels = np.dstack([gray, gray, gray, np.full_like(gray, 255)])
    assert difference(to_gray(pixels), gray) == 0
    pixels[:, :, 3] = 0
    assert (to_gray(pixels) == 255).all(), "a fully transparent picture is paper"


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.98])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF", "JPEG2000"])
def test_a_truncated_file_is_named(gray: Gray, tmp_path: Path, form: str, share: float) -> None:
    content = file_of(Image.fromarray(gray), form)
    path = tmp_path / "short.pic"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(DataError, match=r"short\.pic: (truncated|not a picture)"):
        load_picture(path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the file is empty"),
        (b"This is not a picture.\n" * 20, "not a picture, or damaged"),
        (b"\0" * 1000, "not a picture, or damaged"),
        (b"\x89PNG\r\n\x1a\n", "truncated: the PNG has no end"),
        (b"\xff\xd8\xff\xd9", "not a picture, or damaged"),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
            "an SVG drawing is not supported: save it as PNG",
        ),
    ],
)
def test_a_file_that_is_not_a_picture_is_named(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "file.png"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        load_picture(path)
    assert str(caught.value) == f"{path}: {why}"


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF", b"II*\0", b"BM"])
)
def test_any_bytes_are_a_picture_or_an_error(content: bytes, head: bytes) -> None:
    try:
        assert decode_picture(head + content, "bytes").ndim == 2
    except DataError as error:
        assert str(error).startswith("bytes: ")
        assert "\n" not in str(error)


def test_a_changed_byte_of_a_png_is_noticed(gray: Gray) -> None:
    content = bytearray(cv2.imencode(".png", gray)[1].tobytes())
    content[len(content) // 2] ^= 4
    with pytest.raises(DataError, match="damaged: a checksum of the PNG is wrong"):
        decode_picture(bytes(content), "a file")


def bomb(width: int, height: int) -> bytes:
    """A small PNG whose header declares a huge picture."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000))
    return PNG_SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (100_000, 1), (1, 100_000), (7_072, 7_072)])
def test_too_many_pixels_are_refused_before_they_are_decoded(
    width: int, height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    with pytest.raises(DataError, match=f"bomb.png: {width:,} × {height:,} pixels are too many: at most 50 megapixels"):
        decode_picture(bomb(width, height), "bomb.png")


def test_a_file_that_is_too_large_is_not_read_completely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "MAX_PICTURE_FILE_BYTES", 2**20)
    path = tmp_path / "large.bmp"
    with path.open("wb") as file:
        file.truncate(2**20 + 1)
    with pytest.raises(DataError, match=r"large\.bmp: larger than 1 MB"):
        load_picture(path)


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.png: cannot be read: No such file or directory"):
        load_picture(tmp_path / "none.png")
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        load_picture(tmp_path)


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (5, 0), (0, 5, 3)])
def test_an_array_without_pixels_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="pixels is empty"):
        to_gray(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("shape", [(), (5,), (5, 5, 2), (5, 5, 5), (1, 5, 5, 3), (2, 28, 28)])
def test_an_array_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="is not a picture: "):
        to_gray(np.zeros(shape, np.uint8))


@pytest.mark.parametrize(
    ("pixels", "why"),
    [
        (np.full((4, 4), np.nan), "has values that are not finite"),
        (np.full((4, 4, 3), np.inf, np.float32), "has values that are not finite"),
        (np.full((4, 4), -0.1), "values from -0.1 to -0.1: expected 0 to 1, or 0 to 255"),
        (np.full((4, 4), 256), "values from 256 to 256"),
        (np.zeros((4, 4), complex), "an array of complex128 is not a picture"),
        (np.zeros((4, 4), "U3"), "an array of <U3 is not a picture"),
        (np.zeros((4, 4), object), "an array of object is not a picture"),
        (np.zeros((100_000, 1), np.uint8), "1 × 100,000 pixels are too many"),
        (np.zeros((1, 100_000), np.uint8), "100,000 × 1 pixels are too many"),
    ],
)
def test_invalid_values_are_refused(pixels: NDArray[Any], why: str) -> None:
    with pytest.raises(DataError) as caught:
        to_gray(pixels)
    assert why in str(caught.value)
    assert str(caught.value).startswith("the picture: ")


@pytest.mark.parametrize(
    "change",
    [
        lambda gray: gray / 255,
        lambda gray: (gray / 255).astype(np.float32),
        lambda gray: gray.astype(np.float64),
        lambda gray: gray.astype(np.int64),
        lambda gray: gray.astype(np.uint16) * 257,
        lambda gray: gray.astype(np.uint16),
        lambda gray: gray[:, :, None],
        lambda gray: gray[:, :, None].astype(np.uint16) * 257,
        lambda gray: np.dstack([gray] * 3),
        lambda gray: np.asfortranarray(gray),
        lambda gray: np.repeat(gray, 2, axis=1)[:, ::2],
    ],
)
def test_arrays_of_other_types_are_the_same_picture(gray: Gray, change: Any) -> None:
    assert difference(to_gray(change(gray)), gray) == 0


def test_booleans_are_black_and_white(gray: Gray) -> None:
    assert np.array_equal(to_gray(gray > 127), np.where(gray > 127, 255, 0))


@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_uint8_is_unchanged(pixels: Gray) -> None:
    before = pixels.copy()
    result = to_gray(pixels)
    assert np.array_equal(result, before)
    assert result.flags.c_contiguous


def test_the_given_array_is_not_modified(gray: Gray) -> None:
    pixels = np.dstack([gray, gray, gray, 255 - gray])
    before = pixels.copy()
    to_gray(pixels)
    assert np.array_equal(pixels, before)


def test_libraries_print_nothing_about_damaged_files(gray: Gray, tmp_path: Path) -> None:
    """The logs of OpenCV and of the libraries it uses do not reach standard error."""
    for form in ("JPEG", "PNG", "TIFF", "WEBP", "JPEG2000", "BMP"):
        content = file_of(Image.fromarray(gray), form)
        (tmp_path / form).write_bytes(content[: len(content) // 2])
    code = (
        "import sys\nfrom pathlib import Path\nfrom sutja.errors import DataError\n"
        "from sutja.reading.picture import load_picture\n"
        "for path in sorted(Path(sys.argv[1]).iterdir()):\n"
        "    try: load_picture(path)\n"
        "    except DataError: print(path.name)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=HANG_SECONDS, check=True)
    assert run.stdout.split() == ["BMP", "JPEG", "JPEG2000", "PNG", "TIFF", "WEBP"]
    assert run.stderr == ""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize("kind", ["jpg", "alpha", "deep"])
def test_fifty_megapixels_need_less_than_a_gigabyte(tmp_path: Path, kind: str) -> None:
    """The largest picture allowed, with a digit on it, in a process of its own."""
    side = 7071
    bgr = np.full((side, side, 3), 220, np.uint8)
    cv2.putText(bgr, "7", (2000, 4000), cv2.FONT_HERSHEY_SIMPLEX, 12, (40, 40, 40), 40)
    pixels: NDArray[Any] = bgr
    if kind == "alpha":
        pixels = np.dstack([bgr, np.full((side, side), 255, np.uint8)])
    elif kind == "deep":
        pixels = bgr.astype(np.uint16) * np.uint16(257)
    path = tmp_path / f"large.{'jpg' if kind == 'jpg' else 'png'}"
    how = [] if kind == "jpg" else [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, 3]
    path.write_bytes(cv2.imencode(path.suffix, pixels, how)[1].tobytes())
    code = (
        "import re, sys\nfrom pathlib import Path\nfrom sutja.reading.reader import Reader\n"
        "steps = Reader(threads=1).explain(Path(sys.argv[1]), printed=True)\n"
        "print(steps.picture.shape[:2] == (7071, 7071), "
        "re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, path], cwd=ROOT, capture_output=True, text=True, timeout=HANG_SECONDS, check=True
    )
    whole, kilobytes = run.stdout.split()  # of this program alone; `ru_maxrss` includes its parent's
    assert whole == "True"
    assert int(kilobytes) < 1000 * 1024
