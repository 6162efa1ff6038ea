"""The network that reads a line: convolutions, and the logits of each position from left to right."""

from __future__ import annotations

from torch import Tensor, nn

from sutja.models.ctc import BLANK


def block(inputs: int, outputs: int, pool: tuple[int, int] | None = None) -> nn.Sequential:
    """A 3×3 convolution, max-pooling over `pool` (rows, columns), batch normalisation and ReLU."""
    layers: list[nn.Module] = [nn.MaxPool2d(pool)] if pool else []
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), *layers, nn.BatchNorm2d(outputs), nn.ReLU()
    )


def along(inputs: int, outputs: int) -> nn.Sequential:
    """A convolution over three positions of the line, batch normalisation and ReLU."""
    return nn.Sequential(nn.Conv1d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm1d(outputs), nn.ReLU())


class Residual(nn.Module):
    """Layers with a skip connection (He, Zhang, Ren and Sun, "Deep residual learning", 2016)."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, features: Tensor) -> Tensor:
        """The features plus the output of the layers, of the same shape."""
        added: Tensor = features + self.layers(features)
        return added


class LineReader(nn.Module):
    """Lines `float32 (N, 1, 32, W)` of ink in [0, 1] → logits `(N, W / 4, 11)`: ten digits and the blank.

    Idea: Shi, Bai and Yao, "An end-to-end trainable neural network for image-based sequence recognition", 2015, with
    convolutions along the line instead of recurrent layers; trained by Graves' connectionist temporal classification,
    2006.
    """

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        first, second, third, fourth, fifth, wide = 24, 48, 64, 96, 144, 208
        self.picture = nn.Sequential(  # a line of 32×W
            block(1, first, (2, 2)),  # (N, first, 16, W/2)
            block(first, second, (2, 2)),  # (N, second, 8, W/4)
            block(second, third),
            Residual(block(third, third)),
            block(third, fourth, (2, 1)),  # (N, fourth, 4, W/4)
            Residual(block(fourth, fourth)),
            block(fourth, fifth, (2, 1)),  # (N, fifth, 2, W/4)
            Residual(block(fifth, fifth)),
        )
        self.along = nn.Sequential(
            along(2 * fifth, wide),
            Residual(along(wide, wide)),
            Residual(along(wide, wide)),
            nn.Dropout(dropout),
            nn.Conv1d(wide, BLANK + 1, 1),
        )

    def forward(self, lines: Tensor) -> Tensor:
        """The logits of each position, from left to right."""
        features = self.picture(lines)  # (N, C, 2, W/4)
        logits: Tensor = self.along(features.flatten(1, 2)).transpose(1, 2)
        return logits
