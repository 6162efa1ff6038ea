"""The loss of the page network. Every number counts alike, small or large, but a large one a little more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from sutja.models.onnx_page_network import MAP_STRIDE
from sutja.reading.page_maps import END_REACH_HEIGHTS
from sutja.training.page_targets import PageTargets

USUAL_AREA = 12.0  # places of a core that weigh 1 each
MAX_WEIGHT, MIN_WEIGHT = 3.5, 0.15  # of a place of a core
MIN_CORE_WEIGHT = 4.0  # of a picture, in the sum that the class loss is divided by
REGRESSION_WEIGHTS = (1.0, 1.0, 1.0, 2.0, 1.0, 1.0)  # height, direction, middle line, ends
REGRESSION_BETA = 0.1  # below this difference, the loss is quadratic


@dataclass(frozen=True)
class PageBatch:
    """Pictures of one size and their targets.

    `pictures uint8 (N, 3, H, W)`; `owners int16` and `weights uint8`, both `(N, H / 4, W / 4)`, and
    `numbers float32 (N, K, 8)` as in `PageTargets`.
    """

    pictures: Tensor
    owners: Tensor
    weights: Tensor
    numbers: Tensor

    def __len__(self) -> int:
        """The number of pictures."""
        return len(self.pictures)

    def to(self, device: torch.device) -> PageBatch:
        """The same batch on a device."""
        return PageBatch(*(each.to(device, non_blocking=True) for each in vars(self).values()))


def as_page_batch(targets: Sequence[PageTargets]) -> PageBatch:
    """Pictures of one size, and their targets, as one batch."""
    most = max(len(each.numbers) for each in targets)
    numbers = [np.pad(each.numbers, ((0, most - len(each.numbers)), (0, 0))) for each in targets]
    arrays = (np.stack([getattr(each, name) for each in targets]) for name in ("picture", "owners", "weights"))
    pictures, owners, weights = (torch.from_numpy(each) for each in arrays)
    return PageBatch(pictures.permute(0, 3, 1, 2), owners, weights, torch.from_numpy(np.stack(numbers)))


def page_loss(maps: Tensor, batch: PageBatch) -> Tensor:
    """The loss of maps `float32 (N, 9, H / 4, W / 4)`: classes of places, overlap of cores, and values at cores."""
    owners = batch.owners.long()
    rows = torch.arange(len(batch), device=owners.device)[:, None, None] * batch.numbers.shape[1] + owners
    table = batch.numbers.flatten(0, 1)
    core = (owners > 0) & (batch.weights > 0)
    classes = torch.where(core, table[rows, 0], 0).long()
    areas = torch.bincount(rows[core], minlength=len(table)).clamp(min=1).float()
    shares = (USUAL_AREA / areas).sqrt().clamp(MIN_WEIGHT, MAX_WEIGHT)
    weights = torch.where(core, shares[rows], batch.weights.float())
    logits = maps[:, :3]
    return (
        class_loss(logits, classes, weights)
        + dice_loss(logits, classes, weights)
        + regression_loss(maps[:, 3:], owners > 0, rows, table)
    )


def class_loss(logits: Tensor, classes: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy of `logits (N, 3, h, w)`, the weighted sum over all places for each weighted place of a core.

    All other places count, not only the hardest: with those alone, the probability of a core stays at a sixth where
    there is plain paper.
    """
    losses = functional.cross_entropy(logits, classes, reduction="none") * weights
    cores = weights[classes > 0].sum()
    return losses.sum() / cores.clamp(min=MIN_CORE_WEIGHT * len(logits))


def dice_loss(logits: Tensor, classes: Tensor, weights: Tensor) -> Tensor:
    """1 - the Dice coefficient of the cores of either class, their mean.

    Source: Milletari, Navab and Ahmadi, "V-Net: fully convolutional neural networks for volumetric medical image
    segmentation", 2016.
    """
    found = logits.softmax(dim=1)[:, 1:] * weights[:, None]
    truth = functional.one_hot(classes, 3).permute(0, 3, 1, 2)[:, 1:]
    shared = (found * truth).sum(dim=(0, 2, 3))
    both = found.sum(dim=(0, 2, 3)) + (truth * weights[:, None]).sum(dim=(0, 2, 3))
    return (1 - (2 * shared + 1) / (both + 1)).mean()


def regression_loss(values: Tensor, near: Tensor, rows: Tensor, table: Tensor) -> Tensor:
    """Smooth L1 of the last six channels at the places `near` cores; each number of `table` counts the same."""
    sample, row, column = near.nonzero(as_tuple=True)
    found = values[sample, :, row, column]  # (P, 6)
    owner = rows[near]
    wanted = regression_targets(table[owner], (torch.stack([column, row], dim=1) + 0.5) * MAP_STRIDE)
    losses = functional.smooth_l1_loss(found, wanted, beta=REGRESSION_BETA, reduction="none")
    areas = torch.bincount(owner, minlength=len(table)).clamp(min=1)
    total = (losses * losses.new_tensor(REGRESSION_WEIGHTS)).sum(dim=1) / areas[owner]
    return total.sum() / (areas[owner].float().reciprocal().sum().clamp(min=1))


def regression_targets(numbers: Tensor, places: Tensor) -> Tensor:
    """Channels 3 to 8 of the maps `(P, 6)` at `places (P, 2)` in pixels; `numbers (P, 8)` has the number of each."""
    offset, direction, height = places - numbers[:, 1:3], numbers[:, 3:5], numbers[:, 6]
    along = (offset * direction).sum(dim=1)
    below = offset[:, 1] * direction[:, 0] - offset[:, 0] * direction[:, 1]
    ends = torch.stack([numbers[:, 5] + along, numbers[:, 5] - along], dim=1) / height[:, None]
    ends = ends.clamp(-END_REACH_HEIGHTS, END_REACH_HEIGHTS)
    return torch.cat([numbers[:, 7:8], direction, (below / height)[:, None], ends], dim=1)
