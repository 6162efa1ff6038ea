"""The checkpoint of a run: the state of its trainer after the last finished epoch.

The file holds what `torch.save` writes, followed by its SHA-256 in 32 bytes.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from typing import Any

import torch

from sutja.errors import ModelFileError
from sutja.files import whole_file
from sutja.processes import late_interrupts
from sutja.runs.epoch import Epoch
from sutja.runs.run import Run

DIGEST_BYTES = hashlib.sha256().digest_size


def save_epoch(run: Run, records: Sequence[Epoch], state: dict[str, Any]) -> None:
    """Write what is needed to resume after this epoch, and its row of the curves: both, also when Ctrl-C comes."""
    content = io.BytesIO()  # written in one go: on a full disk PyTorch's own error names no file
    torch.save(state, content)
    with late_interrupts():
        with whole_file(run.folder / "checkpoint.pt") as partial:
            partial.write_bytes(content.getvalue() + hashlib.sha256(content.getbuffer()).digest())
        run.save_metrics(records)


def load_checkpoint(run: Run) -> dict[str, Any] | None:
    """The state after the last epoch that was kept, or `None` before the first; nothing in it is executed.

    Raises `ModelFileError` when the file is damaged.
    """
    path = run.folder / "checkpoint.pt"
    if not path.exists():
        return None
    try:
        content = path.read_bytes()
        content, checksum = content[:-DIGEST_BYTES], content[-DIGEST_BYTES:]
        if hashlib.sha256(content).digest() != checksum:
            raise ValueError("its SHA-256 is not the recorded one")
        state: dict[str, Any] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # PyTorch raises many kinds for a damaged file
        raise ModelFileError(f"{path}: damaged: train again with --force") from error
    return state
