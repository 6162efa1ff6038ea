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
    """A TIFF file of tags (number, type, count, value) in this order; `pixels` lie at 4,096."""
    start, values, entries = 8 + 2 + 12 * len(tags) + 4, b"", b""
    for tag, kind, count, value in tags:
        field = struct.pack("<I", start + len(values)) if isinstance(value, bytes) else struct.pack("<I", value)
        values += value if isinstance(value, bytes) else b""
        entries += struct.pack("<HHI", tag, kind, count) + field
    content = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + values
    return content.ljust(4096, b"\0") + pixels


def deflated_tiff(side: int, *, other_size: tuple[tuple[int, int, int, int], ...] = ()) -> bytes:
    """A white TIFF of `side` × `side` pixels, one strip for 64 rows; `other_size` are tags after those of the size."""
    strips = (side + 63) // 64
    strip = zlib.compress(bytes(64 * side), 9)
    offsets = struct.pack(f"<{strips}I", *range(4096, 4096 + strips * len(strip), len(strip)))
    return tiff(
        *((256, 4, 1, side), (257, 4, 1, side), *other_size),
        *((258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 0), (273, 4, strips, offsets), (277, 3, 1, 1), (278, 4, 1, 64)),
        (279, 4, strips, struct.pack(f"<{strips}I", *[len(strip)] * strips)),
        pixels=strip * strips,
    )


def tiff_of_two_sizes(side: int) -> bytes:
    """A TIFF that declares first `side` and then 28 pixels a side: OpenCV takes the first."""
    return deflated_tiff(side, other_size=((256, 4, 1, 28), (257, 4, 1, 28)))


def tiff_of_floats(side: int) -> bytes:
    """A TIFF of four 64-bit floats for each of `side` × `side` pixels."""
    four = struct.pack("<4H", *[64] * 4)
    return tiff(
        *((256, 4, 1, side), (257, 4, 1, side), (258, 3, 4, four), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 1, 4096)),
        *((277, 3, 1, 4), (278, 4, 1, side), (279, 4, 1, 784), (339, 3, 4, struct.pack("<4H", *[3] * 4))),
        pixels=bytes(784),
    )


def jpeg_of_scans(side: int, scans: int) -> bytes:
    """A progressive JPEG whose last scan is repeated until there are `scans`."""
    file = io.BytesIO()
    Image.fromarray(np.full((side, side), 200, np.uint8)).save(file, "JPEG", progressive=True)
    content = file.getvalue()
    starts = [at for at in range(len(content)) if content[at : at + 2] == b"\xff\xda"]
    last = content[starts[-1] : -2]
    return content[:-2] + last * (scans - len(starts)) + b"\xff\xd9"
