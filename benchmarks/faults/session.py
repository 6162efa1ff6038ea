"""One run of the harness: its options, its temporary folder, and what all parts share."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from benchmarks.faults.material import Material, make_material
from benchmarks.faults.outcomes import Result, Tally


@dataclass(frozen=True)
class Measured:
    """What a part found: a tally of each kind of case, and further figures."""

    tallies: dict[str, Tally]
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Session:
    """The options of a run: `count` cases of each kind, or as many as `seconds` allow.

    `kind` names a single kind, `case` a single case of it.
    """

    folder: Path
    seed: int = 0
    seconds: float = 60.0
    count: int | None = None
    processes: int = 2
    kind: str | None = None
    case: int | None = None

    @cached_property
    def material(self) -> Material:
        """Digits and results."""
        return make_material(self._new_folder("material"))

    @cached_property
    def trained(self) -> Material:
        """The same with trained networks."""
        return make_material(self._new_folder("trained"), train=True)

    def _new_folder(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir()
        return path

    def wanted(self, kinds: Iterable[str]) -> list[str]:
        """Those of some kinds that are to be tried."""
        return [kind for kind in kinds if self.kind in (None, kind)]

    def cases(self, kinds: Iterable[str]) -> Iterator[tuple[str, int]]:
        """Kinds in turn, each with the number of its case, until the count or the time is reached."""
        names, end = list(kinds), time.monotonic() + self.seconds
        if self.case is not None:
            yield from ((name, self.case) for name in names)
            return
        for number in range(self.count) if self.count is not None else itertools.count():
            for name in names:
                if self.count is None and time.monotonic() > end:
                    return
                yield name, number
            if not names:
                return

    def try_all(self, part: str, cases: Iterable[tuple[str, int]], run: Callable[[int, str, int], Result]) -> Measured:
        """Run cases, `processes` at once; `run` gets the number of the lane, the kind and the number of the case."""
        tallies: dict[str, Tally] = {}
        source, lock = iter(cases), Lock()

        def one(lane: int) -> None:
            while True:
                with lock:
                    case = next(source, None)
                if case is None:
                    return
                result = run(lane, *case)
                result = Result(result.outcome, result.detail.replace(f"{self.folder}/", ""))
                with lock:
                    tallies.setdefault(case[0], Tally()).add(result, self._repeat(part, *case))

        with ThreadPoolExecutor(self.processes) as threads:
            list(threads.map(one, range(self.processes)))
        return Measured(tallies)

    def _repeat(self, part: str, kind: str, number: int) -> str:
        return f"python -m benchmarks.faults --part {part} --seed {self.seed} --kind '{kind}' --case {number}"
