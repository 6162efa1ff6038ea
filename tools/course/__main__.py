"""Write the recorded outputs into the pages of the course: `python -m tools.course`.

`--run` runs the named lessons, or all, and records what they print: minutes. `--draw` only draws their figures again.
`--check` writes nothing and exits with 1 if a page, a command or a figure does not belong to the record.
"""

from __future__ import annotations

import argparse
import sys

from sutja.files import write_text
from tools.course.checks import faults
from tools.course.lessons import LANGUAGES, LESSONS, fill_outputs, page_of
from tools.course.running import load_recorded, redraw, run_lesson


def main() -> None:
    """Run, draw, write or check; exits with 1 if a check fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", choices=[[], *LESSONS], help="the lessons to run or draw; default: all")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--run", action="store_const", dest="work", const=run_lesson, help="run the lessons")
    kind.add_argument("--draw", action="store_const", dest="work", const=redraw, help="draw their figures again")
    kind.add_argument("--check", action="store_true", help="write nothing; exit with 1 if something does not hold")
    options = parser.parse_args()
    if options.check:
        found = list(faults())
        sys.exit("\n".join([*found, "run `python -m tools.course --run LESSON`"]) if found else 0)
    for lesson in options.lessons or LESSONS:
        if options.work:
            options.work(lesson)
        write_outputs(lesson)


def write_outputs(lesson: str) -> None:
    """Write the recorded outputs of a lesson into its pages."""
    outputs = [step["output"] for step in load_recorded()[lesson]["steps"]]
    for language in LANGUAGES:
        page = page_of(lesson, language)
        write_text(page, fill_outputs(page.read_text(encoding="utf-8"), outputs))


if __name__ == "__main__":
    main()
