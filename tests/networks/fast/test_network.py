"""Networks by the kernels: the same logits and gradients as PyTorch's, and the same bits again."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from sutja.networks.fast.library import Kernels
from sutja.networks.fast.network import FastNetwork
from sutja.networks.fast.plan import plan_network
from sutja.networks.model import Crop, Flatten, Normalise, create
from sutja.randomness import seeded
from tests.networks.fast.kernels import compiled_kernels

SERVED = ("lenet5", "mlp", "tiny", "convnet4", "sprint", "sprint-wide")
MAX_DIFFERENCE = 1e-4
TIE = 2e-6  # two values of a pool that are as close: which is larger is a matter of rounding


@pytest.fixture(scope="module")
def kernels() -> Kernels:
    return compiled_kernels()


def fast(network: nn.Module, kernels: Kernels) -> FastNetwork:
    return FastNetwork(network, plan_network(network), kernels)


def digits(count: int, seed: int) -> tuple[Tensor, Tensor]:
    with seeded(seed):
        return torch.rand(count, 1, 28, 28), torch.randint(10, (count,))


def gradients(network: nn.Module, logits: Tensor, labels: Tensor) -> list[Tensor]:
    network.zero_grad()
    functional.cross_entropy(logits, labels).backward()  # type: ignore[no-untyped-call]
    return [parameter.grad.clone() for parameter in network.parameters() if parameter.grad is not None]


def relative(found: Tensor, expected: Tensor) -> float:
    """The difference as a share of the larger of the expected length and a small one."""
    return float((found - expected).norm() / expected.norm().clamp(min=1e-2))


def has_ties(network: nn.Module, images: Tensor) -> bool:
    """Whether the largest values of a pool, or a value and zero at a ReLU, are too close to tell them apart."""
    close = False

    def look(layer: nn.Module, inputs: tuple[Tensor, ...], _: Tensor) -> None:
        nonlocal close
        if isinstance(layer, nn.ReLU):
            close |= bool((inputs[0].abs() < TIE).any())
        else:
            windows = functional.unfold(inputs[0].flatten(0, 1)[:, None], 2, stride=2).topk(2, 1).values
            close |= bool((windows[:, 0] - windows[:, 1] < TIE).any())

    hooks = [
        layer.register_forward_hook(look) for layer in network.modules() if isinstance(layer, nn.ReLU | nn.MaxPool2d)
    ]
    network(images)
    for hook in hooks:
        hook.remove()
    return close


@pytest.mark.parametrize("name", SERVED)
@pytest.mark.parametrize("count", [1, 37, 128])
def test_logits_are_those_of_pytorch(name: str, count: int, kernels: Kernels) -> None:
    network = create(name, seed=1).eval()
    images, _ = digits(count, seed=2)
    with torch.no_grad():
        assert (fast(network, kernels)(images) - network(images)).abs().max() < MAX_DIFFERENCE


def test_bytes_are_read_as_their_pixels(kernels: Kernels) -> None:
    network = create("lenet5", seed=1).eval()
    pixels = torch.randint(256, (20, 1, 28, 28), dtype=torch.uint8)
    with torch.no_grad():
        assert (fast(network, kernels)(pixels) - network(pixels.float() / 255)).abs().max() < MAX_DIFFERENCE


@st.composite
def networks(draw: st.DrawFn) -> nn.Module:
    """Networks of one to three convolutions and one or two linear layers, of many shapes."""
    torch.manual_seed(draw(st.integers(0, 2**32 - 1)))  # of the weights, which are else not those of the example
    start = draw(st.integers(0, 5))
    side, channels = 28 - 2 * start, 1
    layers: list[nn.Module] = [Crop(start, 28 - start), Normalise()]
    for _ in range(draw(st.integers(0, 3))):
        kernel, stride, padding = (
            draw(st.sampled_from([3, 5])),
            draw(st.sampled_from([1, 1, 2])),
            draw(st.integers(0, 2)),
        )
        after = (side + 2 * padding - kernel) // stride + 1
        if side + 2 * padding < kernel or (channels > 1 and after > 12 // stride):
            break
        outputs = draw(st.integers(2, 9))
        norm, relu = draw(st.booleans()), draw(st.booleans())
        pool = stride == 1 and after > 1 and draw(st.booleans())
        layers += [nn.Conv2d(channels, outputs, kernel, stride, padding, bias=draw(st.booleans()))]
        layers += [nn.MaxPool2d(2)] * pool + [nn.BatchNorm2d(outputs)] * norm + [nn.ReLU()] * relu
        channels, side = outputs, after // 2 if pool else after
    layers.append(draw(st.sampled_from([nn.Flatten, Flatten]))())
    features = channels * side * side
    if draw(st.booleans()):
        hidden = draw(st.integers(1, 40))
        layers += [nn.Linear(features, hidden, bias=draw(st.booleans())), nn.ReLU()]
        features = hidden
    return nn.Sequential(*layers, nn.Linear(features, draw(st.integers(2, 12))))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(networks(), st.integers(2, 40), st.integers(1, 3))
def test_random_shapes_have_the_logits_and_gradients_of_pytorch(network: nn.Module, count: int, threads: int) -> None:
    images, labels = digits(count, seed=count)
    labels %= network[-1].out_features  # type: ignore[index]
    exact = copy.deepcopy(network).double()
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        logits = fast(network, compiled_kernels())(images)
        exact_logits = exact(images.double())
        expected = exact_logits.detach()
        if not has_ties(copy.deepcopy(exact), images.double()):
            found, wanted = gradients(network, logits, labels), gradients(exact, exact_logits, labels)
            assert max(map(relative, found, wanted)) < MAX_DIFFERENCE
        assert (logits.detach() - expected).abs().max() < MAX_DIFFERENCE * max(1.0, float(expected.abs().max()))
        for found_average, wanted_average in zip(network.buffers(), exact.buffers(), strict=True):
            assert torch.allclose(found_average.double(), wanted_average.double(), atol=1e-5, rtol=1e-4)
    finally:
        torch.set_num_threads(before)


def test_kernels_alone_keep_their_threads_and_pytorch_has_one(kernels: Kernels) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with pytest.raises(KeyboardInterrupt), kernels.alone():
            with kernels.alone():
                assert (kernels.threads, torch.get_num_threads()) == (3, 1)
            assert (kernels.threads, torch.get_num_threads()) == (3, 1)
            raise KeyboardInterrupt
        assert (kernels.threads, torch.get_num_threads()) == (3, 3)
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("name", SERVED)
def test_the_same_number_of_threads_gives_the_same_bits(name: str, kernels: Kernels) -> None:
    images, labels = digits(100, seed=3)

    def once() -> list[Tensor]:
        network = create(name, seed=1)
        return gradients(network, fast(network, kernels)(images), labels)

    assert all(map(torch.equal, once(), once()))


def test_dropout_keeps_the_mean_and_follows_the_seed(kernels: Kernels) -> None:
    first, last = nn.Linear(784, 500), nn.Linear(500, 1)
    network = nn.Sequential(Normalise(), nn.Flatten(), first, nn.ReLU(), nn.Dropout(0.3), last)
    for parameter, value in zip([*first.parameters(), *last.parameters()], (0, 1, 1 / 500, 0), strict=True):
        nn.init.constant_(parameter, value)
    images, _ = digits(200, seed=0)

    def outputs(seed: int) -> Tensor:
        with seeded(seed), torch.no_grad():
            return fast(network, kernels)(images)

    kept = outputs(1) * 0.7 * 500
    assert torch.allclose(kept, kept.round(), atol=1e-3)  # each unit is dropped or scaled by 1 / 0.7
    assert abs(float(outputs(1).mean()) - 1) < 0.01
    assert 0.02 < float(outputs(1).std()) < 0.04  # sqrt(0.3 / 0.7 / 500) = 0.029
    assert torch.equal(outputs(1), outputs(1))
    assert not torch.equal(outputs(1), outputs(2))


def test_what_is_dropped_has_no_gradient(kernels: Kernels) -> None:
    network = nn.Sequential(Normalise(), nn.Flatten(), nn.Linear(784, 50), nn.ReLU(), nn.Dropout(0.5), nn.Linear(50, 2))
    images, labels = digits(1, seed=0)
    found = gradients(network, fast(network, kernels)(images), labels % 2)
    unused = found[2].abs().sum(0) == 0  # of the units, in the last layer
    assert 0 < int(unused.sum()) < 50
    assert torch.equal(found[0].abs().sum(1) == 0, unused)


def test_fixed_averages_and_other_dtypes_are_left_to_pytorch(kernels: Kernels) -> None:
    network = create("tiny", seed=1).eval()
    images, labels = digits(20, seed=4)
    assert all(
        map(
            torch.equal,
            gradients(network, fast(network, kernels)(images), labels),
            gradients(network, network(images), labels),
        )
    )
    double = create("lenet5", seed=1).double()
    assert torch.equal(fast(double, kernels)(images.double()), double(images.double()))


def test_without_gradients_one_workspace_is_enough(kernels: Kernels) -> None:
    network = fast(create("lenet5", seed=1), kernels)
    images, _ = digits(20, seed=1)
    with torch.inference_mode():
        for _ in range(3):
            network(images)
    assert [len(free) for free in network._workspaces.values()] == [1]


def test_changed_weights_are_noticed_before_the_backward_pass(kernels: Kernels) -> None:
    network = create("lenet5", seed=1)
    images, labels = digits(20, seed=5)
    loss = functional.cross_entropy(fast(network, kernels)(images), labels)
    with torch.no_grad():
        network[1].weight.add_(1)  # type: ignore[index]
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()  # type: ignore[no-untyped-call]


def test_what_is_no_number_stays_one(kernels: Kernels) -> None:
    network = create("lenet5", seed=1)
    with torch.no_grad():
        network[1].bias[0] = float("nan")  # type: ignore[index]
        assert fast(network, kernels)(digits(3, seed=6)[0]).isnan().all()


@pytest.mark.parametrize("shift", [(0, 0), (0, 3), (0, -3), (2, 0), (-2, 0), (4, 6), (-4, -6), (1, -1), (7, 13)])
def test_gathered_images_are_rolled_as_by_pytorch(shift: tuple[int, int]) -> None:
    images, order = torch.randint(0, 256, (6, 1, 5, 7), dtype=torch.uint8), torch.tensor([5, 1, 1, 0])
    gathered = compiled_kernels().gather(images, order, shift)
    assert torch.equal(gathered, torch.roll(images[order].float() / 255, shift, (2, 3)))
