"""A photographed sheet becomes a spreadsheet on the page, in a real browser."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import pytest

pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

from benchmarks.mark_sheet import paint_marks
from sutja.data.corrections.store import Corrections
from sutja.data.dataset import Dataset

from .serving import draw
from .sheet_pictures import CELLS, MARKS, blank_picture, show_table, wait_for_cells
from .test_tables import locked_pdf

if TYPE_CHECKING:
    from .conftest import OpenPage, Served

FAILED = "Failed to load resource"  # what the browser logs for each error response
SHOWN = [["7", "32", "15"], ["9", "23", "24"], ["8", "74", "76"]]


@pytest.fixture(scope="module")
def marks(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sheets") / "marks.jpg"
    cv2.imwrite(str(path), paint_marks(mnist.test, MARKS))
    return path


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of 720 × 480 pixels, to which tests give an answer."""
    return blank_picture(tmp_path_factory.mktemp("sheets"))


def workbook_rows(content: bytes) -> list[list[str]]:
    """The numbers of the first sheet of a workbook, row by row."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        text = file.read("xl/worksheets/sheet1.xml").decode()
    return [re.findall(r"<v>([\d.]+)</v>", row) for row in re.findall(r"<row .*?</row>", text)]


def download(page: Page, button: str) -> bytes:
    with page.expect_download() as saved:
        page.click(button)
    return Path(saved.value.path()).read_bytes()


def test_a_photographed_sheet_becomes_a_workbook(open_page: OpenPage, marks: Path) -> None:
    page = open_page()
    page.set_input_files("#choose", marks)
    page.wait_for_function(f"() => ({CELLS})().length === {len(MARKS)}")
    for row, line in enumerate(page.evaluate(CELLS)):
        for column, text in enumerate(line):
            if text != MARKS[row][column]:  # a person mends what is misread
                page.locator(".sheet tbody tr").nth(row).locator(".cell").nth(column).click()
                page.fill("#typed", MARKS[row][column])
                page.keyboard.press("Enter")
    wait_for_cells(page, MARKS)
    assert workbook_rows(download(page, "#xlsx")) == [list(row) for row in MARKS]
    assert download(page, "#csv").decode().splitlines() == [",".join(row) for row in MARKS]
    page.reload()
    wait_for_cells(page, MARKS)
    expect(page.locator("#photograph")).to_be_visible()


def test_cells_to_check_are_mended_by_keyboard(open_page: OpenPage, paper: Path) -> None:
    page = open_page()
    show_table(page, paper)
    expect(page.locator(".cell.unsure")).to_have_count(2)
    expect(page.locator("#place")).to_have_text("C1")  # the first to check is open
    expect(page.locator("#why")).to_contain_text("may also be 13 (30%), 18 (20%)")
    page.focus(".cell[tabindex='0']")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#place")).to_have_text("B3")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#place")).to_have_text("C1")
    page.keyboard.press("Control+ArrowDown")
    expect(page.locator(".cell:focus")).to_have_attribute("aria-label", "C2: 24")
    page.keyboard.press("ArrowUp")
    page.keyboard.type("18")
    page.keyboard.press("Enter")  # goes on to the next
    expect(page.locator("#place")).to_have_text("B3")
    page.keyboard.press("Enter")  # it is right
    wait_for_cells(page, [["7", "32", "18"], *SHOWN[1:]])
    expect(page.locator(".cell.unsure")).to_have_count(0)
    expect(page.locator("#queue")).to_contain_text("nothing to check")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    wait_for_cells(page, SHOWN)
    page.keyboard.press("Control+Shift+z")
    wait_for_cells(page, [["7", "32", "18"], *SHOWN[1:]])


def test_a_digit_that_is_mended_teaches_and_one_that_is_none_is_taken_out(
    open_page: OpenPage, served: Served, paper: Path
) -> None:
    before = len(Corrections(served.corrections))
    page = open_page()
    show_table(page, paper)
    page.fill("#typed", "18")
    with page.expect_response("**/api/corrections") as stored:
        page.keyboard.press("Enter")
    assert stored.value.status == 201
    kept = [each.correction for each in Corrections(served.corrections).all()][before:]
    assert [(each.label, each.guess) for each in kept] == [(8, 5)]
    page.locator(".cell", has_text="23").click()
    page.locator(".digit").first.click()
    page.locator(".probability").nth(10).click()
    wait_for_cells(page, [["7", "32", "18"], ["9", "3", "24"], SHOWN[2]])
    page.click("#undo")
    wait_for_cells(page, [["7", "32", "18"], *SHOWN[1:]])


def test_numbers_are_deleted_typed_into_empty_cells_split_and_joined(open_page: OpenPage, paper: Path) -> None:
    page = open_page()
    rows = [*SHOWN, ["4", "", "4578"]]
    show_table(page, paper, *rows)
    page.locator(".cell", has_text="23").click()
    page.click("#remove")
    wait_for_cells(page, [rows[0], ["9", "", "24"], *rows[2:]])
    page.keyboard.press("Control+z")
    page.locator(".sheet tbody tr").nth(3).locator(".cell").nth(1).click()
    page.keyboard.type("45")
    page.keyboard.press("Enter")
    wait_for_cells(page, [*SHOWN, ["4", "45", "4578"]])
    page.click("#undo")
    page.locator(".cell", has_text="4578").click()
    page.locator("#typed").evaluate("input => { input.focus(); input.setSelectionRange(2, 2); }")
    page.click("#split")
    page.wait_for_function(f"() => ({CELLS})()[3].join() === '4,,45,78'")
    page.locator(".cell", has_text="45").click()
    page.click("#join")
    wait_for_cells(page, rows)
    page.click("#undo")
    page.click("#undo")
    wait_for_cells(page, rows)


def test_a_number_is_added_by_drawing_a_frame(open_page: OpenPage, paper: Path) -> None:
    page = open_page()
    show_table(page, paper, SHOWN[0], ["9", "", "24"], SHOWN[2])
    page.unroute("**/api/read*")
    box = page.locator("#photograph").bounding_box()
    assert box is not None
    zoom = box["width"] / 720
    page.click("#add")
    page.mouse.move(box["x"] + 155 * zoom, box["y"] + 78 * zoom)
    page.mouse.down()
    page.mouse.move(box["x"] + 185 * zoom, box["y"] + 102 * zoom, steps=4)
    page.mouse.up()
    expect(page.locator("#typed")).to_be_focused()  # nothing is written there: it is typed
    page.fill("#typed", "23")
    page.keyboard.press("Enter")
    wait_for_cells(page, SHOWN)


def test_a_picture_is_turned_and_cropped_by_hand(open_page: OpenPage, marks: Path) -> None:
    page = open_page()
    page.set_input_files("#choose", marks)
    page.wait_for_selector(".sheet .cell")
    size = "() => [document.getElementById('photograph').width, document.getElementById('photograph').height].join()"
    width, height = page.evaluate(size).split(",")
    page.click("#turnRight")
    page.wait_for_function(f"() => ({size})() === '{height},{width}'")
    page.click("#undo")
    page.wait_for_function(f"() => ({size})() === '{width},{height}' && ({CELLS})().length === {len(MARKS)}")
    page.click("#crop")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")  # the frame of the middle, a little narrower
    page.wait_for_function(f"() => Math.abs(document.getElementById('photograph').width - 0.78 * {width}) < 2")


def test_the_table_is_copied_for_spreadsheets(open_page: OpenPage, paper: Path) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    show_table(page, paper)
    page.click("#copy")
    expect(page.locator("#copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "7\t32\t1?\n9\t23\t24\n8\t7?\t76"
    html = page.evaluate(
        "navigator.clipboard.read().then(([item]) => item.getType('text/html')).then((blob) => blob.text())"
    )
    assert "<td>32</td>" in html


def test_several_files_and_pages_are_read_one_after_the_other(
    open_page: OpenPage, marks: Path, mnist: Dataset, tmp_path: Path
) -> None:
    scan, notes = tmp_path / "scan.tiff", tmp_path / "locked.pdf"
    scan.write_bytes(bytes(cv2.imencodemulti(".tiff", [draw(mnist.test.images[:1]), draw(mnist.test.images[1:2])])[1]))
    notes.write_bytes(locked_pdf())
    page = open_page(expected=FAILED, locale="ko-KR")
    page.set_input_files("#choose", [marks, scan, notes])
    names = page.locator("#queue b")
    expect(names).to_have_text(["marks.jpg", "scan.tiff#1", "scan.tiff#2", "locked.pdf"])
    expect(page.get_by_role("alert")).to_have_text("locked.pdf: PDF에 암호가 있습니다. 암호 없이 저장하세요")
    page.locator("#queue .open").nth(2).click()
    expect(page.locator(".digit .big")).to_have_text("2")
    page.locator("#queue .drop").nth(2).click()
    expect(names).to_have_count(3)


def test_reading_goes_on_when_the_server_is_back(open_page: OpenPage, marks: Path) -> None:
    page = open_page(expected=FAILED)
    page.route("**/api/read*", lambda route: route.abort("connectionrefused"))
    page.set_input_files("#choose", marks)
    expect(page.get_by_role("alert")).to_contain_text("sutja does not answer")
    page.unroute("**/api/read*")
    page.wait_for_selector(".sheet .cell")
    expect(page.locator("#trouble")).to_be_hidden()


def test_a_wrong_sum_is_named_after_an_edit(open_page: OpenPage, paper: Path) -> None:
    page = open_page(locale="ko-KR")
    show_table(page, paper, ["10", "20", "5"], ["11", "21", "6"], ["12", "22", "7"], ["33", "63", "18"])
    page.locator(".cell", has_text="63").click()
    page.fill("#typed", "68")
    page.keyboard.press("Enter")
    expect(page.locator(".cell.odd")).to_have_text("68")
    expect(page.locator("#why")).to_contain_text("열의 합은 68이 아니라 63임")
    page.click("#accept")
    expect(page.locator(".cell.odd")).to_have_count(0)


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_the_table_fits_on_a_phone(open_page: OpenPage, paper: Path, locale: str) -> None:
    phone: dict[str, Any] = {"viewport": {"width": 320, "height": 568}, "has_touch": True, "is_mobile": True}
    page = open_page(**phone, locale=locale)
    show_table(page, paper)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    small = page.locator("main button, main .button").evaluate_all(
        """all => all.map((each) => [each.id || each.className, each.getBoundingClientRect()])
          .filter(([, { width }]) => width).filter(([name, { width, height }]) => Math.min(width, height) < 40)
          .map(([name]) => name)"""
    )
    assert small == []


def test_on_a_phone_the_cell_to_check_and_the_picture_to_crop_come_into_sight(open_page: OpenPage, paper: Path) -> None:
    page = open_page(viewport={"width": 320, "height": 568}, has_touch=True, is_mobile=True)
    show_table(page, paper, ["10", "20", "1[5]"], *[["11", "21", "6"]] * 6, ["12", "22", "7"])
    page.locator("#next").scroll_into_view_if_needed()
    page.locator(".cell").last.click()
    page.click("#next")
    expect(page.locator("#place")).to_have_text("C1")
    card, cell = (page.locator(each).bounding_box() for each in ("#card", ".cell[aria-pressed=true]"))
    assert card is not None
    assert cell is not None
    assert card["y"] + card["height"] <= cell["y"] < 568
    page.locator("#crop").evaluate("key => key.scrollIntoView({ block: 'start' })")
    page.click("#crop")
    expect(page.locator("#frame span")).to_be_in_viewport(ratio=1)


def test_of_a_picture_that_could_not_be_read_it_is_not_said_that_it_has_no_digits(
    open_page: OpenPage, paper: Path
) -> None:
    page = open_page(expected=FAILED)
    page.route("**/api/read*", lambda route: route.fulfill(status=504, json={"detail": "too slow"}))
    page.set_input_files("#choose", paper)
    expect(page.get_by_role("alert")).to_contain_text("That took too long")
    expect(page.locator("#queue .failed")).to_be_visible()
    expect(page.locator("#photograph")).to_be_visible()
    expect(page.locator("#remark")).to_be_empty()


def test_a_picture_that_is_opened_shows_what_is_to_be_checked_first(open_page: OpenPage, paper: Path) -> None:
    page = open_page()
    show_table(page, paper)
    expect(page.locator("#place")).to_have_text("C1")
    page.click("#clear")  # back to writing
    expect(page.locator("#card")).to_be_hidden()
    page.click("#queue .open")
    expect(page.locator("#place")).to_have_text("C1")
    page.reload()
    expect(page.locator("#place")).to_have_text("C1")


@pytest.mark.parametrize("width", [320, 1200])
def test_the_card_of_a_number_does_not_hide_the_details_of_its_digits(
    open_page: OpenPage, paper: Path, width: int
) -> None:
    page = open_page(viewport={"width": width, "height": 568})
    show_table(page, paper)
    page.locator(".digit").first.click()
    expect(page.locator("#detail")).to_be_in_viewport()
    card = page.locator("#card").bounding_box()
    assert card is not None
    for part in ("#lines", "#detail"):
        box = page.locator(part).bounding_box()
        assert box is not None
        assert card["y"] + card["height"] <= box["y"]


def test_the_table_is_one_for_screen_readers(open_page: OpenPage, paper: Path) -> None:
    page = open_page()
    show_table(page, paper)
    table = page.get_by_role("table", name="Table of 3 rows and 3 columns")
    expect(table.get_by_role("columnheader")).to_have_text(["A", "B", "C"])
    expect(table.get_by_role("rowheader")).to_have_text(["1", "2", "3"])
    expect(table.get_by_role("button", name="C1: 15; read as 15")).to_be_visible()
    expect(page.locator("#live")).to_have_text("Table of 3 rows and 3 columns. 2 to check")
    for button in page.locator("button:visible").all():
        assert button.get_attribute("aria-label") or button.inner_text().strip()
