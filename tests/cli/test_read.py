"""`sutja read`, with pictures composed of MNIST's test digits."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

import sutja as package
from sutja.data.dataset import Dataset
from sutja.environment import usable_cores
from sutja.errors import ModelFileError, UsageError
from sutja.reading.annotate import annotate, confidence_colour
from sutja.reading.batch import ReaderOptions, ReadJob, read_pictures, suggested_processes
from sutja.reading.numbers import DecimalSign
from sutja.reading.parallel import read_in_processes
from sutja.reading.picture import Colour, decode_colour
from sutja.reading.reader import Reader
from sutja.reading.result import Reading, ReadLine
from tests.cli.commands import ENVIRONMENT, Outcome, python, sutja
from tests.reading.readings import read_number
from tests.waiting import HANG_SECONDS, wait_until

NUMBERS = ("40417", "92605")
PAPER, INK = np.array([225, 240, 245]), np.array([120, 40, 30])  # BGR


def read(*words: str | Path, content: bytes | None = None) -> Outcome:
    """Run `sutja read` in this process."""
    return sutja("read", *words, stdin=content)


def compose(mnist: Dataset, numbers: Sequence[str], size: int = 56) -> Colour:
    """A picture with a line for each number, on cream paper in blue ink, BGR."""
    digits, canvas = mnist.test, np.zeros((2 * size * len(numbers), size * (max(map(len, numbers)) + 1)))
    for row, number in enumerate(numbers):
        for column, digit in enumerate(number):
            image = digits.images[np.flatnonzero(digits.labels == int(digit))[1 + column]]
            top, left = size * (2 * row) + size // 2, size * column + size // 2
            canvas[top : top + size, left : left + size] = cv2.resize(image, (size, size)) / 255
    ink = canvas[:, :, None]
    noise = np.random.default_rng(0).normal(0, 3, ink.shape)
    return np.clip(np.round(PAPER * (1 - ink) + INK * ink + noise), 0, 255).astype(np.uint8)


def save(path: Path, picture: Colour) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, picture)[1].tobytes())
    return path


def shown(path: Path) -> Colour:
    return decode_colour(path.read_bytes(), str(path))


@pytest.fixture(scope="module")
def photo(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of two numbers."""
    return save(tmp_path_factory.mktemp("photo") / "숫자.png", compose(mnist, NUMBERS))


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("blank") / "blank.png", np.full((80, 200, 3), 240, np.uint8))


@pytest.fixture
def folder(mnist: Dataset, tmp_path: Path) -> Path:
    """A folder of two pictures and of what is none."""
    scans = tmp_path / "scans"
    save(scans / "b.JPG", compose(mnist, NUMBERS[:1]))
    save(scans / "a.png", compose(mnist, NUMBERS[1:]))
    save(scans / ".hidden.png", compose(mnist, NUMBERS))
    (scans / "notes.txt").write_text("no picture")
    (scans / "folder.png").mkdir()
    return scans


def test_a_picture_is_told_line_by_line(photo: Path) -> None:
    assert read(photo) == Outcome(0, "\n".join(NUMBERS) + "\n", "")


def test_several_pictures_are_told_with_their_names(photo: Path, folder: Path) -> None:
    expected = [f"{photo}: {number}" for number in NUMBERS]
    expected += [f"{folder / 'a.png'}: {NUMBERS[1]}", f"{folder / 'b.JPG'}: {NUMBERS[0]}"]
    assert read(photo, folder) == Outcome(0, "\n".join(expected) + "\n", "")


def test_a_name_with_a_newline_stays_on_its_line(photo: Path, tmp_path: Path) -> None:
    odd = tmp_path / "odd\nname.png"
    odd.write_bytes(photo.read_bytes())
    assert read(tmp_path).out.splitlines() == [f"{tmp_path}/odd\\nname.png: {number}" for number in NUMBERS]


