"""Files of tables: text, Markdown and workbooks that others read, whole or not at all."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from sutja.errors import SutjaError, UsageError
from sutja.reading.result import Reading
from sutja.reading.tables.files import TABLE_FORMS, prepare_table_file, write_table_file
from sutja.reading.tables.formats import pages_csv, pages_json, pages_markdown, table_text
from sutja.reading.tables.page import PageTables, page_tables
from sutja.reading.tables.workbook import workbook_bytes
from tests.reading.tables.sheets import read_table

MAIN = {"": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
MARKS = read_table(("12", "8.5"), ("1[7]", "9.0"), ("29", "17.5"))
JPEG_START = b"\xff\xd8"


def page(name: str = "marks.jpg", reading: Reading = MARKS) -> PageTables:
    """The tables of a white picture of that name."""
    return page_tables(name, reading, np.full((200, 300, 3), 255, np.uint8))


def parts(content: bytes) -> dict[str, bytes]:
    """The files in a workbook."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def sheet_names(files: dict[str, bytes]) -> list[str]:
    return [
        sheet.attrib["name"] for sheet in ElementTree.fromstring(files["xl/workbook.xml"]).iterfind(".//sheet", MAIN)
    ]


def sheet_values(files: dict[str, bytes], number: int) -> dict[str, str | float]:
    """The texts and numbers of a sheet by the names of its cells."""
    strings = (
        [
            "".join(entry.itertext())
            for entry in ElementTree.fromstring(files["xl/sharedStrings.xml"]).iterfind("si", MAIN)
        ]
        if "xl/sharedStrings.xml" in files
        else []
    )
    found: dict[str, str | float] = {}
    for cell in ElementTree.fromstring(files[f"xl/worksheets/sheet{number}.xml"]).iterfind(".//c", MAIN):
        value = cell.findtext("v", None, MAIN)
        if value is not None:
            found[cell.attrib["r"]] = strings[int(value)] if cell.get("t") == "s" else float(value)
    return found


def test_a_workbook_has_numbers_and_a_sheet_of_what_to_check() -> None:
    files = parts(workbook_bytes([page()]))
    assert sheet_names(files) == ["marks", "to check"]
    assert sheet_values(files, 1) == {"A1": 12, "B1": 8.5, "A2": 17, "B2": 9, "A3": 29, "B3": 17.5}
    checks = sheet_values(files, 2)
    assert [checks[place] for place in ("A2", "B2", "C2", "D2", "E2")] == [
        "marks",
        "A2",
        "1?",
        "17",
        "read as 17; its column adds up with 17",
    ]


def test_only_cells_to_check_are_coloured_and_have_notes_and_pictures() -> None:
    files = parts(workbook_bytes([page()]))
    assert b"FFF2A8" in files["xl/styles.xml"]
    comments = ElementTree.fromstring(files["xl/comments1.xml"])
    assert [each.attrib["ref"] for each in comments.iterfind(".//comment", MAIN)] == ["A2"]
    pictures = [content for name, content in files.items() if name.startswith("xl/media/")]
    assert len(pictures) == 1 and pictures[0].startswith(JPEG_START)


def test_a_workbook_without_remarks_has_no_sheet_to_check() -> None:
    assert sheet_names(parts(workbook_bytes([page(reading=read_table(("1", "2"), ("3", "4")))]))) == ["marks"]


def test_a_long_number_is_text_so_that_no_digit_is_lost() -> None:
    files = parts(workbook_bytes([page(reading=read_table(("12345678901234567", "2"), ("3", "4")))]))
    assert sheet_values(files, 1)["A1"] == "12345678901234567"


def test_names_of_sheets_are_those_that_spreadsheets_allow() -> None:
    names = [
        "a/[b]:*?.jpg",
        "x/b].jpg",
        "to check.png",
        "History.png",
        "'.png",
        "x" * 60 + ".png",
        "x" * 70 + ".png",
        "MARKS.jpg",
        "marks.png",
    ]
    found = sheet_names(parts(workbook_bytes([page(name) for name in names])))
    assert len({name.casefold() for name in found}) == len(names) + 1
    for name in found:
        assert (
            0 < len(name) <= 31
            and not re.search(r"[\[\]:*?/\\]", name)
            and name[0] != "'"
            and name.casefold() != "history"
        )


