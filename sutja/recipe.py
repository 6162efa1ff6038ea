"""Recipes: everything that decides how a network is trained, as one value that can be written down."""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from sutja.errors import DataError, UsageError, unknown

NONE = "none"  # the word for a section that is absent, as in `--set distillation=none`
PROTOCOLS = ("curves", "validation", "final")
LINE_READER = "line-reader"  # the network that reads lines
PAGE_READER = "page-reader"  # the network that finds numbers on pages; all others read single digits
CHOICES = {  # field → its possible values
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
    "ema_decay": (0, 0.999999),
    "patience": (0, 100_000),
    "hard_example_repeats": (1, 5),
    "distillation.weight": (0, 1),
    "distillation.temperature": (0.01, 100),
    "finetuning.corrected_share": (0.01, 0.99),
    "finetuning.styled_share": (0, 0.99),
    "seed": (0, 2**32 - 1),
}
START_FIELDS = ("network", "protocol", "finetuning.start", "finetuning.corrections")  # what `sutja train --from` sets

SectionT = TypeVar("SectionT")


@dataclass(frozen=True)
class Distillation:
    """How a network learns from a teacher (see `training/distillation.py`).

    `teacher` names a file of distillation targets, `NAME.targets.npz`; in fine-tuning the teacher is the network that
    it starts from. The teacher's part of the loss is `weight`, the labels' the rest. `temperature` divides the logits
    of both teacher and student. Distillation targets belong to images that are distorted already; the recipe's
    `augmentation` distorts them further and leaves the targets as they are.
    """

    teacher: str
    weight: float = 0.7
    temperature: float = 2.0

    def __post_init__(self) -> None:
        """Raises `UsageError` for a value that no training could use."""
        if not re.fullmatch(r"[\w.+-]+", self.teacher):
            raise UsageError(f"distillation.teacher = {self.teacher!r}: a name has letters, digits and . + - _ only")
        _check_limits(self, "distillation.")


@dataclass(frozen=True)
class FineTuning:
    """How a trained network learns corrected digits (see `training/finetuning/`).

    `start` names the weights that it starts from and `corrections` the corrected digits, both as `NAME@SHA-256`.
    `corrected_share` of each batch are corrected digits. `styled_share` of the rest are MNIST digits restyled to the
    handwriting of the corrections. What remains are MNIST digits as they are, on which the network of `start` is the
    teacher, so that nothing is forgotten.
    """

    start: str
    corrections: str
    corrected_share: float = 0.25
    styled_share: float = 0.5

    def __post_init__(self) -> None:
        """Raises `UsageError` for a value that no training could use."""
        for field in ("start", "corrections"):
            value = getattr(self, field)
            if not re.fullmatch(r"[\w.+=-]+@[0-9a-f]{64}", value):
                raise UsageError(f"finetuning.{field} = {value!r}: expected NAME@SHA-256")
        _check_limits(self, "finetuning.")


SECTIONS: dict[str, type[Distillation | FineTuning]] = {"distillation": Distillation, "finetuning": FineTuning}


