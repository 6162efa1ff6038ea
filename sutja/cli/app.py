"""The command line: one short function a verb. What is heavy is imported inside the verb: help comes at once."""

from __future__ import annotations

import atexit
import copy
import gc
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sutja import __version__
from sutja.cli.common import Data, Device, Force, Json, Runs, Verbs, WordError, tell_failure
from sutja.cli.corrections import corrections
from sutja.cli.data import data_app
from sutja.cli.ensemble import ensemble
from sutja.cli.models import evaluate, export, models
from sutja.cli.read import read
from sutja.cli.serve import serve
from sutja.cli.sprint import sprint
from sutja.cli.study import study
from sutja.cli.train import Seed, Threads, Track, changed_recipe, open_workplace, settings_of, train, train_watched
from sutja.errors import UsageError

if TYPE_CHECKING:
    from sutja.runs.run import Run

YOUNG = 10_000  # objects that are made before garbage is looked for: modules make many, and no garbage
DEFAULT_RECIPES = ["lenet5", "mlp", "lenet5-regularised"]
app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="sutja (숫자): train, measure, compare and use recognisers of handwritten digits.",
    epilog="First steps: `sutja compare` trains LeNet-5 and an MLP and shows which is better.",
)
app.add_typer(data_app, name="data")
app.command(
    epilog="Examples: `sutja read photo.jpg` · `sutja read scans/ --csv` · `sutja read photo.jpg --annotate out`"
)(read)
app.command(epilog="Examples: `sutja serve --open` · `sutja serve --host 0.0.0.0` · `sutja serve --model runs/mine`")(
    serve
)
app.command(epilog="Examples: `sutja corrections` · `sutja corrections --export mine.npz` · `… --delete 2d0ee9ee`")(
    corrections
)
app.command(epilog="Examples: `sutja sprint` · `sutja sprint --target 99.5 --seeds 10`")(sprint)


def main(words: list[str] | None = None) -> None:
    """Run the command line on `words`, by default those of the process, and exit with its code."""
    gc.set_threshold(YOUNG)
    atexit.register(gc.freeze)  # nor is garbage looked for at the end, which would take a tenth of a second
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # not every encoding knows "…" and "–"
    words = sys.argv[1:] if words is None else words
    try:
        code = _only(words[:1])(words, standalone_mode=False)
    except WordError as error:
        if text := error.format_message():
            tell_failure(f"{text} (--help explains)")
        else:  # no words at all
            print(error.ctx.get_help(), file=sys.stderr)
        code = 2
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def _only(verbs: list[str]) -> typer.Typer:
    """The command line with the one verb that is asked for, or all where it is none: to build each takes its time."""
    asked = [command for command in app.registered_commands if command.callback and command.callback.__name__ in verbs]
    if not asked:
        return app
    smaller = copy.copy(app)
    smaller.registered_commands, smaller.registered_groups = asked, []
    return smaller


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)] = False,
) -> None:
    if version:
        print(f"sutja {__version__}")
        raise typer.Exit


app.command(
    epilog="Examples: `sutja train lenet5 --epochs 3` · `sutja train mlp --set learning_rate=0.002 --seed 1` · "
    "`sutja train --from convnet-small --data corrections`"
)(train)


@app.command(epilog="Examples: `sutja compare` · `sutja compare lenet5 mlp --seed 1` · `sutja compare runs/*-s0`")
def compare(
    names: Annotated[
        Optional[list[str]],
        typer.Argument(
            help="Recipes, which are trained where no run is there, or run folders. [default: the main three]"
        ),
    ] = None,
    seed: Seed = None,
    data: Data = "mnist",
    runs: Runs = Path("runs"),
    to: Annotated[Optional[Path], typer.Option("--to", help="The report's folder. [default: RUNS/comparison]")] = None,
    device: Device = "auto",
    threads: Threads = 0,
    force: Force = False,
    track: Track = False,
    as_json: Json = False,
) -> None:
    """Train what is not trained yet, and compare networks on the same test digits.

    Without names: LeNet-5, an MLP of the same size, and LeNet-5 with dropout and augmentation. Runs that are finished
    are used as they are, runs that were interrupted go on.
    """
    from sutja.experiments.experiment import check_comparable
    from sutja.runs.run import Run

    names = list(dict.fromkeys(names or DEFAULT_RECIPES))
    recipes = {name: changed_recipe(name, settings_of(None, seed, [])) for name in names if _is_recipe(name)}
    for name, recipe in recipes.items():
        recipe.require_single_digits(name)
    opened = {name: Run.open(Path(name)) for name in names if name not in recipes}
    folder = to or runs / "comparison"
    if recipes:
        workplace = open_workplace(data, runs, device, threads)
        there = {run.folder.resolve() for run in opened.values()}
        more = sum(workplace.folder(recipe).resolve() not in there for recipe in recipes.values())
        # What would fail at the end is said before minutes of training.
        check_comparable(_different(list(opened.values())), workplace.dataset.sha256, more=more)
        folder.mkdir(parents=True, exist_ok=True)
        for name, recipe in recipes.items():
            resume = not force and (workplace.folder(recipe) / "recipe.json").exists()
            hint = "the same command without --force" if force else "the same command"
            opened[name] = train_watched(recipe, workplace, resume=resume, force=force, track=track, hint=hint)
    _compare(_different([opened[name] for name in names]), folder, as_json)


