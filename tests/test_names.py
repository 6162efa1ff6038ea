"""A public name means one thing: no two modules of the package define it."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "sutja"
MAX_FLAT_MODULES = 8


def defined_names(path: Path) -> set[str]:
    """The public functions, classes and constants of a module. A command of the command line is named by its word."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names |= set() if is_command(node, path) else {node.name}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
    return {name for name in names if not name.startswith("_")}


def is_command(node: ast.FunctionDef | ast.ClassDef, path: Path) -> bool:
    """Whether a function is a command, as `sutja train` is, which calls another `train`."""
    decorated = any("command" in ast.unparse(each) for each in node.decorator_list)
    return path.parent.name == "cli" and (decorated or node.name == path.stem)


def test_a_public_name_is_defined_once() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        for name in defined_names(path):
            places[name].append(str(path.relative_to(PACKAGE)))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_no_module_lies_flat_beside_the_ground_floor() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= MAX_FLAT_MODULES
