"""What is recorded of one epoch of a training."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Epoch:
    """One row of a run's curves. Losses are mean cross-entropies in nats, accuracies lie in [0, 1].

    All are measured after the epoch, without dropout and distortion, with the weights that would be kept: the averaged
    ones where the recipe averages. `train_…` is measured on 10,000 training digits, always the same ones. What the
    protocol of the recipe does not look at after an epoch is `None`. `seconds` counts from the start of the training,
    interruptions left out; `learning_rate` is that of the last step.
    """

    epoch: int
    seconds: float
    images_per_second: float
    learning_rate: float
    train_loss: float
    train_accuracy: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    test_loss: float | None = None
    test_accuracy: float | None = None
