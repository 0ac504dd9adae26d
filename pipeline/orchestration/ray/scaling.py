"""Autoscaling that follows the backlog: how many replicas of a stage the jobs in PostgreSQL are worth.

The dispatcher reports what is due and what it holds (`record_autoscaling_stats`); its policy leaves the sum in
`backlog.py`, and each stage's policy asks for it there. Serve pickles this module's classes by value, so what they
share must lie in another one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pipeline.orchestration.ray import backlog

if TYPE_CHECKING:
    from ray.serve.config import AutoscalingConfig, AutoscalingContext

    from pipeline.settings import Settings

#: What `record_autoscaling_stats` of a dispatcher answers.
DUE, IN_HAND = "due", "in_hand"
#: A further replica is worth its start when it finds so many rounds of its slots waiting.
_ROUNDS = 4


def replicas_for(jobs: float, share: float) -> int:
    """As many replicas as it takes to leave each at most `share` jobs. Serve keeps it between least and most."""
    return math.ceil(jobs / share)


def backlog_of(reports: dict[str, dict[Any, Any]]) -> float | None:
    """Jobs due or in hand, from each dispatcher's series by the metric's name; None where none has reported.

    All see the same queue, so the due ones count once; what is in hand is each one's own.
    """
    due = [series[-1].value for series in reports.get(DUE, {}).values() if series]
    in_hand = [series[-1].value for series in reports.get(IN_HAND, {}).values() if series]
    return max(due) + sum(in_hand) if due else None


class TellBacklog:
    """The dispatcher's policy: its own number stays, the backlog goes to the stages' policies."""

    def __call__(self, context: AutoscalingContext) -> tuple[int, dict[str, Any]]:
        jobs = backlog_of(context.raw_metrics or {})
        if jobs is not None:
            backlog.tell(context.app_name or "", jobs, now=context.current_time or 0.0)
        return context.target_num_replicas, {}


class FollowBacklog:
    """A stage's policy: a replica for every `share` jobs; while nothing is known, as many as there are."""

    def __init__(self, share: float) -> None:
        self._share = share

    def __call__(self, context: AutoscalingContext) -> tuple[int, dict[str, Any]]:
        jobs = backlog.told(context.app_name or "", now=context.current_time or 0.0)
        if jobs is None:
            return context.target_num_replicas, {}
        return replicas_for(jobs, self._share), {}


def of_dispatcher(replicas: int) -> AutoscalingConfig:
    """A fixed number, which reports: Serve asks only an autoscaled deployment for its statistics."""
    from ray.serve.config import AutoscalingConfig

    return AutoscalingConfig(min_replicas=replicas, max_replicas=replicas, policy=_policy(TellBacklog))


def of_stage(settings: Settings, least: int, most: int, slots: int) -> AutoscalingConfig:
    """Between `least` and `most` replicas of `slots` each."""
    from ray.serve.config import AutoscalingConfig

    return AutoscalingConfig(
        min_replicas=least,
        max_replicas=most,
        upscale_delay_s=settings.scale_up_delay_s,
        downscale_delay_s=settings.scale_down_delay_s,
        policy=_policy(FollowBacklog, share=_ROUNDS * slots),
    )


def _policy(policy: type, **options: float) -> Any:
    from ray.serve.config import AutoscalingPolicy

    path = f"{__name__}:{policy.__name__}"
    return AutoscalingPolicy(policy_function=path, policy_kwargs=options)  # type: ignore[no-untyped-call]