def test_a_picture_without_numbers_has_a_sheet_that_says_so() -> None:
    files = parts(workbook_bytes([page(), PageTables("empty.jpg", ())]))
    assert sheet_names(files) == ["marks", "empty", "to check"]
    assert sheet_values(files, 2) == {"A1": "empty.jpg: no numbers found"}


def test_csv_of_several_pictures_names_each() -> None:
    assert (
        pages_csv([page("=a.jpg"), page("b.jpg")])
        == "'=a.jpg\n\n12,8.5\n1?,9.0\n29,17.5\n\nb.jpg\n\n12,8.5\n1?,9.0\n29,17.5\n"
    )


def test_a_dash_stays_a_dash_in_every_form() -> None:
    pages = [page_tables("a.png", read_table(("1", "-"), ("2", "3"), ("-5", "4")))]
    assert pages[0].tables[0].rows == [[1, "-"], [2, 3], [-5, 4]]
    assert pages_csv(pages) == "1,-\n2,3\n-5,4\n"
    assert "| 1 | 1 | - |" in pages_markdown(pages)
    (table,) = json.loads(pages_json(pages))[0]["tables"]
    assert (table["rows"][0], table["values"][0]) == (["1", "-"], ["1", None])


def test_markdown_has_the_names_of_cells_and_a_list_of_remarks() -> None:
    text = pages_markdown([page("a_b.jpg"), page("c.jpg")])
    assert text.startswith("## a\\_b.jpg\n\n|  | A | B |\n| ---: | ---: | ---: |\n| 1 | 12 | 8.5 |\n")
    assert "\n- A2: read as 17" in text


def test_the_table_on_a_terminal_is_aligned() -> None:
    assert table_text(MARKS.tables[0]).splitlines()[:3] == ["12   8.5", "1?   9.0", "29  17.5"]


@pytest.mark.parametrize("suffix", TABLE_FORMS)
def test_every_form_is_written_whole(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / "new" / f"marks{suffix.upper()}"
    prepare_table_file(path)
    write_table_file(path, [page()])
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_size > 0
    if suffix == ".json":
        assert json.loads(path.read_text())[0]["tables"][0]["rows"][0] == ["12", "8.5"]


def test_what_cannot_be_written_is_known_beforehand(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"marks\.ods: tables are written as \.xlsx, \.csv"):
        prepare_table_file(tmp_path / "marks.ods")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(SutjaError, match=r"folder\.csv: is a folder"):
        prepare_table_file(tmp_path / "folder.csv")
    (tmp_path / "file").write_text("")
    for target in (tmp_path / "file" / "marks.csv", tmp_path / "file" / "deeper" / "marks.csv"):
        with pytest.raises(SutjaError, match=r"marks\.csv: cannot be written: .*file.* is no folder"):
            prepare_table_file(target)


def test_a_folder_that_takes_no_file_is_known_beforehand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("sutja.reading.tables.files.TemporaryFile", refuse)
    with pytest.raises(SutjaError, match=r"marks\.csv: cannot be written: Permission denied"):
        prepare_table_file(tmp_path / "marks.csv")


def test_a_workbook_in_korean_says_what_is_to_be_checked_in_korean() -> None:
    lines = read_table(("12", "1[7]"))
    files = parts(workbook_bytes([page(), page("notes.jpg", lines), page("blank.jpg", Reading(()))], "ko"))
    names = sheet_names(files)
    assert names == ["marks", "notes 줄", "blank", "확인할 칸"]
    texts = [str(value) for number in (3, 4) for value in sheet_values(files, number).values()]
    notes = "".join(ElementTree.fromstring(files["xl/comments1.xml"]).itertext())
    assert "17로 읽음" in notes
    shown = [
        text for text in [*texts, notes] if text not in names and not re.fullmatch(r"[A-Z]+\d+|blank.jpg:.*", text)
    ]
    assert len(shown) >= 10
    assert not [text for text in shown if re.search("[a-z]{2}", text)]


def test_markdown_in_korean_says_what_is_to_be_checked_in_korean() -> None:
    assert "- A2: 17로 읽음" in pages_markdown([page()], "ko")
