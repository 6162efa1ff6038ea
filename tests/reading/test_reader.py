"""Reading whole pictures and single digits with the published networks."""

from __future__ import annotations

import base64
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.metrics import roc_auc_score

from benchmarks.out_of_distribution import letters
from sutja.data.dataset import Dataset
from sutja.errors import DataError, UsageError
from sutja.models.open import open_model
from sutja.reading.normalise import Gray
from sutja.reading.reader import Reader
from sutja.reading.result import Reading
from tests.waiting import HANG_SECONDS

from .written import Box, Written, overlap, write

ROOT = Path(__file__).parent.parent.parent
NUMBERS = ("40417", "92605", "31786")


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(threads=1)


@pytest.fixture(scope="module")
def written(mnist: Dataset) -> Written:
    return write(mnist, *NUMBERS)


def boxes(reading: Reading) -> list[Box]:
    return [digit.box for line in reading.lines for digit in line.digits]


def scribble(rng: np.random.Generator) -> Gray:
    gray = np.full((200, 300), 230, np.uint8)
    points = rng.integers(20, 180, (30, 1, 2)).astype(np.int32)
    cv2.polylines(gray, [points], False, 30, 2, cv2.LINE_AA)
    return gray


def test_specks_beside_one_large_digit_are_no_numbers(reader: Reader) -> None:
    rng = np.random.default_rng(13)
    gray = np.full((420, 226), 225, np.uint8)
    cv2.line(gray, (130 + int(rng.integers(-15, 15)), 45), (112, 385), 40, 16, cv2.LINE_AA)
    for _ in range(3):
        middle = rng.integers(8, 40), rng.integers(20, 400)
        points = (rng.normal(0, 5, (5, 2)) + middle).astype(np.int32)
        cv2.polylines(gray, [points.reshape(-1, 1, 2)], False, 110, 2, cv2.LINE_AA)
    assert reader.read(cv2.GaussianBlur(gray, (0, 0), 1.2)).text == "1"


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"size": 28},
        {"size": 100},
        {"noise": 0},
        {"noise": 0, "size": 120},
        {"noise": 12},
        {"slope": 0.12},
        {"slope": -0.12},
        {"paper": 40, "ink": 220},
        {"paper": 0, "ink": 255, "noise": 0},
        {"ink": 160},
    ],
    ids=str,
)
def test_numbers_on_paper_and_their_boxes(mnist: Dataset, reader: Reader, how: dict[str, float]) -> None:
    written = write(mnist, *NUMBERS, **how)  # type: ignore[arg-type]
    reading = reader.read(written.gray)
    assert reading.text == written.text
    assert reading.readable
    for box, place in zip(boxes(reading), written.boxes, strict=True):
        assert overlap(box, place) > 0.6


@pytest.mark.parametrize("turn", [0, 1, 3])
def test_quarter_turns_are_detected_and_boxes_refer_to_the_picture(written: Written, reader: Reader, turn: int) -> None:
    """A picture on its side reads like the upright one, with boxes in the coordinates of the given picture."""
    height, width = written.gray.shape
    steps = reader.explain(np.ascontiguousarray(np.rot90(written.gray, turn)))
    assert steps.reading.text == written.text
    for box, (x, y, wide, high) in zip(boxes(steps.reading), written.boxes, strict=True):
        place = {
            0: (x, y, wide, high),
            1: (y, width - x - wide, high, wide),
            3: (height - y - high, x, high, wide),
        }[turn]
        assert overlap(box, place) > 0.6


def test_ruled_paper_and_tables(written: Written, reader: Reader) -> None:
    ruled, table = written.gray.copy(), written.gray.copy()
    for y in range(20, ruled.shape[0], 56):
        cv2.line(ruled, (0, y), (ruled.shape[1], y), 120, 2)
    for y in range(0, table.shape[0], 112):
        cv2.line(table, (0, y + 4), (table.shape[1], y + 4), 60, 2)
    for x in (8, table.shape[1] - 8):
        cv2.line(table, (x, 0), (x, table.shape[0]), 60, 2)
    assert reader.read(ruled).text == written.text
    assert reader.read(table).text == written.text


