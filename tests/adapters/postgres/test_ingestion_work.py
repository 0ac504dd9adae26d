"""The workers' side of bulk ingestion: claims, fences, progress, and every way that work goes back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from pipeline.adapters.postgres import leases
from pipeline.adapters.postgres.ingestion_work import IngestionWork
from pipeline.adapters.postgres.ingestions import Ingestions
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.adapters.postgres.owner import OwnerLock
from pipeline.domain.errors import LeaseLost
from pipeline.domain.ingestion import IngestionState, Outcome, RefusedMember, Shard, SourceKind
from pipeline.domain.journey import Lane
from tests.adapters.postgres.factories import OWNER, sql
from tests.adapters.postgres.ingestion_factories import (
    DAY,
    accepted,
    claim_one,
    claimed_listing,
    eventually,
    listed,
    member,
    ordinals,
    refused,
    store_all,
)


@pytest.fixture
def work(engine: Engine) -> IngestionWork:
    return IngestionWork(engine)


@pytest.fixture
def owner(database_url: str) -> Iterator[OwnerLock]:
    lock = OwnerLock(database_url)
    lock.acquire()
    yield lock
    lock.close()


def state(engine: Engine, id_: UUID) -> IngestionState:
    row = Ingestions(engine).get(id_)
    assert row is not None
    return row.state


def stored(engine: Engine) -> int:
    return int(sql(engine, "SELECT count(*) AS n FROM applications")[0].n)


def give_grace(monkeypatch: pytest.MonkeyPatch, time: float) -> None:
    """How long after a restart of the server its owners may take their locks again."""
    monkeypatch.setattr(leases, "RELOCK_GRACE_S", time)


# Listing


def test_listings_are_claimed_once_and_the_oldest_first(engine: Engine, work: IngestionWork) -> None:
    """Each by one owner, with what there is to know of its source."""
    first = Ingestions(engine).create("s3://b/one/", as_of_date=DAY, job_post_id="nurse-7")
    second = Ingestions(engine).create("upload:two.zip", as_of_date=DAY, object_key="archives/two")
    one, two = work.claim_listing(OWNER), work.claim_listing(OWNER + 1)
    assert one is not None
    assert two is not None
    assert (one.ingestion_id, one.source, one.job_post_id, one.object_key) == (
        first,
        "s3://b/one/",
        "nurse-7",
        None,
    )
    assert (two.ingestion_id, two.object_key, two.attempt) == (second, "archives/two", 1)
    assert work.claim_listing(OWNER) is None


def test_shards_wait_for_the_end_of_their_listing(engine: Engine, work: IngestionWork) -> None:
    """An archive that is rejected in its last member must not have been stored in part."""
    listing = claimed_listing(engine)
    work.begin_listing(listing, "key")
    work.add_shards(listing, 0, [[member(0)], [member(1)]])
    assert work.claim_shards(OWNER, 10) == []
    work.end_listing(listing, 2, SourceKind.ZIP, sequential=False)
    assert len(work.claim_shards(OWNER, 10)) == 2


def test_a_second_listing_drops_what_the_first_one_left(engine: Engine, work: IngestionWork) -> None:
    """A worker that died half way leaves shards; whoever lists again begins anew and counts each member once."""
    listing = claimed_listing(engine)
    work.begin_listing(listing, "key")
    work.add_shards(listing, 0, [[member(0)], [member(1)]])
    work.list_again(listing, seconds=0)
    again = work.claim_listing(OWNER)
    assert again is not None
    assert (again.epoch, again.attempt) == (listing.epoch + 1, 2)
    assert work.begin_listing(again, "key") is None
    work.add_shards(again, 0, [[member(0)]])
    work.end_listing(again, 1, SourceKind.ZIP, sequential=False)
    assert len(store_all(engine)) == 1


def test_a_listing_that_is_given_back_is_due_later(engine: Engine, work: IngestionWork) -> None:
    """Nobody claims it before."""
    listing = claimed_listing(engine)
    work.list_again(listing, seconds=60)
    assert work.claim_listing(OWNER) is None
    sql(engine, "UPDATE ingestions SET run_at = now()")
    assert work.claim_listing(OWNER) is not None


def test_a_stale_listing_writes_nothing(engine: Engine, work: IngestionWork) -> None:
    """Its owner was taken for dead and another lists: every write of the first one is refused."""
    stale = claimed_listing(engine)
    work.begin_listing(stale, "key")
    assert work.reap({OWNER}) == 1
    for call in (
        lambda: work.begin_listing(stale, "other"),
        lambda: work.add_shards(stale, 0, [[member(0)]]),
        lambda: work.end_listing(stale, 1, SourceKind.ZIP, sequential=False),
    ):
        with pytest.raises(LeaseLost):
            call()
        work.claim_listing(OWNER + 1)
    assert sql(engine, "SELECT 1 FROM ingestion_shards") == []
    work.list_again(stale, seconds=0)
    assert sql(engine, "SELECT owner FROM ingestions")[0].owner == OWNER + 1


def test_the_same_source_is_the_ingestion_that_it_was(engine: Engine, work: IngestionWork) -> None:
    """A re-run ends at once, has nothing of its own, and names the first."""
    first = listed(engine, 3)
    again = claimed_listing(engine)
    assert work.begin_listing(again, "key") == first
    row = Ingestions(engine).get(again.ingestion_id)
    assert row is not None
    assert (row.state, row.same_as, row.members) == (IngestionState.COMPLETED, first, 0)
    assert row.completed_at is not None
    with pytest.raises(LeaseLost):
        work.add_shards(again, 0, [[member(0)]])


def test_a_run_that_became_another_ones_is_found_by_no_key(engine: Engine, work: IngestionWork) -> None:
    """Its first try saw the source under another key, which is nobody's now: that source may be ingested."""
    first = listed(engine, 1, key="new")
    changing = claimed_listing(engine)
    work.begin_listing(changing, "old")
    work.list_again(changing, seconds=0)
    changing = work.claim_listing(OWNER)  # type: ignore[assignment]
    assert work.begin_listing(changing, "new") == first
    assert work.begin_listing(claimed_listing(engine), "old") is None


