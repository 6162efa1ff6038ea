"""What the shell offers to complete a word with: `sutja --install-completion` makes it ask."""

from __future__ import annotations

from pathlib import Path


def complete_recipe(incomplete: str) -> list[str]:
    """The recipes whose names begin so."""
    from sutja.recipe import RECIPES

    return [name for name in RECIPES if name.startswith(incomplete)]


def complete_recipe_or_run(incomplete: str) -> list[str]:
    """The recipes, and the run folders, whose names begin so."""
    return complete_recipe(incomplete) + complete_run(incomplete)


def complete_model(incomplete: str) -> list[str]:
    """The published models, run folders and ONNX files whose names begin so."""
    from sutja.models.catalogue import published_names

    published = [name for name in published_names() if name.startswith(incomplete)]
    return published + complete_run(incomplete) + _paths(incomplete, "*.onnx")


def complete_run(incomplete: str) -> list[str]:
    """The run folders whose paths begin so, and the folders on the way to them."""
    from sutja.runs.run import is_run_folder

    folders = [path for path in _paths(incomplete, "*") if Path(path).is_dir()]
    return [path if is_run_folder(Path(path)) else f"{path}/" for path in folders]


def _paths(incomplete: str, pattern: str) -> list[str]:
    """The paths that begin so, without hidden ones."""
    folder, slash, start = incomplete.rpartition("/")
    try:
        found = sorted(path.name for path in Path(folder or slash or ".").glob(pattern))
    except OSError:
        return []
    return [f"{folder}{slash}{name}" for name in found if name.startswith(start) and not name.startswith(".")]
