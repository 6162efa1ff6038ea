"""Recipes: everything that decides how a network is trained, as one value that can be written down."""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sutja.errors import DataError, UsageError, unknown

GIVEN = ("model", "start", "corrections", "protocol")  # in a recipe for corrections: as the network that it begins with
PROTOCOLS = ("curves", "held-out", "final")
LINE_READER = "line-reader"  # the network that reads lines; all others read single digits
CHOICES = {  # field → what it may be
    "optimiser": ("adamw", "muon", "sgd"),
    "schedule": ("one-cycle", "cosine", "constant"),
    "precision": ("float32", "bfloat16"),
    "protocol": PROTOCOLS,
}
LIMITS = {  # field → smallest and largest value that make sense
    "epochs": (1, 100_000),
    "batch_size": (1, 60_000),
    "learning_rate": (0, 100),
    "weight_decay": (0, 10),
    "label_smoothing": (0, 0.99),
    "dropout": (0, 0.99),
    "ema": (0, 0.999999),
    "focus": (1, 5),
    "patience": (0, 100_000),
    "teaching": (0, 1),
    "softness": (0.01, 100),
    "share": (0.01, 0.99),
    "styled": (0, 0.99),
    "seed": (0, 2**32 - 1),
}


@dataclass(frozen=True)
class Recipe:
    """How to train one network. The same recipe on the same data gives the same weights, to the bit.

    `learning_rate` is the peak of the schedule. `ema` is the decay of an exponential moving average of the weights a
    step; with 0 the last weights are kept. `patience` is the number of epochs without a better validation loss after
    which training stops and the best epoch's weights are kept; with 0 it never stops early.

    `focus` is how often a digit that is read badly may come in an epoch, in place of others that are read well (see
    `focus.py`); with 1 every digit comes once. `precision` "bfloat16" computes the network, but neither its loss nor
    its weights, in half as many bits where the processor has instructions for it, and in float32 elsewhere.

    `teacher` names lessons (see `lessons.py`), from which a network learns with the weight `teaching`, and from the
    labels with the rest; both sides are softened by `softness`. Lessons bring distortions of their own; `augmentation`
    comes on top of them, and the teacher's answer stays.

    `start` and `corrections` tell where a network comes from that was taught corrections, `NAME@SHA-256` each: the
    weights that it began with, and the corrected digits. `share` is their part of each batch. Of the rest, `styled` is
    the part that is made to look as if the same hand had written it; on what is left, MNIST's digits as they are, the
    network of `start` is the teacher, so that nothing is forgotten.

    `protocol` says what may be looked at. "curves" holds validation digits back and measures them and the test digits
    after every epoch, for people to see. "held-out" measures the validation digits and never sees the test digits: for
    choosing. "final" trains on all training digits and reads the test digits once, after the last epoch: for figures to
    be told of a recipe that is frozen.
    """

    name: str
    model: str
    epochs: int = 10
    batch_size: int = 128
    optimiser: str = "adamw"
    learning_rate: float = 0.008
    schedule: str = "one-cycle"
    weight_decay: float = 0.01
    label_smoothing: float = 0.0
    dropout: float = 0.0
    augmentation: str = "none"
    ema: float = 0.0
    patience: int = 0
    focus: float = 1.0
    precision: str = "float32"
    teacher: str = ""
    teaching: float = 0.7
    softness: float = 2.0
    start: str = ""
    corrections: str = ""
    share: float = 0.25
    styled: float = 0.5
    protocol: str = "curves"
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises `UsageError` for a value that no training could use."""
        if not re.fullmatch(r"[\w.+-]+", self.name):
            raise UsageError(f"name = {self.name!r}: a name has letters, digits and . + - _ only")
        for field, known in CHOICES.items():
            if getattr(self, field) not in known:
                raise unknown(field, str(getattr(self, field)), known)
        for field, (low, high) in LIMITS.items():
            value = getattr(self, field)
            if not low <= value <= high:  # neither is NaN nor an infinity
                raise UsageError(f"{field} = {value} is out of the range {low}…{high}")
        if not re.fullmatch(r"[\w.+-]*", self.teacher):
            raise UsageError(f"teacher = {self.teacher!r}: a name has letters, digits and . + - _ only")
        for field in ("start", "corrections"):
            value = getattr(self, field)
            if value and not re.fullmatch(r"[\w.+=-]+@[0-9a-f]{64}", value):
                raise UsageError(f"{field} = {value!r}: not a name, @ and a SHA-256")
        if bool(self.start) != bool(self.corrections):
            raise UsageError("start and corrections belong together: the one is taught the others")
        if self.patience and self.protocol == "final":
            raise UsageError("patience needs validation digits, and the protocol 'final' holds none back")

    @property
    def reads_lines(self) -> bool:
        """Whether its network reads whole lines instead of single digits."""
        return self.model == LINE_READER

    def require_single_digits(self, name: str | Path) -> None:
        """Raises a `UsageError` that begins with `name` when its network reads lines."""
        if self.reads_lines:
            raise UsageError(f"{name}: reads lines: this is for networks that read single digits")

    @property
    def title(self) -> str:
        """The name for people, with what was changed and a seed other than 0: "LeNet-5 (epochs = 3)"."""
        differing = self.changes() | ({"seed": self.seed} if self.seed else {})
        changes = ", ".join(f"{field} = {value}" for field, value in differing.items())
        name = _name(self.start) or self.name
        taught = f", taught {_name(self.corrections)}" if self.corrections else ""
        return TITLES.get(name, name) + taught + (f" ({changes})" if changes else "")

    @property
    def run_name(self) -> str:
        """The name of the run's folder: recipe, changes and seed, as in `lenet5-epochs=3-s0`.

        Of a network that was taught corrections it is `convnet-small-corrections-20-s0`: what it began with, and what
        it was taught.
        """
        changes = "".join(f"-{field}={value}" for field, value in self.changes().items())
        name = f"{_name(self.start)}-{_name(self.corrections)}" if self.start else self.name
        return f"{name}{changes}-s{self.seed}"

    def with_settings(self, settings: dict[str, str]) -> Recipe:
        """The same recipe with some fields set from words, as `--set learning_rate=0.02` gives them.

        Raises `UsageError` for an unknown field, with the nearest one as a hint, and for a value of the wrong type.
        """
        return dataclasses.replace(self, **{field: _parse(field, word) for field, word in settings.items()})

    def changes(self) -> dict[str, Any]:
        """The fields, but for the seed, in which this recipe differs from the published one of its name."""
        known = {**RECIPES, CORRECTED.name: CORRECTED}
        if self.name not in known:
            return {}
        published = dataclasses.asdict(dataclasses.replace(known[self.name], seed=self.seed))
        own = GIVEN if self.start else ()
        return {
            field: value
            for field, value in dataclasses.asdict(self).items()
            if value != published[field] and field not in own
        }

    def to_json(self) -> str:
        """The recipe as a JSON object, one field a line."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, name: str | Path) -> Recipe:
        """Read what `to_json` wrote; raises a `DataError` that names the file `name` for anything else."""
        try:
            values = json.loads(text)
            if not isinstance(values, dict):
                raise UsageError("not a JSON object")
            for field, value in values.items():
                expected = _field_type(field)
                if type(value) is not expected and not (expected is float and type(value) is int):
                    raise UsageError(f"{field} = {value!r} is not of the type {expected.__name__}")
            return cls(**values)
        except (ValueError, TypeError, RecursionError, UsageError) as error:
            raise DataError(f"{name}: not a recipe: {error}") from error


