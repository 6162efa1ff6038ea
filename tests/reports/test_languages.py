"""Texts of reports in Korean: whole, in sentences, with what stands in their gaps, and with fitting particles."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

import pytest

from sutja.errors import UsageError
from sutja.evaluation.significance import Comparison, MeanDifference
from sutja.reports.html import Section, render_page
from sutja.reports.languages import check_language, to_korean
from sutja.reports.pages import DIFFERENCES_MARKED
from sutja.reports.tables import comparison_table, effect_table, mean_difference_table, results_table, used_recipe_table
from sutja.runs.ablation import measure_effects, plan_variants, summarise_effects
from tests.runs.test_ablation import DISTORTED, DROPOUT, MLP, TWO, results_of

VARIANTS = plan_variants(MLP, TWO)
RESULTS = results_of(
    VARIANTS, {(): [20, 22], (DROPOUT,): [21, 20], (DISTORTED,): [10, 11], (DROPOUT, DISTORTED): [9, 9]}
)
EFFECTS = measure_effects(VARIANTS, RESULTS)


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("Verdict", "결론"),
        (
            "4 and 9 are confused most: 5 times. A row is a digit, a column what it is read as.",
            "4와 9를 가장 많이 혼동했습니다: 5번. 행은 실제 숫자, 열은 읽은 숫자입니다.",
        ),
        (
            "LeNet-5 + dropout is better than MLP (p = 0.01); it makes 7% fewer errors.",
            "LeNet-5 + 드롭아웃이 MLP보다 낫습니다 (p = 0.01). 오류가 7 % 적습니다.",
        ),
        ("MLP → LeNet-5 + both (epochs = 1)", "MLP → LeNet-5 + 둘 다 (epochs = 1)"),
        (
            "The first is a 3 that is read as 8 with 99.1 % confidence.",
            "첫째는 3인데 8로 읽었고 확신도는 99.1 %입니다.",
        ),
        (
            "The first is a 3 that is read as 6 with 99.1 % confidence.",
            "첫째는 3인데 6으로 읽었고 확신도는 99.1 %입니다.",
        ),
    ],
)
def test_a_text_in_korean(english: str, korean: str) -> None:
    assert to_korean(english) == korean


@pytest.mark.parametrize("text", ["lenet5", "0.0357", "Nobody has written this. Verdict", "this and that", ""])
def test_what_the_list_lacks_has_no_korean(text: str) -> None:
    assert to_korean(text) is None


def test_the_sentences_of_an_ablation_are_korean_to_the_end() -> None:
    for sentence in summarise_effects(EFFECTS):
        said = to_korean(sentence)
        assert said is not None
        assert re.findall("[A-Za-z]{2,}", said) == []


def test_verdicts_of_comparisons_have_a_korean_form() -> None:
    for p_value, difference, removed in ((0.5, 0.0, 0.0), (0.01, 0.1, 0.3), (0.01, -0.1, -0.3)):
        pair = Comparison("MLP", "LeNet-5", difference, -0.1, 0.1, 1, 2, p_value, removed)
        means = MeanDifference("mlp", "lenet5", difference, -0.1, 0.1, p_value, p_value, "paired")
        assert to_korean(pair.verdict)
        assert to_korean(means.verdict)


def test_heads_of_tables_have_a_korean_form() -> None:
    tables = (effect_table(EFFECTS), results_table(RESULTS), mean_difference_table([EFFECTS[0].difference]))
    heads = {head for table in (*tables, comparison_table([])) for head in table.heads}
    assert [head for head in heads if to_korean(head) is None] == []
    assert to_korean(DIFFERENCES_MARKED)


def test_fields_of_recipes_are_the_names_that_one_types_in_both_languages() -> None:
    table = used_recipe_table([{"name": "mlp", "epochs": 3, "precision": "float32", "seed": 1}])
    page = render_page("MLP", "", [Section("Recipe", table=table)], "ko")
    assert all(f"<td>{field}</td>" in page for field in ("epochs", "precision", "seed"))


def test_each_gap_is_filled() -> None:
    path = files("sutja.reports") / "templates" / "korean.toml"
    for table in tomllib.loads(path.read_text(encoding="utf-8")).values():
        for english, korean in table.items():
            gaps = re.findall(r"\{(\d*)\}", korean)
            numbers = [int(gap) if gap else at for at, gap in enumerate(gaps)]
            assert sorted(numbers) == list(range(english.count("{}"))), english


def test_a_page_says_its_texts_in_one_language_and_holds_the_other() -> None:
    sections = [Section("Verdict", ["There are no mistakes.", "lenet5"])]
    english, korean = (render_page("MLP", "", sections, language) for language in ("", "ko"))
    assert '<p data-other="틀린 숫자가 없습니다.">There are no mistakes.</p>' in english
    assert '<p data-other="There are no mistakes.">틀린 숫자가 없습니다.</p>' in korean
    assert "<p>lenet5</p>" in english
    assert '<html lang="en">' in english
    assert '<html lang="ko" data-language="ko">' in korean


def test_a_language_that_reports_lack_is_refused() -> None:
    assert check_language("ko") == "ko"
    with pytest.raises(UsageError, match="did you mean 'ko'"):
        check_language("kor")
