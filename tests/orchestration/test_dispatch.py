"""The dispatcher's loop, held on a queue, stages and a clock in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from pipeline.domain.job import ClaimedJob
from pipeline.domain.journey import JobState, Lane, Lease, Stage
from pipeline.domain.metrics import IN_FLIGHT, LEASES_LOST, SETTLED
from pipeline.domain.receipt import Broken, Done, Failed, Lost, Receipt, Waiting
from pipeline.domain.result import Verdict
from pipeline.orchestration.core.dispatch import Dispatch, Sizes
from pipeline.orchestration.core.leases import LeaseKeeper
from pipeline.orchestration.core.ports import LostOnTheWay, WorkerDied
from tests.orchestration.twins import Inline, Jobs, Meters, Steps, TestClock, settle

ME = 7
#: A slot of each stage, one replica: six online jobs at most, and two packets of bulk a stage.
SIZES = Sizes(
    slots=dict.fromkeys(("read", "normalise", "embed", "save"), 1),
    replicas=dict.fromkeys(("read", "normalise", "embed", "save"), 1),
    scans=0,
    lanes=(Lane.ONLINE, Lane.BULK),
)
POLL_S = 30.0


@dataclass
class Bench:
    """A dispatcher and what is around it."""

    clock: TestClock
    jobs: Jobs
    stages: Steps
    suspects: Steps
    meters: Meters
    dispatch: Dispatch

    def lost(self) -> float:
        return self.meters.counts[(LEASES_LOST.name,)]

    def settled(self, state: str) -> float:
        return self.meters.counts[(SETTLED.name, state)]


@asynccontextmanager
async def dispatching(sizes: Sizes = SIZES) -> AsyncIterator[Bench]:
    clock = TestClock()
    jobs = Jobs(clock)
    stages, suspects, meters = Steps(jobs), Steps(jobs), Meters()
    dispatch = Dispatch(
        jobs, ME, stages, suspects, stages, meters, poll_s=POLL_S, executor=Inline(), clock=clock
    )
    dispatch.resize(sizes)
    bench = Bench(clock, jobs, stages, suspects, meters, dispatch)
    main = asyncio.create_task(dispatch.run())
    try:
        yield bench
    finally:
        main.cancel()
        await asyncio.gather(main, return_exceptions=True)


def held(test: Callable[[Bench], Awaitable[None]]) -> Callable[[], None]:
    """A test of a bench, run on a loop of its own."""

    def run() -> None:
        async def on_a_bench() -> None:
            async with dispatching() as bench:
                await test(bench)

        asyncio.run(on_a_bench())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


@held
async def test_a_job_passes_every_stage_and_is_saved(bench: Bench) -> None:
    """In order, and what its stages took is told once."""
    bench.jobs.add()
    await settle()
    assert [name for name, _ in bench.stages.calls] == ["read", "normalise", "embed", "save"]
    assert bench.jobs.states() == {"succeeded": 1}
    assert bench.settled("succeeded") == 1
    assert bench.dispatch.in_hand() == 0


@held
async def test_a_person_waits_for_nobodys_packet_and_bulk_goes_in_eights(bench: Bench) -> None:
    """Two lanes: each online job by itself, those of bulk eight a call."""
    bench.jobs.add(2)
    bench.jobs.add(11, Lane.BULK)
    bench.dispatch.wake()
    await settle()
    assert sorted(map(len, bench.stages.seen("read"))) == [1, 1, 3, 8]
    assert bench.jobs.states() == {"succeeded": 13}


@held
async def test_no_more_is_claimed_than_the_stages_have_slots_for(bench: Bench) -> None:
    """The rest waits in PostgreSQL, for whoever has room; it is claimed as soon as there is."""
    gate = bench.stages.hold("read")
    bench.jobs.add(9)
    bench.dispatch.wake()
    await settle()
    assert bench.jobs.states() == {"running": 6, "queued": 3}
    assert bench.meters.observed[(IN_FLIGHT.name, "online")] == 6
    gate.set()
    await settle()
    assert bench.jobs.states() == {"succeeded": 9}


@held
async def test_uploads_never_fill_the_embedder_which_answers_queries_too(bench: Bench) -> None:
    """No more are at it than it has slots; the next one goes there as soon as one has left."""
    gate = bench.stages.hold("embed")
    bench.jobs.add(6)
    bench.dispatch.wake()
    await settle()
    assert len(bench.stages.seen("normalise")) == 6
    assert len(bench.stages.seen("embed")) == 1
    gate.set()
    await settle()
    assert bench.jobs.states() == {"succeeded": 6}


@held
async def test_more_replicas_are_more_slots(bench: Bench) -> None:
    """A limit follows what runs, and who waits is claimed at once."""
    bench.stages.hold("read")
    bench.jobs.add(9)
    bench.dispatch.wake()
    await settle()
    bench.dispatch.follow(dict.fromkeys(("read", "normalise", "embed", "save"), 2))
    await settle()
    assert bench.jobs.states() == {"running": 9}


@held
async def test_who_sleeps_is_woken_by_a_notice_and_else_by_the_poll(bench: Bench) -> None:
    """A notice that got lost costs a poll's time, no more."""
    await settle()
    bench.jobs.add()
    await bench.clock.advance(POLL_S - 1)
    assert bench.jobs.states() == {"queued": 1}
    await bench.clock.advance(2)
    assert bench.jobs.states() == {"succeeded": 1}
    bench.jobs.add()
    bench.dispatch.wake()
    await settle()
    assert bench.jobs.states() == {"succeeded": 2}