def test_two_runs_of_one_source_at_once_are_one(engine: Engine, work: IngestionWork) -> None:
    """Whoever comes second finds the first, however close they are."""
    for n in range(10):
        runs = [claimed_listing(engine, owner=OWNER + i) for i in range(2)]
        barrier = Barrier(2)

        def begin(i: int, n: int = n, runs: list = runs, barrier: Barrier = barrier) -> UUID | None:  # type: ignore[type-arg]
            barrier.wait()
            return work.begin_listing(runs[i], f"source {n}")

        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(begin, range(2)))
        assert sorted(found, key=str) == sorted(
            [None, *(run.ingestion_id for i, run in enumerate(runs) if found[i] is None)], key=str
        )


def test_an_uploaded_archive_keeps_the_key_it_came_with(engine: Engine, work: IngestionWork) -> None:
    """Its bytes were compared when they came; the listing neither renames nor supersedes it."""
    listed(engine, 1, key="what the listing finds")
    id_ = Ingestions(engine).create(
        "upload:a.zip", as_of_date=DAY, object_key="archives/a", content_sha256="ab" * 32
    )
    key = sql(engine, "SELECT source_key FROM ingestions WHERE id = :id", id=id_)[0].source_key
    listing = work.claim_listing(OWNER)
    assert listing is not None
    assert work.begin_listing(listing, "what the listing finds") is None
    assert sql(engine, "SELECT source_key FROM ingestions WHERE id = :id", id=id_)[0].source_key == key


def test_a_rejected_source_may_be_tried_again(engine: Engine, work: IngestionWork) -> None:
    """Its reason stays; what was listed of it is not stored; its key is free."""
    listing = claimed_listing(engine)
    work.begin_listing(listing, "key")
    work.add_shards(listing, 0, [[member(0)]])
    work.reject(listing, code="archive-rejected", detail="It is damaged.")
    row = Ingestions(engine).get(listing.ingestion_id)
    assert row is not None
    assert (row.state, row.error_code, row.error_detail) == (
        IngestionState.REJECTED,
        "archive-rejected",
        "It is damaged.",
    )
    assert work.claim_shards(OWNER, 10) == []
    assert work.begin_listing(claimed_listing(engine), "key") is None


def test_an_ended_ingestion_is_not_rejected(engine: Engine, work: IngestionWork) -> None:
    """A receipt that comes late changes nothing."""
    listing = claimed_listing(engine)
    Ingestions(engine).cancel(listing.ingestion_id)
    work.reject(listing, code="archive-rejected", detail="It is damaged.")
    assert state(engine, listing.ingestion_id) is IngestionState.CANCELLED


# Shards


