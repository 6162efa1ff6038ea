import io
import tarfile
from pathlib import Path

import matplotlib
import pytest
from fontTools import subset
from fontTools.ttLib import TTFont

from sutja.errors import DataError
from sutja.synth.documents.fonts import FontEntry, characters_of
from tools import fonts

DEJAVU = Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"


def entry(name: str = "tiny", weight: int = 400) -> FontEntry:
    return FontEntry(name, "@fontsource/tiny", weight, "print", frozenset({"latin"}))


def woff(characters: str) -> bytes:
    font = TTFont(DEJAVU)
    subsetter = subset.Subsetter(subset.Options(layout_features=[]))
    subsetter.populate(text=characters)
    subsetter.subset(font)
    font.flavor = "woff"
    font.save(content := io.BytesIO())
    return content.getvalue()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of three subsets, one of them in two weights."""
    files = {
        "tiny-latin-400": woff("0123456789ab"),
        "tiny-latin-700": woff("07"),
        "tiny-cyrillic-400": woff("ж"),
        "tiny-greek-400": woff("α"),
    }
    path = tmp_path_factory.mktemp("package") / "tiny.tgz"
    with tarfile.open(path, "w:gz") as package:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/files/{name}-normal.woff")
            member.size = len(content)
            package.addfile(member, io.BytesIO(content))
    return path


def test_the_subsets_of_a_package_become_one_font(archive: Path, tmp_path: Path) -> None:
    fonts.build_font(archive, entry(), path := tmp_path / "tiny.ttf")
    known = characters_of(path)
    assert set("09abж") <= known and "α" not in known


def test_a_weight_is_taken_or_the_closest_one(archive: Path, tmp_path: Path) -> None:
    for weight, name in ((700, "tiny-700"), (800, "tiny-800")):
        fonts.build_font(archive, entry(name, weight), path := tmp_path / f"{name}.ttf")
        assert "7" in characters_of(path) and "ж" not in characters_of(path)


def test_a_package_without_the_font_is_named(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no font other"):
        fonts.build_font(archive, entry("other"), tmp_path / "other.ttf")


def test_fonts_that_are_there_are_kept_and_missing_packages_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(package: str, folder: Path) -> Path:
        raise DataError(f"{package}: npm pack failed")

    monkeypatch.setattr(fonts, "pack", refuse)
    (tmp_path / "there.ttf").touch()
    assert fonts.fetch_fonts([entry("there"), entry("tiny")], tmp_path) == 1
    assert "skipped: @fontsource/tiny: npm pack failed" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["there.ttf"]


def test_a_fetched_font_lies_in_the_folder(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "pack", lambda package, folder: archive)
    assert fonts.fetch_fonts([entry()], tmp_path / "fonts") == 0
    assert [path.name for path in (tmp_path / "fonts").iterdir()] == ["tiny.ttf"]


def test_without_npm_the_command_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert fonts.main([str(tmp_path / "fonts")]) == 1
    assert "npm is not installed" in capsys.readouterr().err
