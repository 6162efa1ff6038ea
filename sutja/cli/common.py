"""What commands share: the handling of failures, and the options that several of them take."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer
from typer.core import TyperGroup

from sutja.cli.completion import complete_model
from sutja.errors import SutjaError, printable, shortened

if TYPE_CHECKING:
    from sutja.data.dataset import Dataset
    from sutja.data.samples import Mending

# The base class of Typer's errors for arguments and options; Typer does not export it.
CommandLineError: Any = typer.BadParameter.__bases__[0]


class CommandGroup(TyperGroup):
    """Turns every expected failure into one line on standard error and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; raises `typer.Exit` with the code of the failure."""
        try:
            return super().invoke(ctx)
        except SutjaError as error:
            print_failure(str(error))
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            print_failure(": ".join(["interrupted", *map(str, error.args)]))
            raise typer.Exit(130) from error
        except ModuleNotFoundError as error:
            from sutja.environment import missing_module_hint

            hint = missing_module_hint(error.name)
            if hint is None:
                raise
            print_failure(hint)
            raise typer.Exit(1) from error
        except OSError as error:
            report_os_error(error)
            raise typer.Exit(1) from error


def report_os_error(error: OSError) -> None:
    """Print what the system refused as one line on standard error; raise it again if it does not say what it is."""
    if error.filename is None and error.strerror is None:
        raise error
    if error.filename is None:  # what is left of the output cannot be written when Python ends either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not isinstance(error, BrokenPipeError):  # that the reader of the output closed it, as `head` does, is no failure
        print_failure(f"{error.filename or 'writing'}: {error.strerror}")


def print_failure(text: str) -> None:
    """Print a failure as one line on standard error."""
    from sutja.cli.console import print_error  # Rich takes 30 ms to import, which only failures need

    print_error(text)


def load_data(source: str, mending: Mending | None = None) -> Dataset:
    """Load the data set of an option like --data, and print what is remarkable about it on standard error."""
    from sutja.data.dataset import load_dataset

    dataset = load_dataset(source, mending)
    if dataset.remarks:
        from sutja.cli.console import remark

        for text in dataset.remarks:
            remark(shortened(printable(text)))
    return dataset


def load_digits(source: str) -> Dataset:
    """Load a data set as `load_data` does; raises `UsageError` for other classes than the ten digits."""
    dataset = load_data(source)
    dataset.require_digits()
    return dataset


@contextmanager
def connected_to(cluster: str | None) -> Iterator[None]:
    """Connect to the Ray cluster of the option --cluster, if it is given."""
    if cluster is None:
        yield
        return
    from sutja.cluster.connection import connect

    with connect(cluster):
        yield


def _check_language(name: str) -> str:
    """Raises `UsageError` for a language that reports do not have, and says so when files of plots cannot have it."""
    from sutja.reports.languages import check_language

    if check_language(name) == "ko":
        from sutja.cli.console import remark
        from sutja.reports.fonts import find_korean_font

        if find_korean_font() is None:
            remark("no Korean font here (Debian: fonts-nanum): files in figures/ stay English, the report is Korean")
    return name


Language = Annotated[
    str,
    typer.Option(
        "--language",
        callback=_check_language,
        help="The language in which the report opens: en or ko; it has a switch. Files of plots are in it too. "
        "[default: that of the browser; files in English]",
        show_default=False,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace existing files.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Model = Annotated[
    str,
    typer.Option(
        "--model",
        autocompletion=complete_model,
        help="The model to read with: a published model, an ONNX file with its card beside it, or a run folder. It "
        "replaces either the line reader or the classifier of single digits.",
    ),
]
Data = Annotated[
    str,
    typer.Option(
        "--data",
        "-d",
        help="`mnist`, which comes with sutja, or a path: a file, folder or zip file in any form that "
        "`sutja data convert` reads, or a folder of corrections.",
    ),
]
Runs = Annotated[Path, typer.Option("--runs", help="The folder that contains the run folders.")]
Cluster = Annotated[
    Optional[str],
    typer.Option(
        "--cluster",
        metavar="ADDRESS",
        help="Run on a Ray cluster: its address, as `auto` or HOST:6379, or `local` for the cores of this machine. "
        "Needs the extra `cluster`.",
    ),
]
Device = Annotated[str, typer.Option("--device", help="Where to train: auto, cpu, cuda or mps.")]
Seed = Annotated[Optional[int], typer.Option("--seed", "-s", help="The random seed. [default: 0]")]
Threads = Annotated[
    int, typer.Option("--threads", min=0, max=1024, help="The number of CPU threads; 0 = as many as cores are free.")
]
EngineName = Annotated[
    str,
    typer.Option(
        "--engine",
        help="What computes networks for single digits on a CPU: fast, kernels that are compiled at the first use; "
        "torch, PyTorch alone; auto, the kernels where there is a compiler.",
    ),
]
Track = Annotated[bool, typer.Option("--track", help="Write TensorBoard events into the run folder.")]
