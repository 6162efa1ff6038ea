"""What the shell offers to complete: commands, recipes, published models, run folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from sutja.cli.completion import complete_model, complete_recipe_or_run, complete_run
from sutja.recipe import RECIPES
from tests.cli.commands import python, sutja

COMPLETE = "import sys; sys.argv[:] = ['sutja']; from sutja.cli.app import main; main()"


def completed(*words: str) -> list[str]:
    """What bash is told when the last word is to be completed."""
    line, position = " ".join(("sutja", *words)), str(len(words))
    outcome = python("-c", COMPLETE, _SUTJA_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=position)
    return outcome.out.split()


def test_the_shell_completes_commands_options_and_recipes() -> None:
    assert completed("st") == ["study"]
    assert completed("data", "con") == ["convert"]
    assert completed("train", "--ep") == ["--epochs"]
    assert completed("train", "lenet5-") == [name for name in RECIPES if name.startswith("lenet5-")]
    assert completed("evaluate", "conv") == ["convnet", "convnet-distilled", "convnet-small"]


def test_help_says_how_completion_is_installed() -> None:
    assert "--install-completion" in sutja("--help").out


def test_runs_are_completed_folder_by_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("mlp-s0", "mlp-s1", "other", ".hidden"):
        (tmp_path / "runs" / name).mkdir(parents=True)
    for name in ("mlp-s0", "mlp-s1"):
        (tmp_path / "runs" / name / "run.json").touch()
    (tmp_path / "runs" / "mine.onnx").touch()
    assert complete_run("ru") == ["runs/"]
    assert complete_run("runs/") == ["runs/mlp-s0", "runs/mlp-s1", "runs/other/"]
    assert complete_run("none/") == []
    assert complete_run(f"{tmp_path}/runs/mlp-s1") == [f"{tmp_path}/runs/mlp-s1"]
    assert complete_recipe_or_run("ru") == ["runs/"]
    assert complete_recipe_or_run("mlp-b") == ["mlp-both", "mlp-best"]
    assert complete_model("runs/m") == ["runs/mlp-s0", "runs/mlp-s1", "runs/mine.onnx"]
    assert complete_model("ti") == ["tiny"]
