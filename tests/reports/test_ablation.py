"""The picture and the page of an ablation."""

from __future__ import annotations

from pathlib import Path

from sutja.reports.ablation import plot_effects, write_ablation_report
from sutja.reports.tables import effect_table
from sutja.runs.ablation import measure_effects, plan_variants, summarise_effects
from tests.runs.test_ablation import DISTORTED, DROPOUT, MLP, TWO, results_of

VARIANTS = plan_variants(MLP, TWO, [1, 2])
RESULTS = results_of(
    VARIANTS, {(): [20, 22], (DROPOUT,): [21, 20], (DISTORTED,): [10, 12], (DROPOUT, DISTORTED): [9, 9]}
)
EFFECTS = measure_effects(VARIANTS, RESULTS)


def test_the_picture_has_a_row_for_each_effect_and_a_mark_for_each_length() -> None:
    (axes,) = plot_effects(EFFECTS).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == list(dict.fromkeys(e.name for e in EFFECTS))
    assert sum(len(line.get_xdata()) == len(RESULTS[0].seeds) for line in axes.lines) >= len(EFFECTS)  # type: ignore[arg-type]
    assert [text.get_text() for text in axes.figure.legends[0].get_texts()] == [
        "1 epoch, mean with 95 % interval",
        "2 epochs, mean with 95 % interval",
    ]


def test_the_table_begins_each_length_with_the_recipe_as_it_is() -> None:
    rows = effect_table(EFFECTS).rows
    assert [(row[0], row[1]) for row in rows if row[4] == ""] == [("as it is", "1"), ("as it is", "2")]
    assert len(rows) == len(EFFECTS) + 2


def test_the_page_says_what_is_true(tmp_path: Path) -> None:
    write_ablation_report(tmp_path, VARIANTS, RESULTS, EFFECTS)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert all(sentence in page for sentence in summarise_effects(EFFECTS))
    assert "dropout = 0.1, augmentation = affine; 2 seeds, evaluated on 1,000 test digits of mnist." in page
    assert (tmp_path / "figures" / "effects.png").is_file()
