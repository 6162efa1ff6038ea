"""The examples of docs/python.md run from top to bottom, and print what their comments say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "python.md"

pytestmark = pytest.mark.usefixtures("one_thread")


def test_the_examples_of_the_page_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    for number, block in enumerate(blocks):
        exec(compile(block, f"{PAGE.name}, block {number}", "exec"), names)
    printed = capsys.readouterr().out
    assert len(blocks) == 5
    assert re.search(r"<mlp-epochs=2-s1: 9\d\.\d\d% of 10,000 test digits, runs/mlp-epochs=2-s1>", printed)
    assert printed.count("Epoch(epoch=") == 2
    assert "[7 2 1 0 4]\n(5, 10)\n0.9" in printed
    assert re.search(r"(without|with) dropout", printed)
    opened = [f"{name} [7 2 1 0 4]" for name in ("mlp-epochs=2", "mlp-epochs=2-s1", "lenet5-best")]
    assert "\n".join(["models/mlp-epochs=2.onnx", *opened]) in printed
    assert (tmp_path / "runs" / "mlp-epochs=2-s1" / "report.html").is_file()
    assert "digitclassifier__dropout" in printed
