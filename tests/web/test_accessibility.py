"""The page of `sutja serve` breaks no rule of WCAG 2.2 AA, by day and by night, empty, with an answer, with a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sutja.data.dataset import Dataset
from tests.axe import find_violations, needs_axe

pytest.importorskip("playwright")

from .sheet_pictures import blank_picture, show_table
from .writing import draw_number, wait_for_lines

if TYPE_CHECKING:
    from .conftest import OpenPage


@needs_axe
@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_breaks_no_rule(open_page: OpenPage, mnist: Dataset, scheme: Any, locale: str) -> None:
    page = open_page(color_scheme=scheme, locale=locale)
    assert find_violations(page) == []
    draw_number(page, mnist, "31")
    wait_for_lines(page, ["31"])
    page.locator(".digit").first.click()
    assert find_violations(page) == []


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_sheet_beside_its_table_breaks_no_rule(open_page: OpenPage, tmp_path: Path, scheme: Any) -> None:
    page = open_page(color_scheme=scheme, reduced_motion="reduce")
    show_table(page, blank_picture(tmp_path))
    assert find_violations(page) == []
