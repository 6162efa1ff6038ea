"""`sutja read` with files of several pages."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from sutja.data.dataset import Dataset
from tests.cli.test_read import compose, read
from tests.data.pictures.scans import locked_pdf

PAGES = (("40417", "92605"), ("123", "456"))


@pytest.fixture(scope="module")
def scans(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a TIFF file of two pages."""
    folder = tmp_path_factory.mktemp("scans")
    pages = [Image.fromarray(cv2.cvtColor(compose(mnist, page), cv2.COLOR_BGR2RGB)) for page in PAGES]
    pages[0].save(folder / "a.tif", save_all=True, append_images=pages[1:])
    return folder


def lines(name: str) -> list[str]:
    return [f"{name}#{number}: {line}" for number, page in enumerate(PAGES, 1) for line in page]


def test_every_page_is_told_with_its_name(scans: Path) -> None:
    outcome = read(scans / "a.tif")
    assert (outcome.code, outcome.out.splitlines(), outcome.err) == (0, lines(str(scans / "a.tif")), "")


def test_a_page_may_be_asked_for(scans: Path) -> None:
    assert read(f"{scans / 'a.tif'}#2").out.split() == [*PAGES[1]]
    outcome = read(f"{scans / 'a.tif'}#3")
    assert (outcome.code, outcome.out) == (3, "")
    assert outcome.err.endswith("a.tif#3: there is no such page: the file has 2\n")


def test_pages_come_from_standard_input_too(scans: Path) -> None:
    outcome = read("-", "--json", content=(scans / "a.tif").read_bytes())
    assert [picture["file"] for picture in json.loads(outcome.out)] == ["-#1", "-#2"]


def test_drawings_of_pages_have_their_numbers(scans: Path, tmp_path: Path) -> None:
    assert read(scans, "--annotate", tmp_path).code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-1.read.jpg", "a-2.read.jpg"]


def test_a_file_that_cannot_be_read_does_not_keep_others_from_being_read(scans: Path, tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2")
    (tmp_path / "locked.pdf").write_bytes(locked_pdf())
    (tmp_path / "note.svg").write_text("<svg/>")
    outcome = read(tmp_path / "locked.pdf", tmp_path / "note.svg", scans / "a.tif")
    assert (outcome.code, outcome.out.splitlines()) == (3, lines(str(scans / "a.tif")))
    assert outcome.err.splitlines() == [
        f"sutja: {tmp_path / 'locked.pdf'}: the PDF has a password: save it without one",
        f"sutja: {tmp_path / 'note.svg'}: an SVG drawing is not supported: save it as PNG",
    ]


def test_pdf_and_heic_of_a_folder_are_read(mnist: Dataset, tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2")
    heif = pytest.importorskip("pillow_heif")
    pages = [Image.fromarray(cv2.cvtColor(compose(mnist, page), cv2.COLOR_BGR2RGB)) for page in PAGES]
    pages[0].save(tmp_path / "a.pdf", save_all=True, append_images=pages[1:], resolution=150)
    heif.from_pillow(Image.fromarray(np.array(pages[0]))).save(tmp_path / "b.heic", quality=95)
    outcome = read(tmp_path)
    expected = lines(str(tmp_path / "a.pdf")) + [f"{tmp_path / 'b.heic'}: {line}" for line in PAGES[0]]
    assert (outcome.code, outcome.out.splitlines(), outcome.err) == (0, expected, "")
