"""Layouts: what people write numbers on, each drawn onto a sheet by one function."""

from __future__ import annotations

from collections.abc import Callable

from sutja.synth.documents.layouts.alphabets import alphabet
from sutja.synth.documents.layouts.amounts import cheque, dotted, receipt
from sutja.synth.documents.layouts.bills import bill
from sutja.synth.documents.layouts.boxes import boxes
from sutja.synth.documents.layouts.cards import game_sheet, puzzle, score_card
from sutja.synth.documents.layouts.exams import answer_book, mark_head
from sutja.synth.documents.layouts.forms import form
from sutja.synth.documents.layouts.hands import many_hands
from sutja.synth.documents.layouts.notes import equations, lines, scattered, sums
from sutja.synth.documents.layouts.prints import empty, printed
from sutja.synth.documents.layouts.singles import cell, single
from sutja.synth.documents.layouts.tables import grid
from sutja.synth.documents.sheets import DocumentSheet

# How often a document has a layout.
LAYOUTS: dict[str, tuple[Callable[[DocumentSheet], None], float]] = {
    "grid": (grid, 0.19),
    "score card": (score_card, 0.05),
    "game sheet": (game_sheet, 0.04),
    "puzzle": (puzzle, 0.015),
    "answer book": (answer_book, 0.05),
    "mark head": (mark_head, 0.03),
    "form": (form, 0.07),
    "boxes": (boxes, 0.06),
    "bill": (bill, 0.09),
    "receipt": (receipt, 0.015),
    "cheque": (cheque, 0.06),
    "dotted": (dotted, 0.03),
    "lines": (lines, 0.08),
    "many hands": (many_hands, 0.03),
    "alphabet": (alphabet, 0.01),
    "equations": (equations, 0.05),
    "scattered": (scattered, 0.04),
    "sums": (sums, 0.03),
    "single": (single, 0.06),
    "cell": (cell, 0.1),
    "printed": (printed, 0.035),
    "empty": (empty, 0.025),
}
