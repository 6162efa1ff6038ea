"""Out-of-distribution pictures of 28×28 pixels for `benchmarks/reading.py`: letters, noise and clothes."""

from __future__ import annotations

import string
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from sutja.data.dataset import load_dataset
from sutja.data.digits import SIDE_PIXELS
from sutja.reading.normalise import normalise

_Images = NDArray[np.uint8]
DIGIT_LIKE_LETTERS = "BDGIJLOQSTZbgijloqsyz"  # letters that some people write like digits
LETTERS = "".join(sorted(set(string.ascii_letters) - set(DIGIT_LIKE_LETTERS)))
FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSansMono",
    "DejaVuSerif",
    "DejaVuSerif-Italic",
    "DejaVuSerif-Bold",
    "cmr10",
    "cmmi10",
    "STIXGeneral",
    "STIXGeneralItalic",
)


def letters(count: int, rng: np.random.Generator) -> _Images:
    """Letters from fonts that no training uses, in MNIST's form: fitted, centred, with its stroke width."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    fonts = [ImageFont.truetype(str(folder / f"{name}.ttf"), 80) for name in FONTS]
    images = []
    for _ in range(count):
        canvas = Image.new("L", (160, 160))
        letter, font = LETTERS[rng.integers(len(LETTERS))], fonts[rng.integers(len(fonts))]
        ImageDraw.Draw(canvas).text((40, 30), letter, 255, font=font)
        turned = canvas.rotate(float(rng.uniform(-12, 12)))
        images.append(normalise(np.asarray(turned, np.float32) / np.float32(255)))
    return np.stack(images)


def noises(count: int, rng: np.random.Generator, digits: _Images) -> dict[str, _Images]:
    """Several kinds of noise, `count` pictures of each; the last kind shuffles the pixels of `digits (N, 28, 28)`."""
    shape = (count, SIDE_PIXELS, SIDE_PIXELS)
    rough = rng.standard_normal(shape).astype(np.float32)
    soft = np.stack([cv2.GaussianBlur(each, (0, 0), 2) for each in rough])
    stripes = np.repeat(rng.integers(0, 256, (count, 1, SIDE_PIXELS)), SIDE_PIXELS, axis=1)
    picked = digits[rng.integers(0, len(digits), count)].reshape(count, -1)
    return {
        "uniform noise": rng.integers(0, 256, shape).astype(np.uint8),
        "specks": np.where(rng.random(shape) < 0.08, 255, 0).astype(np.uint8),
        "clouds": np.clip((soft / soft.std() + 1) * 100, 0, 255).astype(np.uint8),
        "blots": np.where(soft > soft.std(), 255, 0).astype(np.uint8),
        "stripes": stripes.astype(np.uint8),
        "shuffled digits": rng.permuted(picked, axis=1).reshape(shape),
    }


def clothes(count: int, rng: np.random.Generator, folder: Path | None) -> _Images:
    """Test pictures of Fashion-MNIST from a folder of its IDX files, or silhouettes of clothes without a folder."""
    if folder is not None:
        images = load_dataset(str(folder)).test.images
        return images[rng.permutation(len(images))[:count]]
    return np.stack([_garment(rng) for _ in range(count)])


GARMENT_OUTLINES = {  # x and y in a box of width and height 1, y downwards
    "shirt": "0.3,0 0.7,0 1,0.25 0.85,0.4 0.75,0.3 0.75,1 0.25,1 0.25,0.3 0.15,0.4 0,0.25",
    "trousers": "0.25,0 0.75,0 0.85,1 0.6,1 0.5,0.3 0.4,1 0.15,1",
    "dress": "0.4,0 0.6,0 0.62,0.35 0.8,1 0.2,1 0.38,0.35",
    "coat": "0.35,0 0.65,0 0.95,0.2 1,0.85 0.85,0.85 0.8,0.4 0.8,1 0.2,1 0.2,0.4 0.15,0.85 0,0.85 0.05,0.2",
    "shoe": "0,0.45 0.3,0.4 0.6,0.6 1,0.7 1,0.85 0,0.85",
    "boot": "0.3,0 0.65,0 0.65,0.65 1,0.8 1,0.98 0.3,0.98",
    "bag": "0.05,0.4 0.95,0.4 1,0.95 0,0.95",
}


def _garment(rng: np.random.Generator) -> _Images:
    """A filled silhouette of a garment, with folds."""
    corners = list(GARMENT_OUTLINES.values())[rng.integers(len(GARMENT_OUTLINES))].split()
    outline = np.array([[float(coordinate) for coordinate in corner.split(",")] for corner in corners])
    points = 1 + 26 * np.clip(outline + rng.normal(0, 0.03, outline.shape), 0, 1)
    mask = np.zeros((SIDE_PIXELS, SIDE_PIXELS), np.uint8)
    cv2.fillPoly(mask, [np.round(points * 8).astype(np.int32)], 255, cv2.LINE_AA, shift=3)
    folds = cv2.resize(
        rng.uniform(0.5, 1, (5, 7)).astype(np.float32), (SIDE_PIXELS, SIDE_PIXELS), interpolation=cv2.INTER_CUBIC
    )
    return np.asarray(np.clip(mask * folds * rng.uniform(0.5, 1), 0, 255), np.uint8)