def test_standard_input_is_a_picture(photo: Path) -> None:
    assert read("-", content=photo.read_bytes()) == read(photo)
    (told,) = json.loads(read("-", "--json", content=photo.read_bytes()).out)
    assert told["file"] == "-"
    outcome = read("-", content=b"no picture")
    assert (outcome.code, outcome.err) == (3, "sutja: standard input: not a picture, or damaged\n")
    assert read("-", "-", content=photo.read_bytes()).code == 2


def test_json_is_the_reading(photo: Path, folder: Path) -> None:
    outcome = read(photo, folder / "a.png", "--json")
    reader = Reader()
    expected = [reader.read(path).as_json(str(path)) for path in (photo, folder / "a.png")]
    assert (outcome.code, outcome.err) == (0, "")
    assert json.loads(outcome.out) == expected


def test_csv_is_a_row_a_number(photo: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(read(photo, "--csv").out)))
    numbers = Reader().read(photo).numbers
    assert [(row["line"], row["position"], row["text"]) for row in rows] == [
        (str(line), "1", number) for line, number in enumerate(NUMBERS, start=1)
    ]
    for row, number in zip(rows, numbers, strict=True):
        assert row["file"] == str(photo)
        assert (row["guess"], row["kind"], row["value"], row["handwritten"]) == (
            number.guess,
            "integer",
            number.text,
            "true",
        )
        assert float(row["confidence"]) == pytest.approx(number.confidence, abs=1e-4)
        assert tuple(int(row[name]) for name in ("left", "top", "width", "height")) == number.box


def test_json_and_csv_are_whole_where_nothing_was_read(blank: Path) -> None:
    columns = "file,line,position,text,guess,kind,value,confidence,handwritten,at_edge,left,top,width,height"
    assert read(blank, "--csv").out == columns + "\n"
    (told,) = json.loads(read(blank, "--json").out)
    assert told == {"file": str(blank), "text": "", "confidence": 0, "lines": []}


def test_a_digit_that_is_not_sure_is_a_question_mark(photo: Path) -> None:
    """No digit is as sure as 1; its guess is printed all the same."""
    outcome = read(photo, "--min-confidence", "1")
    expected = ["?" * len(number) for number in NUMBERS]
    assert outcome.out.split() == expected
    assert (outcome.code, outcome.err.count("\n")) == (5, 1)
    assert "no digit reaches the minimum confidence" in outcome.err
    rows = list(csv.DictReader(io.StringIO(read(photo, "--csv", "--min-confidence", "1").out)))
    assert [row["text"] for row in rows] == expected
    assert {row["value"] for row in rows} == {""}
    assert [row["guess"] for row in rows] == list(NUMBERS)


def test_nothing_read_is_a_code_and_a_remark(blank: Path) -> None:
    outcome = read(blank)
    assert (outcome.code, outcome.out) == (5, "")
    assert outcome.err == f"sutja: {blank}: no digits found; --explain DIR shows every step\n"
    assert read(blank, blank).code == 5


def test_a_blank_picture_among_others_is_remarked(photo: Path, blank: Path) -> None:
    outcome = read(blank, photo)
    assert outcome.code == 0
    assert outcome.err == f"{blank}: no digits found\n"
    assert len(outcome.out.splitlines()) == len(NUMBERS)


