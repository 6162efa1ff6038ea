"""Run the blocks of a lesson, and record what they print in `results/course.json`."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.recording import RESULTS, ROOT, load_results, record
from sutja.environment import describe_environment
from sutja.errors import SutjaError
from sutja.files import write_text
from sutja.reports.figures import Drawing
from sutja.reports.fonts import find_korean_font
from sutja.reports.languages import lines_in_korean
from tools.course.figures import FIGURES
from tools.course.lessons import LANGUAGES, LESSONS, Step, figure_of, page_of, read_steps

WORKPLACE = ROOT / "build" / "course"  # a folder for each lesson, kept so that its figure can be drawn again
DONE = "done.json"  # the blocks of an unfinished lesson that were run
BEGUN = "begun"  # there while a block runs; an interrupted one leaves it, and its runs: what remains takes less time
COLUMNS = 80
WORD = re.compile("[A-Za-z]{2}")  # in a text on a figure


def load_recorded() -> dict[str, Any]:
    """What each lesson printed, by its name; empty where nothing was recorded yet."""
    return dict(load_results("course")["lessons"]) if (RESULTS / "course.json").exists() else {}


def run_lesson(lesson: str) -> None:
    """Run all blocks of a lesson, draw its figure, record both; go on if it was interrupted. Raises `SutjaError`."""
    while run_next_step(lesson):
        pass
    (WORKPLACE / lesson / DONE).rename(WORKPLACE / lesson / "finished.json")
    steps = json.loads((WORKPLACE / lesson / "finished.json").read_text(encoding="utf-8"))
    _store(lesson, {"steps": steps, "figures": draw(lesson), "environment": describe_environment()})


def run_next_step(lesson: str) -> bool:
    """Run the first block of a lesson that was not run yet; returns whether there was one.

    The lesson starts again, in an empty folder, when its page has changed since. What an interrupted block takes is not
    known. Raises `SutjaError`.
    """
    steps = read_steps(page_of(lesson, "en").read_text(encoding="utf-8"))
    folder = WORKPLACE / lesson
    done = json.loads((folder / DONE).read_text(encoding="utf-8")) if (folder / DONE).exists() else []
    if not done or [each["code"] for each in done] != [step.code for step in steps[: len(done)]]:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        done = []
    if len(done) == len(steps):
        return False
    begun = folder / BEGUN
    times = {"seconds": None, "processor_seconds": None} if begun.exists() else {}
    begun.touch()
    write_text(folder / DONE, json.dumps([*done, {**_run(steps[len(done)], folder), **times}]))
    begun.unlink()
    return True


def draw(lesson: str) -> dict[str, str]:
    """Draw the figure of a lesson from the runs in its folder; returns the SHA-256 of the picture in each language.

    Raises `SutjaError` if a text has no Korean form, or no font has Hangul.
    """
    drawing = Drawing(FIGURES[lesson](WORKPLACE / lesson))
    _require_korean(lesson, drawing)
    for language in LANGUAGES:
        drawing.save(figure_of(lesson, language), language)
    return {each: hashlib.sha256(figure_of(lesson, each).read_bytes()).hexdigest() for each in LANGUAGES}


def _require_korean(lesson: str, drawing: Drawing) -> None:
    if find_korean_font() is None:
        raise SutjaError("the figures have Korean texts: install a Korean font, such as the package fonts-nanum")
    texts = [(line, text.lines) for text in drawing.texts for line in text.lines if WORD.search(line)]
    if english := [line for line, lines in texts if line in lines_in_korean(lines)]:
        raise SutjaError(f"{lesson}: no Korean for {english[0]!r} in sutja/reports/templates/korean.toml")


def redraw(lesson: str) -> None:
    """Draw the figure of a lesson again, and record its checksums."""
    _store(lesson, {**load_recorded()[lesson], "figures": draw(lesson)})


def _store(lesson: str, values: dict[str, Any]) -> None:
    lessons = {**load_recorded(), lesson: values}
    record("course", {"lessons": {name: lessons[name] for name in LESSONS if name in lessons}})


def _run(step: Step, folder: Path) -> dict[str, Any]:
    """Run one block; its code, its output, and the seconds of its slowest command, on the clock and of processors."""
    commands = [[sys.executable, "-c", step.code]] if step.language == "python" else _commands(step.code)
    output, slowest = "", (0.0, 0.0)
    for words in commands:
        start, used = time.perf_counter(), _processor_seconds()
        output += _output(words, folder)
        slowest = max(slowest, (time.perf_counter() - start, _processor_seconds() - used))
    seconds, processor_seconds = (round(each, 1) for each in slowest)
    return {"code": step.code, "output": output, "seconds": seconds, "processor_seconds": processor_seconds}


def _processor_seconds() -> float:
    """What all processes that this one has started, and that have ended, have used of the processors."""
    times = os.times()
    return times.children_user + times.children_system


def _commands(code: str) -> list[list[str]]:
    """The `sutja` commands of a block, a line each, as words to run in this environment."""
    return [[sys.executable, "-m", *shlex.split(line)] for line in code.splitlines()]


def _output(words: list[str], folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": str(COLUMNS), "PYTHONIOENCODING": "utf-8"}
    finished = subprocess.run(words, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)
    if finished.returncode:
        raise SutjaError(f"{shlex.join(words)}: exit code {finished.returncode}\n{finished.stderr}")
    return "".join(f"{line.rstrip()}\n" for line in finished.stdout.splitlines())