@dataclass(frozen=True)
class Recipe:
    """How to train one network. The same recipe on the same data gives the same weights, to the bit.

    `network` names the architecture. `learning_rate` is the peak of the schedule. `ema_decay` is the decay per step of
    an exponential moving average of the weights; 0 keeps the last weights. `patience` is the number of epochs without
    a lower validation loss after which training stops and keeps the weights of the best epoch; 0 never stops early.

    `hard_example_repeats` is the most times that a hard digit is drawn in an epoch, in place of easy ones (see
    `training/hard_examples.py`); with 1 every digit is drawn once. `precision` "bfloat16" computes the forward and
    backward pass, but neither loss nor weights, in 16 bits where the processor has instructions for it, and in float32
    elsewhere.

    `distillation` is `None` without a teacher, `finetuning` is `None` for a network that is trained from scratch.

    `protocol` says which digits are evaluated. "curves" holds validation digits back and evaluates these and the test
    digits after every epoch, for learning curves. "validation" evaluates the validation digits and never sees the test
    digits: for choosing between recipes. "final" trains on all training digits and reads the test digits once, after
    the last epoch: for the reported results of a frozen recipe.
    """

    name: str
    network: str
    epochs: int = 10
    batch_size: int = 128
    optimiser: str = "adamw"
    learning_rate: float = 0.008
    schedule: str = "one-cycle"
    weight_decay: float = 0.01
    label_smoothing: float = 0.0
    dropout: float = 0.0
    augmentation: str = "none"
    ema_decay: float = 0.0
    patience: int = 0
    hard_example_repeats: float = 1.0
    precision: str = "float32"
    distillation: Distillation | None = None
    finetuning: FineTuning | None = None
    protocol: str = "curves"
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises `UsageError` for a value that no training could use."""
        if not re.fullmatch(r"[\w.+-]+", self.name):
            raise UsageError(f"name = {self.name!r}: a name has letters, digits and . + - _ only")
        for field, known in CHOICES.items():
            if getattr(self, field) not in known:
                raise unknown(field, str(getattr(self, field)), known)
        _check_limits(self)
        if self.patience and self.protocol == "final":
            raise UsageError("patience needs validation digits, and the protocol 'final' holds none back")

    @property
    def reads(self) -> Literal["digits", "lines", "pages"]:
        """What its network reads: single digits, lines of them, or pages on which it finds numbers."""
        if self.network == LINE_READER:
            return "lines"
        return "pages" if self.network == PAGE_READER else "digits"

    def require_single_digits(self, name: str | Path) -> None:
        """Raises a `UsageError` that begins with `name` when its network reads lines or pages."""
        if self.reads != "digits":
            raise UsageError(f"{name}: reads {self.reads}: this is for networks that read single digits")

    @property
    def title(self) -> str:
        """The display name, with all changes and a seed other than 0: "LeNet-5 (epochs = 3)"."""
        differing = self.changes() | ({"seed": self.seed} if self.seed else {})
        changes = ", ".join(f"{field} = {value}" for field, value in differing.items())
        tuning = self.finetuning
        name = _name(tuning.start) if tuning else self.name
        corrections = f", fine-tuned on {_name(tuning.corrections)}" if tuning else ""
        return TITLES.get(name, name) + corrections + (f" ({changes})" if changes else "")

    @property
    def run_name(self) -> str:
        """The name of the run's folder: recipe, changes and seed, as in `lenet5-epochs=3-s0`.

        For a fine-tuned network, it is start, corrections and seed, as in `convnet-small-corrections-20-s0`.
        """
        changes = "".join(f"-{field}={value}" for field, value in self.changes().items())
        tuning = self.finetuning
        name = f"{_name(tuning.start)}-{_name(tuning.corrections)}" if tuning else self.name
        return f"{name}{changes}-s{self.seed}"

    @property
    def label(self) -> str:
        """Recipe and changes as `parse_recipe` reads them, without protocol and seed."""
        changes = [f"{field}={value}" for field, value in self.changes().items() if field != "protocol"]
        return self.name + (f":{','.join(changes)}" if changes else "")

    def with_settings(self, settings: dict[str, str]) -> Recipe:
        """The same recipe with some fields set from words, as `--set learning_rate=0.02` gives them.

        A field of a section has a dot: `distillation.weight`; the word "none" removes a section. Raises `UsageError`
        for an unknown field, with the nearest one as a hint, and for a value of the wrong type.
        """
        values: dict[str, Any] = {}
        changed: dict[str, dict[str, Any]] = {}
        for path, word in settings.items():
            value = _parse(path, word)
            section, _, field = path.rpartition(".")
            if section:
                changed.setdefault(section, {})[field] = value
            else:
                values[path] = value
        for section, fields in changed.items():
            values[section] = _changed_section(section, values.get(section, getattr(self, section)), fields)
        return dataclasses.replace(self, **values)

    def flat(self) -> dict[str, Any]:
        """All fields by the names that `--set` gives them, as in `distillation.weight`; an absent section is "none"."""
        return flatten(dataclasses.asdict(self))

    def changes(self) -> dict[str, Any]:
        """The fields, except the seed, in which this recipe differs from the published one of its name."""
        known = {**RECIPES, CORRECTED.name: CORRECTED}
        if self.name not in known:
            return {}
        published = _default_section_values() | dataclasses.replace(known[self.name], seed=self.seed).flat()
        own = START_FIELDS if self.finetuning else ()
        return {
            field: value
            for field, value in self.flat().items()
            if (field not in published or value != published[field]) and field not in own
        }

    def to_json(self) -> str:
        """The recipe as a JSON object, one field a line."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, name: str | Path) -> Recipe:
        """Read what `to_json` wrote; raises a `DataError` that names the file `name` for anything else."""
        try:
            return _build(cls, json.loads(text))
        except (ValueError, TypeError, RecursionError, UsageError) as error:
            raise DataError(f"{name}: not a recipe: {error}") from error


