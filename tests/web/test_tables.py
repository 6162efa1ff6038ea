"""Tables in the answer to a picture, corrected tables as checks and files, pages of files, and answers in Korean."""

from __future__ import annotations

import base64
import csv
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from sutja.data.dataset import Dataset
from sutja.web.app import create_app
from sutja.web.languages import SENTENCES, in_language
from sutja.web.tables import tables_json
from tests.reading.tables.sheets import read_table, unsure_of
from tests.waiting import HANG_SECONDS

from .serving import draw, encode, is_problem, patient_settings, serving

KOREAN = {"accept-language": "ko-KR,ko;q=0.9"}
SHEET = [("1", "12", "13"), ("2", "7", "9"), ("3", "19", "22")]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    app = create_app(patient_settings(tmp_path_factory.mktemp("served") / "corrections"))
    with serving(app) as address, httpx.Client(base_url=address, timeout=HANG_SECONDS) as client:
        yield client


def cell(row: int, column: int, signs: str, **more: Any) -> dict[str, Any]:
    """A cell with one number; a sign in brackets is not sure."""
    read = [{"guess": sign[-1], "sure": len(sign) == 1} for sign in re.findall(r"\[.|[^\]]", signs)]
    left, top = 120 * min(column, 99), 40 * min(row, 99)
    quad = [[left, top], [left + 30, top], [left + 30, top + 20], [left, top + 20]]
    return {"row": row, "column": column, "numbers": [{"signs": read, "quad": quad}], **more}


def sheet(*rows: tuple[str, ...]) -> dict[str, Any]:
    """A request with one table."""
    cells = [cell(row, at, signs) for row, line in enumerate(rows) for at, signs in enumerate(line) if signs]
    return {"pages": [{"name": "marks.jpg", "tables": [{"cells": cells}]}]}


def test_a_picture_has_its_tables_and_lines(client: httpx.Client, mnist: Dataset) -> None:
    picture = encode(draw(mnist.test.images[:2]))
    answer = client.post("/api/read", content=picture, headers={"content-type": "image/png"}).json()
    (table,) = answer["tables"]
    assert not table["aligned"]
    assert (table["rows"], table["columns"]) == (1, 1)
    assert table["cells"] == [{"row": 0, "column": 0, "numbers": [0]}]
    assert answer["pages"] == 1
    assert "picture" not in answer


def test_cells_name_their_numbers_and_remarks_their_cells() -> None:
    reading = read_table(("5", "12", "17"), ("6", "1[2]", "1?8"))
    (found,) = tables_json(reading.tables, reading.numbers, "ko")
    assert found["aligned"]
    assert [each["numbers"] for each in found["cells"]] == [[0], [1], [2], [3], [4], [5]]
    remark = found["remarks"][0]
    assert (remark["kind"], remark["row"], remark["column"]) == ("unsure", 1, 1)
    assert "12로 읽음" in remark["text"]


def test_corrected_tables_are_checked(client: httpx.Client) -> None:
    answer = client.post("/api/tables", json=sheet(*SHEET, ("4", "[8]", "12"))).json()
    ((table,),) = answer["pages"]
    assert (table["rows"], table["columns"]) == (4, 3)
    assert [(each["kind"], each["row"], each["column"]) for each in table["remarks"]] == [("unsure", 3, 1)]


def test_a_number_stays_unsure_that_was_read_as_such(client: httpx.Client) -> None:
    rows = sheet(*SHEET)
    rows["pages"][0]["tables"][0]["cells"][4]["numbers"][0]["confidence"] = 0.6
    ((table,),) = client.post("/api/tables", json=rows).json()["pages"]
    assert [(each["kind"], each["row"], each["column"]) for each in table["remarks"]] == [("unsure", 1, 1)]


def test_a_number_stays_at_the_edge_of_the_picture(client: httpx.Client) -> None:
    rows = sheet(*SHEET)
    rows["pages"][0]["tables"][0]["cells"][4]["numbers"][0]["at_edge"] = True
    ((table,),) = client.post("/api/tables", json=rows).json()["pages"]
    assert [(each["kind"], each["row"], each["column"]) for each in table["remarks"]] == [("form", 1, 1)]


