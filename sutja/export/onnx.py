"""From a trained network to what others use: one ONNX file that was checked, and a card that says what it is."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from sutja.data.dataset import MNIST_SHA256, load_dataset, split
from sutja.data.digits import Digits, Labels
from sutja.errors import DataError, ModelFileError, UsageError
from sutja.evaluation.calibration import calibrate
from sutja.evaluation.metrics import Logits
from sutja.export.half_precision import halved, halves, store_in_half
from sutja.files import whole_file, whole_folder, write_text
from sutja.models.card import SPREAD, Card, judge
from sutja.models.onnx_classifier import Classifier
from sutja.models.open import open_model
from sutja.networks.build import load_network
from sutja.networks.infer import infer, to_tensor
from sutja.recipe import NONE, Recipe
from sutja.reports.html import render_card
from sutja.runs.results import RecipeResult, read_results
from sutja.runs.run import JUDGED, Run

PARITY_DIGITS = 1000
PARITY_TOLERANCE = 1e-4  # the largest difference of a logit
KEPT_TOLERANCE = 1e-2  # the same between two machines: sums in another order, and a logit can be large


class Judged(Protocol):
    """What was trained and judged and can be published: a finished run or an ensemble, in its folder."""

    @property
    def folder(self) -> Path:
        """Where it is."""

    @property
    def protocol(self) -> str:
        """How it was judged (see `Recipe`)."""

    @property
    def data_sha256(self) -> str:
        """The checksum of its data."""

    def load_logits(self, part: str) -> tuple[Logits, Labels]:
        """Its logits `(N, 10)` and the labels `(N,)` of "validation" or "test"."""


@dataclass(frozen=True)
class Output:
    """How a model is written: with `weights` for PyTorch, rounded to `half` precision, and by `force` over another."""

    weights: bool = True
    half: bool = False
    force: bool = False


DEFAULT_OUTPUT = Output()


def export_onnx(network: nn.Module, path: Path, digits: Digits, *, half: bool = False) -> float:
    """Write a network as one ONNX file, input `images`, output `logits`, any number of images at once.

    The file is held against PyTorch on the first 1,000 of `digits` before it takes its name. With `half`, weights that
    half precision holds exactly are stored so. Returns the largest difference of a logit; raises `ModelFileError` when
    that is over 1e-4.
    """
    return export_checked(
        network,
        path,
        example=torch.zeros(2, 1, 28, 28),
        names=("images", "logits"),
        dynamic={0: torch.export.Dim("N")},
        difference=lambda partial: parity(network, partial, digits),
        half=half,
    )


def export_checked(
    network: nn.Module,
    path: Path,
    *,
    example: Tensor,
    names: tuple[str, str],
    dynamic: dict[int, Any],
    difference: Callable[[Path], float],
    half: bool = False,
) -> float:
    """Write a network as one ONNX file with the names of its input and output, and hold it against PyTorch.

    `dynamic` tells the sides of `example` that may be of any length, `difference` how much a logit of the file differs.
    With `half`, weights that half precision holds exactly are stored so (see `half.halved`). Returns the difference;
    raises `ModelFileError` when it is over 1e-4: then nothing is written.
    """
    with whole_file(path) as partial:
        with _quiet_exporter():
            program = torch.onnx.export(
                network,
                (example,),
                input_names=[names[0]],
                output_names=[names[1]],
                dynamic_shapes=(dynamic,),
                dynamo=True,
                verbose=False,
            )
        assert program is not None  # only the exporter of old gives none
        for node in program.model.graph:
            node.metadata_props.clear()  # stack traces, with the paths of this machine
        program.save(str(partial), include_initializers=True, external_data=False)
        if half:
            store_in_half(partial)
        differing = difference(partial)
        if not differing <= PARITY_TOLERANCE:
            raise ModelFileError(f"{path}: ONNX Runtime and PyTorch differ by {differing:.2g} in a logit: not written")
    return differing


def parity(network: nn.Module, path: Path, digits: Digits) -> float:
    """The largest difference of a logit between a network and its ONNX file on the first 1,000 of `digits`."""
    some = Digits(digits.images[:PARITY_DIGITS], digits.labels[:PARITY_DIGITS])
    expected = infer(network, to_tensor(some)).numpy()
    return float(np.abs(Classifier(path).logits(some.images) - expected).max())


def publish(
    network: nn.Module,
    card: Card,
    folder: Path,
    output: Output = DEFAULT_OUTPUT,
    *,
    write: Callable[[nn.Module, Path], float] | None = None,
) -> Card:
    """Write a network as a published model: `<name>.onnx`, `.safetensors`, `.json` and `.md`, all of them or none.

    `card` says what it is; its `parity`, `precision` and `files` are filled in here. `write` makes the ONNX file and
    returns the parity, by default `export_onnx` with test digits. Without `weights` there is no `.safetensors`, which
    has the same numbers as the ONNX file once more; with `half` these are rounded to half precision, and `write` must
    do the same. Returns the card that was written. Raises `UsageError` when one of the files exists, unless `force` is
    set, and `ModelFileError` when ONNX Runtime does not give what PyTorch gives.
    """
    from safetensors.torch import save

    onnx, tensors, values, page = check_free(folder, card.name, force=output.force)
    with whole_folder(folder) as partial:
        write = write or (lambda network, path: export_onnx(network, path, load_dataset().test))
        parity = write(network.eval(), partial / onnx)
        if output.weights:
            state = network.state_dict()
            (partial / tensors).write_bytes(save(halves(state) if output.half else state))
        files = [partial / name for name in ((onnx, tensors) if output.weights else (onnx,))]
        precision = "half" if output.half else None
        card = dataclasses.replace(card, parity=parity, precision=precision, files=checksums(*files))
        write_text(partial / values, card.to_json())
        write_text(partial / page, render_card(asdict(card)))
    if not output.weights:
        (folder / tensors).unlink(missing_ok=True)  # those of the model that was replaced
    return card


def check_free(folder: Path, name: str, *, force: bool) -> list[str]:
    """The names of the four files of a published model: ONNX, weights, values and page.

    Raises `UsageError` when `folder` is none, or one of them is there already and `force` is not set.
    """
    names = [f"{name}.{suffix}" for suffix in ("onnx", "safetensors", "json", "md")]
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: not a folder")
    there = [folder / each for each in names if (folder / each).exists()]
    if there and not force:
        raise UsageError(f"{there[0]}: exists already; --force replaces it")
    return names


def checksums(*paths: Path) -> dict[str, str]:
    """The SHA-256 of files, by their names."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def describe_run(
    run: Run,
    values: dict[str, Any],
    calibration: dict[str, Any] | None = None,
    logits: dict[str, tuple[Logits, Labels]] | None = None,
) -> Card:
    """The card of a run. `values` are `parameters`, `epochs`, `seconds`, `parity` and what else is to be said of it.

    With a `calibration` (the fields of `Calibration`) the figures are told calibrated too. `logits` are those of each
    part that counts, by default the run's own.
    """
    temperature = calibration["temperature"] if calibration else None
    environment = {name: value for name, value in run.environment.items() if name != "data"}
    return Card(
        title=run.recipe.title,
        data=run.environment["data"],
        environment=environment,
        figures=judge_parts(run, temperature, logits),
        temperature=temperature or 1.0,
        calibration=calibration,
        recipe=asdict(run.recipe),
        **{"name": published_name(run), **values},
    )


