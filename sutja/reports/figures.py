"""Figures as a picture without texts and the texts that belong on it, which a page shows in the reader's language."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rcParams
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

from sutja.files import whole_file
from sutja.reports.fonts import find_korean_font
from sutja.reports.languages import lines_in_korean

DOTS_PER_INCH = 120
POINTS_PER_INCH = 72
PLOT_COLOURS = 128  # of a stored plot
MAX_DRAWN_COLOURS = 16_384  # of a plot; photographs have more
ACROSS = {"left": 0.0, "center": 0.5, "right": 1.0}  # alignment → the part of a line before the point that it stands at
UPWARDS = {"bottom": 0.0, "baseline": 0.0, "center": 0.5, "center_baseline": 0.5, "top": 1.0}

_Pixels = NDArray[np.uint8]  # (H, W, 4)


@dataclass(frozen=True)
class PlotText:
    """A text on a picture: its lines, and the points in pixels, from the top left, that they stand at.

    The part `before` of each line, 0, 0.5 or 1, lies before its point. `degrees` turn it anticlockwise, `pixels` is the
    size of its letters.
    """

    lines: tuple[str, ...]
    points: tuple[tuple[float, float], ...]
    before: float
    degrees: float
    pixels: float
    colour: str
    bold: bool


class Drawing:
    """A drawn figure: its `size` in pixels, a picture without texts, and the `texts` on it."""

    def __init__(self, figure: Figure) -> None:
        figure.set_dpi(DOTS_PER_INCH)
        self.size: tuple[int, int] = FigureCanvasAgg(figure).get_width_height(physical=True)
        self._renderer = _TextCollector(*self.size)
        figure.draw(self._renderer)
        self.texts = self._renderer.texts()
        self._without_texts = np.array(self._renderer.buffer_rgba())
        self._pixels = self._with_texts()
        self._picture = _with_few_colours(self._pixels)

    def without_texts(self) -> bytes:
        """The picture without texts, as a PNG that took time to be small."""
        return _as_png(self._with_same_colours(self._without_texts), optimize=True)

    def save(self, path: Path, language: str = "") -> None:
        """Write the picture with texts as PNG; they are Korean for "ko", where a Korean font is installed.

        There is no time stamp: the same figure gives the same bytes.
        """
        font = find_korean_font() if language == "ko" else None
        picture = self._with_same_colours(self._with_texts(font)) if font else self._picture
        with whole_file(path) as partial:
            partial.write_bytes(_as_png(picture))

    def _with_texts(self, korean_font: str | None = None) -> _Pixels:
        pixels = np.asarray(self._renderer.buffer_rgba())
        np.copyto(pixels, self._without_texts)
        self._renderer.write(self.texts, korean_font)
        return pixels.copy()

    def _with_same_colours(self, pixels: _Pixels) -> Image.Image:
        """Pixels with the palette of the picture, which takes longer to find than a place in it for what differs."""
        palette = self._picture.getpalette()
        if palette is None:
            return Image.fromarray(pixels).convert("RGB")
        indices, packed = np.array(self._picture), pixels.view(np.uint32)[..., 0]
        different = packed != self._pixels.view(np.uint32)[..., 0]
        found, places = np.unique(packed[different], return_inverse=True)
        colours = found.view(np.uint8).reshape(-1, 4)[:, :3].astype(int)
        distances = ((colours[:, None] - np.array(palette).reshape(-1, 3)) ** 2).sum(axis=2)
        indices[different] = distances.argmin(axis=1)[places]
        same = Image.fromarray(indices)
        same.putpalette(palette)
        return same


@dataclass
class _Line:
    text: str
    start: tuple[float, float]
    width: float


class _TextCollector(RendererAgg):
    """Draws all of a figure but its texts, which it collects. Formulas stay in the picture."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__(width, height, DOTS_PER_INCH)
        self._found: list[tuple[GraphicsContextBase, FontProperties, float, Text | None, list[_Line]]] = []

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: Any = False,
        mtext: Text | None = None,
    ) -> None:
        """Collect a line that matplotlib wants drawn; the lines of one text share their `gc`."""
        if ismath:
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
            return
        if not self._found or self._found[-1][0] is not gc:
            self._found.append((gc, prop, angle, mtext, []))
        self._found[-1][-1].append(_Line(s, (x, y), self._width(s, prop)))

    def texts(self) -> tuple[PlotText, ...]:
        """What was collected, in its order."""
        return tuple(self._text(*each) for each in self._found)

    def _text(
        self, gc: GraphicsContextBase, prop: FontProperties, degrees: float, text: Text | None, lines: Sequence[_Line]
    ) -> PlotText:
        before = _part_before(text) if text else _common_edge(lines)
        return PlotText(
            tuple(each.text for each in lines),
            tuple(_move(each.start, before * each.width, degrees) for each in lines),
            before,
            degrees,
            prop.get_size_in_points() * DOTS_PER_INCH / POINTS_PER_INCH,
            to_hex(gc.get_rgb(), keep_alpha=len(gc.get_rgb()) == 4 and gc.get_rgb()[3] < 1),
            prop.get_weight() == "bold",
        )

    def write(self, texts: Sequence[PlotText], korean_font: str | None = None) -> None:
        """Draw texts, in Korean where a font for it is named."""
        gc = self.new_gc()
        for each in texts:
            gc.set_foreground(each.colour)
            lines = lines_in_korean(each.lines) if korean_font else each.lines
            for line, english, point in zip(lines, each.lines, each.points, strict=True):
                prop = _letters(each.pixels, each.bold, korean_font if line != english else None)
                x, y = _move(point, -each.before * self._width(line, prop), each.degrees)
                super().draw_text(gc, x, y, line, prop, each.degrees)

    def _width(self, text: str, prop: FontProperties) -> float:
        return float(self.get_text_width_height_descent(text, prop, False)[0])


@cache
def _letters(pixels: float, bold: bool, korean_font: str | None) -> FontProperties:
    families = [*rcParams["font.family"], *([korean_font] if korean_font else [])]
    weight = "bold" if bold else "normal"
    return FontProperties(family=families, size=pixels * POINTS_PER_INCH / DOTS_PER_INCH, weight=weight)


def _part_before(text: Text) -> float:
    """The part of a line that lies before the point at which the text stands."""
    if text.get_rotation() == 0 or text.get_rotation_mode() == "anchor":
        return ACROSS[text.get_horizontalalignment()]
    return UPWARDS[text.get_verticalalignment()]


def _common_edge(lines: Sequence[_Line]) -> float:
    """The part of each line that lies before what the lines of a text have in common: an edge, or the middle."""

    def spread(before: float) -> float:
        places = [each.start[0] + before * each.width for each in lines]
        return max(places) - min(places)

    return min((0.5, 0.0, 1.0), key=spread)


def _move(point: tuple[float, float], pixels: float, degrees: float) -> tuple[float, float]:
    """The point moved by a number of pixels in the direction of the text."""
    angle = math.radians(degrees)
    return point[0] + pixels * math.cos(angle), point[1] - pixels * math.sin(angle)


def _with_few_colours(pixels: _Pixels) -> Image.Image:
    """Pixels as a picture with a palette, a third as large as a PNG; but not a photograph, which needs more colours."""
    picture = Image.fromarray(pixels).convert("RGB")
    if picture.getcolors(MAX_DRAWN_COLOURS) is None:
        return picture
    return picture.quantize(PLOT_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def _as_png(picture: Image.Image, *, optimize: bool = False) -> bytes:
    png = io.BytesIO()
    picture.save(png, "png", optimize=optimize)
    return png.getvalue()
