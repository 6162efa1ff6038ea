"""The command line, most of it in this process, the rest as its users start it."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from sutja import __version__
from sutja.cli.app import app, main
from sutja.cli.compare import DEFAULT_RECIPES
from sutja.data.dataset import MNIST_FOLDER, Dataset, load_dataset, save_dataset
from sutja.evaluation.corruptions import CORRUPTIONS
from sutja.networks.model import NETWORKS
from sutja.recipe import RECIPES
from sutja.runs.results import gather, update_results
from sutja.runs.run import Run
from tests.waiting import HANG_SECONDS

Undrawn = Callable[[], AbstractContextManager[None]]
pytestmark = pytest.mark.usefixtures("one_thread")
ROOT = Path(__file__).parents[2]
Words = list[str | Path]
VERBS = (
    "train",
    "compare",
    "study",
    "read",
    "sprint",
    "ensemble",
    "distil",
    "evaluate",
    "models",
    "export",
    "recipes",
    "runs",
    "data",
)
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7]")
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")},
    "OMP_NUM_THREADS": "1",
    "PYTHONUNBUFFERED": "1",
    "TERM": "xterm-256color",
}


@dataclass(frozen=True)
class Outcome:
    """What a command left: its exit code and its two streams."""

    code: int
    out: str
    err: str


def sutja(*words: str | Path, **environment: str) -> Outcome:
    """Run the command line in this process."""
    result = CliRunner().invoke(app, [str(word) for word in words], env={"NO_COLOR": "", **environment})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Outcome(result.exit_code, result.stdout, result.stderr)


def python(*words: str | Path, folder: Path = ROOT, **environment: str) -> Outcome:
    """Run Python as a process of its own."""
    command = [sys.executable, *map(str, words)]
    environment = ENVIRONMENT | environment
    run = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=HANG_SECONDS, check=False
    )
    return Outcome(run.returncode, run.stdout, run.stderr)


def fails(outcome: Outcome, code: int, why: str) -> None:
    """Hold a failure to its form: a code, one line on standard error, nothing on standard output."""
    assert outcome.code == code, outcome
    assert why in outcome.err
    assert re.fullmatch(r"sutja: [^\n]+\n", outcome.err), outcome.err
    assert outcome.out == ""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def trained(data: Path, runs: Path) -> Outcome:
    words: Words = [
        "--set",
        "batch_size=16",
        "--seed",
        "1",
        "--data",
        data,
        "--runs",
        runs,
        "--device",
        "cpu",
        "--track",
    ]
    return sutja("train", "mlp", "--epochs", "2", *words)


@pytest.fixture(scope="module")
def run(trained: Outcome, runs: Path) -> Path:
    assert trained.code == 0, trained
    return runs / "digits-mlp-epochs=2-batch_size=16-s1"


@pytest.fixture(scope="module")
def other_run(data: Path, runs: Path, undrawn: Undrawn) -> Path:
    """LeNet-5, trained as on a terminal; without pictures."""
    terminal = Console(stderr=True, force_terminal=True, highlight=False, soft_wrap=True, width=160)
    with undrawn(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("sutja.cli.console.remarks", terminal)
        patch.setattr("sutja.cli.progress.remarks", terminal)
        outcome = sutja("train", "lenet5", "-e", "1", "-d", data, "--runs", runs, "--threads", "1")
    assert outcome.code == 0, outcome
    (runs / "bar.txt").write_text(outcome.err)
    return runs / "digits-lenet5-epochs=1-s0"


def test_help_names_every_verb() -> None:
    for words in (["--help"], ["-h"], []):
        outcome = sutja(*words)
        assert all(verb in outcome.out + outcome.err for verb in VERBS)
        assert outcome.code == (0 if words else 2)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str) -> None:
    outcome = sutja(verb, "--help")
    assert outcome.code == 0
    assert "Usage" in outcome.out


def test_main_py_passes_its_words_on() -> None:
    outcome = python("main.py", "--help")
    assert outcome.code == 0
    assert all(verb in outcome.out for verb in VERBS)


def test_the_command_line_starts_without_what_is_heavy() -> None:
    heavy = ("torch", "scipy", "cv2", "onnxruntime", "matplotlib")
    code = f"import sutja.cli.app, sys; sys.exit([name for name in {heavy} if name in sys.modules] or 0)"
    assert python("-c", code) == Outcome(0, "", "")


def test_the_version() -> None:
    assert sutja("--version") == Outcome(0, f"sutja {__version__}\n", "")


def test_main_exits_with_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["train", "lenet"])
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("sutja: unknown recipe 'lenet': did you mean 'lenet5'?")


def test_results_go_to_standard_output_and_progress_to_standard_error(trained: Outcome, run: Path) -> None:
    assert "MLP (epochs = 2, batch_size = 16, seed = 1)" in trained.out
    assert f"Report: {run / 'report.html'}\n" in trained.out
    assert f"Pictures: {run / 'figures'}\n" in trained.out
    assert "images/s" not in trained.out
    lines = trained.err.splitlines()
    assert lines[0].endswith(f"2 epochs on cpu → {run}")
    shape = (
        r"  epoch \d/2  loss [\d.]+ training, .* validation  accuracy .*% validation  [\d,]+ images/s, \d+:\d\d left"
    )
    assert [bool(re.fullmatch(shape, line)) for line in lines[1:]] == [True, True]


def test_no_animation_where_nobody_watches(trained: Outcome) -> None:
    assert "\x1b" not in trained.out + trained.err
    assert "\r" not in trained.err


def test_a_bar_on_a_terminal(other_run: Path, runs: Path) -> None:
    assert other_run.is_dir()
    shown = (runs / "bar.txt").read_text()
    assert re.search("epoch 1/1 .*━", shown)
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1  # the cursor comes back
    assert "epoch 2/1" not in shown


def test_settings_reach_the_run(run: Path) -> None:
    recipe = Run.open(run).recipe
    assert (recipe.epochs, recipe.batch_size, recipe.seed, recipe.learning_rate) == (2, 16, 1, 0.008)


def test_track_writes_events(run: Path) -> None:
    reader = importlib.import_module("tensorboard.backend.event_processing.event_accumulator")
    events = reader.EventAccumulator(str(run / "events"))
    events.Reload()
    tags = events.Tags()["scalars"]
    assert {f"{measure}/{part}" for measure in ("loss", "accuracy") for part in ("train", "validation", "test")} <= {
        *tags
    }
    assert [point.step for point in events.Scalars("loss/test")] == [1, 2]
    assert events.Scalars("loss/test")[-1].value == pytest.approx(Run.open(run).metrics()[-1]["test_loss"], rel=1e-4)


def test_track_says_what_to_install(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sutja.experiments.tensorboard", "torch.utils.tensorboard"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    outcome = sutja("train", "mlp", "--data", data, "--runs", tmp_path, "--track")
    fails(outcome, 1, "tensorboard is not installed: the extra 'track' brings it")
    assert list(tmp_path.iterdir()) == []


def test_without_the_train_extra_the_command_says_what_to_install() -> None:
    code = "import sys; sys.modules['torch'] = None; from sutja.cli.app import main; main(['train', 'mlp'])"
    fails(python("-c", code), 1, "torch is not installed: the extra 'train' brings it")


def test_a_finished_run_is_resumed_by_doing_nothing(trained: Outcome, run: Path, data: Path, runs: Path) -> None:
    before = (run / "model.onnx").stat().st_mtime_ns
    words: Words = ["--set", "batch_size=16", "-s", "1", "-d", data, "--runs", runs]
    outcome = sutja("train", "mlp", "-e", "2", *words, "--resume")
    assert outcome == Outcome(0, trained.out, "")
    assert (run / "model.onnx").stat().st_mtime_ns == before


def test_an_existing_run_is_refused(run: Path, data: Path, runs: Path) -> None:
    words: Words = ["--set", "batch_size=16", "-s", "1", "-d", data, "--runs", runs]
    fails(sutja("train", "mlp", "-e", "2", *words), 2, "exists already (finished); --resume goes on, --force")


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["train", "lenet"], 2, "unknown recipe 'lenet': did you mean 'lenet5'"),
        (["train", "mlp", "--set", "learnig_rate=1"], 2, "did you mean 'learning_rate'"),
        (["train", "mlp", "--set", "learning_rate"], 2, "expected FIELD=VALUE, as in --set learning_rate=0.02"),
        (["train", "mlp", "--set", "learning_rate=fast"], 2, "learning_rate needs a number"),
        (["train", "mlp", "--set", "network=lenet"], 2, "did you mean 'lenet5'"),
        (["train", "mlp", "--epochs", "0"], 2, "epochs = 0 is out of the range"),
        (["train", "mlp", "--seed", "-1"], 2, "seed = -1 is out of the range"),
        (["train", "mlp", "--device", "gpu"], 2, "unknown device 'gpu'"),
        (["train", "mlp", "--resume", "--force"], 2, "contradict each other"),
        (["train", "mlp", "--resume"], 2, "there is nothing to go on with: leave out --resume"),
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
        (["data", "convert", "mnist", "x", "--form", "ixd"], 2, "unknown form 'ixd': did you mean 'idx'"),
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


def test_a_place_that_cannot_be_written_is_one_line(data: Path) -> None:
    outcome = sutja("train", "mlp", "-e", "1", "--data", data, "--runs", data)
    fails(outcome, 1, str(data))


def test_models_lists_the_networks() -> None:
    outcome = sutja("models")
    assert (outcome.code, outcome.err) == (0, "")
    for text in ("lenet5", "61,706", "416,520", "mlp", "61,676", "247 kB"):
        assert text in outcome.out
    listed = json.loads(sutja("models", "--json").out)["networks"]
    assert listed.keys() == NETWORKS.keys() | {"line-reader"}
    assert listed["lenet5"] == {"parameters": 61_706, "multiply_adds": 416_520, "bytes": 246_824}


def test_recipes_lists_every_field() -> None:
    outcome = sutja("recipes")
    assert outcome.code == 0
    assert all(name in outcome.out for name in [*RECIPES, *vars(RECIPES["mlp"])] if name != "name")
    assert json.loads(sutja("recipes", "--json").out) == [dataclasses.asdict(recipe) for recipe in RECIPES.values()]


def test_runs_are_listed_with_their_state(run: Path, other_run: Path, runs: Path) -> None:
    outcome = sutja("runs", "--runs", runs)
    assert outcome.code == 0
    assert run.name in outcome.out
    assert outcome.out.count("finished") == 2
    listed = json.loads(sutja("runs", "--runs", runs, "--json").out)
    assert [each["folder"] for each in listed] == [str(other_run), str(run)]
    assert listed[1]["recipe"]["batch_size"] == 16


def test_no_runs_are_a_remark_and_an_empty_list(tmp_path: Path) -> None:
    outcome = sutja("runs", "--runs", tmp_path)
    assert (outcome.code, outcome.out) == (0, "")
    assert "`sutja train lenet5` makes one" in outcome.err
    assert json.loads(sutja("runs", "--runs", tmp_path, "--json").out) == []


def test_evaluate_measures_through_onnx(run: Path, data: Path, tmp_path: Path) -> None:
    outcome = sutja("evaluate", run, "--data", data, "--to", tmp_path)
    assert (outcome.code, outcome.err) == (0, "")
    for text in ("accuracy", "95 % interval (Wilson)", "Brier score", "precision", "read as", f"Pictures: {tmp_path}"):
        assert text in outcome.out
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == [
        "confusion.png",
        "mistakes.png",
        "reliability.png",
    ]
    measured = json.loads(sutja("evaluate", run, "--data", data, "--json").out)
    expected = Run.open(run).report["test"]
    assert measured["confusion"] == expected["confusion"]
    assert measured["loss"] == pytest.approx(expected["loss"], abs=1e-4)
    assert measured["classes"][3]["count"] == expected["classes"][3]["count"]


def test_a_run_to_choose_by_is_not_measured_on_test_digits(
    counterparts: dict[str, Run], few: Dataset, tmp_path: Path
) -> None:
    """Of the data that it was trained on; other data had no part in the choice."""
    data, other = tmp_path / "few.npz", tmp_path / "other.npz"
    save_dataset(few, data, form="npz")
    save_dataset(Dataset("other", few.train, few.test.take(np.arange(10))), other, form="npz")
    run = counterparts["validation"]
    measured = json.loads(sutja("evaluate", run.folder, "--data", data, "--json").out)
    assert measured["confusion"] == run.report["validation"]["confusion"]
    assert "few.npz, validation digits" in sutja("evaluate", run.folder, "--data", data).out.replace("\n", "")
    assert json.loads(sutja("evaluate", run.folder, "--data", other, "--json").out)["count"] == 10
    final = json.loads(sutja("evaluate", counterparts["final"].folder, "--data", data, "--json").out)
    assert final["confusion"] == counterparts["final"].report["test"]["confusion"]


def test_an_ensemble_is_told_of_and_can_be_evaluated(run: Path, other_run: Path, data: Path, tmp_path: Path) -> None:
    members = [shutil.copytree(each, tmp_path / each.name) for each in (run, other_run)]
    folder = tmp_path / "ensemble"
    words: Words = ["ensemble", *members, "--data", data]
    outcome = sutja(*words)
    assert (outcome.code, outcome.err) == (0, "")
    for text in (" test digits", run.name, other_run.name, "61,706", "McNemar p", f"Report: {folder / 'report.html'}"):
        assert text in outcome.out
    assert "The weights were chosen on the 10 validation digits of the members.\n" in outcome.out
    told = json.loads(sutja(*words, "--json", "--to", tmp_path / "again").out)
    assert told["folder"] == str(tmp_path / "again")
    assert [member["name"] for member in told["members"]] == [run.name, other_run.name]
    measured = json.loads(sutja("evaluate", folder, "--data", data, "--json").out)
    assert measured["confusion"] == told["test"]["confusion"]
    assert measured["loss"] == pytest.approx(told["test"]["loss"], abs=1e-4)
    published = tmp_path / "published"
    outcome = sutja("export", folder, "--to", published, "--no-weights")
    assert (outcome.code, outcome.err) == (0, "")
    assert re.findall("Written: (.*)", outcome.out) == [
        str(published / f"ensemble.{suffix}") for suffix in ("onnx", "json", "md")
    ]
    assert "calibrated, temperature" in sutja("evaluate", published / "ensemble.onnx", "--data", data).out
    fails(sutja("export", folder, "--study", "s.csv"), 2, "--study tells of the seeds of one recipe")
    fails(sutja("export", folder, "--calibrate-with", run), 2, "not an ensemble's folder")
    fails(sutja("compare", folder, run), 2, "ensemble: not a run folder: it is an ensemble's")
    fails(sutja(*words), 2, "ensemble: exists already; --force replaces it")
    fails(sutja("ensemble", run, "-d", data), 2, "an ensemble needs at least two runs")


def test_evaluate_on_corrupted_digits(run: Path, data: Path, tmp_path: Path) -> None:
    outcome = sutja("evaluate", run, "--data", data, "--corruptions", "--to", tmp_path)
    assert outcome.code == 0, outcome
    for name in CORRUPTIONS:
        assert re.search(rf"^ +{name} +\d+\.\d\d %", outcome.out, re.MULTILINE), name
        assert re.search(rf"^  {name} \d+\.\d\d %$", outcome.err, re.MULTILINE), name
    assert outcome.err.startswith("corrupting 40 digits, MNIST-C style\n")
    assert (tmp_path / "figures" / "corruptions.png").read_bytes().startswith(b"\x89PNG")
    as_json = sutja("evaluate", run, "--data", data, "--corruptions", "--json")
    measured = json.loads(as_json.out)
    assert as_json.err == outcome.err
    scores = {each["name"]: each for each in measured["corruptions"]["scores"]}
    assert list(scores) == list(CORRUPTIONS)
    assert scores["identity"]["errors"] == measured["errors"]
    mean = sum(scores[name]["accuracy"] for name in CORRUPTIONS if name != "identity") / 15
    assert measured["corruptions"]["mean"] == pytest.approx(mean)
    assert re.search(rf"mean of the 15 corruptions +{100 * mean:.2f} %", outcome.out)
    assert "corruptions" not in json.loads(sutja("evaluate", run, "--data", data, "--json").out)


def test_a_damaged_model_file_has_its_code(run: Path, data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    (copy / "model.onnx").write_bytes(b"no network")
    fails(sutja("evaluate", copy, "--data", data), 4, "model.onnx: not a readable ONNX file")
    (copy / "model.onnx").unlink()
    fails(sutja("evaluate", copy, "--data", data), 4, "model.onnx: no such model file")


def test_damaged_data_has_its_code(run: Path, data: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.npz"
    damaged.write_bytes(data.read_bytes()[:1000])
    fails(sutja("evaluate", run, "--data", damaged), 3, f"{damaged}: ")


def test_compare_finished_runs(run: Path, other_run: Path, tmp_path: Path) -> None:
    outcome = sutja("compare", run, other_run, "--to", tmp_path / "comparison")
    assert (outcome.code, outcome.err) == (0, "")
    assert "McNemar p" in outcome.out
    assert re.search(r"^(No difference can be shown between|.* is better than) .*\(p = .*\)", outcome.out, re.MULTILINE)
    assert f"Report: {tmp_path / 'comparison' / 'report.html'}" in outcome.out
    assert (tmp_path / "comparison" / "report.html").is_file()
    compared = json.loads(sutja("compare", run, other_run, "--to", tmp_path / "comparison", "--json").out)
    assert [each["folder"] for each in compared["runs"]] == [str(run), str(other_run)]
    (comparison,) = compared["comparisons"]
    assert 0 <= comparison["p_value"] <= 1
    assert comparison["verdict"] in outcome.out


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
    assert [line.split(":")[0] for line in first.err.splitlines() if "→" in line] == ["MLP", "LeNet-5, regularised"]
    assert {path.name for path in tmp_path.iterdir()} == {
        "comparison",
        *(f"digits-{name}-s0" for name in DEFAULT_RECIPES),
    }
    assert first.out.count("p = ") == 3
    assert sutja(*words) == Outcome(0, first.out, "")


def test_data_info_describes_and_draws(mnist: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sevens = mnist.test.take(np.flatnonzero(mnist.test.labels == 7)[:12])
    save_dataset(Dataset("sevens", sevens, sevens), Path("sevens.npz"), form="npz")
    outcome = sutja("data", "info", "sevens.npz")
    assert (outcome.code, outcome.err) == (0, "")
    sha256 = load_dataset("sevens.npz").sha256
    for text in ("sevens", "training", "class 7", "12", sha256, "sevens-samples.png"):
        assert text in outcome.out
    assert cv2.imread("sevens-samples.png") is not None
    described = json.loads(sutja("data", "info", "sevens.npz", "--sheet", "sheet.png", "--json").out)
    assert described["sha256"] == sha256
    assert described["train"]["classes"] == [0, 0, 0, 0, 0, 0, 0, 12, 0, 0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sevens-samples.png", "sevens.npz", "sheet.png"]


@pytest.mark.parametrize(("to", "form"), [("copy.npz", None), ("copy", None), ("copy", "png"), ("copy", "idx")])
def test_data_convert_keeps_every_digit(data: Path, tmp_path: Path, to: str, form: str | None) -> None:
    words: Words = ["data", "convert", data, tmp_path / to, *(["--form", form] if form else [])]
    assert sutja(*words) == Outcome(0, f"Written: {tmp_path / to}\n", "")
    assert load_dataset(tmp_path / to).sha256 == load_dataset(data).sha256
    fails(sutja(*words), 2, "exists already; --force replaces it")
    assert sutja(*words, "--force").code == 0


def test_data_download_takes_what_is_there(tmp_path: Path) -> None:
    """With all four files in place nothing is asked of the network."""
    for path in MNIST_FOLDER.glob("*.gz"):
        shutil.copy(path, tmp_path)
    outcome = sutja("data", "download", "--to", tmp_path)
    assert (outcome.code, outcome.out) == (0, f"Written: {tmp_path}\n")
    assert outcome.err.count("is there already") == 4


def test_colours_only_where_they_are_wanted() -> None:
    words = ["main.py", "train", "lenet"]
    assert COLOUR.search(python(*words, FORCE_COLOR="1").err)
    assert not COLOUR.search(python(*words, FORCE_COLOR="1", NO_COLOR="1").err)
    assert "\x1b" not in python(*words).err


def test_ctrl_c_keeps_the_last_epoch_and_says_how_to_go_on(data: Path, undrawn: Undrawn, tmp_path: Path) -> None:
    words = ["main.py", "train", "mlp", "--epochs", "200", "--data", str(data), "--runs", str(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        pipesize=4096,  # too small for the lines of 200 epochs: the command cannot finish before it is interrupted
    )
    assert process.stderr is not None
    with process:
        told: list[str] = []
        for line in process.stderr:
            if "epoch   3/200" in line and line not in told:  # a line interrupted while it is written comes twice
                process.send_signal(signal.SIGINT)
            told.append(line)
        assert process.wait(HANG_SECONDS) == 130
    message = "".join(line for line in told if "epoch " not in line or "/200" not in line)
    assert "Traceback" not in message
    assert "interrupted" in message
    assert "--resume" in message
    (folder,) = tmp_path.iterdir()
    run = Run.open(folder)
    kept = len(run.metrics())
    assert kept >= 3
    assert not run.finished
    with undrawn():
        resumed = sutja(*words[1:], "--resume", "--threads", "1")
    assert resumed.code == 0, resumed
    assert f"continues after epoch {kept}" in resumed.err or kept == 200
    assert Run.open(folder).finished
    assert [row["epoch"] for row in run.metrics()] == list(range(1, 201))


WITHOUT_TRAIN_EXTRA = """
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path

