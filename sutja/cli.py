"""The command line: one short function a verb. What is heavy is imported inside the verb: help comes at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer
from typer.core import TyperGroup

from sutja import __version__
from sutja.errors import SutjaError, UsageError

if TYPE_CHECKING:
    from sutja.experiment import Observer, Workplace
    from sutja.recipe import Recipe
    from sutja.run import Run

DEFAULT_RECIPES = ["lenet5", "mlp", "lenet5-regularised"]
EXTRAS = {  # module that may not be there → the extra that brings it
    "torch": "train",
    "matplotlib": "train",
    "jinja2": "train",
    "safetensors": "train",
    "onnx": "train",
    "onnxscript": "train",
    "scipy": "train",
    "tensorboard": "track",
}


class Verbs(TyperGroup):
    """Turns every failure that is expected into one line on standard error and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb; raises `typer.Exit` with the code of the failure."""
        from sutja.console import print_error

        try:
            return super().invoke(ctx)
        except SutjaError as error:
            print_error(str(error))
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            print_error(": ".join(["interrupted", *map(str, error.args)]))
            raise typer.Exit(130) from error
        except ModuleNotFoundError as error:
            extra = EXTRAS.get((error.name or "").split(".")[0])
            if extra is None:
                raise
            print_error(f"{error.name} is not installed: pip install 'sutja[{extra}]' brings it")
            raise typer.Exit(1) from error
        except OSError as error:
            if error.filename is None and error.strerror is None:
                raise
            print_error(f"{error.filename or 'writing'}: {error.strerror}")
            raise typer.Exit(1) from error


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
data_app = typer.Typer(cls=Verbs, no_args_is_help=True, help="Describe, convert and download data sets.")
app.add_typer(data_app, name="data")

Data = Annotated[
    str,
    typer.Option(
        "--data",
        "-d",
        help="`mnist`, which comes with sutja, or a path: a folder of IDX files or of train.tar and test.tar, a zip "
        "of these tars, or an .npz.",
    ),
]
Runs = Annotated[Path, typer.Option("--runs", help="The folder of the run folders.")]
Seed = Annotated[Optional[int], typer.Option("--seed", "-s", help="The seed of all that is random. [default: 0]")]
Device = Annotated[str, typer.Option("--device", help="Where to train: auto, cpu, cuda or mps.")]
Threads = Annotated[int, typer.Option("--threads", min=0, help="CPU threads; 0 takes as many as PyTorch thinks best.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there already.")]
Track = Annotated[bool, typer.Option("--track", help="Write events for TensorBoard into the run folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program instead of tables.")]


def main(words: list[str] | None = None) -> None:
    """Run the command line on `words`, by default those of the process, and exit with its code."""
    app(words)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)] = False,
) -> None:
    if version:
        print(f"sutja {__version__}")
        raise typer.Exit


@app.command(epilog="Examples: `sutja train lenet5 --epochs 3` · `sutja train mlp --set learning_rate=0.002 --seed 1`")
def train(
    recipe: Annotated[str, typer.Argument(help="The name of a recipe; `sutja recipes` lists them.")],
    epochs: Annotated[Optional[int], typer.Option("--epochs", "-e", help="How often each digit is seen.")] = None,
    seed: Seed = None,
    setting: Annotated[
        Optional[list[str]], typer.Option("--set", metavar="FIELD=VALUE", help="Change any field of the recipe.")
    ] = None,
    data: Data = "mnist",
    runs: Runs = Path("runs"),
    device: Device = "auto",
    threads: Threads = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last epoch that was kept.")] = False,
    force: Force = False,
    track: Track = False,
) -> None:
    """Train a network by a recipe into a run folder."""
    if resume and force:
        raise UsageError("--resume and --force contradict each other: go on, or begin anew?")
    changed = _changed_recipe(recipe, epochs, seed, setting or [])
    run = _train(
        changed, _workplace(data, runs, device, threads), resume=resume, force=force, track=track, hint="--resume"
    )
    _show_run(run)


def _changed_recipe(name: str, epochs: int | None, seed: int | None, settings: list[str]) -> Recipe:
    from sutja.recipe import get_recipe

    words = {}
    for setting in settings:
        field, equals, value = setting.partition("=")
        if not equals:
            raise UsageError(f"--set {setting}: expected FIELD=VALUE, as in --set learning_rate=0.02")
        words[field.strip()] = value.strip()
    options = {"epochs": epochs, "seed": seed}
    words |= {field: str(value) for field, value in options.items() if value is not None}
    return get_recipe(name).with_settings(words)


def _workplace(data: str, runs: Path, device: str, threads: int) -> Workplace:
    from sutja.dataset import load_dataset
    from sutja.experiment import Workplace

    return Workplace(load_dataset(data), runs, device, threads)


def _train(recipe: Recipe, workplace: Workplace, *, resume: bool, force: bool, track: bool, hint: str) -> Run:
    from sutja.experiment import train
    from sutja.progress import TrainingProgress

    observers: list[Observer] = [TrainingProgress()]
    if track:
        from sutja.tracking import Tracking

        observers.append(Tracking())
    try:
        return train(recipe, workplace, observers, resume=resume, force=force)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"{hint} goes on after the last epoch that was kept") from None


def _show_run(run: Run) -> None:
    from sutja.console import print_path, print_table
    from sutja.tables import run_table

    print_table(run_table([run]))
    print_path("Report", run.folder / "report.html")
    print_path("Pictures", run.folder / "figures")


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
    from sutja.run import Run

    names = names or DEFAULT_RECIPES
    recipes = {name: _changed_recipe(name, None, seed, []) for name in names if _is_recipe(name)}
    opened = {name: Run.open(Path(name)) for name in names if name not in recipes}
    if recipes:
        workplace = _workplace(data, runs, device, threads)
        for name, recipe in recipes.items():
            resume = not force and (workplace.folder(recipe) / "recipe.json").exists()
            hint = "the same command without --force" if force else "the same command"
            opened[name] = _train(recipe, workplace, resume=resume, force=force, track=track, hint=hint)
    _compare([opened[name] for name in dict.fromkeys(names)], to or runs / "comparison", as_json)


def _is_recipe(name: str) -> bool:
    """Whether a word on the command line means a recipe; raises `UsageError` when it means nothing at all."""
    from sutja.recipe import RECIPES, get_recipe

    if Path(name).is_dir() and (name not in RECIPES or (Path(name) / "recipe.json").is_file()):
        return False
    get_recipe(name)
    return True


def _compare(runs: list[Run], folder: Path, as_json: bool) -> None:
    from dataclasses import asdict

    from sutja.console import out, print_json, print_path, print_table
    from sutja.experiment import compare_runs
    from sutja.tables import comparison_table, run_table

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


@app.command(epilog="Examples: `sutja evaluate runs/lenet5-s0` · `sutja evaluate runs/lenet5-s0 --data qmnist/`")
def evaluate(
    run: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    data: Annotated[str, typer.Option("--data", "-d", help="The data whose test digits are read.")] = "mnist",
    figures: Annotated[
        Optional[Path], typer.Option("--to", help="Draw confusion matrix, reliability and mistakes into this folder.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure a trained network on the test digits, through ONNX Runtime: accuracy, calibration, mistakes."""
    from dataclasses import asdict

    from sutja.console import print_json, print_path, print_table
    from sutja.dataset import load_dataset
    from sutja.evaluation import evaluate as measure
    from sutja.inference import Classifier
    from sutja.run import Run
    from sutja.tables import class_table, confusion_table, mistake_table, score_table

    opened = Run.open(run)
    opened.require_finished()
    digits = load_dataset(data).test
    logits = Classifier(run / "model.onnx").logits(digits.images)
    report = measure(logits, digits.labels)
    if figures is not None:
        from sutja.gallery import draw_judgement

        draw_judgement(figures, digits, logits, report)
    if as_json:
        print_json(asdict(report))
        return
    print_table(score_table({f"{run.name} on {data}": report}))
    print_table(class_table(report))
    print_table(confusion_table(report), title=" most frequent confusions")
    print_table(mistake_table(report), title=" most confident mistakes")
    if figures is not None:
        print_path("Pictures", figures / "figures")


