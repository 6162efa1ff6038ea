"""The command line as a whole: help, errors, exit codes, colours."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from sutja import __version__
from sutja.cli.app import main
from tests.cli.commands import Outcome, fails, python, sutja

COMMANDS = (
    "serve",
    "corrections",
    "train",
    "compare",
    "study",
    "read",
    "sprint",
    "ensemble",
    "distil",
    "doubts",
    "evaluate",
    "models",
    "export",
    "recipes",
    "runs",
    "data",
    "doctor",
)
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7]")


def test_help_names_every_command() -> None:
    for words in (["--help"], ["-h"], []):
        outcome = sutja(*words)
        assert all(command in outcome.out + outcome.err for command in COMMANDS)
        assert outcome.code == (0 if words else 2)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    outcome = sutja(command, "--help")
    assert outcome.code == 0
    assert "Usage" in outcome.out


def test_main_py_passes_its_arguments_on() -> None:
    outcome = python("main.py", "--help")
    assert outcome.code == 0
    assert all(command in outcome.out for command in COMMANDS)


def test_the_command_line_starts_without_heavy_modules() -> None:
    heavy = ("torch", "scipy", "cv2", "onnxruntime", "matplotlib")
    code = f"""
import sys
from sutja.cli.app import build_app
build_app()
sys.exit([name for name in {heavy} if name in sys.modules] or 0)
"""
    assert python("-c", code) == Outcome(0, "", "")


def test_the_version() -> None:
    assert sutja("--version") == Outcome(0, f"sutja {__version__}\n", "")


def test_main_exits_with_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["train", "lenet"])
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("sutja: unknown recipe 'lenet': did you mean 'lenet5'?")


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["train", "lenet"], 2, "unknown recipe 'lenet': did you mean 'lenet5'"),
        (["train", "mlp", "--set", "learnig_rate=1"], 2, "did you mean 'learning_rate'"),
        (["train", "mlp", "--set", "lr=0.1"], 2, "unknown recipe field 'lr': did you mean 'learning_rate'"),
        (["train", "mlp:lr=0.1"], 2, "unknown recipe field 'lr': did you mean 'learning_rate'"),
        (["train", "mlp:epochs"], 2, "expected NAME:FIELD=VALUE"),
        (["train", "mlp:epochs=2", "--epochs", "3"], 2, "epochs is set twice"),
        (["compare", "mlp", "mlp:epochs=1,dropuot=0.1"], 2, "did you mean 'dropout'"),
        (["study", "mlp:seed=1"], 2, "mlp:seed=1: a study sets the seeds itself"),
        (["train", "mlp", "--set", "learning_rate"], 2, "expected FIELD=VALUE, as in --set learning_rate=0.02"),
        (["train", "mlp", "--set", "learning_rate=fast"], 2, "learning_rate needs a number"),
        (["train", "mlp", "--set", "network=lenet"], 2, "did you mean 'lenet5'"),
        (["train", "mlp", "--epochs", "0"], 2, "epochs = 0 is out of the range"),
        (["train", "mlp", "--seed", "-1"], 2, "seed = -1 is out of the range"),
        (["train", "mlp", "--device", "gpu"], 2, "unknown device 'gpu'"),
        (["train", "mlp", "--resume", "--force"], 2, "contradict each other"),
        (["train", "mlp", "--resume"], 2, "there is no run to resume: leave out --resume"),
        (["train", "mlp", "--epochs", "1", "--set", "epochs=2"], 2, "epochs is set twice"),
        (["compare", "mlp"], 2, "at least two different runs"),
        (["compare", "runs/typo", "mlp"], 2, "runs/typo: not a run folder: it does not exist"),
        (["data", "info", "--sheet", "thesis.txt"], 2, "its name must end in .png"),
        (["data", "convert", "mnist", "x.dat", "--form", "npz"], 2, "must end in .npz"),
        (["train", "mlp", "--data", "none"], 3, "none: no such file or folder"),
        (["compare", "lenet5", "ml"], 2, "unknown recipe 'ml': did you mean 'mlp'"),
        (["compare", "."], 2, "not a run folder"),
        (["evaluate", "none"], 2, "unknown published model 'none'"),
        (["data", "info", "none"], 3, "none: no such file or folder"),
        (["data", "convert", "mnist", "x", "--form", "ixd"], 2, "unknown format 'ixd': did you mean 'idx'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_is_one_line_and_a_code(
    words: list[str], code: int, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fails(sutja(*words), code, why)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["trian"], ["train", "mlp", "--epoch-s", "3"], ["train"], ["data", "inof"]])
def test_words_that_are_no_command_are_a_usage_error(words: list[str]) -> None:
    outcome = sutja(*words)
    assert outcome.code == 2
    assert "Usage" in outcome.err
    assert "Traceback" not in outcome.err
    assert outcome.out == ""


def test_colours_only_where_they_are_wanted() -> None:
    words = ["main.py", "train", "lenet"]
    assert COLOUR.search(python(*words, FORCE_COLOR="1").err)
    assert not COLOUR.search(python(*words, FORCE_COLOR="1", NO_COLOR="1").err)
    assert "\x1b" not in python(*words).err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["recipes"]])
def test_a_full_disk_is_one_line(words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-m", "sutja", *words], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (1, "sutja: writing: No space left on device\n")


def test_a_path_of_any_length_is_one_short_line() -> None:
    outcome = sutja("read", "a" * 100_000)
    assert outcome.code != 0
    assert outcome.err.startswith("sutja: aaaa")
    assert outcome.err.count("\n") == 1
    assert len(outcome.err) < 1_100


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["teach", "runs/a"], "command 'teach' is now called 'distil'"),
        (["study", "mlp", "--held-out"], "option '--held-out' is now called '--validation'"),
    ],
)
def test_a_former_word_of_the_command_line_is_told_the_new_one(words: list[str], line: str) -> None:
    assert python("-m", "sutja", *words) == Outcome(2, "", f"sutja: {line}\n")
