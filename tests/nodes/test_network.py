"""A node is cut off with documents in hand, and its cable is put back in: nothing is lost, and nothing done twice."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
import ray
from pydantic import SecretStr
from sqlalchemy import make_url, text

from benchmarks.service import Service
from pipeline.orchestration import wiring
from pipeline.orchestration.ray.local import database_running, free_port, service_environment
from pipeline.settings import Settings
from tests.chaos.killer import wait_until
from tests.nodes.cluster import STORE_BYTES, head_running, service_on, settings_in_scratch
from tests.nodes.documents import distinct
from tests.nodes.network import GATEWAY, Host, hosts_running, reachable_at

UPLOADS = 60
#: Longer than a lease, and than the GCS takes to give a silent node up.
CUT_S = 30
RUNNING = text("SELECT count(*) FROM jobs WHERE state = 'running'")
#: Taken back by the other host's dispatcher, or given back by the one that was healed and had let go of them.
INTERRUPTED = text(
    "SELECT count(*) FROM events WHERE from_state = 'running' AND to_state IN ('retry_wait', 'queued')"
)
SUCCESSES = text("SELECT count(*), count(DISTINCT application_id) FROM events WHERE to_state = 'succeeded'")


@pytest.fixture
def hosts() -> Iterator[list[Host]]:
    """Two hosts; skipped where namespaces are not permitted."""
    stack = ExitStack()
    try:
        made = stack.enter_context(hosts_running(2))
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"network namespaces cannot be made here: {getattr(error, 'stderr', None) or error}")
    with stack:
        yield made


@contextmanager
def node_running(host: Host, address: str, *, num_cpus: int) -> Iterator[None]:
    """A Ray node on a host."""
    ray_command = str(Path(sys.executable).parent / "ray")
    command = [ray_command, "start", "--address", address, "--node-ip-address", host.address, "--block"]
    command += ["--num-cpus", str(num_cpus), "--object-store-memory", str(STORE_BYTES)]
    process = subprocess.Popen(host.command(*command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        with_children = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        process.terminate()
        for left in psutil.wait_procs(with_children, timeout=10)[1]:
            left.kill()
        process.wait()


def over_the_network(settings: Settings, port: int) -> tuple[Settings, Path]:
    """The settings with a DB_URL that a cut reaches, and the socket behind it."""
    assert settings.db_url is not None
    url = make_url(settings.db_url.get_secret_value())
    folder = str(url.query["host"])
    there = url.set(host=GATEWAY, port=port, query={}).render_as_string(hide_password=False)
    return settings.model_copy(update={"db_url": SecretStr(there)}), Path(folder) / ".s.PGSQL.5432"


@pytest.fixture
def service(hosts: list[Host]) -> Iterator[Service]:
    """A head on this machine's own network; the whole service on the first host, and room for it on the second."""
    leases = {"lease_s": 15, "heartbeat_s": 4, "give_up_s": 10}
    with settings_in_scratch(**leases) as (folder, settings), ExitStack() as stack:
        port = free_port()
        local = stack.enter_context(database_running(settings, say=lambda line: None, supervise=True))
        resolved, socket_path = over_the_network(local, port)
        stack.enter_context(reachable_at(socket_path, port))
        stack.enter_context(service_environment(resolved))
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "1"  # nodes have addresses of their own here
        os.environ["RAY_AUTH_MODE"] = (
            "disabled"  # as `Cluster` starts its head: nobody else is on that bridge
        )
        cluster = stack.enter_context(head_running(folder, node_ip_address=GATEWAY))
        stack.enter_context(node_running(hosts[0], cluster.address, num_cpus=2))
        wait_until(lambda: nodes_of(cluster) == 2, seconds=60, what="the first node")
        second = stack.enter_context(ExitStack())  # it joins after the service, and leaves after it
        made = stack.enter_context(service_on(cluster, resolved))
        second.enter_context(node_running(hosts[1], cluster.address, num_cpus=2))
        wait_until(lambda: nodes_of(cluster) == 3, seconds=60, what="the second node")
        yield made


def nodes_of(cluster: object) -> int:
    return len(cluster.global_state._live_node_ids())  # type: ignore[attr-defined]


@pytest.mark.nodes
@pytest.mark.timeout(600)
def test_a_node_that_is_cut_off_and_comes_back_loses_and_doubles_nothing(
    hosts: list[Host], service: Service, tmp_path: Path
) -> None:
    """Ray and PostgreSQL out of its reach: leases run out, the other host takes over, the fence holds."""
    client = service.client(patience_s=300)
    engine = wiring.database(service.settings, name="witness", pool_size=1)
    ids = [client.upload(path)["id"] for path in distinct(tmp_path, UPLOADS)]
    with engine.connect() as connection:
        assert connection.execute(RUNNING).scalar_one() > 10, "documents in hand"
        connection.rollback()
        hosts[0].cut()
        try:
            time.sleep(CUT_S)
        finally:
            hosts[0].heal()
        ends = [client.wait(one, timeout=300) for one in ids]
        assert [end["error"] for end in ends if end["status"] != "completed"] == []
        assert connection.execute(INTERRUPTED).scalar_one() > 0, (
            "nothing was interrupted: the cut proved nothing"
        )
        assert tuple(connection.execute(SUCCESSES).one()) == (UPLOADS, UPLOADS)
    alive = {node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]}
    assert hosts[1].address in alive
    engine.dispose()
    client.close()
