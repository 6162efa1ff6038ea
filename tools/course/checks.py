"""What must hold of the pages of the course, checked in a second, without running a lesson."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from sutja.cli.app import build_app
from sutja.cli.common import CommandLineError
from sutja.errors import SutjaError
from sutja.recipe import parse_recipe
from tools.course.lessons import LANGUAGES, LESSONS, figure_of, fill_outputs, page_of, prose_of, read_steps
from tools.course.running import load_recorded

MAX_SECONDS = 60  # of a command, on two cores
CORES = 2
RECIPE_ARGUMENTS = ("recipe", "names")
FIGURE_IN_PROSE = re.compile(r"\d+\.\d+")


def faults() -> Iterator[str]:
    """A line for each thing that does not hold."""
    recorded = load_recorded()
    for lesson in LESSONS:
        if lesson not in recorded:
            yield f"{lesson}: was never run"
            continue
        yield from _faults_of_record(lesson, recorded[lesson])
        for language in LANGUAGES:
            yield from _faults_of_page(lesson, language, recorded[lesson]["steps"])


def _faults_of_record(lesson: str, record: dict[str, Any]) -> Iterator[str]:
    """The record is of a commit and of the lesson's figure in each language, and no command took too long."""
    if "+" in (record["environment"]["commit"] or "+"):
        yield f"{lesson}: was not run at a commit, so nobody knows which code printed this"
    for language in LANGUAGES:
        picture = figure_of(lesson, language)
        if not picture.exists() or hashlib.sha256(picture.read_bytes()).hexdigest() != record["figures"].get(language):
            yield f"{picture.name}: is not the picture of the recorded run"
    for step in record["steps"]:
        if (idle := _seconds_on_idle_cores(step)) > MAX_SECONDS:
            yield f"{lesson}: {step['code'].strip()}: takes {idle:.0f} s on {CORES} cores"
        if step["code"].startswith("sutja"):
            yield from command_faults(step["code"])


def _seconds_on_idle_cores(step: dict[str, Any]) -> float:
    """What a block takes beside no other program, at least, as far as it was measured."""
    times = ((step["seconds"], 1), (step["processor_seconds"], CORES))
    return float(min((value / share for value, share in times if value is not None), default=0.0))


def _faults_of_page(lesson: str, language: str, steps: list[dict[str, Any]]) -> Iterator[str]:
    """A page has the code and the outputs of the record, its figure, and no other decimal numbers in its text."""
    page = page_of(lesson, language)
    text = page.read_text(encoding="utf-8")
    if [step.code for step in read_steps(text)] != [step["code"] for step in steps]:
        yield f"{page.name}: has other code than the recorded run"
    elif fill_outputs(text, [step["output"] for step in steps]) != text:
        yield f"{page.name}: the outputs are not those of the recorded run"
    if f"](images/{figure_of(lesson, language).name})" not in text:
        yield f"{page.name}: does not show the figure of the lesson in its language"
    known = "".join(step["code"] + step["output"] for step in steps)
    for number in FIGURE_IN_PROSE.findall(prose_of(text)):
        if number not in known:
            yield f"{page.name}: {number} is in no recorded output"


def command_faults(code: str) -> Iterator[str]:
    """A line for each command of a block that the command line would refuse."""
    for line in code.splitlines():
        try:
            _parse(shlex.split(line))
        except CommandLineError as error:
            yield f"{line}: {error.format_message()}"
        except (SutjaError, ValueError) as error:
            yield f"{line}: {error}"


def _parse(words: list[str]) -> None:
    """Parse a command without running it; raises what the command line raises for a wrong one."""
    if words[:1] != ["sutja"]:
        raise ValueError("not a command of sutja")
    command: Any = get_command(build_app())
    context = command.make_context("sutja", words[1:])
    while hasattr(command, "resolve_command"):
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, rest, parent=context)
    named = [context.params.get(name) or () for name in RECIPE_ARGUMENTS]
    for word in [each for value in named for each in ([value] if isinstance(value, str) else value)]:
        if "/" not in word:
            parse_recipe(word)
