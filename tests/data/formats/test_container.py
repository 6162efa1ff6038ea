"""The files of a data set in folders and zip files, and which of them are for training."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from sutja.data.formats.container import Container, is_junk, open_container
from sutja.data.formats.parts import part_names, part_of

from .damage import little_memory, refusal


@pytest.mark.parametrize("name", ["._1.png", "a/._1.png", ".DS_Store", "a/.DS_Store", "__MACOSX/a/1.png", "Thumbs.db"])
def test_files_of_operating_systems_are_junk(name: str) -> None:
    assert is_junk(name)


@pytest.mark.parametrize("name", ["1.png", "a_._b.png", "MACOSX/1.png", "desktop.ini/1.png", ".gitignore"])
def test_files_of_people_are_not(name: str) -> None:
    assert not is_junk(name)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("train.csv", "train"),
        ("mnist_train.csv", "train"),
        ("X_train.npy", "train"),
        ("trainingSet/0/img_1.jpg", "train"),
        ("training/0/1.png", "train"),
        ("train_32x32.mat", "train"),
        ("TRAIN/1.png", "train"),
        ("test-00000-of-00001.parquet", "test"),
        ("testing/0/1.png", "test"),
        ("t10k-images-idx3-ubyte", "test"),
        ("usps.t", "test"),
        ("mnist.scale.t.bz2", "test"),
        ("mnist_train/test/0.png", "test"),
        ("validation-00000.parquet", "other"),
        ("extra_32x32.mat", "other"),
        ("digits.csv", None),
        ("contest.csv", None),
        ("constraint.csv", None),
        ("LATEST/1.png", None),
        ("trainingSample/0/1.png", "other"),
    ],
)
def test_the_part_is_a_word_of_the_name(name: str, part: str | None) -> None:
    assert part_of(name) == part


def test_what_names_no_part_is_for_training_only_without_other_training_files() -> None:
    assert part_names(["usps", "usps.t"]) == (["usps"], ["usps.t"], [])
    assert part_names(["train", "test", "foreign", "val"]) == (["train"], ["test"], ["foreign", "val"])
    assert part_names(["test"]) == (["test"], [], [])


def test_a_zip_is_read_to_its_checksum(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("train.csv", "1,2\n" * 100)
    content = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(content.replace(b"1,2\n1,2\n", b"1,2\n1,3\n", 1))

    def read() -> None:
        with open_container(tmp_path / "a.zip") as container, container.open_text("train.csv") as lines:
            list(lines)

    assert f"{tmp_path / 'a.zip'}: train.csv: cannot be read: Bad CRC-32" in refusal(read)


def test_a_member_that_declares_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sutja.data.formats.container.MAX_FILE_BYTES", 1 << 20)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.csv", b"1" * (64 << 20))

    def read() -> None:
        with open_container(tmp_path / "bomb.zip") as container, container.open("train.csv") as file:
            file.read()

    with little_memory():
        assert "67,108,864 bytes; the maximum is 1,048,576" in refusal(read)


def test_more_files_than_bearable_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sutja.data.formats.container.MAX_FILES", 3)
    for number in range(4):
        (tmp_path / f"{number}.png").touch()

    def open_it() -> None:
        with open_container(tmp_path):
            pass

    assert refusal(open_it).endswith("more than 3 files")
    assert "more than 3 files" in refusal(lambda: Container(tmp_path, ["name"] * 4))


def test_a_loop_of_folders_ends(tmp_path: Path) -> None:
    (tmp_path / "inside").symlink_to(tmp_path)
    (tmp_path / "train.csv").touch()
    with open_container(tmp_path) as container:
        assert "train.csv" in container.names
        assert len(container.names) < 10
