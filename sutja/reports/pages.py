"""The pictures and pages of run folders, studies and ensembles, saved under fixed names."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from torch import nn

from sutja.data.digits import Digits
from sutja.evaluation.corruptions import corrupt
from sutja.evaluation.metrics import Logits, Mistake, Report, evaluate, softmax
from sutja.evaluation.significance import Comparison, MeanDifference
from sutja.files import write_text
from sutja.recipe import Recipe
from sutja.reports import plots
from sutja.reports.captions import (
    confusion_caption,
    curves_caption,
    filters_caption,
    mistake_lines,
    mistakes_caption,
    reliability_caption,
    together_caption,
)
from sutja.reports.confusion import plot_confusion_matrix
from sutja.reports.convolutions import convolution_plots, first_convolution, plot_first_filters
from sutja.reports.figures import Drawing
from sutja.reports.html import DigitSheet, Picture, Plot, Section, draw_plots, render_page, write_page
from sutja.reports.inside import MAX_WEIGHT_BYTES, look_inside, pick_digits
from sutja.reports.tables import (
    class_table,
    comparison_table,
    confusion_table,
    mean_difference_table,
    member_table,
    percent,
    results_table,
    run_table,
    score_table,
    seed_table,
    used_recipe_table,
)
from sutja.runs.results import RecipeResult, distinct_names
from sutja.runs.run import Run

if TYPE_CHECKING:
    from sutja.evaluation.robustness import Robustness
    from sutja.runs.report import EnsembleReport, MemberReport

DIFFERENCES_MARKED = "“≠” marks the fields in which they differ; fields that none of them uses are left out."
MAX_PAGE_BYTES = 1_200_000
LAYER_TEXT_BYTES = 12_000  # of the page: room for what it says of networks and their layers, weights apart
COMPARED_MISTAKES = 16  # of each network


def write_run_page(run: Run, lead: str, sections: Sequence[Section], language: str = "") -> None:
    """Write the `report.html` of a run: a `lead`, its `sections`, and its recipe; `language` as in `render_page`."""
    recipe = Section("Recipe", table=used_recipe_table([asdict(run.recipe)]))
    write_page(run.folder, run.recipe.title, lead, [*sections, recipe], language)


def curves_section(run: Run, title: str, measured_on: str) -> Section:
    """The curves of a run over its epochs."""
    figure = plots.plot_curves([(title, run.metrics())])
    return Section(
        "Curves",
        [f"Measured after each epoch without dropout and distortion; {measured_on}."],
        pictures=[Plot(figure, "curves", curves_caption([run]))],
    )


def evaluation_sections(digits: Digits, logits: Logits, reports: dict[str, Report]) -> list[Section]:
    """The figures of each evaluated part, and in detail those of the last: `logits (N, C)` on its `digits`."""
    report, names = list(reports.values())[-1], digits.class_names
    return [
        Section("Figures", table=score_table(reports), pictures=plot_evaluation(digits, logits, report)),
        Section(
            "Digit by digit" if names.are_digits else "Class by class",
            ["The most frequent confusions:"],
            confusion_table(report, names),
        ),
        Section("Precision and recall", table=class_table(report, names)),
    ]


def network_sections(network: nn.Module, digits: Digits) -> list[Section]:
    """The filters of the first convolutions and what they answer, for a network that begins with one."""
    pictures = convolution_plots(network, digits)
    return [Section("Inside the network", pictures=pictures)] if pictures else []


@dataclass(frozen=True)
class NetworksAtWork:
    """The network of each run with its title, digits to try, and a line for each network that cannot be shown.

    A network that cannot be shown is `None`.
    """

    networks: Sequence[tuple[str, nn.Module] | None]
    digits: Digits | None
    remarks: Sequence[str] = ()


def inside_section(
    networks: Sequence[tuple[str, nn.Module]], digits: Digits | None, max_weight_bytes: int = MAX_WEIGHT_BYTES
) -> Section:
    """Networks with their titles, at work in the page on what the reader draws, or on some of `digits`.

    Their compressed weights take at most `max_weight_bytes`; a line names those that are left out.
    """
    inside = look_inside(networks, pick_digits(digits) if digits else None, max_weight_bytes)
    title = "Draw a digit" if digits is None or digits.class_names.are_digits else "Draw one"
    return Section(title, inside.remarks, inside=inside if inside.data["networks"] else None)


def plot_evaluation(digits: Digits, logits: Logits, report: Report) -> list[Plot]:
    """Confusion matrix, reliability diagram and worst mistakes."""
    probabilities = softmax(logits)
    confidence, predictions = probabilities.max(axis=1), logits.argmax(axis=1)
    caption = mistakes_caption(report, digits.class_names)
    sheet = _mistake_sheet(digits, report.worst[: plots.DRAWN_MISTAKES], caption)
    return [
        Plot(
            plot_confusion_matrix(report.confusion, digits.class_names),
            "confusion",
            confusion_caption(report, digits.class_names),
        ),
        Plot(
            plots.plot_reliability(confidence, predictions == digits.labels),
            "reliability",
            reliability_caption(report, float(confidence.mean())),
        ),
        Plot(plots.plot_mistakes(digits, report.worst), "mistakes", caption, sheet),
    ]


def _mistake_sheet(digits: Digits, worst: Sequence[Mistake], caption: str) -> DigitSheet | None:
    if not worst:
        return None
    texts = [mistake_lines(each, digits.class_names.names) for each in worst]
    return DigitSheet(digits.images[[each.index for each in worst]], texts, caption)


def draw_evaluation(folder: Path, digits: Digits, logits: Logits, report: Report) -> None:
    """Draw confusion matrix, reliability diagram and worst mistakes into the `figures` of a folder."""
    draw_plots(folder, [Section("Figures", pictures=plot_evaluation(digits, logits, report))])


def draw_corruptions(folder: Path, digits: Digits, robustness: Robustness) -> None:
    """Draw one digit of each class with all corruptions and their accuracies into the `figures` of a folder."""
    images = digits.images[digits.first_of_each_class()]
    rows = {f"{each.name}\n{percent(each.accuracy)}": corrupt(images, each.name) for each in robustness.scores}
    Drawing(plots.plot_corruptions(rows)).save(folder / "figures" / "corruptions.png")


def write_comparison_report(
    folder: Path, runs: Sequence[Run], comparisons: Sequence[Comparison], shown: NetworksAtWork, language: str = ""
) -> None:
    """Draw the curves of several runs side by side, and write `report.html` with the verdicts into `folder`.

    As many networks are `shown` at work as the page has room for. `language` is that of `render_page`.
    """
    evaluations = [evaluate(*run.load_logits("test")) for run in runs]
    full = max(1, *(max(_errors(each)) for each in evaluations))
    planned = [
        Section("Verdict", [each.verdict for each in comparisons], run_table(runs)),
        Section("Curves", pictures=_plot_curves(runs)),
        Section(
            "Pair by pair",
            [
                "Both networks of a pair read the same test digits. “Only one right” counts the digits that only one "
                "of them reads right; the exact McNemar test asks whether the difference could be chance. It is about "
                "these two trained networks and leaves out how much another seed would change."
            ],
            comparison_table(comparisons),
        ),
        *(
            _run_section(run, report, full, shown.digits, network and network[1])
            for run, report, network in zip(runs, evaluations, shown.networks, strict=True)
        ),
        Section("Recipes", [DIFFERENCES_MARKED], used_recipe_table([asdict(run.recipe) for run in runs])),
    ]
    lead = f"Compared on the {runs[0].report.figures['test'].count:,} test digits of {runs[0].environment.data.name}."
    title = " · ".join(run.recipe.title for run in runs)
    page, sections = partial(render_page, title, lead, language=language), draw_plots(folder, planned, language)
    there = [each for each in shown.networks if each]
    inside = inside_section(there, shown.digits, _weight_bytes_left(page([*sections, _no_networks(shown)])))
    sections.insert(1, dataclasses.replace(inside, paragraphs=[*inside.paragraphs, *shown.remarks]))
    write_text(folder / "report.html", page(sections))


def _no_networks(shown: NetworksAtWork) -> Section:
    """The section of networks at work without a network: the scripts, and the digits to try."""
    inside = look_inside([], pick_digits(shown.digits) if shown.digits else None)
    return Section("Draw a digit", shown.remarks, inside=inside)


def _weight_bytes_left(page: str) -> int:
    """How many bytes of weights, before base64, there is room for in a page that has all but the networks."""
    return max(0, MAX_PAGE_BYTES - LAYER_TEXT_BYTES - len(page.encode())) * 3 // 4


def _plot_curves(runs: Sequence[Run]) -> list[Plot]:
    """The curves of several runs on one axis, and of each run in a column of its own."""
    curves = [(run.recipe.title, run.metrics()) for run in runs]
    same = "The scales are the same in all columns."
    return [
        Plot(plots.plot_curves_together(curves), "curves_together", together_caption(runs)),
        Plot(plots.plot_curves(curves), "curves", f"{curves_caption(runs)} {same}"),
    ]


def _errors(report: Report) -> list[int]:
    """How often each digit is read as each other one."""
    return [n for digit, row in enumerate(report.confusion) for read, n in enumerate(row) if digit != read]


def _run_section(run: Run, report: Report, full: int, digits: Digits | None, network: nn.Module | None) -> Section:
    """The pictures of one run in a comparison; `full` errors have the full colour in all confusion matrices."""
    names = run.class_names
    figure = plot_confusion_matrix(report.confusion, names, full=full)
    caption = f"{confusion_caption(report, names)} The scale of colours is that of all networks here."
    pictures = [
        *_mistakes(run, report, digits),
        *_filters(run, network),
        Plot(figure, f"confusion-{run.name}", caption),
    ]
    return Section(run.recipe.title, pictures=pictures)


def _filters(run: Run, network: nn.Module | None) -> list[Plot | Picture]:
    """The filters with which a network begins; where the network is lost, as its run has drawn them."""
    if network is not None:
        convolution = first_convolution(network)
        return [plot_first_filters(convolution, f"filters-{run.name}")] if convolution else []
    stored = run.folder / "figures" / "filters.png"
    return [Picture(stored.read_bytes(), filters_caption())] if stored.is_file() else []


def _mistakes(run: Run, report: Report, digits: Digits | None) -> list[DigitSheet | Picture]:
    """The worst mistakes of a run; where the `digits` are not at hand, as it has drawn them."""
    caption, worst = mistakes_caption(report, run.class_names), report.worst[:COMPARED_MISTAKES]
    if digits and (sheet := _mistake_sheet(digits, worst, caption)):
        return [sheet]
    stored = run.folder / "figures" / "mistakes.png"
    return [Picture(stored.read_bytes(), caption)] if stored.is_file() else []


def write_study_report(
    folder: Path,
    results: Sequence[RecipeResult],
    differences: Sequence[MeanDifference],
    recipes: Sequence[Recipe],
    language: str = "",
) -> None:
    """Draw the accuracy of every seed, and write `report.html` with the statistics of a study into `folder`."""
    names, part = distinct_names(results), results[0].part
    accuracies = {name: each.accuracies for name, each in zip(names, results, strict=True)}
    intervals = {name: each.interval for name, each in zip(names, results, strict=True) if each.interval}
    caption = f"The {part} accuracy of every seed, and the mean of each recipe with its 95 % interval."
    pairs = [
        "The interval of each pair is by Student's t: over the differences of the same seeds where the test is "
        "“paired”, else by Welch. “p by Holm” is corrected for the number of pairs."
    ]
    sections = [
        Section(
            "Over the seeds",
            ["The interval of the mean over seeds, by Student's t, holds for these digits, not for others."],
            results_table(results),
            [Plot(plots.plot_seeds(accuracies, intervals, part), "study", caption)],
        ),
        *(
            [
                Section(
                    "Pair by pair", [each.verdict for each in differences] + pairs, mean_difference_table(differences)
                )
            ]
            if differences
            else []
        ),
        Section("Errors of each seed", table=seed_table(names, results)),
        Section("Recipes", [DIFFERENCES_MARKED], used_recipe_table([asdict(recipe) for recipe in recipes])),
    ]
    lead = f"Evaluated on {results[0].count:,} {part} digits of {results[0].data}."
    write_page(folder, " · ".join(names), lead, sections, language)


def write_ensemble_report(
    folder: Path,
    ensemble: EnsembleReport,
    reports: Sequence[MemberReport],
    evaluation: Sequence[Section],
    language: str = "",
) -> None:
    """Write the `report.html` of an ensemble: its members, a comparison with each, and its `evaluation`.

    `reports` are those of the members and, last, its own. `language` is that of `render_page`.
    """
    scores = reports[-1].scores
    members = Plot(plots.plot_ensemble(reports), "members", "Errors and weights.")
    sections = [
        Section("Members", ensemble.remarks, member_table(reports), [members]),
        Section(
            "Against each member",
            ["The exact McNemar test asks whether the difference between the two could be chance."],
            comparison_table(ensemble.comparisons),
        ),
        *evaluation,
    ]
    lead = f"{scores.errors} errors in {scores.count:,} digits. An ensemble averages its members' probabilities."
    write_page(folder, f"Ensemble of {len(ensemble.members)} networks", lead, sections, language)
