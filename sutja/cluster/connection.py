"""Connect to a Ray cluster, and check that every node has what this machine has.

Ray is imported here and nowhere else at the top of a module that other code imports: it is an extra.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import logging
import os
import platform
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

import sutja
from sutja.errors import SutjaError, UsageError, shortened

LOCAL = "local"  # the address that stands for a cluster of this machine alone
PACKAGES = ("numpy", "opencv-python-headless", "onnxruntime", "torch")  # whose results differ between versions
CONNECT_SECONDS = 10  # until something answers at an address
CHECK_SECONDS = 120  # for a node to say what it has: its first process starts meanwhile


@contextmanager
def connect(address: str) -> Iterator[None]:
    """Connect to the cluster at `address`, or start one on this machine for "local"; check its nodes; end in order.

    An address is "auto", HOST:PORT or ray://HOST:PORT. Raises `UsageError` if there is no cluster, and if a node lacks
    something or has it in another version.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # sutja sends nothing anywhere
    if ray.is_initialized():
        raise UsageError("this process is connected to a Ray cluster already")
    _require_reachable(address)
    try:
        ray.init(
            address=address,
            include_dashboard=False if address == LOCAL else None,
            log_to_driver=False,
            logging_level=logging.CRITICAL,
        )
    except Exception as error:  # Ray raises what its parts raise, also bare exceptions
        raise UsageError(f"no Ray cluster at {address}: {first_line(error)}") from error
    try:
        check_nodes()
        yield
    finally:
        ray.shutdown()


def _require_reachable(address: str) -> None:
    """Raises `UsageError` if nothing listens at an address with a port, for which Ray itself waits a minute."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise UsageError(f"no Ray cluster at {address}: {first_line(error)}") from error


@cache
def describe_installation() -> dict[str, str]:
    """The versions that results depend on, and the SHA-256 of this package's code."""
    root, digest = Path(sutja.__file__).parent, hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    code = f"{sutja.__version__}, code {digest.hexdigest()[:12]}"
    return {"Python": platform.python_version(), "sutja": code, **{name: _version(name) for name in PACKAGES}}


def require_same_installation(expected: dict[str, str]) -> None:
    """Raises `UsageError`, which names the node, unless this machine has what `expected` says."""
    here = describe_installation()
    wrong = {name: version for name, version in expected.items() if here[name] != version}
    if wrong:
        differing = [f"{name} {here[name]} instead of {version}" for name, version in wrong.items()]
        raise UsageError(f"node {node_address()} has {', '.join(differing)}: install the same on every node")


def check_nodes() -> list[str]:
    """Check what is installed on each node that is alive; returns their addresses.

    Raises `UsageError` for the first that cannot run sutja, or has something in another version.
    """
    nodes = alive_nodes()
    expected = describe_installation()
    check = ray.remote(num_cpus=0, max_retries=0)(require_same_installation)
    answers = [check.options(scheduling_strategy=_only_on(node)).remote(expected) for node in nodes]
    for node, answer in zip(nodes, answers, strict=True):
        try:
            ray.get(answer, timeout=CHECK_SECONDS)
        except (RayError, SutjaError) as error:
            raise _node_failure(node["NodeManagerAddress"], error) from error
    return [node["NodeManagerAddress"] for node in nodes]


def alive_nodes() -> list[dict[str, Any]]:
    """The nodes of the cluster that are alive, as Ray describes them."""
    return [node for node in ray.nodes() if node["Alive"]]


def core_count() -> int:
    """The number of cores that the nodes offer."""
    return max(1, int(ray.cluster_resources().get("CPU", 0)))


def node_address() -> str:
    """The address of this node; "?" outside of a cluster."""
    return ray.util.get_node_ip_address() if ray.is_initialized() else "?"


def cause_of(error: BaseException) -> BaseException:
    """What a task raised, out of the error that Ray makes of it."""
    return error.cause if isinstance(error, RayTaskError) else error


def is_loss(error: BaseException) -> bool:
    """Whether a task was lost through no fault of its own: its process or node died, or its memory ran out."""
    return isinstance(error, RayError) and not isinstance(error, RayTaskError)


def first_line(error: BaseException) -> str:
    """What an error says, on one line; with its type, unless it is one of this package."""
    lines = str(error).strip().splitlines()
    text = lines[0] if lines else ""
    return shortened(text if isinstance(error, SutjaError) else f"{type(error).__name__}: {text}")


def _node_failure(address: str, error: Exception) -> SutjaError:
    cause = cause_of(error)
    if isinstance(cause, SutjaError):
        return cause
    return UsageError(f"node {address} cannot run sutja: {first_line(cause)}: install the same on every node")


def _only_on(node: dict[str, Any]) -> NodeAffinitySchedulingStrategy:
    return NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "none"
