"""Markdown tables for the generated pages."""

from __future__ import annotations

from tools.markdown import write_table


def test_a_table() -> None:
    assert write_table(["a", "b"], [["x", "1"], ["y", "2"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |\n| y | 2 |\n"
