"""The fault harness: it damages in every way, judges every outcome rightly, and a small seed of it finds nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest

from benchmarks.faults import pool
from benchmarks.faults.bombs import BOMBS, png
from benchmarks.faults.disks import small_disk, try_disks
from benchmarks.faults.files import TRAINED_PARTS
from benchmarks.faults.fingerprint import fingerprint
from benchmarks.faults.forms import repair_png
from benchmarks.faults.material import Material, make_material
from benchmarks.faults.mutations import MUTATIONS, mutate
from benchmarks.faults.outcomes import FAULTS, Outcome, Result, Tally, judge
from benchmarks.faults.pool import Bench, Worker
from benchmarks.faults.processes import is_alone, judge_command, start, sutja, temporary_files
from benchmarks.faults.samples import FORMS
from benchmarks.faults.server import has_idle_text, idle_text, judge_hostile, judge_log, judge_sound, memory_growth
from benchmarks.faults.session import Session
from sutja.data.digits import Digits
from sutja.errors import DataError, UsageError
from sutja.reading.picture import decode_picture

CASES = 3  # of each form
UNTRAINED = {name: form for name, form in FORMS.items() if form.part not in TRAINED_PARTS}
SMALL_BOMBS = [name for name in BOMBS if "gibibyte" not in name and "run" not in name and "ensemble" not in name]


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return make_material(tmp_path_factory.mktemp("material"))


def bench(name: str, material: Material, folder: Path) -> Bench:
    """A form's sample, to be damaged."""
    form = (FORMS | BOMBS)[name]
    (folder / "sample").mkdir()
    form.make(folder / "sample", material)
    return Bench(form, folder / "sample", folder / "damaged")


@pytest.mark.parametrize("name", UNTRAINED)
def test_damaged_files_are_refused_or_read_as_before(name: str, material: Material, tmp_path: Path) -> None:
    damaged = bench(name, material, tmp_path)
    for number in range(CASES):
        result = damaged.run(0, number)
        assert result.outcome not in FAULTS, result


@pytest.mark.parametrize("name", SMALL_BOMBS)
def test_hostile_files_are_refused(name: str, material: Material, tmp_path: Path) -> None:
    assert bench(name, material, tmp_path).run(0, 0).outcome == Outcome.REFUSED


@pytest.mark.parametrize("content", [bytes(range(256)) * 40, b'{"a": 1.5, "b": [true, "text"]}\n' * 20, b"", b"x"])
def test_damage_differs_from_the_content_and_is_repeatable(content: bytes) -> None:
    kinds = set()
    for seed in range(300):
        kind, mutated = mutate(content, np.random.default_rng(seed))
        assert mutated != content
        assert (kind, mutated) == mutate(content, np.random.default_rng(seed))
        kinds |= set(kind.split("+"))
    assert kinds == set(MUTATIONS) or len(content) < 2


def test_a_sample_is_restored_after_each_case(material: Material, tmp_path: Path) -> None:
    damaged = bench("corrections: records", material, tmp_path)
    path = damaged.folder / "corrections.jsonl"
    before = path.read_bytes()
    damaged.run(0, 1)
    assert path.read_bytes() == before


def test_a_repaired_png_has_sound_checksums() -> None:
    sound = png(28, 28)
    broken = sound.replace(b"IEND\xae", b"IEND\xaf")
    assert broken != sound
    assert repair_png(b"", broken) == sound
    with pytest.raises(DataError, match="checksum"):
        decode_picture(broken, "broken")


def test_equal_values_have_equal_fingerprints() -> None:
    images = np.zeros((2, 28, 28), np.uint8)
    digits, same, other = (Digits(images, np.array(labels)) for labels in ([1, 2], [1, 2], [1, 3]))
    assert fingerprint({"a": [digits, Path("x")]}) == fingerprint({"a": [same, Path("y")]})
    assert fingerprint(digits) != fingerprint(other)
    assert fingerprint([1, [2]]) != fingerprint([[1], 2])


def refuse(error: Exception) -> str:
    raise error


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (DataError("file: damaged"), Outcome.REFUSED),
        (UsageError("file: damaged"), Outcome.MISREPORTED),
        (DataError(""), Outcome.MISREPORTED),
        (PermissionError(13, "Permission denied", "file"), Outcome.REFUSED),
        (OSError("no code"), Outcome.TRACEBACK),
        (RecursionError("too deep"), Outcome.TRACEBACK),
    ],
)
def test_refusals_are_judged(error: Exception, outcome: Outcome) -> None:
    result = judge(lambda: refuse(error), "a", exit_codes=frozenset({3}), checksummed=True)
    assert result.outcome == outcome


def test_another_value_is_a_fault_only_in_spite_of_a_checksum() -> None:
    def outcome(expected: str | None, *, checksummed: bool) -> Outcome:
        return judge(lambda: "b", expected, exit_codes=frozenset({3}), checksummed=checksummed).outcome

    assert outcome("b", checksummed=True) == outcome(None, checksummed=True) == Outcome.UNCHANGED
    assert outcome("a", checksummed=False) == Outcome.CHANGED
    assert outcome("a", checksummed=True) == Outcome.SILENT


