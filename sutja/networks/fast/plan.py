"""From a PyTorch network to the list of layers that the kernels compute."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from sutja.data.digits import SIDE_PIXELS
from sutja.networks.fast.library import LayerStructure
from sutja.networks.layers import leaf_layers
from sutja.networks.model import Crop, Flatten, Normalise

MAX_WIDE = {1: 12, 2: 6}  # stride → widest output whose input gradient is computed, as in `kernels/gradients.cpp`
MIN_SEEN_PIXELS = 16  # of the part of the image that a network sees: a row of it fills a vector


class UnsupportedNetworkError(Exception):
    """A network has a layer, or an order of layers, that the kernels do not compute."""


@dataclass
class PlannedLayer:
    """A convolution or a linear layer with what follows it: its modules, and the fields of `LayerStructure`."""

    module: nn.Conv2d | nn.Linear
    fields: dict[str, Any]
    norm: nn.BatchNorm2d | None = None

    @property
    def parameters(self) -> list[Tensor]:
        """The trained parameters in the order in which the kernels put their gradients."""
        norm = [] if self.norm is None else [self.norm.weight, self.norm.bias]
        return [each for each in (self.module.weight, self.module.bias, *norm) if each is not None]

    def structure(self) -> LayerStructure:
        """The layer as the kernels take it."""
        return LayerStructure(**self.fields)


@dataclass
class Plan:
    """What the kernels compute: the part of the image that is seen, from `start` to `stop - 1`, and the layers."""

    start: int = 0
    stop: int = SIDE_PIXELS
    layers: list[PlannedLayer] = field(default_factory=list)

    @property
    def parameters(self) -> list[Tensor]:
        """All trained parameters in the order of their gradients."""
        return [each for layer in self.layers for each in layer.parameters]


def plan_network(network: nn.Module) -> Plan:
    """The layers of a network `float32 (N, 1, 28, 28)` → logits.

    Understood are sequences of the layers of `networks/model.py`: crop, standardisation, convolutions of 3×3 or 5×5
    pixels with 2×2 max-pooling, batch normalisation, ReLU, dropout after ReLU, and linear layers. Raises
    `UnsupportedNetworkError` for anything else.
    """
    builder = _Builder()
    for module in leaf_layers(network):
        builder.add(module)
    return builder.finished()


class _Builder:
    """Adds one module after another to a plan; knows the shape of the values between them."""

    def __init__(self) -> None:
        self.plan = Plan()
        self.channels, self.side = 1, SIDE_PIXELS
        self.flat = self.normalised = False

    def finished(self) -> Plan:
        layers = self.plan.layers
        if not layers or not isinstance(layers[-1].module, nn.Linear) or layers[-1].fields["relu"]:
            raise UnsupportedNetworkError("it does not end with a linear layer")
        if self.plan.stop - self.plan.start < MIN_SEEN_PIXELS or not self.normalised:
            raise UnsupportedNetworkError("its input")
        return self.plan

    def add(self, module: nn.Module) -> None:
        """Raises `UnsupportedNetworkError` for a module that the kernels do not compute at this place."""
        handlers: dict[type, Any] = {
            Crop: self._crop,
            Normalise: self._normalise,
            nn.Conv2d: self._convolution,
            nn.MaxPool2d: self._pool,
            nn.BatchNorm2d: self._norm,
            nn.ReLU: self._relu,
            nn.Flatten: self._flatten,
            Flatten: self._flatten,
            nn.Dropout: self._dropout,
            nn.Linear: self._linear,
        }
        if type(module) not in handlers or not handlers[type(module)](module):
            raise UnsupportedNetworkError(f"{module} at this place")

    @property
    def _last(self) -> dict[str, Any]:
        """The fields of the last layer; raises `UnsupportedNetworkError` before the first."""
        if not self.plan.layers:
            raise UnsupportedNetworkError("it does not begin with a convolution or a linear layer")
        return self.plan.layers[-1].fields

    def _crop(self, module: Crop) -> bool:
        self.plan.start, self.plan.stop = module.kept.start, module.kept.stop
        self.side = module.kept.stop - module.kept.start
        return not self.plan.layers

    def _normalise(self, module: Normalise) -> bool:
        self.normalised = True
        return not self.plan.layers

    def _convolution(self, module: nn.Conv2d) -> bool:
        (kernel, high), (stride, _), padding = module.kernel_size, module.stride, module.padding
        usual = (module.groups, module.dilation, module.padding_mode) == (1, (1, 1), "zeros")
        square = kernel == high and module.stride == (stride, stride) and padding in ((0, 0), (1, 1), (2, 2))
        if self.flat or not (usual and square) or kernel not in (3, 5) or stride not in (1, 2):
            return False
        side = (self.side + 2 * int(padding[0]) - kernel) // stride + 1
        if module.in_channels != self.channels or side < 1 or (self.plan.layers and side > MAX_WIDE[stride]):
            return False
        self._append(module, kernel=kernel, stride=stride, padding=int(padding[0]), convolution=1)
        self.channels, self.side = module.out_channels, side
        return True

    def _append(self, module: nn.Conv2d | nn.Linear, **fields: int) -> None:
        outputs = module.out_channels if isinstance(module, nn.Conv2d) else module.out_features
        shape = {"inputs": self.channels, "height": self.side, "width": self.side, "outputs": outputs}
        self.plan.layers.append(PlannedLayer(module, {**_PLAIN, **shape, **fields}))

    def _pool(self, module: nn.MaxPool2d) -> bool:
        last, self.side = self._last, self.side // 2
        plain = module.kernel_size == 2 and module.stride == 2 and not module.padding and not module.ceil_mode
        allowed = last["convolution"] and last["stride"] == 1 and not (last["pool"] or last["norm"] or last["relu"])
        last["pool"] = 1
        return bool(plain and module.dilation == 1 and allowed and self.side)

    def _norm(self, module: nn.BatchNorm2d) -> bool:
        last = self._last
        self.plan.layers[-1].norm = module
        allowed = last["convolution"] and not (last["norm"] or last["relu"])
        last |= {"norm": 1, "epsilon": module.eps, "momentum": module.momentum or 0.0}
        return bool(allowed and module.affine and module.track_running_stats and module.momentum)

    def _relu(self, module: nn.ReLU) -> bool:
        allowed = not self._last["relu"]
        self._last["relu"] = 1
        return allowed

    def _flatten(self, module: nn.Module) -> bool:
        self.flat = True
        if isinstance(module, Flatten):
            if self.plan.layers:  # before the first there is one channel
                self._last["channels_last"] = 1
        elif getattr(module, "start_dim", 1) != 1 or getattr(module, "end_dim", -1) != -1:
            return False
        self.channels, self.side = self.channels * self.side * self.side, 1
        return True

    def _dropout(self, module: nn.Dropout) -> bool:
        if not module.p:
            return True
        allowed = self._last["relu"] and not self._last["dropout"] and self.flat and module.p < 1
        self._last["dropout"] = module.p
        return bool(allowed)

    def _linear(self, module: nn.Linear) -> bool:
        if not self.flat or module.in_features != self.channels:
            return False
        self._append(module)
        self.channels = module.out_features
        return True


_PLAIN: dict[str, Any] = dict.fromkeys((field[0] for field in LayerStructure._fields_), 0) | {"kernel": 1, "stride": 1}
