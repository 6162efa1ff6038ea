"""Benchmarks: history, summaries, plots, and the check that engines agree."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.__main__ import BENCHMARKS, list_benchmarks
from benchmarks.engines import ENGINES
from benchmarks.inference import Engine, max_logit_difference, open_engines, plot_times, summarise_times
from benchmarks.recording import add_to_history, summarise_repetitions
from benchmarks.sprint import ExampleNetwork, measure_sprints
from sutja.data.dataset import Dataset
from sutja.export.onnx import export_onnx
from sutja.networks.infer import infer, to_tensor
from sutja.networks.model import count_parameters, create
from sutja.training.sprint import SPRINTS


def write(folder: Path, name: str, value: int) -> None:
    (folder / f"{name}.json").write_text(json.dumps({"value": value}))


def test_a_day_keeps_the_last_figures_of_each_benchmark(tmp_path: Path) -> None:
    first, second = date(2026, 11, 24), date(2026, 11, 25)
    for name, value, day in (("a", 1, first), ("b", 2, first), ("a", 3, first), ("a", 4, second)):
        write(tmp_path, name, value)
        path = add_to_history(name, day, tmp_path)
    assert path == tmp_path / "bench-2026-11-25.json"
    assert json.loads(path.read_text()) == {"a": {"value": 4}}
    assert json.loads((tmp_path / "bench-2026-11-24.json").read_text()) == {"a": {"value": 3}, "b": {"value": 2}}


def test_the_help_lists_each_benchmark_with_the_command_that_its_docstring_names() -> None:
    lines = list_benchmarks().splitlines()[1:]
    assert [line.split()[0] for line in lines] == list(BENCHMARKS)
    for name in BENCHMARKS:
        assert f"Command: `python -m benchmarks.{name}" in str(import_module(f"benchmarks.{name}").__doc__), name


def test_repetitions_are_summarised() -> None:
    assert summarise_repetitions([3.0, 1.0, 10.0]) == {"median": 3.0, "minimum": 1.0, "maximum": 10.0}


def test_ratios_compare_the_same_round() -> None:
    found = summarise_times([20.0, 400.0, 30.0], [10.0, 100.0, 10.0])
    assert found["ratio"] == {"median": 3.0, "minimum": 2.0, "maximum": 4.0}
    assert found["digits_per_second"] == pytest.approx(1e6 / 30)
    assert summarise_times([20.0, 100.0], [10.0, 100.0])["ratio"]["median"] == 1.5


def test_all_engines_give_the_logits_of_the_network(mnist: Dataset, tmp_path: Path) -> None:
    digits, network = mnist.test.take(np.arange(100)), create("lenet5", seed=3)
    path = tmp_path / "lenet5.onnx"
    export_onnx(network, path, digits)
    engines = open_engines(network, path, digits)
    expected = infer(network, to_tensor(digits)).numpy()
    assert set(engines) == set(ENGINES)
    for name, engine in engines.items():
        assert max_logit_difference(engine, expected) < 1e-5, name


def test_an_engine_that_is_wrong_at_one_batch_size_is_detected() -> None:
    images = np.arange(1000, dtype=np.float32)[:, None]

    def wrong_in_batches_of_64(batch: NDArray[Any]) -> NDArray[np.float32]:
        return np.asarray(batch + (len(batch) == 64), np.float32)

    assert max_logit_difference(Engine(images, lambda batch: batch), images) == 0
    assert max_logit_difference(Engine(images, wrong_in_batches_of_64), images) == 1


def test_the_plot_has_a_bar_for_each_engine_and_size() -> None:
    row = {name: summarise_times([float(number + 1)], [1.0]) for number, name in enumerate(ENGINES)}
    figure = plot_times({"1": row, "64": row})
    assert [len(axes.patches) for axes in figure.axes] == [4, 4]
    assert [axes.get_title() for axes in figure.axes] == ["one digit at a time", "64 digits at once"]
    assert [text.get_text() for text in figure.axes[0].texts] == ["1.0", "2.0", "3.0", "4.0"]


def test_the_example_network_has_as_many_parameters_as_the_original() -> None:
    assert count_parameters(ExampleNetwork()) == 1_199_882


def test_sprints_are_compared_with_the_example(mnist: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    for target, recipe in list(SPRINTS.items()):
        monkeypatch.setitem(SPRINTS, target, dataclasses.replace(recipe, images=200, batch_size=50))
    few = Dataset("few", mnist.train.take(np.arange(130)), mnist.test.take(np.arange(50)))
    values = measure_sprints(few, {"99.0": 2, "99.5": 1})
    assert json.loads(json.dumps(values)) == values
    assert values["example"]["seconds"] > 0
    for target, seeds in (("99.0", 2), ("99.5", 1)):
        found = values["sprints"][target]
        assert [each["seed"] for each in found["sprints"]] == list(range(seeds))
        assert found["ratio"] == pytest.approx(values["example"]["seconds"] / found["seconds"])
