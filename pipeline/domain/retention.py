"""How long resumes are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_DAYS = 36_500  #: a century: PostgreSQL's calendar does not reach back for ever


@dataclass(frozen=True, slots=True)
class Retention:
    """Days from the upload on; None is until somebody erases the resume. A job post's own days replace `days`."""

    days: int | None = None
    by_job_post: Mapping[str, int | None] = field(default_factory=dict)
