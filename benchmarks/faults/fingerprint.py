"""A fingerprint of what was read from a file: equal values have equal ones."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any


def fingerprint(value: object) -> str:
    """The SHA-256 of a value made of arrays, tensors, dataclasses, mappings, sequences and plain values.

    Paths count for nothing: a damaged copy lies in another place.
    """
    digest = hashlib.sha256()
    for part in _parts(value):
        digest.update(part)
        digest.update(b"\0")
    return digest.hexdigest()


def _parts(value: Any) -> Iterator[bytes]:
    if hasattr(value, "detach"):  # a tensor
        value = value.detach().float().numpy()
    if hasattr(value, "tobytes") and hasattr(value, "dtype"):
        yield f"{value.dtype}{value.shape}".encode()
        yield value.tobytes()
    elif dataclasses.is_dataclass(value):
        yield type(value).__name__.encode()
        for each in dataclasses.fields(value):
            yield from _parts(getattr(value, each.name))
    elif isinstance(value, Mapping):
        for name in sorted(value, key=repr):
            yield repr(name).encode()
            yield from _parts(value[name])
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        yield f"{len(value)} of".encode()
        for each in value:
            yield from _parts(each)
    elif not isinstance(value, PurePath):
        yield repr(value).encode(errors="surrogatepass")
