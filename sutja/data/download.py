"""Download MNIST's four original files from public mirrors: resumable, verified and atomic."""

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
from sutja.files import require_unpacked

MIRRORS = (  # of the original gzipped files, tried in turn
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)
TIMEOUT_SECONDS = 20
CHUNK_BYTES = 1 << 16
MAX_DOWNLOAD_BYTES = 1 << 25  # the largest of the four files has 10 MB
PARTIAL_SUFFIX = ".part"

ProgressCallback = Callable[[str], None]


def download_mnist(
    folder: Path, *, mirrors: Sequence[str] = MIRRORS, on_progress: ProgressCallback = lambda text: None
) -> None:
    """Download the four gzipped files and their `SHA256SUMS` into `folder`, keeping valid files that exist.

    A failed download is kept in `<name>.part` and resumed by the next attempt. `on_progress` is called with one line
    per step. Raises `DataError` if no mirror delivers a file with the correct checksum.
    """
    require_unpacked(MNIST_FOLDER, "MNIST", DataError)
    folder.mkdir(parents=True, exist_ok=True)
    for name, sha256 in read_checksums(MNIST_FOLDER).items():
        path = folder / f"{name}.gz"
        if path.exists() and _unpacked_sha256(path) == sha256:
            on_progress(f"{path.name}: exists already")
        else:
            _fetch(path, sha256, mirrors, on_progress)
    shutil.copyfile(MNIST_FOLDER / "SHA256SUMS", folder / "SHA256SUMS")


def _fetch(path: Path, sha256: str, mirrors: Sequence[str], on_progress: ProgressCallback) -> None:
    partial = path.with_name(path.name + PARTIAL_SUFFIX)
    failures = []
    for mirror in mirrors:
        on_progress(f"{path.name}: from {mirror}")
        resumed = partial.exists()
        try:
            _fetch_rest(mirror + path.name, partial)
            if resumed and _unpacked_sha256(partial) != sha256:  # the resumed part may have been wrong
                partial.unlink()
                _fetch_rest(mirror + path.name, partial)
        except (OSError, http.client.HTTPException) as error:  # keep what arrived: the next attempt resumes it
            failures.append(f"{mirror} ({error})")
            continue
        if _unpacked_sha256(partial) == sha256:
            partial.replace(path)
            return
        partial.unlink(missing_ok=True)
        failures.append(f"{mirror} (wrong checksum)")
    raise DataError(f"{path.name}: no mirror delivered it: {'; '.join(failures)}")


def _fetch_rest(address: str, partial: Path) -> None:
    """Append the missing rest of the file at `address` to `partial`."""
    offset = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(address, headers={"Range": f"bytes={offset}-"} if offset else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    except HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and offset:
            return  # already complete
        raise
    with response:
        resumed = response.status == http.client.PARTIAL_CONTENT
        expected = (response.length or 0) + (offset if resumed else 0)  # `length` is None for an invalid header
        with partial.open("ab" if resumed else "wb") as file:
            while chunk := response.read(CHUNK_BYTES):
                file.write(chunk)
                if file.tell() > MAX_DOWNLOAD_BYTES:
                    partial.unlink()
                    raise OSError(f"more than {MAX_DOWNLOAD_BYTES:,} bytes received")
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
