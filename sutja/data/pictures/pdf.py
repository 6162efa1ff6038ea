"""The pages of PDF files as pictures, rendered by PDFium. Needs pypdfium2, which the extra `scans` brings."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sutja.data.pictures.limits import MAX_DECODED_BYTES, MAX_PICTURE_PIXELS, MAX_PICTURE_SIDE_PIXELS
from sutja.errors import DataError, LargePictureError

if TYPE_CHECKING:
    import pypdfium2

PDF_PIXELS_PER_INCH, MIN_PDF_PIXELS_PER_INCH = 300, 72  # usual of scans; fewer only for pages that are too large
_POINTS_PER_INCH, _MM_PER_INCH = 72, 25.4
_MAX_FORM_DEPTH = 8  # of forms in forms, whose pictures are looked at
_MAX_IMAGE_PIXELS = MAX_DECODED_BYTES // 4  # PDFium needs up to four bytes for each
_MAX_DICTIONARY_BYTES = 4096  # of a picture, in which its size is searched
_SIZE_PATTERN = re.compile(rb"/(Width|Height)\s*(\d{1,9})")  # pictures are never in compressed parts of a PDF file
_PDFIUM_LOCK = threading.Lock()  # PDFium is not thread-safe


def count_pdf_pages(content: bytes, name: str) -> int:
    """The number of pages of a PDF file.

    Raises a `DataError` that calls the file `name` if it is damaged or has a password, and `ModuleNotFoundError`
    without pypdfium2.
    """
    with _open_pdf(content, name) as document:
        return len(document)


def render_pdf_page(content: bytes, index: int, name: str) -> NDArray[np.uint8]:
    """The page of an `index` from 0 as BGR `uint8 (H, W, 3)`, of 300 pixels per inch or as many as the limits allow.

    Raises a `LargePictureError` before anything is rendered if the page, or a picture on it, exceeds the limits, and
    what `count_pdf_pages` raises.
    """
    import pypdfium2

    _check_declared_sizes(content, name)
    with _open_pdf(content, name) as document:
        try:
            page = document[index]
            width, height = page.get_size()
            scale = _scale(width, height, name)
            _check_images(page, name)
            pixels = page.render(scale=scale).to_numpy()
            return np.array(pixels[:, :, :3], np.uint8)  # a copy: these are PDFium's, and go with the document
        except pypdfium2.PdfiumError as error:
            raise DataError(f"{name}: damaged: the page of the PDF cannot be read") from error


@contextmanager
def _open_pdf(content: bytes, name: str) -> Iterator[pypdfium2.PdfDocument]:
    import pypdfium2
    from pypdfium2 import raw

    with _PDFIUM_LOCK:
        try:
            document = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError as error:
            if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
                raise DataError(f"{name}: the PDF has a password: save it without one") from error
            raise DataError(f"{name}: not a PDF, or damaged") from error
        try:
            yield document
        finally:
            document.close()


def _scale(width_points: float, height_points: float, name: str) -> float:
    """Pixels per point for a page of that size."""
    if not (0 < width_points < math.inf and 0 < height_points < math.inf):
        raise DataError(f"{name}: damaged: a page of {width_points:g} × {height_points:g} points")
    scale = min(
        PDF_PIXELS_PER_INCH / _POINTS_PER_INCH,
        (MAX_PICTURE_SIDE_PIXELS - 1) / max(width_points, height_points),
        0.999 * math.sqrt(MAX_PICTURE_PIXELS / (width_points * height_points)),  # sides are rounded up
    )
    if scale * _POINTS_PER_INCH < MIN_PDF_PIXELS_PER_INCH:
        width, height = (round(points / _POINTS_PER_INCH * _MM_PER_INCH) for points in (width_points, height_points))
        raise LargePictureError(
            f"{name}: a page of {width:,} × {height:,} mm is too large: at {MIN_PDF_PIXELS_PER_INCH} pixels per inch "
            f"it has more than {MAX_PICTURE_PIXELS // 1_000_000} megapixels or {MAX_PICTURE_SIDE_PIXELS:,} per side"
        )
    return scale


def _check_images(page: pypdfium2.PdfPage, name: str) -> None:
    """Raise a `LargePictureError` for a picture on the page that would need gigabytes to decode.

    Its masks are not among the page's objects: `_check_declared_sizes` finds these.
    """
    from pypdfium2 import raw

    for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=_MAX_FORM_DEPTH):
        width, height = image.get_px_size()
        _check_image_size(width, height, name)


def _check_declared_sizes(content: bytes, name: str) -> None:
    """Raise a `LargePictureError` for a picture or mask of the file that would need gigabytes to decode."""
    sizes: dict[int, dict[bytes, int]] = {}  # of each object, by the place where it begins
    for found in _SIZE_PATTERN.finditer(content):
        start = content.rfind(b"obj", max(0, found.start() - _MAX_DICTIONARY_BYTES), found.start())
        sizes.setdefault(start, {})[found[1]] = int(found[2])
    for size in sizes.values():
        _check_image_size(size.get(b"Width", 0), size.get(b"Height", 0), name)


def _check_image_size(width: int, height: int, name: str) -> None:
    if width * height > _MAX_IMAGE_PIXELS:
        raise LargePictureError(
            f"{name}: a picture in the PDF has {width:,} × {height:,} pixels, which are too many: "
            f"at most {_MAX_IMAGE_PIXELS // 1_000_000} megapixels"
        )
