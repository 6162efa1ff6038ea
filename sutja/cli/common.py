"""What all verbs of the command line share: how failures are told, and the options that several of them have."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from sutja.errors import SutjaError

EXTRAS = {  # module that may not be there → the extra that brings it
    "torch": "train",
    "matplotlib": "train",
    "jinja2": "train",
    "safetensors": "train",
    "onnx": "train",
    "onnxscript": "train",
    "tensorboard": "track",
    "fastapi": "web",
    "pydantic": "web",
    "python_multipart": "web",
    "starlette": "web",
    "uvicorn": "web",
}

# What Typer raises for a word that it does not understand; it does not name this class itself.
WordError: Any = typer.BadParameter.__bases__[0]


class Verbs(TyperGroup):
    """Turns every failure that is expected into one line on standard error and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb; raises `typer.Exit` with the code of the failure."""
        try:
            return super().invoke(ctx)
        except SutjaError as error:
            tell_failure(str(error))
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            tell_failure(": ".join(["interrupted", *map(str, error.args)]))
            raise typer.Exit(130) from error
        except ModuleNotFoundError as error:
            extra = EXTRAS.get((error.name or "").split(".")[0])
            if extra is None:
                raise
            tell_failure(f"{error.name} is not installed: the extra '{extra}' brings it: pip install '.[{extra}]'")
            raise typer.Exit(1) from error
        except BrokenPipeError as error:  # whoever read the output has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(1) from error
        except OSError as error:
            if error.filename is None and error.strerror is None:
                raise
            tell_failure(f"{error.filename or 'writing'}: {error.strerror}")
            raise typer.Exit(1) from error


def tell_failure(text: str) -> None:
    """Print a failure, one line, on standard error."""
    from sutja.cli.console import print_error  # a thirtieth of a second that what goes well need not take

    print_error(text)


Force = Annotated[bool, typer.Option("--force", help="Replace what is there already.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program instead of tables.")]
Model = Annotated[
    str,
    typer.Option(
        "--model",
        help="What reads: a published model, an ONNX file with its card beside it, or a run folder; for lines or "
        "for single digits, the other stays as it is.",
    ),
]
Data = Annotated[
    str,
    typer.Option(
        "--data",
        "-d",
        help="`mnist`, which comes with sutja, or a path: a folder of IDX files or of train.tar and test.tar, a zip "
        "of these tars, an .npz, or a folder of corrections.",
    ),
]
Runs = Annotated[Path, typer.Option("--runs", help="The folder of the run folders.")]
Device = Annotated[str, typer.Option("--device", help="Where to train: auto, cpu, cuda or mps.")]