def flatten(values: dict[str, Any]) -> dict[str, Any]:
    """A recipe's JSON object without nesting: `distillation.weight` → value; an absent section → "none"."""
    flat: dict[str, Any] = {}
    for field, value in values.items():
        if isinstance(value, dict):
            flat |= {f"{field}.{inner}": each for inner, each in value.items()}
        else:
            flat[field] = NONE if value is None else value
    return flat


def _check_limits(values: Any, prefix: str = "") -> None:
    """Raises `UsageError` when a field of a recipe or of its section `prefix` is outside its limits."""
    for each in dataclasses.fields(values):
        if (path := f"{prefix}{each.name}") in LIMITS:
            value, (low, high) = getattr(values, each.name), LIMITS[path]
            if not low <= value <= high:  # neither is NaN nor an infinity
                raise UsageError(f"{path} = {value} is out of the range {low}…{high}")


def _name(origin: str) -> str:
    """The name in `NAME@SHA-256`."""
    return origin.partition("@")[0]


def _build(kind: type[SectionT], values: Any, prefix: str = "") -> SectionT:
    """A recipe or its section `prefix` from a JSON object; raises `UsageError` for a wrong field or type."""
    if not isinstance(values, dict):
        raise UsageError(f"{prefix.rstrip('.')} is not a JSON object" if prefix else "not a JSON object")
    types = _field_types()
    built: dict[str, Any] = {}
    for field, value in values.items():
        path = f"{prefix}{field}"
        if path in SECTIONS:
            built[field] = None if value is None else _build(SECTIONS[path], value, f"{path}.")
            continue
        if path not in types:
            raise unknown("recipe field", path, types)
        expected = types[path]
        if type(value) is not expected and not (expected is float and type(value) is int):
            raise UsageError(f"{path} = {value!r} is not of the type {expected.__name__}")
        built[field] = value
    return kind(**built)


@cache
def _field_types() -> dict[str, type]:
    """The type of each field by the name that `--set` gives it."""
    kinds = {"str": str, "int": int, "float": float}
    types: dict[str, type] = {}
    for each in dataclasses.fields(Recipe):
        if each.name in SECTIONS:
            inner = dataclasses.fields(SECTIONS[each.name])
            types |= {f"{each.name}.{field.name}": kinds[str(field.type)] for field in inner}
        else:
            types[each.name] = kinds[str(each.type)]
    return types


def _default_section_values() -> dict[str, Any]:
    return {
        f"{section}.{field.name}": field.default
        for section, kind in SECTIONS.items()
        for field in dataclasses.fields(kind)
        if field.default is not dataclasses.MISSING
    }


