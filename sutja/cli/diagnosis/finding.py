"""A finding: one line about something that was looked at, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """What was found about a `subject`.

    `state` is "ok", "note" (something is missing or slow, but nothing is wrong) or "broken". `advice` says what to do;
    it is empty where there is nothing to do, or where another finding says it. Only what is broken has an `exit_code`
    other than 0.
    """

    subject: str
    text: str
    state: Literal["ok", "note", "broken"] = "ok"
    advice: str = ""
    exit_code: int = 0


def note(subject: str, text: str, advice: str) -> Finding:
    """Something that is missing or slow."""
    return Finding(subject, text, "note", advice)


def broken(subject: str, text: str, advice: str, *, exit_code: int = 1) -> Finding:
    """Something that is wrong; `exit_code` is that of the command."""
    return Finding(subject, text, "broken", advice, exit_code)
