"""`sutja data`: describe, convert and download data sets, and compose pictures of numbers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sutja.cli.common import Cluster, CommandGroup, Data, Force, Json, connected_to, load_data, load_digits
from sutja.errors import UsageError

if TYPE_CHECKING:
    from sutja.data.class_names import ClassNames
    from sutja.data.dataset import Dataset
    from sutja.synth.documents.painter import DocumentPainter

data_app = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    help="Describe, convert and download data sets; compose pictures of numbers.",
)

STRIPS_PER_SHOWN = 10  # strips rendered for each that `data strips` shows: a painted sheet alone gives forty

Source = Annotated[
    str,
    typer.Argument(
        help="`mnist` or a path: a folder or a zip file of IDX files, tars of PNGs, NumPy arrays, Parquet, MATLAB, "
        "LIBSVM, ARFF or CSV files, or pictures; one of these files; or an .npz file."
    ),
]
PixelRange = Annotated[
    Optional[str],
    typer.Option(
        "--pixel-range", metavar="LOW:HIGH", help="The values of paper and ink, brought to 0 and 255, like 0:1 or -1:1."
    ),
]
Invert = Annotated[bool, typer.Option("--invert", help="Dark digits on bright paper become bright on dark.")]
Transpose = Annotated[bool, typer.Option("--transpose", help="Exchange rows and columns, as EMNIST needs it.")]
LabelsFrom = Annotated[
    int,
    typer.Option(
        "--labels-from",
        min=0,
        max=99,
        metavar="N",
        help="The label that stands for the digit 0, or for the first class.",
    ),
]
TenIsZero = Annotated[bool, typer.Option("--ten-is-zero", help="The label 10 stands for the digit 0.")]
DropBlank = Annotated[bool, typer.Option("--drop-blank", help="Leave out pictures whose pixels are all the same.")]
Classes = Annotated[
    Optional[str],
    typer.Option(
        "--classes",
        metavar="N|NAMES",
        help="The number of classes, as 47, or their names in the order of the labels, as A,B,C; for files that do not "
        "tell them. [default: the ten digits]",
    ),
]


@data_app.command(epilog="Example: `sutja data info fashion-mnist/`")
def info(
    source: Source = "mnist",
    sheet: Annotated[
        Optional[Path],
        typer.Option("--sheet", help="The PNG file for the sheet of samples. [default: ./NAME-samples.png]"),
    ] = None,
    pixel_range: PixelRange = None,
    invert: Invert = False,
    transpose: Transpose = False,
    labels_from: LabelsFrom = 0,
    ten_is_zero: TenIsZero = False,
    drop_blank: DropBlank = False,
    classes: Classes = None,
    as_json: Json = False,
) -> None:
    """Describe a data set and draw a sheet of samples."""
    from sutja.cli.console import out, print_json, print_path, print_table
    from sutja.data.dataset import describe_dataset
    from sutja.data.samples import Mending
    from sutja.reports.figures import Drawing
    from sutja.reports.plots import plot_samples
    from sutja.reports.tables import dataset_table

    if sheet is not None and sheet.suffix.lower() != ".png":
        raise UsageError(f"{sheet}: the sheet is a PNG file: its name must end in .png")
    mending = Mending(
        _range(pixel_range), invert, transpose, labels_from, ten_is_zero, drop_blank, _class_names(classes)
    )
    dataset = load_data(source, mending)
    path = sheet or Path(f"{dataset.name}-samples.png")
    if sheet is not None or not as_json:
        Drawing(plot_samples(dataset.train)).save(path)
    if as_json:
        print_json(describe_dataset(dataset))
        return
    print_table(dataset_table(describe_dataset(dataset)))
    out.print(f"SHA-256 of pixels and labels: {dataset.sha256}")
    print_path("Samples", path)


@data_app.command(
    epilog="Examples: `sutja data convert mnist mnist.npz` · `sutja data convert usps.bz2 usps/ --pixel-range=-1:1 "
    "--labels-from 1` · `sutja data convert photos/ digits.zip --form classes --invert` · `sutja data convert mnist "
    "few.npz --train-digits 600`"
)
def convert(
    source: Source,
    to: Annotated[Path, typer.Argument(help="The file or folder to write.")],
    form: Annotated[
        Optional[str],
        typer.Option(
            "--form",
            help="npz; or into a folder or *.zip: idx, png (train.tar and test.tar), npy, parquet, mat, libsvm, arff, "
            "csv, or pictures: classes (train/7/1.png), named (train/1_7.png), listed (with labels.csv). "
            "[default: npz for *.npz, else idx]",
        ),
    ] = None,
    pixel_range: PixelRange = None,
    invert: Invert = False,
    transpose: Transpose = False,
    labels_from: LabelsFrom = 0,
    ten_is_zero: TenIsZero = False,
    drop_blank: DropBlank = False,
    classes: Classes = None,
    train_digits: Annotated[
        Optional[int],
        typer.Option("--train-digits", min=1, metavar="N", help="Keep N training digits, of every class its share."),
    ] = None,
    shuffle: Annotated[
        Optional[int],
        typer.Option(
            "--shuffle-pixels",
            min=0,
            metavar="SEED",
            help="Bring the pixels of all pictures into the same random order: neighbours are separated.",
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Write a data set in another form, or a variant of it for an experiment.

    Pictures become grey and 28×28. What else seems wrong is printed with the option that mends it, and never changed
    without it.
    """
    from sutja.cli.console import print_path
    from sutja.data.dataset import format_from_path, save_dataset
    from sutja.data.samples import Mending

    mending = Mending(
        _range(pixel_range), invert, transpose, labels_from, ten_is_zero, drop_blank, _class_names(classes)
    )
    dataset = _variant(load_data(source, mending), train_digits, shuffle)
    save_dataset(dataset, to, file_format=form or format_from_path(to), force=force)
    print_path("Written", to)