def test_shards_are_claimed_once_and_in_order(engine: Engine, work: IngestionWork) -> None:
    """One of each ingestion first, in the order of their age; two owners share without overlap."""
    first = listed(engine, 1, 1, 1)
    second = listed(engine, 1, source="s3://b/other/", key="other")
    mine = work.claim_shards(OWNER, 2)
    rest = work.claim_shards(OWNER + 1, 10)
    claims = {(shard.ingestion_id, shard.shard_no): shard.owner for shard in mine + rest}
    assert claims == {(first, 0): OWNER, (second, 0): OWNER, (first, 1): OWNER + 1, (first, 2): OWNER + 1}
    assert work.claim_shards(OWNER, 10) == []


def test_claimers_at_work_at_once_share_without_overlap(engine: Engine, work: IngestionWork) -> None:
    """Four threads, forty shards: each is claimed once."""
    id_ = listed(engine, *[1] * 40)

    def claim(owner: int) -> list[int]:
        mine: list[int] = []
        while taken := work.claim_shards(owner, 3):
            mine += [shard.shard_no for shard in taken]
        return mine

    with ThreadPoolExecutor(4) as pool:
        shares = list(pool.map(claim, range(1, 5)))
    assert sorted(number for share in shares for number in share) == list(range(40))
    assert work.queued_members(id_, 0) is not None


def test_a_small_archive_does_not_wait_for_the_end_of_a_large_one(
    engine: Engine, work: IngestionWork
) -> None:
    """Of two, the one of which less runs is claimed, and its first members go before the other's later ones."""
    large = listed(engine, 40, 40, 40, key="large")
    first, second = work.claim_shards(OWNER, 2)
    for shard in (first, second):
        work.store(shard, [accepted(one, job_post_id="large") for one in work.members(shard)], [])
    small = listed(engine, 1, source="s3://b/one/", key="small")
    (next_,) = work.claim_shards(OWNER, 1)
    assert next_.ingestion_id == small
    (one,) = [accepted(one, "another") for one in work.members(next_)]
    work.store(next_, [one], [])
    assert [shard.ingestion_id for shard in work.claim_shards(OWNER, 1)] == [large]
    queue = JobQueue(engine, lease_s=60)
    claimed = queue.claim(OWNER, Lane.BULK, 20)
    assert one.resume_id in [job.lease.resume_id for job in claimed], "it came 81st"


def test_a_sequential_source_is_read_by_one_worker_in_order(engine: Engine, work: IngestionWork) -> None:
    """One shard of it at a time; whoever is done with one goes on with the next, until there is none."""
    listed(engine, 1, 1, 1, sequential=True)
    shards = work.claim_shards(OWNER, 10)
    assert [shard.shard_no for shard in shards] == [0]
    assert work.claim_shards(OWNER + 1, 10) == []
    current: Shard | None = shards[0]
    seen = []
    while current is not None:
        seen.append(current.shard_no)
        work.store(current, [accepted(one) for one in work.members(current)], [])
        current = work.claim_next(current)
    assert seen == [0, 1, 2]
    assert stored(engine) == 3


def test_the_next_shard_of_a_sequential_source_may_be_anothers(engine: Engine, work: IngestionWork) -> None:
    """A worker between two shards finds that another one went on: it stops."""
    listed(engine, 1, 1, sequential=True)
    first = claim_one(engine)
    work.store(first, [accepted(one) for one in work.members(first)], [])
    assert claim_one(engine, owner=OWNER + 1).shard_no == 1
    assert work.claim_next(first) is None


def test_progress_is_kept_with_what_was_stored(engine: Engine, work: IngestionWork) -> None:
    """A shard that is run again begins behind its last batch, and counts its tries from there."""
    id_ = listed(engine, 4)
    shard = claim_one(engine)
    members = work.members(shard)
    assert ordinals(members) == [0, 1, 2, 3]
    work.store(shard, [accepted(members[0])], [refused(members[1], Outcome.SKIPPED, "symlink")])
    work.give_back(shard, seconds=0, burn=True)
    again = claim_one(engine)
    assert (again.position, again.attempt, again.epoch) == (2, 2, shard.epoch + 1)
    assert ordinals(work.members(again)) == ordinals(work.queued_members(id_, 0) or []) == [2, 3]
    work.store(again, [accepted(one) for one in work.members(again)], [])
    assert work.queued_members(id_, 0) is None
    with pytest.raises(LeaseLost):
        work.members(again)


