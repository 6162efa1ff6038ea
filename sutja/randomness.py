"""Reproducible randomness: a separate seed for each purpose and epoch, derived from the recipe's seed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Generator


def derived_seed(seed: int, purpose: str, epoch: int = 0) -> int:
    """A 63-bit seed for one purpose in one epoch, independent of all other purposes and epochs."""
    digest = hashlib.sha256(f"{seed} {purpose} {epoch}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def generator(seed: int, purpose: str, epoch: int = 0) -> Generator:
    """A CPU generator for one purpose in one epoch: the same numbers on every device."""
    return Generator().manual_seed(derived_seed(seed, purpose, epoch))


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed PyTorch's global generators within a block, and restore their state afterwards.

    Initial weights and dropout draw from these, since PyTorch does not accept a generator for them.
    """
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield
