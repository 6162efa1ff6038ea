"""Read pictures on the nodes of a Ray cluster, with outcomes in order and bounded memory.

A picture travels to a node with its task, and only its reading comes back. Models that are not published with this
package travel to each node once.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from pathlib import Path, PurePosixPath

from sutja.cluster.bundles import Bundle
from sutja.cluster.executor import ClusterExecutor
from sutja.errors import SutjaError, UsageError
from sutja.models.catalogue import is_published
from sutja.processes import in_order
from sutja.reading.batch import ReaderOptions, ReadJob, ReadOutcome, read_job
from sutja.reading.parallel import process_reader
from sutja.reading.picture import load_content


def read_on_cluster(jobs: Sequence[ReadJob], options: ReaderOptions) -> Generator[ReadOutcome, None, None]:
    """Read pictures on the cluster that this process is connected to, and yield their outcomes in order.

    Raises what `Reader` raises for its options, and `UsageError` if a job has a drawing: nodes share no disk.
    """
    if any(job.annotated or job.explained for job in jobs):
        raise UsageError("--annotate and --explain draw on one machine: leave out --cluster for these pictures")
    options.open()  # raises what every node would raise
    executor = ClusterExecutor()
    models = executor.share(_pack_models(options))

    def submit(job: ReadJob) -> Future[ReadOutcome]:
        try:
            content = job.content if job.path is None else load_content(job.path)
        except (SutjaError, OSError) as error:
            return _failed(job, error)
        return executor.submit(_read_on_node, models, options, replace(job, content=content))

    try:
        with closing(in_order(submit, jobs, executor.max_pending)) as outcomes:
            for job, outcome in zip(jobs, outcomes, strict=True):
                yield replace(outcome, job=job)  # without the picture
    finally:
        executor.shutdown(cancel_futures=True)


def _failed(job: ReadJob, error: SutjaError | OSError) -> Future[ReadOutcome]:
    """The outcome of a picture that this machine cannot load."""
    known = error if isinstance(error, SutjaError) else SutjaError(f"{job.title}: {error.strerror or error}")
    future: Future[ReadOutcome] = Future()
    future.set_result(ReadOutcome(job, error=known))
    return future


def _pack_models(options: ReaderOptions) -> Bundle:
    """The models that come from this machine's disk: the folder of a run, or an ONNX file with its card."""
    paths = [Path(word) for word in (options.model, options.classifier) if not _is_everywhere(word)]
    return Bundle.of(*(file for path in paths for file in _model_files(path)))


def _is_everywhere(word: str | Path) -> bool:
    """Whether a model is published with the package, which every node has."""
    return is_published(str(word)) and not Path(word).exists()


def _model_files(path: Path) -> list[Path]:
    return [path] if path.is_dir() else [path, path.with_suffix(".json")]


def _read_on_node(models: Bundle, options: ReaderOptions, job: ReadJob) -> ReadOutcome:
    if models.files:
        folder = models.unpack()
        places = [
            word if _is_everywhere(word) else folder / Path(word).name for word in (options.model, options.classifier)
        ]
        options = replace(options, model=places[0], classifier=places[1])
    return replace(read_job(process_reader(options), job, options), job=replace(job, content=None))


def _place(word: str | Path, models: Bundle) -> str | Path:
    """Where a model is on this node."""
    name = Path(word).name
    sent = any(PurePosixPath(each).parts[0] == name for each in models.files)
    return models.unpack() / name if sent else word
