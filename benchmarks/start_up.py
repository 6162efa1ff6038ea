"""How long `sutja --help` takes, from start to exit."""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.recording import ROOT, record, spread

ROUNDS = 20


def main() -> None:
    """Measure, print and record."""
    seconds = []
    for number in range(ROUNDS + 1):
        start = time.perf_counter()
        subprocess.run([sys.executable, "main.py", "--help"], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        if number:  # the first start reads the files from the disk
            seconds.append(time.perf_counter() - start)
    values = {"seconds": spread(seconds)}
    print(f"sutja --help: {values['seconds']['median']:.3f} s (median of {ROUNDS}) → {record('start-up', values)}")


if __name__ == "__main__":
    main()