@held
async def test_a_job_that_is_due_soon_is_not_left_to_the_poll(bench: Bench) -> None:
    """The queue says when the next one comes due."""
    bench.jobs.add(state=JobState.RETRY_WAIT, run_at=bench.clock.now + 4)
    await bench.clock.advance(5)
    assert bench.jobs.states() == {"succeeded": 1}


def in_read(bench: Bench, receipt: Receipt | Exception) -> None:
    bench.stages.acts["read"] = lambda job: receipt


@pytest.mark.parametrize(
    ("receipt", "state", "code"),
    [
        (Failed("corrupt", "It is damaged.", retryable=False), "failed", "corrupt"),
        (Failed("db", "It is away.", retryable=True), "retry_wait", "db"),
        (Waiting("quota", 30), "waiting", "quota"),
        (Broken("KeyError"), "retry_wait", "internal"),
        (KeyError("a bug in a stage"), "retry_wait", "internal"),
    ],
    ids=["failed", "retryable", "waiting", "broken", "raised"],
)
def test_a_receipt_is_a_move(receipt: Receipt | Exception, state: str, code: str) -> None:
    """What a stage answers, or raises, is told to the queue, and the job's slot is free."""

    async def run() -> None:
        async with dispatching() as bench:
            in_read(bench, receipt)
            bench.jobs.add()
            bench.dispatch.wake()
            await settle()
            assert bench.jobs.states() == {state: 1}
            assert [row.code for row in bench.jobs.rows.values()] == [code]
            assert bench.dispatch.in_hand() == 0

    asyncio.run(run())


@held
async def test_a_bug_is_not_run_for_ever(bench: Bench) -> None:
    """A third run would find it again: the job is dead, by name."""
    in_read(bench, KeyError("again"))
    bench.jobs.add()
    for _ in range(4):
        await bench.clock.advance(60)
    (row,) = bench.jobs.rows.values()
    assert (row.state, row.attempt) == (JobState.DEAD, 3)
    assert row.detail is not None
    assert "KeyError" in row.detail


@held
async def test_what_got_lost_on_the_way_is_nobodys_bug(bench: Bench) -> None:
    """However often it happens, the job is run again."""
    in_read(bench, LostOnTheWay("OwnerDiedError"))
    bench.jobs.add(attempt=10)
    bench.dispatch.wake()
    await settle()
    (row,) = bench.jobs.rows.values()
    assert row.state is JobState.RETRY_WAIT
    assert row.detail is not None
    assert "OwnerDiedError" in row.detail


@held
async def test_a_packet_half_lost_goes_on_with_its_other_half(bench: Bench) -> None:
    """Each receipt is its own job's: one fails, one is another worker's, the rest are saved."""
    ids = bench.jobs.add(8, Lane.BULK)

    def act(job: ClaimedJob) -> Receipt:
        if job.lease.resume_id == ids[0]:
            return Failed("no-text", "Nothing.", retryable=False)
        return Lost() if job.lease.resume_id == ids[1] else Done({}, {})

    bench.stages.acts["normalise"] = act
    bench.dispatch.wake()
    await settle()
    assert [len(packet) for packet in bench.stages.seen("embed")] == [6]
    assert bench.jobs.states() == {"failed": 1, "running": 1, "succeeded": 6}
    assert bench.lost() == 1


@held
async def test_a_packet_of_which_nothing_is_left_takes_no_further_stage(bench: Bench) -> None:
    """No call is made for nobody."""
    in_read(bench, Failed("corrupt", "d", retryable=False))
    bench.jobs.add(3, Lane.BULK)
    bench.dispatch.wake()
    await settle()
    assert [name for name, _ in bench.stages.calls] == ["read"]


