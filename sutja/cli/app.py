"""The command line: one module for each command. Commands import heavy modules when they run, so help starts fast."""

from __future__ import annotations

import io
import sys
from collections.abc import Collection
from importlib import import_module
from typing import Annotated

import typer

from sutja import __version__
from sutja.cli.common import CommandGroup, CommandLineError, print_failure, report_os_error
from sutja.environment import collect_rarely
from sutja.errors import renamed

COMMANDS = {  # name of a command and of its module → examples at the end of its help
    "read": "Examples: `sutja read photo.jpg` · `sutja read scans/ --csv` · `sutja read photo.jpg --annotate out`",
    "serve": "Examples: `sutja serve --open` · `sutja serve --host 0.0.0.0` · `sutja serve --model runs/mine`",
    "corrections": "Examples: `sutja corrections` · `sutja corrections --export mine.npz` · `… --delete 2d0ee9ee`",
    "sprint": "Examples: `sutja sprint` · `sutja sprint --target 99.5 --seeds 10`",
    "train": "Examples: `sutja train lenet5 --epochs 3` · `sutja train mlp --set learning_rate=0.002 --seed 1` · "
    "`sutja train --from convnet-small --data corrections`",
    "compare": "Examples: `sutja compare` · `sutja compare lenet5 mlp --seed 1` · `sutja compare runs/*-s0`",
    "study": "Examples: `sutja study lenet5 mlp --seeds 5` · `sutja study mlp mlp:dropout=0.1 --validation --seeds 3`",
    "ablation": "Example: `sutja ablation lenet5 --vary dropout=0.1 --vary augmentation=affine --epochs 5 --seeds 10`",
    "ensemble": "Example: `sutja ensemble runs/lenet5-s0 runs/lenet5-s1 runs/mlp-s0`",
    "evaluate": "Examples: `sutja evaluate runs/lenet5-s0` · `sutja evaluate lenet5.onnx --data qmnist/`",
    "doubts": "Examples: `sutja doubts --data mine.npz` · `sutja doubts mlp --folds 3 --count 200`",
    "models": "",
    "export": "Example: `sutja export runs/lenet5-s0 --to models`",
    "distil": "Example: `sutja distil runs/convnet-protocol=validation-s* --to runs/convnets.targets.npz`",
    "recipes": "",
    "runs": "",
    "data": "",
    "doctor": "Examples: `sutja doctor` · `sutja doctor --json`",
}


def build_app(names: Collection[str] = COMMANDS) -> typer.Typer:
    """The command line with the commands of these names: each takes time to import and to build."""
    app = typer.Typer(
        cls=CommandGroup,
        no_args_is_help=True,
        add_completion=len(names) > 1,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
        help="sutja (숫자): train, evaluate, compare and use recognisers of handwritten digits.",
        epilog="First steps: `sutja compare` trains LeNet-5 and an MLP and shows which is better.",
    )
    app.callback(invoke_without_command=True)(_version)
    for name in names:
        module = import_module(f"sutja.cli.{name}")
        if name == "data":
            app.add_typer(module.data_app, name=name)
        else:
            app.command(epilog=COMMANDS[name] or None)(getattr(module, name))
    return app


def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    if version:
        print(f"sutja {__version__}")
        raise typer.Exit


def main(arguments: list[str] | None = None) -> None:
    """Run the command line on `arguments`, by default those of the process, and exit with its code."""
    collect_rarely()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # some encodings lack "…" and "–"
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        named = [name for name in arguments[:1] if name in COMMANDS]
        code = build_app(named or COMMANDS)(arguments, standalone_mode=False)
    except CommandLineError as error:
        former = [line for word in arguments for kind in ("command", "option") if (line := renamed(kind, word))]
        if former:
            print_failure(former[0])
        elif text := error.format_message():
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
