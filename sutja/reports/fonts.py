"""Fonts in which matplotlib can draw Korean: its own has no Hangul."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from matplotlib.font_manager import findSystemFonts, fontManager

KOREAN_FONTS = {  # name → the beginning of its file's name; the first that is installed is used
    "NanumGothic": "NanumGothic",
    "NanumBarunGothic": "NanumBarunGothic",
    "Noto Sans CJK KR": "NotoSansCJK",
    "Noto Sans CJK JP": "NotoSansCJK",
    "Noto Sans KR": "NotoSansKR",
    "Malgun Gothic": "malgun",
    "Apple SD Gothic Neo": "AppleSDGothicNeo",
    "AppleGothic": "AppleGothic",
    "UnDotum": "UnDotum",
    "Baekmuk Dotum": "Baekmuk",
}


@cache
def find_korean_font() -> str | None:
    """The name of an installed font with Hangul, or `None`."""
    return _listed() or (_listed() if _list_new_fonts() else None)


def _listed() -> str | None:
    there = {each.name for each in fontManager.ttflist if Path(each.fname).is_file()}
    return next((name for name in KOREAN_FONTS if name in there), None)


def _list_new_fonts() -> bool:
    """Add Korean fonts that were installed after matplotlib listed what there is; returns whether there are any."""
    beginnings = tuple(KOREAN_FONTS.values())
    known = {each.fname for each in fontManager.ttflist}
    paths = [path for path in findSystemFonts() if Path(path).name.startswith(beginnings) and path not in known]
    for path in paths:
        fontManager.addfont(path)
    return bool(paths)
