"""What `resumes ingest --wait` and `resumes ingestion --watch` print: the truth, in a terminal and in a log."""

from __future__ import annotations

import io
import threading
import time

import pytest
from rich.console import Console
from sqlalchemy import Engine

from pipeline.adapters.postgres.ingestion_work import INGESTORS, IngestionWork
from pipeline.adapters.postgres.ingestions import Ingestions
from pipeline.adapters.postgres.owner import OwnerLock
from pipeline.cli import bulk
from pipeline.domain.errors import ConfigurationError
from pipeline.domain.ingestion import Outcome
from tests.adapters.postgres.ingestion_factories import (
    DAY,
    claim_one,
    eventually,
    listed,
    refused,
    reject_next,
)


def a_console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, color_system=None)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def end_in_steps(engine: Engine) -> None:
    """Half of the members are skipped, a moment passes, then the other half is."""
    work = IngestionWork(engine)
    shard = claim_one(engine)
    members = work.members(shard)
    half = len(members) // 2
    for part in (members[:half], members[half:]):
        work.store(shard, [], [refused(one, Outcome.SKIPPED, "unsupported-type") for one in part])
        time.sleep(0.4)
    work.end_finished()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_POLL_S", 0.02)
    monkeypatch.setattr(bulk, "_PLAIN_EVERY_S", 0.1)
    monkeypatch.setattr(bulk, "_GONE_AFTER_S", 0.3)


def followed(engine: Engine, console: Console) -> None:
    id_ = listed(engine, 8)
    worker = threading.Thread(target=end_in_steps, args=(engine,))
    worker.start()
    progress = bulk.follow(Ingestions(engine), id_, console)
    worker.join()
    assert progress is not None
    assert bulk.exit_status(progress) == bulk.ALL_WELL  # skipped members are no failures


def test_a_log_gets_plain_lines_that_follow_the_members(engine: Engine) -> None:
    """No control characters; what is said of the members never runs ahead of them."""
    console = a_console(terminal=False)
    followed(engine, console)
    lines = printed(console).splitlines()
    told = [line for line in lines if "members ended" in line]
    assert "running: 4 of 8 members ended" in "\n".join(told)
    assert told[-1].startswith("completed: 8 of 8 members ended")
    assert "\x1b" not in printed(console)


def test_a_terminal_gets_a_bar_that_stands_at_the_members_that_have_ended(engine: Engine) -> None:
    """Redrawn in place while it runs, gone at the end, when the counts stay."""
    console = a_console(terminal=True)
    followed(engine, console)
    output = printed(console)
    assert "4/8" in output
    assert "\x1b[" in output, "the live view is drawn over itself"
    tail = output[output.rindex("completed: 8 of 8 members ended") :]
    assert "unsupported-type" in tail


def test_who_follows_a_service_that_has_ended_is_told_what_to_do(engine: Engine) -> None:
    """No ingestor holds its lock any more: following ends after a moment, and nothing is said to be done."""
    ingestions = Ingestions(engine)
    id_ = listed(engine, 8)
    assert bulk.follow(ingestions, id_, a_console(terminal=False), served=True) is None
    with pytest.raises(ConfigurationError, match="resumes serve"):
        bulk.watch(ingestions, id_, a_console(terminal=False))


def test_who_follows_a_service_that_lives_waits_for_it(engine: Engine, database_url: str) -> None:
    """Longer than a service may be away: an ingestor is there."""
    ingestions = Ingestions(engine)
    id_ = listed(engine, 8)
    lock = OwnerLock(database_url, beside=INGESTORS)
    lock.acquire()
    eventually(ingestions.ingestor_lives)
    ender = threading.Timer(0.8, end_in_steps, args=(engine,))
    ender.start()
    progress = bulk.follow(ingestions, id_, a_console(terminal=False), served=True)
    ender.join()
    lock.close()
    assert progress is not None
    assert progress.ended == 8


def test_a_source_that_is_away_is_said_while_it_is(engine: Engine) -> None:
    """What the ingestor notes is shown, and gone when the source is back."""
    ingestions, work = Ingestions(engine), IngestionWork(engine)
    id_ = listed(engine, 8)
    for code, detail in (("waiting", "The object store does not answer."), (None, None)):
        work.note(id_, code=code, detail=detail)
        console = a_console(terminal=False)
        progress = ingestions.progress(id_)
        assert progress is not None
        bulk.show(progress, console)
        assert ("The object store does not answer." in printed(console)) is (code is not None)


def test_a_rejected_source_is_not_finished(engine: Engine) -> None:
    """The reason is printed, and the exit says that it did not finish."""
    ingestions = Ingestions(engine)
    id_ = ingestions.create("s3://b/cvs.zip", as_of_date=DAY)
    reject_next(engine)
    console = a_console(terminal=False)
    progress = bulk.follow(ingestions, id_, console)
    assert progress is not None
    assert bulk.exit_status(progress) == bulk.DID_NOT_FINISH
    assert "It is damaged." in printed(console)
