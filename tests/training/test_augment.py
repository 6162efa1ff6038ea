"""Every registered augmentation, and their common resampling."""

from __future__ import annotations

import pytest
import torch
from torch import Generator, Tensor

from sutja.data.dataset import Dataset
from sutja.errors import UsageError
from sutja.training import augment
from sutja.training.augment import (
    AUGMENTATIONS,
    DISTURBED_SHARE,
    MIN_LEVEL_DIFFERENCE,
    WIDE_SHARE,
    affine_matrices,
    elastic_shifts,
    get_augmentation,
    mapped_places,
    random_filter,
    random_levels,
    resample,
)

every_augmentation = pytest.mark.parametrize("name", list(AUGMENTATIONS))
every_distortion = pytest.mark.parametrize("name", [name for name in AUGMENTATIONS if name != "none"])


@pytest.fixture(scope="module")
def images(mnist: Dataset) -> Tensor:
    return torch.from_numpy(mnist.train.images[:64]).unsqueeze(1) / 255


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def unmoved(height: int, width: int) -> Tensor:
    """The middle of every pixel, row by row, `(1, 2, H·W)`."""
    x = (torch.arange(width) + 0.5) * 2 / width - 1
    y = (torch.arange(height) + 0.5) * 2 / height - 1
    return torch.stack([x.repeat(height), y.repeat_interleave(width)])[None]


@every_augmentation
def test_shape_range_and_dtype_are_kept(name: str, images: Tensor) -> None:
    distorted = AUGMENTATIONS[name](images, seeded(0))
    assert distorted.shape == images.shape
    assert distorted.dtype == torch.float32
    assert distorted.min() >= 0
    assert distorted.max() <= 1


@every_augmentation
def test_the_input_is_not_modified(name: str, images: Tensor) -> None:
    before = images.clone()
    AUGMENTATIONS[name](images, seeded(0))
    assert torch.equal(images, before)


@every_augmentation
@pytest.mark.parametrize("shape", [(1, 1, 28, 28), (2, 1, 20, 36), (3, 1, 9, 5)])
def test_one_image_and_images_that_are_not_square(name: str, shape: tuple[int, ...]) -> None:
    assert AUGMENTATIONS[name](torch.rand(shape, generator=seeded(1)), seeded(0)).shape == shape


@every_augmentation
def test_the_same_seed_gives_the_same_result(name: str, images: Tensor) -> None:
    torch.manual_seed(1)
    first = AUGMENTATIONS[name](images, seeded(7))
    torch.manual_seed(2)
    assert torch.equal(first, AUGMENTATIONS[name](images, seeded(7)))


@every_distortion
def test_another_seed_gives_another_result(name: str, images: Tensor) -> None:
    assert not torch.equal(AUGMENTATIONS[name](images, seeded(7)), AUGMENTATIONS[name](images, seeded(8)))


@every_distortion
def test_each_image_is_distorted_individually(name: str, images: Tensor) -> None:
    distorted = AUGMENTATIONS[name](images[:1].repeat(4, 1, 1, 1), seeded(0))
    assert len({image.numpy().tobytes() for image in distorted}) == 4


@pytest.mark.parametrize("name", ["affine", "elastic", "affine-elastic"])
def test_the_digits_do_change_and_keep_their_ink(name: str, images: Tensor) -> None:
    distorted = AUGMENTATIONS[name](images, seeded(0))
    assert (distorted - images).abs().mean() > 0.02
    assert distorted.sum().item() == pytest.approx(images.sum().item(), rel=0.15)


def test_none_gives_the_images_themselves(images: Tensor) -> None:
    assert torch.equal(AUGMENTATIONS["none"](images, seeded(0)), images)