def _changed_section(section: str, current: Any, fields: dict[str, Any]) -> Any:
    """A section with some fields set; raises `UsageError` when it is absent and these fields do not make one."""
    if current is not None:
        return dataclasses.replace(current, **fields)
    if section == "distillation" and "teacher" in fields:
        return Distillation(**fields)
    needed = {"distillation": "--set distillation.teacher=NAME", "finetuning": "sutja train --from NAME --data FOLDER"}
    raise UsageError(f"{section}.{next(iter(fields))} needs `{needed[section]}`")


def _parse(path: str, word: str) -> Any:
    """The value of the field `path` from a word; raises `UsageError`."""
    if path == "name":
        raise UsageError("the name of a recipe cannot be set: it says which recipe the settings started from")
    if path in ("finetuning", "finetuning.start", "finetuning.corrections"):
        raise UsageError(f"{path} cannot be set: `sutja train --from NAME --data FOLDER` sets it")
    if path in SECTIONS:
        if word != NONE:
            raise UsageError(f"{path} = '{word}': expected none, or a field, as in {path}.weight=0.5")
        return None
    if path not in _field_types():
        raise unknown("recipe field", path, _field_types())
    kind = _field_types()[path]
    try:
        return kind(word)
    except ValueError:
        needed = {int: "a whole number", float: "a number"}[kind]
        raise UsageError(f"{path} = '{word}': {path} needs {needed}") from None


def parse_recipe(word: str, settings: dict[str, str] | None = None) -> Recipe:
    """The recipe that a word names, with changes after a colon: `mlp:epochs=3,dropout=0.1`.

    `settings` are further changes. Raises `UsageError` for an unknown name or field, and a field that is set twice.
    """
    name, _, changes = word.partition(":")
    changed = parse_settings(changes, f"{word}: expected NAME:FIELD=VALUE,FIELD=VALUE, as in mlp:epochs=3,dropout=0.1")
    if twice := changed.keys() & (settings or {}).keys():
        raise UsageError(f"{min(twice)} is set twice")
    return get_recipe(name).with_settings(changed | (settings or {}))


def parse_settings(text: str, expected: str) -> dict[str, str]:
    """The fields and words in `FIELD=VALUE,FIELD=VALUE`; raises a `UsageError` of the text `expected` for another."""
    changed: dict[str, str] = {}
    for change in text.split(",") if text else ():
        field, equals, value = (each.strip() for each in change.partition("="))
        if not equals or field in changed:
            raise UsageError(expected)
        changed[field] = value
    return changed


def get_recipe(name: str) -> Recipe:
    """The published recipe of that name. Raises `UsageError` for an unknown one."""
    if name not in RECIPES:
        raise unknown("recipe", name, RECIPES)
    return RECIPES[name]


_LENET5 = Recipe("lenet5", "lenet5")
_MLP = Recipe("mlp", "mlp")
_ADDITIONS: dict[str, dict[str, Any]] = {  # what a network of the main job is named after → all in which it differs
    "dropout": {"dropout": 0.1},
    "augmentation": {"augmentation": "affine-elastic"},
    "both": {"dropout": 0.1, "augmentation": "affine-elastic"},
}
_REGULARISED: dict[str, Any] = {
    "epochs": 25,
    "dropout": 0.05,
    "augmentation": "affine-elastic",
    "weight_decay": 0.1,
    "ema_decay": 0.999,
}

