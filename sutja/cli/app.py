"""The command line: one module for each command. Commands import heavy modules when they run, so help starts fast."""

from __future__ import annotations

import atexit
import copy
import gc
import io
import sys
from typing import Annotated

import typer

from sutja import __version__
from sutja.cli.common import CommandGroup, CommandLineError, print_failure, report_os_error
from sutja.cli.compare import compare
from sutja.cli.corrections import corrections
from sutja.cli.data import data_app
from sutja.cli.distil import distil
from sutja.cli.ensemble import ensemble
from sutja.cli.evaluate import evaluate
from sutja.cli.export import export
from sutja.cli.models import models
from sutja.cli.read import read
from sutja.cli.recipes import recipes
from sutja.cli.runs import runs
from sutja.cli.serve import serve
from sutja.cli.sprint import sprint
from sutja.cli.study import study
from sutja.cli.train import train

GC_THRESHOLD_OBJECTS = 10_000  # allocations before a collection: imports allocate many objects and leave no garbage
app = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="sutja (숫자): train, evaluate, compare and use recognisers of handwritten digits.",
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
app.command(
    epilog="Examples: `sutja train lenet5 --epochs 3` · `sutja train mlp --set learning_rate=0.002 --seed 1` · "
    "`sutja train --from convnet-small --data corrections`"
)(train)
app.command(epilog="Examples: `sutja compare` · `sutja compare lenet5 mlp --seed 1` · `sutja compare runs/*-s0`")(
    compare
)
app.command(
    epilog="Examples: `sutja study lenet5 mlp --seeds 5` · `sutja study mlp mlp:dropout=0.1 --validation --seeds 3`"
)(study)
app.command(epilog="Example: `sutja ensemble runs/lenet5-s0 runs/lenet5-s1 runs/mlp-s0`")(ensemble)
app.command(epilog="Examples: `sutja evaluate runs/lenet5-s0` · `sutja evaluate lenet5.onnx --data qmnist/`")(evaluate)
app.command()(models)
app.command(epilog="Example: `sutja export runs/lenet5-s0 --to models`")(export)
app.command(epilog="Example: `sutja distil runs/convnet-protocol=validation-s* --to runs/convnets.targets.npz`")(distil)
app.command()(recipes)
app.command()(runs)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    if version:
        print(f"sutja {__version__}")
        raise typer.Exit


def main(arguments: list[str] | None = None) -> None:
    """Run the command line on `arguments`, by default those of the process, and exit with its code."""
    gc.set_threshold(GC_THRESHOLD_OBJECTS)
    atexit.register(gc.freeze)  # spares the final collection, which would take a tenth of a second
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # some encodings lack "…" and "–"
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        code = _app_for(arguments[:1])(arguments, standalone_mode=False)
    except CommandLineError as error:
        if text := error.format_message():
            print_failure(f"{text} (--help explains)")
        else:  # no arguments at all
            print(error.ctx.get_help(), file=sys.stderr)
        code = 2
    except KeyboardInterrupt:
        code = 130
    except OSError as error:  # while help is written, which no command does
        report_os_error(error)
        code = 1
    sys.exit(code)


def _app_for(names: list[str]) -> typer.Typer:
    """The command line reduced to the commands of these names, or all of it: each command takes time to build."""
    named = [command for command in app.registered_commands if command.callback and command.callback.__name__ in names]
    if not named:
        return app
    reduced = copy.copy(app)
    reduced.registered_commands, reduced.registered_groups = named, []
    return reduced
