"""The languages of reports. They are written in English, and `render_page` asks for each text in Korean.

The list is `templates/korean.toml`. A text that it lacks stays as it is in both languages, as names of files and of
recipe fields do.
"""

from __future__ import annotations

import re
import textwrap
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from sutja.errors import unknown
from sutja.reading.particles import fit_particles

REPORT_LANGUAGES = ("en", "ko")
SENTENCE_END = re.compile(r"(?<=[.!?:])\s+")
FILLED_GAP = re.compile(r"\{(\d*)\}")
GAP_PATTERN = r"((?:(?![.!?]\s).)+?)"  # not the end of a sentence


def check_language(name: str) -> str:
    """The name of a language of reports, or "" for the reader's own. Raises `UsageError` for another."""
    if name and name not in REPORT_LANGUAGES:
        raise unknown("language", name, REPORT_LANGUAGES)
    return name


def to_korean(text: str) -> str | None:
    """A text of a report in Korean, as a whole or sentence by sentence; `None` when the list lacks a part of it."""
    said = [_translate(part, "messages", "phrases") for part in _split(text)]
    return None if None in said else " ".join(each for each in said if each)


def lines_in_korean(lines: Sequence[str]) -> list[str]:
    """The lines of a text on a plot in Korean, as many: each by itself, or together where a line ends in mid-sentence.

    What the list lacks stays as it is.
    """
    said = [_translate(line, "plots", "messages", "phrases") for line in lines]
    if None in said and len(lines) > 1 and (whole := to_korean(" ".join(lines))) is not None:
        wrapped = textwrap.wrap(whole, max(map(len, lines)))
        if len(wrapped) <= len(lines):
            return wrapped + [""] * (len(lines) - len(wrapped))
    return [korean or line for korean, line in zip(said, lines, strict=True)]


def _split(text: str) -> list[str]:
    """The sentences of a text; of what only looks like several, the longest parts that the list has."""
    parts = SENTENCE_END.split(text)
    found: list[str] = []
    while parts:
        lengths = range(len(parts), 0, -1)
        length = next((n for n in lengths if _translate(" ".join(parts[:n]), "messages", "phrases") is not None), 1)
        found.append(" ".join(parts[:length]))
        parts = parts[length:]
    return found


@cache
def _translate(text: str, *tables: str) -> str | None:
    for table in tables:
        for pattern, korean in _patterns(table):
            if match := pattern.fullmatch(text):
                return _fill(korean, [_translate(gap, "lists", "phrases", "joins") or gap for gap in match.groups()])
    return None


def _fill(korean: str, gaps: list[str]) -> str:
    following = iter(gaps)
    return fit_particles(FILLED_GAP.sub(lambda gap: gaps[int(gap[1])] if gap[1] else next(following), korean))


@cache
def _patterns(table: str) -> list[tuple[re.Pattern[str], str]]:
    """The texts of a table as patterns, the longest first: a short one fits much that it does not mean."""
    path = files("sutja.reports") / "templates" / "korean.toml"
    texts: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))[table]
    longest_first = sorted(texts, key=lambda text: len(text.replace("{}", "")), reverse=True)
    return [(re.compile(re.escape(text).replace(r"\{\}", GAP_PATTERN)), texts[text]) for text in longest_first]
