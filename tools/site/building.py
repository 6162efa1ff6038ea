"""Stage the pages of each language in `build/site`, and build them with Zensical."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from string import Template

from benchmarks.recording import ROOT
from sutja.errors import SutjaError
from tools.site.commands import render_commands
from tools.site.links import LinkRewriter, asset_place
from tools.site.pages import LANGUAGES, PageSet, page_sets

BUILD = ROOT / "build" / "site"
FOLDER = Path(__file__).parent
ASSETS = ("style.css", "tables.js")  # beside this file, and named in the settings
SETTINGS = FOLDER / "zensical.toml"
WORDS = {
    "en": {
        "name": "sutja",
        "description": "Handwritten digits: train, measure, compare, read",
        "dark": "Dark mode",
        "light": "Light mode",
        "system": "As the system",
        "english": "./",
        "korean": "./ko/",
    },
    "ko": {
        "name": "sutja 숫자",
        "description": "손글씨 숫자를 학습하고, 재고, 비교하고, 읽기",
        "dark": "어둡게",
        "light": "밝게",
        "system": "시스템 설정대로",
        "english": "../",
        "korean": "./",
    },
}


def build(folder: Path = BUILD) -> Path:
    """Build the site in `folder`; returns where it is. Raises `SutjaError` for a dead link."""
    shutil.rmtree(folder, ignore_errors=True)
    site = folder / "html"
    for language in LANGUAGES:
        stage(language, folder / language)
        words = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", "zensical.toml"]
        finished = subprocess.run(words, cwd=folder / language, capture_output=True, encoding="utf-8", check=False)
        if finished.returncode:
            raise SutjaError(
                f"{language}: Zensical exits with {finished.returncode}:\n{finished.stdout}{finished.stderr}"
            )
        shutil.copytree(folder / language / "site", site if language == "en" else site / language)
    return site


def stage(language: str, folder: Path) -> None:
    """Write the pages, pictures and settings of one language into `folder`. Raises `SutjaError` for a dead link."""
    sets = page_sets()
    rewriter = LinkRewriter(ROOT, sets, language, repository_address())
    docs = folder / "docs"
    for file, place in sets[language].places.items():
        _write(docs / place, rewriter.rewrite(file, (ROOT / file).read_text(encoding="utf-8")))
    if language == "en":
        _write(docs / "commands.md", render_commands())
    if rewriter.faults:
        raise SutjaError("; ".join(rewriter.faults))
    for asset in sorted(rewriter.assets):
        (docs / asset_place(asset)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / asset, docs / asset_place(asset))
    for name in ASSETS:
        shutil.copyfile(FOLDER / name, docs / name)
    _write(folder / "zensical.toml", settings(language, sets[language]))


def repository_address() -> str:
    """Where files of the repository can be seen, as GitHub's workflows know it; empty elsewhere."""
    server, name = (os.environ.get(f"GITHUB_{each}") for each in ("SERVER_URL", "REPOSITORY"))
    return f"{server}/{name}/blob/main" if server and name else ""


def settings(language: str, pages: PageSet) -> str:
    """The file of settings for one language."""
    values = {**WORDS[language], "language": language, "navigation": pages.navigation}
    return Template(SETTINGS.read_text(encoding="utf-8")).substitute(
        {name: _toml(each) for name, each in values.items()}
    )


def _toml(value: object) -> str:
    """A text, or a list of tables, as TOML writes it."""
    if isinstance(value, dict):
        return (
            "{ "
            + ", ".join(f"{json.dumps(key, ensure_ascii=False)} = {_toml(each)}" for key, each in value.items())
            + " }"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
