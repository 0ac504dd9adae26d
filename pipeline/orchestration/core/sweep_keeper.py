"""Sweeps now and then, in a thread of its own: what is left behind is nobody's next step."""

from __future__ import annotations

import logging
import threading

from pipeline.domain.errors import ResumesError
from pipeline.orchestration.core.sweeper import Sweeper

log = logging.getLogger(__name__)

_FIRST_AFTER_S = 60.0
_EVERY_S = 3600.0


class SweepKeeper:
    """Sweeps a minute after its start, which is the busiest time, and every hour from then on."""

    def __init__(self, sweeper: Sweeper) -> None:
        self._sweeper = sweeper
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        """Begin. Call once."""
        self._thread.start()

    def stop(self) -> None:
        """Let a sweep that runs end with its process: every step of it can be repeated."""
        self._stop.set()

    def _run(self) -> None:
        wait = _FIRST_AFTER_S
        while not self._stop.wait(wait):
            wait = _EVERY_S
            try:
                report = self._sweeper.sweep()
            except ResumesError as error:
                # An outage of either store: the next sweep finds what this one left.
                log.warning("sweep ended early", extra={"code": error.code, "key": error.key})
            else:
                log.info("swept", extra={"report": str(report)})
