"""How often Python looks for garbage."""

from __future__ import annotations

import atexit
import gc

GC_THRESHOLD_OBJECTS = 10_000  # allocations before a collection: imports allocate many objects and leave no garbage


def collect_rarely() -> None:
    """Collect garbage less often than Python does by itself, and not at all at exit: that takes tenths of a second."""
    gc.set_threshold(GC_THRESHOLD_OBJECTS)
    atexit.register(gc.freeze)
