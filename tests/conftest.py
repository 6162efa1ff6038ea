"""What many tests share: the real MNIST, a little of it, and what was trained on that."""

from __future__ import annotations

import dataclasses
import functools
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from benchmarks.browser import CHROMIUM_MISSING, find_chromium, open_browser
from sutja.data.dataset import Dataset, load_dataset, save_dataset
from sutja.recipe import RECIPES
from tests.waiting import HANG_SECONDS

if TYPE_CHECKING:  # PyTorch is imported where it is used: the process that only deals out the tests needs none
    from playwright.sync_api import Browser

    from sutja.runs.run import Run

STATE_FOLDER = TemporaryDirectory(prefix="sutja-tests-")
Undrawn = Callable[[], AbstractContextManager[None]]


settings.register_profile("any load", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any load")


def pytest_configure() -> None:
    """Restore the handler of SIGINT that a script's background job (`make test &`) and its children lack.

    And let nothing that commands keep for the next time get among that of whoever runs the tests.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ["XDG_STATE_HOME"] = STATE_FOLDER.name


def pytest_unconfigure() -> None:
    """Remove what commands kept."""
    STATE_FOLDER.cleanup()


def pytest_collection_finish() -> None:
    """Spare the garbage collector what has been imported: it stays, and is searched again and again all the same."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    if "sutja.export.onnx" in sys.modules:
        remember_signatures()


def remember_signatures() -> None:
    """Let the exporter of ONNX files parse the signatures of its five hundred functions once, not at every export.

    The files are the same to the byte; half of the time that a small network takes went there.
    """
    from onnxscript.values import TracedOnnxFunction

    parse = vars(TracedOnnxFunction).get("function_ir")
    if isinstance(parse, property) and parse.fget is not None:  # another version may do without
        remembered = functools.cached_property(parse.fget)
        remembered.__set_name__(TracedOnnxFunction, "function_ir")
        TracedOnnxFunction.function_ir = remembered  # type: ignore[method-assign, assignment]


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    """The MNIST in the package."""
    return load_dataset()


@pytest.fixture(scope="session")
def small(mnist: Dataset) -> Dataset:
    """The first 60 training and 30 test digits of MNIST."""
    return Dataset("small", mnist.train.take(np.arange(60)), mnist.test.take(np.arange(30)))


@pytest.fixture(scope="session")
def data(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An npz of 120 real training digits and 40 test digits."""
    path = tmp_path_factory.mktemp("data") / "digits.npz"
    some = Dataset("digits", mnist.train.take(np.arange(120)), mnist.test.take(np.arange(40)))
    save_dataset(some, path, file_format="npz")
    return path


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """One thread for the tests of a module: what is small is trained faster so."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def few(mnist: Dataset) -> Dataset:
    """The first 240 training and 100 test digits of MNIST: enough to learn something from in a second."""
    return Dataset("few", mnist.train.take(np.arange(240)), mnist.test.take(np.arange(100)))


@pytest.fixture(scope="session")
def undrawn() -> Undrawn:
    """What is trained within `undrawn()` draws no pictures: for runs whose pictures no test looks at.

    They would take half of such a short training; those of whole runs are looked at in `test_experiment`.
    """

    @contextmanager
    def without_pictures() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sutja.training.digit_trainer.SingleDigitTrainer.sections", lambda *_: [])
            yield

    return without_pictures


@pytest.fixture(scope="session")
def counterparts(few: Dataset, undrawn: Undrawn, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """An MLP trained on a little of MNIST by the protocols that belong together, by their names; without pictures."""
    from sutja.experiments.experiment import RunContext, train

    context = RunContext(few, tmp_path_factory.mktemp("counterparts"), "cpu", 1)
    recipe = dataclasses.replace(RECIPES["mlp"], epochs=5, batch_size=16)
    with undrawn():
        return {each: train(dataclasses.replace(recipe, protocol=each), context) for each in ("validation", "final")}


@pytest.fixture(scope="session")
def published(counterparts: dict[str, Run], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ONNX file of a published model, its card beside it."""
    from sutja.export.publish import Options, publish

    folder = tmp_path_factory.mktemp("published")
    card = publish(counterparts["final"], folder, Options(calibrate_with=[counterparts["validation"]]))
    return folder / f"{card.name}.onnx"


@pytest.fixture(scope="module")  # not session: its event loop would get in the way of other tests'
def browser() -> Iterator[Browser]:
    """Chromium; skips the tests if there is none."""
    if find_chromium() is None:
        pytest.skip(CHROMIUM_MISSING)
    pytest.importorskip("playwright.sync_api").expect.set_options(timeout=1000 * HANG_SECONDS)
    with open_browser() as opened:
        yield opened