def judge_parts(
    judged: Judged, temperature: float | None, logits: dict[str, tuple[Logits, Labels]] | None = None
) -> dict[str, dict[str, Any]]:
    """What `judge` says of each part that counts; `logits` are those of each part, by default the folder's own."""
    parts = JUDGED[judged.protocol]
    return {part: judge(*(logits[part] if logits else judged.load_logits(part)), temperature) for part in parts}


def published_name(run: Run) -> str:
    """The name of the model that a run is exported as: that of its folder without the seed."""
    return run.folder.resolve().name.removesuffix(f"-s{run.recipe.seed}")


def export_run(
    run: Run,
    folder: Path,
    *,
    held_out: Sequence[Run] = (),
    spread: RecipeResult | None = None,
    output: Output = DEFAULT_OUTPUT,
) -> Card:
    """Publish a finished run into a folder, calibrated by validation digits: its own, or those of `held_out`.

    `held_out` is for a run that was trained on all training digits: runs of the same recipe, of any seeds, that held
    some back. The more of them, the less chance there is in their temperature. `spread` is what `find_spread` gives.
    Raises `UsageError` when the runs do not belong together, and what `load_network` and `publish_judged` do.
    """
    run.require_finished()
    network = load_network(open_model(run.folder))
    check_weights(network, run)
    calibration = None
    if sources := _calibrating(run, held_out):
        logits, labels = zip(*(source.load_logits("validation") for source in sources), strict=True)
        names = ", ".join(source.name for source in sources)
        calibration = asdict(calibrate(np.concatenate(logits), np.concatenate(labels)))
        calibration["digits"] = f"{len(labels[0]):,} validation digits, read by {names}"
    values: dict[str, Any] = {name: run.report[name] for name in ("parameters", "epochs", "seconds")}
    if spread is not None:
        told = spread.to_json() | {"deviation": spread.standard_deviation}
        told = {name: told[name] for name in SPREAD}
        values["spread"] = {**told, "seeds": list(spread.seeds), "errors": list(spread.errors)}
    return publish_judged(network, run, folder, output, lambda logits: describe_run(run, values, calibration, logits))


