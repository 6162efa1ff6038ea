"""Run the benchmarks one after the other, each in its own process: `python -m benchmarks [--only NAME …]`.

Each writes its latest figures to `results/<name>.json`, the source of README and docs/performance.md. This command also
copies them to `results/bench-<date>.json`, a history that no other command reads, and updates the pages.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from benchmarks.recording import ROOT, add_to_history
from tools.readme import refresh_pages

BENCHMARKS: dict[str, list[str]] = {  # module → its arguments
    "throughput": [],
    "anatomy": [],
    "inference": [],
    "classify": [],
    "start_up": [],
    "sprint": [],
    "reading": [],
    "corrections": [],
    "sheets": [],
    "scan_folder": [],
    "page": [],
    "page_sheet": [],
    "inside": [],
    "web": [],
    "main_job": ["--seeds", "5"],  # the number of seeds in README's means
}


def main() -> None:
    """Run the benchmarks, record them and write the pages; exits with 1 if a benchmark fails."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=list_benchmarks(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", choices=list(BENCHMARKS), metavar="NAME", help="run only these benchmarks")
    chosen = parser.parse_args().only or list(BENCHMARKS)
    day = datetime.now(UTC).date()  # of the start, so that one run writes one file
    for name in [each for each in BENCHMARKS if each in chosen]:
        arguments = [f"benchmarks.{name}", *BENCHMARKS[name]]
        print(" ".join(arguments), flush=True)
        if subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, check=False).returncode:
            sys.exit(f"benchmarks.{name} failed; the results of earlier benchmarks are recorded")
        history = add_to_history(name.replace("_", "-"), day)
    print(f"→ {history}")
    refresh_pages()


def list_benchmarks() -> str:
    """One line for each benchmark: its name and the first line of its docstring, without importing it."""
    lines = ["benchmarks, each also a command of its own with --help, such as `python -m benchmarks.throughput`:"]
    for name in BENCHMARKS:
        spec = find_spec(f"benchmarks.{name}")
        assert spec is not None and spec.origin is not None, name
        docstring = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8")))
        assert docstring is not None, name
        lines.append(f"  {name:<12}{docstring.splitlines()[0]}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
