"""Data sets are loaded and saved in every format, split by class and cut into batches."""

from __future__ import annotations

import gzip
import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sutja.data.dataset import (
    FILE_FORMATS,
    MNIST_FOLDER,
    Dataset,
    batches,
    describe_dataset,
    load_dataset,
    save_dataset,
    split,
    stratified_split,
)
from sutja.data.digits import CLASS_COUNT, Digits
from sutja.errors import DataError, UsageError
from tests.data.formats.damage import installed, little_memory

FAST = settings(max_examples=100, derandomize=True, database=None)
MNIST_SHA256 = "1e35582d42a90940c55b956deb61875c020b567ed20e3c5b174f52bf7809ed9b"
VALIDATION_SHA256 = "4478901efa52d622347a036cfa83efaeb7829971711dd8b51266b910ec1eebfe"
TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def same(first: Dataset, second: Dataset) -> bool:
    pairs = ((first.train, second.train), (first.test, second.test))
    return all(np.array_equal(a.images, b.images) and np.array_equal(a.labels, b.labels) for a, b in pairs)


def path_for(folder: Path, file_format: str) -> Path:
    return folder / ("small.npz" if file_format == "npz" else "small")


def other_than(dataset: Dataset) -> Dataset:
    return Dataset("other", dataset.test, dataset.train)


def contents(path: Path) -> dict[str, bytes]:
    files = path.rglob("*") if path.is_dir() else [path]
    return {str(file): file.read_bytes() for file in files if file.is_file()}


def test_mnist_is_complete(mnist: Dataset) -> None:
    assert mnist.name == "mnist"
    for digits, counts in ((mnist.train, TRAIN_COUNTS), (mnist.test, TEST_COUNTS)):
        assert digits.images.shape == (sum(counts), 28, 28)
        assert digits.images.dtype == np.uint8
        assert digits.labels.dtype == np.int64
        assert np.bincount(digits.labels).tolist() == counts
    assert mnist.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert mnist.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert mnist.sha256 == MNIST_SHA256


def test_mnist_is_light_on_dark_and_upright(mnist: Dataset) -> None:
    ones = mnist.train.images[mnist.train.labels == 1].mean(axis=0)
    assert ones[0].max() == 0
    assert ones.max() > 128
    assert ones.sum(axis=0).max() > 2 * ones.sum(axis=1).max()


def test_mnist_is_described(mnist: Dataset) -> None:
    facts = describe_dataset(mnist)
    assert (facts["name"], facts["sha256"]) == ("mnist", MNIST_SHA256)
    assert facts["train"]["digits"] == 60_000
    assert facts["test"]["digits"] == 10_000
    assert facts["train"]["mean"] == pytest.approx(0.1307, abs=5e-5)
    assert facts["train"]["standard_deviation"] == pytest.approx(0.3081, abs=5e-5)
    assert facts["train"]["classes"] == TRAIN_COUNTS
    assert facts["test"]["classes"] == TEST_COUNTS


def test_a_large_set_is_described_in_little_memory() -> None:
    """Floats and copies of its pixels would take nine times the memory of the set."""
    images = np.random.default_rng(0).integers(0, 256, (50_000, 28, 28)).astype(np.uint8)
    digits = Digits(images, np.zeros(len(images), np.int64))
    with little_memory():
        facts = describe_dataset(Dataset("random", digits, digits))
    assert facts["train"]["mean"] == pytest.approx(images.mean() / 255, rel=1e-12)
    assert facts["train"]["standard_deviation"] == pytest.approx(images.std() / 255, rel=1e-12)


