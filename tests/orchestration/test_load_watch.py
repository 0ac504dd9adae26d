"""What the dispatcher's limits and Serve's autoscaling go by, counted in a real queue."""

from __future__ import annotations

from sqlalchemy import Engine

from pipeline.adapters.postgres.applications import Applications
from pipeline.adapters.postgres.engine import open_engine
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.domain.journey import Lane
from pipeline.orchestration.ray.load_watch import LoadWatch
from tests.adapters.postgres.factories import OWNER, new_application


def test_due_jobs_are_those_of_the_lanes_that_are_counted(engine: Engine) -> None:
    """None where nothing scales; what has been claimed is no longer due."""
    queue = JobQueue(engine)
    watch = LoadWatch(queue, on_replicas=lambda running: None)
    for _ in range(4):
        Applications(engine).create(new_application())
    watch._count()
    assert watch.due() == 0
    watch.count((Lane.ONLINE,))
    queue.claim(OWNER, Lane.ONLINE, 1)
    watch._count()
    assert watch.due() == 3


def test_the_last_count_stands_while_postgresql_is_away(engine: Engine, database_url: str) -> None:
    """An outage neither starts nor stops a replica."""
    Applications(engine).create(new_application())
    own = open_engine(database_url, application_name="watch", pool_size=1)
    watch = LoadWatch(JobQueue(own), on_replicas=lambda running: None)
    watch.count((Lane.ONLINE,))
    watch._count()
    away = open_engine("postgresql://nobody@127.0.0.1:1/none", application_name="away", pool_size=1)
    watch._queue = JobQueue(away)
    watch._count()
    assert watch.due() == 1
    own.dispose()
    away.dispose()