def test_a_wrong_sum_names_the_digit_that_mends_it(client: httpx.Client) -> None:
    rows = sheet(("10", "20"), ("11", "21"), ("12", "2[2]"), ("33", "68"))
    seven = [0.1 if digit in (2, 7) else 0.0 for digit in range(10)]
    rows["pages"][0]["tables"][0]["cells"][5]["numbers"][0]["signs"][1]["probabilities"] = seven
    ((table,),) = client.post("/api/tables", json=rows, headers=KOREAN).json()["pages"]
    remark = table["remarks"][-1]
    assert (remark["kind"], remark["suggestion"]) == ("sum", "27")
    assert remark["text"] == "22 대신 27이면 열의 합이 맞음"


def test_tables_are_arranged_by_where_the_numbers_are(client: httpx.Client) -> None:
    rows = sheet(*SHEET)
    flat = [number for each in rows["pages"][0]["tables"][0]["cells"] for number in each["numbers"]]
    rows["pages"][0]["tables"] = [{"aligned": False, "cells": [{"row": 0, "column": 0, "numbers": flat}]}]
    ((table,),) = client.post("/api/tables?arrange=true", json=rows).json()["pages"]
    assert table["aligned"]
    assert [(each["row"], each["column"]) for each in table["cells"]] == [(at // 3, at % 3) for at in range(9)]


def test_corrected_tables_become_a_workbook_with_pictures_of_unsure_cells(client: httpx.Client) -> None:
    rows = sheet(*SHEET, ("4", "[8]", "9"))
    rows["pages"][0]["tables"][0]["cells"][10]["jpeg"] = base64.b64encode(
        encode(np.full((44, 60), 90, np.uint8), ".jpg")
    ).decode()
    answer = client.post("/api/tables?form=xlsx", json=rows)
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        names = file.namelist()
        values = re.findall(r"<v>([\d.]+)</v>", file.read("xl/worksheets/sheet1.xml").decode())
    assert values == ["1", "12", "13", "2", "7", "9", "3", "19", "22", "4", "8", "9"]
    assert "xl/media/image1.jpeg" in names


def test_a_workbook_is_in_the_language_of_the_client(client: httpx.Client) -> None:
    rows = sheet(*SHEET, ("4", "[8]", "9"))
    for headers, name in (({}, "to check"), (KOREAN, "확인할 칸")):
        answer = client.post("/api/tables?form=xlsx", json=rows, headers=headers)
        with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
            assert f'name="{name}"' in file.read("xl/workbook.xml").decode()
    assert "읽음" in client.post("/api/tables?form=md", json=rows, headers=KOREAN).text


def test_corrected_tables_become_text(client: httpx.Client) -> None:
    answer = client.post("/api/tables?form=csv", json=sheet(("1", "2.50"), ("", "-3")))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert list(csv.reader(io.StringIO(answer.text))) == [["1", "2.50"], ["", "-3"]]
    assert client.post("/api/tables?form=tsv", json=sheet(("1", "2"))).text == "1\t2\n"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda page: page.update(name=1), 422),
        (lambda page: page["tables"][0]["cells"][0].update(row=-1), 422),
        (lambda page: page["tables"][0]["cells"][0].update(jpeg="AAAA"), 422),
        (lambda page: page["tables"][0]["cells"][0]["numbers"][0]["signs"][0].update(guess="=1"), 422),
        (lambda page: page.update(tables=[{"cells": [cell(1999, 199, "1")]}] * 26), 413),
    ],
)
def test_invalid_tables_are_refused(client: httpx.Client, change: Any, status: int) -> None:
    rows = sheet(*SHEET)
    change(rows["pages"][0])
    is_problem(client.post("/api/tables", json=rows), status)


@pytest.mark.parametrize("form", ["json", "xlsx", "csv", "tsv", "md"])
def test_tables_of_the_largest_shape_are_answered(client: httpx.Client, form: str) -> None:
    rows = sheet(("1", "2"))
    rows["pages"][0]["tables"] = [{"cells": [cell(0, 0, "1"), cell(1999, 199, "2")]}] * 3
    answer = client.post(f"/api/tables?form={form}", json=rows)
    assert answer.status_code == 200
    if form == "csv":
        lines = answer.text.split("\n\n")[2].splitlines()
        assert (len(lines), lines[0], lines[-1]) == (2000, f"1{',' * 199}", f"{',' * 199}2")