@app.command()
def models(as_json: Json = False) -> None:
    """List the networks with their size."""
    from dataclasses import asdict

    from sutja.console import print_json, print_table
    from sutja.model import NETWORKS, create, measure
    from sutja.tables import model_table

    sizes = {name: measure(create(name, seed=0)) for name in NETWORKS}
    if as_json:
        print_json({name: asdict(size) for name, size in sizes.items()})
    else:
        print_table(model_table(sizes))


@app.command()
def recipes(as_json: Json = False) -> None:
    """List the recipes with all their fields."""
    from sutja.console import print_json, print_table
    from sutja.recipe import RECIPES
    from sutja.tables import recipe_table

    listed = [vars(recipe) for recipe in RECIPES.values()]
    if as_json:
        print_json(listed)
    else:
        print_table(recipe_table(listed))


@app.command()
def runs(runs: Runs = Path("runs"), as_json: Json = False) -> None:
    """List the runs with their state and accuracy."""
    from sutja.console import print_json, print_table, remark
    from sutja.run import list_runs
    from sutja.tables import run_list_table

    found = list_runs(runs)
    if as_json:
        print_json([{"folder": str(run.folder), "state": run.state, "recipe": vars(run.recipe)} for run in found])
    elif found:
        print_table(run_list_table(found))
    else:
        remark(f"no runs in {runs}: `sutja train lenet5` makes one")


