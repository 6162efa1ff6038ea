"""Recipes: JSON, settings from words, names, and former names."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sutja.errors import RENAMED, DataError, UsageError
from sutja.models.open import open_model
from sutja.networks.model import NETWORKS, create
from sutja.recipe import CHOICES, LIMITS, RECIPES, Distillation, FineTuning, Recipe, get_recipe, parse_recipe
from sutja.training.augment import AUGMENTATIONS

LENET5 = RECIPES["lenet5"]
FIELDS = {field.name: field for field in dataclasses.fields(Recipe)}
names = st.from_regex(r"[a-z0-9가-힣.+_-]+", fullmatch=True)
origins = st.builds("{}@{:064x}".format, names, st.integers(0, 2**256 - 1))


def in_range(field: str) -> st.SearchStrategy[Any]:
    low, high = LIMITS[field]
    whole = field in FIELDS and FIELDS[field].type == "int"
    return st.integers(int(low), int(high)) if whole else st.floats(low, high)


def limited(section: str) -> dict[str, st.SearchStrategy[Any]]:
    """The fields of a section that have limits; of the recipe itself with the section ""."""
    found = (field.rpartition(".") for field in LIMITS)
    return {field: in_range(f"{head}{dot}{field}") for head, dot, field in found if head == section}


distillations = st.builds(Distillation, teacher=names, **limited("distillation"))
finetunings = st.builds(FineTuning, start=origins, corrections=origins, **limited("finetuning"))
valid_recipes = st.builds(
    Recipe,
    name=names,
    network=st.text(),
    augmentation=st.text(),
    distillation=st.none() | distillations,
    finetuning=st.none() | finetunings,
    **{field: st.sampled_from(known) for field, known in CHOICES.items()} | {"protocol": st.just("validation")},
    **limited(""),
)


def edited(**values: Any) -> str:
    return json.dumps(dataclasses.asdict(LENET5) | values)


@given(valid_recipes)
@settings(derandomize=True, max_examples=60)
def test_a_written_recipe_is_read_back(recipe: Recipe) -> None:
    assert Recipe.from_json(recipe.to_json(), "recipe.json") == recipe


def test_patience_needs_validation_digits() -> None:
    with pytest.raises(UsageError, match="patience needs validation digits"):
        LENET5.with_settings({"patience": "2", "protocol": "final"})


@given(valid_recipes)
@settings(derandomize=True, max_examples=60)
def test_every_field_can_be_set_from_a_word(recipe: Recipe) -> None:
    recipe = dataclasses.replace(recipe, finetuning=None)
    words = {field: str(value) for field, value in recipe.flat().items() if field not in ("name", "finetuning")}
    for other in (LENET5, RECIPES["lenet5-best"]):
        assert dataclasses.replace(other.with_settings(words), name=recipe.name) == recipe


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Expecting value"),
        ("{", "Expecting"),
        ("[]", "not a JSON object"),
        ("3", "not a JSON object"),
        ("{}", "missing"),
        (edited(learnig_rate=1), "did you mean 'learning_rate'"),
        (edited(epochs="ten"), "epochs = 'ten' is not of the type int"),
        (edited(epochs=1.5), "epochs = 1.5 is not of the type int"),
        (edited(dropout=None), "dropout = None is not of the type float"),
        (edited(network=3), "network = 3 is not of the type str"),
        (edited(epochs=True), "epochs = True is not of the type int"),
        (edited(ema_decay=False), "ema_decay = False is not of the type float"),
        (edited(distillation=3), "distillation is not a JSON object"),
        (edited(distillation={}), "missing"),
        (edited(distillation={"teacher": "a", "weight": "b"}), "distillation.weight = 'b' is not of the type float"),
        (edited(distillation={"teacher": "a", "weigth": 1}), "did you mean 'distillation.weight'"),
        (edited(distillation={"teacher": "../a"}), "distillation.teacher = '../a': a name has"),
        (edited(distillation={"teacher": "a", "weight": 2}), "distillation.weight = 2 is out of the range"),
        (edited(finetuning={"start": "a", "corrections": "b"}), "finetuning.start = 'a': expected NAME@SHA-256"),
        (edited(epochs=0), "epochs = 0 is out of the range"),
        (edited(seed=2**32), "out of the range"),
        (edited(optimiser="adam"), "did you mean 'adamw'"),
        (edited(learning_rate=float("nan")), "learning_rate = nan is out of the range"),
        (edited(learning_rate=float("inf")), "learning_rate = inf is out of the range"),
        (edited(learning_rate=10**400), "learning_rate = 1000"),
        (edited(epochs=10**400), "epochs = 1000"),
    ],
)
def test_a_malformed_recipe_is_refused_with_the_name_of_the_file(text: str, why: str) -> None:
    with pytest.raises(DataError) as caught:
        Recipe.from_json(text, "runs/a/recipe.json")
    assert str(caught.value).startswith("runs/a/recipe.json: not a recipe: ")
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(DataError, match=r"recipe\.json: not a recipe"):
        Recipe.from_json("[" * 100_000, "recipe.json")


def test_a_whole_number_is_a_number() -> None:
    assert Recipe.from_json(edited(learning_rate=1), "recipe.json").learning_rate == 1


DISTILLATION = Distillation("big")
FINETUNING = FineTuning("a@" + "0" * 64, "b@" + "1" * 64)
FINETUNED = dataclasses.replace(LENET5, finetuning=FINETUNING)


def lenet5_with(field: str, value: Any) -> Recipe:
    section, _, inner = field.rpartition(".")
    if section:
        value = dataclasses.replace(DISTILLATION if section == "distillation" else FINETUNING, **{inner: value})
    return dataclasses.replace(LENET5, **{section or field: value})


@pytest.mark.parametrize("field", list(LIMITS))
def test_limits_are_allowed_and_values_beyond_them_are_refused(field: str) -> None:
    low, high = LIMITS[field]
    for value in (low, high):
        assert lenet5_with(field, value).flat()[field] == value
    for value in (low - 1, high + 1):
        with pytest.raises(UsageError, match=f"{field} = .* is out of the range"):
            lenet5_with(field, value)


@pytest.mark.parametrize(
    ("field", "word", "why"),
    [
        ("learnig_rate", "1", "did you mean 'learning_rate'"),
        ("epochs", "many", "epochs needs a whole number"),
        ("epochs", "1.5", "epochs needs a whole number"),
        ("epochs", "", "epochs needs a whole number"),
        ("epochs", "1" + "0" * 400, "out of the range"),
        ("dropout", "high", "dropout needs a number"),
        ("dropout", "nan", "out of the range"),
        ("learning_rate", "-1", "out of the range"),
        ("schedule", "cosin", "unknown schedule 'cosin': did you mean 'cosine'"),
        ("name", "mine", "cannot be set"),
        ("distillation.weight", "0.5", "distillation.weight needs `--set distillation.teacher=NAME`"),
        ("distillation", "big", "expected none, or a field, as in distillation.weight=0.5"),
        ("distillation.teacher", "", "a name has letters"),
        ("finetuning", "none", "cannot be set: `sutja train --from"),
        ("finetuning.start", "a", "cannot be set: `sutja train --from"),
        ("finetuning.styled_share", "0.5", "finetuning.styled_share needs `sutja train --from"),
    ],
)
def test_an_invalid_setting_is_refused(field: str, word: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        LENET5.with_settings({field: word})
    assert why in str(caught.value)


def test_settings_change_only_the_fields_they_name() -> None:
    changed = LENET5.with_settings({"learning_rate": "0.02", "epochs": "3", "optimiser": "sgd"})
    assert changed == dataclasses.replace(LENET5, learning_rate=0.02, epochs=3, optimiser="sgd")
    assert changed.changes() == {"epochs": 3, "optimiser": "sgd", "learning_rate": 0.02}


def test_names_of_published_and_changed_recipes() -> None:
    assert LENET5.changes() == {}
    assert (LENET5.title, LENET5.run_name) == ("LeNet-5", "lenet5-s0")
    seeded = dataclasses.replace(LENET5, seed=3)
    assert seeded.changes() == {}
    assert (seeded.title, seeded.run_name) == ("LeNet-5 (seed = 3)", "lenet5-s3")
    short = dataclasses.replace(seeded, epochs=2, dropout=0.5)
    assert short.title == "LeNet-5 (epochs = 2, dropout = 0.5, seed = 3)"
    assert short.run_name == "lenet5-epochs=2-dropout=0.5-s3"


def test_the_title_of_an_unpublished_recipe_is_its_name() -> None:
    mine = Recipe("mine", "mlp", epochs=2)
    assert (mine.title, mine.run_name, mine.changes()) == ("mine", "mine-s0", {})


@pytest.mark.parametrize("name", list(RECIPES))
def test_published_recipes_name_registered_networks_and_augmentations(name: str) -> None:
    recipe = get_recipe(name)
    assert recipe.name == name
    assert recipe.network in NETWORKS or recipe.reads != "digits"
    assert recipe.augmentation in AUGMENTATIONS


def test_settings_create_change_and_remove_a_section() -> None:
    student = LENET5.with_settings({"distillation.weight": "0.5", "distillation.teacher": "big"})
    assert student.distillation == Distillation("big", weight=0.5)
    assert student.run_name == "lenet5-distillation.teacher=big-distillation.weight=0.5-s0"
    published = RECIPES["lenet5-best"]
    changed = published.with_settings({"distillation.weight": "0.5"})
    assert changed.run_name == "lenet5-best-distillation.weight=0.5-s0"
    alone = published.with_settings({"distillation": "none"})
    assert (alone.distillation, alone.run_name) == (None, "lenet5-best-distillation=none-s0")
    for recipe in (student, changed, alone):
        assert parse_recipe(recipe.label) == recipe


@pytest.mark.parametrize(("former", "present"), RENAMED["recipe field"].items())
def test_a_former_field_is_refused_with_its_present_name(former: str, present: str) -> None:
    with pytest.raises(UsageError, match=f"^recipe field '{former}' is now called '{present}'$"):
        LENET5.with_settings({former: "1"})
    with pytest.raises(DataError, match=f"^a: not a recipe: recipe field '{former}' is now called '{present}'$"):
        Recipe.from_json(edited(**{former: 1}), "a")
    assert present in (RECIPES["tiny"].flat() | lenet5_with("distillation.weight", 1).flat() | FINETUNED.flat())


def test_former_names_are_refused_with_their_present_ones() -> None:
    with pytest.raises(UsageError, match=r"^recipe 'convnet-taught' is now called 'convnet-distilled'$"):
        get_recipe("convnet-taught")
    with pytest.raises(UsageError, match=r"^protocol 'held-out' is now called 'validation'$"):
        LENET5.with_settings({"protocol": "held-out"})
    with pytest.raises(UsageError, match=r"^published model 'convnet-taught' is now called 'convnet-distilled'"):
        open_model("convnet-taught")
    for former, present in RENAMED["network"].items():
        with pytest.raises(UsageError, match=f"^network '{former}' is now called '{present}'$"):
            create(former, seed=0)
        assert present in NETWORKS


def test_an_unknown_recipe_gets_a_hint() -> None:
    with pytest.raises(UsageError, match="unknown recipe 'lenet': did you mean 'lenet5'"):
        get_recipe("lenet")


def test_a_word_names_a_recipe_and_its_changes() -> None:
    recipe = parse_recipe("mlp:epochs=3,learning_rate=0.004,protocol=validation")
    assert (recipe.epochs, recipe.learning_rate, recipe.protocol) == (3, 0.004, "validation")
    assert dataclasses.replace(recipe, seed=3).label == "mlp:epochs=3,learning_rate=0.004"
    assert parse_recipe("mlp") == RECIPES["mlp"]
    assert RECIPES["mlp"].label == "mlp"


def test_further_changes_may_not_set_a_field_again() -> None:
    assert parse_recipe("mlp:epochs=3", {"seed": "1"}) == dataclasses.replace(RECIPES["mlp"], epochs=3, seed=1)
    with pytest.raises(UsageError, match="epochs is set twice"):
        parse_recipe("mlp:epochs=3", {"epochs": "3"})


@pytest.mark.parametrize("word", ["mlp:epochs", "mlp:epochs=1,epochs=2", "mlp:,", "ml", "mlp:epoch=1"])
def test_a_malformed_word_is_refused(word: str) -> None:
    with pytest.raises(UsageError):
        parse_recipe(word)
