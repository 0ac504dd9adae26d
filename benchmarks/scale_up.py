"""From no node to the first completed resume, and back: Ray's autoscaler with two groups of nodes that start empty.

A head without CPUs, a group of CPU nodes and one of GPU nodes, both from zero as in k8s/bulk; `resumes ingest --wait`
is run as a RayJob runs it. Ray's own fake provider starts the nodes: raylets on this machine, so what a cloud takes to
bring a machine is not in the figures, and the GPU is a number that Ray counts. The embedder that asks for it computes
on the CPU.

    python -m benchmarks.scale_up [--n 40]

The last line is a JSON object: seconds from the command's start to the first node, the first replica and the first
completed resume, from its end to no node, and the nodes of each group at most. The resumes are fictional, made for the
run (seeded).
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Engine, text

from benchmarks.report import tell
from benchmarks.resume_maker import iter_resumes
from benchmarks.service import title
from pipeline.orchestration import wiring
from pipeline.orchestration.ray.local import database_running, free_port, service_environment
from pipeline.settings import Settings, load_settings

IDLE_S = 10.0
_HEAD = "f" * 51 + "00000"
#: Ray reads these of every configuration; the fake provider has no machine to prepare.
_NOTHING = (
    "cluster_synced_files",
    "initialization_commands",
    "setup_commands",
    "head_setup_commands",
    "worker_setup_commands",
    "head_start_ray_commands",
    "worker_start_ray_commands",
)
_STORE_BYTES = 100 * 1024 * 1024
_POLL_S = 0.2
_PATIENCE_S = 300.0
_COMPLETED = text("SELECT count(*) FROM applications WHERE status = 'completed'")
#: What a run in a cluster does otherwise than one on a laptop, as in k8s/bulk/ray-job.yaml: only smaller.
_BULK = {
    "embedding_num_gpus": 1,
    "embedding_device": "cpu",
    "text_reader_max_replicas": 2,
    "text_reader_num_cpus": 1,
    "normaliser_num_cpus": 0.5,
    "scale_up_delay_s": 2,
}
_GROUPS = {
    "cpu": {"resources": {"CPU": 2}, "min_workers": 0, "max_workers": 2, "node_config": {}},
    "gpu": {"resources": {"CPU": 1, "GPU": 1}, "min_workers": 0, "max_workers": 1, "node_config": {}},
}


def run(count: int, seed: int) -> dict[str, Any]:
    """The figures of one bulk ingestion of so many resumes."""
    folder = Path(tempfile.mkdtemp(prefix="rs-", dir="/tmp"))  # Ray's sockets lie below: a short path
    settings = load_settings(data_dir=folder / "data", db_url=None, **_BULK)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        source = folder / "source"
        source.mkdir()
        for number, made in enumerate(iter_resumes(count, seed)):
            (source / f"{number:06}.pdf").write_bytes(made.pdf)
        resolved = stack.enter_context(database_running(settings, say=lambda line: None, supervise=True))
        stack.enter_context(service_environment(resolved))
        watch = stack.enter_context(_cluster(folder, resolved))
        figures = _ingested(source, folder, watch)
    return {"resumes": count, "idle_timeout_s": IDLE_S, **figures}


class Watch:
    """What the cluster has: nodes besides the head, running replicas, completed resumes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.most_nodes: dict[str, int] = dict.fromkeys(_GROUPS, 0)

    def nodes(self) -> int:
        """Nodes that are alive, of both groups."""
        import ray

        nodes = ray.nodes()  # type: ignore[no-untyped-call]
        alive = [node["Resources"] for node in nodes if node["Alive"] and node["Resources"].get("CPU")]
        gpus = sum("GPU" in resources for resources in alive)
        for group, number in (("gpu", gpus), ("cpu", len(alive) - gpus)):
            self.most_nodes[group] = max(self.most_nodes[group], number)
        return len(alive)

    def replicas(self) -> int:
        """Replicas of the bulk application that answer."""
        from ray import serve

        application = serve.status().applications.get("bulk")
        states = [one.replica_states for one in application.deployments.values()] if application else []
        return sum(counts.get("RUNNING", 0) for counts in states)  # type: ignore[call-overload]

    def completed(self) -> int:
        """Completed resumes."""
        with self._engine.connect() as connection:
            return int(connection.execute(_COMPLETED).scalar_one())


