"""axe-core (Deque, MPL-2.0) in the browser: which rules of WCAG a page breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.recording import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
AXE_MISSING = "no axe-core: npm install"
LEVEL_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
needs_axe = pytest.mark.skipif(not AXE.is_file(), reason=AXE_MISSING)

RULES = """async (tags) => {
  const { violations } = await axe.run(document, { runOnly: { type: "tag", values: tags } });
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(" ")}`);
}"""


def find_violations(page: Page) -> list[str]:
    """What breaks WCAG 2.2 at level A or AA in the page as it is now, a line for each rule, with its elements."""
    page.evaluate(AXE.read_text(encoding="utf-8"))  # not as a script of the page, which its security policy refuses
    found: list[Any] = page.evaluate(RULES, LEVEL_AA)
    return [str(each)[:500] for each in found]
