import numpy as np
import pytest

from sutja.errors import UsageError
from sutja.synth.documents.fonts import read_font_table
from sutja.synth.documents.words import (
    WRITTEN_SCRIPTS,
    random_heading,
    random_phrase,
    random_unit,
    random_word,
    read_words,
)


def test_each_script_has_headings_units_and_words_without_a_digit() -> None:
    words = read_words()
    assert set(words) == {(script, kind) for script in WRITTEN_SCRIPTS for kind in ("headings", "units", "words")}
    assert all(len(of_kind) >= 7 for of_kind in words.values())
    assert not any(sign.isdecimal() for of_kind in words.values() for word in of_kind for sign in word)


def test_each_script_has_a_font() -> None:
    assert set(WRITTEN_SCRIPTS) <= set().union(*(row.scripts for row in read_font_table()))


@pytest.mark.parametrize("script", WRITTEN_SCRIPTS)
def test_words_are_many_and_never_empty(script: str) -> None:
    rng = np.random.default_rng(0)
    words = [random_word(rng, script) for _ in range(500)]
    assert all(word.strip() == word and word for word in words)
    assert len(set(words)) > 80
    assert not any("_" in word or any(sign.isdecimal() for sign in word) for word in words)


def test_a_phrase_has_at_least_the_words_asked_for() -> None:
    rng = np.random.default_rng(1)
    assert all(len(random_phrase(rng, "latin", 3).split(" ")) >= 3 for _ in range(50))


def test_headings_and_units_are_those_of_the_table_in_some_case() -> None:
    rng, words = np.random.default_rng(2), read_words()
    headings = {heading.lower() for heading in words["latin", "headings"]}
    assert all(random_heading(rng, "latin").lower() in headings for _ in range(50))
    assert all(random_unit(rng, "korean") in words["korean", "units"] for _ in range(50))


def test_the_same_generator_gives_the_same_words() -> None:
    first, second = ([random_phrase(np.random.default_rng(3), "cyrillic", 4)] for _ in range(2))
    assert first == second


def test_an_unknown_script_is_named_with_the_closest() -> None:
    with pytest.raises(UsageError, match="unknown script 'latn': did you mean 'latin'"):
        random_heading(np.random.default_rng(0), "latn")
