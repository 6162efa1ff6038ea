"""File formats of MNIST-like data sets: one module per format, with a reader and a writer."""

import lzma
import struct
import tarfile
import tokenize
import zipfile
import zlib
from csv import Error as CsvError

# What the standard library and NumPy raise for damaged archives and invalid headers.
READ_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    struct.error,
    tokenize.TokenError,
    tarfile.TarError,
    zipfile.BadZipFile,
    lzma.LZMAError,
    CsvError,
    zlib.error,
)

MAX_ARRAY_BYTES = 640 << 20  # EMNIST, the largest set of such digits, has 522 MiB; more is damage or an attack
MAX_FILE_BYTES = 1 << 30  # of a text, or of a member of a zip file
