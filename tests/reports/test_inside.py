"""Networks at work in a report: drawing, choosing digits and values, languages, phones, dark mode, accessibility."""

from __future__ import annotations

import base64
import re
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from torch import nn

from sutja.data.dataset import Dataset
from sutja.data.digits import Digits
from sutja.models.open import open_model
from sutja.networks.build import load_network
from sutja.networks.model import create
from sutja.reports.inside import join_scripts, look_inside, pick_digits

pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from .conftest import OpenReport

MAX_SCRIPT_BYTES = 50_000
SEVEN = [(0.25, 0.2), (0.75, 0.2), (0.45, 0.85)]  # corners of a stroke, in shares of the pad
Networks = list[tuple[str, nn.Module]]


@pytest.fixture(scope="module")
def networks() -> Networks:
    """LeNet-5 and the MLP as published."""
    return [("LeNet-5", load_network(open_model("lenet5-best"))), ("MLP", load_network(open_model("mlp-best")))]


@pytest.fixture(scope="module")
def digits(mnist: Dataset) -> Digits:
    return pick_digits(mnist.test)


def draw(page: Page, corners: list[tuple[float, float]]) -> None:
    """Draw a stroke with the mouse."""
    pad = page.locator(".pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + corners[0][0] * box["width"], box["y"] + corners[0][1] * box["height"])
    page.mouse.down()
    for x, y in corners[1:]:
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=8)
    page.mouse.up()


def picture(page: Page, selector: str) -> str:
    """What a canvas shows."""
    return str(page.locator(selector).first.evaluate("canvas => canvas.toDataURL()"))


def test_every_network_reads_what_is_drawn(open_report: OpenReport, networks: Networks, digits: Digits) -> None:
    page = open_report(networks, digits)
    before = picture(page, ".stage canvas")
    draw(page, SEVEN)
    expect(page.locator(".big")).to_have_text(["7", "7"])
    expect(page.get_by_role("status")).to_contain_text("LeNet-5: 7,")
    assert picture(page, ".stage canvas") != before
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".big")).to_have_text(["–", "–"])
    expect(page.locator(".invitation")).to_be_visible()


def test_they_answer_while_the_pen_is_down(open_report: OpenReport, networks: Networks) -> None:
    page = open_report(networks, None)
    box = page.locator(".pad").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.15 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.48 * box["width"], box["y"] + 0.85 * box["height"], steps=8)
    expect(page.locator(".big")).to_have_text(["1", "1"])


def test_a_digit_is_chosen_by_click_and_by_keyboard(
    open_report: OpenReport, networks: Networks, digits: Digits
) -> None:
    page = open_report(networks, digits)
    chosen = page.locator(".digits")
    for step, key in enumerate(["ArrowRight", "ArrowRight", "ArrowDown"]):
        chosen.press(key)
        index = [1, 2, 22][step]
        expect(page.locator(".note")).to_have_text(f"Digit {index + 1} of 100: it is a {digits.labels[index]}")
    expect(chosen).to_have_attribute("aria-valuenow", "23")
    box = chosen.bounding_box()
    assert box is not None
    chosen.click(position={"x": box["width"] * 3.5 / 20, "y": box["height"] * 4.5 / 5})
    expect(page.locator(".note")).to_contain_text("Digit 84 of 100")


def test_a_value_shows_the_part_of_the_digit_that_it_sees(
    open_report: OpenReport, networks: Networks, digits: Digits
) -> None:
    page = open_report([networks[0], ("MLP", create("mlp", seed=0))], digits)
    second = page.locator(".stage canvas").nth(1)  # S2
    second.press("ArrowRight")
    detail = page.locator(".detail")
    expect(detail).to_contain_text("S2, map 1, row 1, column 2: ")
    expect(detail).to_contain_text("It sees rows 1 to 4 and columns 1 to 6 of the digit.")
    share = page.locator(".detail .field").evaluate("field => field.style.width")
    assert float(share.removesuffix("%")) == pytest.approx(100 * 6 / 28, abs=0.01)
    page.locator(".network").nth(1).locator("canvas").first.press("ArrowRight")  # the MLP's first hidden layer
    expect(detail).to_contain_text("F1, unit 2: ")
    expect(detail).to_contain_text("It sees the whole digit.")
    expect(detail.locator(".filters")).to_be_visible()


