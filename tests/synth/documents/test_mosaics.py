import numpy as np
import pytest

from sutja.reading.quad import shared_area
from sutja.synth.documents.document import Document, WrittenRun, upright_quad
from sutja.synth.documents.mosaics import paint_mosaic

SIZE = (448, 320)


@pytest.fixture
def document() -> Document:
    """A grey picture with a black number on it."""
    picture = np.full((200, 300, 3), 200, np.uint8)
    picture[90:110, 120:160] = 0
    centres = np.array([(130, 100), (150, 100)], np.float32)
    return Document(picture, (WrittenRun("12", upright_quad(120, 90, 160, 110), centres, True, True),))


@pytest.mark.parametrize("seed", range(8))
def test_numbers_move_with_the_parts_they_stand_on(document: Document, seed: int) -> None:
    mosaic = paint_mosaic([document], np.random.default_rng(seed), SIZE)
    assert mosaic.picture.shape == (SIZE[1], SIZE[0], 3)
    assert mosaic.numbers
    for run in mosaic.numbers:
        x, y = np.round(run.quad.mean(axis=0)).astype(int)
        assert mosaic.picture[min(y, SIZE[1] - 1), min(x, SIZE[0] - 1)].max() < 100
        assert run.text == "12"


@pytest.mark.parametrize("seed", range(8))
def test_parts_do_not_overlap(document: Document, seed: int) -> None:
    numbers = paint_mosaic([document], np.random.default_rng(seed), SIZE).numbers
    for index, run in enumerate(numbers):
        assert all(shared_area(run.quad, other.quad) == 0 for other in numbers[index + 1 :])


def test_the_same_seed_gives_the_same_mosaic(document: Document) -> None:
    first, second = (paint_mosaic([document], np.random.default_rng(5), SIZE) for _ in range(2))
    np.testing.assert_array_equal(first.picture, second.picture)


def test_digits_have_many_sizes(document: Document) -> None:
    rng = np.random.default_rng(0)
    heights = [run.height for _ in range(20) for run in paint_mosaic([document], rng, SIZE).numbers]
    assert min(heights) < 20
    assert max(heights) > 80


def test_documents_without_anything_written_give_a_black_picture() -> None:
    blank = Document(np.full((60, 60, 3), 255, np.uint8), ())
    assert not paint_mosaic([blank], np.random.default_rng(0), SIZE).picture.any()
