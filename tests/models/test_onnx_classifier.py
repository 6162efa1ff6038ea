"""Logits through ONNX Runtime: the same as PyTorch's, and nothing but a network for digits is taken."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from sutja.data.dataset import Dataset
from sutja.errors import ModelFileError
from sutja.export.onnx import export_onnx, parity
from sutja.files import whole_file
from sutja.models.onnx_classifier import BATCH_IMAGES, Classifier
from sutja.networks.model import create

Shape = Sequence[int | str]


def write_linear(
    path: Path,
    *,
    images: Shape = ("N", 1, 28, 28),
    logits: Shape = ("N", 10),
    names: tuple[str, str] = ("images", "logits"),
    number_type: int = TensorProto.FLOAT,
) -> Path:
    """Write the smallest network with these inputs and outputs: all pixels times a matrix of zeros."""
    pixels, classes = int(np.prod([side for side in images[1:] if isinstance(side, int)])), int(logits[-1])
    weight = helper.make_tensor("weight", number_type, [pixels, classes], np.zeros(pixels * classes))
    nodes = [
        helper.make_node("Flatten", [names[0]], ["flat"]),
        helper.make_node("MatMul", ["flat", "weight"], [names[1]]),
    ]
    ends = [
        helper.make_tensor_value_info(*end)
        for end in ((names[0], number_type, images), (names[1], number_type, logits))
    ]
    graph = helper.make_graph(nodes, "linear", ends[:1], ends[1:], [weight])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), str(path))
    return path


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, mnist: Dataset) -> tuple[nn.Module, Path]:
    network = create("mlp", seed=3).eval()
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    export_onnx(network, path, mnist.test)
    return network, path


@pytest.mark.parametrize("number", [1, 2, BATCH_IMAGES, BATCH_IMAGES + 1])
def test_the_logits_are_those_of_pytorch(exported: tuple[nn.Module, Path], mnist: Dataset, number: int) -> None:
    network, path = exported
    images = mnist.test.images[:number]
    logits = Classifier(path).logits(images)
    with torch.inference_mode():
        expected = network(torch.from_numpy(images).unsqueeze(1) / 255).numpy()
    assert (logits.shape, logits.dtype.name) == ((number, 10), "float32")
    np.testing.assert_allclose(logits, expected, atol=1e-4)


def test_no_images_give_no_logits(exported: tuple[nn.Module, Path]) -> None:
    logits = Classifier(exported[1]).logits(np.empty((0, 28, 28), np.uint8))
    assert (logits.shape, logits.dtype.name) == ((0, 10), "float32")


def test_parity_is_the_largest_difference(exported: tuple[nn.Module, Path], mnist: Dataset) -> None:
    network, path = exported
    assert parity(network, path, mnist.test) < 1e-4
    other = create("mlp", seed=3).eval()
    with torch.no_grad():
        other[-1].bias[4] += 0.5  # type: ignore[index]
    assert parity(other, path, mnist.test) == pytest.approx(0.5, abs=1e-4)


class Forgetful(nn.Module):
    """Answers differently when it is exported than when it is used."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(784, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.linear(images.flatten(1))
        return logits + 1 if torch.compiler.is_compiling() else logits


def test_an_export_that_differs_is_not_written(mnist: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="differ by 1 in a logit: not written"):
        export_onnx(Forgetful().eval(), tmp_path / "model.onnx", mnist.test)
    assert list(tmp_path.iterdir()) == []


def test_a_network_of_zeros_is_good_enough(tmp_path: Path) -> None:
    classifier = Classifier(write_linear(tmp_path / "zeros.onnx"))
    assert not classifier.logits(np.full((3, 28, 28), 255, np.uint8)).any()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.onnx", tmp_path):
        with pytest.raises(ModelFileError, match=f"{path}: no such model file") as caught:
            Classifier(path)
        assert caught.value.exit_code == 4


@pytest.mark.parametrize("content", [b"", b"no network", b"\x08\x09" * 500])
def test_a_file_that_is_no_network_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"model\.onnx: not a") as caught:
        Classifier(path)
    assert "\n" not in str(caught.value)


