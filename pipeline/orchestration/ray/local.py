"""The whole service on one machine: embedded PostgreSQL, a local Ray, Serve. What `resumes serve` runs."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from pydantic import SecretStr

from pipeline.domain.errors import ConfigurationError
from pipeline.orchestration import wiring
from pipeline.settings import Settings

#: Ray reads these when it starts; what the caller has set wins.
_RAY_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_SERVE_CONTROL_LOOP_INTERVAL_S": "1",  # 20-30 ms of CPU a second less than the default when idle
    # Every replica and every handle tells its gauges again so often, ten times a second by default; they are read every
    # ten seconds at most.
    "RAY_SERVE_METRICS_EXPORT_INTERVAL_MS": "2000",
    # A task's process that imported everything is kept for the next task, not ended after a second without one.
    "RAY_idle_worker_killing_time_threshold_ms": "60000",
    # What Ray's agents look at for its own dashboard, which is off; our metrics do not go this way.
    "REPORTER_UPDATE_INTERVAL_MS": "60000",
    "RAY_DASHBOARD_AGENT_CHECK_PARENT_INTERVAL_S": "2",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS": "0",
    # Ray lets every worker give way by 15, its proxy and the ingress too; who gives way here: `priorities.py`.
    "RAY_worker_niceness": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # one machine: Ray's own ports bind loopback, as on macOS
    "TOKENIZERS_PARALLELISM": "false",
    # Threads of a model that wait for each other give the core away: spinning, two models of two threads on two cores
    # took 226 ms of CPU for eight chunks, and take 114 so. One alone on the machine is a tenth slower.
    "OMP_WAIT_POLICY": "PASSIVE",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}
_APPLICATION = "resumes"
_BULK_APPLICATION = "bulk"
_MIB = 1024 * 1024
_OBJECT_STORE_BYTES = 256 * _MIB
#: Replicas reserve fractions that add up to less than two cores; more Ray CPUs than cores only lets a
#: one-core machine start too.
_LEAST_CPUS = 2
_AGENTS_END_S = 3.0


@dataclass(frozen=True, slots=True)
class RunningService:
    """A service that is ready: where it answers, and the settings it runs with (DB_URL resolved)."""

    url: str
    settings: Settings


@contextmanager
def database_running(
    settings: Settings, *, say: Callable[[str], None], supervise: bool = False
) -> Iterator[Settings]:
    """The settings with a DB_URL that answers, checked and migrated.

    An embedded server that this started stops with the block. `supervise` is for the service, which keeps the
    server alive and ends it even when it found it running (after its predecessor was killed); a command that
    finds the service's server running leaves it running.
    """
    from pipeline.adapters.postgres.embedded import EmbeddedPostgres
    from pipeline.adapters.postgres.migrate import upgrade
    from pipeline.adapters.postgres.requirements import check_database

    with contextlib.ExitStack() as stack:
        if settings.db_url is None:
            say(f"Starting the embedded PostgreSQL in {settings.postgres_dir}")
            embedded = EmbeddedPostgres(settings.postgres_dir)
            if supervise or not embedded.is_running():
                stack.callback(embedded.stop)
            url = embedded.start()
            if supervise:
                embedded.supervise(lambda: say("PostgreSQL had stopped and was started again"))
        else:
            url = settings.db_url.get_secret_value()
        check_database(url)
        say("Migrating the database")
        upgrade(url)
        yield settings.model_copy(update={"db_url": SecretStr(url)})


@contextmanager
def service_running(
    settings: Settings,
    build: Callable[[], Any],
    *,
    front: Callable[[Settings], AbstractContextManager[Settings]],
    say: Callable[[str], None],
    show_logs: bool = False,
) -> Iterator[RunningService]:
    """The service that `build` binds, ready to take uploads; stopped, drained, when the block ends.

    `front` opens what stands before the replicas, and answers the settings that they find it by; where those name no
    sockets, and in a cluster that RAY_ADDRESS names, whose replicas may be on other machines, Serve's own HTTP proxy
    stands there. `show_logs` brings the replicas' logs to this process's output; they
    are in Ray's log files anyway.

    Raises ConfigurationError with a sentence that says what to do.
    """
    refuse_busy_port(settings)
    with (
        database_running(settings, say=say, supervise=True) as migrated,
        _front_of_own_ray(migrated, front) as resolved,
        service_environment(resolved),
    ):
        wiring.object_store(resolved).check()
        with _ray_running(_APPLICATION, say=say, show_logs=show_logs):
            say("Starting the service (the embedding model loads in about ten seconds)")
            _start_serve(resolved, build, name=_APPLICATION, with_http=True)
            host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
            yield RunningService(f"http://{host}:{settings.port}", resolved)


def _front_of_own_ray(
    settings: Settings, front: Callable[[Settings], AbstractContextManager[Settings]]
) -> AbstractContextManager[Settings]:
    return contextlib.nullcontext(settings) if _joins_cluster() else front(settings)


def _joins_cluster() -> bool:
    return "RAY_ADDRESS" in os.environ


@contextmanager
def bulk_running(
    settings: Settings, build: Callable[[], Any], *, say: Callable[[str], None], show_logs: bool = False
) -> Iterator[Settings]:
    """The bulk application that `build` binds, without HTTP: in the Ray cluster that RAY_ADDRESS names (a RayJob's
    own), else in a local one. Answers the settings with their DB_URL resolved; drained when the block ends.

    Raises ConfigurationError with a sentence that says what to do.
    """
    if _joins_cluster() and settings.db_url is None:
        raise ConfigurationError(
            "DB_URL is not set: the other nodes of a Ray cluster cannot reach an embedded PostgreSQL.",
            key="DB_URL",
        )
    with database_running(settings, say=say, supervise=True) as resolved, service_environment(resolved):
        wiring.object_store(resolved).check()
        with _ray_running(_BULK_APPLICATION, say=say, show_logs=show_logs):
            say("Starting the bulk application (the embedding model loads in about ten seconds)")
            _start_serve(settings, build, name=_BULK_APPLICATION, with_http=False)
            yield resolved


@contextmanager
def _ray_running(application: str, *, say: Callable[[str], None], show_logs: bool) -> Iterator[None]:
    """Ray, for the application to be started in it: a cluster of this process's own, or the one that RAY_ADDRESS
    names. The application is drained when the block ends."""
    import ray  # late: Ray reads its environment at import
    from ray import serve

    scratch = Path(tempfile.mkdtemp(prefix="resumes-ray-", dir=short_temporary_directory()))
    logging.getLogger("ray").setLevel(logging.ERROR)
    logging.getLogger("ray.serve").setLevel(logging.WARNING)
    own = not _joins_cluster()
    say("Starting Ray" if own else f"Joining the Ray cluster at {os.environ['RAY_ADDRESS']}")
    try:
        if own:
            ray.init(
                address="local",
                num_cpus=max(_LEAST_CPUS, os.cpu_count() or 1),
                include_dashboard=False,
                object_store_memory=_OBJECT_STORE_BYTES,
                logging_level=logging.ERROR,
                log_to_driver=show_logs,
                _temp_dir=str(scratch),
            )
        else:
            ray.init(logging_level=logging.ERROR, log_to_driver=show_logs)
        yield
    finally:
        say("Stopping: what is in flight is finished or goes back to the queue")
        if ray.is_initialized():
            # Deleting drains the replicas as `serve.shutdown()` does, without its complaint that the
            # controller, which it kills, did not answer.
            serve.delete(application)
            _shut_down_ray(scratch)
        shutil.rmtree(scratch, ignore_errors=True)


def _shut_down_ray(scratch: Path) -> None:
    """Stop Ray, and see its processes gone: some of its agents notice only after half a minute."""
    import ray

    started = [
        process for process in psutil.Process().children(recursive=True) if _is_rays(process, str(scratch))
    ]
    ray.shutdown()
    _, left = psutil.wait_procs(started, timeout=_AGENTS_END_S)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()


def _is_rays(process: psutil.Process, scratch: str) -> bool:
    """Whether Ray started it: it has the session's directory among its arguments, or Ray's own title."""
    try:
        title = " ".join(process.cmdline())
    except psutil.Error:
        return False
    return scratch in title or title.startswith("ray::")


def refuse_busy_port(settings: Settings) -> None:
    """Raise ConfigurationError where something else listens already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise ConfigurationError(
                f"HTTP cannot bind {settings.host}:{settings.port} ({error.strerror}): stop what listens there, "
                "or set PORT to another.",
                key="PORT",
            ) from None