def switch_off(monkeypatch: pytest.MonkeyPatch, *limits: str) -> None:
    for limit in limits:
        monkeypatch.setattr(augment, limit, 0.0)


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("affine", ("MAX_ROTATION_DEGREES", "MAX_SHIFT_SHARE", "MAX_SCALE_CHANGE", "MAX_SHEAR")),
        ("elastic", ("ELASTIC_STD",)),
        (
            "affine-elastic",
            ("MAX_ROTATION_DEGREES", "MAX_SHIFT_SHARE", "MAX_SCALE_CHANGE", "MAX_SHEAR", "ELASTIC_STD"),
        ),
    ],
)
@pytest.mark.parametrize("rows", [28, 20])
def test_without_any_distortion_the_image_comes_back(
    name: str, limits: tuple[str, ...], rows: int, images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_off(monkeypatch, *limits)
    cut = images[:, :, :rows]
    torch.testing.assert_close(AUGMENTATIONS[name](cut, seeded(0)), cut, atol=1e-3, rtol=0)


@pytest.mark.parametrize(
    ("limit", "affected"),
    [
        ("MAX_SHIFT_SHARE", (0, 0)),
        ("MAX_SCALE_CHANGE", (1, 1)),
        ("MAX_SHEAR", (1, 0)),
        ("MAX_ROTATION_DEGREES", (1, 1)),
    ],
)
def test_each_limit_has_its_effect(limit: str, affected: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A shift moves the centre; the others keep it and move the rim, a shear only along x."""
    switch_off(monkeypatch, *{"MAX_ROTATION_DEGREES", "MAX_SHIFT_SHARE", "MAX_SCALE_CHANGE", "MAX_SHEAR"} - {limit})
    matrices = affine_matrices(torch.zeros(50, 1, 29, 29), seeded(0))
    moved = mapped_places(matrices, 29, 29) - unmoved(29, 29)
    middle, corner = moved[:, :, 29 * 14 + 14], moved[:, :, 0]
    if limit == "MAX_SHIFT_SHARE":
        assert (middle.abs() <= 2 * augment.MAX_SHIFT_SHARE + 1e-6).all()
        assert (middle.abs().max(0).values > augment.MAX_SHIFT_SHARE).all()
    else:
        assert middle.abs().max() < 1e-6
    assert (corner.abs().max(0).values > 0.05).tolist() == [
        bool(each) or limit == "MAX_SHIFT_SHARE" for each in affected
    ]


@pytest.mark.parametrize(("x", "y"), [(1, 0), (0, 1), (-1, 0), (0, -2), (3, 2)])
@pytest.mark.parametrize("rows", [28, 20])
def test_reading_further_right_moves_the_image_left(x: int, y: int, rows: int, images: Tensor) -> None:
    """A shift by whole pixels needs no interpolation: the image moves exactly, and paper fills the gap."""
    cut = images[:4, :, :rows]
    places = unmoved(rows, 28) + torch.tensor([[2 * x / 28], [2 * y / rows]])
    padded = torch.nn.functional.pad(cut, (4, 4, 4, 4))
    expected = padded[:, :, 4 + y : 4 + y + rows, 4 + x : 4 + x + 28]
    torch.testing.assert_close(resample(cut, places.repeat(4, 1, 1)), expected, atol=1e-3, rtol=0)


def test_elastic_shifts_are_smooth() -> None:
    shifts = elastic_shifts(torch.zeros(20, 1, 28, 28), seeded(0)).view(20, 2, 28, 28).permute(0, 2, 3, 1)
    steps = torch.cat([shifts.diff(dim=1).abs().flatten(), shifts.diff(dim=2).abs().flatten()])
    assert steps.max() < 2 / 28  # neighbours never pass each other: the image is bent, not torn
    assert shifts.abs().max() > 0.05


def test_an_unknown_augmentation_gets_a_hint() -> None:
    with pytest.raises(UsageError, match="unknown augmentation 'afine': did you mean 'affine'"):
        get_augmentation("afine")


def test_robust_disturbs_about_a_third_and_leaves_the_paper_of_the_rest_black(images: Tensor) -> None:
    many = images[:1].repeat(400, 1, 1, 1)
    paper = AUGMENTATIONS["robust"](many, seeded(0)).flatten(1).median(1).values
    assert 0.05 < (paper > 0).float().mean().item() < DISTURBED_SHARE


def test_disturbed_leaves_about_half_of_the_digits_as_they_are(images: Tensor) -> None:
    many = images[:1].repeat(400, 1, 1, 1)
    same = (AUGMENTATIONS["disturbed"](many, seeded(0)) == many).flatten(1).all(1).float().mean().item()
    assert abs(same - (1 - WIDE_SHARE) * (1 - DISTURBED_SHARE)) < 0.12


def test_a_filter_mixes_each_image_with_its_own_neighbours_only(images: Tensor) -> None:
    spot = torch.zeros(2, 1, 9, 9)
    spot[0, 0, 4, 4] = 1
    filtered = random_filter(spot, seeded(3))
    assert filtered[1].abs().max() == 0
    assert filtered[0, 0, 3:6, 3:6].max() > 0
    assert filtered[0].count_nonzero() == filtered[0, 0, 3:6, 3:6].count_nonzero()


def test_levels_of_ink_and_paper_differ_enough(images: Tensor) -> None:
    edges = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2).repeat(500, 1, 1, 1)
    levels = random_levels(edges, seeded(0))
    assert (levels[..., 0] - levels[..., 1]).abs().min() >= MIN_LEVEL_DIFFERENCE
    assert levels.min() >= 0 and levels.max() <= 1
    assert 0.2 < (levels[..., 0] > levels[..., 1]).float().mean() < 0.8
