"""All forms of files that sutja reads: data, pictures, models, run folders, corrections and results."""

from __future__ import annotations

import gzip
import importlib.util
import shutil
import zipfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from benchmarks.faults.forms import (
    FOLDER,
    MODEL,
    Form,
    first_matlab_array,
    first_member,
    first_png,
    repair_png,
    replace_first_matlab_array,
    replace_first_member,
    replace_first_png,
    through,
)
from benchmarks.faults.material import Material
from benchmarks.faults.pictures import numbers_picture
from sutja.data.corrections.store import Correction, Corrections
from sutja.data.dataset import describe_dataset, load_dataset, save_dataset
from sutja.data.formats.idx import write_idx_folder
from sutja.models.card import Card
from sutja.models.catalogue import WEIGHTS
from sutja.models.onnx_classifier import Classifier
from sutja.models.open import open_model
from sutja.reading.picture import decode_picture
from sutja.reading.reader import Reader
from sutja.runs.results import read_results, update_results
from sutja.runs.run import Run

if TYPE_CHECKING:
    from sutja.data.digits import Images

MODEL_NAME = "tiny"  # the published model that is damaged: its files are small


@cache
def _reader() -> Reader:
    return Reader(threads=1)


@cache
def _digits() -> Images:
    return load_dataset().test.images[:8]


# data sets


def _make_idx(folder: Path, material: Material, *, packed: bool = False, sums: bool = False) -> None:
    write_idx_folder(folder, material.dataset.train, material.dataset.test)
    for path in () if packed else tuple(folder.glob("*.gz")):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    if not sums:
        (folder / "SHA256SUMS").unlink()


def _make_data(folder: Path, material: Material, *, name: str, file_format: str) -> None:
    save_dataset(material.dataset, folder / name, file_format=file_format, force=True)