@data_app.command(epilog="Example: `sutja data info fashion-mnist/`")
def info(
    source: Annotated[str, typer.Argument(help="`mnist` or a path, as for --data.")] = "mnist",
    sheet: Annotated[
        Optional[Path], typer.Option("--sheet", help="The sheet of samples. [default: ./<name>-samples.png]")
    ] = None,
    as_json: Json = False,
) -> None:
    """Describe a data set and draw a sheet of samples."""
    from sutja.console import print_json, print_path, print_table
    from sutja.dataset import describe, load_dataset
    from sutja.plots import samples
    from sutja.report import save_figure
    from sutja.tables import dataset_table

    dataset = load_dataset(source)
    path = sheet or Path(f"{dataset.name}-samples.png")
    save_figure(samples(dataset.train), path)
    if as_json:
        print_json({**describe(dataset), "sheet": str(path)})
        return
    print_table(dataset_table(describe(dataset)))
    print_path("SHA-256 of pixels and labels", Path(dataset.sha256))
    print_path("Samples", path)


@data_app.command(
    epilog="Examples: `sutja data convert mnist mnist.npz` · `sutja data convert course.zip mnist/ --form idx`"
)
def convert(
    source: Annotated[str, typer.Argument(help="`mnist` or a path, as for --data.")],
    to: Annotated[Path, typer.Argument(help="The file or folder to write.")],
    form: Annotated[
        Optional[str],
        typer.Option(
            "--form", help="idx (gzipped), png (train.tar and test.tar) or npz. [default: npz for *.npz, else idx]"
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Write a data set in another form."""
    from sutja.console import print_path
    from sutja.dataset import load_dataset, save_dataset

    save_dataset(load_dataset(source), to, form=form or ("npz" if to.suffix == ".npz" else "idx"), force=force)
    print_path("Written", to)


@data_app.command()
def download(
    to: Annotated[Path, typer.Option("--to", help="The folder for the four files.")] = Path("data/mnist"),
) -> None:
    """Fetch MNIST's original files from the public mirrors; sutja itself needs no download.

    What was fetched before an interruption is kept and gone on with; every file is held against its SHA-256.
    """
    from sutja.console import print_path, remark
    from sutja.download import download_mnist

    download_mnist(to, say=remark)
    print_path("Written", to)
