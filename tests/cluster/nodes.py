"""A real Ray cluster of three nodes on this machine: one that only leads, and two of one core."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.waiting import HANG_SECONDS

OBJECT_STORE_BYTES = 100 * 1024 * 1024


@contextmanager
def started_cluster(nodes: int = 2) -> Iterator[Any]:
    """A cluster whose head has no cores; each other node has one."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": OBJECT_STORE_BYTES}
    cluster = _patiently(lambda: Cluster(initialize_head=True, head_node_args=head))
    try:
        for _ in range(nodes):
            add_node(cluster)
        yield cluster
    finally:
        cluster.shutdown()


def add_node(cluster: Any) -> None:
    """Start a node of one core."""
    _patiently(lambda: cluster.add_node(num_cpus=1, object_store_memory=OBJECT_STORE_BYTES))


def _patiently(start: Callable[[], Any]) -> Any:
    """Start something again when a busy machine does not start it within the half minute that Ray allows."""
    end = time.monotonic() + HANG_SECONDS
    while True:
        try:
            return start()
        except Exception as error:
            if "timed out during startup" not in str(error) or time.monotonic() > end:
                raise
