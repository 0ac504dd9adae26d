"""The queue under every order of events that Hypothesis can think of, on the real SQL.

Several workers claim, stall, die, come back and try to finish what is no longer theirs, while callers erase
and cancel. Nobody sleeps: a lease expires because SQL sets it in the past. After every step the tables must
tell one legal story. The controls take half of the fence away, and the machine must notice.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine

from pipeline.adapters.postgres import fence
from pipeline.adapters.postgres.applications import Applications
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.adapters.postgres.results import PostgresResults
from pipeline.domain.journey import CLAIMABLE, LEGAL_MOVES, STATUS_OF, TERMINAL, JobState, Lane, Lease, Stage
from pipeline.domain.result import Verdict
from tests.adapters.postgres.factories import created, expire_lease, make_due, result, sql

WORKERS = (101, 102, 103)
MAX_ATTEMPTS = 6
QUICK = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
picks = st.integers(min_value=0, max_value=1_000)


class QueueMachine(RuleBasedStateMachine):
    """`known` are the leases that workers believe in, in the order they got them: most are stale in the end."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self.jobs = JobQueue(engine, lease_s=60, max_attempts=MAX_ATTEMPTS)
        self.results = PostgresResults(engine)
        self.applications = Applications(engine)
        self.uploaded: list[UUID] = []
        self.known: list[Lease] = []
        self.saved: dict[UUID, list[int]] = defaultdict(list)
        self.erased: set[UUID] = set()

    @initialize()
    def three_jobs_of_which_one_runs(self) -> None:
        sql(self.engine, "DELETE FROM applications")
        for _ in range(3):
            self.upload()
        self.claim(WORKERS[0], 1, False)

    # What callers do

    @precondition(lambda self: len(self.uploaded) < 8)
    @rule()
    def upload(self) -> None:
        self.uploaded.append(created(self.engine, f"resume {len(self.uploaded)}"))

    @precondition(lambda self: len(self.uploaded) > 4)
    @rule(pick=picks)
    def erase(self, pick: int) -> None:
        id_ = self.uploaded[pick % len(self.uploaded)]
        assert self.applications.erase(id_) == self.applications.erase(id_) is not None
        self.erased.add(id_)

    @precondition(lambda self: len(self.uploaded) > 4)
    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        id_ = self.uploaded[pick % len(self.uploaded)]
        ended = JobState(self._job(id_).state) in TERMINAL
        assert self.jobs.cancel(id_) is not ended

    # What workers do

    @rule(owner=st.sampled_from(WORKERS), limit=st.integers(1, 3), suspects=st.booleans())
    def claim(self, owner: int, limit: int, suspects: bool) -> None:
        for job in self.jobs.claim(owner, Lane.ONLINE, limit, suspects=suspects):
            assert job.lease not in self.known, "one lease was handed out twice"
            assert (job.suspicions > 0) is suspects
            self.known.append(job.lease)

    @rule(owner=st.sampled_from(WORKERS))
    def claim_whatever_there_is(self, owner: int) -> None:
        """Time passes, and one worker takes everything: what was lost now runs elsewhere."""
        make_due(self.engine)
        self.claim(owner, 8, False)
        self.claim(owner, 8, True)

    @rule(owner=st.sampled_from(WORKERS))
    def heartbeat(self, owner: int) -> None:
        held = self.jobs.renew(owner)
        assert held <= set(self.known)
        assert all(self._is_live(lease) for lease in held)

    @rule(pick=picks)
    def stall(self, pick: int) -> None:
        """A worker stops beating; its lease runs out, and somebody clears up."""
        expire_lease(self.engine, self.known[pick % len(self.known)].resume_id)
        self.jobs.reap(set())

    @rule(owner=st.sampled_from(WORKERS))
    def die(self, owner: int) -> None:
        """A worker is taken for dead; its leases stay in `known`, for it may only have been asleep."""
        held = self.jobs.held(owner)
        assert self.jobs.reap({owner}) >= len(held)
        assert self.jobs.held(owner) == set()

    @rule(chosen=st.lists(picks, min_size=1, max_size=4))
    def save(self, chosen: list[int]) -> None:
        leases = list(dict.fromkeys(self.known[pick % len(self.known)] for pick in chosen))
        live = [self._is_live(lease) for lease in leases]
        verdicts = self.results.save([result(lease, name=tag(lease)) for lease in leases])
        for lease, alive, verdict in zip(leases, live, verdicts, strict=True):
            assert verdict is (Verdict.SAVED if alive else Verdict.LEASE_LOST), f"stale write: {verdict}"
            if alive:
                self.saved[lease.resume_id].append(lease.epoch)

    @precondition(lambda self: self.known)
    @rule(
        pick=picks, how=st.sampled_from(["wait", "retry", "died_alone", "fail", "die", "release", "progress"])
    )
    def settle(self, pick: int, how: str) -> None:
        lease = self.known[pick % len(self.known)]
        live, before = self._is_live(lease), self._job(lease.resume_id)
        accepted = self._settle(lease, how)
        assert accepted is None or accepted is live, f"stale write: {how}"
        if not live:
            assert self._job(lease.resume_id) == before, f"stale write: {how}"

    def _settle(self, lease: Lease, how: str) -> bool | None:
        match how:
            case "wait":
                return self.jobs.wait(lease, reason="quota", seconds=30)
            case "retry":
                return self.jobs.retry(lease, code="db", detail="d", delay_s=5) is not None
            case "died_alone":
                end = self.jobs.retry(lease, code="replica", detail="d", delay_s=0, died_alone=True)
                return end is not None
            case "fail":
                return self.jobs.fail(lease, code="corrupt", detail="d")
            case "die":
                return self.jobs.die(lease, code="internal", detail="d")
            case "release":
                return self.jobs.release(0, [lease]) == 1
            case _:
                self.jobs.progress([(lease, Stage.EMBED)])
                return None

    # What must hold after every step

    @invariant()
    def no_accepted_job_is_lost(self) -> None:
        rows = sql(self.engine, "SELECT * FROM jobs")
        assert {row.application_id for row in rows} == set(self.uploaded)
        for row in rows:
            state = JobState(row.state)
            owned = row.lease_owner is not None and row.lease_until is not None
            assert state in CLAIMABLE or state in TERMINAL or (state is JobState.RUNNING and owned)
            assert 0 <= row.attempt <= MAX_ATTEMPTS
            assert state in TERMINAL or row.run_at is not None

    @invariant()
    def what_is_saved_came_from_the_lease_that_held(self) -> None:
        rows = sql(
            self.engine,
            """SELECT a.id, a.status, j.state, a.profile #>> '{person,name,full,value}' AS tag,
                (SELECT count(*) FROM chunks c WHERE c.application_id = a.id)
                + (SELECT count(*) FROM texts t WHERE t.application_id = a.id) AS parts
            FROM applications a JOIN jobs j ON j.application_id = a.id""",
        )
        for row in rows:
            epochs = self.saved[row.id]
            assert len(epochs) <= 1, "saved twice"
            assert row.status == STATUS_OF[JobState(row.state)]
            present = bool(epochs) and row.id not in self.erased
            assert row.tag == (tag(Lease(row.id, epochs[0])) if present else None), "stale write"
            assert row.parts == (2 if present else 0), "stale write"

    @invariant()
    def events_tell_one_legal_story(self) -> None:
        last: dict[UUID, Any] = {}
        for event in sql(self.engine, "SELECT * FROM events ORDER BY id"):
            before = last.get(event.application_id)
            assert event.from_state == (before.to_state if before else None)
            if before is not None:
                assert event.epoch >= before.epoch
                stage_began = event.from_state == event.to_state == "running" and event.stage
                assert stage_began or JobState(event.to_state) in LEGAL_MOVES[JobState(event.from_state)]
            last[event.application_id] = event
        for row in sql(self.engine, "SELECT application_id, state, lease_epoch FROM jobs"):
            assert (last[row.application_id].to_state, last[row.application_id].epoch) == (
                row.state,
                row.lease_epoch,
            )

    def _job(self, id_: UUID) -> Any:
        return sql(self.engine, "SELECT * FROM jobs WHERE application_id = :id", id=id_)[0]

    def _is_live(self, lease: Lease) -> bool:
        """The oracle: the newest claim's lease, while the job is still running under it."""
        newest = max(one.epoch for one in self.known if one.resume_id == lease.resume_id)
        return lease.epoch == newest and self._job(lease.resume_id).state == "running"


def tag(lease: Lease) -> str:
    return f"{lease.resume_id} in epoch {lease.epoch}"


def run(engine: Engine) -> None:
    run_state_machine_as_test(lambda: QueueMachine(engine), settings=QUICK)  # type: ignore[arg-type]


def test_no_order_of_events_loses_a_job_or_lets_a_stale_write_land(engine: Engine) -> None:
    """Sixty stories of thirty steps, each checked after every step."""
    run(engine)


@pytest.mark.parametrize(
    "weakened",
    ["j.state = 'running'", "j.lease_epoch = wanted.epoch"],
    ids=["no epoch check", "no state check"],
)
def test_control_without_half_of_the_fence_a_stale_write_is_found(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, weakened: str
) -> None:
    """The same machine finds the violation once the epoch, or the state, is no longer checked."""
    monkeypatch.setattr(fence, "FENCE", weakened)
    with pytest.raises(AssertionError, match=r"stale write|saved twice"):
        run(engine)
