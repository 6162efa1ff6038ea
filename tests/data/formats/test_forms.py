"""Every form in the table is written, read, found in folders and zip files, and refused where it is damaged."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sutja.data.dataset import Dataset, load_dataset, save_dataset
from sutja.data.formats.forms import FORMS
from sutja.errors import DataError

from .damage import FAST, NOT_INSTALLED, Damage, damages, installed, refusal, same

HERE = installed(FORMS)
CHECKSUMMED = ("png", "idx", "parquet", "mat", "named", "classes")  # every byte of a value is covered


@pytest.mark.parametrize("suffix", ["", ".zip"], ids=["folder", "zip"])
@pytest.mark.parametrize("form", HERE)
def test_what_is_written_is_read(tmp_path: Path, small: Dataset, form: str, suffix: str) -> None:
    path = tmp_path / f"digits{suffix}"
    save_dataset(small, path, file_format=form)
    loaded = load_dataset(path)
    assert (loaded.sha256, loaded.remarks) == (small.sha256, ())
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("form", HERE)
def test_files_are_reproducible(tmp_path: Path, small: Dataset, form: str) -> None:
    for name in ("first.zip", "second.zip"):
        save_dataset(small, tmp_path / name, file_format=form)
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()


@pytest.mark.parametrize("form", HERE)
def test_files_of_operating_systems_are_skipped_and_told(tmp_path: Path, small: Dataset, form: str) -> None:
    save_dataset(small, tmp_path / "digits", file_format=form)
    files = [path for path in (tmp_path / "digits").rglob("*") if path.is_file()]
    for path in files:
        path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7 of a Macintosh")
        path.with_name(".DS_Store").write_bytes(b"junk")
    loaded = load_dataset(tmp_path / "digits")
    assert loaded.sha256 == small.sha256
    (remark,) = loaded.remarks
    folders = {path.parent for path in files}
    assert f"skipped {len(files) + len(folders):,} files of an operating system" in remark


@pytest.mark.parametrize("form", HERE)
def test_a_form_is_found_deeper_in_a_folder(tmp_path: Path, small: Dataset, form: str) -> None:
    save_dataset(small, tmp_path / "archive" / "digits", file_format=form)
    (tmp_path / "archive" / "README.md").write_text("hello")
    assert load_dataset(tmp_path).sha256 == small.sha256


@pytest.mark.parametrize("form", HERE)
def test_a_forced_folder_loads_as_the_new_set_whatever_lies_there(
    folders: dict[str, Path], tmp_path: Path, small: Dataset, form: str
) -> None:
    few = Dataset("few", small.test.take(np.arange(4)), small.train.take(np.arange(3)))
    for folder in folders.values():
        shutil.copytree(folder, tmp_path / "digits", dirs_exist_ok=True)
    save_dataset(few, tmp_path / "digits", file_format=form, force=True)
    loaded = load_dataset(tmp_path / "digits")
    assert same(loaded.train, few.train)
    assert same(loaded.test, few.test)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, small: Dataset) -> dict[str, Path]:
    """A small set in a folder of each form."""
    few = Dataset("few", small.train.take(np.arange(5)), small.test.take(np.arange(3)))
    made = {}
    for form in FORMS:
        if form in NOT_INSTALLED:
            continue
        made[form] = tmp_path_factory.mktemp(form) / "digits"
        save_dataset(few, made[form], file_format=form)
    return made


@pytest.mark.parametrize("form", HERE)
@settings(FAST, max_examples=40)
@given(file=st.integers(0, 100), damage=damages)
def test_damage_is_refused_or_harmless(
    folders: dict[str, Path], small: Dataset, form: str, file: int, damage: Damage
) -> None:
    """Without checksums, a damaged number may be read as another."""
    paths = sorted(path for path in folders[form].rglob("*") if path.is_file())
    path = paths[file % len(paths)]
    content = path.read_bytes()
    path.write_bytes(damage.done_to(content))
    try:
        loaded = load_dataset(folders[form])
    except DataError as error:
        assert str(error).isprintable()
    else:
        if form in CHECKSUMMED:
            assert same(loaded.train, small.train.take(np.arange(5)))
            assert same(loaded.test, small.test.take(np.arange(3)))
    finally:
        path.write_bytes(content)


@pytest.mark.parametrize("form", HERE)
def test_an_empty_file_is_refused(folders: dict[str, Path], form: str) -> None:
    paths = sorted(path for path in folders[form].rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    for path in paths[:2]:
        content = path.read_bytes()
        path.write_bytes(b"")
        try:
            refusal(lambda: load_dataset(folders[form]))
        finally:
            path.write_bytes(content)


def test_a_folder_of_nothing_known_says_what_was_found(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("text")
    assert "not the folder of a data set: found thesis.tex; known: tars of PNG files, IDX files" in refusal(
        lambda: load_dataset(tmp_path)
    )


def test_a_zip_with_two_files_of_one_name_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        for _ in range(2):
            archive.writestr("train.csv", "1,2")
    assert refusal(lambda: load_dataset(tmp_path / "two.zip")).endswith("two members have the same name")
