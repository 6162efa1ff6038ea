"""Chromium and a running `sutja serve`, for the benchmark of the page, its tests and the screenshots."""

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

CHROMIUM_COMMANDS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
CHROMIUM_MISSING = "no Chromium: apt-get install chromium, or SUTJA_CHROMIUM=/path/to/it"
ADDRESS_PREFIX = "sutja listens on "


def find_chromium() -> str | None:
    """The path of Chromium: SUTJA_CHROMIUM if set, otherwise the first command that is installed."""
    return os.environ.get("SUTJA_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_COMMANDS)), None)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start Chromium in headless mode; raises `FileNotFoundError` if it is not installed."""
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    if path is None:
        raise FileNotFoundError(CHROMIUM_MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


@contextmanager
def serve(corrections: Path, *arguments: str) -> Iterator[str]:
    """Run `sutja serve` with a folder for corrections; yields its address. Raises `RuntimeError` if it exits."""
    options = ["--port", "0", "--corrections", str(corrections), *arguments]
    command = [sys.executable, str(ROOT / "main.py"), "serve", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert process.stdout is not None
    try:
        lines = iter(process.stdout.readline, "")
        address = next((line for line in lines if line.startswith(ADDRESS_PREFIX)), None)
        if address is None:
            raise RuntimeError(f"sutja serve exited with {process.wait()}")
        yield address.removeprefix(ADDRESS_PREFIX).strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
