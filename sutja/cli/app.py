"""The command line: one short function a verb. What is heavy is imported inside the verb: help comes at once."""

from __future__ import annotations

import atexit
import copy
import gc
import io
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from sutja import __version__
from sutja.cli.common import Verbs, WordError, tell_failure
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

if TYPE_CHECKING:
    pass

YOUNG = 10_000  # objects that are made before garbage is looked for: modules make many, and no garbage
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
