"""The notebook of the course runs from top to bottom."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sutja.data.dataset import Dataset
from tests.conftest import Undrawn

NOTEBOOK = Path(__file__).parents[2] / "examples" / "course.ipynb"
QUICK = """
DIGITS, FEW_DIGITS = 1_200, 240
EPOCHS, MANY_EPOCHS, OVERFITTING_EPOCHS = 1, 2, 2
SEEDS = MANY_SEEDS = 2
"""

pytestmark = pytest.mark.usefixtures("one_thread")


def code_cells() -> list[dict[str, Any]]:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def is_parameters(cell: dict[str, Any]) -> bool:
    return "parameters" in cell["metadata"].get("tags", [])


def test_the_notebook_runs_from_top_to_bottom(
    mnist: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    undrawn: Undrawn,
) -> None:
    monkeypatch.chdir(tmp_path)
    little = Dataset("mnist", mnist.train.take(np.arange(6000)), mnist.test.take(np.arange(500)))
    monkeypatch.setattr("sutja.data.dataset.load_dataset", lambda: little)
    names: dict[str, object] = {}
    with undrawn():
        for cell in code_cells():
            source = QUICK if is_parameters(cell) else "".join(cell["source"])
            exec(compile(source, f"{NOTEBOOK.name}, cell {cell['id']}", "exec"), names)
    printed = capsys.readouterr().out
    assert re.search(r"^nearest mean: [78]\d\.\d%$", printed, re.MULTILINE)
    assert len(re.findall(r"^(mlp|lenet5): [+-]\d+\.\d\d points", printed, re.MULTILINE)) == 2
    assert re.search(r"^dropout = 0\.2: .*: (no|a) difference", printed, re.MULTILINE)
    assert len(re.findall(r"^augmentation, \d epochs: ", printed, re.MULTILINE)) == 2
    assert re.search(r"^report this: \d\d\.\d\d%, 95 % interval .*, 2 seeds$", printed, re.MULTILINE)


def test_the_quick_parameters_are_all_that_there_are() -> None:
    (parameters,) = [cell for cell in code_cells() if is_parameters(cell)]
    named = re.findall(r"[A-Z_]{4,}", "".join(line.partition("#")[0] for line in parameters["source"]))
    assert sorted(named) == sorted(re.findall(r"[A-Z_]{4,}", QUICK))


def test_the_notebook_is_stored_without_outputs() -> None:
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code_cells())
