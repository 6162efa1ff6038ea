"""The forms of data sets that consist of several files, in a folder or a zip file: the one table of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sutja.data.digits import Digits
from sutja.data.formats import arff, classes, csv, idx, libsvm, listed, matlab, named, npy, parquet, pngtar
from sutja.data.formats.class_list import is_class_list, name_classes
from sutja.data.formats.container import Container
from sutja.data.formats.parts import Parts
from sutja.errors import DataError

_SNIFFED_CHARACTERS = 2000


@dataclass(frozen=True)
class Form:
    """A form of data: what its files are called, and how they are read and written.

    `read` takes the files whose paths match `files`; `write` takes a folder, training and test digits. `written` is
    the pattern of what it writes into the folder, which another form must not find there later.
    """

    title: str
    files: re.Pattern[str]
    read: Callable[[Container, Sequence[str]], Parts]
    write: Callable[[Path, Digits, Digits], None]
    written: str


# By the word for --form, in the order in which a folder is searched for them.
FORMS = {
    "png": Form(
        "tars of PNG files",
        pngtar.TAR_FILE_PATTERN,
        pngtar.read_tars,
        pngtar.write_png_tars,
        r"(train|test)\.t(ar|gz)(\.gz)?",
    ),
    "idx": Form(
        "IDX files",
        idx.IDX_FILE_PATTERN,
        idx.read_idx_files,
        idx.write_idx_folder,
        r"(train|t10k|test)[-.](images[-.]idx3-ubyte|labels[-.]idx1-ubyte)(\.gz)?|SHA256SUMS",
    ),
    "npy": Form("NumPy arrays", npy.NPY_FILE_PATTERN, npy.read_npy, npy.write_npy, r"[xy]_(train|test)\.npy"),
    "parquet": Form(
        "Parquet",
        parquet.PARQUET_FILE_PATTERN,
        parquet.read_parquet,
        parquet.write_parquet,
        r"(train|test)-\d{5}-of-\d{5}\.parquet",
    ),
    "mat": Form("MATLAB", matlab.MATLAB_FILE_PATTERN, matlab.read_matlab, matlab.write_matlab, r"(train|test)\.mat"),
    "libsvm": Form(
        "LIBSVM", libsvm.LIBSVM_FILE_PATTERN, libsvm.read_libsvm, libsvm.write_libsvm, r"(train|test)\.libsvm"
    ),
    "arff": Form("ARFF", arff.ARFF_FILE_PATTERN, arff.read_arff, arff.write_arff, r"(train|test)\.arff"),
    "listed": Form(
        "pictures and labels.csv",
        listed.LIST_FILE_PATTERN,
        listed.read_listed,
        listed.write_listed,
        r"labels\.csv|train|test",
    ),
    "csv": Form("CSV", csv.CSV_FILE_PATTERN, csv.read_csv, csv.write_csv, r"(train|test)\.csv"),
    "named": Form(
        "pictures INDEX_LABEL.png", named.NAMED_FILE_PATTERN, named.read_named, named.write_named, "train|test"
    ),
    "classes": Form(
        "folders of classes", classes.CLASS_FILE_PATTERN, classes.read_classes, classes.write_classes, "train|test"
    ),
}


def read_form(container: Container) -> Parts:
    """Read the data set in a container: training and test digits, or `None` in place of the second.

    Raises `DataError` if it is damaged, or is of no form that is known.
    """
    files = [name for name in container.names if not is_class_list(name)]
    for form in FORMS.values():
        if names := [name for name in files if form.files.fullmatch(name)]:
            train, test = name_classes(form.read(container, names), container)
            return train.remarked(*container.remarks), test
    found = ", ".join(container.names[:3]) or "nothing"
    raise DataError(f"{container.path}: not the folder of a data set: found {found}; known: {form_titles()}")


def read_text_file(container: Container) -> Parts:
    """Read a text file, whatever its name, by its first line: numbers as CSV, or pairs as LIBSVM writes them.

    Raises `DataError` for anything else.
    """
    names = [name for name in container.names if not is_class_list(name)]
    name, place = names[0], container.place(names[0])
    try:
        with container.open_text(name) as lines:
            first = next(lines, "")[:_SNIFFED_CHARACTERS]
    except DataError:
        first = ""
    word = "libsvm" if re.match(r"[+-]?\d[\d.]*\s+\d+:", first) else "csv" if re.match(r"[\d.]+[,;\t]", first) else ""
    if not word:
        known = "a folder, or a .zip, .npz, .npy, .csv, .mat, .parquet, .arff or LIBSVM file"
        raise DataError(f"{place}: not a data set: expected {known}")
    return name_classes(FORMS[word].read(container, names), container)


def form_titles() -> str:
    """The titles of all forms in one line."""
    return ", ".join(form.title for form in FORMS.values())