def test_unreadable_files_do_not_keep_others_from_being_read(photo: Path, tmp_path: Path) -> None:
    damaged, empty = tmp_path / "damaged.png", tmp_path / "empty"
    damaged.write_bytes(photo.read_bytes()[:100])
    empty.mkdir()
    outcome = read(tmp_path / "none.png", damaged, empty, photo)
    assert outcome.code == 3
    assert outcome.out.splitlines() == [f"{photo}: {number}" for number in NUMBERS]
    errors = outcome.err.splitlines()
    assert len(errors) == 3
    for path, why in (
        (empty, "no pictures in this folder"),
        (tmp_path / "none.png", "No such"),
        (damaged, "truncated"),
    ):
        assert any(line.startswith(f"sutja: {path}: ") and why in line for line in errors), errors


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["--json", "--csv"], 2, "contradict each other"),
        (["--model", "line-raeder"], 2, "did you mean 'line-reader'"),
        (["--model", "none.onnx"], 4, "none.onnx: no such model file"),
        (["--model", "."], 4, "neither the folder of a run"),
        (["--annotate", "."], 2, "drawings need another folder"),
        (["--decimal", "pont"], 2, "unknown decimal sign 'pont': did you mean 'point'"),
        (["--single", "--explain", "x"], 2, "choose one"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_is_one_line_and_a_code(
    words: list[str], code: int, why: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    outcome = read(".", *words)
    assert (outcome.code, outcome.out) == (code, "")
    assert why in outcome.err
    assert re.fullmatch(r"sutja: [^\n]+\n", outcome.err)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_a_named_pipe_is_refused_at_once(photo: Path, tmp_path: Path) -> None:
    """Opening one would wait for a writer for ever: in a process of its own, which may hang."""
    os.mkfifo(tmp_path / "pipe.png")
    result = python("-m", "sutja", "read", tmp_path / "pipe.png", photo)
    assert (result.code, len(result.out.split())) == (3, 2 * len(NUMBERS))
    assert f"{tmp_path / 'pipe.png'}: cannot be read: not a regular file" in result.err


def test_loops_of_symbolic_links_are_one_line(photo: Path, tmp_path: Path) -> None:
    loop = tmp_path / "loop.png"
    loop.symlink_to(loop.name)
    result = read(loop, "--annotate", tmp_path / "drawings")
    assert (result.code, result.out) == (3, "")
    assert re.fullmatch(r".*loop\.png: cannot be read: Too many levels of symbolic links", result.err.strip())
    for option in ("--annotate", "--explain"):
        result = read(photo, option, loop)
        assert (result.code, result.out, len(result.err.splitlines())) == (1, "", 1)
        assert "loop.png" in result.err


def test_a_network_for_single_digits_may_read_with_the_published_line_reader(photo: Path) -> None:
    usual, other = (json.loads(read(photo, "--json", "--model", model).out) for model in ("line-reader", "tiny"))
    assert [reading["text"] for reading in usual] == [reading["text"] for reading in other]
    assert usual != other  # the confidences


@pytest.mark.parametrize("value", ["-0.1", "1.1", "nan", "much"])
def test_a_confidence_out_of_range_is_a_usage_error(value: str, photo: Path) -> None:
    outcome = read(photo, "--min-confidence", value)
    assert (outcome.code, outcome.out) == (2, "")
    if value != "much":
        with pytest.raises(UsageError, match="is out of the range 0…1"):
            Reader(min_confidence=float(value))


def test_options_of_reading_reach_the_reader(
    photo: Path, mnist: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []
    with_values = Reading.with_values

    def asking(reading: Reading, sign: DecimalSign | None = None) -> Reading:
        asked.append(sign)
        return with_values(reading, sign)

    monkeypatch.setattr(Reading, "with_values", asking)
    monkeypatch.setattr(
        "sutja.reading.reader.with_columns_hands", lambda found: [replace(each, hand=-1) for each in found]
    )
    monkeypatch.setattr("sutja.reading.reader.MAX_FEW_NUMBERS", len(NUMBERS) - 1)
    assert read(photo, "--decimal", "comma").code == 5
    assert read(photo, "--printed").out.split() == list(NUMBERS)
    seven = save(tmp_path / "seven.png", compose(mnist, "7", 200))
    assert read(seven, "--single", "--decimal", "point").out == "7\n"
    assert asked == ["comma", None, "point"]
    assert read(save(tmp_path / "empty.png", np.full((50, 50, 3), 200, np.uint8)), "--single") == Outcome(
        5, "", f"sutja: {tmp_path / 'empty.png'}: no digits found\n"
    )


@pytest.mark.parametrize("size", [28, 56, 400], ids=str)
def test_annotated_pictures_have_coloured_outlines(mnist: Dataset, tmp_path: Path, size: int) -> None:
    path = save(tmp_path / "page.png", compose(mnist, NUMBERS, size))
    before = path.read_bytes()
    assert read(path, "--annotate", tmp_path / "drawn").code == 0
    drawn = shown(tmp_path / "drawn" / "page.read.jpg").astype(int)
    assert path.read_bytes() == before
    width = shown(path).shape[1]
    zoom = drawn.shape[1] // width
    assert drawn.shape[1] == zoom * width
    assert drawn.shape[1] >= 350  # tiny pictures are enlarged
    for number in Reader().read(path).numbers:
        (left, top), _, (_, bottom), _ = np.round(zoom * np.array(number.quad)).astype(int)
        edge = drawn[top + (bottom - top) // 3 : bottom - (bottom - top) // 3, left]
        assert number.confidence > 0.6, "a clear number"
        assert np.median(edge[:, 0] - edge[:, 2]) > 60, "the outline is blue"


def has_colour(drawing: Colour, colour: tuple[int, int, int]) -> bool:
    """Whether a part of a drawing has pixels of about that colour."""
    return bool((np.abs(drawing.astype(int) - colour).max(axis=2) < 40).any())


def test_a_sign_that_is_not_sure_is_drawn_in_another_colour_and_has_a_box() -> None:
    picture = np.full((400, 800, 3), 255, np.uint8)
    number = read_number("[7]7", left=100, top=200)
    unsure, sure = replace(number.signs[0], confidence=0.05), replace(number.signs[1], confidence=0.99)
    number = replace(number, signs=(unsure, sure))
    drawn = annotate(picture, Reading((ReadLine((number,)),)))
    assert (picture == 255).all()
    assert tuple(drawn[210, 120]) == confidence_colour(number.confidence), "its outline"
    assert tuple(drawn[210, 110]) == confidence_colour(0.05), "a box"
    assert (drawn[205:215, 112:118] == 255).all(), "no box"
    assert all(has_colour(drawn[:198], confidence_colour(sign.confidence)) for sign in (unsure, sure)), "the signs"
    assert confidence_colour(0.05)[2] > 150 > 100 > confidence_colour(0.05)[0]  # vermilion
    assert confidence_colour(0.99)[0] > 150 > 100 > confidence_colour(0.99)[2]  # blue


def test_a_number_whose_place_above_is_taken_stands_below_its_outline() -> None:
    picture = np.full((400, 800, 3), 255, np.uint8)
    numbers = [read_number("77", left=left, top=200, confidence=share) for left, share in ((100, 0.0), (110, 1.0))]
    drawn = annotate(picture, Reading(tuple(ReadLine((number,)) for number in numbers)))
    above, below = drawn[:198], drawn[224:400]
    assert has_colour(above, confidence_colour(0)) and has_colour(below, confidence_colour(1))
    assert not has_colour(above, confidence_colour(1))


def test_every_step_is_explained_on_a_sheet(photo: Path, blank: Path, tmp_path: Path) -> None:
    assert read(photo, blank, "--explain", tmp_path / "steps", "--annotate", tmp_path / "steps").code == 0
    assert sorted(path.name for path in (tmp_path / "steps").iterdir()) == [
        "blank.read.jpg",
        "blank.steps.png",
        "숫자.read.jpg",
        "숫자.steps.png",
    ]
    sheet, empty = shown(tmp_path / "steps" / "숫자.steps.png"), shown(tmp_path / "steps" / "blank.steps.png")
    assert sheet.shape[1] == empty.shape[1] == 1440
    strips = sheet[-len(NUMBERS) * 195 - 52 : -52]
    assert (strips.min(axis=2) < 60).sum() > 1000, "the ink of both strips"
    assert sheet.shape[0] > empty.shape[0] + len(NUMBERS) * 144, "a strip a line"
    numbers = sheet[-26:].astype(int)
    assert (numbers[:, :, 0] - numbers[:, :, 2] > 100).sum() > 100, "the numbers in blue"


def test_drawings_of_pictures_of_one_name_do_not_replace_each_other(mnist: Dataset, tmp_path: Path) -> None:
    picture = compose(mnist, NUMBERS[:1])
    names = ("x/page.png", "x/page.jpg", "y/page.png", "z/x/page.png", "y/PAGE.bmp")
    paths = [save(tmp_path / name, picture) for name in names]
    assert read(*paths, "--annotate", tmp_path / "out").code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "PAGE-bmp.read.jpg",
        "page-jpg.read.jpg",
        "page-png.read.jpg",
        "page.read.jpg",
        "x-page.read.jpg",
    ]


def test_long_names_are_cut_for_drawings(mnist: Dataset, tmp_path: Path) -> None:
    picture = compose(mnist, NUMBERS[:1])
    paths = [save(tmp_path / f"{'가' * 80}{number}.png", picture) for number in (1, 2)]
    assert read(*paths, "--explain", tmp_path / "out").code == 0
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_no_drawing_replaces_a_picture_that_is_read(photo: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a.png", tmp_path / "a.read.jpg"
    first.write_bytes(photo.read_bytes())
    save(second, shown(photo))
    before = second.read_bytes()
    outcome = read(first, second, "--annotate", tmp_path)
    assert outcome.code == 2
    assert "is not replaced by a drawing" in outcome.err
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.read.jpg").symlink_to(second)
    assert read(first, second, "--annotate", tmp_path / "elsewhere").code == 2
    assert second.read_bytes() == before


def test_a_drawing_that_cannot_be_written_is_reported_and_the_reading_told(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "숫자.read.jpg").mkdir()
    outcome = read(photo, "--annotate", tmp_path)
    assert (outcome.code, outcome.out.split()) == (1, list(NUMBERS))
    assert outcome.err.startswith(f"sutja: {tmp_path / '숫자.read.jpg'}: not a regular file")


def test_several_processes_read_the_same_in_order(photo: Path, blank: Path, tmp_path: Path) -> None:
    paths = [photo, blank, tmp_path / "none.png", *[photo] * 8]
    jobs = [ReadJob(f"{number} {path.name}", path) for number, path in enumerate(paths)]
    jobs += [ReadJob("-", content=photo.read_bytes())]
    several = list(read_pictures(jobs, ReaderOptions("line-reader", 0.5), processes=2))
    one = list(read_pictures(jobs, ReaderOptions("line-reader", 0.5), processes=1))
    assert [outcome.job for outcome in several] == jobs
    assert [outcome.reading and outcome.reading.text for outcome in several] == [
        outcome.reading and outcome.reading.text for outcome in one
    ]
    assert [str(outcome.error) for outcome in several] == [str(outcome.error) for outcome in one]


def test_a_model_that_is_missing_is_told_by_processes_too(photo: Path) -> None:
    with pytest.raises(ModelFileError, match="no such model file"):
        list(read_in_processes([ReadJob("a", photo)], ReaderOptions("none.onnx"), 2))


def test_other_processes_are_for_much_work(photo: Path, tmp_path: Path) -> None:
    large = tmp_path / "large.jpg"
    with large.open("wb") as file:
        file.truncate(12_000_000)
    cores = usable_cores()
    assert suggested_processes([ReadJob("a", photo)] * 20) == 1
    assert suggested_processes([ReadJob("a", photo)] * 10_000) == min(cores, 8)
    assert suggested_processes([ReadJob("a", large)] * 4) == min(cores, 2)
    assert suggested_processes([ReadJob("a", tmp_path / "none.jpg")]) == 1


def many(photo: Path, tmp_path: Path, count: int) -> list[str]:
    """The command that reads a folder with so many copies of a picture in it, in several processes."""
    large = np.asarray(cv2.resize(shown(photo), (1500, 1000), interpolation=cv2.INTER_CUBIC), np.uint8)
    first = save(tmp_path / "many" / "000.png", large)
    for number in range(1, count):
        os.link(first, first.with_name(f"{number:03}.png"))
    code = (
        "import os; os.sched_getaffinity = lambda _: {0, 1}\n"
        "if __name__ == '__main__': from sutja.cli.app import main; main()\n"
    )
    script = tmp_path / "start.py"
    script.write_text(code)
    return [sys.executable, str(script), "read", str(first.parent)]


def is_running(process: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(each) for each in found]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are found in /proc")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_the_command(photo: Path, tmp_path: Path, ending: signal.Signals) -> None:
    command = many(photo, tmp_path, 2000)  # more than are read before the signal
    run = subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert run.stdout and run.stderr
    assert run.stdout.readline().startswith(f"{tmp_path}/many/000.png: ")
    others = children(run.pid)
    assert len(others) >= 2
    if ending == signal.SIGINT:
        os.killpg(run.pid, ending)  # as a terminal does: all processes hear it
    else:
        run.kill()
    _, errors = run.communicate(timeout=HANG_SECONDS)
    assert run.returncode == (130 if ending == signal.SIGINT else -ending)
    kept = r"sutja: interrupted: \d+ of 2000 pictures are kept: the same command with --resume goes on\n"
    assert re.fullmatch(kept, errors) or ending == signal.SIGKILL  # of that Python's own helper may tell
    wait_until(lambda: not any(map(is_running, others)))


def test_who_reads_only_the_first_line_gets_no_traceback(photo: Path, tmp_path: Path) -> None:
    command = many(photo, tmp_path, 2000)
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout and run.stderr
        assert run.stdout.readline()
        run.stdout.close()
        assert run.stderr.read() == ""
        assert run.wait(timeout=HANG_SECONDS) == 1


def test_a_bar_on_a_terminal_does_not_swallow_results(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr("sutja.cli.console.remarks", Console(file=terminal, force_terminal=True, width=120))
    outcome = read(*[photo] * 4)
    assert len(outcome.out.splitlines()) == 4 * len(NUMBERS)
    assert "4/4" in terminal.getvalue()
    assert "\x1b" not in outcome.out


def test_reading_needs_neither_the_extra_train_nor_scipy(photo: Path) -> None:
    blocked = ("torch", "matplotlib", "jinja2", "safetensors", "onnx", "onnxscript", "scipy")
    code = f"import sys; sys.modules.update(dict.fromkeys({blocked})); from sutja.cli.app import main; main()"
    run = subprocess.run(
        [sys.executable, "-c", code, "read", str(photo)], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout.split(), run.stderr) == (0, list(NUMBERS), "")


def test_reading_loads_nothing_that_it_does_not_use(photo: Path) -> None:
    """Each of these takes a fiftieth to a tenth of a second of the start."""
    spared = {
        "rich.console",
        "urllib.request",
        "numpy.ma",
        "multiprocessing",
        "sutja.reading.explain",
        "sutja.runs.run",
    }
    code = (
        "import sys, numpy, cv2, onnxruntime, typer\n"
        f"spared = {spared} - sys.modules.keys()\n"
        "from sutja.cli.app import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print(*sorted(spared & sys.modules.keys()))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, "read", str(photo)], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "\n".join([*NUMBERS, "", ""]), "")


def test_the_package_offers_the_reader_without_loading_it() -> None:
    code = (
        "import sutja, sys\n"
        "assert 'numpy' not in sys.modules and 'cv2' not in sys.modules\n"
        "from sutja import Reader, Reading, ReadLine, ReadNumber, ReadDigit, ReadSign\n"
        "from sutja.reading import reader, result\n"
        "assert (Reader, Reading, ReadLine) == (reader.Reader, result.Reading, result.ReadLine)\n"
        "assert (ReadNumber, ReadDigit, ReadSign) == (result.ReadNumber, result.ReadDigit, result.ReadSign)\n"
    )
    subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, check=True)
    assert {*package.__all__} >= {"ReadDigit", "ReadLine", "ReadNumber", "ReadSign", "Reader", "Reading", "__version__"}
    with pytest.raises(AttributeError, match="has no attribute 'Wirter'"):
        package.Wirter  # type: ignore[attr-defined]  # noqa: B018
