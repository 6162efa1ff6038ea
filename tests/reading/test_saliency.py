"""Saliency by occlusion."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sutja.data.dataset import Dataset
from sutja.models.open import open_model
from sutja.reading.saliency import occlusion_saliency


def loop_or_stroke(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A network whose logit of 8 is the ink in the upper left, and that of 1 the ink in the lower right."""
    logits = np.zeros((len(images), 10), np.float32)
    logits[:, 8] = images[:, :14, :14].mean(axis=(1, 2))
    logits[:, 1] = images[:, 14:, 14:].mean(axis=(1, 2))
    return logits


def test_supporting_ink_is_positive_and_contradicting_ink_negative() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[2:12, 2:12], image[16:22, 16:22] = 200, 200
    seen = occlusion_saliency(loop_or_stroke, image)
    assert seen.probabilities.argmax() == 8
    assert seen.probabilities.sum() == pytest.approx(1)
    assert seen.values.dtype == np.float32
    assert seen.values.max() == 1
    assert seen.values[4:10, 4:10].min() > 0
    assert seen.values[17:21, 17:21].max() < 0
    assert not seen.values[16:, :8].any()


def test_an_empty_image_has_no_saliency() -> None:
    assert not occlusion_saliency(loop_or_stroke, np.zeros((28, 28), np.uint8)).values.any()


def test_covering_the_most_salient_ink_lowers_the_probability_most(mnist: Dataset) -> None:
    network = open_model("convnet-small").classifier(threads=1)
    for image in mnist.test.images[:5]:
        seen = occlusion_saliency(network.logits, image, network.temperature)
        digit = int(seen.probabilities.argmax())
        ranked = np.argsort(np.where(image > 60, seen.values, np.nan), axis=None)[: int((image > 60).sum())]
        third = len(ranked) // 3
        left = []
        for covered in (ranked[-third:], ranked[:third]):
            picture = image.copy()
            picture.flat[covered] = 0
            left.append(network.probabilities(picture[None])[0, digit])
        assert left[0] < left[1]
