"""The backlog as Serve's controller knows it: what the dispatchers of each application told last.

Every autoscaling policy runs in the controller, one after another, and sees its own deployment only. The dispatcher's
leaves here what the stages' go by (`scaling.py`). Serve can hand one policy all deployments of an application, but
only when it is deployed from a configuration file: `resumes serve` and `resumes ingest` deploy from code.
"""

from __future__ import annotations

_FRESH_S = 60.0
_told: dict[str, tuple[float, float]] = {}


def tell(application: str, jobs: float, *, now: float) -> None:
    """Jobs of this application that are due or in hand; `now` by the controller's own clock, in seconds."""
    _told[application] = (jobs, now)


def told(application: str, *, now: float) -> float | None:
    """The last number, None where there is none of the last minute: nothing is known then."""
    jobs, at = _told.get(application, (0.0, float("-inf")))
    return jobs if now - at <= _FRESH_S else None
