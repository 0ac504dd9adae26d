"""A worker's whole life against the database in argv[1]; prints the lease of a job that it leaves running, as JSON."""

from __future__ import annotations

import datetime
import json
import sys
import time

from pipeline.adapters.postgres.engine import open_engine
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.adapters.postgres.results import PostgresResults
from pipeline.domain.journey import Lane, Stage
from pipeline.domain.result import Verdict
from tests.adapters.postgres.factories import claimed, created, result

OWNER = 77


def main(url: str) -> None:
    engine = open_engine(url, application_name="skewed", pool_size=2)
    queue = JobQueue(engine, lease_s=60)
    foreign = claimed(engine, "another worker's", owner=1)
    saved = claimed(engine, "saved", owner=OWNER)
    queue.progress([(saved.lease, Stage.EMBED)])
    assert PostgresResults(engine).save([result(saved.lease)]) == [Verdict.SAVED]
    waiting = claimed(engine, "waiting", owner=OWNER)
    assert queue.wait(waiting.lease, reason="quota", seconds=30)
    later = claimed(engine, "later", owner=OWNER)
    assert queue.retry(later.lease, code="internal", detail="d", delay_s=30)
    left = claimed(engine, "left running", owner=OWNER)
    assert queue.renew(OWNER) == {left.lease}
    assert queue.reap(set()) == 0, "a lease that the database counts as live was taken"
    assert queue.claim(OWNER, Lane.ONLINE, 10) == [], "a job that is not due was claimed"
    due = queue.seconds_to_next()
    assert due is not None
    assert 20 < due <= 30
    created(engine, "queued")
    seen = [time.time(), datetime.datetime.now(datetime.UTC).timestamp()]
    print(json.dumps({"epoch": left.lease.epoch, "id": str(left.lease.resume_id), "clock": seen}))
    assert foreign.lease.epoch == 1


if __name__ == "__main__":
    main(sys.argv[1])
