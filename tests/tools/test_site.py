"""The site has every page, its links lead somewhere, and its reference of commands is complete."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from benchmarks.recording import ROOT
from sutja.cli.app import COMMANDS
from tools.site.building import settings, stage
from tools.site.commands import render_commands
from tools.site.links import LinkRewriter, in_prose
from tools.site.pages import LANGUAGES, PageSet, page_sets

SETS = {
    "en": PageSet({"README.md": "index.md", "docs/data.md": "data.md", "docs/course/1.md": "course/1.md"}, []),
    "ko": PageSet({"README.ko.md": "index.md", "docs/course/1.ko.md": "course/1.md"}, []),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("docs/images/a.png", "docs/data.md", "examples/a.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("language", "file", "text", "expected"),
    [
        ("en", "README.md", "[a](docs/data.md#b)", "[a](data.md#b)"),
        ("en", "docs/course/1.md", "[a](../data.md)", "[a](../data.md)"),
        ("en", "docs/course/1.md", "![a](../images/a.png)", "![a](../images/a.png)"),
        ("en", "README.md", "![a](docs/images/a.png)", "![a](images/a.png)"),
        ("en", "docs/data.md", '<img src="images/a.png">', '<img src="../images/a.png">'),
        ("en", "docs/course/1.md", "[a](1.ko.md)", "[a](../../ko/course/1/)"),
        ("ko", "docs/course/1.ko.md", "[a](1.md)", "[a](../../../course/1/)"),
        ("ko", "README.ko.md", "[a](docs/data.md#b)", "[a](../data/#b)"),
        ("ko", "README.ko.md", "[a](README.md)", "[a](../)"),
        ("en", "README.md", "[`a.py`](examples/a.py)", "`a.py`"),
        ("en", "README.md", "[a](https://example.org)", "[a](https://example.org)"),
        ("en", "README.md", "<!-- measured: x -->\n| a |", "\n| a |"),
        ("en", "README.md", "```sh\n[a](none)\n```", "```sh\n[a](none)\n```"),
    ],
)
def test_links_lead_to_pages_of_the_site(root: Path, language: str, file: str, text: str, expected: str) -> None:
    rewriter = LinkRewriter(root, SETS, language)
    assert rewriter.rewrite(file, text) == expected
    assert rewriter.faults == []


def test_a_link_to_nothing_is_a_fault(root: Path) -> None:
    rewriter = LinkRewriter(root, SETS, "en")
    rewriter.rewrite("docs/data.md", "[a](none.md)")
    assert rewriter.faults == ["docs/data.md: leads nowhere: none.md"]


def test_a_file_that_is_no_page_is_linked_where_the_repository_is_known(root: Path) -> None:
    rewriter = LinkRewriter(root, SETS, "en", "https://example.org/sutja/blob/main")
    assert (
        rewriter.rewrite("README.md", "[a](examples/a.py)") == "[a](https://example.org/sutja/blob/main/examples/a.py)"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_link_of_a_page_is_dead(language: str, tmp_path: Path) -> None:
    stage(language, tmp_path)
    docs = tmp_path / "docs"
    for page in docs.rglob("*.md"):
        in_prose(page.read_text(encoding="utf-8"), lambda text, page=page: _check_pictures(page, text))  # type: ignore[misc]
    assert (
        tomllib.loads((tmp_path / "zensical.toml").read_text(encoding="utf-8"))["project"]["theme"]["language"]
        == language
    )


def _check_pictures(page: Path, text: str) -> str:
    for target in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text):
        assert (page.parent / target).is_file(), f"{page.name}: {target}"
    return text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_in_the_navigation(language: str) -> None:
    pages = page_sets()[language]
    listed = re.findall(r"= \"([^\"]+\.md)\"", settings(language, pages))
    assert sorted(listed) == sorted([*pages.places.values(), *(["commands.md"] if language == "en" else [])])


def test_every_page_of_the_repository_is_in_the_site() -> None:
    pages = page_sets()
    found = {str(path.relative_to(ROOT).as_posix()) for path in (ROOT / "docs").rglob("*.md")}
    assert found == {file for each in pages.values() for file in each.places if file.startswith("docs/")}


def test_the_reference_has_every_command_with_its_options() -> None:
    page = render_commands()
    assert all(f"\n## sutja {name}\n" in page for name in COMMANDS)
    assert "\n## sutja data convert\n" in page
    assert "| `--train-digits` `N` |" in page
    assert "sutja train [OPTIONS] [RECIPE]" in page
