"""Write docs/api.md, the Python API, from signatures and docstrings: `python -m tools.api`; --check only compares it.

Everything on the page is public: it changes only with a line in CHANGELOG.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import sys
from collections.abc import Iterator
from importlib import import_module
from types import FunctionType
from typing import Any

from benchmarks.recording import ROOT
from sutja.files import write_text

API_PAGE = ROOT / "docs" / "api.md"
SECTIONS = {  # heading → module → public names
    "Experiments": {"sutja": ["train", "TrainedRun", "DigitClassifier"]},
    "Reading pictures": {"sutja": ["Reader", "Reading", "ReadLine", "ReadNumber", "ReadDigit", "ReadSign"]},
    "Tables": {"sutja.reading.tables.table": ["NumberTable", "TableCell", "CellRemark"]},
    "Data": {
        "sutja.data.dataset": ["load_dataset", "Dataset", "save_dataset", "split", "Splits"],
        "sutja.data.digits": ["Digits"],
    },
    "Trained models": {
        "sutja": ["open_model", "TrainedModel"],
        "sutja.models.onnx_classifier": ["Classifier"],
        "sutja.networks.build": ["load_network"],
    },
    "Training": {
        "sutja.recipe": ["get_recipe", "parse_recipe", "Recipe", "Distillation", "FineTuning"],
        "sutja.networks.model": ["create", "network"],
        "sutja.training.augment": ["augmentation"],
        "sutja.training.digit_trainer": ["DigitTrainer"],
        "sutja.training.trainer": ["Trainer"],
    },
    "Evaluation": {
        "sutja.evaluation.metrics": ["evaluate", "Report", "wilson_interval"],
        "sutja.evaluation.calibration": ["fit_temperature"],
        "sutja.evaluation.significance": ["compare", "exact_mcnemar", "mean_interval", "compare_means", "holm"],
        "sutja.evaluation.corruptions": ["corrupt"],
    },
    "Errors": {"sutja.errors": ["SutjaError", "UsageError", "DataError", "ModelFileError", "StorageError"]},
}
PAGE_HEAD = """# Python API

The public names, written by `make readme` from the docstrings. `Reader` and everything on data, trained models and
evaluation, except `load_network`, work without PyTorch. [python.md](python.md) has an example of each of the first
names, [examples/](../examples) has programs. [reading.md](reading.md) and [protocol.md](protocol.md) explain what the
numbers mean.
"""
MAX_COLUMNS = 100


def main() -> None:
    """Write or check the page; exits with 1 if the check fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if something would change")
    page = render()
    if not parser.parse_args().check:
        write_text(API_PAGE, page)
    elif API_PAGE.read_text(encoding="utf-8") != page:
        sys.exit(f"{API_PAGE.name}: differs from the docstrings; run `make readme`")


def render() -> str:
    """The page as Markdown."""
    parts = [PAGE_HEAD]
    for heading, modules in SECTIONS.items():
        parts.append(f"\n## {heading}\n")
        for module, names in modules.items():
            parts += [_entry(module, name) for name in names]
    return "".join(parts)


def _entry(module: str, name: str) -> str:
    value = getattr(import_module(module), name)
    call = f"\n\n{_call(name, value)}" if _is_callable_by_users(value) else ""
    lines = [f"\n### {name}\n\n```python\nfrom {module} import {name}{call}\n```\n\n{_doc(value)}\n"]
    if members := [f"- {line}\n" for line in _members(value)]:
        lines += ["\n", *members]
    return "".join(lines)


def _is_callable_by_users(value: Any) -> bool:
    """Whether users call it: exceptions and data classes are created by the other functions of the page."""
    return not isinstance(value, type) or not (issubclass(value, Exception) or dataclasses.is_dataclass(value))


def _members(value: Any) -> Iterator[str]:
    """A line for each field, property and public method of a class."""
    if not isinstance(value, type) or issubclass(value, Exception):
        return
    if dataclasses.is_dataclass(value):
        yield from (f"`{each.name}: {each.type}`" for each in dataclasses.fields(value))
    for name, member in vars(value).items():
        if not name.startswith("_"):
            if isinstance(member, FunctionType):
                yield _method(name, member)
            elif isinstance(member, classmethod | staticmethod):
                yield _method(name, member.__func__, bound=isinstance(member, classmethod))
            elif hasattr(member, "__get__") and inspect.getdoc(member):  # properties, also cached ones
                yield f"`{name}`: {_flat(member)}"


def _call(name: str, value: Any) -> str:
    """The call with its parameters, one per line if it would exceed `MAX_COLUMNS`."""
    is_class = isinstance(value, type)
    parameters = _parameters(value.__init__ if is_class else value, method=is_class)
    result = "" if is_class else f" -> {inspect.signature(value).return_annotation}"
    call = f"{name}({', '.join(parameters)}){result}"
    return call if len(call) <= MAX_COLUMNS else f"{name}(\n    {(',' + chr(10) + '    ').join(parameters)},\n){result}"


def _method(name: str, function: Any, *, bound: bool = True) -> str:
    result = inspect.signature(function).return_annotation
    return f"`{name}({', '.join(_parameters(function, method=bound))}) -> {result}`: {_flat(function)}"


def _parameters(function: Any, *, method: bool) -> list[str]:
    """The parameters with their annotations as written, without the first parameter of a method."""
    parts: list[str] = []
    for each in list(inspect.signature(function).parameters.values())[method:]:
        if each.kind is each.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        value = "…" if callable(each.default) else repr(each.default)
        default = "" if each.default is each.empty else f" = {value}"
        parts.append(f"{each.name}: {each.annotation}{default}")
    return parts


def _doc(value: Any) -> str:
    """The docstring; for a class, also that of its constructor."""
    constructor = vars(value).get("__init__") if _is_callable_by_users(value) and isinstance(value, type) else None
    return "\n\n".join(filter(None, map(inspect.getdoc, (value, constructor))))


def _flat(value: Any) -> str:
    return " ".join(_doc(value).split())


if __name__ == "__main__":
    main()
