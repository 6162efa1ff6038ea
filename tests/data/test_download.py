"""MNIST is downloaded from mirrors that fail in every way servers do; all of them run on this machine."""

from __future__ import annotations

import gzip
import hashlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sutja.data.dataset import MNIST_FOLDER, Dataset, load_dataset
from sutja.data.download import MAX_DOWNLOAD_BYTES, download_mnist
from sutja.errors import DataError

LARGE, SMALL = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"
NAMES = sorted(path.name for path in MNIST_FOLDER.glob("*.gz"))
SIZES = {name: (MNIST_FOLDER / name).stat().st_size for name in NAMES}


@dataclass(frozen=True)
class Asked:
    """A request, and how many bytes of content the server returned."""

    mirror: str
    name: str
    wanted: str | None
    sent: int


@dataclass
class Mirrors:
    """The mirrors of the local server, and their requests so far."""

    port: int
    asked: list[Asked] = field(default_factory=list)

    def __getitem__(self, mirror: str) -> str:
        """The address of a mirror."""
        return f"http://127.0.0.1:{self.port}/{mirror}/"


@dataclass(frozen=True)
class Reply:
    """The reply of a mirror, possibly with a wrong length, without HTTP, or without an end."""

    status: int
    content: bytes
    length: int | str | None = None
    raw: bool = False
    hangs: bool = False


class Handler(BaseHTTPRequestHandler):
    """Serves the files of MNIST, correctly or not, as the first part of the path selects."""

    def __init__(self, mirrors: Mirrors, *rest: object) -> None:
        self.mirrors = mirrors
        super().__init__(*rest)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        _, mirror, name = self.path.split("/")
        wanted = self.headers["Range"]
        reply = BEHAVIOURS[mirror]((MNIST_FOLDER / name).read_bytes(), wanted)
        self.mirrors.asked.append(Asked(mirror, name, wanted, len(reply.content)))
        if not reply.raw:
            self.send_response(reply.status)
            self.send_header("Content-Length", str(len(reply.content) if reply.length is None else reply.length))
            self.end_headers()
        self.wfile.write(reply.content)
        if reply.hangs:
            self.rfile.read(1)  # until the client hangs up

    def log_message(self, *message: object) -> None:
        pass


def good(content: bytes, wanted: str | None) -> Reply:
    start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
    return Reply(416, b"") if start >= len(content) else Reply(206 if wanted else 200, content[start:])


