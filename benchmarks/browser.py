"""A browser before the page of `sutja serve`, for the tests, the benchmark and the screenshots."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.recording import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
MISSING = "no Chromium: apt-get install chromium, or SUTJA_CHROMIUM=/path/of/it"
TOLD = "sutja listens on "


def find_chromium() -> str | None:
    """The path of Chromium: what SUTJA_CHROMIUM says, or the first that is installed."""
    return os.environ.get("SUTJA_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Chromium without a window; raises `FileNotFoundError` when there is none."""
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    if path is None:
        raise FileNotFoundError(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def serve(corrections: Path, *words: str) -> Iterator[str]:
    """A running `sutja serve` with that folder of corrections; gives its address. Raises `RuntimeError` if it ends."""
    command = [sys.executable, str(ROOT / "main.py"), "serve", "--port", "0", "--corrections", str(corrections), *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert process.stdout is not None
    try:
        lines = iter(process.stdout.readline, "")
        address = next((line.removeprefix(TOLD).strip() for line in lines if line.startswith(TOLD)), None)
        if address is None:
            raise RuntimeError(f"sutja serve ended with {process.wait()}")
        yield address
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
