"""Reports break no rule of WCAG 2.2 AA, by day and by night, in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sutja.data.dataset import Dataset
from sutja.networks.model import create
from sutja.reports.confusion import plot_confusion_matrix
from sutja.reports.html import DigitSheet, Plot, Section, write_page
from sutja.reports.pages import inside_section
from sutja.reports.tables import Table
from tests.axe import find_violations, needs_axe

pytest.importorskip("playwright")

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def report(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with everything that reports have."""
    folder = tmp_path_factory.mktemp("report")
    figure = plot_confusion_matrix(np.eye(10, dtype=int).tolist())
    networks = [("LeNet-5", create("lenet5", seed=0)), ("MLP", create("mlp", seed=0))]
    sections = [
        Section("Verdict", ["MLP is better than LeNet-5 (p = 0.01)."], Table(["", "errors"], [["LeNet-5", "3"]])),
        inside_section(networks, mnist.test),
        Section("Figures", pictures=[Plot(figure, "confusion", "No digit is confused with another.")]),
        Section(
            "LeNet-5", pictures=[DigitSheet(mnist.test.images[:2], [("7 read as 2", "99% sure · #0")] * 2, "Two.")]
        ),
    ]
    write_page(folder, "LeNet-5 · MLP", "Compared on the 10 test digits of mnist.", sections)
    return folder / "report.html"


@needs_axe
@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_breaks_no_rule(browser: Browser, report: Path, scheme: Any, locale: str) -> None:
    context = browser.new_context(color_scheme=scheme, locale=locale)
    page = context.new_page()
    page.goto(report.as_uri())
    page.locator(".networks").wait_for()
    assert find_violations(page) == []
    page.locator(".stage canvas").first.click()
    assert find_violations(page) == []
    context.close()
