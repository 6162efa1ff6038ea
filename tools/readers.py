"""Train the networks that find and read numbers from nothing, and publish them: `python -m tools.readers`.

On a GPU one after the other, each with documents painted by all cores; otherwise side by side, each on one thread.
What was stopped goes on after its last epoch. `python -m tools.fonts` must have fetched the fonts.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import torch

from sutja.recipe import LINE_READER, PAGE_READER, RECIPES
from sutja.runs.run import Run, is_run_folder

WEIGHTS = Path(__file__).parent.parent / "sutja" / "models" / "weights"
READERS = (PAGE_READER, LINE_READER)


def main() -> None:
    """Train both, and publish them; exits with the code of a command that fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="the folder of runs")
    parser.add_argument("--to", type=Path, default=WEIGHTS, help="where the networks are published")
    options = parser.parse_args()
    waiting = [reader for reader in READERS if not _is_trained(options.runs / RECIPES[reader].run_name)]
    if torch.cuda.is_available():
        for reader in waiting:
            _wait(_training(reader, options.runs))
    else:
        for training in [_training(reader, options.runs, "--threads", "1") for reader in waiting]:
            _wait(training)
    for reader in READERS:
        run = str(options.runs / RECIPES[reader].run_name)
        _wait(_sutja("export", run, "--to", str(options.to), "--half", "--no-weights", "--force"))


def _is_trained(folder: Path) -> bool:
    return is_run_folder(folder) and Run.open(folder).finished


def _training(reader: str, runs: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start the training of a reader, or go on with it."""
    resume = ["--resume"] if is_run_folder(runs / RECIPES[reader].run_name) else []
    return _sutja("train", reader, "--runs", str(runs), *words, *resume)


def _sutja(*words: str) -> subprocess.Popen[bytes]:
    print("sutja", *words, flush=True)
    return subprocess.Popen([sys.executable, "-m", "sutja", *words])


def _wait(command: subprocess.Popen[bytes]) -> None:
    if command.wait():
        sys.exit(command.returncode)


if __name__ == "__main__":
    main()
