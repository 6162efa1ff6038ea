"""The part of CHANGELOG.md for one version: `python -m tools.changelog 0.1.0`, the notes of a release."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
HEADING = re.compile(r"^## \[(?P<version>[^]]+)\] – (?P<date>.+)$", re.MULTILINE)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def release_notes(changelog: str, version: str) -> str:
    """The text below the heading of `version`, up to the next heading of a version.

    Raises `ValueError` if there is none, or if its heading has no date, since it is then not to be released.
    """
    headings = list(HEADING.finditer(changelog))
    for heading, following in zip(headings, [*headings[1:], None], strict=True):
        if heading["version"] == version:
            if not DATE.fullmatch(heading["date"]):
                raise ValueError(f"CHANGELOG.md: {version} is '{heading['date']}': a release has a date, as 2026-01-31")
            return changelog[heading.end() : following.start() if following else None].strip() + "\n"
    raise ValueError(f"CHANGELOG.md has no part for the version {version}")


def main() -> None:
    """Print the notes of the version that is named; exits with 1 if there are none."""
    try:
        print(release_notes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), sys.argv[1]), end="")
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
