"""The network that reads strips: convolutions, and the logits of each position from left to right."""

from __future__ import annotations

from torch import Tensor, nn

from sutja.models.ctc import BLANK, STRIP_CHANNELS


def block(inputs: int, outputs: int, stride: int | tuple[int, int] = 1) -> nn.Sequential:
    """A 3×3 convolution with a stride (rows, columns), batch normalisation and ReLU."""
    convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


def twice(channels: int) -> nn.Sequential:
    """Two 3×3 convolutions with batch normalisation, and ReLU between them."""
    second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
    return nn.Sequential(*block(channels, channels), second, nn.BatchNorm2d(channels))


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
    """Strips `float32 (N, 3, 48, W)` with evened light → logits `(N, W / 4, 19)`: the signs of `ALPHABET`, the blank.

    Idea: Shi, Bai and Yao, "An end-to-end trainable neural network for image-based sequence recognition", 2015, with
    convolutions along the line instead of recurrent layers; trained by Graves' connectionist temporal classification,
    2006.
    """

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        first, second, third, fourth, wide = 32, 64, 96, 128, 208
        self.picture = nn.Sequential(  # a strip of 48×W
            block(STRIP_CHANNELS, first, 2),  # (N, first, 24, W/2)
            Residual(block(first, first)),
            block(first, second, 2),  # (N, second, 12, W/4)
            Residual(twice(second)),
            nn.ReLU(),
            block(second, third, (2, 1)),  # (N, third, 6, W/4)
            Residual(twice(third)),
            nn.ReLU(),
            block(third, fourth, (2, 1)),  # (N, fourth, 3, W/4)
            Residual(twice(fourth)),
            nn.ReLU(),
        )
        self.along = nn.Sequential(
            along(3 * fourth, wide),
            Residual(along(wide, wide)),
            Residual(along(wide, wide)),
            Residual(along(wide, wide)),
            nn.Dropout(dropout),
            nn.Conv1d(wide, BLANK + 1, 1),
        )
        assert sum(each.numel() for each in self.parameters()) == 1_365_411

    def forward(self, strips: Tensor) -> Tensor:
        """The logits of each position, from left to right."""
        features = self.picture(strips)  # (N, C, 3, W/4)
        logits: Tensor = self.along(features.flatten(1, 2)).transpose(1, 2)
        return logits