def test_numbers_without_extent_are_arranged_as_well(client: httpx.Client) -> None:
    rows = sheet(*SHEET)
    for each in rows["pages"][0]["tables"][0]["cells"]:
        each["numbers"][0]["quad"] = [[0.0, 0.0]] * 4
    assert client.post("/api/tables?arrange=true", json=rows).status_code == 200


@pytest.fixture(scope="module")
def scan(mnist: Dataset) -> bytes:
    """A TIFF file of two pages: a 7, and a 2 on a page of 3,000 pixels."""
    pages = [draw(mnist.test.images[:1]), cv2.resize(draw(mnist.test.images[1:2]), (3000, 3000))]
    return bytes(cv2.imencodemulti(".tiff", pages)[1])


def read_page(client: httpx.Client, content: bytes, query: str = "", **headers: str) -> httpx.Response:
    kind = {"content-type": "application/octet-stream"}
    return client.post(f"/api/read?{query}", content=content, headers={**kind, **headers})


def test_each_page_of_a_file_is_read_and_shown(client: httpx.Client, scan: bytes) -> None:
    first = read_page(client, scan).json()
    assert (first["pages"], first["text"]) == (2, "7")
    second = read_page(client, scan, "page=2&picture=true").json()
    assert second["text"] == "2"
    shown = cv2.imdecode(np.frombuffer(base64.b64decode(second["picture"]), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown is not None
    assert shown.shape == (2400, 2400) == (second["height"], second["width"])
    assert "the file has 2" in is_problem(read_page(client, scan, "page=3"), 404)["detail"]


def locked_pdf() -> bytes:
    """The least PDF that says that it has a password."""
    encrypt = (
        "<</Filter/Standard/V 1/R 2/O(01234567890123456789012345678901)/U(01234567890123456789012345678901)/P -4>>"
    )
    page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>"
    objects = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", page, encrypt]
    text, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(text))
        text += f"{number} 0 obj{body}endobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    trailer = "<</Size 5/Root 1 0 R/Encrypt 4 0 R/ID[(0123456789abcdef)(0123456789abcdef)]>>"
    return f"{text}xref\n0 5\n0000000000 65535 f \n{table}trailer{trailer}\nstartxref\n{len(text)}\n%%EOF".encode()


@pytest.mark.parametrize(
    ("content", "english", "korean"),
    [
        (locked_pdf(), "password", "암호"),
        (b"%PDF-1.4 and then nothing", "not a PDF, or damaged", "손상된"),
        (b"no picture at all", "not a picture", "사진이 아니거나"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_the_language_of_the_client(
    client: httpx.Client, content: bytes, english: str, korean: str
) -> None:
    assert english in is_problem(read_page(client, content), 422)["detail"]
    detail = is_problem(read_page(client, content, **KOREAN), 422)["detail"]
    assert korean in detail
    assert not re.search("[a-z]{3}", detail)


def test_every_remark_has_a_translation() -> None:
    first = read_table(*SHEET, ("4", "1[8]", "29"), ("10", "5[6]", "73"))
    numbers = [unsure_of(number, d1=0.2, d8=0.4) for number in first.numbers]
    assert numbers
    texts = [remark.text for table in first.tables for remark in table.remarks]
    texts += ["read as 8; may also be 3 (12%), 5 (4%); its row adds up with 8"]
    texts += ["several numbers in one cell: 12 and 5"]
    texts += ["1.5: the other numbers of the column have the form dd"]
    texts += ["the column adds up to 12, not to 13; 7 in B3 or 8 in B4 would mend it"]
    for text in texts:
        assert not re.search("[a-z]{2}", re.sub("form dd|d", "", in_language(text, "ko"))), text


def test_translations_fill_their_gaps() -> None:
    for pattern, korean in SENTENCES:
        assert len(set(re.findall(r"{\d}", korean))) <= re.compile(pattern).groups