def _name(origin: str) -> str:
    """The name in `NAME@SHA-256`."""
    return origin.partition("@")[0]


def _field_type(field: str) -> type:
    types = {each.name: {"str": str, "int": int, "float": float}[str(each.type)] for each in dataclasses.fields(Recipe)}
    if field not in types:
        raise unknown("recipe field", field, types)
    return types[field]


def _parse(field: str, word: str) -> Any:
    kind = _field_type(field)
    if field == "name":
        raise UsageError("the name of a recipe cannot be set: it says which recipe the settings started from")
    if field in ("start", "corrections") and word:
        raise UsageError(f"{field} cannot be set: `sutja train --from NAME --data FOLDER` sets it")
    try:
        return kind(word)
    except ValueError:
        needed = {int: "a whole number", float: "a number"}[kind]
        raise UsageError(f"{field} = '{word}': {field} needs {needed}") from None


def get_recipe(name: str) -> Recipe:
    """The published recipe of that name. Raises `UsageError` for an unknown one."""
    if name not in RECIPES:
        raise unknown("recipe", name, RECIPES)
    return RECIPES[name]


_LENET5 = Recipe("lenet5", "lenet5")
_MLP = Recipe("mlp", "mlp")
_REGULARISED: dict[str, Any] = {
    "epochs": 25,
    "dropout": 0.05,
    "augmentation": "affine-elastic",
    "weight_decay": 0.1,
    "ema": 0.999,
}

