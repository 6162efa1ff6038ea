"""The API page agrees with the code, and the index of the docs lists every page."""

from __future__ import annotations

from importlib import import_module

from tools.api import API_PAGE, SECTIONS, render


def test_the_page_agrees_with_the_docstrings() -> None:
    assert API_PAGE.read_text(encoding="utf-8") == render()


def test_each_public_name_has_a_docstring() -> None:
    for modules in SECTIONS.values():
        for module, names in modules.items():
            for name in names:
                assert getattr(import_module(module), name).__doc__, name


def test_the_public_face_is_on_the_page() -> None:
    face = import_module("sutja").__all__
    listed = [name for modules in SECTIONS.values() for name in modules.get("sutja", [])]
    assert sorted(listed) == sorted(set(face) - {"__version__"})


def test_the_index_lists_every_page() -> None:
    index = API_PAGE.with_name("README.md").read_text(encoding="utf-8")
    for page in API_PAGE.parent.glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in index, page.name
