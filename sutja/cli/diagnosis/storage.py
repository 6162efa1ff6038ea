"""The files that sutja needs or writes: published models, data, fonts and run folders."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sutja.cli.diagnosis.finding import Finding, broken, note
from sutja.cli.diagnosis.requirements import CLONE
from sutja.errors import DataError, ModelFileError, SutjaError
from sutja.files import checksums, resolved

DOWNLOAD_FOLDER = Path("data/mnist")  # where `sutja data download` writes by default


def check_package_files() -> list[Finding]:
    """The findings on published models, on MNIST, and on MNIST where it was downloaded."""
    return [check_models(), check_mnist(), *check_download()]


def check_models(folder: Path | None = None) -> Finding:
    """The finding on the published models: every card, and the SHA-256 of every file that a card lists."""
    from sutja.models.catalogue import WEIGHTS, list_published

    folder = folder or WEIGHTS
    try:
        cards, damages = list_published(folder)
    except SutjaError as error:
        cards, damages = [], [error]
    sums = {name: sha256 for card in cards for name, sha256 in card.files.items()}
    damages += [damage for name, sha256 in sums.items() if (damage := _damage(folder / name, sha256))]
    if damages:
        return _broken_all("published models", damages, _restore(folder))
    return Finding("published models", f"{len(cards)} with the checksums of their {len(sums)} files")


def _damage(path: Path, sha256: str) -> ModelFileError | None:
    try:
        found = checksums(path)[path.name]
    except OSError as error:
        return ModelFileError(f"{path}: cannot be read: {error.strerror}")
    return None if found == sha256 else ModelFileError(f"{path}: damaged: its SHA-256 is not that of its card")


def check_mnist() -> Finding:
    """The finding on the MNIST of this package: all pixels and labels are those that the results were made with."""
    from sutja.data.dataset import MNIST_FOLDER, MNIST_SHA256, load_dataset

    try:
        if load_dataset().sha256 != MNIST_SHA256:
            raise DataError(f"{MNIST_FOLDER}: damaged: its SHA-256 is not that of MNIST")
    except SutjaError as error:
        return _broken_all("MNIST", [error], _restore(MNIST_FOLDER))
    return Finding("MNIST", "70,000 digits with the right checksum")


def check_download(folder: Path = DOWNLOAD_FOLDER) -> list[Finding]:
    """The finding on downloaded data: MNIST as `sutja data download` left it; none where nothing was downloaded."""
    from sutja.data.dataset import load_dataset

    if not folder.is_dir():
        return []
    try:
        load_dataset(folder)
    except SutjaError as error:
        return [_broken_all("downloaded data", [error], f"sutja data download --to {folder}")]
    return [Finding("downloaded data", f"{folder}: sound")]


def check_runs(folder: Path) -> Finding:
    """The finding on the folder of runs: whether it can be written, and which runs are damaged."""
    from sutja.runs.run import list_runs

    place = resolved(folder)
    while not place.exists():
        place = place.parent
    try:
        runs, damages = list_runs(folder)
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        text = f"{place}: cannot be written: {error.strerror}"
        return broken("runs", text, "choose another folder with --runs, or change its permissions")
    except SutjaError as error:
        return _broken_all("runs", [error], "choose another folder with --runs")
    if damages:
        return _broken_all("runs", damages, "train these again with --force, or delete them")
    return Finding("runs", f"{folder}: can be written; {len(runs)} run{'s' * (len(runs) != 1)}")


def check_fonts(folder: Path | None = None) -> Finding:
    """The finding on the fonts for documents that are generated for training; needs the extra `train`."""
    from sutja.synth.documents.fonts import FONT_FOLDER, characters_of, read_font_table

    folder = folder or FONT_FOLDER
    table, fetch = read_font_table(), f"python -m tools.fonts {folder}"
    there = [path for row in table if (path := folder / f"{row.name}.ttf").is_file()]
    damages = []
    for path in there:
        try:
            characters_of(path)
        except DataError as error:
            damages.append(error)
    if damages:
        return _broken_all("fonts", damages, f"delete them, and fetch them again: {fetch}")
    text = f"{len(there)} of {len(table)}, to train on generated documents"
    return Finding("fonts", text) if len(there) == len(table) else note("fonts", text, f"in a clone: {fetch}")


def _broken_all(subject: str, damages: list[SutjaError] | list[DataError], advice: str) -> Finding:
    """The finding on several damages, with the code of the first."""
    return broken(subject, "; ".join(map(str, damages)), advice, exit_code=damages[0].exit_code)


def _restore(path: Path) -> str:
    """How to restore files of this package: from the history of the clone, or by installing it again."""
    if (CLONE / ".git").exists():
        return f"git checkout -- {path}"
    return "pip install --force-reinstall --no-deps sutja"
