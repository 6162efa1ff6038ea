"""Damage to the content of a file: blind changes of bytes, and changes that know text and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

Random = np.random.Generator
Mutation = Callable[[bytes, Random], bytes]

EXTREME_NUMBERS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)
TOKEN = re.compile(rb'-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|"[^"\n]{0,80}"|true|false|null')
TOKENS = (
    *(b"0", b"-1", b"1", b"7", b"0.5", b"1e400", b"-0.0", b"NaN", b"Infinity", b"99999999999999999999"),
    *(b"true", b"null", b'""', b'"\\ud800"', b'"../../x"', b'"a\\u0000b"', b"{}", b"[]", b"[[]]", b"[" * 2000),
    *(b"9" * 5000, b'"' + b"x" * 20_000 + b'"'),
)
MAX_SPAN_BYTES = 600
MAX_MUTATIONS = 3  # of one file


def mutate(content: bytes, random: Random) -> tuple[str, bytes]:
    """Damage `content` in one to three ways; returns their names and a content that differs."""
    names: list[str] = []
    mutated = content
    while mutated == content or len(names) < 1 or (len(names) < MAX_MUTATIONS and random.random() < 0.2):
        names.append(str(random.choice(_names_for(content))))
        mutated = MUTATIONS[names[-1]](mutated, random)
        if mutated == content:
            names.clear()
    return "+".join(names), mutated


def _names_for(content: bytes) -> list[str]:
    """The mutations that suit a content: half of those of text change a token."""
    is_text = b"\0" not in content[:4096]
    return [*MUTATIONS, *(["token"] * (len(MUTATIONS) - 2) if is_text else [])]


def _span(content: bytes, random: Random) -> tuple[int, int]:
    start = int(random.integers(len(content) + 1))
    return start, min(len(content), start + 1 + int(random.integers(MAX_SPAN_BYTES)))


def _bit(content: bytes, random: Random) -> bytes:
    changed = bytearray(content or b"\0")
    changed[int(random.integers(len(changed)))] ^= 1 << int(random.integers(8))
    return bytes(changed)


def _byte(content: bytes, random: Random) -> bytes:
    at = int(random.integers(len(content) + 1))
    return content[:at] + random.bytes(1) + content[at + 1 :]


def _header_byte(content: bytes, random: Random) -> bytes:
    at = int(random.integers(min(len(content), 128) + 1))
    return content[:at] + random.bytes(1) + content[at + 1 :]


def _cut(content: bytes, random: Random) -> bytes:
    return content[: int(random.integers(len(content) + 1))]


def _delete(content: bytes, random: Random) -> bytes:
    start, end = _span(content, random)
    return content[:start] + content[end:]


def _insert(content: bytes, random: Random) -> bytes:
    at = int(random.integers(len(content) + 1))
    return content[:at] + random.bytes(1 + int(random.integers(16))) + content[at:]


def _append(content: bytes, random: Random) -> bytes:
    return content + random.bytes(1 + int(random.integers(64)))


def _blank(content: bytes, random: Random) -> bytes:
    start, end = _span(content, random)
    return content[:start] + bytes(end - start) + content[end:]


def _repeat(content: bytes, random: Random) -> bytes:
    start, end = _span(content, random)
    return content[:end] + content[start:end] + content[end:]


def _swap(content: bytes, random: Random) -> bytes:
    first, second, third = sorted(int(at) for at in random.integers(len(content) + 1, size=3))
    return content[:first] + content[second:third] + content[first:second] + content[third:]


def _extreme_number(content: bytes, random: Random) -> bytes:
    size = int(random.choice([1, 2, 4, 8]))
    number = int(random.choice(EXTREME_NUMBERS)) & ((1 << 8 * size) - 1)
    at = int(random.integers(min(len(content), 512) if random.random() < 0.7 and content else len(content) + 1))
    return content[:at] + number.to_bytes(size, "big" if random.random() < 0.5 else "little") + content[at + size :]


def _token(content: bytes, random: Random) -> bytes:
    tokens = list(TOKEN.finditer(content))
    if not tokens:
        return _bit(content, random)
    found = tokens[int(random.integers(len(tokens)))]
    digit = re.sub(rb"\d", str(random.integers(10)).encode(), found[0], count=1)
    new = digit if random.random() < 0.3 else TOKENS[int(random.integers(len(TOKENS)))]
    return content[: found.start()] + new + content[found.end() :]


MUTATIONS: dict[str, Mutation] = {
    "bit": _bit,
    "byte": _byte,
    "header byte": _header_byte,
    "cut": _cut,
    "delete": _delete,
    "insert": _insert,
    "append": _append,
    "blank": _blank,
    "repeat": _repeat,
    "swap": _swap,
    "extreme number": _extreme_number,
    "token": _token,
}