@pytest.mark.parametrize(("burn", "attempts"), [(True, [1, 2, 3]), (False, [1, 1, 1])])
def test_only_a_death_counts_against_a_shard(
    engine: Engine, work: IngestionWork, burn: bool, attempts: list[int]
) -> None:
    """An outage gives the run back; a process that died of a member does not."""
    listed(engine, 1)
    seen = []
    for _ in range(3):
        shard = claim_one(engine)
        seen.append(shard.attempt)
        work.give_back(shard, seconds=0, burn=burn)
    assert seen == attempts


def test_a_shard_that_is_given_back_is_due_later(engine: Engine, work: IngestionWork) -> None:
    """Nobody claims it before."""
    listed(engine, 1)
    work.give_back(claim_one(engine), seconds=60, burn=False)
    assert work.claim_shards(OWNER, 1) == []


def test_a_stale_shard_writes_nothing(engine: Engine, work: IngestionWork) -> None:
    """Its owner was taken for dead: whether the shard waits or another has it, its batch is refused whole."""
    id_ = listed(engine, 2)
    stale = claim_one(engine)
    members = work.members(stale)
    batch = [accepted(members[0])], [refused(members[1], Outcome.FAILED, "empty")]
    assert work.reap({OWNER}) == 1
    with pytest.raises(LeaseLost):
        work.store(stale, *batch)
    fresh = claim_one(engine, owner=OWNER + 1)
    with pytest.raises(LeaseLost):
        work.store(stale, *batch)
    work.give_back(stale, seconds=0, burn=True)
    assert (stored(engine), list(Ingestions(engine).errors(id_))) == (0, [])
    work.store(fresh, *batch)
    assert (stored(engine), len(Ingestions(engine).errors(id_))) == (1, 1)


def test_a_store_that_races_with_the_loss_of_its_shard_lands_once(
    engine: Engine, work: IngestionWork
) -> None:
    """Two workers, one shard, real threads: either the stale one moved it and the fresh one goes on, or it lost."""
    for n in range(15):
        id_ = listed(engine, 2, key=f"key {n}", source=f"s3://b/{n}/")
        stale = claim_one(engine)
        batch = [accepted(one, f"{n} {one.ordinal}") for one in work.members(stale)]

        def take_over(id_: UUID = id_, n: int = n) -> None:
            work.reap({OWNER})
            for shard in work.claim_shards(OWNER + 1, 1):
                work.store(shard, [accepted(one, f"{n} {one.ordinal}") for one in work.members(shard)], [])

        def old(stale: Shard = stale, batch: list = batch) -> None:  # type: ignore[type-arg]
            try:
                work.store(stale, batch, [])
            except LeaseLost:
                return

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(take_over), pool.submit(old)]:
                done.result()
        take_over()
        progress = Ingestions(engine).progress(id_)
        assert progress is not None
        assert (progress.accepted, progress.duplicate, progress.not_started) == (2, 0, 0)


def test_what_is_stored_is_a_job_of_the_bulk_lane(engine: Engine, work: IngestionWork) -> None:
    """With its member, its job post, and its address in lower case."""
    id_ = listed(engine, 1)
    shard = claim_one(engine)
    made = accepted(member(0, email="Ada@Example.org", external_id="x-1", job_post_id="nurse-7"))
    work.store(shard, [made], [])
    assert JobQueue(engine).claim(OWNER, Lane.ONLINE, 10) == []
    (job,) = JobQueue(engine).claim(OWNER, Lane.BULK, 10)
    assert job.lease.resume_id == made.resume_id
    row = sql(engine, "SELECT * FROM applications")[0]
    assert (row.ingestion_id, row.ingestion_member, row.filename) == (id_, "0", "cvs/0.pdf")
    assert (row.email, row.external_id, row.job_post_id) == ("ada@example.org", "x-1", "nurse-7")
    assert row.as_of_date == DAY


def test_equal_bytes_for_one_post_and_person_are_one_application(engine: Engine, work: IngestionWork) -> None:
    """Others are several. The later members name the first one's application."""
    id_ = listed(engine, 5)
    shard = claim_one(engine)
    batch = [
        accepted(member(0), "same"),
        accepted(member(1), "same"),
        accepted(member(2, job_post_id="nurse-7"), "same"),
        accepted(member(3, external_id="x-1"), "same"),
        accepted(member(4), "other"),
    ]
    lost = work.store(shard, batch, [])
    assert [one.member.ordinal for one in lost] == [1]
    (error,) = Ingestions(engine).errors(id_)
    assert (error.member, error.outcome, error.resume_id) == (1, "duplicate", batch[0].resume_id)
    assert stored(engine) == 4


