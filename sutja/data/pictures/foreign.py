"""Files that people take for pictures and that cannot be read as such: what each is, and what to do instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

_HEAD_BYTES = 4096  # in which a text file says what it is
ANIMATED_WEBP = "a WebP animation is not supported: save one of its frames as PNG"
_MAX_DIRECTORY_BYTES = 65_536  # of a zip file that are looked at
_ANIMATED_FLAG = 0x02  # of the chunk VP8X of a WebP file


class _ForeignForm(NamedTuple):
    what: str
    advice: str
    matches: Callable[[bytes], bool]


def foreign_form(content: bytes) -> str:
    """What a file of a form that is not supported is, and what to do, on one line; "" for all others."""
    found = (form for form in _FORMS if form.matches(content))
    return next((f"{form.what} is not supported: {form.advice}" for form in found), "")


def _begins(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(signatures)


def _is_text_of(tag: bytes) -> Callable[[bytes], bool]:
    pattern = re.compile(rb"\s*(<[?!][^>]*>\s*)*<" + tag + rb"[\s/>]", re.IGNORECASE)
    return lambda content: pattern.match(content[:_HEAD_BYTES].removeprefix(b"\xef\xbb\xbf")) is not None


def _is_zip_with(*names: bytes) -> Callable[[bytes], bool]:
    """A zip file in whose names, in its directory at the end, one of these occurs; any zip file without `names`."""
    return lambda content: (
        content.startswith(b"PK\3\4")
        and (not names or any(name in content[:200] + content[-_MAX_DIRECTORY_BYTES:] for name in names))
    )


def is_animated_webp(content: bytes) -> bool:
    """Whether a WebP file has several frames, of which decoders take the first."""
    return (
        content[:4] == b"RIFF"
        and content[8:16] == b"WEBPVP8X"
        and len(content) > 20
        and bool(content[20] & _ANIMATED_FLAG)
    )


def _is_media(*brands: bytes) -> Callable[[bytes], bool]:
    """A file of the ISO base media format with one of these brands."""
    return lambda content: content[4:8] == b"ftyp" and content[8:12] in brands


_PRINT_IT = "save or print it as PDF"
_FORMS = (
    _ForeignForm("an SVG drawing", "save it as PNG", _is_text_of(b"(?:svg:)?svg")),
    _ForeignForm("a web page (HTML)", _PRINT_IT, _is_text_of(b"html")),
    _ForeignForm("a Word document (DOCX)", _PRINT_IT, _is_zip_with(b"word/document.xml")),
    _ForeignForm("a workbook (XLSX)", _PRINT_IT, _is_zip_with(b"xl/workbook.xml")),
    _ForeignForm("a presentation (PPTX)", _PRINT_IT, _is_zip_with(b"ppt/presentation.xml")),
    _ForeignForm("an OpenDocument file", _PRINT_IT, _is_zip_with(b"mimetypeapplication/vnd.oasis.opendocument")),
    _ForeignForm("a zip file", "unpack it and give its pictures", _is_zip_with()),
    _ForeignForm("an Office document from before 2007", _PRINT_IT, _begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")),
    _ForeignForm("a text document (RTF)", _PRINT_IT, _begins(b"{\\rtf")),
    _ForeignForm("PostScript", "save it as PDF", _begins(b"%!PS", b"\xc5\xd0\xd3\xc6")),
    _ForeignForm("DjVu", "save it as PDF", _begins(b"AT&TFORM")),
    _ForeignForm("JPEG XL", "save it as JPEG or PNG", _begins(b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")),
    _ForeignForm("a Photoshop file", "save it as PNG", _begins(b"8BPS")),
    _ForeignForm("a raw camera file", "save it as JPEG", _begins(b"IIRO", b"FUJIFILMCCD-RAW", b"IIU\0")),
    _ForeignForm("a raw camera file (CR3)", "save it as JPEG", _is_media(b"crx ")),
    _ForeignForm(
        "a video", "save one of its frames as JPEG", _is_media(b"qt  ", b"isom", b"iso2", b"mp41", b"mp42", b"M4V ")
    ),
)
