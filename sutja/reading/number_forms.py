"""How likely people are to write a number in a form: what speaks for one text of a strip against another."""

from __future__ import annotations

import math
import re

from sutja.models.ctc import OTHER
from sutja.reading.numbers import DECIMAL_SIGNS, interpret_number, split_numbers

# Odds against a plain number of as many digits. Half or twice of each reads real pictures about as well.
UNUSUAL_FORM_ODDS = 1 / 12  # of a number that has no value and is no date or time, as `902/0` and `7,40,1`
SEPARATOR_ODDS = 3.0  # of each point and comma in a usual one: the network overlooks them rather than invents them
OTHER_ODDS = 1 / 5  # of a sign of no number: the network takes a hasty 0 for a flourish rather than a flourish for a 0
MANY_DECIMALS = r"(?a).*[.,]\d{4,}"  # rather two numbers
USUAL_FRACTION = r"(?a)[+-]?(?:\d{1,3} )?\d{1,2}/\d{1,3}"  # a fraction, a mixed number, or a day and its month


def log_prior(text: str) -> float:
    """The logarithm of the odds of a strip's text, against plain numbers."""
    log_odds = text.count(OTHER) * math.log(OTHER_ODDS)
    for start, stop in split_numbers(text):
        number = text[start:stop]
        usual = (number.count(".") + number.count(",")) * math.log(SEPARATOR_ODDS)
        log_odds += usual if is_usual(number) else math.log(UNUSUAL_FORM_ODDS)
    return log_odds


def is_usual(number: str) -> bool:
    """Whether people write numbers in this form: with a value by one of the decimal signs, as a date or a time."""
    kinds = {interpret_number(number, sign).kind for sign in DECIMAL_SIGNS}
    if kinds == {"fraction"}:
        return bool(re.fullmatch(USUAL_FRACTION, number))
    return kinds != {"other"} and not re.fullmatch(MANY_DECIMALS, number)
