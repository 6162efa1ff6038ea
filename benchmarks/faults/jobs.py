"""Commands that write, what must hold after they were interrupted, and the command that puts all right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from benchmarks.faults.fingerprint import fingerprint
from benchmarks.faults.material import RECIPE, Material
from benchmarks.faults.outcomes import Outcome, Result
from benchmarks.faults.pictures import numbers_picture
from benchmarks.faults.processes import empty, sutja, temporary_files
from benchmarks.faults.samples import make_corrections
from sutja.data.corrections.store import Corrections
from sutja.data.dataset import load_dataset
from sutja.models.open import open_model
from sutja.runs.results import read_results
from sutja.runs.run import Run
from sutja.training.checkpoint import load_checkpoint

Words = Sequence[str | Path]
EXPORTED = "exported"
DRAWINGS = 6
SLOWDOWN = 10  # a command hangs if it takes this many times its undisturbed duration
MIN_HANG_SECONDS = 120.0


@dataclass(frozen=True)
class Job:
    """A command that works in a folder.

    `prepare` makes what it starts from, `words` are its command line, and `next_words` what a user does next after an
    interruption. `check` reads what must be whole at any moment, and raises whatever that raises. `outcome` is what
    must have come of it in the end, interrupted or not.
    """

    prepare: Callable[[Path, Material], None]
    words: Callable[[Path, Material], Words]
    next_words: Callable[[Path, Material], Words]
    check: Callable[[Path], object]
    outcome: Callable[[Path], object]


def _nothing(folder: Path, material: Material) -> None:
    """Most commands start from nothing."""


# train


def _train_words(folder: Path, material: Material) -> list[str | Path]:
    changes = ["--epochs", "6", "--set", "batch_size=16", "--seed", "3"]
    return ["train", RECIPE, *changes, "--data", material.data, "--runs", folder / "runs", "--threads", "1"]


def _run_folders(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob("runs/[!.]*/run.json"))


def _resume_words(folder: Path, material: Material) -> list[str | Path]:
    return [*_train_words(folder, material), *(["--resume"] if _run_folders(folder) else [])]


def _check_runs(folder: Path) -> None:
    for path in _run_folders(folder):
        run = Run.open(path)
        assert run.environment and isinstance(run.metrics(), list)
        load_checkpoint(run)
        if run.finished:
            assert run.report and open_model(path).classifier(threads=1)


def _trained(folder: Path) -> object:
    (path,) = _run_folders(folder)
    run = Run.open(path)
    curves = [{name: value for name, value in row.items() if "second" not in name} for row in run.metrics()]
    return curves, (path / "model.safetensors").read_bytes(), run.load_logits("test")


# study


def _study_words(folder: Path, material: Material) -> list[str | Path]:
    recipes: list[str | Path] = [f"{name}:epochs=2,batch_size=32" for name in (RECIPE, "mlp")]
    places: list[str | Path] = ["--runs", folder / "runs", "--csv", folder / "study.csv", "--data", material.data]
    return ["study", *recipes, "--seeds", "1", "--processes", "2", *places]


def _check_study(folder: Path) -> None:
    _check_runs(folder)
    if (folder / "study.csv").exists():
        read_results(folder / "study.csv")


def _studied(folder: Path) -> object:
    return [(each.recipe, each.seeds, each.errors) for each in read_results(folder / "study.csv")]


# export


def _export_words(folder: Path, material: Material) -> list[str | Path]:
    return ["export", material.folder / "run", "--to", folder / EXPORTED, "--force"]


def _check_export(folder: Path) -> None:
    for card in (folder / EXPORTED).glob("[!.]*.json"):
        assert open_model(card.with_suffix(".onnx")).classifier(threads=1)


def _exported(folder: Path) -> object:
    _check_export(folder)
    return sorted((path.name, path.read_bytes()) for path in (folder / EXPORTED).glob("*.onnx"))


# read


def _prepare_pictures(folder: Path, _: Material) -> None:
    (folder / "pictures").mkdir()
    for number in range(DRAWINGS):
        cv2.imwrite(str(folder / "pictures" / f"{number}.png"), numbers_picture())


def _read_words(folder: Path, _: Material) -> list[str | Path]:
    return ["read", folder / "pictures", "--annotate", folder / "drawn", "--csv"]


def _check_drawings(folder: Path) -> None:
    for path in (folder / "drawn").glob("[!.]*"):
        assert cv2.imread(str(path)) is not None, path


def _drawn(folder: Path) -> object:
    _check_drawings(folder)
    return sorted(path.name for path in (folder / "drawn").iterdir())


# corrections


def _prepare_corrections(folder: Path, material: Material) -> None:
    make_corrections(folder / "corrections", material)


def _export_corrections_words(folder: Path, _: Material) -> list[str | Path]:
    return ["corrections", folder / "corrections", "--export", folder / "mine.npz", "--force"]


def _check_corrections(folder: Path) -> None:
    assert Corrections(folder / "corrections").all()
    if (folder / "mine.npz").exists():
        load_dataset(folder / "mine.npz")


def _corrections_exported(folder: Path) -> object:
    _check_corrections(folder)
    return load_dataset(folder / "mine.npz")


def _delete_words(folder: Path, _: Material) -> list[str | Path]:
    return ["corrections", folder / "corrections", "--delete", _last_id(folder), "--force"]


def _last_id(folder: Path) -> str:
    return Corrections(folder / "corrections").ids()[-1]


def _deleted(folder: Path) -> object:
    """What is left; one more is gone where the first deletion had come to its end."""
    left = len(Corrections(folder / "corrections").all())
    files = len(list((folder / "corrections" / "digits").iterdir()))
    assert left == files, "a digit without a record, or a record without its digit"
    return None


JOBS: dict[str, Job] = {
    "train": Job(_nothing, _train_words, _resume_words, _check_runs, _trained),
    "study": Job(_nothing, _study_words, _study_words, _check_study, _studied),
    "export": Job(_nothing, _export_words, _export_words, _check_export, _exported),
    "read --annotate": Job(_prepare_pictures, _read_words, _read_words, _check_drawings, _drawn),
    "corrections --export": Job(
        _prepare_corrections,
        _export_corrections_words,
        _export_corrections_words,
        _check_corrections,
        _corrections_exported,
    ),
    "corrections --delete": Job(_prepare_corrections, _delete_words, _delete_words, _check_corrections, _deleted),
}


def new_folder(job: Job, folder: Path, material: Material) -> None:
    """Prepare what a job starts from in an empty folder."""
    empty(folder)
    job.prepare(folder, material)


@dataclass(frozen=True)
class Undisturbed:
    """How a job ends when nothing interrupts it, and its seconds."""

    outcome: str
    seconds: float

    @property
    def hang_seconds(self) -> float:
        """After how long the job is taken to hang."""
        return max(MIN_HANG_SECONDS, SLOWDOWN * self.seconds)


def run_undisturbed(job: Job, folder: Path, material: Material) -> Undisturbed:
    """Run a job to its end in a folder, which is empty afterwards."""
    new_folder(job, folder, material)
    ended = sutja(*job.words(folder, material))
    assert ended.code == 0, ended
    undisturbed = Undisturbed(fingerprint(job.outcome(folder)), ended.seconds)
    empty(folder)
    return undisturbed


def recover(job: Job, folder: Path, material: Material, usual: Undisturbed) -> Result:
    """Check what an interrupted job has left, and go on as a user does: it ends as if nothing had happened."""
    try:
        job.check(folder)
    except Exception as error:
        return Result(Outcome.LOST, f"{type(error).__name__}: {error}")
    following = sutja(*job.next_words(folder, material), kill_after=usual.hang_seconds)
    if following.code != 0:
        return Result(Outcome.LOST, f"the next command: exit code {following.code}: {following.err[-200:]}")
    if fingerprint(job.outcome(folder)) != usual.outcome:
        return Result(Outcome.LOST, "another outcome after the next command")
    if left := temporary_files(folder):
        return Result(Outcome.LEFTOVER, f"after the next command: {', '.join(left[:5])}")
    return Result(Outcome.UNCHANGED)
