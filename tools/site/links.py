"""Links between files of the repository become links between pages of the site; one that leads nowhere is a fault."""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tools.site.pages import PageSet

LINK = re.compile(r"(?P<before>!?\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\()(?P<target>[^)\s]+)\)")
PICTURE = re.compile(r"(<img src=\")([^\"]+)(\")")
COMMENT = re.compile(r"^<!-- .*? -->\n", re.MULTILINE)
FENCE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)
Converted = tuple[str, str]  # a page's text, and where it stands


@dataclass
class LinkRewriter:
    """Rewrites the links of the pages of one language.

    `repository` is the address at which files that are no pages can be seen; where it is unknown, links to them become
    their text. `assets` collects the pictures that the pages show, `faults` what leads nowhere.
    """

    root: Path
    sets: dict[str, PageSet]
    language: str
    repository: str = ""
    assets: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def rewrite(self, file: str, text: str) -> str:
        """The text of the page `file` with links of the site, and without comments."""

        def link(match: re.Match[str]) -> str:
            target = self._target(file, match["target"])
            return match["text"] if target is None else f"{match['before']}{target})"

        def picture(match: re.Match[str]) -> str:
            return f"{match[1]}{self._target(file, match[2], is_html=True)}{match[3]}"

        return in_prose(COMMENT.sub("\n", text), lambda part: PICTURE.sub(picture, LINK.sub(link, part)))

    def _target(self, file: str, target: str, *, is_html: bool = False) -> str | None:
        """Where a link of `file` leads in the site; `None` where only the unknown repository has it."""
        if re.match(r"[a-z]+:|#", target):
            return target
        path, _, anchor = target.partition("#")
        found = os.path.normpath(PurePosixPath(file).parent / path)
        anchor = f"#{anchor}" if anchor else ""
        here = self.sets[self.language].places[file]
        for language, pages in self.sets.items():
            if found in pages.places:
                same = language == self.language
                return (_page_link(here, pages.places[found]) if same else self._other(here, language, found)) + anchor
        if not (self.root / found).exists():
            self.faults.append(f"{file}: leads nowhere: {target}")
            return target
        if found.endswith((".png", ".jpg", ".svg")):
            self.assets.add(found)
            return _page_link(_url(here) + "page.md" if is_html else here, asset_place(found))
        return f"{self.repository}/{found}{anchor}" if self.repository else None

    def _other(self, here: str, language: str, found: str) -> str:
        """The address of a page in the other language, from a page of this one: English stands above Korean."""
        start = _url(here) if self.language == "en" else f"{self.language}/{_url(here)}"
        end = _url(self.sets[language].places[found])
        return os.path.relpath(f"/{'' if language == 'en' else f'{language}/'}{end}", f"/{start}") + "/"


def in_prose(text: str, change: Callable[[str], str]) -> str:
    """Change all of a Markdown text but its fenced blocks."""
    parts = FENCE.split(text)
    return "".join(part if index % 2 else change(part) for index, part in enumerate(parts))


def asset_place(file: str) -> str:
    """Where a picture of the repository stands in the site."""
    return file.removeprefix("docs/")


def _page_link(here: str, there: str) -> str:
    return os.path.relpath(there, PurePosixPath(here).parent)


def _url(place: str) -> str:
    """The folder in which Zensical writes a page."""
    return re.sub(r"(^|/)index\.md$", r"\1", place).removesuffix(".md").rstrip("/") + (
        "" if place == "index.md" else "/"
    )
