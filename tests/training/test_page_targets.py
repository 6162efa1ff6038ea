"""What the page network is to answer: cores, gaps between them, places that count neither way."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sutja.models.onnx_page_network import MAP_STRIDE
from sutja.reading.page_maps import core_of
from sutja.reading.quad import Quad, quad_area, upright_quad
from sutja.synth.documents.document import Document, WrittenRun
from sutja.training.page_loss import as_page_batch, regression_targets
from sutja.training.page_targets import GAP, IGNORED, ORDINARY, PageTargets, page_targets
from tests.training.page_scenes import sloped_quad, written


def targets(*runs: WrittenRun | Quad, side: int = 160) -> PageTargets:
    """The targets of a document with these runs; a quad alone is a handwritten number."""
    whole = tuple(run if isinstance(run, WrittenRun) else written(run) for run in runs)
    return page_targets(Document(np.zeros((side, side, 3), np.uint8), whole))


def cores(result: PageTargets) -> np.ndarray:
    return np.where(result.weights > 0, result.owners, 0)


@pytest.mark.parametrize("degrees", [0, 15, 90, 200])
def test_a_core_covers_its_part_of_the_quad(degrees: float) -> None:
    quad = sloped_quad(80, 80, 96, 48, degrees=degrees)
    result = targets(quad)
    area = (cores(result) == 1).sum() * MAP_STRIDE**2
    assert area == pytest.approx(quad_area(core_of(quad)), rel=0.1)
    rows, columns = np.nonzero(cores(result))
    assert (columns.mean() + 0.5) * MAP_STRIDE == pytest.approx(80, abs=2)
    assert (rows.mean() + 0.5) * MAP_STRIDE == pytest.approx(80, abs=2)


def test_the_border_of_a_core_counts_neither_way_and_belongs_to_its_number() -> None:
    result = targets(sloped_quad(80, 80, 80, 40))
    border = (result.owners == 1) & (result.weights == IGNORED)
    assert border.any()
    assert ((result.owners == 0) == (result.weights == ORDINARY)).sum() > 0.8 * result.owners.size
    assert not (result.weights == GAP).any()


@pytest.mark.parametrize("offset", [(50, 0), (0, 22)], ids=["beside", "below"])
def test_between_two_numbers_that_touch_is_a_gap(offset: tuple[int, int]) -> None:
    first = sloped_quad(50, 50, 48, 20)
    result = targets(first, first + np.array(offset, np.float32))
    gap = result.weights == GAP
    assert gap.any()
    assert (result.owners[gap] == 0).all()
    assert set(np.unique(cores(result))) == {0, 1, 2}
    owners = cores(result)
    for one, other in ((owners[1:], owners[:-1]), (owners[:, 1:], owners[:, :-1])):
        assert not ((one != other) & (one > 0) & (other > 0)).any(), "no two cores touch"


def test_of_two_numbers_in_one_place_the_smaller_lies_on_top() -> None:
    result = targets(sloped_quad(80, 80, 120, 60), sloped_quad(80, 80, 30, 16))
    owners = cores(result)
    assert owners[20, 20] == 2
    assert (owners == 1).sum() > (owners == 2).sum() > 0


def test_words_are_paper_and_numbers_too_small_count_neither_way() -> None:
    word = written(sloped_quad(80, 40, 60, 20), "abc", is_number=False)
    result = targets(word, sloped_quad(80, 120, 20, 5))
    assert not result.owners.any()
    assert (result.weights[10] == ORDINARY).all()
    assert (result.weights[30, 18:22] == IGNORED).all()


def test_each_number_has_its_row() -> None:
    first, second = written(sloped_quad(60, 40, 60, 20, degrees=90)), written(sloped_quad(60, 120, 40, 16))
    result = targets(first, WrittenRun("1", second.quad, second.centres[:1], False, True))
    assert result.numbers.shape == (3, 8)
    assert result.numbers[1] == pytest.approx((1, 60, 40, 0, 1, 30, 20, np.log2(20 / 32)), abs=1e-4)
    assert result.numbers[2] == pytest.approx((2, 60, 120, 1, 0, 20, 16, -1), abs=1e-4)


def test_a_small_number_has_a_core_however_it_lies() -> None:
    for offset in np.linspace(0, 4, 9):
        result = targets(upright_quad(40 + offset, 40 + offset, 43 + offset, 48 + offset))
        assert (cores(result) == 1).sum() >= 1


def test_places_say_how_far_the_middle_line_and_the_ends_are() -> None:
    row = torch.tensor([[1, 60.0, 40, 0, 1, 30, 20, np.log2(20 / 32)]], dtype=torch.float32)
    values = regression_targets(row.repeat(3, 1), torch.tensor([[60.0, 40], [50, 40], [60, 65]]))
    height, cosine, sine, below, start, end = values.T
    assert height.tolist() == pytest.approx([np.log2(20 / 32)] * 3)
    assert (cosine.tolist(), sine.tolist()) == ([0, 0, 0], [1, 1, 1])
    assert below.tolist() == [0, 0.5, 0], "read downwards, left of the line is below it"
    assert start.tolist() == [1, 1, 1]
    assert end.tolist() == [1, 1, 0.25]


def test_a_batch_pads_the_rows_of_numbers() -> None:
    batch = as_page_batch([targets(sloped_quad(80, 80, 60, 20)), targets()])
    assert batch.pictures.shape == (2, 3, 160, 160)
    assert batch.pictures.is_contiguous(memory_format=torch.channels_last)
    assert batch.numbers.shape == (2, 2, 8)
    assert batch.owners[1].max() == 0
