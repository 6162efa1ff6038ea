"""How tests run the command line: in this process, or as its users start it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from sutja.cli.app import build_app
from tests.waiting import HANG_SECONDS

ROOT = Path(__file__).parents[2]
Words = list[str | Path]
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")},
    "OMP_NUM_THREADS": "1",
    "PYTHONPATH": str(ROOT),
    "PYTHONUNBUFFERED": "1",
    "TERM": "xterm-256color",
}


@dataclass(frozen=True)
class Outcome:
    """The exit code and the two streams of a command."""

    code: int
    out: str
    err: str


def sutja(*words: str | Path, stdin: str | bytes | None = None) -> Outcome:
    """Run the command line in this process."""
    result = CliRunner().invoke(build_app(), [str(word) for word in words], input=stdin, env={"NO_COLOR": ""})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Outcome(result.exit_code, result.stdout, result.stderr)


def python(*words: str | Path, folder: Path = ROOT, **environment: str) -> Outcome:
    """Run Python in another process."""
    command = [sys.executable, *map(str, words)]
    environment = ENVIRONMENT | environment
    run = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=HANG_SECONDS, check=False
    )
    return Outcome(run.returncode, run.stdout, run.stderr)


WITHOUT_TRAIN_EXTRA = """
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path

class Absent(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name in ("torch", "onnx", "onnxscript", "safetensors", "matplotlib", "jinja2", "scipy"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
weights, *words = sys.argv[1:]
import sutja.models.catalogue
sutja.models.catalogue.WEIGHTS = Path(weights)
from sutja.cli.app import main
main(words)
"""


def without_pytorch(*words: str | Path, weights: Path, folder: Path) -> Outcome:
    """Run the command line without the extras `train` and `robustness`; `weights` has the published models."""
    return python("-c", WITHOUT_TRAIN_EXTRA, weights, *words, folder=folder)


def fails(outcome: Outcome, code: int, why: str) -> None:
    """Assert the form of a failure: a code, one line on standard error, nothing on standard output."""
    assert outcome.code == code, outcome
    assert why in outcome.err
    assert re.fullmatch(r"sutja: [^\n]+\n", outcome.err), outcome.err
    assert outcome.out == ""
