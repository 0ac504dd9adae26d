"""The backlog becomes replicas: the arithmetic, what the policies tell one another, and how Serve is told."""

from __future__ import annotations

import pytest
from ray.serve._private.common import DeploymentID, ReplicaID, TimeStampedValue
from ray.serve.config import AutoscalingContext

from pipeline.domain.errors import ConfigurationError
from pipeline.orchestration.ray import backlog, scaling
from pipeline.orchestration.ray.graph import build_graph
from pipeline.settings import load_settings


@pytest.mark.parametrize(("jobs", "wanted"), [(0, 0), (1, 1), (24, 1), (25, 2), (48, 2), (10_000, 417)])
def test_each_share_of_the_backlog_brings_a_replica(jobs: int, wanted: int) -> None:
    """Rounded up; least and most are Serve's to keep."""
    assert scaling.replicas_for(jobs, 24) == wanted


def series(*values: float) -> list[TimeStampedValue]:
    return [TimeStampedValue(float(at), value) for at, value in enumerate(values)]


def test_due_jobs_count_once_and_those_in_hand_add_up() -> None:
    """Two dispatchers see one queue, and each has jobs of its own; the newest values count."""
    reports = {
        scaling.DUE: {"a": series(900, 70), "b": series(68)},
        scaling.IN_HAND: {"a": series(4, 10), "b": series(5)},
    }
    assert scaling.backlog_of(reports) == 85


def test_nothing_is_known_before_a_dispatcher_has_reported() -> None:
    """No number is not the number zero, which would take replicas away."""
    assert scaling.backlog_of({}) is None
    assert scaling.backlog_of({scaling.DUE: {"a": []}}) is None


def context(
    name: str, application: str, *, now: float, target: int, reports: dict | None = None
) -> AutoscalingContext:
    """What Serve hands a policy; only what a policy of ours reads is of interest."""
    return AutoscalingContext(
        deployment_id=DeploymentID(name, application),
        deployment_name=name,
        app_name=application,
        current_num_replicas=target,
        target_num_replicas=target,
        running_replicas=[],
        total_num_requests=0,
        total_queued_requests=0,
        aggregated_metrics={},
        raw_metrics=reports or {},
        capacity_adjusted_min_replicas=1,
        capacity_adjusted_max_replicas=9,
        policy_state={},
        last_scale_up_time=None,
        last_scale_down_time=None,
        current_time=now,
        config=None,
    )


def test_a_stage_follows_what_its_own_dispatcher_told() -> None:
    """The dispatcher's number stays; another application's backlog is none of the stage's business."""
    one = ReplicaID("one", DeploymentID("Dispatcher", "mine"))
    reports = {scaling.DUE: {one: series(95)}, scaling.IN_HAND: {one: series(6)}}
    told = scaling.TellBacklog()(context("Dispatcher", "mine", now=1000, target=2, reports=reports))
    assert told == (2, {})
    stage = scaling.FollowBacklog(share=20)
    assert stage(context("TextReader", "mine", now=1001, target=1)) == (6, {})
    assert stage(context("TextReader", "other", now=1001, target=3)) == (3, {})


def test_a_stage_stays_as_it_is_once_nothing_is_known() -> None:
    """No dispatcher for a minute: neither the old backlog nor none is believed."""
    backlog.tell("silent", 500, now=1000)
    stage = scaling.FollowBacklog(share=20)
    assert stage(context("TextReader", "silent", now=1059, target=2)) == (25, {})
    assert stage(context("TextReader", "silent", now=1061, target=2)) == (2, {})


def options(settings: dict[str, object]) -> dict[str, tuple[object, object]]:
    """(num_replicas, autoscaling_config) of the dispatcher and its stages."""
    ingestor = build_graph(load_settings(**settings)).ingestor
    dispatcher = ingestor._bound_deployment.init_args[0]
    bound = [dispatcher, *dispatcher._bound_deployment.init_args]
    configs = {one._bound_deployment.name: one._bound_deployment._deployment_config for one in bound}
    return {name: (config.num_replicas, config.autoscaling_config) for name, config in configs.items()}


def test_nothing_scales_unless_a_most_is_named() -> None:
    """The laptop's service keeps its fixed numbers, and Serve gathers no statistics for it."""
    assert {config for _, config in options({}).values()} == {None}
    assert {
        config for _, config in options({"text_reader_replicas": 2, "text_reader_max_replicas": 2}).values()
    } == {None}


def test_a_stage_with_a_most_scales_and_the_dispatcher_reports() -> None:
    """The others stay as they are."""
    found = options({"text_reader_max_replicas": 4, "scale_up_delay_s": 3, "dispatcher_replicas": 2})
    reader, dispatcher = found["TextReader"][1], found["Dispatcher"][1]
    assert (reader.min_replicas, reader.max_replicas, reader.upscale_delay_s) == (1, 4, 3)
    assert reader.policy.policy_function == "pipeline.orchestration.ray.scaling:FollowBacklog"
    assert (dispatcher.min_replicas, dispatcher.max_replicas) == (2, 2)
    assert found["ChunkEmbedder"] == (1, None)


def test_a_most_below_the_least_is_refused() -> None:
    """By the variable's name, with what it must be."""
    with pytest.raises(
        ConfigurationError, match=r"EMBEDDING_MAX_REPLICAS .* no less than EMBEDDING_REPLICAS"
    ):
        load_settings(embedding_replicas=4, embedding_max_replicas=2)
