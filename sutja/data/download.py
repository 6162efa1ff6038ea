"""Fetch MNIST's four original files from public mirrors: resumable, verified, whole or not at all."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import shutil
import urllib.request
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.error import HTTPError

from sutja.data.dataset import MNIST_FOLDER
from sutja.data.formats.idx import read_checksums
from sutja.errors import DataError

MIRRORS = (  # each serves the original gzipped files; tried in turn
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)
TIMEOUT_SECONDS = 20
CHUNK_BYTES = 1 << 16
MAX_FILE_BYTES = 1 << 25  # the largest of the four has 10 MB
PARTIAL = ".part"

Say = Callable[[str], None]


def download_mnist(folder: Path, *, mirrors: Sequence[str] = MIRRORS, say: Say = lambda text: None) -> None:
    """Fetch the four gzipped files into `folder`, with their `SHA256SUMS`; files that lie there and are right stay.

    What a mirror sent before it failed is kept in `<name>.part`, and the next try goes on after it. `say` hears each
    step in a line. Raises `DataError` when no mirror delivers a file of the right checksum.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, sha256 in read_checksums(MNIST_FOLDER).items():
        path = folder / f"{name}.gz"
        if path.exists() and _unpacked_sha256(path) == sha256:
            say(f"{path.name}: is there already")
        else:
            _fetch(path, sha256, mirrors, say)
    shutil.copyfile(MNIST_FOLDER / "SHA256SUMS", folder / "SHA256SUMS")


def _fetch(path: Path, sha256: str, mirrors: Sequence[str], say: Say) -> None:
    partial = path.with_name(path.name + PARTIAL)
    failures = []
    for mirror in mirrors:
        say(f"{path.name}: from {mirror}")
        resumed = partial.exists()
        try:
            _fetch_rest(mirror + path.name, partial)
            if resumed and _unpacked_sha256(partial) != sha256:  # what was there before may have been wrong
                partial.unlink()
                _fetch_rest(mirror + path.name, partial)
        except (OSError, http.client.HTTPException) as error:  # what came is kept: the next try goes on after it
            failures.append(f"{mirror} ({error})")
            continue
        if _unpacked_sha256(partial) == sha256:
            partial.replace(path)
            return
        partial.unlink(missing_ok=True)
        failures.append(f"{mirror} (wrong checksum)")
    raise DataError(f"{path.name}: no mirror delivered it: {'; '.join(failures)}")


def _fetch_rest(address: str, partial: Path) -> None:
    """Append to `partial` what it lacks of the file at `address`."""
    there = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(address, headers={"Range": f"bytes={there}-"} if there else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    except HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and there:
            return  # nothing is lacking
        raise
    with response:
        goes_on = response.status == http.client.PARTIAL_CONTENT
        expected = (response.length or 0) + (there if goes_on else 0)  # `length`: None where the header is no number
        with partial.open("ab" if goes_on else "wb") as file:
            while chunk := response.read(CHUNK_BYTES):
                file.write(chunk)
                if file.tell() > MAX_FILE_BYTES:
                    partial.unlink()
                    raise OSError(f"more than {MAX_FILE_BYTES:,} bytes came")
        if partial.stat().st_size < expected:
            raise OSError(f"the connection broke after {partial.stat().st_size:,} of {expected:,} bytes")


def _unpacked_sha256(path: Path) -> str | None:
    digest = hashlib.sha256()
    try:
        with gzip.open(path) as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except (OSError, EOFError, zlib.error):
        return None
    return digest.hexdigest()
