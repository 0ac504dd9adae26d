"""What each receipt, verdict and death means for a job: no loop, no queue."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from pipeline.domain.job import ClaimedJob
from pipeline.domain.journey import Lane, Lease
from pipeline.domain.receipt import Broken, Done, Failed, Lost, Receipt, Waiting
from pipeline.domain.result import Verdict
from pipeline.domain.upload import StoredUpload
from pipeline.orchestration.core.drive import (
    PACKET,
    RUNS_OF_A_BUG,
    ComeBack,
    Drive,
    EndAsDead,
    EndAsFailed,
    EndAsSaved,
    LetGo,
    RunAgain,
    after_death,
    after_error,
    after_save,
    move_of,
    packets_of,
)


def job(number: int) -> ClaimedJob:
    id_ = UUID(int=number)
    upload = StoredUpload(id_, f"resumes/{id_}", "0" * 64, 1, "application/pdf", date(2026, 1, 1))
    return ClaimedJob(Lease(id_, 1), upload, Lane.BULK, 1, 0)


@pytest.mark.parametrize(
    ("receipt", "move"),
    [
        (Lost(), LetGo()),
        (Waiting("quota", 30), ComeBack("quota", 30)),
        (Failed("corrupt", "It is damaged.", retryable=False), EndAsFailed("corrupt", "It is damaged.")),
    ],
)
def test_a_receipt_says_what_the_queue_is_told(receipt: Receipt, move: object) -> None:
    """Whatever the attempt."""
    assert not isinstance(receipt, Done)
    assert [move_of(receipt, attempt=n) for n in (1, 19)] == [move, move]


def test_what_passes_is_tried_again_later_each_time() -> None:
    """A store that is away, a reader that is: between one and two, two and four, … at most 60 seconds."""
    moves = [move_of(Failed("object-store", "Away.", retryable=True), attempt=n) for n in (1, 2, 5, 6, 100)]
    delays = [move.delay_s for move in moves if isinstance(move, RunAgain)]
    for delay, longest in zip(delays, (2, 4, 32, 60, 60), strict=True):
        assert longest / 2 <= delay <= longest


def test_a_bug_is_run_again_twice() -> None:
    """Then the job is dead, and what it died of is named."""
    moves = [move_of(Broken("KeyError"), attempt=n) for n in range(1, RUNS_OF_A_BUG + 1)]
    assert [type(move) for move in moves] == [RunAgain, RunAgain, EndAsDead]
    assert isinstance(moves[-1], EndAsDead)
    assert "KeyError" in moves[-1].detail


def test_what_got_lost_on_the_way_is_run_again_however_often() -> None:
    """No bug of a stage's is behind it."""
    assert isinstance(after_error("OwnerDiedError", attempt=19, lost=True), RunAgain)


def test_a_death_in_company_suspects_and_a_death_alone_counts() -> None:
    """The first is run again at once, alone."""
    together, alone = after_death(alone=False), after_death(alone=True)
    assert isinstance(together, RunAgain)
    assert isinstance(alone, RunAgain)
    assert (together.suspect, together.died_alone, together.delay_s) == (True, False, 0.0)
    assert (alone.suspect, alone.died_alone, alone.delay_s) == (True, True, 1.0)


def test_a_verdict_ends_the_job() -> None:
    """Saved it is over; refused it is ours to answer for; without the lease it is another's."""
    assert after_save(Verdict.SAVED) == EndAsSaved()
    assert after_save(Verdict.LEASE_LOST) == LetGo()
    assert isinstance(after_save(Verdict.REFUSED), EndAsDead)


@pytest.mark.parametrize(
    ("lane", "suspects", "sizes"),
    [
        (Lane.ONLINE, False, [1] * 11),
        (Lane.BULK, False, [PACKET, 3]),
        (Lane.BULK, True, [1] * 11),
    ],
)
def test_jobs_travel_in_packets_of_their_lane(lane: Lane, suspects: bool, sizes: list[int]) -> None:
    """In the order of the claim."""
    packets = packets_of([job(n) for n in range(11)], lane, suspects=suspects, started=0.0)
    assert [len(packet.jobs) for packet in packets] == sizes
    assert [one.lease.resume_id.int for packet in packets for one in packet.jobs] == list(range(11))


def test_what_the_stages_took_adds_up() -> None:
    """A job's versions and seconds by stage, in one."""
    drive = Drive(Lane.BULK, False, [job(1)], 0.0)
    drive.passed(job(1), Done({"read": "a"}, {"read": 1.0}))
    drive.passed(job(1), Done({"embed": "b"}, {"embed": 2.0}))
    assert drive.done == {job(1).lease: Done({"read": "a", "embed": "b"}, {"read": 1.0, "embed": 2.0})}
