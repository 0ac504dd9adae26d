"""The real application on a Ray cluster of several nodes, all of them on this machine, each with its own raylet."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.service import Service, running, title
from pipeline.orchestration.ray.local import database_running, free_port, service_environment
from pipeline.settings import Settings, load_settings

STORE_BYTES = 100 * 1024 * 1024
_REPLICA = re.compile(r"ray::ServeReplica:resumes:(\w+)")


class Nodes:
    """The cluster's nodes. The head has no CPUs, as in the manifests: the controller and the HTTP proxy run there."""

    def __init__(self, cluster: Any) -> None:
        self._cluster = cluster
        self.workers: list[Any] = []

    def add(self, *, num_cpus: float) -> Any:
        """A further node, once the cluster knows it."""
        self.workers.append(self._cluster.add_node(num_cpus=num_cpus, object_store_memory=STORE_BYTES))
        return self.workers[-1]

    def kill(self, node: Any) -> None:
        """kill -9 of its raylet. The processes that it started notice by themselves, once it is no zombie of ours."""
        self.workers.remove(node)
        raylet = node.all_processes["raylet"][0].process
        raylet.kill()
        raylet.wait()

    def replicas(self, node: Any) -> list[str]:
        """The deployments that have a replica on this node, a name for each replica."""
        try:
            children = _raylet(node).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        titles = [_REPLICA.match(title(process)) for process in children]
        return sorted(found[1] for found in titles if found)

    def restart_gcs(self, *, after_s: float) -> None:
        """kill -9 of the head's GCS, and a new one on the same port so many seconds later."""
        head = self._cluster.head_node
        head.kill_gcs_server()
        time.sleep(after_s)
        head.start_gcs_server()


def _raylet(node: Any) -> psutil.Process:
    return psutil.Process(node.all_processes["raylet"][0].process.pid)


@contextmanager
def cluster_running(*, num_cpus: float, **overrides: Any) -> Iterator[tuple[Nodes, Service]]:
    """A head and one node with the service on them. The head's state lies in Redis where that is installed."""
    with settings_in_scratch(**overrides) as (folder, settings), ExitStack() as stack:
        resolved = stack.enter_context(database_running(settings, say=lambda line: None, supervise=True))
        # Replicas take their settings from the environment of their node, as pods do.
        stack.enter_context(service_environment(resolved))
        redis = stack.enter_context(_redis_running(folder)) if shutil.which("redis-server") else None
        state = {"external_addresses": [redis, redis], "num_redis_shards": 1} if redis else {}
        cluster = stack.enter_context(head_running(folder, **state))
        nodes = Nodes(cluster)
        nodes.add(num_cpus=num_cpus)
        yield nodes, stack.enter_context(service_on(cluster, resolved))


@contextmanager
def settings_in_scratch(**overrides: Any) -> Iterator[tuple[Path, Settings]]:
    """A directory that goes in the end, its path short for Ray's sockets, and settings that keep all there."""
    folder = Path(tempfile.mkdtemp(prefix="rn-", dir="/tmp"))
    try:
        yield folder, load_settings(data_dir=folder / "data", port=free_port(), db_url=None, **overrides)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def head_running(folder: Path, **options: Any) -> Iterator[Any]:
    """A cluster of its head alone, which has no CPUs."""
    from ray.cluster_utils import Cluster  # late: Ray reads its environment at import

    head = {"num_cpus": 0, "include_dashboard": False, "temp_dir": str(folder)}
    cluster = Cluster(
        initialize_head=True, head_node_args={**head, "object_store_memory": STORE_BYTES, **options}
    )
    try:
        yield cluster
    finally:
        cluster.shutdown()


@contextmanager
def service_on(cluster: Any, settings: Settings) -> Iterator[Service]:
    """The service on the nodes that the cluster has."""
    os.environ["RAY_ADDRESS"] = cluster.address  # `service_environment` takes it back
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    with running(**given) as service:
        yield service


@contextmanager
def _redis_running(folder: Path) -> Iterator[str]:
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait_for_port(port)
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("redis-server does not answer")
