"""Train the network that reads single digits quickly from nothing, and publish it: `python -m tools.quick_reader`.

First the signs that it learns are made, unless their file is there: MNIST's training digits with their labels, and
digits, letters, other signs, strokes and noise, drawn in the fonts of `python -m tools.fonts`, which must have been
fetched, and with the strokes of `sutja.synth`. Letters that nobody takes for a digit, signs in a row and noise have the
label "other". All else that is drawn gets the label that the line reader and the classifier of `sutja.Reader` give it
together: one of the ten digits, or "other". The test part has the digits that the protocol "validation" holds back, and
signs in fonts of which the training part has none: MNIST's test digits are in neither part.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from sutja.data.class_names import ClassNames
from sutja.data.dataset import Dataset, load_dataset, save_dataset, split
from sutja.data.digits import CLASS_COUNT, SIDE_PIXELS, Digits, Images, Labels
from sutja.models.catalogue import WEIGHTS
from sutja.models.open import open_model
from sutja.reading.digit_batch import normalise_images
from sutja.reading.normalise import Gray, normalise
from sutja.reading.reader import DEFAULT_CLASSIFIER, DEFAULT_LINE_READER
from sutja.reading.single_digit import prepare_single_digit
from sutja.reading.single_reader import QUICK_CLASSES, SingleDigitReader
from sutja.recipe import RECIPES
from sutja.synth.documents.fonts import FONT_FOLDER, FontFile, characters_of, load_fonts, render_text
from sutja.synth.strokes import digit_strokes, scribble
from sutja.synth.tracing import Strokes

QUICK_READER = "quick-reader"
SIGNS = Path("build") / f"{QUICK_READER}.npz"
SEED = 20261128
DRAWN, DRAWN_FOR_TEST = 40_000, 3_000
TEST_FONT_STEP = 10  # every tenth font draws for the test part alone
OTHER_LABEL = CLASS_COUNT
CLASS_NAMES = ClassNames(QUICK_CLASSES)
SIGN_PIXELS = 60.0  # height of a drawn digit, before it is brought to MNIST's size
LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DIGIT_LIKE = frozenset("BDGIJLOQSTZbgijloqsyz")  # letters that some people write like digits
MARKS = ".,-+/:%=()$€&@#!?*<>[]{}~^|'\"§"
CHUNK = 500  # signs that are labelled at once

Draw = Callable[[np.random.Generator], tuple[Gray, bool]]  # a sign, and whether it is certainly no digit


def main() -> None:
    """Make the signs, train the network and publish it; exits with the code of a command that fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signs", type=Path, default=SIGNS, help="the file of the signs")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="the folder of runs")
    parser.add_argument("--to", type=Path, default=WEIGHTS, help="where the network is published")
    options = parser.parse_args()
    if not options.signs.exists():
        options.signs.parent.mkdir(parents=True, exist_ok=True)
        save_dataset(make_dataset(FONT_FOLDER, DRAWN), options.signs, file_format="npz")
    run = options.runs / RECIPES[QUICK_READER].run_name
    if not run.exists():
        _sutja("train", QUICK_READER, "--data", str(options.signs), "--runs", str(options.runs))
        (options.runs / f"{options.signs.stem}-{run.name}").rename(run)  # a model is called as its run's folder
    data = ("--data", str(options.signs))
    _sutja("export", str(run), *data, "--to", str(options.to), "--half", "--no-weights", "--force")


def _sutja(*words: str) -> None:
    print("sutja", *words, flush=True)
    code = subprocess.run([sys.executable, "-m", "sutja", *words], check=False).returncode
    if code:
        sys.exit(code)