@held
async def test_deaths_make_suspects_that_run_alone_one_at_a_time(bench: Bench) -> None:
    """In the process that holds nothing else; their neighbours do not pay for them."""
    in_read(bench, WorkerDied())
    bench.jobs.add(3, Lane.BULK)
    gate = bench.suspects.hold("read")
    bench.dispatch.wake()
    await settle()
    assert {row.suspicions for row in bench.jobs.rows.values()} == {1}
    assert [len(packet) for packet in bench.suspects.seen("read")] == [1]
    gate.set()
    await bench.clock.advance(POLL_S)
    await bench.clock.advance(POLL_S)
    assert bench.jobs.states() == {"succeeded": 3}
    assert [len(packet) for packet in bench.suspects.seen("read")] == [1, 1, 1]


@held
async def test_who_dies_alone_is_known_by_that(bench: Bench) -> None:
    """Its worker is replaced, and the death counts against the document."""
    bench.suspects.acts["read"] = lambda job: WorkerDied()
    bench.jobs.add(suspicions=1)
    bench.dispatch.wake()
    await settle()
    (row,) = bench.jobs.rows.values()
    assert (row.state, row.suspicions) == (JobState.RETRY_WAIT, 2)
    assert bench.suspects.discarded == 1


@held
async def test_one_bad_save_among_eight_costs_its_own_job(bench: Bench) -> None:
    """PostgreSQL refuses one profile: that job is dead, its neighbours are saved and are not called lost."""
    ids = bench.jobs.add(8, Lane.BULK)
    bench.stages.acts["save"] = lambda job: (
        Verdict.REFUSED if job.lease.resume_id == ids[3] else Done({}, {})  # type: ignore[return-value]
    )
    bench.dispatch.wake()
    await settle()
    assert bench.jobs.states() == {"succeeded": 7, "dead": 1}
    assert bench.lost() == 0


@held
async def test_a_save_that_was_not_answered_is_tried_again_and_the_answered_ones_are_not(
    bench: Bench,
) -> None:
    """The writer answered for six; PostgreSQL went away before the other two."""
    ids = bench.jobs.add(8, Lane.BULK)
    unanswered = set(ids[6:])

    def act(job: ClaimedJob) -> Receipt:
        if job.lease.resume_id in unanswered:
            return Failed("database-unavailable", "Away.", retryable=True)
        return Done({}, {})

    bench.stages.acts["save"] = act
    bench.dispatch.wake()
    await settle()
    assert bench.jobs.states() == {"succeeded": 6, "running": 2}
    unanswered.clear()
    await bench.clock.advance(1)
    assert bench.jobs.states() == {"succeeded": 8}
    assert [len(packet) for packet in bench.stages.seen("save")][:2] == [8, 2]


@held
async def test_a_writer_that_dies_is_asked_again_while_the_leases_are_ours(bench: Bench) -> None:
    """Nothing is computed twice: only the save is made again."""
    bench.stages.acts["save"] = lambda job: WorkerDied()
    bench.jobs.add()
    bench.dispatch.wake()
    await bench.clock.advance(2)
    tries = len(bench.stages.seen("save"))
    assert tries >= 3
    del bench.stages.acts["save"]
    await bench.clock.advance(1)
    assert bench.jobs.states() == {"succeeded": 1}
    assert len(bench.stages.seen("read")) == 1


@held
async def test_what_is_lost_while_the_writer_is_away_is_let_go_and_counted_once(bench: Bench) -> None:
    """A peer has the job: no further save is tried."""
    bench.stages.acts["save"] = lambda job: WorkerDied()
    (id_,) = bench.jobs.add()
    bench.dispatch.wake()
    await bench.clock.advance(0.1)
    (lease,) = bench.jobs.renew(ME)
    bench.jobs.take_away(id_)
    bench.dispatch.lose({lease})
    tries = len(bench.stages.seen("save"))
    await bench.clock.advance(5)
    assert len(bench.stages.seen("save")) == tries
    assert (bench.lost(), bench.dispatch.in_hand()) == (1, 0)


@held
async def test_what_is_lost_during_its_save_is_counted_once(bench: Bench) -> None:
    """The keeper told first, the fence second."""
    gate = bench.stages.hold("save")
    ids = bench.jobs.add(2, Lane.BULK)
    bench.dispatch.wake()
    await settle()
    lease = next(lease for lease in bench.jobs.renew(ME) if lease.resume_id == ids[0])
    bench.jobs.take_away(ids[0])
    bench.dispatch.lose({lease})
    gate.set()
    await settle()
    assert (bench.lost(), bench.settled("succeeded")) == (1, 1)


@held
async def test_a_lease_that_the_fence_refuses_is_counted_once(bench: Bench) -> None:
    """Nobody had told before."""
    gate = bench.stages.hold("save")
    (id_,) = bench.jobs.add()
    bench.dispatch.wake()
    await settle()
    bench.jobs.take_away(id_)
    gate.set()
    await settle()
    assert (bench.lost(), bench.settled("lease_lost")) == (1, 1)


