"""Synthetic pictures: reproducible, within their limits, and labelled correctly."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from sutja.data.dataset import Dataset
from sutja.errors import UsageError
from sutja.models.open import open_model
from sutja.reading.normalise import normalise, stroke_width
from sutja.synth.folder import LABELS_FILE, PhotographRequest, render_photographs, write_photographs
from sutja.synth.handwriting import CANVAS_ROWS, HandwritingStyle, Placement
from sutja.synth.lines import LineRenderer, random_number
from sutja.synth.paper import dots, grain
from sutja.synth.photograph import DIFFICULTIES, take_photograph
from sutja.synth.sheet import PENS
from sutja.synth.skeleton import skeleton
from sutja.synth.stroke_shapes import DIGIT_SHAPES, MARK_SHAPES, MARK_SIZES
from sutja.synth.strokes import digit_strokes, draw_letter, scribble, vary_shape
from sutja.synth.tracing import Strokes, trace_strokes


def seeded(*seed: int) -> np.random.Generator:
    return np.random.default_rng(list(seed))


@pytest.fixture(scope="module")
def renderer(mnist: Dataset) -> LineRenderer:
    return LineRenderer(mnist.train)


def written(style: HandwritingStyle, strokes: Strokes) -> np.ndarray:
    """Strokes drawn in a style, `uint8 (64, 140)`."""
    canvas = np.zeros((style.rows, 140), np.uint8)
    style.draw_glyph(canvas, strokes, 30, Placement())
    return canvas


def calm(style: HandwritingStyle) -> HandwritingStyle:
    """Make a style upright and free of variation."""
    style.height, style.middle, style.width, style.slant = 44.0, 32.0, 1.0, 0.0
    style.jitter = style.baseline_slope = style.stroke_jitter = style.pressure_variation = style.flourish = 0.0
    style.bend = np.zeros((3, 3, 2))
    return style


@pytest.mark.parametrize("digit", range(10))
def test_each_style_of_a_digit_fills_its_height(digit: int) -> None:
    for shape in DIGIT_SHAPES[digit]:
        points = np.concatenate(vary_shape(shape, seeded(1), width=0.45 if digit == 1 else 0.68, jitter=0))
        assert np.ptp(points[:, 1]) > 0.8, shape
        assert points[:, 1].min() > -0.15 and points[:, 1].max() < 1.15, shape
        assert points[:, 0].max() < 1.2, shape


def test_each_mark_can_be_drawn_and_has_a_size() -> None:
    assert set(MARK_SHAPES) == set(MARK_SIZES)
    for name, shapes in MARK_SHAPES.items():
        for shape in shapes:
            assert written(HandwritingStyle(seeded(2)), vary_shape(shape, seeded(2))).max() == 255, name


def test_digits_differ_unless_their_seed_is_the_same() -> None:
    makers: tuple[Callable[[np.random.Generator], np.ndarray], ...] = (
        lambda rng: written(HandwritingStyle(rng), digit_strokes(3, rng)),
        lambda rng: draw_letter(rng, pen=5),
        lambda rng: written(HandwritingStyle(rng), scribble(rng)),
    )
    for make in makers:
        first, again, other = make(seeded(1)), make(seeded(1)), make(seeded(2))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)
        assert first.max() == 255


@pytest.mark.parametrize("pressure", [0.0, 0.2])
def test_a_style_draws_with_its_pen(pressure: float) -> None:
    for pixels in (2.0, 4.0, 6.0):
        style = calm(HandwritingStyle(seeded(1), pen_width=pixels / 44))
        style.pressure_variation = pressure
        ink = written(style, vary_shape(DIGIT_SHAPES[7][3], seeded(1), jitter=0))
        assert stroke_width(ink > 127) == pytest.approx(pixels + 0.8, abs=0.7)  # plus the soft edge


def test_traced_digits_are_recognised_when_drawn_again(mnist: Dataset) -> None:
    style = calm(HandwritingStyle(seeded(1), pen_width=0.08))
    again, labels = [], []
    for image, label in zip(mnist.test.images[:300], mnist.test.labels, strict=False):
        strokes = trace_strokes(image)
        if strokes is not None:
            points = np.concatenate(strokes)
            assert points.min(axis=0) == pytest.approx((0, 0), abs=0.01)
            assert points[:, 1].max() == pytest.approx(1, abs=0.1)
            again.append(normalise((written(style, strokes) / 255).astype(np.float32)))
            labels.append(label)
    assert len(labels) > 250
    read = open_model("convnet-small").classifier().probabilities(np.stack(again)).argmax(axis=1)
    assert (read == labels).mean() > 0.96


def test_strokes_continue_straight_across_crossings() -> None:
    cross = np.zeros((28, 28), np.uint8)
    cv2.line(cross, (4, 6), (23, 21), 255, 3)
    cv2.line(cross, (23, 6), (4, 21), 255, 3)
    strokes = trace_strokes(cross)
    assert strokes is not None and len(strokes) == 2
    for stroke in strokes:
        assert abs(stroke[0, 0] - stroke[-1, 0]) > 0.9  # from one side to the other
    ring = np.zeros((28, 28), np.uint8)
    cv2.circle(ring, (14, 14), 8, 255, 3)
    strokes = trace_strokes(ring)
    assert strokes is not None and len(strokes) == 1
    assert np.hypot(*(strokes[0][0] - strokes[0][-1])) < 0.1


def test_blots_cannot_be_traced() -> None:
    blot = np.zeros((28, 28), np.uint8)
    cv2.circle(blot, (14, 14), 9, 255, -1)
    assert trace_strokes(blot) is None
    assert trace_strokes(np.zeros((28, 28), np.uint8)) is None
    speck = np.zeros((28, 28), np.uint8)
    speck[14, 14] = 255
    trace_strokes(speck)  # a single pixel may or may not be a stroke, but is no error


def test_papers_have_their_shape_and_strength() -> None:
    paper = dots((40, 130), seeded(1), spacing=5, strength=0.3)
    assert paper.shape == (40, 130)
    assert -0.301 <= paper.min() < -0.1
    assert paper.max() == 0  # dots are never lighter than paper
    assert np.abs(grain((40, 130), seeded(1), size=1, strength=0.05)).max() < 0.4


def test_numbers_have_one_to_ten_digits() -> None:
    rng = seeded(0)
    numbers = [random_number(rng) for _ in range(500)]
    assert {len(number) for number in numbers} == set(range(1, 11))
    assert all(number.isdigit() for number in numbers)


def test_a_style_scales(renderer: LineRenderer) -> None:
    small, text = renderer.draw_line(HandwritingStyle(seeded(5)), "4711", signs=False)
    large, same = renderer.draw_line(
        HandwritingStyle(seeded(5), scale=3, rows=3 * CANVAS_ROWS), "4711", max_columns=3 * 640, signs=False
    )
    assert text == same == "4711"
    assert large.shape == (3 * CANVAS_ROWS, pytest.approx(3 * small.shape[1], abs=3))
    shrunk = cv2.resize(large, small.shape[::-1], interpolation=cv2.INTER_AREA)
    both = ((shrunk > 127) & (small > 127)).sum() / ((shrunk > 127) | (small > 127)).sum()
    assert both > 0.8


def test_a_line_holds_the_digits_that_fit(renderer: LineRenderer) -> None:
    canvas, text = renderer.draw_line(HandwritingStyle(seeded(5)), "1234567890", max_columns=300, signs=False)
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
def test_a_photograph_has_its_lines_at_their_corners(renderer: LineRenderer, difficulty: str) -> None:
    for seed in range(3):
        taken = take_photograph(renderer, seeded(seed), difficulty=difficulty, size=(600, 400))
        assert taken.picture.dtype == np.uint8
        assert taken.picture.shape == (400, 600, 3)
        assert taken.text == "\n".join(line.text for line in taken.lines)
        limits = DIFFICULTIES[difficulty].contents
        assert 0 < len(taken.lines) <= limits.max_lines
        for line in taken.lines:
            assert line.text.isdigit()
            assert len(line.text) <= limits.max_digits
            assert (line.corners > 0).all() and (line.corners < (600, 400)).all()
            assert contrast(taken.picture, line.corners) > 8  # something is written there
        middles = [float(line.corners[:, 1].mean()) for line in taken.lines]
        assert middles == sorted(middles)


def contrast(picture: np.ndarray, corners: np.ndarray) -> float:
    """The largest difference from the median in a region, in grey levels."""
    left, top = np.floor(corners.min(axis=0)).astype(int)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int)
    gray = picture[top:bottom, left:right].mean(axis=2)
    return float(np.abs(gray - np.median(gray)).max())


def test_a_seed_gives_a_photograph(renderer: LineRenderer) -> None:
    first, again, other = (take_photograph(renderer, seeded(seed), size=(600, 400)) for seed in (1, 1, 2))
    assert np.array_equal(first.picture, again.picture)
    assert first.text == again.text
    assert not np.array_equal(first.picture, other.picture)


def test_photographs_differ_in_pen_and_paper(renderer: LineRenderer) -> None:
    request = PhotographRequest(["medium"], 12, 0, (300, 300))
    papers = {tuple(np.median(each.picture, axis=(0, 1)) // 16) for _, each in render_photographs(renderer, request)}
    assert len(papers) > 5
    assert all(0 < low < high < 0.25 for low, high in (pen.widths for pen in PENS.values()))


def test_an_unknown_difficulty_has_a_hint(renderer: LineRenderer) -> None:
    with pytest.raises(UsageError, match="did you mean 'hard'"):
        take_photograph(renderer, seeded(1), difficulty="hart")


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_folder_of_photographs(renderer: LineRenderer, tmp_path: Path, suffix: str) -> None:
    folder, request = tmp_path / "사진", PhotographRequest(["easy", "hard"], 2, 3, (300, 200))
    write_photographs(renderer, request, folder, suffix=suffix, force=False)
    with (folder / LABELS_FILE).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = list(render_photographs(renderer, request))
    assert [row["difficulty"] for row in rows] == ["easy", "easy", "hard", "hard"]
    for row, (_, taken) in zip(rows, expected, strict=True):
        assert row["text"] == taken.text
        stored = cv2.imdecode(np.frombuffer((folder / row["file"]).read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        assert stored is not None
        assert np.abs(stored.astype(int) - taken.picture).mean() < (1 if suffix == ".png" else 6)
    with pytest.raises(UsageError, match="--force replaces it"):
        write_photographs(renderer, request, folder, suffix=suffix, force=False)
    write_photographs(renderer, PhotographRequest(["easy"], 1, 0, (300, 200)), folder, suffix=suffix, force=True)
    assert sorted(path.name for path in folder.iterdir()) == [f"easy-0001{suffix}", LABELS_FILE]