@pytest.mark.parametrize("file_format", installed(FILE_FORMATS))
def test_a_saved_set_is_loaded_with_the_same_checksum(tmp_path: Path, small: Dataset, file_format: str) -> None:
    path = path_for(tmp_path / "new", file_format)
    save_dataset(small, path, file_format=file_format)
    loaded = load_dataset(path)
    assert same(loaded, small)
    assert loaded.name == "small"
    assert loaded.sha256 == small.sha256
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("change", ["pixel", "label", "order", "parts"])
def test_other_digits_have_another_checksum(small: Dataset, change: str) -> None:
    images, labels = small.train.images.copy(), small.train.labels.copy()
    if change == "pixel":
        images[-1, -1, -1] += 1
    elif change == "label":
        labels[0] = (labels[0] + 1) % 10
    elif change == "order":
        images, labels = images[::-1], labels[::-1]
    train = Digits(images, labels)
    other = other_than(small) if change == "parts" else Dataset("small", train, small.test)
    assert other.sha256 != small.sha256


def test_the_folder_of_mnist_is_mnist(mnist: Dataset) -> None:
    assert load_dataset(MNIST_FOLDER).sha256 == mnist.sha256


@pytest.mark.parametrize("name", ["course.zip", "course.ZIP"])
def test_zips_of_archives_are_loaded(tmp_path: Path, small: Dataset, name: str) -> None:
    save_dataset(small, tmp_path / "tars", file_format="png")
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        for part in ("train", "test"):
            archive.write(tmp_path / "tars" / f"{part}.tar", f"MNIST/{part}.tar")
    loaded = load_dataset(str(tmp_path / name))
    assert same(loaded, small)
    assert loaded.name == "course"


def test_the_home_folder_may_be_a_tilde(tmp_path: Path, small: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    save_dataset(small, tmp_path / "small", file_format="idx")
    assert same(load_dataset("~/small"), small)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("none", "no such file or folder"),
        ("none.npz", "no such file or folder"),
        ("none/inside", "no such file or folder"),
        ("text.txt", "not a data set"),
        ("text", "not a data set"),
        ("text.npz", "not a readable .npz file"),
        ("text.zip", "not a readable zip file"),
        ("text.txt/inside", "no such file or folder"),
        ("empty", "not the folder of a data set"),
        ("~no_such_user/set", ""),
        ("zero\0byte", ""),
        ("long" * 1000, ""),
    ],
    ids=lambda value: value[:20].replace("\0", "_"),
)
def test_other_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("text.txt", "text", "text.npz", "text.zip"):
        (tmp_path / name).write_text("text")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError) as caught:
        load_dataset(source)
    text = str(caught.value)
    assert text.startswith(source.split("\0")[0][:400])  # a long message loses its middle
    assert message in text
    assert text.isprintable()


def test_half_a_set_of_archives_is_refused(tmp_path: Path, small: Dataset) -> None:
    save_dataset(small, tmp_path / "tars", file_format="png")
    (tmp_path / "tars" / "test.tar").unlink()
    with pytest.raises(DataError, match=r"tars: test\.tar is missing\Z"):
        load_dataset(tmp_path / "tars")


@pytest.mark.parametrize("file_format", installed(FILE_FORMATS))
def test_nothing_is_overwritten_unless_forced(tmp_path: Path, small: Dataset, file_format: str) -> None:
    path = path_for(tmp_path, file_format)
    save_dataset(small, path, file_format=file_format)
    before = contents(tmp_path)
    with pytest.raises(UsageError, match=r"exists already; --force replaces it\Z") as caught:
        save_dataset(other_than(small), path, file_format=file_format)
    assert str(path) in str(caught.value)
    assert contents(tmp_path) == before
    save_dataset(other_than(small), path, file_format=file_format, force=True)
    assert same(load_dataset(path), other_than(small))


@pytest.mark.parametrize(("old", "new"), [("idx", "png"), ("png", "idx"), ("unpacked", "idx"), ("unpacked", "png")])
def test_a_forced_folder_loads_as_the_new_set_whatever_the_old_format(
    tmp_path: Path, small: Dataset, old: str, new: str
) -> None:
    save_dataset(small, tmp_path / "small", file_format="idx" if old == "unpacked" else old)
    for file in (tmp_path / "small").glob("*.gz") if old == "unpacked" else ():
        file.with_suffix("").write_bytes(gzip.decompress(file.read_bytes()))
        file.unlink()
    (tmp_path / "small" / "foreign").write_text("foreign")
    save_dataset(other_than(small), tmp_path / "small", file_format=new, force=True)
    assert load_dataset(tmp_path / "small").sha256 == other_than(small).sha256
    assert (tmp_path / "small" / "foreign").read_text() == "foreign"


