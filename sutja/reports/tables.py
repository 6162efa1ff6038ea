"""Tables for the terminal, reports and README: column heads and rows of text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sutja.data.class_names import DIGIT_NAMES, ClassNames
from sutja.evaluation.metrics import Report
from sutja.evaluation.significance import Comparison, MeanDifference, format_p
from sutja.recipe import NONE, flatten
from sutja.runs.ablation import Effect
from sutja.runs.report import ErrorsBeforeAfter, MemberReport
from sutja.runs.results import RecipeResult, distinct_names
from sutja.runs.run import Run

if TYPE_CHECKING:
    from sutja.data.corrections.store import StoredCorrection
    from sutja.evaluation.label_errors import LabelDoubt
    from sutja.evaluation.robustness import Robustness
    from sutja.models.card import Card
    from sutja.networks.model import NetworkSize


UNUSED = {  # field of a recipe → values with which it does nothing
    "": (NONE, "0", "0.0"),
    "hard_example_repeats": ("1.0",),
    "seed": (),
}


@dataclass(frozen=True)
class Table:
    """Column heads and rows of text. The first column is aligned left, the others right.

    A table of `names`, which one types as they are, is the same in each language.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    names: bool = False


def percent(rate: float, digits: int = 2) -> str:
    """A rate in [0, 1] as "99.12 %"."""
    return f"{100 * rate:.{digits}f} %"


def points(low: float, high: float) -> str:
    """An interval of rates in [0, 1] as "+0.12 … +0.34" percentage points."""
    return f"{100 * low:+.2f} … {100 * high:+.2f}"


def interval(low: float, high: float) -> str:
    """An interval of rates in [0, 1] as "99.14–99.46 %"."""
    return f"{100 * low:.2f}–{percent(high)}"


def score_table(reports: dict[str, Report]) -> Table:
    """The measures of an evaluation, one column for each named report."""
    measures: dict[str, Callable[[Report], str]] = {
        "digits": lambda report: f"{report.count:,}",
        "accuracy": lambda report: percent(report.accuracy),
        "95 % interval (Wilson)": lambda report: interval(report.accuracy_low, report.accuracy_high),
        "errors": lambda report: f"{report.errors:,}",
        "loss = negative log-likelihood": lambda report: f"{report.loss:.4f}",
        "Brier score": lambda report: f"{report.brier:.5f}",
        "expected calibration error": lambda report: percent(report.calibration_error),
    }
    rows = [[name, *(show(report) for report in reports.values())] for name, show in measures.items()]
    return Table(["", *reports], rows)


def class_table(report: Report, class_names: ClassNames = DIGIT_NAMES) -> Table:
    """Precision, recall and F1 of every digit, or of every other class."""
    rows = [
        [class_names[row.digit], percent(row.precision), percent(row.recall), percent(row.f1), f"{row.count:,}"]
        for row in report.classes
    ]
    return Table([class_names.word, "precision", "recall", "F1", "digits"], rows)


def confusion_table(report: Report, class_names: ClassNames = DIGIT_NAMES, *, most: int = 5) -> Table:
    """The most frequent confusions, the most frequent one first."""
    cells = [
        (number, digit, read)
        for digit, row in enumerate(report.confusion)
        for read, number in enumerate(row)
        if digit != read and number
    ]
    rows = [[class_names[d], class_names[r], str(n)] for n, d, r in sorted(cells)[::-1][:most]]
    return Table([class_names.word, "read as", "times"], rows)


def mistake_table(report: Report, class_names: ClassNames = DIGIT_NAMES, *, most: int = 5) -> Table:
    """The most confident mistakes."""
    rows = [
        [str(each.index), class_names[each.label], class_names[each.prediction], percent(each.confidence)]
        for each in report.worst[:most]
    ]
    return Table(["number", class_names.word, "read as", "confidence"], rows)


def corruption_table(robustness: Robustness) -> Table:
    """The accuracy on digits with each corruption, and below it the mean over the corruptions."""
    rows = [
        [
            each.name,
            percent(each.accuracy),
            interval(each.accuracy_low, each.accuracy_high),
            f"{each.errors:,}",
        ]
        for each in robustness.scores
    ]
    mean = [f"mean of the {len(rows) - 1} corruptions", percent(robustness.mean), "", ""]
    return Table(["corruption", "accuracy", "95 % interval (Wilson)", "errors"], [*rows, mean])


def run_table(runs: Sequence[Run]) -> Table:
    """Finished runs: size, accuracy on test (or validation) digits, training time."""
    rows = []
    for run in runs:
        report = run.report
        scores = report.figures[run.evaluated_on]
        rows.append(
            [
                run.recipe.title,
                f"{report.parameters:,}",
                percent(scores.accuracy),
                interval(scores.accuracy_low, scores.accuracy_high),
                str(scores.errors),
                f"{scores.loss:.4f}",
                str(report.epochs),
                f"{report.seconds:.0f} s",
            ]
        )
    part = " or ".join(sorted({run.evaluated_on for run in runs}))
    heads = ["network", "parameters", f"{part} accuracy", "95 % interval", "errors", "loss", "epochs", "time"]
    return Table(heads, rows)