def make_dataset(font_folder: Path, count: int) -> Dataset:
    """The digits of MNIST and `count` drawn signs to train on, and others to test with. Raises `DataError`."""
    parts, fonts = split(load_dataset(), "validation"), load_fonts(font_folder)
    each = sorted({font.path: font for font in (*fonts.words, *fonts.print)}.values(), key=lambda font: font.name)
    kept = [font for number, font in enumerate(each) if number % TEST_FONT_STEP]
    train = SignPainter(kept, parts.train, count // 20).labelled(np.random.default_rng(SEED), count)
    held_back = parts.evaluation_parts["validation"]
    painter = SignPainter(each[::TEST_FONT_STEP], held_back, DRAWN_FOR_TEST // 3)
    test = painter.labelled(np.random.default_rng(SEED + 1), min(count, DRAWN_FOR_TEST))
    return Dataset(QUICK_READER, _joined(parts.train, train), _joined(held_back, test))


def _joined(digits: Digits, drawn: tuple[Images, Labels]) -> Digits:
    """Digits as the reader prepares them, and drawn signs."""
    prepared, _ = normalise_images(digits.images)
    return Digits(np.concatenate([prepared, drawn[0]]), np.concatenate([digits.labels, drawn[1]]), CLASS_NAMES)


class SignPainter:
    """Draws images in MNIST's form: digits, letters, other signs, scribbles and noise; some are made of `digits`."""

    def __init__(self, fonts: Sequence[FontFile], digits: Digits, progress_step: int) -> None:
        self._fonts, self._digits, self._progress_step = fonts, digits, max(1, progress_step)
        self._kinds: tuple[tuple[float, Draw], ...] = (
            (0.20, self._font_digit),
            (0.34, self._font_letter),
            (0.08, self._font_mark),
            (0.08, self._font_group),
            (0.07, self._stroke_digit),
            (0.05, self._scribble),
            (0.10, self._changed_digit),
            (0.08, self._noise),
        )

    def labelled(self, rng: np.random.Generator, count: int) -> tuple[Images, Labels]:
        """`count` signs with their labels."""
        images: list[Gray] = []
        certain: list[bool] = []
        while len(images) < count:
            image, is_other = self.draw(rng)
            images.append(image)
            certain.append(is_other)
            if len(images) % self._progress_step == 0:
                print(f"{len(images):,} of {count:,} signs are drawn", flush=True)
        drawn, labels, unknown = np.stack(images), np.full(count, OTHER_LABEL), ~np.array(certain)
        labels[unknown] = label_signs(drawn[unknown])
        return drawn, labels

    def draw(self, rng: np.random.Generator) -> tuple[Gray, bool]:
        """A sign `uint8 (28, 28)` as the reader prepares it, and whether it is certainly no digit."""
        shares, draws = zip(*self._kinds, strict=True)
        while True:
            image, is_other = draws[int(rng.choice(len(draws), p=shares))](rng)
            if image.any():
                return image, is_other

    def _font_digit(self, rng: np.random.Generator) -> tuple[Gray, bool]:
        return self._text(rng, str(rng.integers(10))), False

    def _font_letter(self, rng: np.random.Generator) -> tuple[Gray, bool]:
        letter = LATIN[rng.integers(len(LATIN))] if rng.random() < 0.75 else ""
        return self._text(rng, letter), bool(letter) and letter not in DIGIT_LIKE

    def _font_mark(self, rng: np.random.Generator) -> tuple[Gray, bool]:
        return self._text(rng, MARKS[rng.integers(len(MARKS))]), False

    def _font_group(self, rng: np.random.Generator) -> tuple[Gray, bool]:
        """Two or three digits or letters, close together."""
        signs = "0123456789" if rng.random() < 0.6 else LATIN + "0123456789"
        text = "".join(signs[place] for place in rng.integers(len(signs), size=int(rng.integers(2, 4))))
        return self._text(rng, text, spacing=float(rng.uniform(-0.3, 0.05))), True

    def _text(self, rng: np.random.Generator, text: str, spacing: float = 0.0) -> Gray:
        """A text in one of the fonts; without a text any letter that the font has."""
        font = self._fonts[int(rng.integers(len(self._fonts)))]
        if not text:
            letters = sorted(sign for sign in characters_of(font.path) if sign.isalpha())
            text = letters[rng.integers(len(letters))] if letters else "x"
        mask = render_text(font, text, SIGN_PIXELS, spacing=spacing).mask
        return normalise(_varied(_on_canvas(mask), rng).astype(np.float32) / np.float32(255))

    def _stroke_digit(self, rng: np.random.Generator) -> tuple[Gray, bool]:
        return _drawn_strokes(digit_strokes(int(rng.integers(10)), rng), rng), False

    def _scribble(self, rng: np.random.Generator) -> tuple[Gray, bool]:
        return _drawn_strokes(scribble(rng), rng), False

    def _changed_digit(self, rng: np.random.Generator) -> tuple[Gray, bool]:
        """A digit turned, mirrored, in half, crossed out, or joined with half of another."""
        image, other = (self._digits.images[rng.integers(len(self._digits))].copy() for _ in range(2))
        kind, half = int(rng.integers(6)), int(rng.integers(9, 19))
        if kind == 0:
            image = np.rot90(image, int(rng.integers(1, 4)))
        elif kind == 1:
            image = image[:, ::-1] if rng.random() < 0.5 else image[::-1]
        elif kind == 2:
            image[half:] = 0
        elif kind == 3:
            image[:, half:] = 0
        elif kind == 4:
            (x, y), end = rng.integers(2, 26, (2, 2)).tolist()
            cv2.line(image, (x, y), end, 255, int(rng.integers(1, 4)), cv2.LINE_AA)
        else:
            image[:, half:] = other[:, half:]
        return prepare_single_digit(np.ascontiguousarray(image)).image, False

    def _noise(self, rng: np.random.Generator) -> tuple[Gray, bool]:
        """Random pixels, smooth or not, and filled shapes."""
        kind, shape = int(rng.integers(4)), (SIDE_PIXELS, SIDE_PIXELS)
        if kind == 0:
            image = np.where(rng.random(shape) < rng.uniform(0.02, 0.5), rng.integers(0, 256, shape), 0)
        elif kind < 3:
            field = cv2.GaussianBlur(rng.standard_normal(shape), (0, 0), float(rng.uniform(0.8, 4)))
            field = field / field.std() + rng.uniform(-1, 1)
            image = np.where(field > rng.uniform(0, 1), 255, 0) if kind == 1 else np.clip(field * 100, 0, 255)
        else:
            image = np.zeros(shape, np.uint8)
            corners = rng.uniform(2, 26, (int(rng.integers(3, 9)), 2))
            angles = np.arctan2(*(corners - corners.mean(axis=0)).T)
            cv2.fillPoly(image, [np.round(corners[angles.argsort()] * 8).astype(np.int32)], 255, cv2.LINE_AA, shift=3)
        return normalise(np.asarray(image, np.uint8).astype(np.float32) / np.float32(255)), True


def _on_canvas(mask: Gray) -> Gray:
    """A mask with room around it to turn."""
    margin = max(4, round(0.35 * max(mask.shape)))
    return cv2.copyMakeBorder(mask, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0).astype(np.uint8)


def _varied(ink: Gray, rng: np.random.Generator) -> Gray:
    """Ink turned, sheared and stretched a little, with a thicker or thinner pen, and blurred."""
    middle = np.array(ink.shape[::-1]) / 2
    angle, shear = np.deg2rad(rng.normal(0, 7)), rng.normal(0, 0.12)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.array([[rng.uniform(0.8, 1.2), shear], [0, 1]])
    moved = cv2.warpAffine(ink, np.column_stack([matrix, middle - matrix @ middle]), ink.shape[::-1])
    ink = np.asarray(moved, np.uint8)
    pen = int(rng.integers(-3, 7))
    if abs(pen) > 1:
        brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(pen), abs(pen)))
        changed = np.asarray(cv2.dilate(ink, brush) if pen > 0 else cv2.erode(ink, brush), np.uint8)
        ink = changed if np.count_nonzero(changed > 127) > 0.3 * np.count_nonzero(ink > 127) else ink
    return np.asarray(cv2.GaussianBlur(ink, (0, 0), float(rng.uniform(0.3, 3))), np.uint8)


def _drawn_strokes(strokes: Strokes, rng: np.random.Generator) -> Gray:
    """Strokes in a box of about 1×1, drawn with one pen."""
    ink = np.zeros((140, 140), np.uint8)
    pen = int(rng.integers(2, 14))
    for stroke in strokes:
        points = np.round((30 + 80 * stroke) * 8).astype(np.int32)
        cv2.polylines(ink, [points], False, 255, pen, cv2.LINE_AA, shift=3)
    return normalise(_varied(ink, rng).astype(np.float32) / np.float32(255))


def label_signs(images: Images) -> Labels:
    """The digit that the line reader and the classifier together take each image for, or "other"."""
    line_network = open_model(DEFAULT_LINE_READER).line_network()
    both = SingleDigitReader(line_network, open_model(DEFAULT_CLASSIFIER).classifier, None, other_classifier=False)
    chunks = np.array_split(images, -(-len(images) // CHUNK))
    probabilities = np.concatenate([both.probabilities(chunk) for chunk in chunks])
    return np.where(probabilities.sum(axis=1) >= 0.5, probabilities.argmax(axis=1), OTHER_LABEL)


if __name__ == "__main__":
    main()
