"""Both READMEs say the same, and what they say of results is what was recorded."""

from __future__ import annotations

import re

import pytest

from benchmarks.performance import PARTS
from benchmarks.readme import PERFORMANCE, READMES, measured
from benchmarks.readme_commands import commands
from benchmarks.recording import ROOT


@pytest.mark.parametrize("language", READMES)
def test_measured_parts_are_those_of_the_recorded_results(language: str) -> None:
    text = READMES[language].read_text(encoding="utf-8")
    assert measured(text, language) == text
    assert text.count("<!-- measured:") == 3


def test_the_page_on_performance_has_each_of_its_parts_as_recorded() -> None:
    text = PERFORMANCE.read_text(encoding="utf-8")
    assert measured(text, "en") == text
    assert re.findall(r"<!-- measured: (\w+)", text) == ["speed", *PARTS]


def test_links_of_the_page_on_performance_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([\w/.-]+?)(?:#[\w-]+)?\)", PERFORMANCE.read_text(encoding="utf-8"))
    assert targets
    for target in targets:
        assert (PERFORMANCE.parent / target).exists(), target


def test_both_languages_have_the_same_parts() -> None:
    english, korean = (path.read_text(encoding="utf-8") for path in READMES.values())
    for pattern in (r"^#+ ", r"^!\[", r"^<!-- .*", r"^```\w*", r"^sutja/\w*", r"\]\((?!README)[\w/.#-]+\)"):
        found = [re.findall(pattern, text, re.MULTILINE) for text in (english, korean)]
        assert len(found[0]) == len(found[1]) > 0, pattern
    without_comments = [[re.sub(r" *#.*", "", block) for block in commands(text)] for text in (english, korean)]
    assert without_comments[0] == without_comments[1]


@pytest.mark.parametrize("language", READMES)
def test_links_lead_somewhere(language: str) -> None:
    for target in re.findall(r"\]\(([\w/.-]+?)(?:#[\w-]+)?\)", READMES[language].read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target


def test_each_file_of_the_package_is_in_the_tree() -> None:
    tree = READMES["en"].read_text(encoding="utf-8")
    for path in (ROOT / "sutja").glob("*.py"):
        assert path.name == "__init__.py" or path.name in tree, path.name
