"""Every metric of the service: its name, kind, unit and meaning. Nothing is measured that is not here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. Names end in their unit, as Prometheus asks; label values come from closed sets."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

STAGE_SECONDS = Metric(
    "resumes_stage_seconds", "histogram", "Seconds a stage worked on one resume.", ("stage",), _SECONDS
)
JOURNEY_SECONDS = Metric(
    "resumes_journey_seconds",
    "histogram",
    "Seconds from the claim of a job to its settlement.",
    ("lane", "state"),
    _SECONDS,
)
SETTLED = Metric(
    "resumes_jobs_settled_total", "counter", "Jobs settled, by the state they moved to.", ("state",)
)
LEASES_LOST = Metric("resumes_lease_lost_total", "counter", "Results and moves refused by the fence.")
REAPED = Metric("resumes_jobs_reaped_total", "counter", "Jobs taken back from an owner that died or stalled.")
IN_FLIGHT = Metric("resumes_jobs_in_flight", "gauge", "Jobs that a dispatcher drives now.", ("lane",))
DUE_JOBS = Metric(
    "resumes_jobs_due", "gauge", "Jobs that could be claimed now; no more than 20,000 are counted.", ("lane",)
)
BATCH_SIZE = Metric(
    "resumes_batch_items",
    "histogram",
    "Items that a batching stage took at once.",
    ("stage",),
    (1, 2, 4, 8, 16, 32, 64, 128, 256),
)
VENDOR_REQUESTS = Metric(
    "resumes_vendor_requests_total",
    "counter",
    "Requests to a vendor, by what became of them: answered, throttled, failed.",
    ("vendor", "outcome"),
)
SPENT = Metric("resumes_spent_usd_total", "counter", "US dollars entered into the ledger.", ("vendor",))

ALL = (
    STAGE_SECONDS,
    JOURNEY_SECONDS,
    SETTLED,
    LEASES_LOST,
    REAPED,
    IN_FLIGHT,
    DUE_JOBS,
    BATCH_SIZE,
    VENDOR_REQUESTS,
    SPENT,
)