def test_two_batches_with_members_in_common_do_not_wait_for_each_other(
    engine: Engine, work: IngestionWork
) -> None:
    """The same bytes for many persons, stored from both ends at once: a deadlock would end one of them."""
    for n in range(3):
        id_ = listed(engine, 400, 400, key=f"key {n}", source=f"s3://b/{n}/")
        shards = work.claim_shards(OWNER, 2)
        barrier = Barrier(2)

        def store(shard: Shard, n: int = n, barrier: Barrier = barrier) -> int:
            places = range(400) if shard.shard_no else reversed(range(400))
            batch = [
                accepted(member(400 * shard.shard_no + i, external_id=f"x-{person}"), f"same {n}")
                for i, person in enumerate(places)
            ]
            barrier.wait()
            return len(work.store(shard, batch, []))

        with ThreadPoolExecutor(2) as pool:
            assert sum(pool.map(store, shards)) == 400
        progress = Ingestions(engine).progress(id_)
        assert progress is not None
        assert (progress.accepted, progress.duplicate) == (400, 400)


def test_the_same_bytes_in_two_ingestions_are_two_applications(engine: Engine, work: IngestionWork) -> None:
    """Only within one ingestion is a member a duplicate."""
    for key in ("one", "two"):
        listed(engine, 1, key=key)
        shard = claim_one(engine)
        assert work.known(shard, [(accepted(member(0)).content_sha256, None, None)]) == {}
        assert work.store(shard, [accepted(member(0))], []) == []
    assert stored(engine) == 2


def test_what_is_known_is_told_by_its_place(engine: Engine, work: IngestionWork) -> None:
    """Before anything is written to the object store for it; of nothing, nothing."""
    listed(engine, 1, 1)
    first, second = work.claim_shards(OWNER, 2)
    made = accepted(member(0), "same")
    work.store(first, [made], [])
    digest = made.content_sha256
    assert work.known(second, [("0" * 64, None, None), (digest, None, None), (digest, "post", None)]) == {
        1: made.resume_id
    }
    assert work.known(second, []) == {}


def test_duplicates_in_two_shards_at_once_become_one(engine: Engine, work: IngestionWork) -> None:
    """Two workers store the same twenty documents at the same moment: each is an application once, and a duplicate
    once, whoever was first."""
    for n in range(5):
        id_ = listed(engine, 20, 20, key=f"key {n}", source=f"s3://b/{n}/")
        shards = work.claim_shards(OWNER, 2)
        barrier = Barrier(2)

        def store(shard: Shard, n: int = n, barrier: Barrier = barrier) -> int:
            members = work.members(shard)
            if shard.shard_no:
                members = members[::-1]
            batch = [accepted(one, f"{n} {one.ordinal % 20}") for one in members]
            barrier.wait()
            return len(work.store(shard, batch, []))

        with ThreadPoolExecutor(2) as pool:
            lost = list(pool.map(store, shards))
        progress = Ingestions(engine).progress(id_)
        assert progress is not None
        assert (progress.accepted, progress.duplicate, sum(lost)) == (20, 20, 20)
        errors = Ingestions(engine).errors(id_)
        assert all(error.resume_id for error in errors)
        assert len({error.resume_id for error in errors}) == 20


def test_a_refused_member_says_why(engine: Engine, work: IngestionWork) -> None:
    """Its outcome, code and sentence."""
    id_ = listed(engine, 2)
    shard = claim_one(engine)
    first, second = work.members(shard)
    work.store(
        shard,
        [],
        [
            RefusedMember(first, Outcome.SKIPPED, "symlink", "It is a link."),
            RefusedMember(second, Outcome.FAILED, "empty", "The file is empty."),
        ],
    )
    shown = [
        (error.member, error.name, error.outcome, error.code, error.detail)
        for error in Ingestions(engine).errors(id_)
    ]
    assert shown == [
        (0, "cvs/0.pdf", "skipped", "symlink", "It is a link."),
        (1, "cvs/1.pdf", "failed", "empty", "The file is empty."),
    ]


# Owners and ends


