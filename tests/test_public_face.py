"""`import sutja`: quick, without PyTorch, and each public name comes when it is first used."""

from __future__ import annotations

import pytest

import sutja
from tests.cli.commands import Outcome, python

HEAVY = ("torch", "cv2", "onnxruntime", "numpy", "sklearn", "scipy", "matplotlib")


def test_the_import_loads_nothing_heavy() -> None:
    code = f"import sys, sutja; dir(sutja); sys.exit([name for name in {HEAVY} if name in sys.modules] or 0)"
    assert python("-c", code) == Outcome(0, "", "")


@pytest.mark.parametrize("name", sutja.__all__)
def test_each_public_name_is_there(name: str) -> None:
    assert name in dir(sutja)
    assert getattr(sutja, name) is not None


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="no attribute 'tain'"):
        _ = sutja.tain  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("missing", "name", "extra"), [("torch", "train", "train"), ("sklearn", "DigitClassifier", "sklearn")]
)
def test_a_missing_extra_is_named_with_the_command_that_installs_it(missing: str, name: str, extra: str) -> None:
    code = f"""
import sys
sys.modules[{missing!r}] = None
try:
    from sutja import {name}
except ImportError as error:
    print(error)
"""
    outcome = python("-c", code)
    assert outcome.out.startswith(f"{missing} is not installed: the extra '{extra}' brings it: pip install"), outcome


def test_models_are_opened_and_used_without_pytorch() -> None:
    code = """
import sys
sys.modules["torch"] = None
import numpy as np
import sutja
print(sutja.open_model("tiny").predict(np.zeros((2, 784), np.uint8)).shape)
"""
    assert python("-c", code) == Outcome(0, "(2,)\n", "")
