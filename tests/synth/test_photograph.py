"""Pictures that nobody took: seeded, within their ranges, and with the digits on them that they say."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from sutja.data.dataset import Dataset
from sutja.errors import UsageError
from sutja.models.ctc import LINE_HEIGHT
from sutja.models.open import open_model
from sutja.reading.normalise import normalise, stroke_width
from sutja.synth.folder import LABELS, Order, photographs, write_photographs
from sutja.synth.handwriting import ROWS, Hand
from sutja.synth.lines import Writer, random_number
from sutja.synth.paper import dots, grain, line_paper, rules, shade, waves
from sutja.synth.photograph import DIFFICULTIES, photograph
from sutja.synth.sheet import PENS
from sutja.synth.skeleton import skeleton
from sutja.synth.strokes import DIGITS, MARKS, SIZES, curves, digit_curves, draw_letter, scribble
from sutja.synth.tracing import Strokes, trace


def seeded(*seed: int) -> np.random.Generator:
    return np.random.default_rng(list(seed))


@pytest.fixture(scope="module")
def writer(mnist: Dataset) -> Writer:
    return Writer(mnist.train)


def written(hand: Hand, strokes: Strokes) -> np.ndarray:
    """Strokes as a hand writes them, `uint8 (64, 140)`."""
    canvas = np.zeros((hand.rows, 140), np.uint8)
    hand.put(canvas, strokes, 30)
    return canvas


def calm(hand: Hand) -> Hand:
    """A hand that writes straight and the same each time."""
    hand.height, hand.middle, hand.width, hand.slant = 44.0, 32.0, 1.0, 0.0
    hand.unrest = hand.drift = hand.shakiness = hand.pressure = hand.flourish = 0.0
    hand.bend = np.zeros((3, 3, 2))
    return hand


@pytest.mark.parametrize("digit", range(10))
def test_each_style_of_a_digit_fills_its_height(digit: int) -> None:
    for shape in DIGITS[digit]:
        points = np.concatenate(curves(shape, seeded(1), width=0.45 if digit == 1 else 0.68, unrest=0))
        assert np.ptp(points[:, 1]) > 0.8, shape
        assert points[:, 1].min() > -0.15 and points[:, 1].max() < 1.15, shape
        assert points[:, 0].max() < 1.2, shape


def test_each_mark_can_be_written_and_has_a_size() -> None:
    assert set(MARKS) == set(SIZES)
    for name, shapes in MARKS.items():
        for shape in shapes:
            assert written(Hand(seeded(2)), curves(shape, seeded(2))).max() == 255, name


def test_no_two_digits_are_the_same_but_those_of_one_seed() -> None:
    makers: tuple[Callable[[np.random.Generator], np.ndarray], ...] = (
        lambda rng: written(Hand(rng), digit_curves(3, rng)),
        lambda rng: draw_letter(rng, pen=5),
        lambda rng: written(Hand(rng), scribble(rng)),
    )
    for make in makers:
        first, again, other = make(seeded(1)), make(seeded(1)), make(seeded(2))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)
        assert first.max() == 255


@pytest.mark.parametrize("pressure", [0.0, 0.2])
def test_a_hand_writes_with_its_pen(pressure: float) -> None:
    for pixels in (2.0, 4.0, 6.0):
        hand = calm(Hand(seeded(1), pen=pixels / 44))
        hand.pressure = pressure
        ink = written(hand, curves(DIGITS[7][3], seeded(1), unrest=0))
        assert stroke_width(ink > 127) == pytest.approx(pixels + 0.8, abs=0.7)  # and the soft edge


def test_strokes_of_mnist_written_anew_are_the_same_digits(mnist: Dataset) -> None:
    hand = calm(Hand(seeded(1), pen=0.08))
    again, labels = [], []
    for image, label in zip(mnist.test.images[:300], mnist.test.labels, strict=False):
        strokes = trace(image)
        if strokes is not None:
            points = np.concatenate(strokes)
            assert points.min(axis=0) == pytest.approx((0, 0), abs=0.01)
            assert points[:, 1].max() == pytest.approx(1, abs=0.1)
            again.append(normalise((written(hand, strokes) / 255).astype(np.float32)))
            labels.append(label)
    assert len(labels) > 250
    read = open_model("convnet-small").classifier().probabilities(np.stack(again)).argmax(axis=1)
    assert (read == labels).mean() > 0.96


def test_strokes_go_straight_on_where_they_cross() -> None:
    cross = np.zeros((28, 28), np.uint8)
    cv2.line(cross, (4, 6), (23, 21), 255, 3)
    cv2.line(cross, (23, 6), (4, 21), 255, 3)
    strokes = trace(cross)
    assert strokes is not None and len(strokes) == 2
    for stroke in strokes:
        assert abs(stroke[0, 0] - stroke[-1, 0]) > 0.9  # from one side to the other
    ring = np.zeros((28, 28), np.uint8)
    cv2.circle(ring, (14, 14), 8, 255, 3)
    strokes = trace(ring)
    assert strokes is not None and len(strokes) == 1
    assert np.hypot(*(strokes[0][0] - strokes[0][-1])) < 0.1


def test_what_has_no_strokes_has_no_trace() -> None:
    blot = np.zeros((28, 28), np.uint8)
    cv2.circle(blot, (14, 14), 9, 255, -1)
    assert trace(blot) is None
    assert trace(np.zeros((28, 28), np.uint8)) is None
    speck = np.zeros((28, 28), np.uint8)
    speck[14, 14] = 255
    trace(speck)  # a single pixel is a stroke or none, and no error


def test_papers_have_their_shape_and_strength() -> None:
    shape = (40, 130)
    for paper in (
        waves(shape, seeded(1), spacing=5, strength=0.3),
        dots(shape, seeded(1), spacing=5, strength=0.3),
        rules(shape, seeded(1), spacing=15, strength=0.3),
    ):
        assert paper.shape == shape
        assert -0.301 <= paper.min() < -0.1
        assert paper.max() == 0  # patterns are darker than paper, nowhere lighter
    assert np.abs(grain(shape, seeded(1), size=1, strength=0.05)).max() < 0.4
    assert np.abs(shade(shape, seeded(1), strength=0.1)).max() < 0.2
    assert np.array_equal(line_paper(shape, seeded(3), strongest=0.5), line_paper(shape, seeded(3), strongest=0.5))


def test_numbers_have_one_to_ten_digits() -> None:
    rng = seeded(0)
    numbers = [random_number(rng) for _ in range(500)]
    assert {len(number) for number in numbers} == set(range(1, 11))
    assert all(number.isdigit() for number in numbers)


def test_lines_are_what_the_network_sees(writer: Writer) -> None:
    lines, again = (list(writer.lines(seeded(7), 30)) for _ in range(2))
    for line, same in zip(lines, again, strict=True):
        assert line.ink.dtype == np.float32
        assert line.ink.shape == line.gray.shape
        assert line.ink.shape[0] == LINE_HEIGHT
        assert (line.ink >= 0).all() and (line.ink <= 1).all()
        assert line.text == same.text
        assert np.array_equal(line.gray, same.gray)
    assert len({line.text for line in lines}) > 20


def test_a_hand_writes_the_same_in_any_size(writer: Writer) -> None:
    small, text = writer.write(Hand(seeded(5)), "4711", signs=False)
    large, same = writer.write(Hand(seeded(5), scale=3, rows=3 * ROWS), "4711", widest=3 * 640, signs=False)
    assert text == same == "4711"
    assert large.shape == (3 * ROWS, pytest.approx(3 * small.shape[1], abs=3))
    shrunk = cv2.resize(large, small.shape[::-1], interpolation=cv2.INTER_AREA)
    both = ((shrunk > 127) & (small > 127)).sum() / ((shrunk > 127) | (small > 127)).sum()
    assert both > 0.8


def test_a_line_holds_as_many_digits_as_there_is_room_for(writer: Writer) -> None:
    canvas, text = writer.write(Hand(seeded(5)), "1234567890", widest=300, signs=False)
    assert canvas.shape[1] <= 300
    assert 0 < len(text) < 10
    assert "1234567890".startswith(text)


def test_a_skeleton_is_thin_and_connected() -> None:
    ring = np.zeros((60, 60), np.uint8)
    cv2.circle(ring, (30, 30), 20, 255, 9)
    middles = skeleton(ring > 0)
    assert middles[ring == 0].sum() == 0
    assert cv2.connectedComponents(middles.astype(np.uint8), connectivity=8)[0] == 2  # paper and one ring
    assert 90 < middles.sum() < 160  # the circumference
    assert not skeleton(np.zeros((5, 5), np.bool_)).any()


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_a_photograph_has_what_it_says_where_it_says_it(writer: Writer, difficulty: str) -> None:
    for seed in range(3):
        taken = photograph(writer, seeded(seed), difficulty=difficulty, size=(600, 400))
        assert taken.picture.dtype == np.uint8
        assert taken.picture.shape == (400, 600, 3)
        assert taken.text == "\n".join(line.text for line in taken.lines)
        limits = DIFFICULTIES[difficulty].contents
        assert 0 < len(taken.lines) <= limits.lines
        for line in taken.lines:
            assert line.text.isdigit()
            assert len(line.text) <= limits.digits
            assert (line.corners > 0).all() and (line.corners < (600, 400)).all()
            assert contrast(taken.picture, line.corners) > 8  # something is written there
        middles = [float(line.corners[:, 1].mean()) for line in taken.lines]
        assert middles == sorted(middles)


def contrast(picture: np.ndarray, corners: np.ndarray) -> float:
    """How far the darkest or lightest of a region is from its median, in grey levels."""
    left, top = np.floor(corners.min(axis=0)).astype(int)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int)
    gray = picture[top:bottom, left:right].mean(axis=2)
    return float(np.abs(gray - np.median(gray)).max())


def test_a_seed_gives_a_photograph(writer: Writer) -> None:
    first, again, other = (photograph(writer, seeded(seed), size=(600, 400)) for seed in (1, 1, 2))
    assert np.array_equal(first.picture, again.picture)
    assert first.text == again.text
    assert not np.array_equal(first.picture, other.picture)


def test_photographs_differ_in_pen_and_paper(writer: Writer) -> None:
    order = Order(["medium"], 12, 0, (300, 300))
    papers = {tuple(np.median(each.picture, axis=(0, 1)) // 16) for _, each in photographs(writer, order)}
    assert len(papers) > 5
    assert all(0 < low < high < 0.25 for low, high in (pen.widths for pen in PENS.values()))


def test_an_unknown_difficulty_has_a_hint(writer: Writer) -> None:
    with pytest.raises(UsageError, match="did you mean 'hard'"):
        photograph(writer, seeded(1), difficulty="hart")


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_folder_of_photographs(writer: Writer, tmp_path: Path, suffix: str) -> None:
    folder, order = tmp_path / "사진", Order(["easy", "hard"], 2, 3, (300, 200))
    write_photographs(writer, order, folder, suffix=suffix, force=False)
    with (folder / LABELS).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = list(photographs(writer, order))
    assert [row["difficulty"] for row in rows] == ["easy", "easy", "hard", "hard"]
    for row, (_, taken) in zip(rows, expected, strict=True):
        assert row["text"] == taken.text
        stored = cv2.imdecode(np.frombuffer((folder / row["file"]).read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        assert stored is not None
        assert np.abs(stored.astype(int) - taken.picture).mean() < (1 if suffix == ".png" else 6)
    with pytest.raises(UsageError, match="--force replaces it"):
        write_photographs(writer, order, folder, suffix=suffix, force=False)
    write_photographs(writer, Order(["easy"], 1, 0, (300, 200)), folder, suffix=suffix, force=True)
    assert sorted(path.name for path in folder.iterdir()) == [f"easy-0001{suffix}", LABELS]