def _make_zip(folder: Path, material: Material) -> None:
    save_dataset(material.dataset, folder, file_format="png", force=True)
    with zipfile.ZipFile(folder / "digits.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.glob("*.tar"):
            archive.write(path, path.name)
            path.unlink()


def read_data(folder: Path, name: str = ".") -> object:
    """A data set, and what `sutja data info` says of it."""
    dataset = load_dataset(folder / name)
    return dataset, describe_dataset(dataset)


def _data_forms() -> list[Form]:
    form = partial(Form, part="data", command=("data", "info", "{}", "--json"))
    npz, packed_zip = (partial(read_data, name=name) for name in ("digits.npz", "digits.zip"))
    make_npz = partial(_make_data, name="digits.npz", file_format="npz")
    make_tar = partial(_make_data, name=".", file_format="png")
    make_gzip = partial(_make_idx, packed=True)
    return [
        form("IDX", make=_make_idx, read=read_data, checksummed=False),
        form("IDX with SHA256SUMS", make=partial(_make_idx, sums=True), read=read_data),
        form("IDX, gzipped", make=make_gzip, read=read_data),
        form(
            "IDX in a sound gzip",
            make=make_gzip,
            read=read_data,
            checksummed=False,
            damage=through(gzip.decompress, lambda _, inner: gzip.compress(inner, 1)),
        ),
        form("npz", make=make_npz, read=npz, entry="digits.npz"),
        form(
            "arrays in a sound npz",
            make=make_npz,
            read=npz,
            entry="digits.npz",
            checksummed=False,
            damage=through(first_member, replace_first_member),
        ),
        form("tar of PNGs", make=make_tar, read=read_data),
        form(
            "PNGs in a sound tar",
            make=make_tar,
            read=read_data,
            checksummed=False,
            damage=through(first_png, replace_first_png),
        ),
        form("zip of tars", make=_make_zip, read=packed_zip, entry="digits.zip"),
        *_table_forms(),
        *_picture_file_forms(),
    ]


def _written(name: str, word: str, **options: Any) -> Form:
    """A form of data of several files, as `sutja data convert --form` writes it."""
    make = partial(_make_data, name=".", file_format=word)
    return Form(name, "data", make, read_data, command=("data", "info", "{}", "--json"), **options)


def _table_forms() -> list[Form]:
    forms = [
        _written("npy", "npy", checksummed=False),
        _written("CSV", "csv", checksummed=False),
        _written("LIBSVM", "libsvm", checksummed=False),
        _written("ARFF", "arff", checksummed=False),
        _written("MATLAB", "mat"),
        _written(
            "arrays in a sound MATLAB file",
            "mat",
            checksummed=False,
            damage=through(first_matlab_array, replace_first_matlab_array),
        ),
        Form(
            "zip of CSV files",
            "data",
            partial(_make_data, name="digits.zip", file_format="csv"),
            partial(read_data, name="digits.zip"),
            entry="digits.zip",
        ),
    ]
    if importlib.util.find_spec("pyarrow"):
        forms.append(_written("Parquet", "parquet"))
    return forms


def _picture_file_forms() -> list[Form]:
    return [
        _written("folders of classes", "classes", files=("*/*/*.png",)),
        _written("pictures with labels in their names", "named", files=("*/*.png",)),
        _written("pictures in a list", "listed", files=("*/*.png",)),
        _written("list of pictures", "listed", files=("labels.csv",), checksummed=False),
    ]


# pictures


def _make_picture(folder: Path, _: Material, *, suffix: str, options: tuple[int, ...] = ()) -> None:
    picture = numbers_picture()
    if suffix == ".gif":  # which OpenCV writes from colours only
        picture = np.repeat(picture[:, :, None], 3, axis=2)
    encoded, content = cv2.imencode(suffix, picture, list(options))
    assert encoded, suffix
    (folder / f"numbers{suffix}").write_bytes(content.tobytes())


def read_picture(folder: Path) -> object:
    """The pixels of the only picture in a folder, and what is read there."""
    (path,) = folder.iterdir()
    pixels = decode_picture(path.read_bytes(), path.name)
    return pixels, _reader().read(pixels, upright=True)


def _picture_forms() -> list[Form]:
    kinds: dict[str, tuple[str, tuple[int, ...]]] = {
        "PNG": (".png", ()),
        "JPEG": (".jpg", ()),
        "JPEG, progressive": (".jpg", (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)),
        "TIFF": (".tif", (cv2.IMWRITE_TIFF_COMPRESSION, 1)),
        "TIFF, LZW": (".tif", (cv2.IMWRITE_TIFF_COMPRESSION, 5)),
        "WebP": (".webp", (cv2.IMWRITE_WEBP_QUALITY, 80)),
        "BMP": (".bmp", ()),
        "PNM": (".pgm", ()),
        "GIF": (".gif", ()),
        "JPEG 2000": (".jp2", ()),
    }
    form = partial(Form, part="pictures", read=read_picture, command=("read", "{}"))
    forms = [
        form(
            name,
            make=partial(_make_picture, suffix=suffix, options=options),
            checksummed=name == "PNG",
            entry=f"numbers{suffix}",
        )
        for name, (suffix, options) in kinds.items()
        if cv2.haveImageWriter(suffix)
    ]
    png = partial(_make_picture, suffix=".png")
    repaired = through(bytes, repair_png)
    forms.append(form("PNG with sound checksums", make=png, checksummed=False, damage=repaired, entry="numbers.png"))
    return forms


# models and run folders


def _make_model(folder: Path, _: Material) -> None:
    for suffix in (".onnx", ".json", ".safetensors"):
        shutil.copy(WEIGHTS / f"{MODEL_NAME}{suffix}", folder)


def _read_logits(folder: Path) -> object:
    return open_model(folder / f"{MODEL_NAME}.onnx").classifier(threads=1).logits(_digits())


def _read_weights(path: Path) -> object:
    from sutja.networks.build import load_network

    return dict(load_network(open_model(path)).state_dict())


def _model_forms() -> list[Form]:
    name = MODEL_NAME
    form = partial(Form, part="models", make=_make_model, exit_codes=MODEL, entry=f"{name}.onnx")
    evaluate = ("evaluate", "{}", "--data", "{data}")
    return [
        form("published ONNX file", read=_read_logits, files=("*.onnx",), command=evaluate),
        form("published weights", read=lambda folder: _read_weights(folder / f"{name}.onnx"), files=("*.safetensors",)),
        form(
            "card",
            read=lambda folder: (Card.read(folder / f"{name}.json"), _read_logits(folder)),
            files=("*.json",),
            command=evaluate,
        ),
        form(
            "ONNX file without a card",
            read=lambda folder: Classifier(folder / f"{name}.onnx", threads=1).logits(_digits()),
            files=("*.onnx",),
            checksummed=False,
        ),
    ]


def _read_checkpoint(folder: Path) -> object:
    from sutja.training.checkpoint import load_checkpoint

    return load_checkpoint(Run.open(folder))


def _copy(folder: Path, material: Material, *, source: str) -> None:
    shutil.copytree(material.folder / source, folder, dirs_exist_ok=True)


RUN_READERS: dict[str, Callable[[Path], object]] = {
    "run.json": lambda folder: Run.open(folder).manifest,
    "environment.json": lambda folder: Run.open(folder).environment,
    "report.json": lambda folder: (Run.open(folder).report, open_model(folder).temperature),
    "metrics.csv": lambda folder: Run.open(folder).metrics(),
    "checkpoint.pt": _read_checkpoint,
    "logits.npz": lambda folder: [Run.open(folder).load_logits(part) for part in ("validation", "test")],
    "model.safetensors": _read_weights,
    "model.onnx": lambda folder: open_model(folder).classifier(threads=1).logits(_digits()),
}
ENSEMBLE_READERS = {name: read for name, read in RUN_READERS.items() if name not in ("metrics.csv", "checkpoint.pt")}


def _folder_forms() -> list[Form]:
    kinds = (("run", "runs", "run", RUN_READERS), ("ensemble", "ensembles", "ensemble", ENSEMBLE_READERS))
    return [
        Form(
            f"{kind}: {name}",
            part,
            partial(_copy, source=source),
            read,
            (name,),
            FOLDER,
            command=("evaluate", "{}", "--data", "{data}") if name.startswith(("report", "model.onnx")) else (),
        )
        for kind, part, source, readers in kinds
        for name, read in readers.items()
    ]


# what people and studies leave behind


def make_corrections(folder: Path, material: Material) -> None:
    """A folder of twelve corrections, half of them with a picture."""
    digits = material.dataset.train
    made = [
        Correction(image, int(label), (int(label) + 1) % 10, 0.5, (number, 2, 28, 28))
        for number, (image, label) in enumerate(zip(digits.images[:12], digits.labels, strict=False))
    ]
    picture = cv2.imencode(".png", numbers_picture())[1].tobytes()
    Corrections(folder).add(made[:6], picture)
    Corrections(folder).add(made[6:])


def read_corrections_folder(folder: Path) -> object:
    """The corrections, and the data set that they are."""
    stored = Corrections(folder).all()
    return stored, load_dataset(folder)


def _make_results(folder: Path, material: Material) -> None:
    update_results(folder / "study.csv", read_results(material.results))


def _read_targets(folder: Path) -> object:
    from sutja.training.distillation import load_targets

    return load_targets(folder / "teacher.targets.npz", load_dataset(folder / "digits.npz").train.images)


def _make_targets(folder: Path, material: Material) -> None:
    from sutja.training.distillation import DistillationTargets, save_targets

    images = material.dataset.train.images
    values = np.random.default_rng(0).normal(-3, 1, (2, len(images), 10)).astype(np.float16)
    save_targets(DistillationTargets(values, "none", images, True), folder / "teacher.targets.npz")
    shutil.copy(material.data, folder / "digits.npz")


def _other_forms() -> list[Form]:
    corrections = partial(Form, part="corrections", make=make_corrections, read=read_corrections_folder)
    return [
        corrections("corrections: records", files=("corrections.jsonl",), command=("corrections", "{}")),
        corrections("corrections: digits", files=("digits/*.png",), command=("corrections", "{}", "--json")),
        Form("results of a study", "results", _make_results, lambda folder: read_results(folder / "study.csv")),
        Form("distillation targets", "results", _make_targets, _read_targets, ("*.targets.npz",)),
    ]


FORMS: dict[str, Form] = {
    form.name: form for form in (*_data_forms(), *_picture_forms(), *_model_forms(), *_folder_forms(), *_other_forms())
}