def test_shadows(written: Written, reader: Reader) -> None:
    height, width = written.gray.shape
    y, x = np.mgrid[0:height, 0:width]
    light = (0.5 + 0.5 * x / width) * cv2.GaussianBlur(np.where(x > y, 0.8, 1.0), (0, 0), 15)
    assert reader.read((written.gray * light).astype(np.uint8)).text == written.text


def test_a_file_reads_like_its_array(written: Written, reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "손글씨.png"
    path.write_bytes(cv2.imencode(".png", written.gray)[1].tobytes())
    reading = reader.read(written.gray)
    assert reader.read(path) == reader.read(str(path)) == reading
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(written.gray, 1)))
    stored.save(tmp_path / "phone.jpg", exif=exif, quality=95)
    assert reader.read(tmp_path / "phone.jpg").text == written.text


def test_ink_on_transparent_paper(written: Written, reader: Reader) -> None:
    alpha = np.clip((225 - written.gray.astype(int)) * 255 / 185, 0, 255).astype(np.uint8)
    for ink in (20, 250):
        assert reader.read(np.dstack([np.full_like(alpha, ink)] * 3 + [alpha])).text == written.text


@pytest.mark.parametrize("level", [0, 100, 230, 255])
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (3, 3), (20, 30), (300, 400)])
def test_blank_paper_has_no_digits(reader: Reader, shape: tuple[int, int], level: int) -> None:
    reading = reader.read(np.full(shape, level, np.uint8))
    assert (reading.lines, reading.text, reading.confidence, reading.readable) == ((), "", 0.0, False)


def test_noise_light_and_scribbles_have_hardly_any_digits(reader: Reader) -> None:
    rng = np.random.default_rng(0)
    pictures: list[Gray] = [rng.integers(0, 256, (200, 300), dtype=np.uint8)]
    pictures += [np.clip(rng.normal(220, sigma, (300, 400)), 0, 255).astype(np.uint8) for sigma in (2, 10)]
    pictures += [np.tile(np.linspace(80, 250, 400).astype(np.uint8), (300, 1))]
    pictures += [scribble(rng) for _ in range(10)]
    digits = [digit.digit for picture in pictures for line in reader.read(picture).lines for digit in line.digits]
    assert sum(digit is not None for digit in digits) <= 3


def test_a_digit_below_the_minimum_confidence_is_a_question_mark(written: Written, reader: Reader) -> None:
    sure = reader.read(written.gray)
    confidences = [digit.confidence for line in sure.lines for digit in line.digits]
    strict = Reader(min_confidence=float(np.median(confidences)), threads=1).read(written.gray)
    assert boxes(strict) == boxes(sure)
    for line, same in zip(strict.lines, sure.lines, strict=True):
        for digit, other in zip(line.digits, same.digits, strict=True):
            assert (digit.guess, digit.confidence) == (other.guess, other.confidence)
            assert digit.digit == (digit.guess if digit.confidence >= np.median(confidences) else None)
    assert strict.text.count("?") == sum(each < np.median(confidences) for each in confidences)


def test_each_line_is_a_number_of_digits_in_its_place(written: Written, reader: Reader) -> None:
    numbers = reader.read(written.gray).numbers
    assert [(number.text, number.kind, str(number.value)) for number in numbers] == [
        (number, "integer", number) for number in NUMBERS
    ]
    for number in numbers:
        assert number.handwritten
        assert number.confidence == pytest.approx(np.prod([digit.confidence for digit in number.digits]))
        left, top, width, height = number.box
        places = np.array([digit.box for digit in number.digits])
        assert (left, top) == tuple(places[:, :2].min(axis=0))
        assert np.abs((places[:, :2] + places[:, 2:]).max(axis=0) - (left + width, top + height)).max() <= 1
        assert np.abs(np.array(number.quad)[[0, 2]].ravel() - (left, top, left + width, top + height)).max() <= 1


def test_a_number_that_the_edge_cuts_is_known(written: Written, reader: Reader) -> None:
    whole = reader.read(written.gray)
    assert not any(number.at_edge for number in whole.numbers)
    left, _, width, _ = whole.numbers[1].digits[-1].box
    edge = left + width // 2
    cut = reader.read(np.ascontiguousarray(written.gray[:, :edge]))
    crossed = [
        any(digit.box[0] < edge < digit.box[0] + digit.box[2] for digit in number.digits) for number in whole.numbers
    ]
    assert [number.at_edge for number in cut.numbers] == crossed


