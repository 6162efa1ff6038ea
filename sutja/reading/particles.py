"""Korean particles, of which most have a form after a consonant and another after a vowel."""

from __future__ import annotations

import re

PARTICLES = {
    "와(과)": ("과", "와"),
    "이(가)": ("이", "가"),
    "을(를)": ("을", "를"),
    "은(는)": ("은", "는"),
    "(이)면": ("이면", "면"),
    "(으)로": ("으로", "로"),
}  # as written for both: the form after a consonant, that after a vowel
PARTICLE = re.compile(rf"(\w)(\W*?)({'|'.join(map(re.escape, PARTICLES))})")
FIRST_SYLLABLE, FINAL_CONSONANTS, FINAL_L = ord("가"), 28, 8  # of Unicode's Hangul syllables
ENDING_IN_CONSONANT = "013678lmnLMNrR"  # digits and letters as they are called in Korean
ENDING_IN_L = "178lLrR"


def fit_particles(text: str) -> str:
    """A text in which particles with both forms, as in `7(으)로`, have the one that fits what stands before them."""
    return PARTICLE.sub(lambda match: match[1] + match[2] + _particle(match[1], match[3]), text)


def _particle(before: str, both: str) -> str:
    """The form of a particle after a Hangul syllable, digit or letter."""
    final = (ord(before) - FIRST_SYLLABLE) % FINAL_CONSONANTS
    hangul = "가" <= before <= "힣"
    consonant = final > 0 if hangul else before in ENDING_IN_CONSONANT
    ends_in_l = final == FINAL_L if hangul else before in ENDING_IN_L
    after_consonant, after_vowel = PARTICLES[both]
    return after_consonant if consonant and not (both == "(으)로" and ends_in_l) else after_vowel
