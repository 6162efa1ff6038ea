"""`sutja recipes`: the recipes with their fields."""

from __future__ import annotations

from sutja.cli.common import Json


def recipes(as_json: Json = False) -> None:
    """List the recipes with all their fields."""
    from dataclasses import asdict

    from sutja.cli.console import print_json, print_table
    from sutja.recipe import RECIPES
    from sutja.reports.tables import recipe_table

    listed = [asdict(recipe) for recipe in RECIPES.values()]
    if as_json:
        print_json(listed)
    else:
        print_table(recipe_table(listed))
