"""Run the commands of README.md in a fresh clone and a new environment: `python -m tools.readme_commands`.

Runs every fenced block marked `sh` from top to bottom; each must exit with 0. Takes some minutes: it installs packages
and trains networks.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.recording import ROOT

SHELL_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)


def main() -> None:
    """Run all blocks; exits with 1 at the first failure."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "sutja"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        subprocess.run([sys.executable, "-m", "venv", str(Path(folder) / "environment")], check=True)
        path = f"{Path(folder) / 'environment' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "VIRTUAL_ENV")}
        for block in commands((clone / "README.md").read_text(encoding="utf-8")):
            _run(block, clone, {**environment, "PATH": path})


def commands(readme: str) -> list[str]:
    """The blocks of shell commands in a Markdown text."""
    return SHELL_BLOCK.findall(readme)


def _run(block: str, folder: Path, environment: dict[str, str]) -> None:
    print(block.strip(), flush=True)
    start = time.perf_counter()
    run = subprocess.run(["bash", "-euc", block], cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=False)
    if run.returncode:
        sys.exit(f"README.md: these commands exit with {run.returncode}")
    print(f"    passed, {time.perf_counter() - start:.0f} s\n", flush=True)


if __name__ == "__main__":
    main()
