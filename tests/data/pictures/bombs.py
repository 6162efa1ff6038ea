"""Small files that would need gigabytes or minutes to decode, if nothing stopped that."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_chunk(kind: bytes, content: bytes = b"", *, claims: int | None = None) -> bytes:
    """A chunk that claims to be longer than its `content` if `claims` is given."""
    length = struct.pack(">I", len(content) if claims is None else claims)
    return length + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_header(height: int, width: int) -> bytes:
    """The chunk IHDR of a grey picture."""
    return png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))


def png_pixels(height: int, width: int) -> bytes:
    """The chunks of a black picture that follow the header."""
    return png_chunk(b"IDAT", zlib.compress(bytes((width + 1) * height), 9)) + png_chunk(b"IEND")


def png_with_a_claim(height: int = 28, width: int = 28) -> bytes:
    """A PNG with a chunk that claims 2 GB, which OpenCV allocates."""
    return PNG_SIGNATURE + png_header(height, width) + png_chunk(b"tEXt", claims=2**31 - 100)


def tiff(*tags: tuple[int, int, int, int | bytes], pixels: bytes = b"") -> bytes:
    """A TIFF file of tags (number, type, count, value) in this order; `pixels` lie at 8,192."""
    start, values, entries = 8 + 2 + 12 * len(tags) + 4, b"", b""
    for tag, kind, count, value in tags:
        field = struct.pack("<I", start + len(values)) if isinstance(value, bytes) else struct.pack("<I", value)
        values += value if isinstance(value, bytes) else b""
        entries += struct.pack("<HHI", tag, kind, count) + field
    content = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + values
    return content.ljust(8192, b"\0") + pixels


def deflated_tiff(side: int, *, samples: int = 1, floats: bool = False, second_width: int | None = None) -> bytes:
    """A TIFF of `side` × `side` pixels that are 0, of 8 bits or of 64 as floats, in strips of 64 rows.

    With `second_width` its width is declared twice: OpenCV takes the first, other readers the last.
    """
    bits, kind = (64, 3) if floats else (8, 1)
    strips = (side + 63) // 64
    strip = zlib.compress(bytes(64 * side * samples * bits // 8), 9)
    offsets = struct.pack(f"<{strips}I", *range(8192, 8192 + strips * len(strip), len(strip)))
    short: dict[int, int | bytes] = {
        value: value if samples == 1 else struct.pack(f"<{samples}H", *[value] * samples) for value in (bits, kind)
    }
    return tiff(
        (256, 4, 1, side),
        *([(256, 4, 1, second_width)] if second_width else []),
        *((257, 4, 1, side), (258, 3, samples, short[bits]), (259, 3, 1, 8), (262, 3, 1, 2 if samples > 2 else 1)),
        *((273, 4, strips, offsets), (277, 3, 1, samples), (278, 4, 1, 64)),
        *((279, 4, strips, struct.pack(f"<{strips}I", *[len(strip)] * strips)), (339, 3, samples, short[kind])),
        pixels=strip * strips,
    )


def jpeg_of_scans(side: int, scans: int) -> bytes:
    """A progressive JPEG whose last scan is repeated until there are `scans`."""
    file = io.BytesIO()
    Image.fromarray(np.full((side, side), 200, np.uint8)).save(file, "JPEG", progressive=True)
    content = file.getvalue()
    starts = [at for at in range(len(content)) if content[at : at + 2] == b"\xff\xda"]
    last = content[starts[-1] : -2]
    return content[:-2] + last * (scans - len(starts)) + b"\xff\xd9"


def tiff_of_scans(side: int, *scans: int, lengths: bool = True) -> bytes:
    """A TIFF with a strip for each number of `scans`, each a progressive JPEG of `side` × `side` pixels.

    Without `lengths` it does not say how long its strips are.
    """
    strips = [jpeg_of_scans(side, number) for number in scans]
    offsets = [8192 + sum(map(len, strips[:number])) for number in range(len(strips))]
    tables = [struct.pack(f"<{len(strips)}I", *values) for values in (offsets, map(len, strips))]
    first, second = (table if len(strips) > 1 else struct.unpack("<I", table)[0] for table in tables)
    return tiff(
        *((256, 4, 1, side), (257, 4, 1, side * len(strips)), (258, 3, 1, 8), (259, 3, 1, 7), (262, 3, 1, 1)),
        *((273, 4, len(strips), first), (277, 3, 1, 1), (278, 4, 1, side)),
        *([(279, 4, len(strips), second)] if lengths else []),
        pixels=b"".join(strips),
    )


def broken_png() -> bytes:
    """A PNG with sound checksums whose pixels are not compressed data, about which libpng writes a line."""
    return PNG_SIGNATURE + png_header(28, 28) + png_chunk(b"IDAT", b"no pixels") + png_chunk(b"IEND")


def broken_jpeg() -> bytes:
    """A JPEG whose pixels end early, about which libjpeg writes a line."""
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)).save(file, "JPEG")
    content = file.getvalue()
    return content[: len(content) // 2] + b"\xff\xd9"
