"""What the processor can do, what of it is used, and how many of its cores are free."""

from __future__ import annotations

from pathlib import Path

import pytest

from sutja.cli.diagnosis import processor
from sutja.cli.diagnosis.processor import (
    check_cores,
    check_torch,
    describe_instructions,
    judge_cores,
    judge_torch,
)


@pytest.mark.parametrize(
    ("cores", "free", "state"),
    [(2, 1.9, "ok"), (2, 0.3, "note"), (16, 1.2, "note"), (1, 0.2, "ok"), (2, None, "ok")],
)
def test_one_thread_is_advised_where_other_programs_compute(cores: int, free: float | None, state: str) -> None:
    finding = judge_cores("a processor", cores=cores, free=free)
    assert (finding.state, finding.exit_code) == (state, 0)
    assert ("--threads 1" in finding.advice) == (state == "note")


def test_the_cores_of_this_machine_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "free_cores", lambda: None)
    assert "core" in check_cores().text


def test_instructions_are_named_as_everybody_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "cpuinfo")
    assert describe_instructions()[0].text == "the system does not tell"
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nflags\t\t: fpu avx2 avx512f avx512_bf16\nflags\t\t: fpu\n")
    assert describe_instructions()[0].text == "AVX2, AVX-512, AVX-512 bfloat16"
    (tmp_path / "cpuinfo").write_text("Features\t: fp asimd bf16\n")
    assert describe_instructions()[0].text == "NEON, bfloat16"


def test_pytorch_that_leaves_instructions_unused_is_told() -> None:
    idle = judge_torch("", level="DEFAULT", flags=frozenset({"avx2"}))
    assert (idle.state, idle.exit_code) == ("note", 0)
    assert "ATEN_CPU_CAPABILITY" in idle.advice
    assert judge_torch("", level="DEFAULT", flags=frozenset()).state == "ok"
    assert judge_torch("", level="AVX512", flags=frozenset({"avx2"})).state == "ok"


def test_pytorch_and_the_gpu_are_described() -> None:
    used, gpu = check_torch()
    assert "bfloat16: " in used.text
    assert gpu.subject == "GPU"