def test_layers_are_named_as_in_lenet5(open_report: OpenReport, networks: Networks) -> None:
    page = open_report([*networks, ("tiny", create("tiny", seed=0))], None)
    names = [page.locator(".network").nth(at).locator(".stage b").all_inner_texts() for at in range(3)]
    assert names == [["C1", "S2", "C3", "S4", "C5", "F6"], ["S1", "F2", "F3"], ["C1", "S2", "C3", "C4", "S5", "C6"]]


def test_both_languages_say_everything(open_report: OpenReport, networks: Networks, digits: Digits) -> None:
    page = open_report(networks, digits, locale="ko-KR")
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    expect(page.get_by_role("heading", name="숫자를 그려 보세요")).to_be_visible()
    page.locator(".stage canvas").first.press("ArrowRight")
    said = page.locator("#inside").inner_text()
    assert set(re.findall(r"[A-Za-z]{4,}", said)) == {"LeNet", "MNIST"}
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Draw a digit")).to_be_visible()
    expect(page.locator(".detail")).to_contain_text("map 1")
    assert re.findall("[가-힣]+", page.locator("main").inner_text()) == []
    expect(page.get_by_role("button", name="한국어")).to_be_visible()


@pytest.mark.parametrize("width", [320, 360, 768])
def test_nothing_sticks_out_on_a_phone(open_report: OpenReport, networks: Networks, digits: Digits, width: int) -> None:
    for locale in ("en-US", "ko-KR"):
        page = open_report(networks, digits, viewport={"width": width, "height": 700}, locale=locale)
        page.locator(".stage canvas").first.press("ArrowRight")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        edges = page.locator("#inside *").evaluate_all("all => all.map((each) => each.getBoundingClientRect().right)")
        assert max(edges) <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_maps_and_ink_follow_the_colours_of_the_page(
    open_report: OpenReport, networks: Networks, digits: Digits, scheme: Any
) -> None:
    page = open_report(networks, digits, expected="Canvas2D: Multiple readback", color_scheme=scheme)
    corner = "canvas => canvas.getContext('2d').getImageData(0, 0, 1, 1).data[0]"
    seen = page.locator(".seen canvas")
    assert (seen.evaluate(corner) > 200) == (scheme == "light")
    other: Any = "dark" if scheme == "light" else "light"
    page.emulate_media(color_scheme=other)
    page.wait_for_function(
        f"""light => (({corner})(document.querySelector(".seen canvas")) > 200) === light""", arg=other == "light"
    )


def test_every_control_has_an_accessible_name(open_report: OpenReport, networks: Networks, digits: Digits) -> None:
    page = open_report(networks, digits)
    page.locator(".stage canvas").first.press("ArrowRight")
    roles = re.findall(r"- '?(button|slider|img|region|heading)( \".+?\")?", page.locator("body").aria_snapshot())
    assert len([role for role, _ in roles if role == "slider"]) == 10
    assert [role for role, name in roles if not name] == []


def test_a_network_that_cannot_be_shown_is_named() -> None:
    pair = create("convnet5-pair", seed=0)
    inside = look_inside([("pair", pair), ("MLP", create("mlp", seed=0))], None)
    assert [each["title"] for each in inside.data["networks"]] == ["MLP"]
    assert inside.remarks == ["pair is not shown at work: ColumnEnsemble: this kind of layer is not known."]
    large = nn.Sequential(nn.Flatten(), nn.Linear(784, 784), nn.ReLU(), nn.Linear(784, 10))
    remarks = look_inside([("large", large)], None).remarks
    assert remarks == ["Not shown at work, because this page would become too large: large."]


def test_networks_for_which_a_page_has_no_room_are_named_in_one_line() -> None:
    many = [(f"MLP {seed}", create("mlp", seed=seed)) for seed in range(4)]
    inside = look_inside(many, None, 250_000)
    assert [each["title"] for each in inside.data["networks"]] == ["MLP 0", "MLP 1"]
    assert inside.remarks == ["Not shown at work, because this page would become too large: MLP 2, MLP 3."]


def test_a_hundred_digits_are_ten_of_each_class(digits: Digits, small: Dataset) -> None:
    assert np.bincount(digits.labels).tolist() == [10] * 10
    assert len(pick_digits(small.test)) == len(small.test)
    packed = look_inside([], digits).data["digits"]
    assert zlib.decompress(base64.b64decode(packed)) == digits.images.tobytes()


def test_the_scripts_of_a_page_are_one_without_imports_and_comments() -> None:
    script = join_scripts()
    assert not re.search(r"^(import|export)\b|^ *//|/\*\*", script, flags=re.MULTILINE)
    assert len(script.encode()) <= MAX_SCRIPT_BYTES
