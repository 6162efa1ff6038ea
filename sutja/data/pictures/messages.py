"""The messages that the C libraries of OpenCV write on standard error about damaged pictures."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class LibraryMessages:
    """The C variable `stderr`, the `FILE *` to which libpng and libjpeg write; it can be turned away for a while.

    The GNU C library and macOS let a program set it; elsewhere nothing is withheld. File descriptor 2, to which Python
    and other threads write meanwhile, stays as it is.
    """

    def __init__(self) -> None:
        """Find the variable, and open a stream that leads nowhere."""
        self._lock = threading.Lock()
        self._decoders = 0
        self._stderr = _find_stderr()
        self._usual: int | None = None
        self._nowhere = _open_nowhere() if self._stderr is not None else None

    @contextmanager
    def withheld(self) -> Iterator[None]:
        """Withhold the messages; several threads may do so at once."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        """Count the decoders: the first turns the stream away, the last turns it back."""
        with self._lock:
            before, self._decoders = self._decoders, self._decoders + change
            if self._stderr is None or self._nowhere is None:
                return
            if before == 0:
                self._usual, self._stderr.value = self._stderr.value, self._nowhere
            elif self._decoders == 0:
                self._stderr.value = self._usual


def _find_stderr() -> ctypes.c_void_p | None:
    """The variable, where programs may set it."""
    if sys.platform == "win32":
        return None
    library = ctypes.CDLL(None)
    if sys.platform == "darwin":
        return ctypes.c_void_p.in_dll(library, "__stderrp")
    if hasattr(library, "gnu_get_libc_version"):  # in other C libraries it is a constant
        return ctypes.c_void_p.in_dll(library, "stderr")
    return None


def _open_nowhere() -> int | None:
    fopen = ctypes.CDLL(None).fopen
    fopen.restype = ctypes.c_void_p
    stream: int | None = fopen(os.devnull.encode(), b"w")
    return stream


LIBRARY_MESSAGES = LibraryMessages()
