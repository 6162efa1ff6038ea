"""`sutja serve`, as a process."""

from __future__ import annotations

import os
import re
import signal
import socket
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sutja.cli.app import main
from sutja.data.dataset import Dataset
from sutja.models.catalogue import WEIGHTS
from tests.waiting import HANG_SECONDS
from tests.web.serving import draw, encode, get, is_problem, post

ROOT = Path(__file__).parent.parent.parent
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}


def start(code: str) -> list[str]:
    """The command line, run after some code."""
    return [
        sys.executable,
        *(["-c", f"{code}; from sutja.cli.app import main; main()"] if code else [str(ROOT / "main.py")]),
    ]


@contextmanager
def served(*words: str | Path, folder: Path, code: str = "") -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `sutja serve` in a folder, on a free port, after some code; gives the process and its address."""
    command = [*start(code), "serve", "--port", "0", *map(str, words)]
    process = subprocess.Popen(
        command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(2)]
        found = re.search(r"http://\S+", said[1])
        assert found, [*said, process.communicate()]
        yield process, found[0]
    finally:
        process.kill()
        process.communicate()


def run(*words: str | Path, folder: Path, code: str = "") -> subprocess.CompletedProcess[str]:
    command = [*start(code), "serve", *map(str, words)]
    return subprocess.run(
        command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=HANG_SECONDS, check=False
    )


def is_one_line(done: subprocess.CompletedProcess[str], exit_code: int, *parts: str) -> None:
    assert (done.returncode, done.stdout) == (exit_code, ""), done
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("sutja: ")
    assert all(part in done.stderr for part in parts), done.stderr


def test_it_serves_until_it_is_interrupted(tmp_path: Path, mnist: Dataset) -> None:
    with served(folder=tmp_path) as (process, address):
        assert address.startswith("http://127.0.0.1:")
        answer = post(
            f"{address}/api/read", content=encode(draw(mnist.test.images[:3])), headers={"content-type": "image/png"}
        )
        assert answer.json()["text"] == "721"
        assert get(f"{address}/api/corrections").json()["folder"] == str(tmp_path / "corrections")
        is_problem(get(f"{address}/healthz", headers={"host": "evil.example"}), 421)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=HANG_SECONDS)
        assert process.returncode == 0
        assert err.splitlines()[-1] == "stopped" and "Traceback" not in err


def test_it_can_be_interrupted_if_sigint_was_ignored_at_its_start(tmp_path: Path) -> None:
    code = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    with served(folder=tmp_path, code=code) as (process, _):
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=HANG_SECONDS)
        assert (process.returncode, err.splitlines()[-1]) == (0, "stopped")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (
            "import sutja.web.workers as w; start = w._ReaderProcess.start; "
            "w._ReaderProcess.start = lambda process: (start(process), process._process.kill())",
            "signal ",
        ),
        (
            "import pathlib, sutja.web.workers as w; start = w.ReaderPool.start; "
            "w.ReaderPool.start = lambda readers: (pathlib.Path('lenet5-best.onnx').unlink(), start(readers))",
            "ModelFileError: lenet5-best.onnx: ",
        ),
    ],
    ids=["killed", "failed"],
)
def test_readers_that_cannot_start_end_it_in_one_line(tmp_path: Path, code: str, reason: str) -> None:
    for suffix in (".onnx", ".json"):
        (tmp_path / f"lenet5-best{suffix}").write_bytes((WEIGHTS / f"lenet5-best{suffix}").read_bytes())
    done = run("--port", "0", "--model", "lenet5-best.onnx", "--corrections", "mine", folder=tmp_path, code=code)
    assert done.returncode == 1
    said = [line for line in done.stderr.splitlines() if line.startswith("sutja: ")]
    assert said == [done.stderr.splitlines()[-1]] and "Traceback" not in done.stderr, done.stderr
    assert said[0].startswith(f"sutja: a reader process could not start: {reason}"), said


def test_libraries_write_nothing_into_the_log(tmp_path: Path, mnist: Dataset) -> None:
    page = draw(mnist.test.images[:3])
    jpeg, png = encode(page, ".jpg"), encode(page)
    profile = struct.pack(">I", 11) + b"iCCPx\0\0nonsense"
    pictures = {
        "libjpeg: extraneous bytes": jpeg[:-2] + bytes(20) + jpeg[-2:],
        "libpng: iCCP: too short": png[:33] + profile + struct.pack(">I", zlib.crc32(profile[4:])) + png[33:],
    }
    with served(folder=tmp_path) as (process, address):
        for picture in pictures.values():
            answer = post(f"{address}/api/read", content=picture, headers={"content-type": "image/png"})
            assert answer.json()["text"] == "721"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=HANG_SECONDS)
    assert err.splitlines() == ["Press Ctrl-C to stop", "stopped"]


def test_the_models_and_the_folder_can_be_chosen(tmp_path: Path) -> None:
    for suffix in (".onnx", ".json"):
        (tmp_path / f"lenet5-best{suffix}").write_bytes((WEIGHTS / f"lenet5-best{suffix}").read_bytes())
    with served("--model", "lenet5-best.onnx", "--corrections", "mine", folder=tmp_path) as (_, address):
        used = {each["reads"]: each["name"] for each in get(f"{address}/api/models").json() if each["used"]}
        assert used == {"lines": "line-reader", "digits": "lenet5-best"}
        assert get(f"{address}/api/corrections").json() == {"total": 0, "folder": str(tmp_path / "mine")}


def test_only_allowed_names_reach_a_server_that_other_computers_reach(tmp_path: Path) -> None:
    allowed = ["sutja.example", "other.example"]
    options = [word for name in allowed for word in ("--allow-host", name)]
    with served("--host", "0.0.0.0", *options, folder=tmp_path) as (_, address):
        for name in ("localhost", socket.gethostname(), *allowed):
            assert get(f"{address}/healthz", headers={"host": name}).json() == {"status": "ok"}
        assert "--allow-host" in is_problem(get(f"{address}/healthz", headers={"host": "evil.example"}), 421)["detail"]


def test_a_folder_that_is_not_writable_is_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with served("--corrections", "file/mine", folder=tmp_path) as (process, address):
        assert get(f"{address}/api/corrections").json()["total"] == 0
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=HANG_SECONDS)
        assert "file/mine: not writable: corrections will not be stored" in err.splitlines()


def test_a_port_in_use_is_reported_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        is_one_line(run("--port", port, folder=tmp_path), 1, f"127.0.0.1, port {port}: ", "address already in use")


@pytest.mark.parametrize(
    ("words", "exit_code", "part"),
    [
        (["--host", "no.such.host.invalid"], 1, "no.such.host.invalid"),
        (["--model", "nothing"], 2, "unknown published model 'nothing'"),
        (["--model", "nothing.onnx"], 4, "nothing.onnx"),
        (["--model", "."], 4, "neither the folder of a run"),
        (["--port", "70000"], 2, "--port"),
        (["--corrections", "file"], 2, "file"),
        (["--allow-host", "sutja.example:80"], 2, "--allow-host 'sutja.example:80': not a host name"),
        (["--allow-host", "me@localhost"], 2, "not a host name"),
        (["--allow-host", ""], 2, "not a host name"),
        (["--corrections", "damaged"], 3, "line 1 is damaged: not JSON"),
    ],
)
def test_errors_are_reported_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    exit_code: int,
    part: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sutja.cli.serve._run", lambda *_, **__: pytest.fail("it serves despite the error"))
    (tmp_path / "file").touch()
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "corrections.jsonl").write_text("{\n{\n")
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--port", "0", *words])
    is_one_line(subprocess.CompletedProcess(words, int(ended.value.code or 0), *capsys.readouterr()), exit_code, part)


@pytest.mark.parametrize("module", ["fastapi", "uvicorn", "python_multipart"])
def test_without_the_extra_it_says_what_to_install(tmp_path: Path, module: str) -> None:
    done = run(folder=tmp_path, code=f"import sys; sys.modules['{module}'] = None")
    is_one_line(done, 1, f"{module} is not installed: the extra 'web' brings it")
