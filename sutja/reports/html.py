"""A report as one HTML file, pictures included, that a browser opens without a server."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from sutja.data.digits import Images
from sutja.files import write_text
from sutja.models.card import Card
from sutja.recipe import flatten
from sutja.reports.figures import Drawing, PlotText
from sutja.reports.inside import LANGUAGE_SCRIPT, SCRIPTS, Inside, join_scripts
from sutja.reports.languages import lines_in_korean, to_korean
from sutja.reports.tables import Table

NEEDS_SCRIPTS = "This part needs JavaScript, of a browser of 2023 or later."
ANCHORS = {0.0: "start", 0.5: "middle", 1.0: "end"}  # of SVG, by the part of a line before its point
SVG_DEFAULTS = {"text-anchor": "middle", "fill": "#000000", "font-weight": "normal"}  # which report.css repeats


@dataclass(frozen=True)
class Picture:
    """A PNG with its caption."""

    png: bytes
    caption: str

    @property
    def address(self) -> str:
        """The picture as a `data:` address."""
        return _png_address(self.png)


@dataclass(frozen=True)
class Plot:
    """A figure that is drawn when its page is written, the name of its file, and its caption.

    A page shows the `sheet` in its place, where there is one.
    """

    figure: Figure
    name: str
    caption: str
    sheet: DigitSheet | None = None


@dataclass(frozen=True)
class DrawnPlot:
    """A plot as a PNG without texts, its size in pixels, and its texts, which the page says in either language."""

    png: bytes
    size: tuple[int, int]
    texts: Sequence[PlotText]
    caption: str

    @property
    def address(self) -> str:
        """The picture as a `data:` address."""
        return _png_address(self.png)

    def lines(self) -> Iterator[tuple[Markup, str, str]]:
        """Each line of text: how and where it stands as attributes of SVG, the line, and the line in Korean."""
        for text in self.texts:
            for line, korean, point in zip(text.lines, lines_in_korean(text.lines), text.points, strict=True):
                yield _svg_attributes(text, *point), line, korean


def _svg_attributes(text: PlotText, x: float, y: float) -> Markup:
    values = {
        "x": f"{x:.1f}",
        "y": f"{y:.1f}",
        "font-size": f"{text.pixels:.1f}",
        "text-anchor": ANCHORS[text.before],
        "fill": text.colour,
        "font-weight": "bold" if text.bold else "normal",
        "transform": f"rotate({-text.degrees:g} {x:.1f} {y:.1f})" if text.degrees else "",
    }
    given = [(name, value) for name, value in values.items() if value and value != SVG_DEFAULTS.get(name)]
    return Markup("").join(Markup(' {}="{}"').format(name, value) for name, value in given)


@dataclass(frozen=True)
class DigitSheet:
    """Digits, `uint8 (N, 28, 28)`, each with lines of text below it, and a caption of all.

    In bytes it is a third of a plot of the same digits; it is sharp at every size, and its texts have both languages.
    """

    images: Images
    texts: Sequence[Sequence[str]]
    caption: str

    def tiles(self) -> Iterator[tuple[str, Sequence[str]]]:
        """The `data:` address of each digit, ink on white paper, with its texts."""
        return zip(self._addresses, self.texts, strict=True)

    @cached_property
    def _addresses(self) -> list[str]:
        """Made once: a page of a comparison is rendered a second time when its size is known."""
        return [_digit_address(image) for image in self.images]


def _digit_address(image: NDArray[np.uint8]) -> str:
    png = io.BytesIO()
    Image.fromarray(255 - image).save(png, "png", optimize=True)
    return _png_address(png.getvalue())


def _png_address(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()


Illustration = Picture | Plot | DrawnPlot | DigitSheet


@dataclass(frozen=True)
class Section:
    """A part of a page: paragraphs, then a table, then pictures, then networks at work, of which a page has one."""

    title: str
    paragraphs: Sequence[str] = ()
    table: Table | None = None
    pictures: Sequence[Illustration] = field(default_factory=list)
    inside: Inside | None = None


def write_page(folder: Path, title: str, lead: str, sections: Sequence[Section], language: str = "") -> None:
    """Write the plots of a page into the `figures` of a folder, and the page as its `report.html`."""
    write_text(folder / "report.html", render_page(title, lead, draw_plots(folder, sections, language), language))


def draw_plots(folder: Path, sections: Sequence[Section], language: str = "") -> list[Section]:
    """Sections with their plots drawn, each of which is written as PNG into the `figures` of a folder."""

    def drawn(picture: Illustration) -> Illustration:
        if not isinstance(picture, Plot):
            return picture
        drawing = Drawing(picture.figure)
        drawing.save(folder / "figures" / f"{picture.name}.png", language)
        return picture.sheet or DrawnPlot(drawing.without_texts(), drawing.size, drawing.texts, picture.caption)

    return [replace(section, pictures=[drawn(each) for each in section.pictures]) for section in sections]


def render_page(title: str, lead: str, sections: Sequence[Section], language: str = "") -> str:
    """The HTML of a self-contained page in English and Korean, with a switch.

    It begins with the language "en" or "ko", or with that of the browser where none is given. A browser without
    JavaScript shows the given one, or English.
    """
    at_work = any(section.inside for section in sections)
    values = {"title": title, "lead": lead, "sections": sections, "language": language, "at_work": at_work}
    scripts = join_scripts(SCRIPTS if at_work else (LANGUAGE_SCRIPT,))
    return _render("report.html.j2", **values, **_languages(language), scripts=scripts, NEEDS_SCRIPTS=NEEDS_SCRIPTS)


def _languages(language: str) -> dict[str, Callable[..., str]]:
    """What the template says: a text in the language of the page, and the attribute with that in the other."""

    def said(text: str) -> str:
        return (to_korean(text) if language == "ko" else None) or text

    def other(text: str, korean: str | None = None) -> Markup:
        korean = to_korean(text) if korean is None else korean
        if korean is None or korean == text:
            return Markup()
        return Markup(' data-other="{}"').format(text if language == "ko" else korean)

    return {"said": said, "other": other}


def render_card(card: Card) -> str:
    """A model card as Markdown."""
    template = {"digits": "MODEL_CARD.md.j2", "lines": "LINE_CARD.md.j2", "pages": "PAGE_CARD.md.j2"}[card.reads]
    values = {**vars(card), "data": card.environment.data, "recipe": card.recipe and asdict(card.recipe)}
    values["class_names"] = card.class_names
    return re.sub(r"\n{3,}", "\n\n", _render(template, **values)).lstrip()


def _render(template: str, **values: Any) -> str:
    environment = Environment(
        loader=PackageLoader("sutja.reports"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["flatten"] = flatten
    return environment.get_template(template).render(**values)
