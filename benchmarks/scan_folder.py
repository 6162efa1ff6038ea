"""A folder of scans: pages per second and peak memory of `sutja read FOLDER --to`, also killed again and again.

The pages are synthetic mark sheets, bills and logs of 12 megapixels, `DISTINCT` of them painted and written as often as
it takes. Memory is that of all processes together, with what they share counted once (Linux only).
Command: `python -m benchmarks.scan_folder [--pages N] [--kills N]`. Writes `results/scan-folder.json`.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from benchmarks.recording import ROOT, record
from benchmarks.sheet_pages import paint_sheet_page
from benchmarks.sheets import load_sheet_sources

SEED = 20261204
PAGES, DISTINCT, KILLS = 500, 10, 5
PAGE_PIXELS = (3024, 3955)  # width and height of 12 megapixels
JPEG_PERCENT = 85
SECONDS_PER_SAMPLE = 0.2
READ_BEFORE = re.compile(r"(\d+) of \d+ pictures were read before")


@dataclass(frozen=True)
class FolderRun:
    """What one run took, and whether it was killed."""

    seconds: float
    peak_megabytes: float
    read_before: int
    was_killed: bool


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=PAGES, help=f"number of pages (default: {PAGES})")
    parser.add_argument("--kills", type=int, default=KILLS, help=f"how often it is killed (default: {KILLS})")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        scans = write_pages(Path(folder) / "scans", options.pages)
        unbroken = read_folder(scans, Path(folder) / "unbroken.csv")
        print(f"{options.pages / unbroken.seconds:.1f} pages/s, {unbroken.peak_megabytes:.0f} MB", flush=True)
        broken = read_broken(scans, Path(folder) / "broken.csv", unbroken.seconds, options.kills)
        is_same = (Path(folder) / "unbroken.csv").read_bytes() == (Path(folder) / "broken.csv").read_bytes()
    values = {
        "pages": options.pages,
        "pages_per_second": options.pages / unbroken.seconds,
        "peak_megabytes": max(run.peak_megabytes for run in [unbroken, *broken]),
        "kills": options.kills,
        "same_after_kills": is_same,
        "runs": [asdict(run) for run in [unbroken, *broken]],
    }
    print(values)
    print(f"→ {record('scan-folder', values)}")


def write_pages(folder: Path, count: int) -> Path:
    """Write `count` pages into a new folder. A number appended to each file makes all files different."""
    folder.mkdir()
    sources = load_sheet_sources()
    for index in range(min(DISTINCT, count)):
        picture = paint_sheet_page(np.random.default_rng([SEED, index]), sources, picture=True).picture
        assert picture is not None
        large = cv2.resize(picture, PAGE_PIXELS, interpolation=cv2.INTER_CUBIC)
        content = cv2.imencode(".jpg", large, [cv2.IMWRITE_JPEG_QUALITY, JPEG_PERCENT])[1].tobytes()
        for number in range(index, count, DISTINCT):
            (folder / f"{number:05}.jpg").write_bytes(content + number.to_bytes(4, "big"))
    return folder


def read_broken(scans: Path, target: Path, seconds: float, kills: int) -> list[FolderRun]:
    """Read a folder, killed after a random share of the time, as often as that; the last run ends by itself."""
    rng = random.Random(SEED)
    runs = [read_folder(scans, target, kill_after=seconds * rng.uniform(0.05, 0.9 / kills)) for _ in range(kills)]
    return [*runs, read_folder(scans, target)]


def read_folder(scans: Path, target: Path, *, kill_after: float | None = None) -> FolderRun:
    """Read a folder in a process of its own, which goes on where the last one ended, and measure it."""
    command = [sys.executable, "-m", "sutja", "read", str(scans), "--csv", "--to", str(target), "--resume"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(target.parent / target.stem)}
    start = time.perf_counter()
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as run:
        peak = _PeakMemory(run)
        peak.start()
        try:
            run.wait(timeout=kill_after)
        except subprocess.TimeoutExpired:
            run.kill()
            run.wait()
        seconds = time.perf_counter() - start
        errors = run.stderr.read() if run.stderr else ""
        peak.join()
    if kill_after is None and run.returncode:
        sys.exit(f"sutja read failed: {errors}")
    before = READ_BEFORE.search(errors)
    return FolderRun(seconds, peak.megabytes, int(before[1]) if before else 0, run.returncode < 0)


class _PeakMemory(threading.Thread):
    """Watches how much memory a process and those that it starts have together, until it ends."""

    def __init__(self, run: subprocess.Popen[str]) -> None:
        super().__init__(daemon=True)
        self._run = run
        self.megabytes = 0.0

    def run(self) -> None:
        while self._run.returncode is None:
            self.megabytes = max(self.megabytes, sum(map(_proportional_megabytes, _family(self._run.pid))))
            time.sleep(SECONDS_PER_SAMPLE)


def _family(process: int) -> list[int]:
    """A process and all that it and those have started."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return []
    return [process, *(each for child in children for each in _family(int(child)))]


def _proportional_megabytes(process: int) -> float:
    """The memory of a process, with its share of what it shares with others; 0 if it has ended."""
    try:
        state = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    found = re.search(r"^Pss:\s+(\d+) kB", state, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    main()
