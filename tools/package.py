"""Build wheel and sdist, check them, and try the wheel where there is no clone: `python -m tools.package`.

Needs `build` and `twine`, and nothing of sutja. Writes into `dist/`; the wheel is built from the sdist. Then the wheel
is installed into a new environment, and its commands run in an empty folder. Takes some minutes, as pip downloads what
sutja needs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
DIST = ROOT / "dist"
PICTURE = ROOT / "docs" / "images" / "page-photograph.png"
COMMANDS = (["--help"], ["models"], ["read", "picture.png"])  # none of which needs an extra
MAX_MEGABYTES = 400  # of the plain installation, beside Python and pip
MEGABYTE = 1024 * 1024


def main() -> None:
    """Build, check and try the packages; exits with 1 at the first failure."""
    build()
    with tempfile.TemporaryDirectory() as folder:
        environment = Path(folder) / "environment"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
        before = installed_bytes(environment)
        install(environment)
        megabytes = (installed_bytes(environment) - before) / MEGABYTE
        try_commands(environment, Path(folder))
    print(f"the plain installation takes {megabytes:.0f} MB beside Python")
    if megabytes > MAX_MEGABYTES:
        sys.exit(f"that is more than {MAX_MEGABYTES} MB")


def build() -> None:
    """Build the sdist, and from it the wheel; PyPI must be able to show both."""
    shutil.rmtree(DIST, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "build", "--outdir", str(DIST), str(ROOT)], check=True)
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *map(str, DIST.iterdir())], check=True)


def install(environment: Path) -> None:
    """Install the wheel without extras."""
    (wheel,) = DIST.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", str(_python(environment)), "install", "--quiet", str(wheel)]
    subprocess.run(pip, check=True)


def try_commands(environment: Path, folder: Path) -> None:
    """Run each of `COMMANDS` in `folder`, which holds nothing of the clone but a picture."""
    shutil.copy(PICTURE, folder / "picture.png")
    isolated = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    for command in COMMANDS:
        print(f"$ sutja {' '.join(command)}", flush=True)
        subprocess.run([str(_python(environment)), "-m", "sutja", *command], cwd=folder, env=isolated, check=True)


def installed_bytes(environment: Path) -> int:
    """What the files of an environment take."""
    return sum(path.stat().st_size for path in environment.rglob("*") if path.is_file() and not path.is_symlink())


def _python(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


if __name__ == "__main__":
    main()
