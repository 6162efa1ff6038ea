"""A report as one HTML file, pictures included, that a browser opens without a server."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from matplotlib.figure import Figure
from PIL import Image

from sutja.files import whole_file
from sutja.models.card import Card
from sutja.recipe import flatten
from sutja.reports.inside import Inside, join_scripts
from sutja.reports.tables import Table

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
        return "data:image/png;base64," + base64.b64encode(self.png).decode()


@dataclass(frozen=True)
class Section:
    """A part of a page: paragraphs, then a table, then pictures, then networks at work, of which a page has one."""

    title: str
    paragraphs: Sequence[str] = ()
    table: Table | None = None
    pictures: Sequence[Picture] = field(default_factory=list)
    inside: Inside | None = None


def save_figure(figure: Figure, path: Path) -> bytes:
    """Write a figure as PNG and return its bytes. There is no time stamp: the same figure gives the same bytes."""
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    content = _with_palette(png)
    with whole_file(path) as partial:
        partial.write_bytes(content)
    return content


def _with_palette(png: io.BytesIO) -> bytes:
    """The PNG with few colours, a third as large; but not of photographs, which need more."""
    picture = Image.open(png).convert("RGB")
    if picture.getcolors(MAX_DRAWN_COLOURS) is None:
        return png.getvalue()
    small = io.BytesIO()
    picture.quantize(PLOT_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
        small, "png", optimize=True
    )
    return small.getvalue()


def render_page(title: str, lead: str, sections: Sequence[Section]) -> str:
    """The HTML of a self-contained page."""
    scripts = join_scripts() if any(section.inside for section in sections) else ""
    return _render("report.html.j2", title=title, lead=lead, sections=sections, scripts=scripts)


def render_card(card: Card) -> str:
    """A model card as Markdown."""
    template = {"digits": "MODEL_CARD.md.j2", "lines": "LINE_CARD.md.j2", "pages": "PAGE_CARD.md.j2"}[card.reads]
    values = {**vars(card), "data": card.environment.data, "recipe": card.recipe and asdict(card.recipe)}
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