def test_a_truncated_file_is_named(exported: tuple[nn.Module, Path], tmp_path: Path) -> None:
    content = exported[1].read_bytes()
    for length in (100, len(content) // 2, len(content) - 1):
        path = tmp_path / f"{length}.onnx"
        path.write_bytes(content[:length])
        with pytest.raises(ModelFileError, match=rf"{length}\.onnx: not a"):
            Classifier(path)


@pytest.mark.parametrize("name", [b"images", b"Gemm"])
def test_a_name_that_is_no_text_is_told_by_the_exception_alone(
    name: bytes, exported: tuple[nn.Module, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(exported[1].read_bytes().replace(name, b"\xff" * len(name)))
    with pytest.raises(ModelFileError, match=r"model\.onnx: not a"):
        Classifier(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("images", "logits", "names"),
    [
        (("N", 1, 32, 32), ("N", 10), ("images", "logits")),
        (("N", 3, 28, 28), ("N", 10), ("images", "logits")),
        (("N", 28, 28), ("N", 10), ("images", "logits")),
        (("N", 1, 28, 28), ("N", 26), ("images", "logits")),
        (("N", 1, 28, 28), ("N", 10), ("x", "logits")),
        (("N", 1, 28, 28), ("N", 10), ("images", "y")),
    ],
)
def test_a_network_for_something_else_is_refused(
    tmp_path: Path, images: Shape, logits: Shape, names: tuple[str, str]
) -> None:
    path = write_linear(tmp_path / "other.onnx", images=images, logits=logits, names=names)
    with pytest.raises(ModelFileError, match=r"other\.onnx: not a network for digits"):
        Classifier(path)


def test_double_precision_is_refused(tmp_path: Path) -> None:
    path = write_linear(tmp_path / "double.onnx", number_type=TensorProto.DOUBLE)
    with pytest.raises(ModelFileError, match=r"double\.onnx: not a network for digits"):
        Classifier(path)


def test_a_network_for_a_fixed_number_of_images_is_refused(tmp_path: Path) -> None:
    """It would fail on any other number, in the middle of the work and with ONNX Runtime's own error."""
    path = write_linear(tmp_path / "two.onnx", images=(2, 1, 28, 28), logits=(2, 10))
    with pytest.raises(ModelFileError, match=r"two\.onnx: not a network for digits"):
        Classifier(path)


def test_the_file_is_written_whole(exported: tuple[nn.Module, Path]) -> None:
    assert [file.name for file in exported[1].parent.iterdir()] == ["model.onnx"]
    with pytest.raises(RuntimeError, match="stop"), whole_file(exported[1]) as partial:
        partial.write_bytes(b"half")
        raise RuntimeError("stop")
    assert exported[1].stat().st_size > 200_000


def test_a_network_that_takes_a_single_number_is_refused(tmp_path: Path) -> None:
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ()) for name in ("images", "logits")]
    graph = helper.make_graph([helper.make_node("Neg", ["images"], ["logits"])], "scalar", ends[:1], ends[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), tmp_path / "n.onnx")
    with pytest.raises(ModelFileError, match="not a network for digits: it maps"):
        Classifier(tmp_path / "n.onnx")


def write_reshaping(path: Path, shape: Sequence[int]) -> Path:
    """Write a network that reshapes its pixels, whatever their number, as its file cannot tell before."""
    nodes = [
        helper.make_node("ReduceSum", ["images", "all"], ["sum"], keepdims=0),
        helper.make_node("Cast", ["sum"], ["zero"], to=TensorProto.INT64),
        helper.make_node("Add", ["shape", "zero"], ["computed"]),
        helper.make_node("Reshape", ["images", "computed"], ["logits"]),
    ]
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ("N", 1, 28, 28))
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ("N", 10))
    axes = helper.make_tensor("all", TensorProto.INT64, [4], [0, 1, 2, 3])
    target = helper.make_tensor("shape", TensorProto.INT64, [len(shape)], shape)
    graph = helper.make_graph(nodes, "reshaping", [images], [logits], [axes, target])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), str(path))
    return path


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((3, 10), "the network cannot be computed: "),
        ((1, 784), r"the network gives \(1, 784\) instead of \['N', 10\]"),
        ((784, 1), r"the network gives \(784, 1\) instead of"),
    ],
)
def test_a_contradiction_that_shows_only_when_computing_is_one_line(
    tmp_path: Path, shape: tuple[int, int], message: str
) -> None:
    classifier = Classifier(write_reshaping(tmp_path / "model.onnx", shape))
    with pytest.raises(ModelFileError, match=message) as raised:
        classifier.logits(np.zeros((1, 28, 28), np.uint8))
    assert str(raised.value).isprintable()
