"""What the requests and responses of the API have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Probability = Annotated[float, Field(ge=0, le=1)]
Probabilities = Annotated[list[Probability], Field(min_length=10, max_length=10)]


class StrictModel(BaseModel):
    """Rejects additional fields and converts no types: `true` is not a number."""

    model_config = ConfigDict(extra="forbid", strict=True)
