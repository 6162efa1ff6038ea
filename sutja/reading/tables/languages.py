"""Texts in tables, in English and Korean: remarks on cells, and the headings and notes of workbooks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from sutja.errors import unknown
from sutja.reading.particles import fit_particles

TableLanguage = Literal["en", "ko"]
TABLE_LANGUAGES: tuple[TableLanguage, ...] = get_args(TableLanguage)
ANY_PART = r"((?:(?!; ).)+?)"
Sentence = tuple[str, str]  # a pattern with the parts that differ as groups; in Korean these are {0}, {1}, …

REMARK_SENTENCES: tuple[Sentence, ...] = (
    (f"read as {ANY_PART}", "{0}(으)로 읽음"),
    (f"joined of {ANY_PART}", "{0}을(를) 이어 붙임"),
    (f"cut from {ANY_PART}", "{0}에서 잘라 냄"),
    (f"may also be {ANY_PART}", "다른 가능성: {0}"),
    (f"its row adds up with {ANY_PART}", "{0}(이)면 행의 합이 맞음"),
    (f"its column adds up with {ANY_PART}", "{0}(이)면 열의 합이 맞음"),
    (f"several numbers in one cell: {ANY_PART}", "한 칸에 수가 여러 개: {0}"),
    (f"{ANY_PART}: the other numbers of the column have the form {ANY_PART}", "{0}: 같은 열의 다른 수는 {1} 꼴임"),
    (f"{ANY_PART}: lower than the other numbers", "{0}: 다른 수보다 낮음"),
    (f"{ANY_PART}: most rows have no number in this column", "{0}: 이 열에 수가 있는 행이 드묾"),
    (f"{ANY_PART}: no decimal sign as in the rest of the column", "{0}: 같은 열의 다른 수와 달리 소수점이 없음"),
    (f"{ANY_PART}: no time as in the rest of the column", "{0}: 같은 열의 다른 수와 달리 시각이 아님"),
    (f"{ANY_PART}: a colon, unlike the rest of the column", "{0}: 같은 열의 다른 수와 달리 쌍점이 있음"),
    (f"{ANY_PART}: perhaps not the whole number", "{0}: 수의 일부가 빠졌을 수 있음"),
    (
        f"{ANY_PART}: at the edge of the picture, perhaps not the whole number",
        "{0}: 사진 가장자리에 걸려 수의 일부가 빠졌을 수 있음",
    ),
    (f"the row adds up if this is {ANY_PART} instead of {ANY_PART}", "{1} 대신 {0}(이)면 행의 합이 맞음"),
    (f"the column adds up if this is {ANY_PART} instead of {ANY_PART}", "{1} 대신 {0}(이)면 열의 합이 맞음"),
    (f"the row adds up to {ANY_PART}, not to {ANY_PART}", "행의 합은 {1}이(가) 아니라 {0}임"),
    (f"the column adds up to {ANY_PART}, not to {ANY_PART}", "열의 합은 {1}이(가) 아니라 {0}임"),
    (f"{ANY_PART} would mend it", "{0}(으)로 고치면 맞음"),
)
_JOINS = (
    (re.compile(r"(\S+) in ([A-Z]+\d+)\b"), r"\2의 \1"),
    (re.compile(" or "), " 또는 "),
    (re.compile(" and "), ", "),
)


@dataclass(frozen=True)
class WorkbookWords:
    """The words of a workbook: names of sheets, the heads of the sheet of what is to be checked, and an empty sheet."""

    check_sheet: str
    check_heads: tuple[str, str, str, str, str, str]
    lines_ending: str  # of the name of a sheet of lines
    no_numbers: str  # after the name of a picture


WORKBOOK_WORDS: dict[TableLanguage, WorkbookWords] = {
    "en": WorkbookWords(
        "to check", ("sheet", "cell", "signs", "read as", "what to check", "picture"), " lines", "no numbers found"
    ),
    "ko": WorkbookWords(
        "확인할 칸", ("시트", "칸", "읽은 글자", "추정", "확인할 점", "그림"), " 줄", "찾은 수가 없습니다"
    ),
}


def table_language(name: str) -> TableLanguage:
    """The language of that name. Raises `UsageError` for another."""
    for language in TABLE_LANGUAGES:
        if name == language:
            return language
    raise unknown("language", name, TABLE_LANGUAGES)


def remark_in(text: str, language: TableLanguage) -> str:
    """The text of a remark in a language."""
    return text if language == "en" else translate_sentences(text, REMARK_SENTENCES)


def translate_sentences(text: str, sentences: Iterable[Sentence]) -> str:
    """A text in Korean, as a whole or part by part; parts between semicolons without a translation stay English."""
    known = _in_korean(text, sentences)
    return known or "; ".join(_in_korean(part, sentences) or part for part in text.split("; "))


def _in_korean(text: str, sentences: Iterable[Sentence]) -> str | None:
    for pattern, korean in sentences:
        if found := re.fullmatch(pattern, text):
            said = korean.format(*found.groups())
            for join, instead in _JOINS:
                said = join.sub(instead, said)
            return fit_particles(said)
    return None