def test_only_the_dead_lose_their_work(
    engine: Engine, work: IngestionWork, owner: OwnerLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An owner that holds its lock keeps its listing and shards; without it both are claimable again."""
    give_grace(monkeypatch, 0)
    listed(engine, 1, 1)
    mine, others = claim_one(engine, owner=owner.owner), claim_one(engine, owner=OWNER)
    listing = claimed_listing(engine, "s3://b/other/", owner=OWNER + 1)
    assert work.dead_owners() == {OWNER, OWNER + 1}
    assert work.reap(work.dead_owners()) == 2
    assert work.dead_owners() == set()
    again = work.claim_listing(owner.owner)
    assert again is not None
    assert again.ingestion_id == listing.ingestion_id
    taken = claim_one(engine, owner=owner.owner)
    assert (taken.shard_no, taken.epoch) == (others.shard_no, others.epoch + 1)
    owner.close()
    eventually(lambda: work.dead_owners() == {owner.owner})
    assert work.members(mine)


def test_after_a_restart_of_the_server_nobody_is_dead_yet(
    engine: Engine, work: IngestionWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every lock went with it: owners have a moment to take theirs again."""
    listed(engine, 1)
    claim_one(engine)
    sql(engine, "UPDATE ingestion_shards SET lease_until = pg_postmaster_start_time()")
    give_grace(monkeypatch, 86400)
    assert work.dead_owners() == set()


def test_locks_lost_with_the_server_condemn_no_ingestor_yet(
    engine: Engine, work: IngestionWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim that was last renewed before the server's start waits for its owner to take its lock again."""
    give_grace(monkeypatch, 86400)
    listed(engine, 1)
    claim_one(engine)
    sql(
        engine, "UPDATE ingestion_shards SET lease_until = pg_postmaster_start_time() + interval '59 seconds'"
    )
    assert work.dead_owners() == set()
    sql(
        engine, "UPDATE ingestion_shards SET lease_until = pg_postmaster_start_time() + interval '61 seconds'"
    )
    assert work.dead_owners() == {OWNER}


def test_reaping_nobody_changes_nothing(engine: Engine, work: IngestionWork) -> None:
    """What others hold stays theirs."""
    listed(engine, 1)
    shard = claim_one(engine)
    assert work.reap(set()) == 0
    assert work.reap({OWNER + 1}) == 0
    assert work.members(shard)


def test_an_ingestion_ends_when_its_last_resume_does(engine: Engine, work: IngestionWork) -> None:
    """Not when its last member is stored, and not before its last shard is done."""
    id_ = listed(engine, 1, 1)
    shard = claim_one(engine)
    work.store(shard, [accepted(one) for one in work.members(shard)], [])
    assert work.end_finished() == []
    store_all(engine)
    jobs = JobQueue(engine).claim(OWNER, Lane.BULK, 10)
    assert JobQueue(engine).fail(jobs[0].lease, code="corrupt", detail="It is damaged.")
    assert work.end_finished() == []
    row = Ingestions(engine).get(id_)
    assert row is not None
    assert (row.state, row.completed_at) == (IngestionState.RUNNING, None)
    assert row.stored_at is not None
    assert work.any_open()
    assert JobQueue(engine).fail(jobs[1].lease, code="corrupt", detail="It is damaged.")
    assert work.end_finished() == [id_]
    assert work.end_finished() == []
    assert not work.any_open()


def test_an_empty_source_ends_at_once(engine: Engine, work: IngestionWork) -> None:
    """Nothing to store, nothing to process."""
    id_ = listed(engine)
    assert work.end_finished() == [id_]
    progress = Ingestions(engine).progress(id_)
    assert progress is not None
    assert (progress.row.members, progress.ended) == (0, 0)


def test_nobody_stores_for_an_ingestion_that_was_cancelled(engine: Engine, work: IngestionWork) -> None:
    """Whoever has a shard of it loses it; nothing more is claimed; nobody ends it a second time."""
    id_ = listed(engine, 1, 1)
    shard = claim_one(engine)
    assert Ingestions(engine).cancel(id_)
    with pytest.raises(LeaseLost):
        work.store(shard, [accepted(member(0))], [])
    assert work.claim_shards(OWNER, 10) == []
    assert work.claim_next(shard) is None
    assert work.end_finished() == []
    assert state(engine, id_) is IngestionState.CANCELLED


def test_the_members_of_an_unknown_shard_are_none(work: IngestionWork) -> None:
    """No such ingestion."""
    assert work.queued_members(uuid4(), 0) is None
