"""The network that reads a whole line: convolutions, and what stands at each place from left to right."""

from __future__ import annotations

from torch import Tensor, nn

from sutja.digits import CLASSES

OUTPUTS = CLASSES + 1  # the digits and, last, nothing: the blank of connectionist temporal classification
STRIDE = 4  # columns of the line for one place of the answer


def block(inputs: int, outputs: int, pool: tuple[int, int] | None = None) -> nn.Sequential:
    """A 3×3 convolution, batch normalisation and ReLU, then the largest of each `pool` (rows, columns)."""
    layers: list[nn.Module] = [nn.MaxPool2d(pool)] if pool else []
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), *layers, nn.BatchNorm2d(outputs), nn.ReLU()
    )


class LineReader(nn.Module):
    """Lines `float32 (N, 1, 32, W)` of ink in [0, 1] to log-odds `(N, W / 4, 11)`: ten digits and nothing.

    Idea: Shi, Bai and Yao, "An end-to-end trainable neural network for image-based sequence recognition", 2015, with
    convolutions along the line in place of the recurrent layers; trained by Graves' connectionist temporal
    classification, 2006.
    """

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        first, second, third, fourth, fifth, along = 24, 48, 64, 96, 128, 160
        self.picture = nn.Sequential(  # a line of 32×W
            block(1, first, (2, 2)),  # (N, first, 16, W/2)
            block(first, second, (2, 2)),  # (N, second, 8, W/4)
            block(second, third),
            block(third, fourth, (2, 1)),  # (N, fourth, 4, W/4)
            block(fourth, fifth, (2, 1)),  # (N, fifth, 2, W/4)
        )
        self.along = nn.Sequential(
            nn.Conv1d(2 * fifth, along, 3, padding=1, bias=False),
            nn.BatchNorm1d(along),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Conv1d(along, along, 5, padding=2, groups=4, bias=False),
            nn.BatchNorm1d(along),
            nn.ReLU(),
            nn.Conv1d(along, OUTPUTS, 1),
        )

    def forward(self, lines: Tensor) -> Tensor:
        """Log-odds of each place, from left to right."""
        features = self.picture(lines)  # (N, C, 2, W/4)
        logits: Tensor = self.along(features.flatten(1, 2)).transpose(1, 2)
        return logits