def test_tallies_add_up() -> None:
    tally = Tally()
    for result in (Result(Outcome.REFUSED), Result(Outcome.SILENT, "a\nb")):
        tally.add(result, "again")
    assert (tally.tried, tally.faults) == (2, 1)
    assert tally.findings == [{"outcome": "silent", "detail": "a b", "repeat": "again"}]
    assert tally.merged(tally.to_json()).to_json()["counts"] == {"refused": 2, "silent": 2}


def test_a_worker_that_hangs_grows_or_dies_is_replaced(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "IDX"
    (tmp_path / "samples" / name).mkdir(parents=True)
    FORMS[name].make(tmp_path / "samples" / name, material)
    worker = Worker(tmp_path / "samples", tmp_path / "worker")
    try:
        assert worker.run(name, 0, 0).outcome not in FAULTS
        for constant, value, outcome in (
            ("HANG_SECONDS", -1.0, Outcome.HANG),
            ("WAIT_SECONDS", -1.0, Outcome.HANG),
            ("MAX_GROWTH_BYTES", -(1 << 40), Outcome.MEMORY),
        ):
            with monkeypatch.context() as patch:
                patch.setattr(pool, constant, value)
                patch.setattr(pool, "POLL_SECONDS", 0.0)
                assert worker.run(name, 0, 1).outcome == outcome
        assert worker.run(name, 0, 2).outcome not in FAULTS
        assert worker._process is not None and worker._process.pid is not None
        os.kill(worker._process.pid, signal.SIGKILL)
        assert worker.run(name, 0, 3).outcome == Outcome.TRACEBACK
    finally:
        worker.close()


def test_cases_take_turns_until_the_count() -> None:
    session = Session(Path(), count=2)
    assert list(session.cases(["a", "b"])) == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert list(Session(Path(), case=7, kind="a").cases(["a"])) == [("a", 7)]
    assert Session(Path(), kind="b").wanted(["a", "b"]) == ["b"]
    measured = session.try_all("part", session.cases(["a"]), lambda lane, kind, number: Result(Outcome.REFUSED))
    assert measured.tallies["a"].tried == 2


def test_commands_are_judged(tmp_path: Path) -> None:
    assert judge_command(sutja("--version"), (0,)).outcome == Outcome.UNCHANGED
    refused = sutja("data", "info", tmp_path)
    assert judge_command(refused, (3,)).outcome == Outcome.REFUSED
    assert judge_command(refused, (4,)).outcome == Outcome.MISREPORTED
    for limit in ({"kill_after": 0}, {"hang_seconds": 0}):
        assert judge_command(sutja("--version", **limit), (0,)).outcome == Outcome.HANG


def test_where_no_disk_can_be_mounted_no_file_grows_beyond_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(Session, "trained", Session.material)
    with small_disk(tmp_path / "disk") as mounted:
        assert not mounted
    tally = try_disks(Session(tmp_path, count=2, kind="corrections --export"), "disks").tallies["corrections --export"]
    assert tally.faults == 0, tally.findings
    assert tally.counts[Outcome.REFUSED] > 0  # a limit below the 4 kB of the export


def test_what_a_command_leaves_is_found(tmp_path: Path) -> None:
    for name in (".a.png.x.png", "b.gz.part", ".lock", "c.png"):
        (tmp_path / name).touch()
    assert temporary_files(tmp_path) == [".a.png.x.png", "b.gz.part"]
    process = start("serve", "--port", "0", "--corrections", tmp_path / "c", stdout=subprocess.PIPE, stderr=-3)
    assert not is_alone(process.pid, 0)
    process.communicate()
    assert is_alone(process.pid)


def test_a_reading_is_compared_with_what_an_undisturbed_reader_reads() -> None:
    assert has_idle_text(json.dumps({"text": idle_text()}).encode())
    assert not has_idle_text(json.dumps({"text": idle_text() + "0"}).encode())


def test_answers_of_the_server_are_judged(tmp_path: Path) -> None:
    def right(body: bytes) -> bool:
        return body == b"7"

    sound = {status: judge_sound(status, b"7", right, "read").outcome for status in (200, 422, 500, 503, 0)}
    assert list(sound.values()) == [
        Outcome.UNCHANGED,
        Outcome.MISREPORTED,
        Outcome.TRACEBACK,
        Outcome.REFUSED,
        Outcome.LOST,
    ]
    assert judge_sound(200, b"1", right, "read").outcome == Outcome.SILENT
    hostile = [judge_hostile(status, b"", "a bomb").outcome for status in (200, 413, 504, 500, 0)]
    assert [outcome in FAULTS for outcome in hostile] == [False, False, False, True, False]
    log = tmp_path / "log"
    for text, outcome in (
        ("stopped\n", Outcome.UNCHANGED),
        ("WARNING:  a reader process has ended while it was idle\n", Outcome.UNCHANGED),
        ("libpng error\n", Outcome.NOISY),
        ("Traceback (most recent call last):\n", Outcome.TRACEBACK),
    ):
        log.write_text(text)
        assert judge_log(log).outcome == outcome


def test_memory_growth_leaves_out_the_warm_up() -> None:
    assert memory_growth([10, 50, 100, 100, 100, 100, 100, 100, 110, 110]) == pytest.approx(0.1)
    assert memory_growth([100]) == 0
