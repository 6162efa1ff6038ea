"""The command line itself on a sample of the damaged files, and in odd places."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.faults.files import ALL_FORMS, make_samples
from benchmarks.faults.outcomes import Outcome, Result
from benchmarks.faults.pool import HANG_SECONDS, MAX_GROWTH_BYTES, Bench
from benchmarks.faults.processes import Ended, empty, judge_command, sutja
from benchmarks.faults.session import Measured, Session

START_SECONDS = 10.0  # of processor time that Python and PyTorch may take to start
NOTHING_READ = 5  # an exit code of `sutja read`
COMMAND_FORMS = [name for name, form in ALL_FORMS.items() if form.command]
FAILURES = (1, 2, 3, 4)
"""The exit codes of expected failures."""


def try_commands(session: Session, part: str) -> Measured:
    """Run commands on damaged files, and once on each hostile file."""
    names = session.wanted(COMMAND_FORMS)
    samples = make_samples(session, part, names)
    hostile = [name for name in names if ALL_FORMS[name].damage is None]
    damaged = session.cases(name for name in names if name not in hostile)
    cases = itertools.chain(((name, 0) for name in hostile), damaged)
    return session.try_all(part, cases, partial(_run_command, session, samples))


def _run_command(session: Session, samples: Path, lane: int, name: str, number: int) -> Result:
    form = ALL_FORMS[name]
    bench = Bench(form, samples / name, session.folder / f"commands-{lane}")
    done = bench.damage(session.seed, number)[1]
    words = [word.format(bench.folder / form.entry, data=session.trained.data) for word in form.command]
    ended = sutja(*words, hang_seconds=HANG_SECONDS + START_SECONDS)
    result = judge_command(ended, (0, NOTHING_READ, *form.exit_codes))
    if ended.peak_bytes > MAX_GROWTH_BYTES:
        result = Result(Outcome.MEMORY, f"{ended.peak_bytes >> 20} MB")
    return Result(result.outcome, f"{done}: {result.detail}".removeprefix(": "))


def try_places(session: Session, part: str) -> Measured:
    """Run commands in odd places: each is refused in one line."""
    cases = ((name, 0) for name in session.wanted(PLACES))
    return session.try_all(part, cases, partial(_run_place, session))


def _run_place(session: Session, lane: int, name: str, _: int) -> Result:
    folder = session.folder / f"places-{lane}"
    empty(folder)
    return judge_command(PLACES[name](folder), FAILURES)


def _loop(folder: Path) -> Path:
    path = folder / "loop.png"
    path.symlink_to(path)
    return path


def _fifo(folder: Path) -> Path:
    path = folder / "pipe.png"
    os.mkfifo(path)
    return path


def _picture(folder: Path) -> Path:
    import cv2

    from benchmarks.faults.pictures import numbers_picture

    path = folder / "numbers.png"
    cv2.imwrite(str(path), numbers_picture())
    return path


def _to_full(*words: str | Path) -> Ended:
    with open("/dev/full", "wb") as full:  # noqa: PTH123  # no path of a folder
        return _run(*words, stdout=full.fileno())


_run = partial(sutja, hang_seconds=HANG_SECONDS + START_SECONDS)

PLACES: dict[str, Callable[[Path], Ended]] = {
    "read: a loop of links": lambda folder: _run("read", _loop(folder)),
    "read: a pipe without a writer": lambda folder: _run("read", _fifo(folder)),
    "read: a folder without pictures": lambda folder: _run("read", folder),
    "read: a name of 100,000 characters": lambda folder: _run("read", f"{folder}/{'x' * 100_000}"),
    "read: drawings into a loop of links": lambda folder: _run("read", _picture(folder), "--annotate", _loop(folder)),
    "read: drawings into a file": lambda folder: _run("read", _picture(folder), "--annotate", _picture(folder)),
    "read: to a full device": lambda folder: _to_full("read", _picture(folder)),
    "help to a full device": lambda folder: _to_full("--help"),
    "data info: a loop of links": lambda folder: _run("data", "info", _loop(folder)),
    "data info: a pipe without a writer": lambda folder: _run("data", "info", _fifo(folder)),
    "data info: a device": lambda folder: _run("data", "info", "/dev/zero"),
    "data info: an empty folder": lambda folder: _run("data", "info", folder),
    "evaluate: a loop of links": lambda folder: _run("evaluate", _loop(folder)),
    "evaluate: an unknown model": lambda folder: _run("evaluate", "x" * 10_000),
    "export: an empty folder": lambda folder: _run("export", folder),
    "corrections: a file": lambda folder: _run("corrections", _picture(folder)),
    "train: into a file": lambda folder: _run("train", "mlp", "--epochs", "1", "--runs", _picture(folder)),
    "serve: corrections in a file": lambda folder: _run("serve", "--port", "0", "--corrections", _picture(folder)),
}
