"""The network for pages learns a few scenes by heart, and its maps then give the quads of their numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sutja.networks.page_model import PageReader
from sutja.randomness import seeded
from sutja.reading.page_maps import decode_maps
from sutja.reading.page_metrics import match_numbers
from sutja.synth.documents.scenes import visible_numbers
from sutja.training.page_loss import PageBatch, as_page_batch, page_loss
from sutja.training.page_targets import page_targets
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
    truth = [visible_numbers(each) for each in documents]
    outcome = match_numbers([decode_maps(each) for each in maps], truth, min_overlap=0.6)
    assert outcome.count > 12
    assert outcome.recall > 0.9
    assert outcome.precision > 0.9
