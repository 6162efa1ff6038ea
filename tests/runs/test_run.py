"""The run folder: begun once, kept whole, read back, and never trusted blindly."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sutja.environment import DataSource, Environment
from sutja.errors import DataError, UsageError
from sutja.evaluation.metrics import evaluate
from sutja.recipe import RECIPES
from sutja.runs.epoch import Epoch
from sutja.runs.report import RunReport
from sutja.runs.run import Manifest, Member, Run, list_runs

RECIPE = RECIPES["lenet5"]
ENVIRONMENT = Environment.now(DataSource("mnist", "abc"), device="cpu", threads=1)
ENSEMBLE = Manifest("ensemble", members=(Member("a", 0.25, RECIPE), Member("b", 0.75, RECIPES["mlp"])))
SCORES = evaluate(np.eye(10, dtype=np.float32), np.arange(10))
REPORT = RunReport(parameters=3, epochs=10, seconds=1.5, parity=0.0, figures={"validation": SCORES, "test": SCORES})


def epochs(count: int) -> list[Epoch]:
    return [Epoch(n, 1.5 * n, 1e4, 1e-3 / n, 0.5 / n, 0.9, 0.6 / n, 0.88, 0.7 / n, 0.87) for n in range(1, count + 1)]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "lenet5-s0", RECIPE, ENVIRONMENT)


def test_a_run_begins_with_its_recipe_and_its_environment(run: Run) -> None:
    assert {path.name for path in run.folder.iterdir()} == {"run.json", "environment.json"}
    opened = Run.open(run.folder)
    assert opened == run
    assert (opened.name, opened.recipe, opened.environment) == ("lenet5-s0", RECIPE, ENVIRONMENT)
    assert not opened.finished


def test_an_existing_run_is_not_overwritten(run: Run) -> None:
    run.save_metrics(epochs(2))
    with pytest.raises(UsageError, match=r"exists already \(stopped after epoch 2 of 10\); --resume continues it"):
        Run.create(run.folder, RECIPE, ENVIRONMENT)
    assert len(run.metrics()) == 2


def test_force_begins_anew(run: Run) -> None:
    run.save_metrics(epochs(2))
    again = Run.create(run.folder, RECIPES["mlp"], ENVIRONMENT, force=True)
    assert {path.name for path in run.folder.iterdir()} == {"run.json", "environment.json"}
    assert Run.open(run.folder).recipe == again.recipe == RECIPES["mlp"]


@pytest.mark.parametrize("name", ["run.json", "recipe.json", "ensemble.json"])
def test_force_replaces_a_damaged_run_and_one_of_a_former_version(tmp_path: Path, name: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / name).write_text("{}")
    with pytest.raises((UsageError, DataError), match=r"former version|damaged"):
        Run.create(tmp_path / "run", RECIPE, ENVIRONMENT)
    assert Run.open(Run.create(tmp_path / "run", RECIPE, ENVIRONMENT, force=True).folder).recipe == RECIPE


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_that_is_no_run_is_never_deleted(tmp_path: Path, force: bool) -> None:
    precious = tmp_path / "photographs" / "cat.png"
    precious.parent.mkdir()
    precious.write_bytes(b"cat")
    with pytest.raises(UsageError, match="not a run folder"):
        Run.create(precious.parent, RECIPE, ENVIRONMENT, force=force)
    assert precious.read_bytes() == b"cat"


@pytest.mark.parametrize("force", [False, True])
def test_a_file_in_the_place_of_the_folder_is_kept(tmp_path: Path, force: bool) -> None:
    file = tmp_path / "lenet5-s0"
    file.write_text("mine")
    with pytest.raises(UsageError, match="not a run folder"):
        Run.create(file, RECIPE, ENVIRONMENT, force=force)
    assert file.read_text() == "mine"


def test_what_is_no_run_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none: not a run folder: it does not exist"):
        Run.open(tmp_path / "none")
    with pytest.raises(UsageError, match=r"not a run folder: there is no run\.json in it"):
        Run.open(tmp_path)


def test_the_state_in_words(run: Run) -> None:
    assert run.state == "stopped after epoch 0 of 10"
    run.save_metrics(epochs(3))
    assert run.state == "stopped after epoch 3 of 10"
    run.save_report(REPORT)
    assert run.state == "finished"
    assert run.finished


def test_the_report_comes_with_the_end(run: Run) -> None:
    with pytest.raises(UsageError, match=r"not finished \(stopped after epoch 0 of 10\): .*--resume"):
        _ = run.report
    run.save_report(REPORT)
    assert run.report == REPORT


@pytest.mark.parametrize("content", ['{"foreign": 1}', '{"test": 3}', '{"test": {"accuracy": "x"}}'])
def test_a_foreign_report_is_named(run: Run, content: str) -> None:
    (run.folder / "report.json").write_text(content)
    with pytest.raises(DataError, match=r"report\.json: damaged"):
        _ = run.report


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def emptied(content: bytes) -> bytes:
    return b""


def replaced(content: bytes) -> bytes:
    return b"these are no \xff\xfe numbers" * 50


every_damage = pytest.mark.parametrize("damage", [truncated, emptied, replaced])


class Payload:
    """Pickled, it is the wish to run a command."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize(
    "content",
    [
        b"epoch,train_loss\n1,high\n",
        b"epoch,train_loss\n1\n",
        b"epoch,train_loss\n1,2,3\n",
        b"\xff\xfe\x00",
        b"epoch,train_loss\n1," + b"9" * 200_000 + b"\n",
    ],
    ids=["word", "short", "long", "binary", "huge"],
)
def test_damaged_curves_are_named(run: Run, content: bytes) -> None:
    (run.folder / "metrics.csv").write_bytes(content)
    with pytest.raises(DataError, match=r"metrics\.csv: "):
        run.metrics()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"\xff\xfe", b'{"a": 1} x'])