def comparison_table(comparisons: Sequence[Comparison]) -> Table:
    """Pairs of networks on the same digits. The difference is the second accuracy minus the first, in points."""
    rows = [
        [
            f"{each.first} → {each.second}",
            f"{100 * each.difference:+.2f}",
            points(each.difference_low, each.difference_high),
            f"{each.only_first} : {each.only_second}",
            format_p(each.p_value),
            "–" if each.errors_removed is None else f"{100 * each.errors_removed:.0f} %",
        ]
        for each in comparisons
    ]
    return Table(["pair", "points", "95 % interval", "only one right", "McNemar p", "errors removed"], rows)


def results_table(results: Sequence[RecipeResult]) -> Table:
    """Recipes over their seeds: means, and standard deviation and range of the accuracies, in percent."""
    rows = []
    for name, each in zip(distinct_names(results), results, strict=True):
        low, high = each.interval or (None, None)
        rows.append(
            [
                name,
                f"{each.parameters:,}",
                str(len(each.seeds)),
                percent(each.mean_accuracy, 3),
                "–" if each.standard_deviation is None else f"{100 * each.standard_deviation:.3f}",
                "–" if low is None or high is None else f"{100 * low:.3f} – {100 * high:.3f}",
                f"{100 * min(each.accuracies):.2f} – {100 * max(each.accuracies):.2f}",
                f"{sum(each.errors) / len(each.errors):.1f}",
                f"{each.loss:.4f}",
                percent(each.calibration_error),
                f"{each.seconds:.0f}",
            ]
        )
    part = " or ".join(dict.fromkeys(each.part for each in results))
    heads = ["recipe", "parameters", "seeds", f"{part} accuracy", "std. dev.", "95 % interval", "range"]
    return Table([*heads, "errors", "loss", "calibration error", "seconds"], rows)


def seed_table(names: Sequence[str], results: Sequence[RecipeResult]) -> Table:
    """The errors of each seed: a column for each of the results, which have these names."""
    errors = [dict(zip(each.seeds, each.errors, strict=True)) for each in results]
    seeds = sorted({seed for each in results for seed in each.seeds})
    rows = [[str(seed), *(str(each.get(seed, "–")) for each in errors)] for seed in seeds]
    return Table(["seed", *names], rows)


def mean_difference_table(differences: Sequence[MeanDifference]) -> Table:
    """Pairs of recipes. The difference is the second mean accuracy minus the first, in percentage points."""
    rows = [
        [
            f"{each.first} → {each.second}",
            f"{100 * each.difference:+.3f}",
            f"{100 * each.difference_low:+.3f} … {100 * each.difference_high:+.3f}",
            each.method,
            format_p(each.p_value),
            format_p(each.adjusted_p),
        ]
        for each in differences
    ]
    return Table(["pair", "points", "95 % interval", "t-test", "p", "p by Holm"], rows)


def effect_table(effects: Sequence[Effect]) -> Table:
    """The effects of an ablation: accuracy and errors with the changes, and what these bring, in percentage points."""
    rows: list[list[str]] = []
    for each in effects:
        if not each.given and all(row[1] != str(each.epochs) for row in rows):
            rows.append(["as it is", str(each.epochs), *_accuracy_and_errors(each.first), "", "", ""])
        difference = each.difference
        rows.append(
            [
                each.name,
                str(each.epochs),
                *_accuracy_and_errors(each.second),
                f"{100 * difference.difference:+.3f}",
                f"{100 * difference.difference_low:+.3f} … {100 * difference.difference_high:+.3f}",
                format_p(difference.adjusted_p),
            ]
        )
    return Table(["change", "epochs", "accuracy", "errors", "points", "95 % interval", "p by Holm"], rows)


def _accuracy_and_errors(result: RecipeResult) -> list[str]:
    return [percent(result.mean_accuracy, 3), f"{sum(result.errors) / len(result.errors):.1f}"]


def member_table(reports: Sequence[MemberReport]) -> Table:
    """The members of an ensemble and, last, itself, on the same digits; “disagreements” are with the ensemble."""
    rows = [
        [
            each.name,
            "" if each.weight is None else f"{each.weight:.3f}",
            f"{each.parameters:,}",
            percent(each.scores.accuracy),
            interval(each.scores.accuracy_low, each.scores.accuracy_high),
            f"{each.scores.errors:,}",
            f"{each.scores.loss:.4f}",
            f"{each.disagreements:,}",
        ]
        for each in reports
    ]
    return Table(
        ["reader", "weight", "parameters", "accuracy", "95 % interval", "errors", "loss", "disagreements"], rows
    )


def recipe_table(recipes: Sequence[dict[str, Any]]) -> Table:
    """Recipes side by side: a column for each recipe, a row for each field."""
    flat = [flatten(recipe) for recipe in recipes]
    fields = [field for field in max(flat, key=len) if field != "name"]
    rows = [[field, *(f"{recipe.get(field, NONE)}" for recipe in flat)] for field in fields]
    return Table(["", *(recipe["name"] for recipe in recipes)], rows)


