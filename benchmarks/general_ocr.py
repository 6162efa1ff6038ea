"""RapidOCR, a general OCR, on the same pictures as the reader, in an environment of its own.

`python -m venv ocr && ocr/bin/pip install rapidocr==3.10.0 onnxruntime`; then `--ocr ocr/bin/python` names it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sutja.errors import SutjaError

# Boxes whose middles are less than half their height apart stand in the same line. The first picture warms up.
PROGRAM = """
import json, logging, sys, time
logging.disable(logging.CRITICAL)
from rapidocr import RapidOCR

def lines(result):
    boxes = sorted(zip(result.boxes, result.txts), key=lambda each: each[0][:, 1].mean()) if result.txts else []
    rows = []
    for box, text in boxes:
        middle, height = box[:, 1].mean(), box[:, 1].max() - box[:, 1].min()
        if rows and middle - rows[-1][0] < height / 2:
            rows[-1][1].append((box[:, 0].min(), text))
        else:
            rows.append((middle, [(box[:, 0].min(), text)]))
    return "\\n".join(" ".join(text for _, text in sorted(row)) for _, row in rows)

engine = RapidOCR()
paths = json.load(sys.stdin)
engine(paths[0])
for path in paths:
    start = time.perf_counter()
    result = engine(path)
    print(json.dumps([lines(result), time.perf_counter() - start]))
"""


@dataclass(frozen=True)
class OcrText:
    """The text that OCR finds on a picture, line by line, and the seconds that it takes."""

    text: str
    seconds: float


def read_by_ocr(python: Path, pictures: Sequence[Path]) -> list[OcrText]:
    """Read pictures with RapidOCR, which `python` can import. Raises `SutjaError` if it fails."""
    words = json.dumps([str(path.resolve()) for path in pictures])
    run = subprocess.run([python, "-c", PROGRAM], input=words, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SutjaError(f"{python}: RapidOCR fails: {run.stderr.strip().splitlines()[-1:]}")
    return [OcrText(*json.loads(line)) for line in run.stdout.splitlines()]