class Absent(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name in ("torch", "onnx", "onnxscript", "safetensors", "matplotlib", "jinja2"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
root, weights, *words = sys.argv[1:]
sys.path.insert(0, root)
import sutja.models.catalogue
sutja.models.catalogue.WEIGHTS = Path(weights)
from sutja.cli.app import main
main(words)
"""


def without_pytorch(*words: str | Path, weights: Path, folder: Path) -> Outcome:
    """Run the command line as where the extra `train` is not installed, with the published models of a folder."""
    return python("-c", WITHOUT_TRAIN_EXTRA, ROOT, weights, *words, folder=folder)


def test_published_models_are_measured_and_listed_without_pytorch(
    published: Path, counterparts: dict[str, Run], few: Dataset, tmp_path: Path
) -> None:
    save_dataset(few, tmp_path / "few.npz", form="npz")
    (tmp_path / published.stem).mkdir()  # no run folder: not in the way
    card = json.loads(published.with_suffix(".json").read_text(encoding="utf-8"))
    for name in (published.stem, str(published)):
        measured = without_pytorch(
            "evaluate", name, "--data", "few.npz", "--json", weights=published.parent, folder=tmp_path
        )
        assert (measured.code, measured.err) == (0, "")
        values = json.loads(measured.out)
        assert values["errors"] == card["figures"]["test"]["errors"]
        assert values["temperature"] == card["temperature"]
        assert values["calibrated"] == pytest.approx(card["figures"]["test"]["calibrated"], rel=1e-3)
    listed = without_pytorch("models", weights=published.parent, folder=tmp_path)
    assert listed.code == 0
    assert published.stem in listed.out
    assert "lenet5" not in listed.out
    assert listed.err == "The networks need PyTorch, which the extra 'train' brings: pip install '.[train]'\n"
    assert re.search(rf"{published.stem} +61,676 .*% test", listed.out)


def test_a_run_folder_wins_over_a_published_model_of_its_name(
    published: Path, counterparts: dict[str, Run], few: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sutja.models.catalogue.WEIGHTS", published.parent)
    save_dataset(few, Path("few.npz"), form="npz")
    assert "calibrated, temperature" in sutja("evaluate", published.stem, "-d", "few.npz").out
    shutil.copytree(counterparts["final"].folder, published.stem)
    outcome = sutja("evaluate", published.stem, "-d", "few.npz")
    assert outcome.code == 0
    assert "calibrated, temperature" not in outcome.out
    fails(sutja("evaluate", "lenet"), 2, f"known: {published.stem}; or name a run's folder")


def test_damaged_published_models_have_their_code(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sutja.models.catalogue.WEIGHTS", tmp_path / "weights")
    shutil.copytree(published.parent, tmp_path / "weights")
    copy = tmp_path / "weights" / published.name
    copy.write_bytes(copy.read_bytes()[:-1])
    fails(sutja("evaluate", published.stem), 4, "its SHA-256 is not that of its card")
    fails(sutja("evaluate", copy), 4, "its SHA-256 is not that of its card")
    copy.with_suffix(".json").unlink()
    fails(sutja("evaluate", published.stem), 4, "the card of the model is missing")
    fails(sutja("evaluate", tmp_path / "none.onnx"), 4, "none.onnx: no such model file")
    listed = sutja("models", "--json")
    assert listed.code == 4
    assert "the card of the model is missing" in listed.err
    assert json.loads(listed.out)["published"] == []


def test_export_makes_a_model_that_is_measured(
    counterparts: dict[str, Run], few: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    final, held_out = counterparts["final"].folder, counterparts["validation"].folder
    update_results(Path("study.csv"), [gather([counterparts["final"]])])
    words: Words = ["export", final, "--calibrate-with", held_out, "--study", "study.csv"]
    outcome = sutja(*words)
    assert outcome.code == 0, outcome
    assert outcome.err.startswith("study.csv: has nothing on several seeds of MLP (epochs = 5")
    name = final.name.removesuffix("-s0")
    for suffix in ("onnx", "safetensors", "json", "md"):
        assert f"Written: {Path(name) / name}.{suffix}\n" in outcome.out
    save_dataset(few, Path("few.npz"), form="npz")
    assert "calibrated, temperature" in sutja("evaluate", Path(name) / f"{name}.onnx", "-d", "few.npz").out
    fails(sutja(*words[:4]), 2, "exists already; --force replaces it")
    fails(sutja("export", final, "--calibrate-with", final, "--to", "x"), 2, "has no figures of validation digits")
    fails(sutja("export", final, "--study", "few.npz"), 3, "few.npz: not a file of results")
    fails(sutja("export", "none"), 2, "none: not a run folder: it does not exist")
    assert not Path("x").exists()