def broken(content: bytes, wanted: str | None) -> Reply:
    return Reply(200, content[: len(content) // 2], length=len(content))


def deaf(content: bytes, wanted: str | None) -> Reply:
    return Reply(200, content)


def wrong(content: bytes, wanted: str | None) -> Reply:
    return Reply(200, gzip.compress(b"something else " * 100))


def page(content: bytes, wanted: str | None) -> Reply:
    return Reply(200, b"<html>Please sign in to this network.</html>")


def missing(content: bytes, wanted: str | None) -> Reply:
    return Reply(404, b"not here")


def foreign(content: bytes, wanted: str | None) -> Reply:
    return Reply(200, b"SSH-2.0-OpenSSH_9.2\r\n", raw=True)


def silent(content: bytes, wanted: str | None) -> Reply:
    return Reply(200, b"", raw=True)


def strange(content: bytes, wanted: str | None) -> Reply:
    return Reply(200, content[: len(content) // 2], length="much")


def endless(content: bytes, wanted: str | None) -> Reply:
    return Reply(200, bytes(MAX_DOWNLOAD_BYTES + 4))


def slow(content: bytes, wanted: str | None) -> Reply:
    return Reply(200, content[:1000], length=len(content), hangs=True)


BEHAVIOURS: dict[str, Callable[[bytes, str | None], Reply]] = {
    behaviour.__name__: behaviour
    for behaviour in (good, broken, deaf, wrong, page, missing, foreign, silent, strange, endless, slow)
}


@pytest.fixture
def mirrors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirrors]:
    monkeypatch.setenv("no_proxy", "*")
    known = Mirrors(port=0)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, known))
    known.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield known
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def refusing() -> str:
    """The address of a mirror that refuses the connection."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return f"http://127.0.0.1:{port}/"


@pytest.fixture
def lacking(tmp_path: Path) -> Callable[[str], Path]:
    """Makes a folder with all files but one."""

    def make(name: str) -> Path:
        for other in NAMES:
            if other != name:
                (tmp_path / other).symlink_to(MNIST_FOLDER / other)
        return tmp_path

    return make


def refusal(folder: Path, mirrors: list[str]) -> str:
    with pytest.raises(DataError) as caught:
        download_mnist(folder, mirrors=mirrors)
    text = str(caught.value)
    assert text.isprintable()
    return text


def assert_complete(folder: Path) -> None:
    for name in NAMES:
        assert (folder / name).read_bytes() == (MNIST_FOLDER / name).read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == ["SHA256SUMS", *NAMES]


def test_all_four_files_come_from_the_first_mirror(tmp_path: Path, mirrors: Mirrors, mnist: Dataset) -> None:
    steps: list[str] = []
    download_mnist(tmp_path / "new", mirrors=[mirrors["good"], mirrors["wrong"]], on_progress=steps.append)
    assert_complete(tmp_path / "new")
    assert load_dataset(tmp_path / "new").sha256 == mnist.sha256
    assert sorted(mirrors.asked, key=lambda asked: asked.name) == [
        Asked("good", name, None, SIZES[name]) for name in NAMES
    ]
    assert sorted(steps) == [f"{name}: from {mirrors['good']}" for name in NAMES]


def test_valid_files_are_not_downloaded_again(lacking: Callable[[str], Path], mirrors: Mirrors) -> None:
    folder = lacking(SMALL)
    (folder / SMALL).write_bytes(b"damaged")
    steps: list[str] = []
    download_mnist(folder, mirrors=[mirrors["good"]], on_progress=steps.append)
    assert_complete(folder)
    assert mirrors.asked == [Asked("good", SMALL, None, SIZES[SMALL])]
    assert sorted(step for step in steps if "exists" in step) == [
        f"{name}: exists already" for name in NAMES if name != SMALL
    ]


@pytest.mark.parametrize("mirror", ["missing", "wrong", "page", "foreign", "silent", "strange", "broken", "endless"])
def test_the_next_mirror_is_tried(lacking: Callable[[str], Path], mirrors: Mirrors, mirror: str) -> None:
    folder = lacking(SMALL)
    download_mnist(folder, mirrors=[mirrors[mirror], mirrors["good"]])
    assert_complete(folder)
    assert [asked.mirror for asked in mirrors.asked][:2] == [mirror, "good"]


def test_the_next_mirror_is_tried_when_the_first_refuses_the_connection(
    lacking: Callable[[str], Path], mirrors: Mirrors, refusing: str
) -> None:
    folder = lacking(SMALL)
    download_mnist(folder, mirrors=[refusing, mirrors["good"]])
    assert_complete(folder)


def test_the_next_mirror_is_tried_when_the_first_stops_sending(
    lacking: Callable[[str], Path], mirrors: Mirrors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sutja.data.download.TIMEOUT_SECONDS", 0.2)
    folder = lacking(LARGE)
    download_mnist(folder, mirrors=[mirrors["slow"], mirrors["good"]])
    assert_complete(folder)


def test_the_next_mirror_resumes_the_download(lacking: Callable[[str], Path], mirrors: Mirrors) -> None:
    folder = lacking(LARGE)
    download_mnist(folder, mirrors=[mirrors["broken"], mirrors["good"]])
    assert_complete(folder)
    half = SIZES[LARGE] // 2
    assert mirrors.asked == [
        Asked("broken", LARGE, None, half),
        Asked("good", LARGE, f"bytes={half}-", SIZES[LARGE] - half),
    ]


def test_the_next_attempt_resumes_the_download(lacking: Callable[[str], Path], mirrors: Mirrors) -> None:
    folder = lacking(LARGE)
    half = SIZES[LARGE] // 2
    assert f"the connection broke after {half:,} of {SIZES[LARGE]:,} bytes" in refusal(folder, [mirrors["broken"]])
    assert not (folder / LARGE).exists()
    mirrors.asked.clear()
    download_mnist(folder, mirrors=[mirrors["good"]])
    assert_complete(folder)
    assert mirrors.asked == [Asked("good", LARGE, f"bytes={half}-", SIZES[LARGE] - half)]


def test_a_mirror_without_ranges_sends_the_whole_file(lacking: Callable[[str], Path], mirrors: Mirrors) -> None:
    folder = lacking(SMALL)
    (folder / f"{SMALL}.part").write_bytes((MNIST_FOLDER / SMALL).read_bytes()[:1000])
    download_mnist(folder, mirrors=[mirrors["deaf"]])
    assert_complete(folder)
    assert mirrors.asked == [Asked("deaf", SMALL, "bytes=1000-", SIZES[SMALL])]


def test_a_complete_part_is_accepted(lacking: Callable[[str], Path], mirrors: Mirrors) -> None:
    folder = lacking(SMALL)
    (folder / f"{SMALL}.part").write_bytes((MNIST_FOLDER / SMALL).read_bytes())
    download_mnist(folder, mirrors=[mirrors["good"]])
    assert_complete(folder)
    assert mirrors.asked == [Asked("good", SMALL, f"bytes={SIZES[SMALL]}-", 0)]


@pytest.mark.parametrize("part", [b"<html>Please sign in.</html>", bytes(10_000)], ids=["short", "long"])
def test_a_wrong_part_does_not_spoil_a_good_mirror(
    lacking: Callable[[str], Path], mirrors: Mirrors, part: bytes
) -> None:
    folder = lacking(SMALL)
    (folder / f"{SMALL}.part").write_bytes(part)
    download_mnist(folder, mirrors=[mirrors["good"]])
    assert_complete(folder)


BAD = [name for name in BEHAVIOURS if name not in ("good", "deaf", "slow")]


@pytest.mark.parametrize("mirror", BAD)
def test_a_mirror_that_fails_is_named_with_its_file(
    lacking: Callable[[str], Path], mirrors: Mirrors, mirror: str
) -> None:
    folder = lacking(SMALL)
    text = refusal(folder, [mirrors[mirror]])
    assert text.startswith(f"{SMALL}: no mirror delivered it: {mirrors[mirror]} (")
    assert not (folder / SMALL).exists()
    assert not (folder / "SHA256SUMS").exists()


def test_all_mirrors_that_failed_are_named_in_one_line(tmp_path: Path, mirrors: Mirrors, refusing: str) -> None:
    addresses = [mirrors["missing"], mirrors["wrong"], mirrors["broken"], refusing]
    text = refusal(tmp_path, addresses)
    assert [text.index(address) for address in addresses] == sorted(text.index(address) for address in addresses)
    assert re.match(r"\S+-ubyte\.gz: no mirror delivered it: ", text)
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".part")] == []


def test_a_file_with_a_wrong_checksum_is_not_kept(lacking: Callable[[str], Path], mirrors: Mirrors) -> None:
    folder = lacking(SMALL)
    assert "(wrong checksum)" in refusal(folder, [mirrors["wrong"]])
    assert list(folder.glob(f"{SMALL}*")) == []


def test_the_files_in_the_package_are_those_that_are_asked_for() -> None:
    sums = dict(line.split()[::-1] for line in (MNIST_FOLDER / "SHA256SUMS").read_text().splitlines())
    assert sorted(f"{name}.gz" for name in sums) == NAMES
    content = gzip.decompress((MNIST_FOLDER / SMALL).read_bytes())
    assert hashlib.sha256(content).hexdigest() == sums[SMALL.removesuffix(".gz")]
