"""Start-up: seconds that `sutja --help` takes from start to exit.

Runs `python main.py --help` 20 times, after one start that fills the system's file cache; records the median and range.
Command: `python -m benchmarks.start_up`. Writes `results/start-up.json`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

from benchmarks.recording import ROOT, record, summarise_repetitions

ROUNDS = 20


def main() -> None:
    """Measure, print and record."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    seconds = []
    for number in range(ROUNDS + 1):
        start = time.perf_counter()
        subprocess.run([sys.executable, "main.py", "--help"], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        if number:  # the first start reads the files from the disk
            seconds.append(time.perf_counter() - start)
    values = {"seconds": summarise_repetitions(seconds)}
    print(f"sutja --help: {values['seconds']['median']:.3f} s (median of {ROUNDS}) → {record('start-up', values)}")


if __name__ == "__main__":
    main()
