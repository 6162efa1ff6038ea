"""The environment of a result: versions, machine and commit."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sutja import __version__

REPORTED_PACKAGES = ("torch", "numpy", "opencv-python-headless", "onnxruntime")
CODE_PATHSPECS = (".", ":(exclude)results", ":(exclude)docs", ":(exclude)*.md")  # excludes results and pages about them


def describe_environment() -> dict[str, Any]:
    """Versions, machine and commit as plain values, for `environment.json`."""
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
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def commit() -> str | None:
    """The commit of the checkout that contains this package, followed by "+changes" if the code differs from it."""
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
