"""A report as one HTML file, pictures included, that a browser opens without a server."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from sutja.data.digits import Images
from sutja.files import whole_file
from sutja.models.card import Card
from sutja.recipe import flatten
from sutja.reports.inside import LANGUAGE_SCRIPT, SCRIPTS, Inside, join_scripts
from sutja.reports.languages import to_korean
from sutja.reports.tables import Table

NEEDS_SCRIPTS = "This part needs JavaScript, of a browser of 2023 or later."
DOTS_PER_INCH = 120
PLOT_COLOURS = 128  # of a stored plot
MAX_DRAWN_COLOURS = 16_384  # of a plot; photographs have more


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


@dataclass(frozen=True)
class Section:
    """A part of a page: paragraphs, then a table, then pictures, then networks at work, of which a page has one."""

    title: str
    paragraphs: Sequence[str] = ()
    table: Table | None = None
    pictures: Sequence[Picture | DigitSheet] = field(default_factory=list)
    inside: Inside | None = None


def save_figure(figure: Figure, path: Path) -> bytes:
    """Write a figure as PNG and return its bytes. There is no time stamp: the same figure gives the same bytes."""
    content = _encode(_draw(figure))
    with whole_file(path) as partial:
        partial.write_bytes(content)
    return content


def _draw(figure: Figure) -> Image.Image:
    """The pixels of a figure. `savefig` would lay it out twice, and write a PNG that is read again at once."""
    figure.set_dpi(DOTS_PER_INCH)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    return Image.fromarray(pixels).convert("RGB")


def _encode(picture: Image.Image) -> bytes:
    """The picture as PNG with few colours, a third as large; but not of photographs, which need more."""
    few = picture.getcolors(MAX_DRAWN_COLOURS) is not None
    if few:
        picture = picture.quantize(PLOT_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    png = io.BytesIO()
    picture.save(png, "png", optimize=few)
    return png.getvalue()


def render_page(title: str, lead: str, sections: Sequence[Section], language: str = "") -> str:
    """The HTML of a self-contained page in English and Korean, with a switch.

    It begins with the language "en" or "ko", or with that of the browser where none is given. A browser without
    JavaScript shows the given one, or English.
    """
    at_work = any(section.inside for section in sections)
    values = {"title": title, "lead": lead, "sections": sections, "language": language, "at_work": at_work}
    scripts = join_scripts(SCRIPTS if at_work else (LANGUAGE_SCRIPT,))
    return _render("report.html.j2", **values, **_languages(language), scripts=scripts, NEEDS_SCRIPTS=NEEDS_SCRIPTS)


def _languages(language: str) -> dict[str, Callable[[str], str]]:
    """What the template says: a text in the language of the page, and the attribute with that in the other."""

    def said(text: str) -> str:
        return (to_korean(text) if language == "ko" else None) or text

    def other(text: str) -> Markup:
        korean = to_korean(text)
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
