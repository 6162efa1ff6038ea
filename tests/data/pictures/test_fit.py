"""Pictures of single digits of any kind become grey and 28×28."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sutja.data.dataset import Dataset
from sutja.data.digits import Images
from sutja.data.pictures.fit import PictureCounts, decode_picture_of_digit, fit_picture, to_ink
from sutja.errors import DataError, LargePictureError


def decode(pixels: NDArray[Any], suffix: str = ".png") -> tuple[Images, tuple[str, ...]]:
    counts = PictureCounts()
    return decode_picture_of_digit(cv2.imencode(suffix, pixels)[1].tobytes(), "picture", counts), counts.remarks("set")


def test_a_digit_of_mnist_is_unchanged(small: Dataset) -> None:
    for image in small.train.images[:5]:
        decoded, remarks = decode(image)
        assert np.array_equal(decoded, image)
        assert remarks == ()


@pytest.mark.parametrize(
    ("change", "remark"),
    [
        (lambda image: np.dstack([image] * 3), ""),
        (lambda image: image.astype(np.uint16) * 257, ""),
        (lambda image: np.dstack([image, image, image, np.full_like(image, 255)]), ""),
        (lambda image: np.dstack([np.zeros((28, 28, 3), np.uint8), image]), "have their ink in the alpha channel"),
        (lambda image: np.dstack([np.full((28, 28, 3), 255, np.uint8), image]), "have their ink in the alpha channel"),
    ],
    ids=["three channels", "16 bits", "opaque", "black on nothing", "white on nothing"],
)
def test_every_kind_of_png_gives_the_same_ink(small: Dataset, change: Any, remark: str) -> None:
    image = small.train.images[0]
    decoded, remarks = decode(change(image))
    assert np.array_equal(decoded, image)
    assert [remark in line for line in remarks] == ([True] if remark else [])


@pytest.mark.parametrize(("paper", "strokes"), [(255, (10, 90)), (0, (200, 250))], ids=["dark", "light"])
def test_strokes_on_a_transparent_ground_lie_on_paper_of_the_other_brightness(
    paper: int, strokes: tuple[int, int]
) -> None:
    pixels = np.zeros((28, 28, 4), np.uint8)
    for column, level in zip((4, 8), strokes, strict=True):
        pixels[4:20, column : column + 4] = (level, level, level, 255)
    ink = to_ink(pixels)
    assert (ink[0, 0], ink[5, 5], ink[5, 9]) == (paper, *strokes)


def test_the_shape_of_a_picture_is_kept_and_the_rest_is_like_its_edge() -> None:
    picture = np.full((100, 50), 40, np.uint8)
    picture[20:80, 20:30] = 255
    fitted = fit_picture(picture)
    assert (fitted[:, :7] == 40).all()
    assert (fitted[:, -7:] == 40).all()
    assert fitted[14, 14] == 255


def test_no_pixel_leaves_the_range_of_its_picture() -> None:
    random = np.random.default_rng(0)
    picture = random.integers(3, 17, (8, 8)).astype(np.uint8)
    fitted = fit_picture(picture)
    assert (fitted.min(), fitted.max()) == (picture.min(), picture.max())


@pytest.mark.parametrize("suffix", [".jpg", ".bmp", ".tif", ".webp", ".pgm"])
def test_other_kinds_of_files_are_read(small: Dataset, suffix: str) -> None:
    image = cv2.resize(small.train.images[0], (112, 112))
    decoded, remarks = decode(image, suffix)
    assert np.abs(decoded.astype(int) - small.train.images[0]).mean() < 20
    assert remarks == ("set: 1 of 1 pictures of 112×112 pixels brought to 28×28",)


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(DataError, match=r"^picture: "):
        decode_picture_of_digit(content, "picture", PictureCounts())


def test_a_picture_that_is_too_large_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(LargePictureError, match="5000×1 pixels are too many for a digit: at most 4,096 per side"):
        decode(np.zeros((1, 5000), np.uint8))


def test_a_float_picture_is_refused() -> None:
    with pytest.raises(DataError, match="a picture of float32"):
        decode(np.zeros((28, 28), np.float32), ".tiff")
