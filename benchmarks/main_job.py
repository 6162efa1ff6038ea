"""Main job: time, peak memory and accuracies of `python main.py compare`, from end to end, over several seeds.

Runs `python main.py compare --seed N` in its own process for each seed, into an empty folder, and after it the same
with `--engine torch`: so each pair of times is of neighbours.
Command: `python -m benchmarks.main_job [--seeds N]`. Writes `results/main-job.json` and, from seed 0, the pictures of
README.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.recording import IMAGES, ROOT, record


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds, from 0 (default: 1)")
    seeds = range(parser.parse_args().seeds)
    with tempfile.TemporaryDirectory() as folder:
        jobs = [_run_both_engines(seed, Path(folder) / str(seed)) for seed in seeds]
        _copy_pictures(Path(folder) / "0")
    values: dict[str, Any] = {"jobs": jobs, "recipes": _results_over_seeds(jobs)}
    for name, row in values["recipes"].items():
        print(f"{name}: {row['mean']:.3f} ± {row['standard_deviation']:.3f} % over {len(seeds)} seeds")
    ratio = statistics.median(job["torch_seconds"] / job["seconds"] for job in jobs)
    print(f"{ratio:.2f} times as fast as with --engine torch, the median over the seeds")
    print(f"→ {record('main-job', values)}")


def _run_both_engines(seed: int, runs: Path) -> dict[str, Any]:
    """The job of a seed, and how many seconds it takes with `--engine torch`."""
    job = _run_main_job(seed, runs)
    by_torch = _run_main_job(seed, runs / "torch", "--engine", "torch")
    return {**job, "torch_seconds": by_torch["seconds"]}


def _run_main_job(seed: int, runs: Path, *options: str) -> dict[str, Any]:
    command = [sys.executable, "main.py", "compare", "--json", "--seed", str(seed), "--runs", str(runs), *options]
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed with {process.returncode}")
    seconds, megabytes = time.perf_counter() - start, usage.ru_maxrss / 1024
    print(f"seed {seed}{' '.join(['', *options])}: {seconds:.0f} s, {megabytes:.0f} MB peak memory")
    return {"seed": seed, "seconds": seconds, "peak_megabytes": megabytes, **_summary(json.loads(output))}


def _summary(result: dict[str, Any]) -> dict[str, Any]:
    """The comparison's JSON without confusion matrices and lists of mistakes."""
    metrics = ("count", "errors", "accuracy", "accuracy_low", "accuracy_high", "loss", "brier", "calibration_error")
    runs = [
        {
            "recipe": run["recipe"],
            **{name: run[name] for name in ("parameters", "epochs", "seconds")},
            **{part: {name: run["figures"][part][name] for name in metrics} for part in ("validation", "test")},
        }
        for run in result["runs"]
    ]
    return {"runs": runs, "comparisons": result["comparisons"]}


def _results_over_seeds(jobs: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Mean and standard deviation of the test accuracy over the seeds, in percent, for each recipe."""
    found: dict[str, list[float]] = {}
    for job in jobs:
        for run in job["runs"]:
            found.setdefault(run["recipe"]["name"], []).append(100 * run["test"]["accuracy"])
    return {
        name: {"mean": statistics.mean(each), "standard_deviation": statistics.stdev(each) if len(each) > 1 else 0.0}
        for name, each in found.items()
    }


def _copy_pictures(runs: Path) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(runs / "comparison" / "figures" / "curves.png", IMAGES / "curves.png")
    for name in ("augmentation", "mistakes", "filters"):
        shutil.copyfile(runs / "lenet5-both-s0" / "figures" / f"{name}.png", IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()
