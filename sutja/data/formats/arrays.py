"""NumPy archives of sutja's own: logits and distillation targets."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.lib.npyio import NpzFile


@contextmanager
def open_arrays(path: Path) -> Iterator[NpzFile]:
    """The arrays of an `.npz` file, by name; each is read when it is asked for, and nothing is executed.

    Raises what `READ_ERRORS` lists, also while arrays are read.
    """
    with path.open("rb") as file:
        zipfile.ZipFile(file).close()  # NumPy takes other files for pickled objects, and suggests to unpickle them
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            yield arrays
