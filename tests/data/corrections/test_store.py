"""The store of corrections: stored ones survive whatever happens next, and deleted ones are gone."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sutja.data.corrections import store as module
from sutja.data.corrections.record import MAX_PICTURE_BYTES, record_sha256
from sutja.data.corrections.store import Correction, Corrections, holds_corrections, read_corrections
from sutja.data.dataset import Dataset, hold_out_every_sixth, load_dataset, save_dataset
from sutja.errors import DataError, StorageError, UsageError
from tests.data.formats.damage import little_memory
from tests.data.pictures.bombs import png_with_a_claim

PICTURE = cv2.imencode(".png", np.full((40, 60), 255, np.uint8))[1].tobytes()
ADDER = """
import sys
from pathlib import Path
import numpy as np
from sutja.data.corrections.store import Correction, Corrections
PICTURE = b"\\x89PNG\\r\\n\\x1a\\n" + bytes(2000)
store = Corrections(Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    image = np.full((28, 28), number % 256, np.uint8)
    for each in store.add([Correction(image, number % 10, 3, 0.5, (1, 2, 3, 4))], PICTURE):
        print(each, flush=True)
"""


@pytest.fixture
def store(tmp_path: Path) -> Corrections:
    return Corrections(tmp_path / "corrections")


def some(mnist: Dataset, count: int) -> list[Correction]:
    """The first `count` test digits of MNIST, correctly labelled."""
    digits = mnist.test
    return [Correction(digits.images[k], int(digits.labels[k]), 3, 0.25, (k, 2, 30, 40)) for k in range(count)]


def files(store: Corrections) -> set[str]:
    return {f"{path.parent.name}/{path.name}" for path in store.folder.rglob("*.*") if path.parent != store.folder}


def signed(values: dict[str, Any]) -> str:
    """A record's line with the checksum that belongs to its other values."""
    others = {name: value for name, value in values.items() if name != "sha256"}
    return json.dumps({**others, "sha256": record_sha256(others)}) + "\n"


def closed(line: str) -> str:
    """A file of records that has one line, with the closing line that belongs to it."""
    return line + json.dumps({"corrections": 1, "sha256": hashlib.sha256(line.encode()).hexdigest()}) + "\n"


def first_record(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(path.read_text().splitlines()[0])
    return values


def test_the_last_correction_of_a_digit_counts(mnist: Dataset, store: Corrections) -> None:
    first, other = some(mnist, 2)
    store.add([replace(first, label=(first.label + 1) % 10), other], PICTURE)
    store.add([first], PICTURE)
    assert len(store) == 3
    assert store.digits().labels.tolist() == [other.label, first.label]


def test_what_is_added_comes_back(mnist: Dataset, store: Corrections) -> None:
    added = some(mnist, 3)
    ids = store.add(added, PICTURE)
    kept = Corrections(store.folder).all()
    assert [each.id for each in kept] == ids == store.ids()
    assert len(set(ids)) == len(store) == 3
    for each, correction in zip(kept, added, strict=True):
        assert np.array_equal(each.correction.image, correction.image)
        fields = (each.correction.label, each.correction.guess, each.correction.confidence, each.correction.box)
        assert fields == (correction.label, 3, 0.25, correction.box)
        assert each.picture is not None
        assert each.picture.read_bytes() == PICTURE
    digits = store.digits()
    assert np.array_equal(digits.labels, mnist.test.labels[:3])
    assert np.array_equal(digits.images, mnist.test.images[:3])


def test_an_empty_store_makes_no_folder(store: Corrections) -> None:
    assert (len(store), store.all(), store.ids(), store.delete([])) == (0, [], [], 0)
    assert store.add([], PICTURE) == []
    assert store.digits().images.shape == (0, 28, 28)
    assert not store.folder.exists()
    assert not holds_corrections(store.folder)


def test_the_same_picture_is_kept_once(mnist: Dataset, store: Corrections) -> None:
    for each in some(mnist, 3):
        store.add([each], PICTURE)
    assert len(list((store.folder / "pictures").iterdir())) == 1


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"image": np.zeros((28, 27), np.uint8)}, "instead of uint8"),
        ({"image": np.zeros((28, 28))}, "float64"),
        ({"label": 10}, "label 10"),
        ({"label": True}, "label True"),
        ({"guess": -1}, "guess -1"),
        ({"confidence": 1.5}, "confidence 1.5"),
        ({"confidence": float("nan")}, "confidence nan"),
        ({"box": (1, 2, 3)}, "box"),
        ({"box": (1, 2, 3, 10**9)}, "box"),
    ],
)
def test_invalid_corrections_are_refused(values: dict[str, Any], why: str) -> None:
    with pytest.raises(DataError, match=why):
        Correction(**{"image": np.zeros((28, 28), np.uint8), "label": 1, **values})


