"""Run the benchmarks one after the other, each as a process of its own: `python -m benchmarks [--only NAME …]`.

Each writes its latest figures into `results/<name>.json`, which README and docs/performance.md are made of. What ran is
also kept in `results/bench-<date>.json`, the history: nothing reads it, and no later day changes it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from datetime import UTC, datetime
from importlib.util import find_spec

from benchmarks.recording import ROOT, keep
from tools.readme import refresh_pages

BENCHMARKS: dict[str, list[str]] = {  # module → words for its command line
    "throughput": [],
    "inference": [],
    "start_up": [],
    "sprint": [],
    "reading": [],
    "corrections": [],
    "page": [],
    "web": [],
    "main_job": ["--seeds", "5"],  # as many as README's means are of
}
BENCHMARKS = {name: words for name, words in BENCHMARKS.items() if find_spec(f"benchmarks.{name}")}


def main() -> None:
    """Run, gather and write the pages; exits with 1 when a benchmark fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(BENCHMARKS), metavar="NAME", help=", ".join(BENCHMARKS))
    chosen = parser.parse_args().only or list(BENCHMARKS)
    day = datetime.now(UTC).date()  # of the start, so that one run makes one file
    for name in [each for each in BENCHMARKS if each in chosen]:
        words = [f"benchmarks.{name}", *BENCHMARKS[name]]
        print(" ".join(words), flush=True)
        if subprocess.run([sys.executable, "-m", *words], cwd=ROOT, check=False).returncode:
            sys.exit(f"benchmarks.{name} failed; what ran before it is kept")
        kept = keep(name.replace("_", "-"), day)
    print(f"→ {kept}")
    refresh_pages()


if __name__ == "__main__":
    main()
