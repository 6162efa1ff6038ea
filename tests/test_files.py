"""Files and folders are written completely or not at all; JSON files are read strictly."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from sutja.errors import DataError, ModelFileError, StorageError, SutjaError
from sutja.files import (
    exclusive,
    open_regular,
    read_json,
    remove_abandoned,
    remove_folder,
    resolved,
    whole_file,
    whole_folder,
    write_json,
    write_text,
)
from tests.sealing import write_sealed


@pytest.fixture(params=[0o022, 0o077, 0o002], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    mask: int = request.param
    before = os.umask(mask)
    yield mask
    os.umask(before)


def permissions(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_file_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "digits.npz"
    with whole_file(path) as partial:
        partial.write_bytes(b"whole")
        assert not path.exists()
        assert partial.suffix == ".npz"
    assert path.read_bytes() == b"whole"
    assert list(path.parent.iterdir()) == [path]


def test_an_old_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "digits.npz"
    path.write_bytes(b"old")
    with whole_file(path) as partial:
        partial.write_bytes(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_file_that_fails_leaves_nothing(tmp_path: Path, failure: type[BaseException]) -> None:
    with pytest.raises(failure), whole_file(tmp_path / "digits.npz") as partial:
        partial.write_bytes(b"half")
        raise failure
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "digits.npz"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="broken"), whole_file(path) as partial:
        partial.write_bytes(b"half")
        raise ValueError("broken")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_does_not_replace_a_folder(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(SutjaError, match="folder: not a regular file"), whole_file(tmp_path / "folder") as partial:
        partial.write_bytes(b"whole")
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]
    assert (tmp_path / "folder" / "inside").is_dir()


def test_a_link_is_followed_and_a_device_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_text(tmp_path / "link", "through the link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "through the link"
    with pytest.raises(SutjaError, match="not a regular file"):
        write_text(Path("/dev/null"), "text")


def test_files_get_the_permissions_of_the_umask(tmp_path: Path, umask: int) -> None:
    write_text(tmp_path / "text", "text")
    assert permissions(tmp_path / "text") == 0o666 & ~umask


def test_text_is_utf8(tmp_path: Path) -> None:
    write_text(tmp_path / "text", "숫자 = digit …\n")
    assert (tmp_path / "text").read_bytes() == "숫자 = digit …\n".encode()


def test_a_folder_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run"
    with whole_folder(path) as partial:
        (partial / "a").write_text("a")
        (partial / "inner").mkdir()
        (partial / "inner" / "b").write_text("b")
        assert not path.exists()
    assert (path / "a").read_text() == "a"
    assert (path / "inner" / "b").read_text() == "b"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_folder_that_fails_leaves_nothing(tmp_path: Path, failure: type[BaseException]) -> None:
    with pytest.raises(failure), whole_folder(tmp_path / "run") as partial:
        (partial / "a").write_text("half")
        raise failure
    assert list(tmp_path.iterdir()) == []


def test_only_new_files_move_into_an_existing_folder(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.mkdir(mode=0o700)
    (path / "a").write_text("old")
    (path / "foreign").write_text("foreign")
    with whole_folder(path) as partial:
        (partial / "a").write_text("new")
        (partial / "b").write_text("b")
        assert (path / "a").read_text() == "old"
    assert {file.name: file.read_text() for file in path.iterdir()} == {"a": "new", "b": "b", "foreign": "foreign"}
    assert list(tmp_path.iterdir()) == [path]
    assert permissions(path) == 0o700


def test_a_folder_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.mkdir()
    (path / "a").write_text("old")
    with pytest.raises(ValueError, match="broken"), whole_folder(path) as partial:
        (partial / "a").write_text("half")
        (partial / "b").write_text("half")
        raise ValueError("broken")
    assert {file.name: file.read_text() for file in path.iterdir()} == {"a": "old"}
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_does_not_replace_a_file(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.write_text("old")
    with pytest.raises(OSError, match="run"), whole_folder(path) as partial:
        (partial / "a").write_text("new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_folders_get_the_permissions_of_the_umask(tmp_path: Path, umask: int) -> None:
    with whole_folder(tmp_path / "run") as partial:
        (partial / "a").write_text("a")
    assert permissions(tmp_path / "run") == 0o777 & ~umask
    assert permissions(tmp_path / "run" / "a") == 0o666 & ~umask


def test_a_folder_is_removed_with_its_content_but_not_the_target_of_a_link(tmp_path: Path) -> None:
    folder, link = tmp_path / "folder", tmp_path / "link"
    write_text(folder / "within" / "file.txt", "text")
    link.symlink_to(folder)
    remove_folder(link)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    assert (folder / "within" / "file.txt").read_text() == "text"
    remove_folder(folder)
    assert list(tmp_path.iterdir()) == []


def test_files_move_into_an_existing_folder_from_within_it(tmp_path: Path) -> None:
    """It may be a mount point, into which nothing can be moved from outside."""
    with whole_folder(tmp_path) as partial:
        assert partial.parent == tmp_path
        (partial / "new.txt").write_text("new", encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["new.txt"]


def test_a_failure_without_a_file_name_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left on device") as caught, whole_folder(tmp_path / "new"):
        raise OSError(28, "No space left on device")
    assert caught.value.filename == str(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fails", [True, False])
def test_a_folder_is_replaced_when_the_new_one_is_complete(fails: bool, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "old.txt").write_text("old", encoding="utf-8")
    try:
        with whole_folder(folder, replace=True) as partial:
            (partial / "new.txt").write_text("new", encoding="utf-8")
            if fails:
                raise RuntimeError
    except RuntimeError:
        assert fails
    assert [path.name for path in folder.iterdir()] == ["old.txt" if fails else "new.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_full_disk_names_the_file_alone(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space") as raised, whole_file(tmp_path / "model.onnx"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert str(raised.value) == f"[Errno {errno.ENOSPC}] No space left on device: '{tmp_path / 'model.onnx'}'"


@dataclass(frozen=True)
class Leaf:
    size: float
    kind: Literal["oak", "elm"] = "oak"


@dataclass(frozen=True)
class Needle:
    length: int


@dataclass(frozen=True)
class Tree:
    name: str
    leaves: tuple[Leaf, ...] = ()
    sizes: dict[str, list[int]] = field(default_factory=dict)
    best: Leaf | Needle | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a tree needs a name")


def test_a_dataclass_comes_back_from_json(tmp_path: Path) -> None:
    for best in (None, Leaf(2.0, "elm"), Needle(3)):
        tree = Tree("old", (Leaf(1.5),), {"a": [1, 2]}, best)
        write_json(tmp_path / "tree.json", tree)
        assert read_json(Tree, tmp_path / "tree.json") == tree
    write_sealed(tmp_path / "new.json", {"name": "new", "leaves": [{"size": 1}]})
    assert read_json(Tree, tmp_path / "new.json") == Tree("new", (Leaf(1.0),))


def test_a_changed_value_of_json_is_noticed(tmp_path: Path) -> None:
    write_json(tmp_path / "tree.json", Tree("old", (Leaf(1.5),)))
    for old, new in (("1.5", "1.6"), ('"old"', '"odd"'), ("oak", "elm")):
        changed = (tmp_path / "tree.json").read_text().replace(old, new)
        (tmp_path / "changed.json").write_text(changed)
        with pytest.raises(DataError, match=r"changed\.json: damaged: its values are not those of its sha256"):
            read_json(Tree, tmp_path / "changed.json")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Expecting value"),
        ("[]", "not a JSON object"),
        ("{}", "missing or unknown: name"),
        ('{"name": "a", "age": 3}', "missing or unknown: age"),
        ('{"name": 3}', "name = '3' is not of the type str"),
        ('{"name": ""}', "a tree needs a name"),
        ('{"name": "a", "leaves": {}}', "leaves = '{}' is not of the type tuple"),
        ('{"name": "a", "leaves": [{"size": "big"}]}', r"leaves\[0\]\.size = 'big' is not of the type float"),
        ('{"name": "a", "leaves": [{"size": true}]}', r"leaves\[0\]\.size = 'True' is not of the type float"),
        ('{"name": "a", "leaves": [{"size": 1, "kind": "fir"}]}', r"kind = 'fir' is not one of oak, elm"),
        ('{"name": "a", "leaves": [{"size": NaN}]}', "NaN is not a finite number"),
        ('{"name": "a", "leaves": [{"size": 1e999}]}', r"size = 'inf' is not of the type float"),
        ('{"name": "a", "sizes": {"a": [1.5]}}', r"sizes\.a\[0\] = '1\.5' is not of the type int"),
        ('{"name": "a", "best": {"depth": 3}}', "best: missing or unknown: depth, size"),
        ('{"name": ' + "[" * 100_000, "recursion"),
    ],
    ids=lambda value: value[:40],
)
def test_json_of_another_shape_is_refused_in_one_line(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "tree.json"
    path.write_text(text)
    with pytest.raises(DataError, match=rf"tree\.json: damaged: .*{why}") as caught:
        read_json(Tree, path)
    assert "\n" not in str(caught.value)
    with pytest.raises(ModelFileError):
        read_json(Tree, path, ModelFileError)


KILLED = """
import os, signal, sys
from pathlib import Path
from sutja.files import {context}
with {context}(Path(sys.argv[1])) as partial:
    {write}
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(
    ("context", "write"),
    [("whole_file", "partial.write_text('half')"), ("whole_folder", "(partial / 'a').write_text('half')")],
)
def test_what_a_killed_process_leaves_goes_with_the_next_write(tmp_path: Path, context: str, write: str) -> None:
    path = tmp_path / "model.onnx"
    subprocess.run([sys.executable, "-c", KILLED.format(context=context, write=write), str(path)], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    with whole_file(path) as partial:
        assert list(tmp_path.iterdir()) == []
        partial.write_text("whole")
    assert list(tmp_path.iterdir()) == [path]


def test_only_temporary_files_of_dead_processes_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".notes").write_text("mine")
    with whole_file(tmp_path / "a") as partial:
        partial.write_text("being written")
        remove_abandoned(tmp_path)
        assert partial.is_file()
    assert {path.name for path in tmp_path.iterdir()} == {".ipynb_checkpoints", ".notes", "a"}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")
