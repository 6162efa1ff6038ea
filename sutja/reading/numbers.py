"""What the signs of a number mean: its kind, and its value where one can tell which sign is the decimal one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact
from typing import Literal, get_args

from sutja.errors import unknown

NumberKind = Literal["integer", "decimal", "fraction", "date", "time", "other"]
DecimalSign = Literal["point", "comma"]
DECIMAL_SIGNS: tuple[DecimalSign, ...] = get_args(DecimalSign)

MIN_VOTE_RATIO = (
    2  # of numbers with one decimal sign to those with the other: people write points that look like commas
)
MAX_MIXED_DENOMINATOR = 16  # of a fraction behind a whole number; `12 18/20` is rather two numbers
PERIODIC_DIGITS = 15  # significant ones of a fraction without a finite decimal value
MAX_FINITE_DIGITS = 60  # more than 18 digits over 9 can have
MAX_MONTH, MAX_DAY = 12, 31


def _number_pattern(decimal: str, separator: str) -> str:
    """Numbers with the sign `decimal` and, between thousands, `separator` or a space."""
    lakhs = r"|[1-9]\d?(?:,\d\d)+,\d{3}" if separator == "," else ""  # 3,00,000, as in India
    grouped = rf"[1-9]\d{{0,2}}(?:(?:{re.escape(separator)}\d{{3}})+|(?: \d{{3}})+){lakhs}"
    flourish = r"[.,]--?|/-"  # behind whole amounts: 300.- and 500/-
    tail = rf"(?:{flourish})?|{re.escape(decimal)}(?P<part>\d+)"
    return rf"(?a)(?P<sign>[+-]?)(?P<whole>{grouped}|\d+|(?={re.escape(decimal)}\d))(?:{tail})"


# Compiled when first used, which for a document of plain digits they are not: that takes milliseconds of a start
_PATTERNS: dict[DecimalSign, str] = {"point": _number_pattern(".", ","), "comma": _number_pattern(",", ".")}
_FRACTION = r"(?a)(?P<sign>[+-]?)(?:(?P<whole>\d{1,9}) )?(?P<top>\d{1,9})/(?P<bottom>\d{1,9})"
_DATE = r"(?a)(\d{1,2}|\d{4})([./-])(\d{1,2})\2(\d{1,2}|\d{4})"
_TIME = r"(?a)\d{1,3}:[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?"
_SIGN = "[0-9.,:/+-]"
_UNSPACED = rf"{_SIGN}*[0-9]{_SIGN}*"
_SPACED = (  # a mixed number, or groups of thousands
    rf"(?a)[+-]?(?:\d{{1,9}} \d{{1,2}}/\d{{1,2}}|[1-9]\d{{0,2}}(?: \d{{3}})+(?:[.,]\d+)?)(?!{_SIGN})"
)


@dataclass(frozen=True)
class NumberMeaning:
    """The kind of a number, and its value if it has one and one can tell which."""

    kind: NumberKind
    value: Decimal | None = None


def parse_decimal_sign(word: str) -> DecimalSign:
    """The decimal sign of that name; raises `UsageError` for another word."""
    for sign in DECIMAL_SIGNS:
        if sign == word:
            return sign
    raise unknown("decimal sign", word, DECIMAL_SIGNS)


def interpret_number(text: str, decimal_sign: DecimalSign | None = None) -> NumberMeaning:
    """The meaning of the signs `0`–`9`, `.`, `,`, `-`, `+`, `/`, `:` and space, as in `-1,500.75`, `2 1/2`, `9/11/24`.

    A number that tells its decimal sign itself, as `1,500.75`, `3,00,000` and `12,5` do, needs no `decimal_sign`. One
    that can be read in two ways, as `1,500`, is of the kind "other" without it. Dates and times have no value. The
    value of a fraction is exact where it is a finite decimal, and rounded to 15 significant digits where not.
    """
    text = _without_stop(text)
    if _is_plain(text):
        return NumberMeaning("integer", Decimal(text))
    if _is_date(text):
        return NumberMeaning("date")
    if re.fullmatch(_TIME, text):
        return NumberMeaning("time")
    if fraction := re.fullmatch(_FRACTION, text):
        return _interpret_fraction(fraction)
    meanings = _meanings(text)
    if decimal_sign in meanings:
        return meanings[decimal_sign]
    distinct = set(meanings.values())
    return distinct.pop() if len(distinct) == 1 else NumberMeaning("other")


def decide_decimal_sign(texts: Iterable[str]) -> DecimalSign | None:
    """The decimal sign of a document: that of most of the numbers that tell it themselves; `None` without a clear one.

    Clear is more than twice as many as have the other sign.
    """
    votes = Counter(sign for text in texts for sign in _vote(text))
    for sign, other in (DECIMAL_SIGNS, DECIMAL_SIGNS[::-1]):
        if votes[sign] > MIN_VOTE_RATIO * votes[other]:
            return sign
    return None


def split_numbers(text: str) -> list[tuple[int, int]]:
    """Where each number of a row of signs starts and stops; a space, or any sign of no number, stands between two.

    A space belongs to the number in `2 1/2` and between thousands, as in `1 500`. Signs without a digit among them are
    no number.
    """
    spans = []
    start = 0
    while match := _next_number(text, start):
        spans.append(match.span())
        start = match.end()
    return spans


def decimal_text(value: Decimal) -> str:
    """A value in digits, without an exponent."""
    return format(value, "f")


def _next_number(text: str, start: int) -> re.Match[str] | None:
    """The next number from `start` on, with its spaces if it has some."""
    unspaced = re.compile(_UNSPACED).search(text, start)
    spaced = re.compile(_SPACED).match(text, unspaced.start()) if unspaced else None
    if spaced and interpret_number(spaced[0]).kind == "other":  # `12 18/20`: a whole number and a fraction
        return unspaced
    return spaced or unspaced


def _without_stop(text: str) -> str:
    """A number without the point or comma that ends the sentence or row."""
    return text[:-1] if text[-1:] in (".", ",") else text


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _is_date(text: str) -> bool:
    """Whether the signs are a day with its year, as in `9/11/24` and `2024-03-01`."""
    match = re.fullmatch(_DATE, text)
    if not match:
        return False
    first, second, third = match[1], match[3], match[4]
    starts_with_year = len(first) in (2, 4) and _is_day(second, third)
    ends_with_year = len(third) in (2, 4) and (_is_day(first, second) or _is_day(second, first))
    return starts_with_year or ends_with_year


def _is_day(month: str, day: str) -> bool:
    return 1 <= int(month) <= MAX_MONTH and 1 <= int(day) <= MAX_DAY


def _interpret_fraction(match: re.Match[str]) -> NumberMeaning:
    whole, top, bottom = (int(match[name] or 0) for name in ("whole", "top", "bottom"))
    is_proper = match["whole"] is None or (top < bottom <= MAX_MIXED_DENOMINATOR)
    if bottom == 0 or not is_proper:
        return NumberMeaning("other")
    value = _quotient(whole * bottom + top, bottom)
    return NumberMeaning("fraction", value.copy_negate() if match["sign"] == "-" else value)


def _quotient(top: int, bottom: int) -> Decimal:
    context = Context(prec=MAX_FINITE_DIGITS)
    exact = context.divide(Decimal(top), Decimal(bottom))
    return Context(prec=PERIODIC_DIGITS).plus(exact) if context.flags[Inexact] else exact


def _meanings(text: str) -> dict[DecimalSign, NumberMeaning]:
    """The meaning of a number by each decimal sign with which it is one."""
    found = {sign: re.fullmatch(pattern, text) for sign, pattern in _PATTERNS.items()}
    return {sign: _interpret_digits(match) for sign, match in found.items() if match}


def _interpret_digits(match: re.Match[str]) -> NumberMeaning:
    whole = re.sub("[., ]", "", match["whole"]) or "0"
    part = match["part"]
    value = Decimal(match["sign"] + whole + ("." + part if part else ""))
    return NumberMeaning("decimal" if part else "integer", value)


def _vote(text: str) -> list[DecimalSign]:
    """The decimal sign that a number tells itself: the only one with which it is a number."""
    text = _without_stop(text)
    signs = [] if _is_plain(text) or _is_date(text) else list(_meanings(text))
    return signs if len(signs) == 1 else []
