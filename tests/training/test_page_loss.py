"""The network for pages learns a few scenes by heart, and its maps then give the quads of their numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sutja.networks.page_model import PageReader
from sutja.randomness import seeded
from sutja.reading.page_maps import decode_maps
from sutja.reading.quad import overlap
from sutja.training.page_loss import PageBatch, as_page_batch, page_loss
from sutja.training.page_targets import HANDWRITTEN, page_targets, visible_numbers
from tests.training.page_scenes import ScenePainter

pytestmark = pytest.mark.usefixtures("one_thread")


def learned(batch: PageBatch, *, steps: int) -> tuple[np.ndarray, list[float]]:
    """The maps of a network that was trained on one batch, and its losses."""
    with seeded(0):
        network = PageReader()
    optimiser, losses = torch.optim.AdamW(network.parameters(), 3e-3), []
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = 3e-3 * min(1, step / 15) * (1 - step / steps)
        loss = page_loss(network(batch.pictures), batch)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(loss.item())
    with torch.inference_mode():
        return network.eval()(batch.pictures).numpy(), losses


def test_what_is_learned_by_heart_is_found_again() -> None:
    documents = [ScenePainter().paint(np.random.default_rng(seed), (128, 128)) for seed in range(6)]
    maps, losses = learned(as_page_batch([page_targets(each) for each in documents]), steps=110)
    assert losses[-1] < losses[0] / 10
    good = total = found_in_all = 0
    for document, each in zip(documents, maps, strict=True):
        seen, found = visible_numbers(document), decode_maps(each)
        found_in_all += len(found)
        for quad, kind in zip(seen.quads, seen.classes, strict=True):
            same = [number.quad for number in found if number.handwritten == (kind == HANDWRITTEN)]
            good += any(overlap(quad, other) > 0.6 for other in same)
            total += 1
    assert total > 12
    assert good > 0.9 * total
    assert found_in_all < 1.1 * total
