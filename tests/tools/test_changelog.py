"""The notes of a release are the part of the changelog for its version."""

from __future__ import annotations

import pytest

from sutja import __version__
from tools.changelog import HEADING, ROOT, release_notes

CHANGELOG = """# Changelog

## [0.2.0] – unreleased

- coming

## [0.1.1] – 2026-03-01

### Fixed

- this

## [0.1.0] – 2026-01-31

- first
"""


def test_the_notes_of_a_version_end_where_the_one_before_begins() -> None:
    assert release_notes(CHANGELOG, "0.1.1") == "### Fixed\n\n- this\n"
    assert release_notes(CHANGELOG, "0.1.0") == "- first\n"


@pytest.mark.parametrize(
    ("version", "why"),
    [("0.1", "no part for the version 0.1"), ("0.2.0", "0.2.0 is 'unreleased': a release has a date")],
)
def test_what_is_not_to_be_released_is_refused(version: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        release_notes(CHANGELOG, version)


def test_the_version_of_the_package_has_its_part_in_the_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert __version__ in [heading["version"] for heading in HEADING.finditer(text)]
