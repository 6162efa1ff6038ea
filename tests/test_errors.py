"""Expected failures: exit codes and hints."""

from __future__ import annotations

import pytest

from sutja.errors import DataError, ModelFileError, NothingReadError, StorageError, SutjaError, UsageError, unknown


@pytest.mark.parametrize(
    ("kind", "exit_code"),
    [(SutjaError, 1), (StorageError, 1), (UsageError, 2), (DataError, 3), (ModelFileError, 4), (NothingReadError, 5)],
)
def test_each_kind_has_its_exit_code(kind: type[SutjaError], exit_code: int) -> None:
    assert kind("why").exit_code == exit_code
    assert issubclass(kind, SutjaError)


def test_unknown_names_the_closest_one_and_all_known() -> None:
    error = unknown("recipe", "lenet", ["lenet5", "mlp"])
    assert isinstance(error, UsageError)
    assert str(error) == "unknown recipe 'lenet': did you mean 'lenet5'? known: lenet5, mlp"


@pytest.mark.parametrize(
    ("name", "meant"),
    [("lr", "learning_rate"), ("wd", "weight_decay"), ("smoothing", "label_smoothing"), ("t", None), ("", None)],
)
def test_unknown_understands_abbreviations_of_one_name(name: str, meant: str | None) -> None:
    hint = f"did you mean '{meant}'? " if meant else ""
    known = ["learning_rate", "weight_decay", "label_smoothing"]
    assert str(unknown("field", name, known)) == f"unknown field '{name}': {hint}known: {', '.join(known)}"


def test_unknown_has_no_hint_without_a_close_match() -> None:
    assert str(unknown("recipe", "zzz", ["lenet5", "mlp"])) == "unknown recipe 'zzz': known: lenet5, mlp"


def test_unknown_reads_an_iterator_once() -> None:
    assert (
        str(unknown("form", "npx", iter(["npz", "idx"]))) == "unknown form 'npx': did you mean 'npz'? known: npz, idx"
    )


def test_a_message_keeps_its_beginning_and_its_end() -> None:
    text = str(SutjaError(f"file: {'[' * 250_000} is wrong: do this"))
    assert len(text) <= 1000
    assert text.startswith("file: [")
    assert text.endswith("is wrong: do this")
