"""Decoding within limits: whatever a file declares, and whatever OpenCV would allow."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from sutja.data.corrections.store import Correction, Corrections
from sutja.data.pictures import decode
from sutja.data.pictures.decode import decode_pixels
from sutja.data.pictures.header import PictureHeader
from sutja.data.pictures.limits import MAX_JPEG_SCANS, MAX_PICTURE_PIXELS
from sutja.errors import DataError, LargePictureError
from tests.waiting import HANG_SECONDS

from .bombs import (
    PNG_SIGNATURE,
    deflated_tiff,
    jpeg_of_scans,
    png_header,
    png_pixels,
    png_with_a_claim,
    tiff_of_scans,
)

ROOT = Path(__file__).parent.parent.parent.parent
LARGE_SIDE = 8_000  # 64 megapixels


def run_python(code: str, *arguments: object) -> str:
    """What `code` prints in a process whose environment allows OpenCV everything."""
    limits = {f"OPENCV_IO_MAX_IMAGE_{what}": str(2**40) for what in ("PIXELS", "WIDTH", "HEIGHT")}
    run = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | limits,
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


PROCESS = """
import sutja, sys
from tests.data.pictures.test_decode import opencv_refuses

print(opencv_refuses(sys.argv[1]))
"""
CHILD = """
import multiprocessing, sys
from sutja.processes import prepare_process
from tests.data.pictures.test_decode import opencv_refuses

if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1, prepare_process) as pool:
        print(pool.apply(opencv_refuses, (sys.argv[1],)))
"""


def opencv_refuses(path: str) -> bool:
    """Whether OpenCV itself refuses a picture as too large."""
    try:
        cv2.imdecode(np.frombuffer(Path(path).read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error as error:
        return "CV_IO_MAX_IMAGE" in str(error)
    return False


@pytest.mark.parametrize("code", [PROCESS, CHILD], ids=["process", "spawned child"])
def test_opencv_itself_is_held_to_the_limits(tmp_path: Path, code: str) -> None:
    """Whatever the environment allows, and wherever in the package OpenCV is imported."""
    path = tmp_path / "large.tiff"
    path.write_bytes(deflated_tiff(LARGE_SIDE))
    assert run_python(code, path).split() == ["True"]


def test_no_file_is_decoded_in_another_place() -> None:
    """`synth` decodes what it has just encoded."""
    package = ROOT / "sutja"
    modules = [path for path in package.rglob("*.py") if not path.is_relative_to(package / "synth")]
    names = [path.name for path in modules if "imdecode" in path.read_text() or "imread(" in path.read_text()]
    assert names == ["decode.py"]


BOMBS = {
    "TIFF of two widths": (deflated_tiff(20_000, second_width=28), "not a picture, or damaged"),
    "small TIFF of two widths": (deflated_tiff(64, second_width=28), "not a picture, or damaged"),
    "large TIFF": (deflated_tiff(LARGE_SIDE), "8,000 × 8,000 pixels are too many"),
    "TIFF of floats": (
        deflated_tiff(7_000, samples=4, floats=True),
        "pixels of 256 bits are too many: at most 400 MB",
    ),
    "PNG with a claim": (png_with_a_claim(), "truncated: the PNG has no end"),
    "PNG with a claim and an end": (
        png_with_a_claim() + png_pixels(28, 28),
        "truncated: the PNG has no end",
    ),
    "PNG of two headers": (
        PNG_SIGNATURE + png_header(28, 28) + png_header(7_000, 7_000) + png_pixels(28, 28),
        "a PNG begins with its only header",
    ),
    "JPEG of many scans": (jpeg_of_scans(64, 300), f"300 scans are too many for a JPEG: at most {MAX_JPEG_SCANS}"),
    "TIFF of many scans": (tiff_of_scans(64, 10, 99), f"99 scans are too many for a JPEG: at most {MAX_JPEG_SCANS}"),
}


@pytest.mark.parametrize(("content", "why"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_before_it_is_decoded(content: bytes, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    with pytest.raises(DataError, match=why):
        decode_pixels(content, "bomb", cv2.IMREAD_UNCHANGED)


DECODE = """
import re, sys
from pathlib import Path
from sutja.data.corrections.store import Corrections
from sutja.errors import DataError
from sutja.reading.picture import load_picture
for name in sys.argv[1:]:
    try:
        Corrections(Path(name)).all() if Path(name).is_dir() else load_picture(Path(name))
    except DataError:
        print("refused")
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_bombs_take_no_memory(tmp_path: Path) -> None:
    """Neither the 2 GB that a chunk claims, also in a folder of corrections, nor what a TIFF declares first."""
    paths = [tmp_path / f"{number}.pic" for number in range(len(BOMBS))]
    for path, (content, _) in zip(paths, BOMBS.values(), strict=True):
        path.write_bytes(content)
    store = Corrections(tmp_path / "corrections")
    (identifier,) = store.add([Correction(np.zeros((28, 28), np.uint8), 0)])
    (store.folder / "digits" / f"{identifier}.png").write_bytes(png_with_a_claim())
    *refused, kilobytes = run_python(DECODE, *paths, store.folder).split()
    assert refused == ["refused"] * (len(BOMBS) + 1)
    assert int(kilobytes) < 300 * 1024


