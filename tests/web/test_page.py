"""The page in a real browser: numbers drawn with the mouse and read, pictures, corrections, languages, keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect

from benchmarks.pen import draw, outline_strokes
from sutja.data.corrections.store import Corrections
from sutja.data.dataset import Dataset
from sutja.synth.lines import LineRenderer
from sutja.synth.photograph import take_photograph
from tests.reading.readings import read_lines
from tests.waiting import HANG_SECONDS, wait_until

from .writing import corners, digit_of, draw_number, hold_corrections, send_corrections, wait_for_lines

if TYPE_CHECKING:
    from .conftest import OpenPage, Served


def test_digits_drawn_with_the_mouse_are_read(open_page: OpenPage, mnist: Dataset) -> None:
    page = open_page()
    left, top = corners(page)
    for label in (7, 0):
        for stroke in outline_strokes(digit_of(mnist, label), left + 200, top + 150):
            page.mouse.move(*stroke[0])
            page.mouse.down()
            for point in stroke[1:]:
                page.mouse.move(*point)
            page.mouse.up()
        wait_for_lines(page, [str(label)])
        page.click("#clear")
        wait_for_lines(page, [])
    assert page.locator("#clear").is_disabled()


def test_several_digits_and_lines_are_read_while_they_are_drawn(open_page: OpenPage, mnist: Dataset) -> None:
    page = open_page()
    draw_number(page, mnist, "304", top=40)
    wait_for_lines(page, ["304"])
    draw_number(page, mnist, "76", top=260)
    wait_for_lines(page, ["304", "76"])
    expect(page.locator("#live")).to_have_text("Read: 3 0 4; 7 6.")


def test_it_is_read_while_the_pen_is_down(open_page: OpenPage) -> None:
    page = open_page()
    left, top = corners(page)
    page.mouse.move(left + 300, top + 150)
    page.mouse.down()
    page.mouse.move(left + 295, top + 300, steps=10)
    wait_for_lines(page, ["1"])
    page.mouse.up()


def test_undo_takes_back_stroke_by_stroke(open_page: OpenPage, mnist: Dataset) -> None:
    page = open_page()
    draw(page, [[(150, 100), (148, 220)]])
    draw(page, [[(300, 100), (298, 220)]])
    wait_for_lines(page, ["11"])
    page.keyboard.press("Control+z")
    wait_for_lines(page, ["1"])
    page.click("#undo")
    wait_for_lines(page, [])
    expect(page.locator("#undo")).to_be_disabled()
    expect(page.locator(".invitation")).to_be_visible()


@pytest.fixture(scope="module")
def photo(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    taken = take_photograph(
        LineRenderer(mnist.test, drawn=0),
        np.random.default_rng(1),
        difficulty="easy",
        size=(1280, 960),
        numbers=["90210", "47"],
    )
    path = tmp_path_factory.mktemp("photo") / "photograph.jpg"
    cv2.imwrite(str(path), taken.picture)
    return path


def test_a_photograph_is_read_and_shown_with_its_boxes(open_page: OpenPage, photo: Path) -> None:
    page = open_page()
    page.set_input_files("#choose", photo)
    wait_for_lines(page, ["90210", "47"])
    canvas = page.locator("#photograph")
    box = canvas.bounding_box()
    assert box is not None
    assert box["width"] / box["height"] == pytest.approx(1280 / 960, rel=0.01)
    marked = page.evaluate(
        """() => {
          const { width, height } = document.getElementById("marks");
          const { data } = document.getElementById("marks").getContext("2d").getImageData(0, 0, width, height);
          return data.filter((value, at) => at % 4 === 3 && value).length;
        }"""
    )
    assert marked > 1000  # pixels of boxes
    page.click("#clear")  # back to writing
    wait_for_lines(page, [])
    expect(page.locator("#ink")).to_be_visible()


def test_a_tap_into_the_photograph_opens_the_digit_there(open_page: OpenPage, served: Served, photo: Path) -> None:
    page = open_page()
    page.set_input_files("#choose", photo)
    wait_for_lines(page, ["90210", "47"])
    answer = page.request.post(
        f"{served.address}/api/read",
        data=photo.read_bytes(),
        headers={"Content-Type": "image/jpeg"},
        timeout=1000 * HANG_SECONDS,
    )
    left, top, width, height = answer.json()["lines"][1]["numbers"][0]["digits"][0]["box"]
    shown = page.locator("#photograph").bounding_box()
    assert shown is not None
    zoom = shown["width"] / 1280
    page.locator("#photograph").click(position={"x": (left + width / 2) * zoom, "y": (top + height / 2) * zoom})
    expect(page.locator("#detail-title")).to_contain_text("“4”")


def test_a_large_photograph_is_scaled_down_before_it_is_sent(open_page: OpenPage, photo: Path, tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    cv2.imwrite(str(large), cv2.resize(np.asarray(cv2.imread(str(photo))), (4800, 3600)))
    page = open_page()
    page.evaluate(
        """() => {
          const ask = window.fetch;
          window.fetch = (address, how) => {
            window.sent = how.body;
            return ask(address, how);
          };
        }"""
    )
    page.set_input_files("#choose", large)
    wait_for_lines(page, ["90210", "47"])
    size = page.evaluate("createImageBitmap(window.sent).then(({ width, height }) => [width, height])")
    assert size == [2400, 1800]
    assert page.evaluate("window.sent.size") < 2_000_000 < large.stat().st_size


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_is_dropped_or_pasted(open_page: OpenPage, photo: Path, way: str) -> None:
    page = open_page()
    page.evaluate(
        """([bytes, way]) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], "photograph.jpg", { type: "image/jpeg" }));
          const how = { bubbles: true, cancelable: true };
          document.getElementById("paper").dispatchEvent(way === "drop"
            ? new DragEvent("drop", { ...how, dataTransfer: data })
            : new ClipboardEvent("paste", { ...how, clipboardData: data }));
        }""",
        [list(photo.read_bytes()), way],
    )
    wait_for_lines(page, ["90210", "47"])


def test_an_invalid_picture_is_reported_in_plain_words(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page()
    path = tmp_path / "notes.txt"
    path.write_text("no picture")
    page.set_input_files("#choose", path)
    expect(page.get_by_role("alert")).to_have_text("This file is not a picture, or it is damaged.")
    draw(page, [[(150, 100), (148, 220)]])
    wait_for_lines(page, ["1"])
    expect(page.locator("#trouble")).to_be_hidden()


def test_an_empty_sheet_has_no_digits(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page()
    path = tmp_path / "paper.png"
    cv2.imwrite(str(path), np.full((300, 400), 230, np.uint8))
    page.set_input_files("#choose", path)
    expect(page.locator("#remark")).to_contain_text("No digits found")


def test_the_details_of_a_digit_are_shown(open_page: OpenPage, mnist: Dataset) -> None:
    page = open_page()
    draw_number(page, mnist, "8")
    wait_for_lines(page, ["8"])
    with page.expect_response("**/api/saliency"):
        page.click(".digit")
    expect(page.locator("#detail-title")).to_contain_text("“8”")
    expect(page.locator(".probability")).to_have_count(11)
    eight = page.locator(".probability").nth(8)
    assert "8:" in str(eight.get_attribute("aria-label"))
    tall = page.locator(".bar").evaluate_all("bars => bars.map((bar) => bar.clientHeight)")
    assert int(np.argmax(tall)) == 8
    assert tall[8] > 40
    page.wait_for_function(
        "() => { const {data} = document.getElementById('saliency').getContext('2d').getImageData(0, 0, 28, 28);"
        "return data.some((value, at) => at % 4 === 0 && value !== data[at + 2]); }"
    )  # the map's colours
    seen = page.evaluate("[...document.getElementById('seen').getContext('2d').getImageData(0, 0, 28, 28).data]")
    assert seen[0::4] == seen[1::4] == seen[2::4]  # grey
    assert max(seen[0::4]) > 200
    page.click("#close")
    expect(page.locator("#detail")).to_be_hidden()


def test_signs_stand_between_the_digits_of_numbers(open_page: OpenPage, served: Served) -> None:
    """The keys move over them, and a correction concerns the digit only."""
    before = len(Corrections(served.corrections))
    page = open_page()
    answer = read_lines(("-1,5[0]0.75", "2 1/2"), ("12[:]30", "7")).as_json("", detail=True)
    page.route("**/api/read*", lambda route: route.fulfill(json={**answer, "width": 500, "height": 100}))
    hold_corrections(page)
    draw(page, [[(150, 100), (148, 220)]])
    wait_for_lines(page, ["-1,5?0.75 2 1/2", "12?30 7"])
    expect(page.locator("#live")).to_have_text(
        "Read: minus 1 comma 5 not sure, perhaps 0, 90% 0 point 7 5, 2 1 slash 2; 1 2 a sign that is not sure 3 0, 7."
    )
    expect(page.locator("#remark")).to_contain_text("not sure")
    expect(page.get_by_role("img", name="comma")).to_have_text(",")
    page.focus(".digit[tabindex='0']")
    for key in ("ArrowRight", "ArrowRight", "8"):
        page.keyboard.press(key)
    wait_for_lines(page, ["-1,580.75 2 1/2", "12?30 7"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("9")
    wait_for_lines(page, ["-1,580.75 2 1/2", "12?39 7"])
    send_corrections(page)
    expect(page.locator("#note")).to_have_text("Stored, thank you.")
    kept = [each.correction for each in Corrections(served.corrections).all()][before:]
    assert [(correction.label, correction.guess, correction.box) for correction in kept] == [
        (8, 0, (40, 0, 10, 20)),
        (9, 0, (40, 40, 10, 20)),
    ]


def test_numbers_are_copied_with_their_signs(open_page: OpenPage) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    answer = read_lines(("-1,500.75", "2 1/2"), ("12:30",)).as_json("", detail=True)
    page.route("**/api/read*", lambda route: route.fulfill(json={**answer, "width": 500, "height": 100}))
    draw(page, [[(150, 100), (148, 220)]])
    page.click("#copy")
    expect(page.locator("#copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "-1,500.75 2 1/2\n12:30"


def test_a_correction_is_stored_with_its_picture(open_page: OpenPage, served: Served, mnist: Dataset) -> None:
    store = Corrections(served.corrections)
    before = len(store)
    page = open_page()
    draw_number(page, mnist, "41")
    wait_for_lines(page, ["41"])
    page.locator(".digit").nth(1).click()
    with page.expect_response("**/api/corrections") as answered:
        page.locator(".probability").nth(7).click()
        wait_for_lines(page, ["47"])
    assert answered.value.status == 201
    expect(page.locator("#note")).to_have_text("Stored, thank you.")
    expect(page.locator("#kept")).to_contain_text(str(served.corrections))
    kept = Corrections(served.corrections).all()
    assert len(kept) == before + 1
    correction, picture = kept[-1].correction, kept[-1].picture
    assert (correction.label, correction.guess) == (7, 1)
    assert correction.image.max() > 200
    assert correction.box is not None
    assert picture is not None
    left, top, width, height = correction.box
    written = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE)
    assert written is not None
    assert written[top : top + height, left : left + width].min() < 50  # the 1 is in its box
    assert written[:, : left - 2].min() < 50  # and the 4 is beside it
    page.reload()
    expect(page.locator("#kept")).to_contain_text(["", "One is stored", f"{before + 1} are stored"][min(before + 1, 2)])


def test_a_correction_survives_more_writing_and_is_stored_once(
    open_page: OpenPage, served: Served, mnist: Dataset
) -> None:
    before = len(Corrections(served.corrections))
    page = open_page()
    hold_corrections(page)
    draw_number(page, mnist, "41")
    wait_for_lines(page, ["41"])
    page.locator(".digit").nth(1).click()
    page.keyboard.press("7")
    wait_for_lines(page, ["47"])
    draw(page, outline_strokes(digit_of(mnist, 0), 300, 60))
    wait_for_lines(page, ["470"])
    send_corrections(page)
    expect(page.locator("#note")).to_have_text("Stored, thank you.")
    expect(page.locator("#revoke")).to_be_hidden()  # no correction waits
    assert len(Corrections(served.corrections)) == before + 1


def test_a_correction_can_be_undone_for_a_moment(open_page: OpenPage, served: Served, mnist: Dataset) -> None:
    before = len(Corrections(served.corrections))
    page = open_page()
    hold_corrections(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    draw_number(page, mnist, "41")
    wait_for_lines(page, ["41"])
    page.locator(".digit").first.click()
    page.keyboard.press("9")
    wait_for_lines(page, ["91"])
    page.keyboard.press("Control+z")
    wait_for_lines(page, ["41"])
    send_corrections(page)
    page.keyboard.press("4")  # the digit that was read is not a correction
    send_corrections(page)
    draw(page, outline_strokes(digit_of(mnist, 0), 300, 60))
    wait_for_lines(page, ["410"])  # earlier requests have arrived
    assert not [address for address in asked if address.endswith("/api/corrections")]
    assert len(Corrections(served.corrections)) == before


def test_leaving_the_page_at_once_loses_no_correction(open_page: OpenPage, served: Served, mnist: Dataset) -> None:
    before = len(Corrections(served.corrections))
    page = open_page()
    hold_corrections(page)
    draw_number(page, mnist, "3")
    wait_for_lines(page, ["3"])
    page.locator(".digit").click()
    page.keyboard.press("8")
    wait_for_lines(page, ["8"])
    page.goto(f"{served.address}/docs")
    wait_until(lambda: len(Corrections(served.corrections)) > before)
    assert len(Corrections(served.corrections)) == before + 1


def test_leaving_the_page_loses_no_correction_of_a_large_picture(
    open_page: OpenPage, served: Served, photo: Path, tmp_path: Path
) -> None:
    before = len(Corrections(served.corrections))
    large = tmp_path / "large.png"
    cv2.imwrite(str(large), np.asarray(cv2.imread(str(photo))))
    page = open_page()
    hold_corrections(page)
    page.set_input_files("#choose", large)
    wait_for_lines(page, ["90210", "47"])
    page.locator(".digit").last.click()
    page.keyboard.press("8")
    wait_for_lines(page, ["90210", "48"])
    page.goto(f"{served.address}/docs")
    wait_until(lambda: len(Corrections(served.corrections)) > before)
    kept = Corrections(served.corrections).all()[-1]
    assert (kept.correction.label, kept.picture) == (8, None)  # a browser lets a closing page send 64 kB


def test_the_example_is_written_and_read(open_page: OpenPage) -> None:
    page = open_page()
    page.click("#example")
    wait_for_lines(page, ["2026"])


def test_everything_but_drawing_works_by_keyboard(open_page: OpenPage) -> None:
    page = open_page(reduced_motion="reduce")  # the example appears at once: no new reading comes between two keys
    hold_corrections(page)
    names = []
    for _ in range(6):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.id"))
    assert names[:3] == ["language", "example", "choose"]
    page.focus("#example")
    page.keyboard.press("Enter")
    wait_for_lines(page, ["2026"])
    page.focus(".digit[tabindex='0']")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#detail")).to_be_visible()
    expect(page.locator(".digit").nth(1)).to_be_focused()
    page.keyboard.press("End")
    expect(page.locator(".digit").nth(3)).to_be_focused()
    page.keyboard.press("5")
    page.keyboard.press("Control+z")
    wait_for_lines(page, ["2026"])
    page.keyboard.press("8")
    wait_for_lines(page, ["2028"])
    expect(page.locator(".digit").nth(3)).to_be_focused()
    expect(page.locator(".digit").nth(3)).to_have_attribute("aria-label", "8, corrected by you")
    page.keyboard.press("Escape")
    expect(page.locator("#detail")).to_be_hidden()
    expect(page.locator(".digit").nth(3)).to_be_focused()
