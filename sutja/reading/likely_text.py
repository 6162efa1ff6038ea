"""The likeliest text of a strip: by all paths of the line network that read as it, and by the forms of numbers.

Greedy decoding takes the most probable class of each step. A comma that may stand at either of two steps is then lost,
and nothing speaks for `7,400` against `7,40` with a flourish. So the few changes of the greedy text that the network
gives some probability are tried together, and each text is weighed by its likelihood under connectionist temporal
classification (the forward algorithm of Graves et al., 2006), times the prior of its form.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, product
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import CLASS_COUNT
from sutja.models.ctc import ALPHABET, BLANK, COLUMNS_PER_STEP, DecodedSign
from sutja.reading.number_forms import log_prior

MIN_CHANGE_ODDS = 0.05  # of a change against the greedy text; forms raise that thirtyfold at most
MAX_CHANGES_PER_PLACE = 2
MAX_CHANGES = 6  # of a strip, so that it has at most 64 texts
MIN_LIKELIHOOD_RATIO = 0.01  # of a text to the likeliest, so that its form is looked at

TINY_PROBABILITY = 1e-9  # instead of 0, where something is divided by it

StepProbabilities: TypeAlias = NDArray[np.float64]  # (T, 19), or (19,) of one step
TextProbabilities: TypeAlias = NDArray[np.float64]  # (N,)


@dataclass(frozen=True)
class Change:
    """Another class at a place of the greedy text.

    Place `2 i` is the gap before the sign `i`, place `2 i + 1` that sign. `sign` is an index in `ALPHABET`, or the
    blank, which removes a sign. `step` is where it is most probable. `odds` are those against the greedy class.
    """

    place: int
    step: int
    sign: int
    odds: float


@dataclass(frozen=True)
class Alternative:
    """A text of a strip, as indices in `ALPHABET`, and the change at each place that differs from the greedy text."""

    text: tuple[int, ...]
    changes: dict[int, Change]


def with_likely_text(probabilities: StepProbabilities, signs: Sequence[DecodedSign]) -> list[DecodedSign]:
    """The signs of the likeliest text.

    `probabilities`, `(T, 19)`, are those of the classes at each step, and `signs` what greedy decoding reads of them. A
    sign that differs has the probability of that change among all texts as its confidence.
    """
    if not signs:
        return []
    weighed = with_other_evidence(probabilities, signs)
    alternatives = find_alternatives(weighed, signs)
    if len(alternatives) == 1:
        return list(signs)
    posterior = _posterior(weighed, [each.text for each in alternatives])
    best = alternatives[int(posterior.argmax())]
    shares = {place: _share(change, alternatives, posterior) for place, change in best.changes.items()}
    return _changed(signs, best.changes, shares, probabilities)


def with_other_evidence(probabilities: StepProbabilities, signs: Sequence[DecodedSign]) -> StepProbabilities:
    """The steps' probabilities, with those of each sign's digits as the signs have them: others may know better."""
    weighed = probabilities.copy()
    for sign in signs:
        steps = _steps(sign)
        peak = probabilities[steps.start + int(probabilities[steps].max(axis=1).argmax()), :CLASS_COUNT]
        weighed[steps, :CLASS_COUNT] *= sign.probabilities / np.maximum(peak, TINY_PROBABILITY)
    return weighed


def find_alternatives(probabilities: StepProbabilities, signs: Sequence[DecodedSign]) -> list[Alternative]:
    """The texts that a strip may say, the greedy one first."""
    found = sorted(_possible_changes(probabilities, signs), key=lambda change: -change.odds)[:MAX_CHANGES]
    places = groupby(sorted(found, key=lambda change: change.place), key=lambda change: change.place)
    choices = [[None, *changes] for _, changes in places]
    chosen = ({change.place: change for change in each if change} for each in product(*choices))
    return [Alternative(_text(signs, changes), changes) for changes in chosen]


def text_likelihoods(probabilities: StepProbabilities, texts: Sequence[Sequence[int]]) -> TextProbabilities:
    """The sums over all paths that read as each of N texts, as indices in `ALPHABET`: `(N,)`, relative to each other.

    `probabilities` are those of the steps, `(T, 19)`. At each step the sums are scaled together, so that they neither
    vanish nor overflow on a long strip.
    """
    labels = np.full((len(texts), 2 * max(map(len, texts)) + 1), BLANK)
    for row, text in zip(labels, texts, strict=True):
        row[1 : 2 * len(text) : 2] = text
    may_skip = np.zeros(labels.shape)
    may_skip[:, 3::2] = labels[:, 3::2] != labels[:, 1:-2:2]
    reached = np.zeros(labels.shape)  # the sum over all paths that stand at each label
    reached[:, 0] = 1.0
    before = np.zeros(labels.shape)
    for step in probabilities:
        before[:, 1:] = reached[:, :-1]
        before[:, 2:] += may_skip[:, 2:] * reached[:, :-2]
        reached = (reached + before) * step[labels]
        reached /= max(float(reached.max()), TINY_PROBABILITY)
    rows, last = np.arange(len(texts)), 2 * np.array([len(text) for text in texts])
    return np.asarray(reached[rows, last] + np.where(last > 0, reached[rows, last - 1], 0.0))


def _posterior(probabilities: StepProbabilities, texts: Sequence[Sequence[int]]) -> TextProbabilities:
    """The probability of each text among these."""
    likelihoods = text_likelihoods(probabilities, texts)
    weights = np.zeros(len(texts))
    for index in np.flatnonzero(likelihoods >= MIN_LIKELIHOOD_RATIO * likelihoods.max()).tolist():
        weights[index] = likelihoods[index] * math.exp(log_prior("".join(ALPHABET[sign] for sign in texts[index])))
    return np.asarray(weights / weights.sum())


def _share(change: Change, alternatives: Sequence[Alternative], posterior: TextProbabilities) -> float:
    """The probability of all texts with a change."""
    has_it = [each.changes.get(change.place) is change for each in alternatives]
    return float(posterior[has_it].sum())


def _possible_changes(probabilities: StepProbabilities, signs: Sequence[DecodedSign]) -> list[Change]:
    changes = []
    start, left = 0, BLANK
    for index, sign in enumerate(signs):
        steps, own = _steps(sign), ALPHABET.index(sign.sign)
        changes += _insertions(probabilities, slice(start, steps.start), 2 * index, (left, own))
        changes += _replacements(probabilities, steps, 2 * index + 1, own)
        start, left = steps.stop, own
    return changes + _insertions(probabilities, slice(start, len(probabilities)), 2 * len(signs), (left, BLANK))


def _insertions(probabilities: StepProbabilities, steps: slice, place: int, beside: tuple[int, int]) -> list[Change]:
    """The signs that may stand in a gap, other than those beside it, which reach into it."""
    gap = probabilities[steps]
    odds = (gap[:, :BLANK] / np.maximum(gap[:, BLANK:], TINY_PROBABILITY)).sum(axis=0)
    odds[[each for each in beside if each != BLANK]] = 0.0
    return _likeliest(odds, place, steps.start + (gap[:, :BLANK].argmax(axis=0) if len(gap) else np.zeros(BLANK, int)))


def _replacements(probabilities: StepProbabilities, steps: slice, place: int, own: int) -> list[Change]:
    """The signs that may stand for another, or the blank if there may be none."""
    step = steps.start + int(probabilities[steps, own].argmax())
    odds = probabilities[step] / max(TINY_PROBABILITY, float(probabilities[step, own]))
    odds[own] = 0.0
    return _likeliest(odds, place, np.full(len(odds), step))


def _likeliest(odds: StepProbabilities, place: int, steps: NDArray[np.int_]) -> list[Change]:
    best = np.argsort(-odds)[:MAX_CHANGES_PER_PLACE].tolist()
    return [Change(place, int(steps[sign]), sign, float(odds[sign])) for sign in best if odds[sign] >= MIN_CHANGE_ODDS]


def _text(signs: Sequence[DecodedSign], changes: dict[int, Change]) -> tuple[int, ...]:
    text = []
    for place in range(2 * len(signs) + 1):
        if place in changes:
            text.append(changes[place].sign)
        elif place % 2:
            text.append(ALPHABET.index(signs[place // 2].sign))
    return tuple(sign for sign in text if sign != BLANK)


def _changed(
    signs: Sequence[DecodedSign], changes: dict[int, Change], shares: dict[int, float], probabilities: StepProbabilities
) -> list[DecodedSign]:
    """The signs with changes, whose confidences are their shares of all texts."""
    changed: list[DecodedSign] = []
    for place in range(2 * len(signs) + 1):
        change, old = changes.get(place), [signs[place // 2]] if place % 2 else []
        if change is None:
            changed += old
        elif change.sign != BLANK:
            changed.append(_new_sign(change, shares[place], probabilities[change.step], old))
    return changed


def _new_sign(change: Change, share: float, step: StepProbabilities, old: Sequence[DecodedSign]) -> DecodedSign:
    """The sign of a change, where the old one stood or at its own step."""
    column = float(change.step * COLUMNS_PER_STEP)
    start, stop = (old[0].start, old[0].stop) if old else (column, column + COLUMNS_PER_STEP)
    probabilities = step[:CLASS_COUNT] * ((1 - share) / max(TINY_PROBABILITY, 1 - float(step[change.sign])))
    if change.sign < CLASS_COUNT:
        probabilities[change.sign] = share
    return DecodedSign(ALPHABET[change.sign], start, stop, share, probabilities)


def _steps(sign: DecodedSign) -> slice:
    return slice(int(sign.start) // COLUMNS_PER_STEP, int(sign.stop) // COLUMNS_PER_STEP)
