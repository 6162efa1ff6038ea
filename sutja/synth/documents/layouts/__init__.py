"""Layouts: what people write numbers on, each drawn onto a sheet by one function."""

from __future__ import annotations

from collections.abc import Callable

from sutja.synth.documents.layouts.bills import bill
from sutja.synth.documents.layouts.boxes import boxes
from sutja.synth.documents.layouts.forms import form
from sutja.synth.documents.layouts.notes import equations, lines, scattered, sums
from sutja.synth.documents.layouts.prints import empty, printed
from sutja.synth.documents.layouts.singles import cell, single
from sutja.synth.documents.layouts.tables import grid
from sutja.synth.documents.sheets import DocumentSheet

# How often a document has a layout.
LAYOUTS: dict[str, tuple[Callable[[DocumentSheet], None], float]] = {
    "grid": (grid, 0.30),
    "form": (form, 0.11),
    "bill": (bill, 0.11),
    "lines": (lines, 0.15),
    "equations": (equations, 0.06),
    "boxes": (boxes, 0.07),
    "single": (single, 0.09),
    "cell": (cell, 0.16),
    "printed": (printed, 0.04),
    "scattered": (scattered, 0.05),
    "sums": (sums, 0.03),
    "empty": (empty, 0.03),
}
