"""The environment of a result: versions, machine and commit; how busy the machine is, and how Python uses it."""

from __future__ import annotations

import atexit
import gc
import os
import platform
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sutja import __version__
from sutja.files import resolved

MAX_THREADS = 1024  # more than any machine has cores
GC_THRESHOLD_OBJECTS = 10_000  # allocations before a collection: imports allocate many objects and leave no garbage
REPORTED_PACKAGES = ("torch", "numpy", "opencv-python-headless", "onnxruntime")
EXTRA_OF_MODULE = {  # optional dependency → the extra that installs it
    "torch": "train",
    "matplotlib": "train",
    "jinja2": "train",
    "safetensors": "train",
    "onnx": "train",
    "onnxscript": "train",
    "PIL": "train",
    "fontTools": "train",
    "sklearn": "sklearn",
    "cleanlab": "doubts",
    "tensorboard": "track",
    "scipy": "robustness",
    "pyarrow": "parquet",
    "pypdfium2": "scans",
    "pillow_heif": "scans",
    "ray": "cluster",
    "fastapi": "web",
    "pydantic": "web",
    "python_multipart": "web",
    "starlette": "web",
    "uvicorn": "web",
}
PROC_STAT = Path("/proc/stat")  # on Linux: what its processors have done, in ticks of 1/100 s
SECONDS_PER_LOAD_SAMPLE = 0.2  # for which the load is measured
CODE_PATHSPECS = (".", ":(exclude)results", ":(exclude)docs", ":(exclude)*.md")  # excludes results and pages about them


@dataclass(frozen=True)
class DataSource:
    """The data that a network was trained on: name, SHA-256, and the numbers of training and test digits.

    `class_names` are `None` for the ten digits.
    """

    name: str
    sha256: str
    train: int | None = None
    test: int | None = None
    class_names: tuple[str, ...] | None = None


@dataclass(frozen=True)
class TargetsSource:
    """The distillation targets that a network was trained on: views of each digit, distortion, SHA-256."""

    views: int
    augmentation: str
    sha256: str


@dataclass(frozen=True)
class StartSource:
    """The network that a fine-tuning began with: its name, the SHA-256 of its weights, and its recipe."""

    name: str
    sha256: str
    recipe: dict[str, Any]


@dataclass(frozen=True)
class CorrectionsSource:
    """The corrected digits of a fine-tuning: name and number of them, and their SHA-256."""

    name: str
    digits: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What a network was made with and from: `environment.json` of a run folder, and part of a card.

    An ensemble has neither `device` nor `threads`. `precision` is the one that was computed in, `engine` what computed,
    "fast" or "torch" (see `networks/fast/`); it is missing in what was made when there was only PyTorch.
    """

    sutja: str
    commit: str | None
    python: str
    packages: dict[str, str | None]
    platform: str
    processor: str
    cores: int | None
    started: str
    data: DataSource
    device: str | None = None
    threads: int | None = None
    precision: str | None = None
    engine: str | None = None
    distillation_targets: TargetsSource | None = None
    start: StartSource | None = None
    corrections: CorrectionsSource | None = None

    def __post_init__(self) -> None:
        """Raises `ValueError` for a number of threads that no machine has."""
        if self.threads is not None and not 1 <= self.threads <= MAX_THREADS:
            raise ValueError(f"threads = {self.threads} is not from 1 to {MAX_THREADS}")

    @classmethod
    def now(cls, data: DataSource, **provenance: Any) -> Environment:
        """The present environment, with the data and what else a trainer knows of its provenance."""
        return cls(**describe_environment(), data=data, **provenance)


def missing_module_hint(name: str | None) -> str | None:
    """The line that says how to install a module that is missing; `None` for one that no extra installs."""
    package = (name or "").split(".")[0]
    extra = EXTRA_OF_MODULE.get(package)
    if extra is None:
        return None
    return f"{package} is not installed: the extra '{extra}' brings it: {install_command(extra)}"


def install_command(extra: str) -> str:
    """The command that installs an extra: from the clone that this package is run from, or for the installed package.

    Double quotes are understood by every shell, that of Windows among them.
    """
    clone = resolved(Path(__file__)).parents[1]
    if not (clone / "pyproject.toml").is_file():
        return f'pip install "sutja[{extra}]"'
    return f'pip install "{"." if clone == Path.cwd() else clone}[{extra}]"'


def describe_environment() -> dict[str, Any]:
    """Versions, machine and commit as plain values."""
    return {
        "sutja": __version__,
        "commit": commit(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in REPORTED_PACKAGES},
        "platform": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _version(package: str) -> str | None:
    import importlib.metadata  # reading a picture also loads this module, and need not wait for it

    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def commit() -> str | None:
    """The commit of the checkout that contains this package, followed by "+changes" if the code differs from it."""
    import subprocess

    root = Path(__file__).parent.parent
    if not (root / ".git").exists():
        return None
    try:
        revision = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", *CODE_PATHSPECS)
        return revision + ("+changes" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *arguments: str) -> str:
    import subprocess

    run = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=10)
    return run.stdout.strip()


def processor() -> str:
    """The name of the processor, as precisely as the system reports it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def usable_cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_cores() -> float | None:
    """The number of cores that other programs leave free, measured for a fifth of a second; `None` if no one knows."""
    before, own_before = _ticks(), time.process_time()
    time.sleep(SECONDS_PER_LOAD_SAMPLE)
    after, own_seconds = _ticks(), time.process_time() - own_before
    if before is None or after is None or sum(after) <= sum(before):
        return None
    user, nice, system, idle, waiting, *rest = (now - then for then, now in zip(before, after, strict=True))
    total = user + nice + system + idle + waiting + sum(rest)
    free = nice + idle + waiting  # what runs with low priority makes way
    return (os.cpu_count() or 1) * free / total + own_seconds / SECONDS_PER_LOAD_SAMPLE


def _ticks() -> list[int] | None:
    """How long all processors together did what: user, nice, system, idle, waiting for disks, and more."""
    try:
        name, *ticks = PROC_STAT.read_text(encoding="ascii").split("\n", 1)[0].split()
        return [int(each) for each in ticks[:8]] if name == "cpu" and len(ticks) >= 5 else None
    except (OSError, ValueError):
        return None


def collect_rarely() -> None:
    """Collect garbage less often than Python does by itself, and not at all at exit: that takes tenths of a second."""
    gc.set_threshold(GC_THRESHOLD_OBJECTS)
    atexit.register(gc.freeze)
