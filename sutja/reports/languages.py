"""The languages of reports. They are written in English, and `render_page` asks for each text in Korean.

The list is `templates/korean.toml`. A text that it lacks stays as it is in both languages, as names of files and of
recipe fields do.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

from sutja.errors import unknown

REPORT_LANGUAGES = ("en", "ko")
SENTENCE_END = re.compile(r"(?<=[.!?:])\s+")
FILLED_GAP = re.compile(r"\{(\d*)\}")
GAP_PATTERN = r"((?:(?![.!?]\s).)+?)"  # not the end of a sentence
PARTICLES = {"와(과)": "과와", "이(가)": "이가", "을(를)": "을를", "은(는)": "은는"}  # after a consonant, after a vowel
PARTICLE = re.compile(r"(\w)(\W*)(와\(과\)|이\(가\)|을\(를\)|은\(는\)|\(으\)로)")
FIRST_SYLLABLE, FINAL_CONSONANTS, FINAL_L = ord("가"), 28, 8  # of Unicode's Hangul syllables
ENDING_IN_CONSONANT = "013678lmnLMNrR"  # digits and letters as they are called in Korean
ENDING_IN_L = "178lLrR"


def check_language(name: str) -> str:
    """The name of a language of reports, or "" for the reader's own. Raises `UsageError` for another."""
    if name and name not in REPORT_LANGUAGES:
        raise unknown("language", name, REPORT_LANGUAGES)
    return name


def to_korean(text: str) -> str | None:
    """A text of a report in Korean, as a whole or sentence by sentence; `None` when the list lacks a part of it."""
    said = [_translate(part, "messages", "phrases") for part in _split(text)]
    return None if None in said else " ".join(each for each in said if each)


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
    filled = FILLED_GAP.sub(lambda gap: gaps[int(gap[1])] if gap[1] else next(following), korean)
    return PARTICLE.sub(lambda match: match[1] + match[2] + _particle(match[1], match[3]), filled)


def _particle(before: str, both: str) -> str:
    """The form of a particle after a Hangul syllable, digit or letter."""
    place = ord(before) - FIRST_SYLLABLE
    hangul = "가" <= before <= "힣"
    consonant = place % FINAL_CONSONANTS > 0 if hangul else before in ENDING_IN_CONSONANT
    if both == "(으)로":
        ends_in_l = place % FINAL_CONSONANTS == FINAL_L if hangul else before in ENDING_IN_L
        return "으로" if consonant and not ends_in_l else "로"
    return PARTICLES[both][0 if consonant else 1]


@cache
def _patterns(table: str) -> list[tuple[re.Pattern[str], str]]:
    """The texts of a table as patterns, the longest first: a short one fits much that it does not mean."""
    path = files("sutja.reports") / "templates" / "korean.toml"
    texts: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))[table]
    longest_first = sorted(texts, key=lambda text: len(text.replace("{}", "")), reverse=True)
    return [(re.compile(re.escape(text).replace(r"\{\}", GAP_PATTERN)), texts[text]) for text in longest_first]