def test_what_a_killed_process_left_is_removed_before_its_parent_has_waited_for_it(tmp_path: Path) -> None:
    code = "import sys, time; from pathlib import Path; from sutja.files import whole_file\n"
    code += "with whole_file(Path(sys.argv[1])) as part: part.touch(); print(flush=True); time.sleep(1000)"
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "a")], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        remove_abandoned(tmp_path)
        assert len(list(tmp_path.iterdir())) == 1
        writer.kill()
        writer.stdout.read()  # ends when the process has ended
        while "Z" not in Path(f"/proc/{writer.pid}/stat").read_text().rpartition(")")[2]:
            pass
        remove_abandoned(tmp_path)
        assert list(tmp_path.iterdir()) == []


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, why in ((tmp_path / "pipe", "not a regular file"), (tmp_path, "Is a directory")):
        with pytest.raises(OSError, match=why) as caught:
            open_regular(path)
        assert caught.value.filename == str(path)
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    with open_regular(tmp_path / "link") as file:
        assert file.read() == b"content"


def test_a_lock_that_is_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """One that somebody reads neither: nothing is written into it."""
    os.mkfifo(tmp_path / ".lock")
    (tmp_path / "folder").mkdir()
    for path, why in ((tmp_path / ".lock", "not a regular file"), (tmp_path / "folder", "Is a directory")):
        with pytest.raises(StorageError, match=f"{path}: cannot be written: {why}"), exclusive(path):
            pytest.fail("locked")


def test_a_loop_of_symbolic_links_is_neither_followed_nor_replaced(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert resolved(tmp_path / "a").parent == tmp_path
    with pytest.raises(SutjaError, match="not a regular file, so it is not replaced"), whole_file(tmp_path / "a"):
        pytest.fail("opened")
    assert (tmp_path / "a").is_symlink()


def test_no_module_follows_links_in_another_way() -> None:
    """`Path.resolve` raises `RuntimeError` for a loop of links before Python 3.13."""
    modules = (Path(__file__).parents[1] / "sutja").rglob("*.py")
    assert [path.name for path in modules if ".resolve()" in path.read_text(encoding="utf-8")] == []
