"""Small PDF files, written by hand, that PDFium and no picture library can make."""

from __future__ import annotations

import zlib


def pdf(*objects: bytes, trailer: bytes = b"") -> bytes:
    """A PDF file of these objects, of which the first is the catalogue."""
    content, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    ends = b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, len(content))
    return content + head + table + ends


def pdf_pages(count: int = 1, *, size: tuple[int, int] = (200, 100)) -> bytes:
    """A PDF file of pages of this size in points: the lower half of each is black."""
    width, height = size
    drawing = b"0 0 %d %d re f" % (width, height // 2)
    kids = b" ".join(b"%d 0 R" % (4 + number) for number in range(count))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents 3 0 R>>" % size
    return pdf(*_catalogue(kids, count), _stream(b"", drawing), *[page] * count)


def locked_pdf() -> bytes:
    """A PDF file that opens with no password that anybody knows."""
    security = b"/Encrypt<</Filter/Standard/V 1/R 2/O(%s)/U(%s)/P -4>>/ID[<00><00>]" % (b"o" * 32, b"u" * 32)
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"
    return pdf(*_catalogue(b"3 0 R", 1), page, trailer=security)


def pdf_of_picture(side: int, *, mask_side: int = 0) -> bytes:
    """A PDF file of one page with a black picture of `side` × `side` pixels, and perhaps a mask that has no pixels."""
    pixels = zlib.compress(bytes(side * side), 9)
    mask = b"/SMask 6 0 R" if mask_side else b""
    picture = b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8" % (side, side)
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</XObject<</P 5 0 R>>>>>>"
    drawing = _stream(b"", b"q 99 0 0 99 0 0 cm /P Do Q")
    streams = [_stream(picture + mask + b"/Filter/FlateDecode", pixels)]
    if mask_side:
        streams.append(_stream(picture.replace(b" %d" % side, b" %d" % mask_side), b""))
    return pdf(*_catalogue(b"3 0 R", 1), page, drawing, *streams)


def _catalogue(kids: bytes, count: int) -> tuple[bytes, bytes]:
    return b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count)


def _stream(entries: bytes, content: bytes) -> bytes:
    return b"<<%s/Length %d>>stream\n" % (entries, len(content)) + content + b"\nendstream"
