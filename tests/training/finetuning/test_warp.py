"""The distortion that separates digits from those that a network reads: found, and undone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sutja.data.dataset import Dataset
from sutja.data.digits import Digits
from sutja.models.open import open_model
from sutja.networks.build import load_network
from sutja.training.augment import mapped_places, resample
from sutja.training.finetuning.warp import Shapes, Warp, find_warps, second_moments

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def tiny() -> nn.Module:
    return load_network(open_model("tiny"))


def images_of(dataset: Dataset, first: int, last: int) -> tuple[Tensor, Tensor]:
    digits = dataset.test.take(np.arange(first, last))
    return torch.from_numpy(digits.images).unsqueeze(1).float() / 255, torch.from_numpy(digits.labels)


def errors(network: nn.Module, images: Tensor, labels: Tensor) -> int:
    with torch.inference_mode():
        return int((network(images).argmax(1) != labels).sum())


def bent() -> Warp:
    """Turned by 45 degrees, and bent."""
    matrix = torch.tensor([[[0.8, -0.8], [0.8, 0.8]]])
    return Warp(matrix, 0.15 * torch.randn(1, 2, 25, generator=torch.Generator().manual_seed(1)))


def test_warps_are_found_that_make_other_digits_of_the_same_hand_readable(mnist: Dataset, tiny: nn.Module) -> None:
    images, labels = images_of(mnist, 0, 420)
    written = resample(images, bent().places().expand(len(images), -1, -1))
    before = errors(tiny, written[20:], labels[20:])
    assert before > 40
    own = Digits((written[:20, 0] * 255).round().byte().numpy(), labels[:20].numpy())
    for places in find_warps(own, Shapes.of(mnist.train), tiny).places():
        undone = resample(written[20:], places.expand(400, -1, -1))
        assert errors(tiny, undone, labels[20:]) < before / 2


def test_what_is_warped_and_warped_back_is_as_it_was(mnist: Dataset) -> None:
    images, _ = images_of(mnist, 0, 50)
    warp = Warp(bent().matrices / 1.6, bent().knots / 1.6)  # smaller: nothing leaves the image
    there = resample(images, warp.inverse_places().expand(50, -1, -1))
    back = resample(there, warp.places().expand(50, -1, -1))
    unwarped_apart, apart = (there - images).abs().mean(), (back - images).abs().mean()
    assert apart < unwarped_apart / 5


def test_no_warp_reads_every_pixel_where_it_is() -> None:
    warp = Warp(torch.eye(2)[None], torch.zeros(1, 2, 25))
    pixels = mapped_places(torch.eye(2, 3)[None], 28, 28)
    torch.testing.assert_close(warp.places(), pixels)
    torch.testing.assert_close(warp.inverse_places(), pixels)
    assert warp.penalty().item() == pytest.approx(0, abs=1e-9)


def test_second_moments_are_those_of_the_ink() -> None:
    image = torch.zeros(1, 1, 28, 28)
    image[0, 0, 4, 10] = image[0, 0, 8, 16] = 1  # two pixels, 4 rows and 6 columns apart
    torch.testing.assert_close(second_moments(image)[0], torch.tensor([4.0, 6.0, 9.0]), atol=0.05, rtol=0)


def test_the_shape_of_a_missing_class_is_that_of_all(mnist: Dataset) -> None:
    some = mnist.train.take(np.arange(300))
    without = some.take(np.flatnonzero(some.labels != 3))
    shapes = Shapes.of(without)
    everything = second_moments(torch.from_numpy(without.images).float().unsqueeze(1) / 255)
    torch.testing.assert_close(shapes.mean[3], everything.mean(0))
    assert shapes.distance(torch.zeros(1, 1, 28, 28), torch.tensor([3])).isfinite().all()


def test_one_usual_digit_or_many_alike_are_enough(mnist: Dataset) -> None:
    for places in ([0], [0, 0, 0]):
        usual = Shapes.of(mnist.train.take(np.array(places)))
        assert usual.distance(*images_of(mnist, 0, 5)).isfinite().all()
