"""The verbs of `sutja data`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from sutja.errors import UsageError
from sutja.verbs import Force, Json, Verbs

data_app = typer.Typer(cls=Verbs, no_args_is_help=True, help="Describe, convert and download data sets.")


@data_app.command(epilog="Example: `sutja data info fashion-mnist/`")
def info(
    source: Annotated[str, typer.Argument(help="`mnist` or a path, as for --data.")] = "mnist",
    sheet: Annotated[
        Optional[Path], typer.Option("--sheet", help="The sheet of samples. [default: ./<name>-samples.png]")
    ] = None,
    as_json: Json = False,
) -> None:
    """Describe a data set and draw a sheet of samples."""
    from sutja.console import out, print_json, print_path, print_table
    from sutja.dataset import describe, load_dataset
    from sutja.plots import samples
    from sutja.report import save_figure
    from sutja.tables import dataset_table

    if sheet is not None and sheet.suffix.lower() != ".png":
        raise UsageError(f"{sheet}: the sheet is a PNG file: its name must end in .png")
    dataset = load_dataset(source)
    path = sheet or Path(f"{dataset.name}-samples.png")
    if sheet is not None or not as_json:
        save_figure(samples(dataset.train), path)
    if as_json:
        print_json(describe(dataset))
        return
    print_table(dataset_table(describe(dataset)))
    out.print(f"SHA-256 of pixels and labels: {dataset.sha256}")
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

    save_dataset(load_dataset(source), to, form=form or ("npz" if to.suffix.lower() == ".npz" else "idx"), force=force)
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