def short_temporary_directory() -> str | None:
    """/tmp where it is there: Ray's sockets lie deep below, the front's not far, and a socket's path has at most 103
    bytes on macOS."""
    return "/tmp" if Path("/tmp").is_dir() else None


def free_port() -> int:
    """A port of the loopback interface that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start_serve(settings: Settings, build: Callable[[], Any], *, name: str, with_http: bool) -> None:
    from ray import serve
    from ray.serve.config import HTTPOptions

    http_options = (
        HTTPOptions(host=settings.host, port=settings.port, request_timeout_s=120)
        if with_http and settings.front_sockets is None
        else HTTPOptions(location="NoServer")
    )
    serve.start(http_options=http_options, logging_config=_serve_logging())
    try:
        _deploy(build, name=name, with_http=with_http)
    except RuntimeError as error:
        states = serve.status().applications[name].deployments
        reasons = [f"{name}: {state.message.strip()}" for name, state in states.items() if state.message]
        raise ConfigurationError("The service did not start. " + " ".join(reasons)) from error


def redeploy(build: Callable[[], Any]) -> None:
    """Replace every replica of the service that runs in this process, as after a change of code: Serve starts new
    ones, moves the calls and drains the old ones. Returns when all are replaced."""
    _deploy(build, name=_APPLICATION, with_http=True)


def _deploy(build: Callable[[], Any], *, name: str, with_http: bool) -> None:
    from ray import serve

    serve.run(build(), name=name, route_prefix="/" if with_http else None, logging_config=_serve_logging())


def _serve_logging() -> Any:
    from ray.serve.schema import LoggingConfig

    return LoggingConfig(encoding="JSON", log_level="WARNING", enable_access_log=False)


@contextmanager
def service_environment(settings: Settings) -> Iterator[None]:
    """Replicas read their settings from the environment: give them these, and Ray its own defaults."""
    wanted = {**_RAY_ENVIRONMENT, **os.environ, **settings.environment()}
    before = dict(os.environ)
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