def _variant(dataset: Dataset, train_digits: int | None, shuffle_seed: int | None) -> Dataset:
    """The data set, with fewer training digits or shuffled pixels where one is asked for."""
    from sutja.data.variants import shuffle_pixels, take_training_digits

    if train_digits is not None:
        dataset = take_training_digits(dataset, train_digits)
    return dataset if shuffle_seed is None else shuffle_pixels(dataset, shuffle_seed)


def _range(text: str | None) -> tuple[float, float] | None:
    from sutja.data.samples import parse_pixel_range

    return None if text is None else parse_pixel_range(text)


def _class_names(text: str | None) -> ClassNames | None:
    from sutja.data.class_names import parse_class_names

    return None if text is None else parse_class_names(text)


@data_app.command()
def download(
    to: Annotated[Path, typer.Option("--to", help="The folder for the four files.")] = Path("data/mnist"),
) -> None:
    """Download MNIST's original files from public mirrors; sutja itself does not need them.

    An interrupted download is continued. Every file is checked against its SHA-256.
    """
    from sutja.cli.console import print_path, remark
    from sutja.data.download import download_mnist

    download_mnist(to, on_progress=remark)
    print_path("Written", to)


PictureSeed = Annotated[int, typer.Option("--seed", "-s", min=0, help="The same seed gives the same pictures.")]
PictureForm = Annotated[str, typer.Option("--form", help="jpg or png.")]
PictureSize = Annotated[
    Optional[str], typer.Option("--size", metavar="WxH", help="Width and height in pixels. [default: various]")
]


@data_app.command(
    epilog="Examples: `sutja data photographs --to photos` · `sutja data photographs --to big -n 3 --size 4000x3000`"
)
def photographs(
    to: Annotated[Path, typer.Option("--to", help="The folder for the pictures and their labels.csv.")],
    count: Annotated[
        int, typer.Option("--count", "-n", min=1, max=100_000, help="The number of pictures of each difficulty.")
    ] = 10,
    difficulty: Annotated[str, typer.Option("--difficulty", help="easy, medium, hard or all.")] = "all",
    size: PictureSize = None,
    form: PictureForm = "jpg",
    seed: PictureSeed = 0,
    data: Data = "mnist",
    force: Force = False,
) -> None:
    """Compose photographs of handwritten numbers, with their labels.

    They consist of a data set's training digits, pen strokes, and rendered paper, desk and light.
    """
    from sutja.cli.console import print_path
    from sutja.errors import unknown
    from sutja.synth.folder import PhotographRequest, write_photographs
    from sutja.synth.lines import LineRenderer
    from sutja.synth.photograph import DIFFICULTIES

    if difficulty not in (*DIFFICULTIES, "all"):
        raise unknown("difficulty", difficulty, (*DIFFICULTIES, "all"))
    suffix = _suffix(form)
    wanted = list(DIFFICULTIES) if difficulty == "all" else [difficulty]
    request = PhotographRequest(wanted, count, seed, _size(size) if size else None)
    write_photographs(LineRenderer(load_digits(data).train), request, to, suffix=suffix, force=force)
    print_path("Written", to)


