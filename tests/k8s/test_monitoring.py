"""Alerts and the dashboard ask only for what the service exports, and the runbook knows every alert."""

from __future__ import annotations

import ast
import json
import re
import time
import urllib.request
from typing import Any

import pytest

from pipeline.domain import metrics
from pipeline.domain.journey import JobState
from tests.k8s import promql
from tests.k8s.manifests import ROOT, build, find


def rules() -> list[dict[str, Any]]:
    groups = find(build(ROOT / "k8s/base"), "PrometheusRule")["spec"]["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    return json.loads((ROOT / "k8s/base/dashboard.json").read_text("utf-8"))


def expressions() -> list[str]:
    panels = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    return [rule["expr"] for rule in rules()] + panels


@pytest.mark.parametrize("expression", expressions())
def test_an_expression_asks_for_what_is_exported(expression: str) -> None:
    """It parses; its metrics are in the registry; they have its labels."""
    assert promql.problems(expression) == []


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("sum(rate(ray_resumes_jobs_settled[5m]))", "no metric of ours"),
        ("sum(rate(resumes_jobs_settled_total[5m]))", "no metric of ours"),
        ("ray_resumes_stage_seconds", "no metric of ours"),
        ('ray_resumes_jobs_in_flight{stage="read"}', "the label stage"),
        ("sum by (lane) (rate(ray_resumes_jobs_settled_total[5m]))", "the label lane"),
        ("sum(rate(ray_resumes_jobs_settled_total[5m])", "ray_resumes_jobs_settled_total[5m])"),
    ],
)
def test_a_wrong_expression_is_refused(expression: str, sentence: str) -> None:
    """Without the suffix, without the prefix, a histogram as such, other labels, a missing bracket."""
    assert sentence in " ".join(promql.problems(expression))


def test_states_in_expressions_are_states_of_a_job() -> None:
    """A misspelt state matches nothing, for ever."""
    known = {state.value for state in JobState} | {"lease_lost"}
    named = {
        state
        for expression in expressions()
        for value in re.findall(r'state=~?"([^"]+)"', expression)
        for state in value.split("|")
    }
    assert named
    assert named <= known


def test_every_alert_is_in_the_runbook() -> None:
    """Whoever is woken finds what it means and what to do; and no runbook outlives its alert."""
    text = (ROOT / "docs/operations.md").read_text("utf-8")
    named = set(re.findall(r"`(Resumes[A-Z]\w+)`", text))
    assert named == {rule["alert"] for rule in rules()}


def test_the_dashboard_shows_every_metric() -> None:
    """A metric that nobody sees need not be measured."""
    shown = " ".join(expressions())
    assert [metric.name for metric in metrics.ALL if f"ray_{metric.name}" not in shown] == []


RECORDS = re.compile(r"(?:^|[._])meters\.(?:count|observe)$")


def recorded() -> set[str]:
    """The constants of the registry that some call of `count` or `observe` of meters is given."""
    calls = (
        node
        for path in (ROOT / "pipeline").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and RECORDS.search(ast.unparse(node.func))
    )
    return {call.args[0].id for call in calls if isinstance(call.args[0], ast.Name)}


def test_every_metric_is_recorded_somewhere() -> None:
    """A name in the registry that no code records is an alert that never fires."""
    registry = {name for name, value in vars(metrics).items() if value in metrics.ALL}
    assert registry <= recorded()


@pytest.mark.slow
def test_ray_exports_the_names_that_are_asked_for(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every metric of the registry, recorded once in a real Ray and scraped as Prometheus does."""
    import ray

    from pipeline.orchestration.ray import meters
    from pipeline.orchestration.ray.local import free_port

    port = free_port()
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    ray.init(
        address="local",
        num_cpus=1,
        include_dashboard=False,
        _metrics_export_port=port,
        object_store_memory=100 * 1024 * 1024,
        log_to_driver=False,
    )
    try:
        for metric in metrics.ALL:
            labels = dict.fromkeys(metric.labels, "x")
            (meters.count if metric.kind == "counter" else meters.observe)(metric, 1, **labels)
        assert set(promql.EXPORTED) <= scraped(port, set(promql.EXPORTED))
    finally:
        ray.shutdown()
        meters._instrument.cache_clear()


def scraped(port: int, wanted: set[str]) -> set[str]:
    """The names that the exporter answers with; asked again for a minute until all that are wanted are there."""
    names: set[str] = set()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not wanted <= names:
        time.sleep(1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            names = set(re.findall(r"^([a-zA-Z_:]+)\{", answer.read().decode(), re.MULTILINE))
    return names
