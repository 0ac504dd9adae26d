"""PromQL expressions held against the metric registry: names as Ray exports them, and their labels."""

from __future__ import annotations

from typing import Any

import promql_parser

from pipeline.domain import metrics

#: Labels that every one of our metrics has, or that Prometheus adds.
_EVERYWHERE = frozenset({"le", "job", "instance", "pod", "namespace", "ray_io_cluster", "ray_io_group"})


def exported(metric: metrics.Metric) -> set[str]:
    """The names under which Ray exports a metric."""
    name = f"ray_{metric.name}"
    if metric.kind == "histogram":
        return {f"{name}_bucket", f"{name}_sum", f"{name}_count"}
    return {name}


EXPORTED = {name: metric for metric in metrics.ALL for name in exported(metric)}


def problems(expression: str) -> list[str]:
    """What does not parse, names no metric of ours, or matches or groups by a label that it does not have."""
    try:
        tree = promql_parser.parse(expression)
    except ValueError as error:
        return [f"{expression}: {error}"]
    selectors, groups = _Seen(), _Groups()
    promql_parser.walk(tree, selectors, None)
    promql_parser.walk(tree, groups, None)
    found = [f"{name} is no metric of ours" for name in selectors.names if name not in EXPORTED]
    known = {label for name in selectors.names if name in EXPORTED for label in EXPORTED[name].labels}
    for label in sorted((selectors.labels | groups.labels) - known - _EVERYWHERE):
        found.append(f"{expression}: no metric of it has the label {label}")
    return found


class _Seen:
    """Collects metric names and the labels they are matched by."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.labels: set[str] = set()

    def __call__(self, node: Any) -> bool:
        if isinstance(node, promql_parser.MatrixSelector):
            node = node.vector_selector
        if isinstance(node, promql_parser.VectorSelector):
            self.names.append(node.name)
            self.labels |= {matcher.name for matcher in node.matchers.matchers}
        return True


class _Groups:
    """Collects the labels that aggregations group by."""

    def __init__(self) -> None:
        self.labels: set[str] = set()

    def __call__(self, node: Any) -> bool:
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier is not None:
            self.labels |= set(node.modifier.labels)
        return True
