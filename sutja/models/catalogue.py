"""The published models: those in the `weights` folder of this package, or in another folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sutja.errors import ModelFileError, SutjaError, unknown
from sutja.files import require_unpacked
from sutja.models.card import Card

WEIGHTS = Path(__file__).parent / "weights"


def list_published(folder: Path | None = None) -> tuple[list[Card], list[SutjaError]]:
    """The cards of the models in a folder, by default that of this package, and an error for each damaged one.

    Raises `ModelFileError` if there is no such folder, as the other functions do if this package is not in one.
    """
    cards, damages = [], []
    for name in _names(folder or WEIGHTS):
        try:
            cards.append(Card.read((folder or WEIGHTS) / f"{name}.json"))
        except ModelFileError as error:
            damages.append(error)
    return cards, list[SutjaError](damages)


def published_names() -> Sequence[str]:
    """The names of the models of this package."""
    return _names(WEIGHTS)


def is_published(name: str) -> bool:
    """Whether this package has a model of that name."""
    return name in published_names()


def published_path(name: str) -> Path:
    """The ONNX file of the published model of that name; raises `UsageError` for an unknown one."""
    if not is_published(name):
        raise unknown("published model", name, published_names() or ["none"])
    return WEIGHTS / f"{name}.onnx"


def _names(folder: Path) -> Sequence[str]:
    require_unpacked(folder, "models", ModelFileError)
    return sorted({path.stem for path in folder.glob("[!.]*") if path.suffix in (".onnx", ".json")})