def test_only_pictures_of_limited_size_are_stored(mnist: Dataset, store: Corrections) -> None:
    for content in (b"<html>", b"", b"RIFF0000WAVE", PICTURE + bytes(MAX_PICTURE_BYTES)):
        with pytest.raises(DataError, match="the picture"):
            store.add(some(mnist, 1), content)
    assert not store.folder.exists()


@pytest.mark.parametrize("tail", [b'{"id": "0123', b"\0" * 10_000, b"\xff\xfe", b"{}", b"\n"])
def test_what_follows_the_closing_line_is_damage(mnist: Dataset, store: Corrections, tail: bytes) -> None:
    store.add(some(mnist, 2))
    with (store.folder / "corrections.jsonl").open("ab") as file:
        file.write(tail)
    with pytest.raises(DataError, match=r"--repair` keeps the sound lines"):
        Corrections(store.folder).ids()


def test_a_file_of_records_that_was_cut_anywhere_is_refused(mnist: Dataset, store: Corrections) -> None:
    """Also between two lines, or such that only the closing line is gone."""
    for each in some(mnist, 3):
        store.add([each])
    path = store.folder / "corrections.jsonl"
    whole = path.read_bytes()
    for length in range(len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"--repair` keeps the sound lines"):
            Corrections(store.folder).ids()


@pytest.mark.parametrize("order", [(0, 1, 3), (1, 0, 2, 3), (0, 1, 2, 2, 3), (1, 3), (3,), (0, 1, 2, 3, 3)])
def test_lines_that_are_missing_exchanged_or_repeated_are_noticed(
    mnist: Dataset, store: Corrections, order: tuple[int, ...]
) -> None:
    store.add(some(mnist, 3))
    path = store.folder / "corrections.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[number] for number in order))
    with pytest.raises(DataError, match=r"--repair` keeps the sound lines"):
        store.ids()


def test_a_repair_keeps_the_sound_lines_and_the_damaged_file(mnist: Dataset, store: Corrections) -> None:
    first, second, third = store.add(some(mnist, 3))
    path = store.folder / "corrections.jsonl"
    damaged = path.read_bytes().replace(second.encode(), b"01234567")[:-30]
    path.write_bytes(damaged)
    assert store.repair() == (2, 1)
    assert Corrections(store.folder).ids() == store.ids() == [first, third]
    copy = store.folder / "corrections.damaged.jsonl"
    assert copy.read_bytes() == damaged
    assert store.repair() == (2, 0)
    assert copy.read_bytes() == damaged
    store.delete([first])
    assert not copy.exists()
    assert [each.id for each in store.all()] == [third]


def test_nothing_is_repaired_where_nothing_is(store: Corrections) -> None:
    with pytest.raises(UsageError, match="there are no corrections"):
        store.repair()
    assert not store.folder.exists()