def test_the_number_of_scans_that_encoders_write_is_decoded() -> None:
    for scans in (10, MAX_JPEG_SCANS):
        pixels = decode_pixels(jpeg_of_scans(64, scans), "a file", cv2.IMREAD_GRAYSCALE)
        assert (pixels == 200).all()


def test_a_tiff_of_progressive_jpegs_is_decoded() -> None:
    pixels = decode_pixels(tiff_of_scans(64, 10, MAX_JPEG_SCANS), "a file", cv2.IMREAD_GRAYSCALE)
    assert (pixels == 200).all()
    assert pixels.shape == (128, 64)


NOISE = """
import sys, threading
from sutja.data.pictures.decode import decode_pixels
from sutja.errors import DataError
from tests.data.pictures.bombs import broken_jpeg, broken_png

def decode():
    for content in (broken_png(), broken_jpeg()) * 50:
        try:
            decode_pixels(content, "a file", 0)
        except DataError:
            pass

threads = [threading.Thread(target=decode) for _ in range(3)]
for thread in threads:
    thread.start()
for number in range(500):
    print(number, file=sys.stderr, flush=True)
for thread in threads:
    thread.join()
if len(sys.argv) > 1:
    import cv2, numpy
    cv2.imdecode(numpy.frombuffer(broken_png(), numpy.uint8), 0)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="only C libraries whose stderr is a variable")
def test_what_libraries_write_is_withheld_and_nothing_else() -> None:
    """While other threads decode damaged pictures, all that Python writes comes through."""
    run = [sys.executable, "-c", NOISE]
    quiet = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=HANG_SECONDS, check=True)
    assert quiet.stderr.split() == [str(number) for number in range(500)]
    afterwards = subprocess.run([*run, "-"], cwd=ROOT, capture_output=True, text=True, timeout=HANG_SECONDS, check=True)
    assert "libpng error" in afterwards.stderr


def test_opencv_refuses_what_a_header_reader_might_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "read_header", lambda _: PictureHeader(28, 28))
    with pytest.raises(LargePictureError, match="more pixels than its header declares"):
        decode_pixels(deflated_tiff(LARGE_SIDE), "a file", cv2.IMREAD_GRAYSCALE)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "I;16", "F", "1", "P"])
def test_tiffs_of_every_kind_are_decoded(mode: str) -> None:
    file = io.BytesIO()
    Image.new(mode, (31, 17)).save(file, "TIFF")
    assert decode_pixels(file.getvalue(), "a file", cv2.IMREAD_UNCHANGED).shape[:2] == (17, 31)


def test_the_limit_is_a_picture(tmp_path: Path) -> None:
    side = int(MAX_PICTURE_PIXELS**0.5)
    assert decode_pixels(deflated_tiff(side), "a file", cv2.IMREAD_GRAYSCALE).shape == (side, side)
