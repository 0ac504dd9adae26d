"""Saving results: fenced, batched, and a refused row at nobody else's expense."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import Engine

from pipeline.adapters.postgres.applications import Applications
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.adapters.postgres.results import PostgresResults
from pipeline.domain.journey import JobState, Lane, Lease, Status
from pipeline.domain.result import Verdict
from tests.adapters.postgres.factories import OWNER, claimed, created, expire_lease, result, sql, unit


def test_a_saved_result_is_what_callers_read(engine: Engine) -> None:
    """Profile, pages, versions, text and chunks are all there, and the job has succeeded."""
    job = claimed(engine, email="Sender@Example.org", job_post_id="nurse-7")
    saved = PostgresResults(engine).save([result(job.lease, "Nurse in Oslo.", "Speaks Norwegian.")])
    row = Applications(engine).get(job.lease.resume_id)
    document = Applications(engine).text(job.lease.resume_id)
    assert saved == [Verdict.SAVED]
    assert row is not None
    assert (row.status, row.state, row.pages, row.versions) == (
        Status.COMPLETED,
        JobState.SUCCEEDED,
        1,
        {"read": "toy-1"},
    )
    assert row.profile is not None
    assert row.profile["person"]["name"]["full"]["value"] == "Ada Example"
    assert row.email == "sender@example.org", "what the sender gave wins"
    assert row.completed_at is not None
    assert document is not None
    assert document["pages"][0]["lines"][1]["text"] == "Speaks Norwegian."
    assert document["pages"][0]["lines"][0]["bbox"] == [0.1, 0.1, 0.9, 0.2]
    chunks = sql(engine, "SELECT * FROM chunks ORDER BY chunk_no")
    assert [(c.text, c.line_ids, c.job_post_id) for c in chunks] == [
        ("Nurse in Oslo.", [0], "nurse-7"),
        ("Speaks Norwegian.", [1], "nurse-7"),
    ]
    assert chunks[0].created_at == row.created_at


def test_binary_copy_stores_the_same_words_and_vectors_as_sql_would(engine: Engine) -> None:
    """The hand-packed tsvector and halfvec equal what PostgreSQL makes of their text forms."""
    job = claimed(engine)
    PostgresResults(engine).save([result(job.lease, "Go and Python and Go", vectors=[unit(3.0, -4.0)])])
    row = sql(
        engine,
        """SELECT tsv = CAST(:words AS tsvector) AS words,
           embedding = '[0.6,-0.8,0,0,0,0,0,0]'::halfvec AS vector, tsv::text AS shown FROM chunks""",
        words="'and':2,4 'go':1,5 'python':3",
    )[0]
    assert row.words, row.shown
    assert row.vector


def test_an_email_in_the_resume_fills_one_that_the_sender_left_out(engine: Engine) -> None:
    """An application without an e-mail address gets the profile's first one, in lower case."""
    job = claimed(engine)
    PostgresResults(engine).save([result(job.lease, email="Ada@Example.ORG")])
    row = Applications(engine).get(job.lease.resume_id)
    assert row is not None
    assert row.email == "ada@example.org"


def test_a_lost_lease_saves_nothing_and_spares_its_neighbours(engine: Engine) -> None:
    """A stale result in the middle of a batch is answered LEASE_LOST; the others land."""
    jobs = [claimed(engine, f"resume {n}") for n in range(3)]
    expire_lease(engine, jobs[1].lease.resume_id)
    JobQueue(engine).reap(set())
    verdicts = PostgresResults(engine).save([result(job.lease) for job in jobs])
    assert verdicts == [Verdict.SAVED, Verdict.LEASE_LOST, Verdict.SAVED]
    stale = Applications(engine).get(jobs[1].lease.resume_id)
    assert stale is not None
    assert (stale.state, stale.profile) == (JobState.RETRY_WAIT, None)