def test_an_editor_may_drop_the_last_newline(mnist: Dataset, store: Corrections) -> None:
    first = store.add(some(mnist, 2))
    path = store.folder / "corrections.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    assert Corrections(store.folder).ids() == first
    assert Corrections(store.folder).add(some(mnist, 1)) == Corrections(store.folder).ids()[2:]
    assert len(Corrections(store.folder)) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"id": "../../etc"},
        {"id": "0123456/"},
        {"picture": "../../../etc/passwd"},
        {"picture": "/etc/passwd"},
        {"picture": f"{'0' * 32}.sh"},
        {"label": 11},
        {"time": "<script>"},
        {"more": 1},
        *({"box": box} for box in (True, 1.5, "1234")),
        {"box": []},
        {"box": [1, 2, 3]},
        {"box": [1, 2, 3, True]},
        {"box": [[]]},
        *({name: {}} for name in ("id", "time", "label", "guess", "confidence", "picture", "digit_sha256")),
    ],
)
def test_values_from_outside_are_not_trusted(mnist: Dataset, store: Corrections, change: dict[str, Any]) -> None:
    store.add(some(mnist, 1))
    path = store.folder / "corrections.jsonl"
    path.write_text(closed(signed(first_record(path) | change)))
    for use in (Corrections(store.folder).all, lambda: store.delete(["0" * 8]), lambda: store.add(some(mnist, 1))):
        with pytest.raises(DataError, match="line 1 is damaged"):
            use()


@pytest.mark.parametrize("seed", range(20))
def test_a_changed_byte_of_a_line_is_noticed(mnist: Dataset, store: Corrections, seed: int) -> None:
    """Also one that leaves a valid record: another label, confidence, box or time."""
    store.add(some(mnist, 1), PICTURE)
    path = store.folder / "corrections.jsonl"
    line = path.read_bytes()
    random = np.random.default_rng(seed)
    for _ in range(50):
        place, byte = int(random.integers(len(line) - 1)), b"0123456789abcdef"[int(random.integers(16))]
        path.write_bytes(line[:place] + bytes([byte]) + line[place + 1 :])
        if path.read_bytes() != line:
            with pytest.raises(DataError, match="damaged"):
                Corrections(store.folder).all()


@pytest.mark.parametrize("change", [{"label": 9}, {"confidence": 0.5}, {"box": [1, 2, 30, 40]}, {"box": None}])
def test_a_changed_value_of_a_line_is_noticed(mnist: Dataset, store: Corrections, change: dict[str, Any]) -> None:
    store.add(some(mnist, 1))
    path = store.folder / "corrections.jsonl"
    path.write_text(closed(json.dumps(first_record(path) | change) + "\n"))
    with pytest.raises(DataError, match="line 1 is damaged: its checksum is wrong"):
        store.all()


def test_a_line_of_an_earlier_version_is_refused(mnist: Dataset, store: Corrections) -> None:
    store.add(some(mnist, 1))
    path = store.folder / "corrections.jsonl"
    values = first_record(path)
    path.write_text(closed(json.dumps({name: value for name, value in values.items() if "sha256" not in name}) + "\n"))
    with pytest.raises(DataError, match="line 1 is damaged: it has no checksums, as those of earlier versions"):
        store.all()


def test_a_huge_file_of_records_is_not_read_completely(mnist: Dataset, store: Corrections) -> None:
    store.add(some(mnist, 1))
    with (store.folder / "corrections.jsonl").open("r+b") as file:
        file.truncate(10 << 30)
    with little_memory(200), pytest.raises(DataError, match=r"corrections\.jsonl: larger than 78 MB"):
        store.all()


