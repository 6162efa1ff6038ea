"""What a report does not say in the other language."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

WITHOUT_END = {"img", "meta", "image", "input", "br"}
NOT_READ = {"style", "script", "title"}


class _Texts(HTMLParser):
    """Collects the texts that have words and no `data-other`, once each."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in WITHOUT_END:
            self._open.append((tag, "data-other" in dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tag, translated = self._open[-1] if self._open else ("title", True)
        if tag not in NOT_READ and not translated and re.search("[A-Za-z]{2}", data) and data.strip() not in self.found:
            self.found.append(data.strip())


def untranslated(page: Path) -> list[str]:
    """The texts of a page that are the same in both languages, and have words."""
    texts = _Texts()
    texts.feed(page.read_text(encoding="utf-8"))
    return texts.found
