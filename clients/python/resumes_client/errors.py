"""What a call raises.

ResumesClientError
├── ProblemError     the service, or something before it, refused the call: `code` says why
├── ConnectionLost   nobody answered, or the answer broke off
└── CallTimeout      the call's `timeout` is over; what went wrong before is its cause
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from resumes_client.answers import FieldError

_MEDIA_TYPE = "application/problem+json"


class ResumesClientError(Exception):
    """A call of this client has failed."""


class ConnectionLost(ResumesClientError):
    """Nobody answered, or the answer broke off: what became of the request is not known."""


class CallTimeout(ResumesClientError):
    """The time that the caller gave is over."""


class ProblemError(ResumesClientError):
    """An answer that is no success (RFC 9457): switch on `code`, show `detail` to a person, quote `request_id`."""

    def __init__(
        self,
        status: int,
        *,
        type: str = "",  # noqa: A002 - the RFC's name
        title: str = "",
        detail: str = "",
        instance: str = "",
        request_id: str = "",
        errors: Sequence[FieldError] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{title} ({status}): {detail}" if detail else f"{title} ({status})")
        self.status = status  #: The HTTP status.
        self.type = type  #: /problems/<code>; empty where something else than the service answered.
        self.title = title  #: The kind of problem, in words.
        self.detail = detail  #: What to do about it.
        self.instance = instance  #: The path that was called.
        self.request_id = request_id  #: The request in the service's log.
        self.errors = list(errors)  #: The values that were not acceptable, for the code invalid.
        self.retry_after = retry_after  #: Seconds to wait, where the answer asked for it.

    @property
    def code(self) -> str:
        """The last part of `type`, as too-large; empty where something else than the service answered."""
        return self.type.rsplit("/", 1)[-1]


def problem_of(response: httpx.Response) -> ProblemError:
    """The problem that an answer is; the answer must have been read."""
    told = {"title": response.reason_phrase, "request_id": response.headers.get("X-Request-Id", "")}
    document = None
    if response.headers.get("Content-Type", "").startswith(_MEDIA_TYPE):
        with contextlib.suppress(ValueError):
            document = response.json()
    errors: list[FieldError] = []
    if isinstance(document, dict):
        known = ("type", "title", "detail", "instance", "request_id")
        told |= {name: str(document[name]) for name in known if name in document}
        errors = document.get("errors") or []
    waits = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
    return ProblemError(response.status_code, **told, errors=errors, retry_after=waits)


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds from now, of a header that names seconds or a moment; None where it says neither."""
    if not header:
        return None
    with contextlib.suppress(ValueError):
        seconds = float(header)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())
