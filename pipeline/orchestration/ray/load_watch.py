"""Watches what the dispatcher's limits and Serve's autoscaling go by, in a thread of its own: both calls may block."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException

from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.domain.errors import DatabaseUnavailable
from pipeline.domain.journey import Lane
from pipeline.domain.metrics import DUE_JOBS
from pipeline.orchestration.ray import meters

log = logging.getLogger(__name__)

_EVERY_S = 3.0
#: More are not counted: they are worth every replica that may be started.
_MOST_COUNTED = 20_000


class LoadWatch:
    """The jobs that are due, and the running replicas of each deployment of one application.

    `on_replicas` is called, from the watch's thread, with the running replicas by the deployment's name.
    """

    def __init__(self, queue: JobQueue, *, on_replicas: Callable[[Mapping[str, int]], None]) -> None:
        self._queue = queue
        self._on_replicas = on_replicas
        self._lanes: tuple[Lane, ...] = ()
        self._due: dict[Lane, int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load-watch", daemon=True)
        self._application = ""

    def start(self, application: str) -> None:
        """Begin to look at this application. Call once."""
        self._application = application
        self._thread.start()

    def stop(self) -> None:
        """End with the process: whatever a look brings now changes nothing."""
        self._stop.set()

    def alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def count(self, lanes: tuple[Lane, ...]) -> None:
        """Watch the due jobs of these lanes, and the replicas, from now on; nothing where nothing scales by them."""
        self._lanes = lanes

    def due(self) -> int:
        """Jobs that could be claimed when it was last looked, 0 before."""
        return sum(self._due.get(lane, 0) for lane in self._lanes)

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_S):
            if self._lanes:
                self._count()
                self._look()

    def _count(self) -> None:
        try:
            self._due = {lane: self._queue.due(lane, most=_MOST_COUNTED) for lane in self._lanes}
        except DatabaseUnavailable:
            return  # the last count stands: an outage is no reason to start or stop anything
        for lane, jobs in self._due.items():
            meters.observe(DUE_JOBS, jobs, lane=lane.value)

    def _look(self) -> None:
        try:
            status = serve.status().applications.get(self._application)
        except (RayError, RayServeException) as error:
            log.warning("replicas not known", extra={"error": type(error).__name__})
            return
        if status is not None:
            states = {name: one.replica_states for name, one in status.deployments.items()}
            self._on_replicas({name: counts.get("RUNNING", 0) for name, counts in states.items()})  # type: ignore[call-overload]