_SMALL_CONVNET = Recipe(
    "convnet-small", "convnet4", epochs=20, weight_decay=0.05, augmentation="robust", ema_decay=0.999, protocol="final"
)
_CONVNET = dataclasses.replace(  # each column of its network trains on half of every batch
    _SMALL_CONVNET,
    name="convnet",
    network="convnet5-pair",
    epochs=40,
    batch_size=256,
    dropout=0.4,
    hard_example_repeats=2.0,
    precision="bfloat16",
)
_MLP_STUDENT = Recipe(  # its teacher: two networks of `_SMALL_CONVNET`
    "mlp-best",
    "mlp-pooled",
    epochs=80,
    weight_decay=0.01,
    ema_decay=0.999,
    distillation=Distillation("convnets", weight=0.9, temperature=4.0),
    protocol="final",
)
_LENET5_STUDENT = dataclasses.replace(  # its teacher: three networks of `_CONVNET`
    _MLP_STUDENT,
    name="lenet5-best",
    network="lenet5",
    epochs=60,
    optimiser="muon",
    learning_rate=0.005,
    distillation=Distillation("pairs", weight=0.9, temperature=4.0),
)
_CONVNET_STUDENT = dataclasses.replace(  # its teacher: three networks of `_CONVNET`
    _CONVNET,
    name="convnet-distilled",
    epochs=30,
    optimiser="muon",
    learning_rate=0.005,
    dropout=0.0,
    augmentation="none",
    distillation=Distillation("pairs-robust", weight=0.9, temperature=4.0),
)
_TINY = Recipe(  # too small to gain from a teacher
    "tiny",
    "tiny",
    epochs=30,
    learning_rate=0.015,
    weight_decay=0.02,
    augmentation="affine-elastic",
    ema_decay=0.999,
    protocol="final",
)

_QUICK_READER = Recipe(  # trained on the signs of `python -m tools.quick_reader`
    "quick-reader",
    "convnet4-narrow",
    epochs=10,
    weight_decay=0.05,
    augmentation="affine-elastic",
    ema_decay=0.999,
    protocol="validation",
)

_LINE_READER = Recipe(  # `line_trainer` sets the number of strips in an epoch
    "line-reader",
    LINE_READER,
    epochs=56,
    batch_size=64,
    optimiser="muon",
    learning_rate=0.005,
    weight_decay=0.02,
    dropout=0.1,
    ema_decay=0.999,
    precision="bfloat16",
    protocol="validation",
)

_PAGE_READER = Recipe(  # `page_trainer` sets the number of scenes in an epoch
    "page-reader",
    PAGE_READER,
    epochs=28,
    batch_size=8,
    optimiser="muon",
    learning_rate=0.01,
    weight_decay=0.02,
    ema_decay=0.999,
    precision="bfloat16",
    protocol="validation",
)

CORRECTED = Recipe(  # starts from a trained network; `finetune` sets the number of batches in an epoch
    "corrected",
    "convnet4",
    epochs=4,
    learning_rate=0.0006,
    weight_decay=0.05,
    augmentation="affine-elastic",
    ema_decay=0.98,
    distillation=Distillation("start", weight=0.9),
)

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        _LENET5,
        _MLP,
        Recipe("perceptron", "perceptron"),
        *(
            dataclasses.replace(plain, name=f"{plain.name}-{name}", **fields)
            for plain in (_LENET5, _MLP)
            for name, fields in _ADDITIONS.items()
        ),
        dataclasses.replace(_LENET5, name="lenet5-regularised", **_REGULARISED),
        _LENET5_STUDENT,
        _MLP_STUDENT,
        _TINY,
        _SMALL_CONVNET,
        _CONVNET,
        _CONVNET_STUDENT,
        _QUICK_READER,
        _LINE_READER,
        _PAGE_READER,
    )
}

_PLAIN_TITLES = {"lenet5": "LeNet-5", "mlp": "MLP"}
TITLES = {
    **_PLAIN_TITLES,
    **{f"{plain}-{name}": f"{title} + {name}" for plain, title in _PLAIN_TITLES.items() for name in _ADDITIONS},
    "perceptron": "Perceptron",
    "lenet5-regularised": "LeNet-5, regularised",
    "lenet5-best": "LeNet-5, best",
    "mlp-best": "MLP, best",
    "tiny": "Tiny",
    "convnet-small": "ConvNet, small",
    "convnet": "ConvNet",
    "convnet-distilled": "ConvNet, distilled",
    "quick-reader": "Quick reader",
    "line-reader": "Line reader",
    "page-reader": "Page reader",
}