@pytest.mark.parametrize("turn", [0, 1, 3])
def test_the_corners_of_a_number_are_those_in_reading_direction(written: Written, reader: Reader, turn: int) -> None:
    number = reader.read(np.ascontiguousarray(np.rot90(written.gray, turn))).numbers[0]
    top_left, top_right, _, bottom_left = np.array(number.quad)
    across, down = top_right - top_left, bottom_left - top_left
    turned = {0: (1, 0), 1: (0, -1), 3: (0, 1)}[turn]
    assert np.allclose(across / np.hypot(*across), turned)
    assert np.allclose(down / np.hypot(*down), (-turned[1], turned[0]))
    assert np.hypot(*across) > 3 * np.hypot(*down)


def test_a_picture_of_a_single_digit_is_one_number(mnist: Dataset, reader: Reader) -> None:
    gray = np.full((900, 700), 230, np.uint8)
    gray[100:700, 50:650] -= cv2.resize(mnist.test.images[0], (600, 600)) // 2
    (found,), (expected,) = reader.read(gray, single=True).lines, reader.classify([gray])
    assert found.text == expected.text == "7"
    assert found.digits == (expected,)
    left, top, width, height = found.numbers[0].box
    assert 50 <= left < left + width <= 650 and 100 <= top < top + height <= 700
    assert width > 200 and height > 300, "the box is in pixels of the picture"
    assert reader.read(np.full((90, 60), 200, np.uint8), single=True) == Reading(())


def test_the_decimal_sign_is_a_point_or_a_comma(written: Written, reader: Reader) -> None:
    for single in (False, True):
        with pytest.raises(UsageError, match="unknown decimal sign 'dot'"):
            reader.read(written.gray, single=single, decimal_sign="dot")  # type: ignore[arg-type]


def test_a_reading_in_detail_shows_each_digit(reader: Reader, written: Written) -> None:
    reading = reader.read(written.gray)
    lines = reading.as_json("a.png", detail=True)["lines"]
    details = [digit for line in lines for number in line["numbers"] for digit in number["digits"]]
    found = [digit for line in reading.lines for digit in line.digits]
    assert len(details) == len(found) == sum(map(len, NUMBERS))
    for detail, digit in zip(details, found, strict=True):
        image = np.frombuffer(base64.b64decode(detail["image"]), np.uint8).reshape(28, 28)
        np.testing.assert_array_equal(image, digit.image)
        assert detail["probabilities"] == [round(each, 4) for each in digit.probabilities]
        assert np.argmax(detail["probabilities"]) == digit.guess
        assert digit.confidence == digit.probabilities.max() <= 1
    # The images are in MNIST's form: the classifier reads the same digits in them.
    seen = open_model("convnet-small").classifier(threads=1).probabilities(np.stack([digit.image for digit in found]))
    assert np.mean(seen.argmax(axis=1) == [digit.guess for digit in found]) > 0.9


def test_the_bytes_of_a_file_read_like_the_file(reader: Reader, written: Written, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), written.gray)
    assert reader.read((tmp_path / "a.png").read_bytes()) == reader.read(tmp_path / "a.png")
    with pytest.raises(DataError, match="picture: truncated"):
        reader.read((tmp_path / "a.png").read_bytes()[:-20])


def test_the_classifier_contributes(mnist: Dataset, written: Written, reader: Reader) -> None:
    other = Reader(classifier="mlp-best", threads=1)
    ours, theirs = reader.read(written.gray), other.read(written.gray)
    assert boxes(ours) == boxes(theirs)
    assert ours != theirs
    assert not np.array_equal(reader.saliency(mnist.test.images[0]).values, other.saliency(mnist.test.images[0]).values)
    with pytest.raises(UsageError, match="no-such"):
        Reader(classifier="no-such", threads=1).read(written.gray)