@held
async def test_a_lost_packet_ends_its_own_task_and_no_other(bench: Bench) -> None:
    """What still waits in a stage for a lost job is cancelled."""
    bench.stages.hold("read")
    bench.jobs.add(2)
    bench.dispatch.wake()
    await settle()
    first, second = sorted(bench.jobs.renew(ME), key=lambda lease: lease.resume_id)
    bench.dispatch.lose({first})
    await settle()
    assert bench.dispatch.at_work() == {second}
    assert bench.lost() == 1


@held
async def test_what_is_not_ours_cannot_be_lost(bench: Bench) -> None:
    """A keeper's word that comes late changes nothing."""
    bench.jobs.add()
    bench.dispatch.wake()
    await settle()
    (row,) = bench.jobs.rows.values()
    bench.dispatch.lose({Lease(row.id, row.epoch)})
    assert bench.lost() == 0


@held
async def test_a_job_that_settles_while_the_keeper_asks_is_not_lost(bench: Bench) -> None:
    """It ends between the keeper's look at what is driven and PostgreSQL's answer, which does not list it."""
    gate = bench.stages.hold("save")
    bench.jobs.add()
    bench.dispatch.wake()
    await settle()
    told: list[object] = []
    keeper = LeaseKeeper(
        bench.jobs,
        Held(),
        heartbeat_s=5,
        give_up_s=50,
        works_on=bench.dispatch.works_on,
        at_work=bench.dispatch.at_work,
        on_lost=told.append,
        monotonic=bench.clock.monotonic,
    )
    assert bench.dispatch.at_work() == set()  # it is being saved: the writer's word decides
    bench.jobs.saved(next(iter(bench.jobs.renew(ME))))
    bench.clock.now += 6
    keeper.tick()
    assert told == []
    gate.set()
    await settle()
    assert bench.lost() == 1  # our twin of a writer was fenced, which is its word


class Held:
    """A lock that nobody takes away."""

    owner = ME

    def acquire(self) -> None: ...

    def held(self) -> bool:
        return True

    def close(self) -> None: ...


@held
async def test_an_outage_while_claiming_is_waited_out(bench: Bench) -> None:
    """Again and again, ever later, and no claim is forgotten."""
    bench.jobs.away = True
    bench.jobs.add()
    bench.dispatch.wake()
    await bench.clock.advance(10)
    assert 8 <= bench.jobs.asked <= 30
    bench.jobs.away = False
    await bench.clock.advance(1)
    assert bench.jobs.states() == {"succeeded": 1}


@held
async def test_an_outage_while_settling_is_waited_out(bench: Bench) -> None:
    """What became of the job is told when PostgreSQL is back."""
    gate = bench.stages.hold("read")
    in_read(bench, Failed("corrupt", "d", retryable=False))
    bench.jobs.add()
    bench.dispatch.wake()
    await settle()
    bench.jobs.away = True
    gate.set()
    await bench.clock.advance(3)
    assert bench.dispatch.in_hand() == 1
    bench.jobs.away = False
    await bench.clock.advance(1)
    assert bench.jobs.states() == {"failed": 1}


@held
async def test_draining_finishes_what_it_can_and_puts_the_rest_back(bench: Bench) -> None:
    """Nothing is lost by it: a redeploy rings no alarm, and burns no attempt."""
    bench.stages.hold("embed")
    bench.jobs.add()
    bench.dispatch.wake()
    await settle()
    later = asyncio.create_task(bench.dispatch.drain(0.01))
    await asyncio.wait([later], timeout=5)
    assert bench.jobs.states() == {"queued": 1}
    assert bench.lost() == 0
    bench.jobs.add()
    bench.dispatch.wake()
    await settle()
    assert bench.jobs.states() == {"queued": 2}


@held
async def test_stages_are_told_in_batches_and_bulks_only_when_they_last(bench: Bench) -> None:
    """Somebody watches an upload; nobody follows each member of an archive."""
    bench.stages.hold("embed")
    online = bench.jobs.add(2)
    bulk = bench.jobs.add(2, Lane.BULK)
    bench.dispatch.wake()
    await bench.clock.advance(1)
    assert bench.jobs.shown == [[(id_, Stage.EMBED) for id_ in online]]
    await bench.clock.advance(6)
    assert bench.jobs.shown[1:] == [[(id_, Stage.EMBED) for id_ in bulk]]


@held
async def test_news_are_dropped_with_an_outage(bench: Bench) -> None:
    """They are no truth: nothing waits for them."""
    bench.stages.hold("read")
    bench.jobs.add()
    bench.dispatch.wake()
    await settle()
    bench.jobs.away = True
    await bench.clock.advance(1)
    bench.jobs.away = False
    await bench.clock.advance(1)
    assert bench.jobs.shown == []