def _painter(data: str) -> DocumentPainter:
    """The painter of documents with a data set's training digits, without fonts where none were fetched."""
    from sutja.cli.console import remark
    from sutja.errors import DataError
    from sutja.synth.documents.fonts import Fonts, load_fonts
    from sutja.synth.documents.painter import DocumentPainter
    from sutja.synth.documents.writers import DigitShapes, Sources

    digits = DigitShapes(load_digits(data).train)
    try:
        return DocumentPainter(Sources(digits, load_fonts()))
    except DataError as error:
        remark(f"without fonts: {error}")
        return DocumentPainter(Sources(digits, Fonts.none()))


def _suffix(form: str) -> str:
    """The ending of files in a form; raises `UsageError` for one that is not known."""
    from sutja.errors import unknown

    if form not in ("jpg", "png"):
        raise unknown("format", form, ("jpg", "png"))
    return f".{form}"


def _size(text: str) -> tuple[int, int]:
    """Width and height of a text like `1600x1200`; raises `UsageError` for other text and for sizes out of range."""
    match = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text)
    if not match:
        raise UsageError(f"{text}: a size is width and height in pixels, like 1600x1200")
    width, height = int(match[1]), int(match[2])
    if min(width, height) < 200 or width * height > 50_000_000:
        raise UsageError(f"{text}: at least 200 pixels a side and at most 50 megapixels")
    return width, height


@data_app.command(
    epilog="Examples: `sutja data documents --to documents` · `sutja data documents --to bills --layout bill -n 100`"
)
def documents(
    to: Annotated[Path, typer.Option("--to", help="The folder for the pictures and their labels.csv.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=100_000, help="The number of documents.")] = 10,
    layout: Annotated[
        Optional[str], typer.Option("--layout", help="What they are, as grid, bill or form. [default: various]")
    ] = None,
    size: PictureSize = None,
    form: PictureForm = "jpg",
    seed: PictureSeed = 0,
    data: Data = "mnist",
    cluster: Cluster = None,
    force: Force = False,
) -> None:
    """Paint photographs of whole documents, with the text, the place and the hand of each number.

    They train the networks that find and read numbers. Forms, tables, bills, score cards, cheques, notes and single
    digits are among them. Print and further handwriting come from fonts: `python -m tools.fonts` fetches them.
    """
    from sutja.cli.console import print_path, with_progress
    from sutja.synth.folder import DocumentRequest, paint_documents, paint_on_cluster, write_documents

    request = DocumentRequest(count, seed, layout, _size(size) if size else None)
    suffix = _suffix(form)
    with connected_to(cluster):
        paint = paint_documents if cluster is None else paint_on_cluster
        painted = with_progress(
            paint(_painter(data), request), lambda each: f"numbers: {len(each.numbers)}", total=count
        )
        write_documents(painted, to, suffix=suffix, force=force)
    print_path("Written", to)


@data_app.command(epilog="Example: `sutja data strips --to strips.png --seed 3`")
def strips(
    to: Annotated[Path, typer.Option("--to", help="The PNG file for the sheet.")] = Path("strips.png"),
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=400, help="The number of strips.")] = 40,
    seed: PictureSeed = 0,
    data: Data = "mnist",
) -> None:
    """Draw a sheet of strips like those that train the line reader, each with the signs on it."""
    import numpy as np

    from sutja.cli.console import print_path
    from sutja.models.ctc import OTHER
    from sutja.reports import plots
    from sutja.reports.figures import Drawing
    from sutja.synth.strips import StripRenderer

    if to.suffix.lower() != ".png":
        raise UsageError(f"{to}: the sheet is a PNG file: its name must end in .png")
    many = StripRenderer(_painter(data)).render_strips(np.random.default_rng(seed), STRIPS_PER_SHOWN * count)
    cut = many[:count]
    shown = [(strip.drawn(), strip.text.replace(OTHER, "*") or "nothing") for strip in cut]
    Drawing(plots.plot_lines(shown)).save(to)
    print_path("Strips", to)
