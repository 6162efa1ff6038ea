"""The network that finds numbers on a picture: a convolutional pyramid with maps at a quarter of the picture's size."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sutja.models.onnx_page_network import MAP_CHANNELS
from sutja.networks.line_model import Residual
from sutja.networks.model import count_parameters

PAGE_READER_PARAMETERS = 1_378_369
NO_CORE_LOGIT = 4.5  # at first, 2 % of the places are held for cores: about as many as there are


def conv_unit(inputs: int, outputs: int, *, stride: int = 1) -> nn.Sequential:
    """A 3×3 convolution, batch normalisation and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


def basic_block(channels: int) -> nn.Sequential:
    """Two 3×3 convolutions with a skip connection (He, Zhang, Ren and Sun, "Deep residual learning", 2016)."""
    last = (nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))
    return nn.Sequential(Residual(nn.Sequential(*conv_unit(channels, channels), *last)), nn.ReLU())


def stage(inputs: int, outputs: int, *, blocks: int) -> nn.Sequential:
    """Features at half the size of the former stage."""
    return nn.Sequential(conv_unit(inputs, outputs, stride=2), *(basic_block(outputs) for _ in range(blocks)))


class PageReader(nn.Module):
    """Pictures `uint8 (N, 3, H, W)`, blue, green, red → maps `float32 (N, 9, H / 4, W / 4)`.

    `H` and `W` are multiples of 32. `models/onnx_page_network.py` says what the channels of the maps are.

    Ideas: Lin et al., "Feature pyramid networks for object detection", 2017, for the way down and up again; shrunk
    text regions from Zhou et al., "EAST: an efficient and accurate scene text detector", 2017; the first bias from Lin
    et al., "Focal loss for dense object detection", 2017.
    """

    def __init__(self) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth, last = 24, 32, 64, 96, 128
        self.quarter = nn.Sequential(
            conv_unit(3, half, stride=2),  # (N, 24, H/2, W/2)
            stage(half, quarter, blocks=1),  # (N, 32, H/4, W/4)
        )
        self.eighth = stage(quarter, eighth, blocks=2)  # (N, 64, H/8, W/8)
        self.sixteenth = stage(eighth, sixteenth, blocks=2)  # (N, 96, H/16, W/16)
        self.last = nn.Sequential(
            stage(sixteenth, last, blocks=2),  # (N, 128, H/32, W/32)
            nn.Conv2d(last, sixteenth, 1),
        )
        self.to_eighth = conv_unit(sixteenth, eighth)
        self.to_quarter = conv_unit(eighth, quarter)
        last_layer = nn.Conv2d(quarter, MAP_CHANNELS, 1)
        with torch.no_grad():
            last_layer.bias[0] += NO_CORE_LOGIT  # type: ignore[index]
        self.maps = nn.Sequential(conv_unit(quarter, quarter), last_layer)
        assert count_parameters(self) == PAGE_READER_PARAMETERS

    def forward(self, pictures: Tensor) -> Tensor:
        """The maps of pictures."""
        quarter = self.quarter((pictures.float() - 128) / 64)
        eighth = self.eighth(quarter)
        sixteenth = self.sixteenth(eighth)
        upper = self.to_eighth(sixteenth + enlarged(self.last(sixteenth)))
        upper = self.to_quarter(eighth + enlarged(upper))
        maps: Tensor = self.maps(quarter + enlarged(upper))
        return maps.float()


def enlarged(features: Tensor) -> Tensor:
    """Features `(N, C, H, W)` at twice the size, each repeated."""
    return functional.interpolate(features, scale_factor=2.0, mode="nearest")
