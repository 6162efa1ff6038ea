"""A lesson as its page has it: blocks of commands or Python, and the output below each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from benchmarks.recording import ROOT

COURSE = ROOT / "docs" / "course"
LANGUAGES = ("en", "ko")
LESSONS = (
    "1-data",
    "2-perceptron",
    "3-convolution",
    "4-overfitting",
    "5-dropout",
    "6-augmentation",
    "7-intervals",
)
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """A block of `code`, "sh" or "python", and the output that the page shows below it; `None` if it shows none."""

    language: str
    code: str
    output: str | None


def page_of(lesson: str, language: str) -> Path:
    """The file of a lesson in one of the `LANGUAGES`."""
    return COURSE / (f"{lesson}.md" if language == "en" else f"{lesson}.{language}.md")


def figure_of(lesson: str, language: str) -> Path:
    """The picture of a lesson, with the texts on it in one of the `LANGUAGES`."""
    return COURSE / "images" / (f"{lesson}.png" if language == "en" else f"{lesson}.{language}.png")


def read_steps(text: str) -> list[Step]:
    """The blocks of a page, in its order."""
    return [Step(*match.groups()) for match in BLOCK.finditer(text)]


def fill_outputs(text: str, outputs: list[str]) -> str:
    """The page with the recorded output of each block, where it shows one."""
    recorded = iter(outputs)

    def fill(block: re.Match[str]) -> str:
        output = next(recorded, "")
        shown = "" if block[3] is None else f"\n```text\n{output}```\n"
        return f"```{block[1]}\n{block[2]}```\n{shown}"

    return BLOCK.sub(fill, text)


def prose_of(text: str) -> str:
    """The page without its blocks, links and addresses of pictures."""
    return re.sub(r"\]\([^)]*\)|<[^>]*>", "]", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE))
