"""A packet's jobs share a call and nothing else: what happens to one costs the others nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import Engine

from pipeline.domain.errors import EmptyDocument, LeaseLost, NotYet, TransientError
from pipeline.domain.job import ClaimedJob
from pipeline.domain.receipt import Answers, Broken, Done, Failed, Lost, Waiting
from pipeline.domain.result import Verdict
from pipeline.orchestration.ray.deployments import ChunkEmbedder, ResumeWriter, _answers
from pipeline.orchestration.ray.packets import packed, unpacked
from tests.adapters.postgres.factories import claimed, result, sectioned, sql


def claim(engine: Engine, count: int) -> list[ClaimedJob]:
    return [claimed(engine, f"resume {number}") for number in range(count)]


def test_each_job_has_its_own_receipt(engine: Engine) -> None:
    """Whatever a job raises is its own, a bug too; only what is done has a value."""
    raised = [
        None,
        EmptyDocument(),
        TransientError("away"),
        NotYet(key="quota:x", seconds=3),
        LeaseLost(),
        KeyError(),
    ]
    jobs = claim(engine, len(raised))
    outcome = dict(zip((job.lease for job in jobs), raised, strict=True))

    async def work(job: ClaimedJob) -> tuple[Any, Done]:
        if (error := outcome[job.lease]) is not None:
            raise error
        return "value", Done({"stage": "1"}, {})

    receipts, values = asyncio.run(_answers(jobs, work, at_once=2))
    assert receipts[0] == Done({"stage": "1"}, {})
    assert [type(receipt) for receipt in receipts[1:]] == [Failed, Failed, Waiting, Lost, Broken]
    assert [getattr(receipt, "retryable", None) for receipt in receipts[1:3]] == [False, True]
    assert values == {jobs[0].lease.resume_id: "value"}


def test_no_more_are_worked_on_at_once_than_asked(engine: Engine) -> None:
    """A packet of bulk jobs leaves a reader free for whoever uploads."""
    at_work, most = 0, 0

    async def work(job: ClaimedJob) -> tuple[Any, Done]:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(0.01)
        at_work -= 1
        return None, Done({}, {})

    asyncio.run(_answers(claim(engine, 6), work, at_once=2))
    assert most == 2


def test_a_document_that_breaks_the_embedder_costs_its_neighbours_nothing(
    engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is broken; one whose lease is lost is lost; the others have their vectors, which are kept."""
    monkeypatch.setenv("DB_URL", database_url)
    jobs = claim(engine, 4)
    texts: dict[Any, Any] = {job.lease.resume_id: sectioned("Builds engines in Go.") for job in jobs}
    texts[jobs[1].lease.resume_id] = None
    sql(engine, "UPDATE jobs SET lease_epoch = 99 WHERE application_id = :id", id=jobs[2].lease.resume_id)

    async def run() -> Answers:
        return await ChunkEmbedder().run(jobs, Answers((), packed(texts)))

    answers = asyncio.run(run())
    assert [type(receipt) for receipt in answers.receipts] == [Done, Broken, Lost, Done]
    assert unpacked(answers.values).keys() == {
        jobs[0].lease.resume_id,
        jobs[3].lease.resume_id,
    }
    kept = sql(engine, "SELECT count(*) AS n FROM checkpoints WHERE stage = 'embed' AND state = 'done'")
    assert kept[0].n == 2


def handed(jobs: list[ClaimedJob]) -> list[Answers]:
    """What the stages before the writer handed on, one good result each."""
    results = {job.lease.resume_id: result(job.lease) for job in jobs}
    return [
        Answers((), packed({id_: one.sections for id_, one in results.items()})),
        Answers((), packed({id_: one.profile.model_dump_json() for id_, one in results.items()})),
        Answers((), packed({id_: one.embedded for id_, one in results.items()})),
    ]


def test_one_bad_save_costs_its_neighbours_nothing(
    engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its profile is none: it is refused, and the others are saved, or told that their lease is lost."""
    monkeypatch.setenv("DB_URL", database_url)
    jobs = claim(engine, 4)
    texts, profiles, embedded = handed(jobs)
    drafts = unpacked(profiles.values)
    drafts[jobs[1].lease.resume_id] = "no profile"
    sql(engine, "UPDATE jobs SET lease_epoch = 99 WHERE application_id = :id", id=jobs[2].lease.resume_id)

    async def run() -> list[Verdict | Failed]:
        done = [Done({"read": "1"}, {"read": 0.1}) for _ in jobs]
        return await ResumeWriter().run(jobs, texts, Answers((), packed(drafts)), embedded, done)

    assert asyncio.run(run()) == [
        Verdict.SAVED,
        Verdict.REFUSED,
        Verdict.LEASE_LOST,
        Verdict.SAVED,
    ]


def test_an_outage_refuses_no_save(
    engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is told to come again."""
    monkeypatch.setenv("DB_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    jobs = claim(engine, 2)

    async def run() -> list[Verdict | Failed]:
        done = [Done({"read": "1"}, {"read": 0.1}) for _ in jobs]
        return await ResumeWriter().run(jobs, *handed(jobs), done)

    answers = asyncio.run(run())
    assert [type(answer) for answer in answers] == [Failed, Failed]
    assert all(isinstance(answer, Failed) and answer.retryable for answer in answers)
