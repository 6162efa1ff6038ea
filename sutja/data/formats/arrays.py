"""NumPy archives that sutja itself writes: logits and distillation targets."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.lib.npyio import NpzFile


@contextmanager
def open_arrays(path: Path) -> Iterator[NpzFile]:
    """Open the arrays of an `.npz` file by name; each is read on access, and nothing in the file is executed.

    Raises any of `READ_ERRORS`, also while arrays are read.
    """
    with path.open("rb") as file:
        zipfile.ZipFile(file).close()  # fail first: NumPy takes other files for pickles and suggests loading them
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            yield arrays