@pytest.mark.parametrize(("old", "new"), [("idx", "npz"), ("png", "npz"), ("npz", "idx"), ("npz", "png")])
def test_a_file_never_replaces_a_folder_nor_a_folder_a_file(tmp_path: Path, small: Dataset, old: str, new: str) -> None:
    path = path_for(tmp_path, old)
    save_dataset(small, path, file_format=old)
    before = contents(tmp_path)
    with pytest.raises(UsageError, match=f"the format {new} needs a {'file' if new == 'npz' else 'folder'} there"):
        save_dataset(small, path, file_format=new, force=True)
    assert contents(tmp_path) == before


def test_an_unknown_format_is_refused_with_a_hint(tmp_path: Path, small: Dataset) -> None:
    with pytest.raises(UsageError, match=r"unknown format 'pngs': did you mean 'png'\?"):
        save_dataset(small, tmp_path / "small", file_format="pngs")
    assert list(tmp_path.iterdir()) == []


def test_a_set_that_cannot_be_written_completely_leaves_nothing(tmp_path: Path, small: Dataset) -> None:
    broken = Dataset("broken", small.train, Digits(small.test.images, small.test.labels[:-1]))
    with pytest.raises(ValueError, match="shorter"):
        save_dataset(broken, tmp_path / "small", file_format="png")
    assert list(tmp_path.iterdir()) == []


def test_the_split_of_mnist_never_changes(mnist: Dataset) -> None:
    train, validation = stratified_split(mnist.train.labels, 5000)
    assert (len(train), len(validation)) == (55_000, 5_000)
    assert hashlib.sha256(validation.astype("<i8").tobytes()).hexdigest() == VALIDATION_SHA256


def test_the_validation_protocol_has_no_test_digits_and_final_no_validation_digits(mnist: Dataset) -> None:
    validation, final = split(mnist, "validation"), split(mnist, "final")
    assert list(validation.evaluation_parts) == ["validation"]
    assert len(validation.train) == 55_000
    assert list(final.evaluation_parts) == ["test"]
    assert final.train is mnist.train


def test_split_takes_one_twelfth_and_leaves_the_test_set_alone(mnist: Dataset) -> None:
    splits = split(mnist)
    assert (len(splits.train), len(splits.evaluation_parts["validation"])) == (55_000, 5_000)
    assert splits.test is mnist.test
    train, validation = stratified_split(mnist.train.labels, 5000)
    assert np.array_equal(splits.train.images, mnist.train.images[train])
    assert np.array_equal(splits.evaluation_parts["validation"].labels, mnist.train.labels[validation])


@FAST
@given(labels=st.lists(st.integers(0, 9), min_size=1, max_size=200), fraction=st.floats(0, 1))
def test_a_split_is_a_partition_in_proportion_to_the_classes(labels: list[int], fraction: float) -> None:
    count = round(fraction * len(labels))
    classes = np.array(labels)
    rest, chosen = stratified_split(classes, count)
    assert len(chosen) == count
    assert sorted([*rest, *chosen]) == list(range(len(labels)))
    assert np.all(np.diff(rest) > 0)
    assert np.all(np.diff(chosen) > 0)
    shares = np.bincount(classes, minlength=CLASS_COUNT) * count / len(labels)
    assert np.all(np.abs(np.bincount(classes[chosen], minlength=CLASS_COUNT) - shares) < 1)


@FAST
@given(length=st.integers(0, 1000), size=st.integers(1, 300))
def test_batches_cover_everything_once(length: int, size: int) -> None:
    cut = list(batches(length, size))
    assert [index for piece in cut for index in range(length)[piece]] == list(range(length))
    sizes = [piece.stop - piece.start for piece in cut]
    assert all(number == size for number in sizes[:-1])
    assert all(0 < number <= size for number in sizes[-1:])