_SMALL_CONVNET = Recipe(
    "convnet-small", "convnet", epochs=20, weight_decay=0.05, augmentation="robust", ema=0.999, protocol="final"
)
_CONVNET = dataclasses.replace(  # each of the two networks of its model reads half of every batch
    _SMALL_CONVNET,
    name="convnet",
    model="convnet-pair",
    epochs=40,
    batch_size=256,
    dropout=0.4,
    focus=2.0,
    precision="bfloat16",
)
_MLP_PUPIL = Recipe(  # learns from two networks of `_SMALL_CONVNET`
    "mlp-best",
    "mlp-pooled",
    epochs=80,
    weight_decay=0.01,
    ema=0.999,
    teacher="convnets",
    teaching=0.9,
    softness=4.0,
    protocol="final",
)
_LENET5_PUPIL = dataclasses.replace(  # learns from three networks of `_CONVNET`
    _MLP_PUPIL,
    name="lenet5-best",
    model="lenet5",
    epochs=60,
    optimiser="muon",
    learning_rate=0.005,
    teacher="pairs",
)
_CONVNET_PUPIL = dataclasses.replace(  # learns from three networks of `_CONVNET`
    _CONVNET,
    name="convnet-taught",
    epochs=30,
    optimiser="muon",
    learning_rate=0.005,
    dropout=0.0,
    augmentation="none",
    teacher="pairs-robust",
    teaching=0.9,
    softness=4.0,
)
_TINY = Recipe(  # too small to gain by a teacher
    "tiny",
    "tiny",
    epochs=30,
    learning_rate=0.015,
    weight_decay=0.02,
    augmentation="affine-elastic",
    ema=0.999,
    protocol="final",
)

_LINE_READER = Recipe(  # an epoch has as many lines as `line_training` says
    "line-reader",
    LINE_READER,
    epochs=48,
    batch_size=64,
    learning_rate=0.004,
    weight_decay=0.02,
    dropout=0.1,
    ema=0.999,
    protocol="held-out",
)

CORRECTED = Recipe(  # begins with a trained network; an epoch has as many batches as `correcting` says
    "corrected",
    "convnet",
    epochs=4,
    learning_rate=0.0006,
    weight_decay=0.05,
    augmentation="affine-elastic",
    ema=0.98,
    teaching=0.9,
)

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        _LENET5,
        _MLP,
        dataclasses.replace(_LENET5, name="lenet5-regularised", **_REGULARISED),
        _LENET5_PUPIL,
        _MLP_PUPIL,
        _TINY,
        _SMALL_CONVNET,
        _CONVNET,
        _CONVNET_PUPIL,
        _LINE_READER,
    )
}

TITLES = {
    "lenet5": "LeNet-5",
    "mlp": "MLP",
    "lenet5-regularised": "LeNet-5, regularised",
    "lenet5-best": "LeNet-5, best",
    "mlp-best": "MLP, best",
    "tiny": "Tiny",
    "convnet-small": "ConvNet, small",
    "convnet": "ConvNet",
    "convnet-taught": "ConvNet, taught",
    "line-reader": "Line reader",
}
