"""JSON files that were changed on purpose, with a checksum that fits: for the checks that come before it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sutja.files import CHECKSUM_FIELD, _checksum
from sutja.runs.run import Run


def write_sealed(path: Path, values: dict[str, Any]) -> None:
    """Write the fields of a JSON file and their checksum."""
    fields = {name: value for name, value in values.items() if name != CHECKSUM_FIELD}
    path.write_text(json.dumps({**fields, CHECKSUM_FIELD: _checksum(fields)}), encoding="utf-8")


def resealed(run: Run) -> Run:
    """A finished run whose report has the checksums of the files that are there now, opened again."""
    run.save_report(run.report)
    return Run.open(run.folder)