def _different(runs: list[Run]) -> list[Run]:
    """The runs without those that lie in the same folder as one before."""
    return list({run.folder.resolve(): run for run in runs}.values())


def _is_recipe(name: str) -> bool:
    """Whether a word on the command line means a recipe; raises `UsageError` when it means nothing at all."""
    from sutja.recipe import RECIPES, get_recipe

    if Path(name).is_dir() and (name not in RECIPES or (Path(name) / "recipe.json").is_file()):
        return False
    if Path(name).name != name:
        return False  # a path, if of a folder that is not there: opening it says so
    get_recipe(name)
    return True


def _compare(runs: list[Run], folder: Path, as_json: bool) -> None:
    from dataclasses import asdict

    from sutja.cli.console import out, print_json, print_path, print_table
    from sutja.experiments.experiment import compare_runs
    from sutja.reports.tables import comparison_table, run_table

    comparisons = compare_runs(runs, folder)
    if as_json:
        print_json(
            {
                "runs": [{"folder": str(run.folder), "recipe": vars(run.recipe), **run.report} for run in runs],
                "comparisons": [{**asdict(each), "verdict": each.verdict} for each in comparisons],
            }
        )
        return
    print_table(run_table(runs))
    print_table(comparison_table(comparisons))
    for each in comparisons:
        out.print(each.verdict, markup=False)
    print_path("\nReport", folder / "report.html")
    for run in runs:
        print_path("Pictures", run.folder / "figures")


app.command(
    epilog="Examples: `sutja study lenet5 mlp --seeds 5` · `sutja study mlp mlp:dropout=0.1 --held-out --seeds 3`"
)(study)
app.command(epilog="Example: `sutja ensemble runs/lenet5-s0 runs/lenet5-s1 runs/mlp-s0`")(ensemble)
app.command(epilog="Examples: `sutja evaluate runs/lenet5-s0` · `sutja evaluate lenet5.onnx --data qmnist/`")(evaluate)
app.command()(models)
app.command(epilog="Example: `sutja export runs/lenet5-s0 --to models`")(export)


@app.command(epilog="Example: `sutja teach runs/convnet-protocol=held-out-s* --to runs/convnets.lessons.npz`")
def teach(
    runs: Annotated[list[Path], typer.Argument(help="The folders of finished runs: together they are the teacher.")],
    to: Annotated[
        Path, typer.Option("--to", help="The file; `teacher=NAME` of a recipe means NAME.lessons.npz among the runs.")
    ] = Path("runs/teacher.lessons.npz"),
    views: Annotated[int, typer.Option("--views", min=1, max=1000, help="How often each digit is distorted.")] = 12,
    augmentation: Annotated[
        str, typer.Option("--augmentation", help="How the digits are distorted.")
    ] = "affine-elastic",
    data: Data = "mnist",
    threads: Threads = 0,
    force: Force = False,
) -> None:
    """Let trained networks answer to distorted training digits: smaller ones learn from that.

    `sutja train tiny --set teacher=NAME --set augmentation=none` then learns from RUNS/NAME.lessons.npz.
    """
    from sutja.cli.console import print_path, watch
    from sutja.experiments.experiment import teach_from_runs
    from sutja.runs.run import Run

    if to.exists() and not force:
        raise UsageError(f"{to}: exists already; --force replaces it")
    if to.suffix != ".npz" or to.is_dir():  # said before minutes of work
        raise UsageError(f"{to}: lessons are a file: its name must end in .lessons.npz")
    workplace = open_workplace(data, to.parent, "cpu", threads)
    done = teach_from_runs([Run.open(run) for run in runs], workplace, to, augmentation=augmentation, views=views)
    for _ in watch(done, lambda number: f"view {number}", total=views):
        pass
    print_path("Lessons", to)


@app.command()
def recipes(as_json: Json = False) -> None:
    """List the recipes with all their fields."""
    from sutja.cli.console import print_json, print_table
    from sutja.recipe import RECIPES
    from sutja.reports.tables import recipe_table

    listed = [vars(recipe) for recipe in RECIPES.values()]
    if as_json:
        print_json(listed)
    else:
        print_table(recipe_table(listed))


@app.command()
def runs(runs: Runs = Path("runs"), as_json: Json = False) -> None:
    """List the runs with their state and accuracy."""
    from sutja.cli.console import print_error, print_json, print_table, remark
    from sutja.reports.tables import run_list_table
    from sutja.runs.run import list_runs

    found, damages = list_runs(runs)
    if as_json:
        print_json([{"folder": str(run.folder), "state": run.state, "recipe": vars(run.recipe)} for run in found])
    elif found:
        print_table(run_list_table(found))
    elif not damages:
        remark(f"no runs in {runs}: `sutja train lenet5` makes one")
    for damage in damages:
        print_error(str(damage))
    if damages:
        raise typer.Exit(damages[0].exit_code)