def _ingested(source: Path, folder: Path, watch: Watch) -> dict[str, Any]:
    """The command from its start to its end, and the nodes until the last has gone."""
    if watch.nodes():
        raise SystemExit("There is a node already: nothing can be said about the first one.")
    begun = time.monotonic()
    seconds: dict[str, float] = {}
    with (folder / "ingest.log").open("wb") as log:
        command = [sys.executable, "-m", "pipeline.cli", "ingest", str(source), "--wait"]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        marks: dict[str, Callable[[], int]] = {
            "first_node_s": watch.nodes,
            "first_replica_s": watch.replicas,
            "first_completed_s": watch.completed,
        }
        for mark, reached in marks.items():
            _until(lambda: reached() > 0, process, what=mark)  # noqa: B023 - called before the next turn
            seconds[mark] = time.monotonic() - begun
        while process.poll() is None:
            watch.nodes()
            time.sleep(_POLL_S)
    if process.returncode:
        raise SystemExit(
            f"The ingestion ended with {process.returncode}:\n{(folder / 'ingest.log').read_text()}"
        )
    ended = time.monotonic()
    completed = watch.completed()
    _until(lambda: watch.nodes() == 0, None, what="no node")
    return {
        "completed": completed,
        **{mark: round(at, 1) for mark, at in seconds.items()},
        "ingested_s": round(ended - begun, 1),
        "back_to_zero_s": round(time.monotonic() - ended, 1),
        "most_nodes": watch.most_nodes,
    }


def _until(condition: Callable[[], bool], process: subprocess.Popen[bytes] | None, *, what: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > deadline or (process is not None and process.poll()):
            raise SystemExit(f"{what} was never reached.")
        time.sleep(_POLL_S)


@contextmanager
def _cluster(folder: Path, settings: Settings) -> Iterator[Watch]:
    """A head with Ray's autoscaler, and this process joined to it."""
    address = f"127.0.0.1:{free_port()}"
    # A token of this cluster's own, for all that joins it; `service_environment` takes these back.
    os.environ |= {"RAY_ADDRESS": address, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    head = _start_head(folder, address)
    import ray  # late: it reads its environment at import

    engine = wiring.database(settings, name="witness", pool_size=1)
    try:
        _join(ray, head)
        yield Watch(engine)
    finally:
        ray.shutdown()
        engine.dispose()
        _stop(head)


def _start_head(folder: Path, address: str) -> subprocess.Popen[bytes]:
    config = {
        "cluster_name": "scale-up",
        "max_workers": sum(group["max_workers"] for group in _GROUPS.values()),  # type: ignore[misc]
        "idle_timeout_minutes": IDLE_S / 60,
        "head_node_type": "ray.head.default",
        "available_node_types": {
            **_GROUPS,
            "ray.head.default": {"resources": {"CPU": 0}, "max_workers": 0, "node_config": {}},
        },
        "auth": {},
        "file_mounts": {},
        "provider": {
            "type": "external",
            "module": "ray.autoscaler._private.fake_multi_node.node_provider.FakeMultiNodeProvider",
            "launch_multiple": True,
            "head_node_id": _HEAD,
            "gcs_address": address,
        },
    }
    (folder / "autoscaling.yaml").write_text(json.dumps(config | {key: [] for key in _NOTHING}))
    port = address.rpartition(":")[2]
    command = [
        shutil.which("ray", path=str(Path(sys.executable).parent)) or "ray",
        "start",
        "--head",
        "--block",
    ]
    command += ["--port", port, "--node-ip-address", "127.0.0.1", "--num-cpus", "0"]
    command += ["--temp-dir", str(folder / "ray"), "--autoscaling-config", str(folder / "autoscaling.yaml")]
    command += ["--include-dashboard", "false", "--object-store-memory", str(_STORE_BYTES)]
    command += [
        "--ray-client-server-port",
        str(free_port()),
        "--dashboard-agent-listen-port",
        str(free_port()),
    ]
    environment = {
        **os.environ,
        "RAY_FAKE_CLUSTER": "1",
        "RAY_enable_autoscaler_v2": "1",
        "RAY_CLOUD_INSTANCE_ID": _HEAD,
        "RAY_OVERRIDE_NODE_ID_FOR_TESTING": _HEAD,
    }
    with (folder / "head.log").open("wb") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)


def _join(ray: Any, head: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            ray.init(log_to_driver=False, logging_level="ERROR")
        except ConnectionError:
            if time.monotonic() > deadline or head.poll() is not None:
                raise
            time.sleep(0.5)
        else:
            return


def _stop(head: subprocess.Popen[bytes]) -> None:
    """The head, and whatever it started: nodes of the fake provider outlive it otherwise."""
    try:
        started = psutil.Process(head.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        started = []
    head.terminate()
    _, left = psutil.wait_procs(
        [psutil.Process(head.pid), *started] if head.poll() is None else started, timeout=10
    )
    for process in left:
        if title(process):
            process.kill()
    head.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale_up", description=__doc__.split("\n")[0])
    parser.add_argument("--n", type=int, default=40, help="resumes")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    figures = run(given.n, given.seed)
    tell("From no node, and back", figures)


if __name__ == "__main__":
    main()