@pytest.mark.parametrize("name", ["environment.json", "report.json"])
def test_damaged_json_is_named(run: Run, name: str, content: bytes) -> None:
    (run.folder / name).write_bytes(content)
    with pytest.raises(DataError, match=name.replace(".", r"\.") + ": ") as caught:
        _ = run.environment if name == "environment.json" else run.report
    assert caught.value.exit_code == 3


def test_a_damaged_recipe_is_named(run: Run) -> None:
    (run.folder / "run.json").write_text('{"kind": "digits", "recipe": {}}')
    with pytest.raises(DataError, match=r"run\.json: damaged: recipe: not a recipe"):
        Run.open(run.folder)


def saved_logits(run: Run) -> dict[str, Any]:
    random, parts = np.random.default_rng(0), ("validation", "test")
    logits = {part: random.normal(size=(20, 10)).astype(np.float32) for part in parts}
    labels = {part: random.integers(0, 10, 20) for part in parts}
    run.save_logits(logits, labels)
    return {f"{part}_logits": logits[part] for part in parts} | {f"{part}_labels": labels[part] for part in parts}


@pytest.mark.parametrize("part", ["validation", "test"])
def test_logits_come_back(run: Run, part: str) -> None:
    arrays = saved_logits(run)
    logits, labels = run.load_logits(part)
    assert (logits.dtype.name, labels.dtype.name) == ("float32", "int64")
    np.testing.assert_array_equal(logits, arrays[f"{part}_logits"])
    np.testing.assert_array_equal(labels, arrays[f"{part}_labels"])


@every_damage
def test_damaged_logits_are_named(run: Run, damage: Callable[[bytes], bytes]) -> None:
    saved_logits(run)
    path = run.folder / "logits.npz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=r"logits\.npz: missing or damaged"):
        run.load_logits("test")


def test_missing_logits_are_named(run: Run) -> None:
    with pytest.raises(DataError, match=r"logits\.npz: missing or damaged"):
        run.load_logits("test")
    saved_logits(run)
    with pytest.raises(UsageError, match="no figures of training digits"):
        run.load_logits("training")


def test_a_single_array_is_no_archive(run: Run) -> None:
    with (run.folder / "logits.npz").open("wb") as file:
        np.save(file, np.zeros((20, 10), np.float32))
    with pytest.raises(DataError, match=r"logits\.npz: missing or damaged"):
        run.load_logits("test")


def test_logits_that_are_pickled_objects_are_refused(run: Run, tmp_path: Path) -> None:
    objects = np.array([Payload(tmp_path / "executed")], dtype=object)
    np.savez(run.folder / "logits.npz", test_logits=objects, test_labels=np.zeros(1, np.int64))
    with pytest.raises(DataError, match=r"logits\.npz: missing or damaged"):
        run.load_logits("test")
    assert not (tmp_path / "executed").exists()


