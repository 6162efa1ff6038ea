"""`sutja compare`."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from pathlib import Path

import pytest

from sutja.cli.compare import DEFAULT_RECIPES
from sutja.recipe import RECIPES
from sutja.runs.run import Run
from tests.cli.commands import Outcome, Words, fails, sutja
from tests.conftest import Undrawn

pytestmark = pytest.mark.usefixtures("one_thread")


def test_compare_finished_runs(run: Path, other_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sutja.reports.fonts.find_korean_font", lambda: "NanumGothic")
    outcome = sutja("compare", run, other_run, "--to", tmp_path / "comparison", "--language", "ko")
    assert (outcome.code, outcome.err) == (0, "")
    assert "McNemar" in outcome.out
    assert re.search(r"^(No difference can be shown between|.* is better than) .*\(p = .*\)", outcome.out, re.MULTILINE)
    assert f"Report: {tmp_path / 'comparison' / 'report.html'}" in outcome.out
    page = (tmp_path / "comparison" / "report.html").read_text(encoding="utf-8")
    assert '<html lang="ko" ' in page
    texts = re.findall("<(?:p|figcaption|th)((?: [^>]*)?)>([^<]+)<", page)
    in_one_language = [text for attributes, text in texts if "data-other" not in attributes]
    assert [text for text in in_one_language if re.search("[A-Za-z]{3} ", text)] == []
    compared = json.loads(sutja("compare", run, other_run, "--to", tmp_path / "comparison", "--json").out)
    assert [each["folder"] for each in compared["runs"]] == [str(run), str(other_run)]
    (comparison,) = compared["comparisons"]
    assert 0 <= comparison["p_value"] <= 1
    assert comparison["verdict"] in outcome.out


def test_one_line_says_that_no_korean_font_is_installed(
    run: Path, other_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("fonts", "figures"):
        monkeypatch.setattr(f"sutja.reports.{place}.find_korean_font", lambda: None)
    outcome = sutja("compare", run, other_run, "--to", tmp_path / "comparison", "--language", "ko")
    assert outcome.code == 0
    (line,) = outcome.err.splitlines()
    assert line.startswith("no Korean font here (Debian: fonts-nanum)")
    assert ">에포크</text>" in (tmp_path / "comparison" / "report.html").read_text(encoding="utf-8")


def test_one_run_twice_is_no_comparison(run: Path, tmp_path: Path) -> None:
    fails(sutja("compare", run, run, "--to", tmp_path / "comparison"), 2, "at least two different runs")


def test_a_folder_that_happens_to_have_the_name_of_a_recipe_is_not_in_its_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes after the names, here the data, is reached."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlp").mkdir()
    fails(sutja("compare", "lenet5", "mlp", "--data", "none"), 3, "none: no such file or folder")


@pytest.fixture
def short_recipes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The published recipes, of one epoch each, for those verbs that train them as they are."""
    for name, published in RECIPES.items():
        monkeypatch.setitem(RECIPES, name, dataclasses.replace(published, epochs=1))


@pytest.mark.usefixtures("short_recipes")
def test_compare_uses_what_is_finished_goes_on_with_what_was_begun_and_trains_the_rest(
    other_run: Path, data: Path, tmp_path: Path, undrawn: Undrawn
) -> None:
    shutil.copytree(other_run, tmp_path / "digits-lenet5-s0")
    Run.create(tmp_path / "digits-mlp-s0", RECIPES["mlp"], Run.open(other_run).environment)
    words: Words = ["compare", "--data", data, "--runs", tmp_path]
    with undrawn():
        first = sutja(*words)
    assert first.code == 0, first
    assert [line.split(":")[0] for line in first.err.splitlines() if "→" in line] == [
        "MLP",
        "LeNet-5 + dropout",
        "LeNet-5 + augmentation",
        "LeNet-5 + both",
    ]
    assert {path.name for path in tmp_path.iterdir()} == {
        "comparison",
        *(f"digits-{name}-s0" for name in DEFAULT_RECIPES),
    }
    assert first.out.count("p = ") == 10
    assert sutja(*words) == Outcome(0, first.out, "")


def test_networks_train_at_once_where_there_are_cores(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sutja.networks.device.share_cores", lambda trainings, requested: (trainings, 1))
    names = ("mlp:epochs=1,batch_size=60", "mlp:epochs=2,batch_size=60")
    words: Words = ["compare", *names, "--data", data, "--runs", tmp_path]
    outcome = sutja(*words)
    assert outcome.code == 0, outcome
    lines = outcome.err.splitlines()
    assert lines[0] == "2 runs"
    assert sum("→" in line for line in lines) == 2
    assert sum(" loss " in line for line in lines) == 3  # each epoch of both
    assert sutja(*words) == Outcome(0, outcome.out, "")
    again = sutja(*words, "--force")
    assert (again.code, again.err.splitlines()[0]) == (0, "2 runs")


def test_force_removes_no_folder_that_is_no_run(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sutja.networks.device.share_cores", lambda trainings, requested: (trainings, 1))
    (tmp_path / "digits-mlp-s0").mkdir()
    words: Words = ["compare", "mlp", "lenet5", "--data", data, "--runs", tmp_path, "--force"]
    fails(sutja(*words), 2, "not a run folder")
