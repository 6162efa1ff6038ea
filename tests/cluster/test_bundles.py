"""Files travel to nodes and back as they are, and none of them leaves its folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sutja.cluster.bundles import Bundle, ChangedFiles, write_files
from sutja.errors import DataError


def test_a_folder_and_a_file_are_the_same_where_they_are_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run" / "figures").mkdir(parents=True)
    (tmp_path / "run" / "figures" / "a.png").write_bytes(b"picture")
    (tmp_path / "b.npz").write_bytes(b"arrays")
    bundle = Bundle.of(tmp_path / "run", tmp_path / "b.npz")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "node"))
    (tmp_path / "node").mkdir()
    folder = bundle.unpack()
    assert (folder / "run" / "figures" / "a.png").read_bytes() == b"picture"
    assert (folder / "b.npz").read_bytes() == b"arrays"
    assert bundle.unpack() == folder
    assert Bundle({"b.npz": b"other"}).unpack() != folder


@pytest.mark.parametrize("name", ["../run.json", "/etc/passwd", "a/../../b", "..\\b", "C:b"])
def test_a_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not taken from a node"):
        write_files(tmp_path / "run", {name: b""})
    assert list(tmp_path.rglob("*")) == []


def test_the_file_that_says_that_a_run_is_finished_is_written_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    @contextmanager
    def noting(path: Path) -> Iterator[Path]:
        written.append(path.name)
        yield path

    monkeypatch.setattr("sutja.cluster.bundles.whole_file", noting)
    write_files(tmp_path, dict.fromkeys(["report.json", "model.onnx", "run.json", "z.txt"], b""))
    assert written == ["model.onnx", "z.txt", "run.json", "report.json"]


def test_only_what_has_changed_is_taken_and_nothing_temporary(tmp_path: Path) -> None:
    changed = ChangedFiles(tmp_path)
    (tmp_path / "metrics.csv").write_text("1")
    (tmp_path / ".metrics.csv.partial").write_text("half")
    assert changed.take() == {"metrics.csv": b"1"}
    assert changed.take() == {}
    (tmp_path / "metrics.csv").write_text("12")
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "a.png").write_bytes(b"a")
    assert changed.take() == {"metrics.csv": b"12", "figures/a.png": b"a"}