def test_an_older_epoch_never_saves_over_a_newer_one(engine: Engine) -> None:
    """The worker that lost its job to another is refused even while the job is running again."""
    first = claimed(engine)
    expire_lease(engine, first.lease.resume_id)
    JobQueue(engine).reap(set())
    second = JobQueue(engine).claim(OWNER + 1, Lane.ONLINE, 1, suspects=True)[0]
    store = PostgresResults(engine)
    assert second.lease == Lease(first.lease.resume_id, first.lease.epoch + 1)
    assert store.save([result(first.lease, name="Stale")]) == [Verdict.LEASE_LOST]
    assert store.save([result(second.lease, name="Fresh"), result(first.lease, name="Stale")]) == [
        Verdict.SAVED,
        Verdict.LEASE_LOST,
    ]
    row = Applications(engine).get(first.lease.resume_id)
    assert row is not None
    assert row.profile is not None
    assert row.profile["person"]["name"]["full"]["value"] == "Fresh"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a NUL \x00 in a chunk", "Ada"),
        ("fine", "NUL \x00 in the profile"),
        ("a lone \ud800 surrogate", "Ada"),
    ],
)
def test_a_row_that_postgres_refuses_costs_its_neighbours_nothing(
    engine: Engine, text: str, name: str
) -> None:
    """The bad one is REFUSED and still running under its lease; both neighbours are saved."""
    jobs = [claimed(engine, f"resume {n}") for n in range(3)]
    batch = [result(jobs[0].lease), result(jobs[1].lease, text, name=name), result(jobs[2].lease)]
    assert PostgresResults(engine).save(batch) == [Verdict.SAVED, Verdict.REFUSED, Verdict.SAVED]
    assert JobQueue(engine).held(OWNER) == {jobs[1].lease}
    assert sql(engine, "SELECT count(*) AS n FROM chunks")[0].n == 2


def test_a_vector_that_is_no_number_is_refused(engine: Engine) -> None:
    """A NaN from a broken model never reaches the index."""
    job = claimed(engine)
    broken = np.full(8, np.nan, dtype=np.float32)
    assert PostgresResults(engine).save([result(job.lease, "text", vectors=[broken])]) == [Verdict.REFUSED]


def test_a_second_run_replaces_the_chunks_of_the_first(engine: Engine) -> None:
    """Fewer chunks the second time leave none of the first behind."""
    job = claimed(engine)
    store = PostgresResults(engine)
    store.save([result(job.lease, "one", "two", "three")])
    sql(engine, "UPDATE jobs SET state = 'queued'")
    again = JobQueue(engine).claim(OWNER, Lane.ONLINE, 1)[0]
    assert store.save([result(again.lease, "only")]) == [Verdict.SAVED]
    assert [row.text for row in sql(engine, "SELECT text FROM chunks")] == ["only"]


def test_an_empty_batch_asks_nothing_of_the_database(engine: Engine) -> None:
    """No results, no verdicts."""
    assert PostgresResults(engine).save([]) == []


def test_a_resume_without_text_to_embed_is_saved(engine: Engine) -> None:
    """No chunks at all are no error."""
    job = claimed(engine)
    bare = result(job.lease)
    empty = type(bare.embedded)(model="toy/fp32", chunks=(), vectors=np.zeros((0, 8), dtype=np.float32))
    made = type(bare)(job.lease, bare.upload, bare.sections, bare.profile, empty, {}, {})
    assert PostgresResults(engine).save([made]) == [Verdict.SAVED]


def test_saving_many_is_one_transaction_in_id_order(engine: Engine) -> None:
    """Two writers with the same jobs in opposite orders do not deadlock: the locks are taken in id order."""
    jobs = [claimed(engine, f"resume {n}") for n in range(20)]
    store = PostgresResults(engine)
    verdicts = store.save([result(job.lease) for job in reversed(jobs)])
    assert verdicts == [Verdict.SAVED] * 20
    assert created(engine) is not None
