"""The forms in which MNIST-like sets come: one module a form, each with its reader and its writer."""

import lzma
import struct
import tarfile
import tokenize
import zipfile
import zlib

READ_ERRORS = (  # what the standard library and NumPy raise for damaged archives, and for headers that do not parse
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
    zlib.error,
)
