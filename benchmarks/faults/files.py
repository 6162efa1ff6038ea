"""Damaged and hostile files, read in worker processes."""

from __future__ import annotations

import itertools
import traceback
from pathlib import Path

from benchmarks.faults.bombs import BOMBS
from benchmarks.faults.fingerprint import fingerprint
from benchmarks.faults.outcomes import Result
from benchmarks.faults.pool import Bench, Worker
from benchmarks.faults.samples import FORMS
from benchmarks.faults.session import Measured, Session

ALL_FORMS = FORMS | BOMBS
FORM_PARTS = tuple(dict.fromkeys(form.part for form in ALL_FORMS.values()))
TRAINED_PARTS = ("runs", "ensembles", "bombs", "commands")  # whose samples are of trained networks


def try_files(session: Session, part: str) -> Measured:
    """Damage and read the samples of a part; each hostile file is read once."""
    names = session.wanted(name for name, form in ALL_FORMS.items() if form.part == part)
    samples = make_samples(session, part, names)
    hostile = [name for name in names if ALL_FORMS[name].damage is None]
    damaged = [name for name in names if name not in hostile]
    cases = itertools.chain(((name, 0) for name in hostile), session.cases(damaged))
    workers = [Worker(samples, session.folder / f"{part}-{lane}") for lane in range(session.processes)]
    try:
        return session.try_all(part, cases, lambda lane, name, number: workers[lane].run(name, session.seed, number))
    finally:
        for worker in workers:
            worker.close()


def make_samples(session: Session, part: str, names: list[str]) -> Path:
    """A folder with a sample of each of these forms."""
    material = session.trained if part in TRAINED_PARTS else session.material
    samples = session.folder / f"{part}-samples"
    for name in names:
        (samples / name).mkdir(parents=True)
        ALL_FORMS[name].make(samples / name, material)
    return samples


def repeat_file(session: Session, part: str, name: str, number: int) -> Result:
    """Repeat one case in this process: print what was damaged, and the traceback of what came of it."""
    form = ALL_FORMS[name]
    bench = Bench(form, make_samples(session, part, [name]) / name, session.folder / "repeated")
    print(f"{name}, case {number}: {bench.damage(session.seed, number)[1] or 'as it is'}, in {bench.folder}")
    try:
        print(fingerprint(form.read(bench.folder)))
    except BaseException:
        traceback.print_exc()
    return bench.run(session.seed, number)
