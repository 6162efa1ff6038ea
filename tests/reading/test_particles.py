"""Particles fit the sound before them."""

from __future__ import annotations

import pytest

from sutja.reading.particles import fit_particles


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12(으)로", "12로"),
        ("17(으)로", "17로"),
        ("16(으)로", "16으로"),
        ("20(으)로", "20으로"),
        ("행의 합은 89이(가) 아니라 88임", "행의 합은 89가 아니라 88임"),
        ("행의 합은 88이(가) 아니라 89임", "행의 합은 88이 아니라 89임"),
        ("24(이)면 맞고 23(이)면", "24면 맞고 23이면"),
        ("MLP와(과) “LeNet-5”을(를)", "MLP와 “LeNet-5”를"),
        ("숫자은(는) 줄을(를) 줄(으)로", "숫자는 줄을 줄로"),
        ("no particle", "no particle"),
    ],
)
def test_particles_fit_what_stands_before_them(text: str, expected: str) -> None:
    assert fit_particles(text) == expected
