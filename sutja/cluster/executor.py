"""An executor whose workers are the cores of a Ray cluster, beside those of `concurrent.futures` for one machine."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import cache
from typing import Any

import cv2
import ray

from sutja.cluster.connection import (
    cause_of,
    core_count,
    describe_installation,
    first_line,
    is_loss,
    require_same_installation,
)
from sutja.errors import SutjaError

MAX_RETRIES = 5  # of a task whose process or node is lost
PENDING_PER_CORE = 3  # as for processes: a task that runs, and two that wait or whose results wait for their turn
MAX_PENDING = 1024  # bounds memory on large clusters


class ClusterExecutor(Executor):
    """Runs functions on the cluster that this process is connected to, one core each.

    A task whose process or node is lost is done again. What a function raises is raised by its future.
    """

    def __init__(self) -> None:
        self._installation = ray.put(describe_installation())
        self._run = ray.remote(num_cpus=1, max_retries=MAX_RETRIES)(_run_checked)
        self._working: set[Any] = set()  # references to the results of tasks that have not ended

    def share(self, value: Any) -> Any:
        """What stands for `value` among arguments: it travels to each node once. Its arrays are read-only there."""
        return ray.put(value)

    @property
    def max_pending(self) -> int:
        """How many tasks keep all cores busy: whoever submits more of them waits for the first ones before."""
        return min(MAX_PENDING, PENDING_PER_CORE * core_count())

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a function of a module of this package on some node."""
        reference = self._run.remote(self._installation, function, *args, **kwargs)
        self._working.add(reference)
        future: Future[Any] = Future()

        def end(done: Future[Any]) -> None:
            self._working.discard(reference)
            _pass_on(done, future)

        reference.future().add_done_callback(end)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Cancel the tasks that have not ended, if asked to; the others end by themselves."""
        if cancel_futures:
            for reference in list(self._working):
                ray.cancel(reference)


def _pass_on(done: Future[Any], future: Future[Any]) -> None:
    """Give a future the result of a task, or what its function raised, without what Ray puts around it."""
    error = done.exception()
    if error is None:
        future.set_result(done.result())
    elif is_loss(error):
        future.set_exception(SutjaError(f"a task was lost {MAX_RETRIES + 1} times: {first_line(error)}"))
    else:
        future.set_exception(cause_of(error))


def _run_checked(installation: dict[str, str], function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    _prepare_once(tuple(installation.items()))
    return function(*args, **kwargs)


@cache
def _prepare_once(installation: tuple[tuple[str, str], ...]) -> None:
    """Compute with one thread; and check what is installed, as the node may have joined later than the others."""
    cv2.setNumThreads(1)
    require_same_installation(dict(installation))