def test_a_damaged_or_missing_digit_is_reported_and_can_be_deleted(mnist: Dataset, store: Corrections) -> None:
    first, second = store.add(some(mnist, 2))
    path = store.folder / "digits" / f"{first}.png"
    for content, why in (
        (cv2.imencode(".png", np.zeros((29, 28), np.uint8))[1].tobytes(), "28×29 pixels instead of 28×28"),
        (path.read_bytes()[:60], "a damaged PNG file"),
        (png_with_a_claim(), "a damaged PNG file"),
        (b"", "not a PNG file"),
        (store.folder.joinpath("digits", f"{second}.png").read_bytes(), "its checksum is wrong"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=f"{why}; remove it with `--delete {first}`"):
            store.all()
    path.unlink()
    with pytest.raises(DataError, match="cannot be read"):
        store.digits()
    assert store.delete([first]) == 1
    assert [each.id for each in store.all()] == [second]


def test_deleting_removes_records_digits_and_pictures(mnist: Dataset, store: Corrections) -> None:
    shared = store.add(some(mnist, 2), PICTURE)
    alone = store.add(some(mnist, 1), PICTURE + b"other")
    (store.folder / "pictures" / "mine.txt").write_text("of the person")
    assert store.delete([shared[0], *alone]) == 2
    assert store.ids() == Corrections(store.folder).ids() == shared[1:]
    left = files(store) - {"pictures/mine.txt"}
    assert left == {f"digits/{shared[1]}.png", *(name for name in left if name.startswith("pictures/"))}
    assert len(left) == 2
    store.delete(shared[1:])
    assert files(store) == {"pictures/mine.txt"}
    assert len(store) == 0


def test_an_unknown_id_deletes_nothing(mnist: Dataset, store: Corrections) -> None:
    ids = store.add(some(mnist, 2))
    with pytest.raises(UsageError, match="no correction has the id beef"):
        store.delete([ids[0], "beef"])
    assert store.ids() == ids
    with pytest.raises(UsageError, match="there are no corrections"):
        Corrections(store.folder / "elsewhere").delete(["beef"])


def test_a_deletion_removes_the_leftovers_of_a_killed_addition(mnist: Dataset, store: Corrections) -> None:
    store.add(some(mnist, 1))
    (store.folder / "digits" / "0123abcd.png").write_bytes(b"")
    leave_unfinished(store.folder / "digits" / "0123abce.png")
    store.delete([])
    assert files(store) == {f"digits/{store.ids()[0]}.png"}


def test_the_next_addition_removes_the_temporary_files_of_a_killed_one(mnist: Dataset, store: Corrections) -> None:
    store.add(some(mnist, 1), PICTURE)
    before = sorted(store.folder.rglob("*"))
    for name in ("digits/0123abce.png", f"pictures/{'0' * 32}.png", "corrections.jsonl"):
        leave_unfinished(store.folder / name)
    store.add([some(mnist, 1)[0]])
    added = store.folder / "digits" / f"{store.ids()[-1]}.png"
    assert sorted(store.folder.rglob("*")) == sorted([*before, added])


def leave_unfinished(path: Path) -> None:
    """Write the temporary file that a process leaves which is killed while it writes `path`."""
    program = "import sys, pathlib, sutja.files as f; p = pathlib.Path(sys.argv[1]); f._partial(p, p.parent).touch()"
    subprocess.run([sys.executable, "-c", program, path], check=True)


@pytest.mark.parametrize("after", [1, 4, 9])
def test_a_killed_process_loses_nothing_that_it_acknowledged(tmp_path: Path, after: int) -> None:
    folder = tmp_path / "corrections"
    process = subprocess.Popen([sys.executable, "-c", ADDER, folder, "100000"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    answered = [process.stdout.readline().strip() for _ in range(after)]
    process.send_signal(signal.SIGKILL)
    answered += process.communicate()[0].split()
    store = Corrections(folder)
    kept = store.all()
    assert [each.id for each in kept][: len(answered)] == answered
    assert len(kept) - len(answered) in (0, 1)  # the one not yet acknowledged
    for number, each in enumerate(kept):
        assert (each.correction.image == number % 256).all()
    assert len(store.add([Correction(np.zeros((28, 28), np.uint8), 1)])) == 1
    assert len(Corrections(folder).all()) == len(kept) + 1


def test_many_threads_and_processes_add_at_once(mnist: Dataset, store: Corrections) -> None:
    command = [sys.executable, "-c", ADDER, str(store.folder), "15"]
    others = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda each: store.add([each], PICTURE)[0], some(mnist, 30)))
    answers = [process.communicate()[0].split() for process in others]
    kept = {each.id: each.correction for each in store.all()}
    assert set(kept) == {*ids, *answers[0], *answers[1]}
    assert len(kept) == 60
    assert all(np.array_equal(kept[each].image, mnist.test.images[number]) for number, each in enumerate(ids))


def test_deleting_and_adding_at_once_loses_nothing(mnist: Dataset, store: Corrections) -> None:
    old = store.add(some(mnist, 10), PICTURE)
    with ThreadPoolExecutor(4) as pool:
        added = [pool.submit(Corrections(store.folder).add, [each], PICTURE) for each in some(mnist, 10)]
        deleted = [pool.submit(Corrections(store.folder).delete, [each]) for each in old]
        assert all(each.result() == 1 for each in deleted)
        new = {each.result()[0] for each in added}
    assert {each.id for each in store.all()} == new
    assert all(each.picture and each.picture.read_bytes() == PICTURE for each in store.all())


def test_a_full_disk_is_an_error_and_leaves_nothing(mnist: Dataset, store: Corrections) -> None:
    ids = store.add(some(mnist, 3))
    lines = store.folder / "corrections.jsonl"
    before = (files(store), lines.read_bytes())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        for room in (
            20,
            len(before[1]) + 100,
        ):  # too small for the digit's file; large enough for it, but not for the record
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
            with pytest.raises(StorageError, match="cannot be written"):
                store.add(some(mnist, 5), PICTURE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert (files(store), lines.read_bytes()) == before
    assert Corrections(store.folder).ids() == ids


def test_an_unwritable_place_is_an_error(mnist: Dataset, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="not a folder"):
        Corrections(tmp_path / "file")
    with pytest.raises(StorageError, match="cannot be written"):
        Corrections(tmp_path / "file" / "corrections").add(some(mnist, 1))


def test_a_folder_has_a_maximum_size(mnist: Dataset, store: Corrections, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CORRECTIONS", 3)
    monkeypatch.setattr(module, "MAX_FOLDER_PICTURE_BYTES", 1000)
    store.add(some(mnist, 2))
    with pytest.raises(StorageError, match="holds 2 corrections; the maximum is 3"):
        store.add(some(mnist, 2))
    with pytest.raises(StorageError, match="its pictures would exceed"):
        store.add(some(mnist, 1), PICTURE + bytes(1000))
    assert len(store) == 2


def test_file_names_contain_no_input(mnist: Dataset, store: Corrections) -> None:
    store.add(some(mnist, 1), b"GIF89a/../../x.sh")
    assert all(os.sep not in name.partition("/")[2] for name in files(store))
    assert {name.rpartition(".")[2] for name in files(store)} == {"png", "gif"}


def test_the_folder_is_a_data_set(mnist: Dataset, store: Corrections) -> None:
    store.add(some(mnist, 4))
    dataset = load_dataset(store.folder)
    assert dataset.name == "corrections"
    for part in (dataset.train, dataset.test):
        assert np.array_equal(part.images, mnist.test.images[:4])
        assert np.array_equal(part.labels, mnist.test.labels[:4])
    store.delete(store.ids())
    with pytest.raises(DataError, match="there are no corrections in it"):
        read_corrections(store.folder)


@pytest.mark.parametrize("form", ["idx", "npz", "png"])
@pytest.mark.parametrize(("count", "test"), [(2, [1]), (5, [4]), (6, [5]), (13, [5, 11])])
def test_an_exported_set_comes_back(
    mnist: Dataset, store: Corrections, tmp_path: Path, form: str, count: int, test: list[int]
) -> None:
    store.add(some(mnist, count))
    path = tmp_path / ("set.npz" if form == "npz" else "set")
    save_dataset(hold_out_every_sixth("set", store.digits()), path, file_format=form)
    back = load_dataset(path)
    train = sorted(set(range(count)) - set(test))
    for part, places in ((back.train, train), (back.test, test)):
        assert np.array_equal(part.images, mnist.test.images[places])
        assert np.array_equal(part.labels, mnist.test.labels[places])


def test_one_correction_is_not_a_data_set(mnist: Dataset, store: Corrections) -> None:
    store.add(some(mnist, 1))
    with pytest.raises(UsageError, match="at least two digits, one for testing; there are 1"):
        hold_out_every_sixth("set", store.digits())
