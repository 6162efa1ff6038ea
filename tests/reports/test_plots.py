"""Pictures, judged by what is written on them and how it is scaled, also where there is little to show."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray

from sutja.data.class_names import ClassNames
from sutja.data.dataset import Dataset
from sutja.data.digits import Digits
from sutja.evaluation.metrics import Mistake, evaluate
from sutja.reports import plots
from sutja.reports.confusion import plot_confusion_matrix
from sutja.runs.report import MemberReport
from tests.classes import BALANCED, HUNDRED, YES_AND_NO, patterns

PARTS = ("train", "validation", "test")


def drawn(figure: Figure) -> NDArray[np.uint8]:
    """Save a figure as PNG, which also sets its ticks, and read it back."""
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=60)
    picture = cv2.imdecode(np.frombuffer(png.getvalue(), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, np.uint8)


def written(figure: Figure) -> set[str]:
    """All that can be read on a figure."""
    assert drawn(figure).std() > 1
    texts = list(figure.findobj(Text))
    for axes in figure.axes:
        if not axes.axison:  # its ticks are there, but not to be seen
            hidden = {id(text) for axis in (axes.xaxis, axes.yaxis) for text in axis.findobj(Text)}
            texts = [text for text in texts if id(text) not in hidden]
    return {text.get_text() for text in texts if isinstance(text, Text) and text.get_visible()} - {""}


def ticks(axes: Axes, axis: str) -> list[str]:
    """The labels of the ticks that lie within the axis."""
    low, high = axes.get_xlim() if axis == "x" else axes.get_ylim()
    its = axes.xaxis if axis == "x" else axes.yaxis
    return [tick.label1.get_text() for tick in its.get_major_ticks() if low <= tick.get_loc() <= high]


def metrics(count: int, loss: float = 0.5, accuracy: float = 0.9) -> list[dict[str, float]]:
    return [
        {"epoch": epoch}
        | {f"{part}_loss": loss / epoch for part in PARTS}
        | {f"{part}_accuracy": 1 - (1 - accuracy) / epoch for part in PARTS}
        for epoch in range(1, count + 1)
    ]


def test_curves_say_what_they_show() -> None:
    figure = plots.plot_curves([("LeNet-5", metrics(10)), ("MLP", metrics(10, 0.8, 0.8))])
    assert written(figure) >= {
        "LeNet-5",
        "MLP",
        "epoch",
        "average loss (cross-entropy)",
        "accuracy",
        "training",
        "validation",
        "test",
    }
    assert len(figure.axes) == 4
    assert [len(axes.lines) for axes in figure.axes] == [3] * 4


def test_curves_side_by_side_have_the_same_scales() -> None:
    losses, other_losses, accuracies, other_accuracies = plots.plot_curves(
        [("A", metrics(10)), ("B", metrics(25, 2.0, 0.3))]
    ).axes
    assert losses.get_ylim() == other_losses.get_ylim()
    assert accuracies.get_ylim() == other_accuracies.get_ylim()


def test_curves_can_be_told_apart_without_colours() -> None:
    axes = plots.plot_curves([("A", metrics(3))]).axes[0]
    assert len({line.get_linestyle() for line in axes.lines}) == len({line.get_color() for line in axes.lines}) == 3


@pytest.mark.parametrize("count", [1, 2, 3, 10, 25])
def test_epochs_are_whole_numbers(count: int) -> None:
    figure = plots.plot_curves([("A", metrics(count))])
    drawn(figure)
    labels = ticks(figure.axes[1], "x")
    assert labels
    assert all(label.isdigit() for label in labels)
    assert len(set(labels)) == len(labels)


def test_accuracies_are_labelled_with_what_they_are() -> None:
    """Ten epochs of a usual run lie between 97 and 99 %: the ticks may not be rounded to look uneven."""
    figure = plots.plot_curves([("A", metrics(10, accuracy=0.93))])
    drawn(figure)
    axes = figure.axes[1]
    low, high = axes.get_ylim()
    places = [tick.get_loc() for tick in axes.yaxis.get_major_ticks() if low <= tick.get_loc() <= high]
    assert [float(label.rstrip("%")) / 100 for label in ticks(axes, "y")] == pytest.approx(places, abs=1e-6)


@pytest.mark.parametrize(("loss", "accuracy"), [(0.5, 0.9), (1e-4, 0.9999), (2.3, 0.1), (1e-9, 1.0), (1e6, 0.0)])
@pytest.mark.parametrize("count", [1, 12])
def test_curves_have_ticks_whatever_their_height(loss: float, accuracy: float, count: int) -> None:
    figure = plots.plot_curves([("A", metrics(count, loss, accuracy))])
    drawn(figure)
    losses, accuracies = figure.axes
    assert len(ticks(losses, "y")) >= (2 if count > 1 else 1)
    labels = ticks(accuracies, "y")
    assert all(label.endswith("%") for label in labels)
    assert len(set(labels)) == len(labels) >= 2
    for axes, values in ((losses, "loss"), (accuracies, "accuracy")):
        last = metrics(count, loss, accuracy)[-1][f"test_{values}"]
        assert axes.get_ylim()[0] <= last <= axes.get_ylim()[1]


def test_the_first_of_many_epochs_does_not_flatten_the_others() -> None:
    rows = metrics(10, accuracy=0.2)
    low = plots.plot_curves([("A", rows)]).axes[1].get_ylim()[0]
    assert low > rows[0]["test_accuracy"]
    few = metrics(4, accuracy=0.2)
    assert plots.plot_curves([("A", few)]).axes[1].get_ylim()[0] < few[0]["test_accuracy"]


def confusion(*errors: tuple[int, int, int]) -> list[list[int]]:
    counts = np.diag(np.full(10, 1000))
    for digit, read, number in errors:
        counts[digit, read] += number
    return [[int(cell) for cell in row] for row in counts]


def test_the_confusion_matrix_shows_every_number() -> None:
    figure = plot_confusion_matrix(confusion((4, 9, 7), (3, 5, 12)))
    assert written(figure) >= {"read as", "digit", "errors", "7", "12", "1,000", *"0123456789"}
    axes = figure.axes[0]
    where = {text.get_text(): text.get_position() for text in axes.texts}
    assert where["12"] == (5, 3)
    assert len(axes.texts) == 12
    assert ticks(axes, "x") == list("0123456789")


def test_the_darkest_cell_has_light_numbers() -> None:
    axes = plot_confusion_matrix(confusion((4, 9, 7), (3, 5, 100))).axes[0]
    colours = {text.get_text(): text.get_color() for text in axes.texts}
    assert (colours["100"], colours["7"], colours["1,000"]) == ("white", "black", "black")


@pytest.mark.parametrize("counts", [confusion(), [[0] * 10] * 10])
def test_a_confusion_matrix_without_errors(counts: list[list[int]]) -> None:
    figure = plot_confusion_matrix(counts)
    assert written(figure) >= {"read as", "digit", "errors"}
    assert ticks(figure.axes[1], "y") == ["0", "1"]


def test_the_reliability_diagram_shows_bins_and_diagonal() -> None:
    random = np.random.default_rng(0)
    confidence = random.uniform(0.1, 1, 3000)
    figure = plots.plot_reliability(confidence, random.random(3000) < confidence)
    assert written(figure) >= {"confidence", "accuracy", "digits", "perfectly calibrated", "this network", "80%"}
    upper, lower = figure.axes
    assert len(upper.patches) == len(lower.patches) == 14
    figure.draw_without_rendering()
    assert figure.legends[0].get_window_extent().y0 >= upper.get_window_extent().y1  # over no bar
    assert sum(bar.get_height() for bar in lower.patches if hasattr(bar, "get_height")) == pytest.approx(3000)


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("count", [0, 1, 30])
def test_a_reliability_diagram_of_at_most_one_bin(right: bool, count: int) -> None:
    figure = plots.plot_reliability(np.ones(count), np.full(count, right))
    assert written(figure) >= {"confidence", "accuracy", "digits"}
    assert len(figure.axes[0].patches) == min(count, 1)


def test_mistakes_say_what_was_read_and_how_surely(small: Dataset) -> None:
    worst = [Mistake(29, 4, 9, 1.0), Mistake(3, 0, 6, 0.55)]
    figure = plots.plot_mistakes(small.test, worst)
    assert {"4 read as 9\n100% sure · #29", "0 read as 6\n55% sure · #3"} <= written(figure)


@pytest.mark.parametrize(("wrong", "shown"), [(1, 1), (8, 8), (9, 9), (30, 16)])
def test_as_many_mistakes_are_shown_as_fit(small: Dataset, wrong: int, shown: int) -> None:
    figure = plots.plot_mistakes(small.test, [Mistake(index, 1, 2, 0.9) for index in range(wrong)], count=16)
    assert sum(len(axes.images) for axes in figure.axes) == shown


def test_no_mistakes_are_said_to_be_none(small: Dataset) -> None:
    assert written(plots.plot_mistakes(small.test, [])) == {"nothing to show: no mistakes"}


def test_samples_show_ten_of_each_class(mnist: Dataset) -> None:
    titles = [text.get_text() for text in plots.plot_samples(mnist.test).axes[0].texts]
    assert titles == [str(label) for label in range(10) for _ in range(10)]


def test_samples_of_a_set_that_lacks_classes(small: Dataset) -> None:
    only = small.train.take(np.flatnonzero(small.train.labels == 7)[:1])
    figure = plots.plot_samples(only)
    assert written(figure) == {"7"}
    assert sum(len(axes.images) for axes in figure.axes) == 10


def test_augmentations_are_named_row_by_row(small: Dataset) -> None:
    images = small.train.images[:3]
    distorted = (images / 255).astype(np.float32)
    figure = plots.plot_distortions(images, {"affine": distorted, "elastic": distorted})
    assert written(figure) == {"original", "affine", "elastic"}
    assert len(figure.axes[0].images) == 9


@pytest.mark.parametrize("count", [1, 6, 9])
def test_filters_are_numbered(count: int) -> None:
    weights = np.random.default_rng(0).normal(size=(count, 1, 5, 5)).astype(np.float32)
    figure = plots.plot_filters(weights)
    assert written(figure) >= {"weight", *(f"filter {number}" for number in range(1, count + 1))}
    limits = {image.get_clim() for axes in figure.axes for image in axes.images}
    assert len(limits) == 1
    ((low, high),) = limits
    assert low == -high


def test_filters_of_zeros_can_be_drawn() -> None:
    assert "filter 3" in written(plots.plot_filters(np.zeros((3, 1, 5, 5), np.float32)))


@pytest.mark.parametrize(("number", "count", "shown"), [(1, 1, 1), (3, 6, 6), (1, 40, 16)])
def test_feature_maps_stand_beside_their_digit(small: Dataset, number: int, count: int, shown: int) -> None:
    maps = np.random.default_rng(0).normal(size=(number, count, 28, 28)).astype(np.float32)
    figure = plots.plot_feature_maps(small.test.images[:number], maps)
    assert written(figure) == {"digit", *(f"filter {each}" for each in range(1, shown + 1))}
    drawn: list[Any] = [image.get_array() for image in figure.axes[0].images]
    digits, answers = (np.asarray(each) for each in drawn)
    assert digits.shape == (30 * number, 30)
    assert answers.shape == (30 * number, 30 * shown)
    for row in range(number):
        assert (digits[30 * row + 1 : 30 * row + 29, 1:29] == small.test.images[row]).all()
        for column in range(shown):
            tile = answers[30 * row : 30 * row + 30, 30 * column : 30 * column + 30]
            assert (tile[1:29, 1:29] == maps[row, column]).all()
            assert np.isnan(tile[[0, -1]]).all()
            assert np.isnan(tile[:, [0, -1]]).all()


def test_digits_are_drawn_as_ink_on_paper() -> None:
    ink = Digits(np.full((1, 28, 28), 255, np.uint8), np.zeros(1, np.int64))
    image = plots.plot_samples(ink).axes[0].images[0]
    assert image.to_rgba(np.array([[255.0]]))[0, 0, :3].tolist() == [0, 0, 0]
    assert image.to_rgba(np.array([[0.0]]))[0, 0, :3].tolist() == [1, 1, 1]


def test_corruptions_have_their_titles_row_by_row(small: Dataset) -> None:
    images = small.test.images[:3]
    figure = plots.plot_corruptions({"identity\n98.00 %": images, "fog\n50.00 %": 255 - images})
    assert written(figure) == {"identity\n98.00 %", "fog\n50.00 %"}
    assert len(figure.axes[0].images) == 6
    first, below = (np.asarray(figure.axes[0].images[place].get_array()) for place in (0, 3))
    assert np.allclose(first, images[0] / 255)
    assert np.allclose(below, 1 - images[0] / 255)


def test_strips_show_every_seed_and_the_mean_of_each_recipe() -> None:
    accuracies = {"lenet5": [0.9921, 0.9930, 0.9927], "mlp": [0.98]}
    figure = plots.plot_seeds(accuracies, {"lenet5": (0.9915, 0.9937)}, "validation")
    texts = written(figure)
    assert {"lenet5", "mlp", "99.260 %", "98.000 %", "validation accuracy", "a seed"} <= texts
    (axes,) = figure.axes
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert [list(np.ravel(line.get_xdata())) for line in dots[:2]] == [accuracies["lenet5"], accuracies["mlp"]]
    assert len(set(np.ravel(dots[0].get_ydata()))) == 3
    low, high = axes.get_ylim()
    assert low > high  # the first recipe is on top
    intervals = [list(np.ravel(line.get_xdata())) for line in axes.lines if line.get_marker() == "None"]
    assert intervals[0] == [0.9915, 0.9937]


@pytest.mark.parametrize("right", [False, True])
def test_an_ensemble_is_drawn_below_its_members(right: bool) -> None:
    labels = np.arange(1500) % 10
    report = evaluate((9 * np.eye(10)[labels if right else 0 * labels]).astype(np.float32), labels)
    reports = [MemberReport(name, 0.5, 1, report, 0) for name in ("a-s0", "b-s0")]
    figure = plots.plot_ensemble([*reports, MemberReport("ensemble", None, 2, report, 0)])
    assert {"a-s0", "b-s0", "ensemble", "0.500", "weight", "errors in 1,500 digits"} <= written(figure)
    assert ("1,350" in written(figure)) is not right
    errors = figure.axes[0]
    assert errors.yaxis_inverted()
    assert [label.get_text() for label in errors.get_yticklabels()] == ["a-s0", "b-s0", "ensemble"]


def test_a_title_in_signs_that_the_font_lacks_is_drawn_without_a_warning() -> None:
    metrics = [{"epoch": 1.0, "train_loss": 0.5, "train_accuracy": 1.0}]
    figure = plots.plot_curves([("ConvNet, fine-tuned on 고침-84", metrics)])
    figure.canvas.draw()
    assert figure.axes[0].get_title() == "ConvNet, fine-tuned on ??-84"
    assert max(figure.axes[1].get_yticks()) <= 1


def test_curves_on_one_axis_have_a_line_for_each_network() -> None:
    names = [f"network {number}" for number in range(9)]
    loss, accuracy = plots.plot_curves_together([(name, metrics(6)) for name in names]).axes
    for axes in (loss, accuracy):
        assert [line.get_label() for line in axes.lines] == names
        assert len({(line.get_color(), line.get_linestyle()) for line in axes.lines}) == 9
    assert accuracy.get_ylabel() == "test accuracy"


def test_confusion_matrices_can_share_a_scale_of_colours() -> None:
    few, many = (plot_confusion_matrix(confusion((4, 9, number)), full=100) for number in (7, 100))
    assert few.axes[0].images[0].get_clim() == many.axes[0].images[0].get_clim() == (0, 100)


@pytest.mark.parametrize("class_names", [YES_AND_NO, BALANCED, HUNDRED], ids=len)
def test_a_confusion_matrix_of_any_number_of_classes_is_legible(class_names: ClassNames) -> None:
    """In pixels of a page 960 pixels wide, names and numbers stay within their cells and are not tiny."""
    count = len(class_names)
    counts = (np.diag(np.full(count, 400)) + np.diag(np.full(count - 1, 12), k=1)).tolist()
    figure = plot_confusion_matrix(counts, class_names)
    shown = io.BytesIO()
    figure.savefig(shown)
    axes = figure.axes[0]
    cell = axes.get_window_extent().width / count
    assert [text.get_text() for text in axes.get_xticklabels()] == list(class_names)
    assert [text.get_text() for text in axes.get_yticklabels()] == list(class_names)
    assert axes.get_ylabel() == "class"
    texts = [*axes.texts, *axes.get_xticklabels()]
    assert len(texts) == 3 * count - 1
    assert max(text.get_window_extent().width for text in texts) <= cell
    if count <= 50:
        assert min(text.get_window_extent().height for text in texts) * min(1, 960 / figure.bbox.width) >= 4


def test_names_that_the_font_lacks_are_numbers_and_long_ones_are_cut() -> None:
    names = ClassNames(("あ", "い", "T-shirt or top and more", "cash: $"))
    assert plots.drawable_names(names) == ["0", "1", "T-shirt or top …", r"cash: \$"]
    for figure in (
        plot_confusion_matrix(np.eye(4, dtype=int).tolist(), names),
        plots.plot_samples(patterns(names, 5)),
    ):
        figure.savefig(io.BytesIO())


def test_samples_of_many_classes_are_four_of_each() -> None:
    titles = [text.get_text() for text in plots.plot_samples(patterns(BALANCED, 5)).axes[0].texts]
    assert titles == [name for name in BALANCED for _ in range(4)]


def test_examples_of_many_classes_are_ten_of_them() -> None:
    chosen = patterns(HUNDRED, 2).first_of_each_class()
    assert chosen == [0, 11, 22, 33, 44, 55, 66, 77, 88, 99]