@pytest.fixture(scope="module")
def run_with_logits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, bytes]:
    run = Run.create(tmp_path_factory.mktemp("runs") / "lenet5-s0", RECIPE, ENVIRONMENT)
    saved_logits(run)
    return run, (run.folder / "logits.npz").read_bytes()


@given(st.data())
@settings(derandomize=True, max_examples=300)
def test_logits_with_a_flipped_bit_are_the_same_or_named(
    run_with_logits: tuple[Run, bytes], data: st.DataObject
) -> None:
    run, content = run_with_logits
    bit = data.draw(st.integers(0, 8 * len(content) - 1))
    damaged = bytearray(content)
    damaged[bit // 8] ^= 1 << bit % 8
    (run.folder / "logits.npz").write_bytes(content)
    expected = run.load_logits("test")
    (run.folder / "logits.npz").write_bytes(damaged)
    try:
        logits, labels = run.load_logits("test")
    except DataError:
        return
    np.testing.assert_array_equal(logits, expected[0])
    np.testing.assert_array_equal(labels, expected[1])


def test_runs_and_ensembles_are_listed_by_name(tmp_path: Path) -> None:
    for name in ("mlp-s0", "lenet5-s1", "lenet5-s0"):
        Run.create(tmp_path / name, RECIPES[name.split("-")[0]], ENVIRONMENT)
    Run(tmp_path / "all", ENSEMBLE).begin(ENVIRONMENT)
    (tmp_path / "comparison").mkdir()
    (tmp_path / "notes.txt").write_text("")
    runs, damages = list_runs(tmp_path)
    assert [run.name for run in runs] == ["all", "lenet5-s0", "lenet5-s1", "mlp-s0"]
    assert damages == []
    assert list_runs(tmp_path / "none") == ([], [])


def test_an_ensemble_is_a_run_without_a_recipe(tmp_path: Path) -> None:
    run = Run(tmp_path / "all", ENSEMBLE)
    run.begin(ENVIRONMENT)
    assert Run.open(run.folder) == run
    assert (run.reads, run.protocol, run.evaluated_on, run.title) == (
        "digits",
        "curves",
        "test",
        "Ensemble of 2 networks",
    )
    assert run.networks == ENSEMBLE.members
    with pytest.raises(UsageError, match="not finished"):
        _ = run.report
    with pytest.raises(UsageError, match="all: is an ensemble: this is for the run of a single network"):
        _ = run.recipe


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        ({"kind": "digits"}, "a network for digits needs its recipe"),
        ({"kind": "lines", "recipe": RECIPE}, "a network for lines needs its recipe"),
        ({"kind": "ensemble"}, "an ensemble needs members"),
        ({"kind": "ensemble", "recipe": RECIPE, "members": ENSEMBLE.members}, "and has no recipe"),
        ({"kind": "ensemble", "members": ENSEMBLE.members[:1]}, "do not add up to 1"),
        (
            {
                "kind": "ensemble",
                "members": (Member("a", 0.5, RECIPE), Member("b", 0.5, dataclasses.replace(RECIPE, protocol="final"))),
            },
            "several protocols",
        ),
    ],
)
def test_a_manifest_without_sense_is_refused(manifest: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Manifest(**manifest)
    with pytest.raises(ValueError, match=r"weight = 2 is not from 0 to 1"):
        Member("a", 2, RECIPE)


def test_a_broken_run_does_not_hide_the_others(tmp_path: Path) -> None:
    for name in ("lenet5-s0", "mlp-s0"):
        Run.create(tmp_path / name, RECIPES[name.split("-")[0]], ENVIRONMENT)
    (tmp_path / "mlp-s0" / "run.json").write_text("{}")
    runs, damages = list_runs(tmp_path)
    assert [run.name for run in runs] == ["lenet5-s0"]
    assert [str(error).split(": ")[0] for error in damages] == [str(tmp_path / "mlp-s0" / "run.json")]


def test_a_file_is_no_folder_of_runs(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("dear")
    with pytest.raises(UsageError, match="not a folder"):
        list_runs(tmp_path / "thesis.txt")
