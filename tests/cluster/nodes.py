"""A real Ray cluster of three nodes on this machine: one that only leads, and two of one core."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

OBJECT_STORE_BYTES = 100 * 1024 * 1024


@contextmanager
def started_cluster(nodes: int = 2) -> Iterator[Any]:
    """A cluster whose head has no cores; each other node has one."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    settings = {"object_store_memory": OBJECT_STORE_BYTES}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **settings})
    try:
        for _ in range(nodes):
            cluster.add_node(num_cpus=1, **settings)
        yield cluster
    finally:
        cluster.shutdown()
