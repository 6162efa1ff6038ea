"""Reading, painting and making samples on a real Ray cluster gives what one machine gives."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ray", reason="needs the extra cluster")

from sutja.cluster.connection import connect
from sutja.cluster.executor import ClusterExecutor
from sutja.data.dataset import Dataset
from sutja.data.digits import Digits
from sutja.errors import DataError, UsageError
from sutja.processes import in_order
from sutja.reading.batch import ReaderOptions, ReadJob, read_pictures
from sutja.reading.remote import read_on_cluster
from sutja.synth.documents.fonts import Fonts
from sutja.synth.documents.painter import DocumentPainter
from sutja.synth.documents.writers import DigitShapes, Sources
from sutja.synth.folder import DocumentRequest, paint_documents, paint_on_cluster
from sutja.synth.prefetch import Prefetcher, remote_producers
from sutja.synth.strips import TrainingStrip, strip_maker
from tests.cluster.nodes import started_cluster

pytestmark = pytest.mark.filterwarnings("ignore")
PHOTOGRAPH = Path(__file__).parents[2] / "docs" / "images" / "page-photograph.png"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with started_cluster() as started, connect(started.address):
        yield started


def painter_without_fonts(digits: Digits) -> DocumentPainter:
    return DocumentPainter(Sources(DigitShapes(digits), Fonts.none()))


def square(number: int) -> int:
    return number * number


def refuse(number: int) -> int:
    raise DataError(f"{number} is refused")


def die_once(folder: Path) -> str:
    """End this process without a word the first time."""
    if not (folder / "died").exists():
        (folder / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "127.0.0.1:99999"])
def test_an_address_at_which_nothing_listens_is_told_at_once(address: str) -> None:
    with pytest.raises(UsageError, match=f"^no Ray cluster at {address}: "), connect(address):
        pass


def test_results_come_in_order_with_few_tasks_at_once(cluster: Any) -> None:
    executor = ClusterExecutor()
    assert executor.max_pending == 6
    results = in_order(partial(executor.submit, square), range(20), executor.max_pending)
    assert list(results) == [number * number for number in range(20)]


def test_a_task_whose_process_dies_is_done_again_and_failures_are_those_of_the_function(
    cluster: Any, tmp_path: Path
) -> None:
    executor = ClusterExecutor()
    assert executor.submit(die_once, tmp_path).result() == "alive"
    with pytest.raises(DataError, match=r"^7 is refused$"):
        executor.submit(refuse, 7).result()


def test_pictures_are_read_as_on_one_machine_and_what_fails_has_its_line(cluster: Any, tmp_path: Path) -> None:
    (tmp_path / "damaged.png").write_bytes(b"no picture")
    names = [PHOTOGRAPH, tmp_path / "damaged.png", tmp_path / "none.png", PHOTOGRAPH]
    jobs = [ReadJob(str(name), path=name) for name in names]
    options = ReaderOptions("line-reader", tables=True)
    remote, here = list(read_on_cluster(jobs, options)), list(read_pictures(jobs, options, processes=1))
    assert [outcome.job for outcome in remote] == jobs
    assert [each.reading.text if each.reading else None for each in remote] == [
        each.reading.text if each.reading else None for each in here
    ]
    assert [str(each.error) for each in remote] == [str(each.error) for each in here]
    assert remote[0].tables is not None


def test_a_model_of_this_machine_travels_to_the_nodes(cluster: Any, published: Path) -> None:
    options = ReaderOptions("line-reader", classifier=published)
    jobs = [ReadJob(str(PHOTOGRAPH), path=PHOTOGRAPH)]
    (remote,), (here,) = read_on_cluster(jobs, options), read_pictures(jobs, options, processes=1)
    assert remote.error is None
    assert remote.reading == here.reading


def test_drawings_are_made_on_one_machine(cluster: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="draw on one machine"):
        list(
            read_on_cluster([ReadJob("a", path=PHOTOGRAPH, annotated=tmp_path / "a.jpg")], ReaderOptions("line-reader"))
        )


def test_documents_are_painted_as_on_one_machine(cluster: Any, few: Dataset) -> None:
    painter = painter_without_fonts(few.train)
    request = DocumentRequest(3, seed=5, size=(400, 300))
    for remote, here in zip(paint_on_cluster(painter, request), paint_documents(painter, request), strict=True):
        assert np.array_equal(remote.picture, here.picture)
        assert [each.text for each in remote.numbers] == [each.text for each in here.numbers]


def test_samples_are_those_of_one_machine(cluster: Any, few: Dataset) -> None:
    maker = partial(strip_maker, painter_without_fonts, few.train, 4)
    with remote_producers():
        remote: Prefetcher[list[TrainingStrip]] = Prefetcher(maker, seed=3, purpose="strips")
        made = [remote.take(number, stop=3) for number in range(3)]
    here: Prefetcher[list[TrainingStrip]] = Prefetcher(maker, seed=3, purpose="strips", processes=1)
    for number, strips in enumerate(made):
        for strip, same in zip(strips, here.take(number, stop=3), strict=True):
            assert strip.text == same.text
            assert np.array_equal(strip.pixels, same.pixels)
    here.close()
