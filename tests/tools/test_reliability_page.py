"""The page on reliability has every limit."""

from __future__ import annotations

import re

from benchmarks.recording import ROOT
from tools.reliability_page import LIMITS, limit_value

LIMITED = ("data", "web", "models", "runs", "errors.py", "environment.py", "files.py", "processes.py")
LIMIT = re.compile(r"^((?:MAX_\w+|\w+_SECONDS|\w+_BACKLOG))(?:: \w+)? = ", re.MULTILINE)


def test_the_table_has_every_limit_of_the_packages_that_meet_the_outside() -> None:
    found = set()
    for name in LIMITED:
        path = ROOT / "sutja" / name
        for module in path.rglob("*.py") if path.is_dir() else [path]:
            found |= set(LIMIT.findall(module.read_text(encoding="utf-8")))
    missing = found - {place.partition(":")[2] for _, place, _ in LIMITS}
    assert not missing, f"add them to LIMITS in tools/reliability_page.py, then `make readme`: {missing}"


def test_the_values_are_those_of_the_code() -> None:
    for what, place, unit in LIMITS:
        assert unit(limit_value(place)), what