def test_single_digits(mnist: Dataset, reader: Reader) -> None:
    images, labels = mnist.test.images[:200], mnist.test.labels[:200]
    found = reader.classify(images)
    assert np.mean([digit.guess == label for digit, label in zip(found, labels, strict=True)]) > 0.98
    assert np.mean([digit.digit is None for digit in found]) < 0.05
    assert all(0 <= digit.confidence <= 1 for digit in found)
    assert reader.classify([]) == []
    assert reader.classify(images[:0]) == []


@pytest.mark.parametrize("light_on_dark", [False, True])
def test_single_digits_of_other_sizes(mnist: Dataset, reader: Reader, light_on_dark: bool) -> None:
    pictures: list[NDArray[np.uint8]] = []
    for number, image in enumerate(mnist.test.images[:60]):
        large = cv2.resize(image, (50 + 5 * number, 50 + 5 * number), interpolation=cv2.INTER_CUBIC)
        pictures.append((20 + large * 0.9 if light_on_dark else 240 - large * 0.8).astype(np.uint8))
    found = reader.classify(pictures)
    assert np.mean([digit.digit == label for digit, label in zip(found, mnist.test.labels[:60], strict=True)]) > 0.93


def test_letters_are_distinguished_from_digits(mnist: Dataset, reader: Reader) -> None:
    digits = [digit.confidence for digit in reader.classify(mnist.test.images[:300])]
    others = [digit.confidence for digit in reader.classify(letters(300, np.random.default_rng(0)))]
    assert roc_auc_score([1] * 300 + [0] * 300, digits + others) > 0.985  # 0.981 by the digits as they are


def test_without_a_digit_the_digit_is_none(reader: Reader) -> None:
    rng = np.random.default_rng(0)
    nothing = [np.zeros((28, 28), np.uint8), np.full((90, 60), 200, np.uint8), np.zeros((1, 1), np.uint8)]
    for digit in reader.classify(nothing):
        assert digit.digit is None
        assert digit.confidence < 0.05
    noise = rng.integers(0, 256, (20, 28, 28), dtype=np.uint8)
    noise[:, [0, -1]] = noise[:, :, [0, -1]] = 0
    assert sum(digit.digit is not None for digit in reader.classify(noise)) <= 2


def test_one_reader_serves_several_threads(written: Written, mnist: Dataset) -> None:
    reader = Reader(threads=1)
    others = [write(mnist, number).gray for number in NUMBERS] * 3
    expected = [reader.read(gray) for gray in others]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(reader.read, others)) == expected
        singles = list(pool.map(lambda _: reader.classify(mnist.test.images[:20]), range(3)))
    assert singles[0] == singles[1] == singles[2]


def test_invalid_pictures_and_readers_are_refused(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("not a picture")
    with pytest.raises(DataError, match=r"notes\.png: not a picture, or damaged"):
        reader.read(tmp_path / "notes.png")
    with pytest.raises(DataError, match="is not a picture"):
        reader.read(np.zeros(5))
    with pytest.raises(DataError, match="not finite"):
        reader.classify([np.full((28, 28), np.nan)])
    with pytest.raises(UsageError, match="line-raeder"):
        Reader("line-raeder")
    with pytest.raises(UsageError, match="both read single digits"):
        Reader("convnet", classifier="tiny")
    with pytest.raises(UsageError, match="min_confidence"):
        Reader(min_confidence=float("nan"))


def test_reading_needs_no_pytorch(written: Written, tmp_path: Path) -> None:
    path = tmp_path / "numbers.png"
    path.write_bytes(cv2.imencode(".png", written.gray)[1].tobytes())
    code = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(['torch', 'matplotlib', 'jinja2', 'safetensors', 'onnx', 'scipy']))\n"
        "import cv2, sutja\n"
        "reader = sutja.Reader()\n"
        "print(reader.read(sys.argv[1]).text)\n"
        "print(len(reader.classify([sys.argv[1]])))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, path], cwd=ROOT, capture_output=True, text=True, timeout=HANG_SECONDS, check=False
    )
    assert (run.stdout, run.stderr) == (written.text + "\n1\n", "")


def test_bare_strokes_side_by_side_are_ones(reader: Reader) -> None:
    picture = np.full((108, 177), 255, np.uint8)
    for place in range(5):
        cv2.line(picture, (38 + 25 * place, 37), (37 + 25 * place, 71), 0, 3, cv2.LINE_AA)
    assert reader.read(picture).text == "11111"