def used_recipe_table(recipes: Sequence[dict[str, Any]]) -> Table:
    """Recipes side by side, without the fields that none of them uses; “≠” marks those in which they differ."""
    table = recipe_table(recipes)
    rows = [
        [f"≠ {field}" if len(set(values)) > 1 else field, *values]
        for field, *values in table.rows
        if any(value not in UNUSED.get(field, UNUSED[""]) for value in values)
    ]
    return Table(table.heads, rows, names=True)


def model_table(sizes: dict[str, NetworkSize]) -> Table:
    """The networks with their size and cost."""
    rows = [
        [name, f"{size.parameters:,}", f"{size.multiply_adds:,}", f"{size.bytes / 1000:,.0f} kB"]
        for name, size in sizes.items()
    ]
    return Table(["network", "parameters", "multiply-adds", "size"], rows)


def published_table(cards: Sequence[Card]) -> Table:
    """Published models: size, accuracy and errors on test (or validation) digits, and calibration errors."""
    rows = []
    for card in cards:
        part = "test" if "test" in card.figures else "validation"
        kind = {"digits": part, "lines": f"{part} lines", "pages": f"{part} numbers"}[card.reads]
        scores = card.figures.get(part)
        size = "–" if card.parameters is None else f"{card.parameters:,}"
        if scores is None:
            rows.append([card.name, size, *["–"] * 6])
            continue
        after = scores.calibrated.calibration_error if scores.calibrated else None
        rows.append(
            [
                card.name,
                size,
                f"{percent(scores.accuracy)} {kind}",
                f"{scores.errors:,}",
                f"{scores.loss:.4f}",
                percent(scores.calibration_error),
                "–" if after is None else f"{card.temperature:.4g}",
                "–" if after is None else percent(after),
            ]
        )
    heads = ["model", "parameters", "accuracy", "errors", "loss", "calibration error", "temperature", "calibrated"]
    return Table(heads, rows)


def run_list_table(runs: Sequence[Run]) -> Table:
    """Runs, finished or not, with the accuracies of their last epoch."""
    rows = []
    for run in runs:
        last = run.metrics()[-1:]
        row = last[0] if last else {}
        columns = [f"{part}_accuracy" for part in ("validation", "test")]
        if run.finished and not {*columns} & {*row}:
            row = {f"{part}_accuracy": figures.accuracy for part, figures in run.report.figures.items()}
        accuracies = [percent(row[column]) if column in row else "–" for column in columns]
        rows.append([run.name, run.state, *accuracies])
    return Table(["run", "state", "validation accuracy", "test accuracy"], rows)


def dataset_table(description: dict[str, Any]) -> Table:
    """The values of `dataset.describe`, a column for each part."""
    parts = [description["train"], description["test"]]
    word = "digits" if description["class_names"] == list(DIGIT_NAMES) else "pictures"
    rows = [[word, *(f"{part['digits']:,}" for part in parts)]]
    rows += [["mean of pixels / 255", *(f"{part['mean']:.4f}" for part in parts)]]
    rows += [["standard deviation of pixels / 255", *(f"{part['standard_deviation']:.4f}" for part in parts)]]
    rows += [["number of classes", *[str(len(description["class_names"]))] * 2]]
    for label, name in enumerate(description["class_names"]):
        rows.append([f"class {name}", *(f"{part['classes'][label]:,}" for part in parts)])
    return Table([description["name"], "training", "test"], rows)


def finetuning_table(errors: dict[str, ErrorsBeforeAfter]) -> Table:
    """Errors before and after fine-tuning, in the corrections and in each part of MNIST."""
    rows = [
        [
            part if part == "corrections" else f"{part} digits",
            *(f"{number:,}" for number in (each.count, each.before, each.after)),
        ]
        for part, each in errors.items()
    ]
    return Table(["errors in", "digits", "before", "after"], rows)


def doubt_table(doubts: Sequence[LabelDoubt], class_names: ClassNames = DIGIT_NAMES) -> Table:
    """Doubtful labels with the label that is suggested and the probabilities of both."""
    rows = [
        [
            f"{each.part} {each.index}",
            class_names[each.label],
            percent(each.label_probability),
            class_names[each.suggested],
            percent(each.suggested_probability),
            "error" if each.wrong else "doubtful",
        ]
        for each in doubts
    ]
    return Table(["digit", "label", "probability", "suggested", "probability", "taken for"], rows)


def correction_table(kept: Sequence[StoredCorrection]) -> Table:
    """Corrections, the oldest first: the digit, what it was read as, and the picture that it is from."""
    rows = []
    for each in kept:
        told = each.correction
        guess = "–" if told.guess is None else str(told.guess)
        sure = "–" if told.confidence is None else percent(told.confidence, 0)
        picture = each.picture.name if each.picture else "–"
        rows.append(
            [each.id, each.time.replace("T", " ").replace("+00:00", " UTC"), str(told.label), guess, sure, picture]
        )
    return Table(["id", "made", "digit", "read as", "confidence", "picture"], rows)