def publish_judged(
    network: nn.Module,
    judged: Judged,
    folder: Path,
    output: Output,
    describe: Callable[[dict[str, tuple[Logits, Labels]] | None], Card],
) -> Card:
    """Publish the network of a run or an ensemble; in half precision it is judged again, as it is stored.

    `describe` makes the card, of the logits that were kept or of others. Raises what `publish` does, and `UsageError`
    in half precision for what was trained on other data than MNIST: these digits are not at hand to judge it again.
    """
    if not output.half:
        return publish(network, describe(None), folder, output)
    if judged.data_sha256 != MNIST_SHA256:
        raise UsageError(
            f"{judged.folder}: was not trained on MNIST: without the digits --half cannot judge rounded weights"
        )
    rounded, dataset = halved(network), load_dataset()
    parts = split(dataset, judged.protocol).evaluation_parts
    logits = {
        part: (infer(rounded, to_tensor(parts[part])).numpy(), parts[part].labels) for part in JUDGED[judged.protocol]
    }

    def write(_: nn.Module, path: Path) -> float:
        return export_onnx(rounded, path, dataset.test, half=True)

    return publish(network, describe(logits), folder, output, write=write)


def check_weights(network: nn.Module, judged: Judged) -> None:
    """Hold a network against the logits and labels that its folder keeps of the digits that count.

    Raises `ModelFileError` when they differ. Of other data than MNIST the digits are not at hand.
    """
    if judged.data_sha256 != MNIST_SHA256:
        return
    part = JUDGED[judged.protocol][-1]
    digits, (expected, labels) = split(load_dataset(), judged.protocol).evaluation_parts[part], judged.load_logits(part)
    logits = infer(network, to_tensor(digits)[:PARITY_DIGITS]).numpy()
    if len(labels) != len(digits) or not np.abs(logits - expected[:PARITY_DIGITS]).max() <= KEPT_TOLERANCE:
        path = judged.folder / "model.safetensors"
        raise ModelFileError(f"{path}: these weights do not give the logits of logits.npz")


def find_spread(path: Path, run: Run) -> RecipeResult | None:
    """What a study found over all seeds of a run's recipe, from its file of results, or `None` where it has none.

    Raises `DataError` when the file is damaged, and when it has other errors for this run's seed than the run.
    """
    key = (run.recipe.label, run.recipe.protocol, run.environment["data"]["name"])
    spread = next((each for each in read_results(path) if each.key == key and len(each.seeds) > 1), None)
    if spread and run.recipe.seed in spread.seeds:
        errors = spread.errors[spread.seeds.index(run.recipe.seed)]
        if errors != run.report[run.judged_by]["errors"]:
            raise DataError(
                f"{path}: {spread.recipe}, seed {run.recipe.seed}: {errors} errors, which {run.folder} has not"
            )
    return spread


def _calibrating(run: Run, held_out: Sequence[Run]) -> Sequence[Run]:
    """The runs whose validation digits calibrate `run`; none where there are none."""
    own = "validation" in JUDGED[run.recipe.protocol]
    if not held_out:
        return [run] if own else []
    if own:
        raise UsageError(f"{run.folder}: has validation digits of its own: leave out --calibrate-with")
    for each in held_out:
        _check_counterpart(run, each)
    seeds = [each.recipe.seed for each in held_out]
    if len(set(seeds)) < len(seeds):
        raise UsageError(f"--calibrate-with names two runs of one seed: each run of {run.recipe.name} counts once")
    return held_out


def _check_counterpart(run: Run, held_out: Run) -> None:
    """Raises `UsageError` when `held_out` is no run of the recipe of `run` that held validation digits back."""
    held_out.require_finished()
    held_out.require("validation")
    ours, theirs = run.recipe.flat(), held_out.recipe.flat()
    differing = [field for field in counterpart_differences(run.recipe, held_out.recipe) if field != "seed"]
    if differing:
        values = ((field, theirs.get(field, NONE), ours.get(field, NONE)) for field in differing)
        told = ", ".join(f"{field} = {their} instead of {our}" for field, their, our in values)
        raise UsageError(f"{held_out.folder}: not the held-out counterpart of {run.folder}: {told}")
    if held_out.data_sha256 != run.data_sha256:
        raise UsageError(f"{held_out.folder}: not the held-out counterpart of {run.folder}: trained on other data")


def counterpart_differences(recipe: Recipe, held_out: Recipe) -> list[str]:
    """The fields in which a recipe for all training digits and one that holds some back should not differ, but do."""
    ours, theirs = recipe.flat(), held_out.flat()
    differing = [field for field in ours | theirs if ours.get(field, NONE) != theirs.get(field, NONE)]
    if recipe.distillation and held_out.distillation and "distillation.teacher" in differing:
        differing.remove("distillation.teacher")  # the counterpart's must not have seen the validation digits either
    return [field for field in differing if field != "protocol"]


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Silence the exporter's warnings and its remarks on packages that it could also use."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
