"""`sutja corrections` and `sutja train --from`, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sutja.data.corrections.store import Correction, Corrections
from sutja.data.dataset import Dataset, load_dataset
from tests.cli.commands import sutja

PICTURE = b"\xff\xd8 a photograph"


@pytest.fixture
def store(mnist: Dataset, tmp_path: Path) -> Corrections:
    store = Corrections(tmp_path / "corrections")
    digits = mnist.test
    store.add([Correction(digits.images[k], int(digits.labels[k]), 8, 0.25, (1, 2, 3, 4)) for k in range(7)], PICTURE)
    store.add([Correction(digits.images[7], int(digits.labels[7]))])
    return store


def test_the_list_is_a_table_or_json(store: Corrections) -> None:
    table = sutja("corrections", store.folder)
    assert table.code == 0
    assert all(number in table.out for number in store.ids())
    assert "8 corrections" in table.out
    listed = json.loads(sutja("corrections", store.folder, "--json").out)
    assert [each["id"] for each in listed] == store.ids()
    picture = listed[0].pop("picture")
    assert Path(picture).read_bytes() == PICTURE
    assert {name: listed[0][name] for name in ("label", "guess", "confidence", "box")} == {
        "label": 7,
        "guess": 8,
        "confidence": 0.25,
        "box": [1, 2, 3, 4],
    }
    assert (listed[7]["guess"], listed[7]["picture"]) == (None, None)


def test_no_corrections_are_no_failure(tmp_path: Path) -> None:
    result = sutja("corrections", tmp_path / "none")
    assert (result.code, result.out) == (0, "")
    assert "no corrections" in result.err
    assert json.loads(sutja("corrections", tmp_path / "none", "--json").out) == []
    assert sutja("corrections", tmp_path / "none", "--all").code == 0


@pytest.mark.parametrize("name", ["mine.npz", "mine"])
def test_an_export_is_data_for_other_commands(store: Corrections, tmp_path: Path, mnist: Dataset, name: str) -> None:
    path = tmp_path / name
    assert "7 training and 1 test digits" in sutja("corrections", store.folder, "--export", path).out
    dataset = load_dataset(path)
    assert sorted([*dataset.train.labels, *dataset.test.labels]) == sorted(mnist.test.labels[:8])
    again = sutja("corrections", store.folder, "--export", path)
    assert again.code == 2
    assert "--force" in again.err
    forced = sutja("corrections", store.folder, "--export", path, "--force", "--json")
    assert json.loads(forced.out) == {"path": str(path), "train": 7, "test": 1}


def test_an_export_is_no_other_kind_of_file(store: Corrections, tmp_path: Path) -> None:
    refused = sutja("corrections", store.folder, "--export", tmp_path / "mine.csv")
    assert refused.code == 2
    assert "an .npz file or a folder" in refused.err
    assert not (tmp_path / "mine.csv").exists()
    assert sutja("corrections", store.folder, "--export", tmp_path / "mine-1.0").code == 0


def test_one_is_deleted_by_its_id(store: Corrections) -> None:
    first, second, *rest = store.ids()
    refused = sutja("corrections", store.folder, "--delete", first)
    assert refused.code == 2
    assert "--force" in refused.err
    assert len(store) == 8
    words = ("--delete", first, "--delete", second, "--force")
    assert "2 corrections deleted, 6 left" in sutja("corrections", store.folder, *words).out
    assert store.ids() == rest
    gone = sutja("corrections", store.folder, "--delete", first, "--force")
    assert gone.code == 2
    assert f"no correction has the id {first}" in gone.err


def test_all_are_deleted(store: Corrections) -> None:
    result = sutja("corrections", store.folder, "--all", "--force", "--json")
    assert json.loads(result.out) == {"deleted": 8, "left": 0}
    assert not list((store.folder / "digits").iterdir())
    assert not list((store.folder / "pictures").iterdir())


@pytest.mark.parametrize(("typed", "left", "code"), [("y\n", 0, 0), ("n\n", 8, 1), ("\n", 8, 1)])
def test_a_person_is_asked(
    store: Corrections, monkeypatch: pytest.MonkeyPatch, typed: str, left: int, code: int
) -> None:
    monkeypatch.setattr("sutja.cli.corrections._can_ask", lambda: True)
    result = sutja("corrections", store.folder, "--all", stdin=typed)
    assert "Delete all 8 corrections in" in result.err
    assert (result.code, len(store)) == (code, left)


def test_one_thing_at_a_time(store: Corrections, tmp_path: Path) -> None:
    result = sutja("corrections", store.folder, "--all", "--export", tmp_path / "x.npz", "--force")
    assert result.code == 2
    assert "one at a time" in result.err
    assert len(store) == 8


def test_a_damaged_file_is_reported(store: Corrections) -> None:
    lines = store.folder / "corrections.jsonl"
    lines.write_bytes(b"nothing\n" + lines.read_bytes())
    result = sutja("corrections", store.folder)
    assert result.code == 3
    assert "line 1 is damaged" in result.err
    assert f"`sutja corrections {store.folder} --repair` keeps the sound lines" in result.err


def test_a_damaged_file_is_repaired(store: Corrections) -> None:
    lines = store.folder / "corrections.jsonl"
    content = lines.read_bytes().splitlines(keepends=True)
    lines.write_bytes(b"nothing\n" + b"".join(content[1:7]))
    repaired = sutja("corrections", store.folder, "--repair")
    assert (repaired.code, repaired.out) == (0, "6 corrections kept, 1 damaged line removed\n")
    assert len(store) == 6
    assert json.loads(sutja("corrections", store.folder, "--repair", "--json").out) == {"kept": 6, "removed": 0}
    assert sutja("corrections", store.folder / "elsewhere", "--repair").code == 2


def test_corrections_are_data(store: Corrections) -> None:
    result = sutja("evaluate", "mlp-best", "--data", store.folder, "--json")
    assert json.loads(result.out)["count"] == 8


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["train"], 2, "either a RECIPE to train or --from"),
        (["train", "mlp", "--from", "convnet-small"], 2, "either a RECIPE to train or --from"),
        (["train", "--from", "convnet-small"], 2, "--data mnist: --from needs a folder of corrections"),
        (["train", "mlp", "--data", "STORE"], 2, "sutja train --from convnet-small --data"),
        (["train", "--from", "convnett", "--data", "STORE"], 2, "unknown published model 'convnett': did you mean"),
        (["train", "--from", "line-reader", "--data", "STORE"], 2, "reads lines"),
        (
            ["train", "--from", "convnet-small", "--data", "STORE", "--set", "protocol=curves"],
            2,
            "protocol cannot be set",
        ),
        (["train", "--from", "convnet-small", "--data", "STORE", "--set", "epochs=0"], 2, "epochs = 0"),
    ],
)
def test_what_cannot_be_trained_is_said_at_once(store: Corrections, words: list[str], code: int, why: str) -> None:
    result = sutja(*[str(store.folder) if word == "STORE" else word for word in words])
    assert result.code == code
    assert why in result.err


def test_a_network_is_fine_tuned(store: Corrections, tmp_path: Path) -> None:
    words = ["train", "--from", "mlp-best", "--data", str(store.folder), "--runs", str(tmp_path / "runs")]
    result = sutja(*words, "--epochs", "1", "--set", "batch_size=16", "--threads", "1")
    assert result.code == 0, result.err
    assert result.err.startswith("8 corrected digits: too few to know a style of writing well, 20 are better; first")
    folder = tmp_path / "runs" / "mlp-best-corrections-8-epochs=1-batch_size=16-s0"
    assert f"`sutja serve --model {folder}`" in result.out.replace("\n", "")
    report = json.loads((folder / "report.json").read_text())
    errors = report["finetuning"]["errors"]
    assert errors["test"]["after"] <= errors["test"]["before"] + 10
    assert errors["corrections"]["count"] == 8
    images = load_dataset().test.images[:4]
    assert np.array_equal(store.digits().images[:4], images)
    assert sutja(*words, "--epochs", "1", "--set", "batch_size=16").code == 2  # never silently replaced
