"""The metric registry of the domain, as Ray metrics (exported by every Ray node for Prometheus)."""

from __future__ import annotations

from functools import cache
from typing import Any

from ray.util.metrics import Counter, Gauge, Histogram

from pipeline.domain.metrics import Metric


@cache
def _instrument(metric: Metric) -> Any:
    if metric.kind == "counter":
        return Counter(metric.name, metric.meaning, metric.labels)
    if metric.kind == "gauge":
        return Gauge(metric.name, metric.meaning, metric.labels)
    return Histogram(metric.name, metric.meaning, list(metric.buckets), metric.labels)


def count(metric: Metric, amount: float = 1, **labels: str) -> None:
    """Add to a counter; nothing is recorded for zero."""
    if amount:
        _instrument(metric).inc(amount, tags=labels)


def observe(metric: Metric, value: float, **labels: str) -> None:
    """Record one value of a histogram, or the present value of a gauge."""
    instrument = _instrument(metric)
    (instrument.set if metric.kind == "gauge" else instrument.observe)(value, tags=labels)
