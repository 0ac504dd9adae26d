"""What reprocessing would change, and what was paid, as a person reads it."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr
from rich.console import Console
from sqlalchemy import Engine

from pipeline.adapters.directory import DirectoryStore
from pipeline.adapters.postgres.applications import Applications, NewApplication
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.adapters.postgres.ledger import Ledger
from pipeline.adapters.postgres.reprocessing import Choice
from pipeline.adapters.postgres.results import PostgresResults
from pipeline.cli.demo import samples_dir
from pipeline.cli.upkeep import queue_again, rehearse, show_cost
from pipeline.domain.ids import uuid7
from pipeline.domain.journey import Lane
from pipeline.domain.spending import Usage
from pipeline.settings import Settings, load_settings
from tests.adapters.postgres.factories import OWNER, new_application, result, sql
from tests.standins.gemini import GeminiStandIn

NURSE = samples_dir() / "nurse_single_column.pdf"


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Embedded defaults on this test's database."""
    return load_settings(data_dir=tmp_path, db_url=database_url, _env_file=None)


@pytest.fixture
def nurse(engine: Engine, settings: Settings) -> UUID:
    """A completed resume whose profile says little, and wrongly."""
    id_, content = uuid7(), NURSE.read_bytes()
    store = DirectoryStore(settings.objects_dir)
    writer = store.create(f"resumes/{id_}")
    writer.write(content)
    writer.commit()
    new = new_application(id=id_, filename=NURSE.name)
    values = {name: getattr(new, name) for name in NewApplication.__dataclass_fields__}
    values |= {"content_sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    Applications(engine).create(NewApplication(**values))
    (job,) = JobQueue(engine).claim(OWNER, Lane.ONLINE, 1)
    PostgresResults(engine).save([result(job.lease, name="Old Reading")])
    return id_


@pytest.fixture
def console() -> Console:
    """A wide terminal that remembers."""
    return Console(file=io.StringIO(), width=200, color_system=None)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_dry_run_prints_each_fields_difference_and_saves_nothing(
    engine: Engine, settings: Settings, nurse: UUID, console: Console
) -> None:
    """Before and after, by path."""
    before = sql(engine, "SELECT profile, versions FROM applications")
    rehearse(settings, engine, console, Choice(ids=(nurse,)), pay=False, limit=None)
    shown = printed(console)
    assert "person.name.full" in shown
    assert "Old Reading" in shown
    assert "Rupert Llewellyn" in shown
    assert "1 would change" in shown
    assert sql(engine, "SELECT profile, versions FROM applications") == before
    assert JobQueue(engine).claim(OWNER, Lane.BULK, 5) == []


def test_a_dry_run_pays_only_where_it_may_and_the_answers_are_kept(
    engine: Engine, settings: Settings, nurse: UUID, console: Console
) -> None:
    """Without --pay it says what would be needed; with it, a second rehearsal costs nothing."""
    with GeminiStandIn() as gemini:
        gemini.know(json.loads(NURSE.with_suffix(".json").read_text("utf-8")))
        paying = settings.model_copy(
            update={"gemini_api_key": SecretStr(gemini.api_key), "google_gemini_base_url": gemini.url}
        )
        choice = Choice(ids=(nurse,))
        rehearse(paying, engine, console, choice, pay=False, limit=None)
        assert "--pay" in printed(console)
        assert gemini.requests == []
        rehearse(paying, engine, console, choice, pay=True, limit=None)
        assert "Rupert Llewellyn" in printed(console)
        asked = len(gemini.requests)
        assert asked > 0
        rehearse(paying, engine, console, choice, pay=False, limit=None)
        assert len(gemini.requests) == asked
    assert Ledger(engine, settings.prices).spent_today() > 0


def test_the_chosen_resumes_are_queued_in_the_bulk_lane(
    engine: Engine, nurse: UUID, console: Console
) -> None:
    """Those that nobody waits for."""
    queue_again(engine, console, Choice(), None, None)
    assert "1 resumes are queued again" in printed(console)
    assert [job.lease.resume_id for job in JobQueue(engine).claim(OWNER, Lane.BULK, 5)] == [nurse]
    queue_again(engine, console, Choice(), None, None)
    assert "No ended resume" in printed(console)


def test_the_cost_is_shown_with_the_budget(
    engine: Engine, settings: Settings, nurse: UUID, console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a table, and as JSON."""
    show_cost(settings, engine, console, as_json=False)
    assert "Nothing has been paid for." in printed(console)
    Ledger(engine, settings.prices).enter(nurse, [Usage("textract", "text", pages=1000)])
    capped = settings.model_copy(update={"budget_usd_per_day": 2.0})
    show_cost(capped, engine, console, as_json=False)
    assert "1,000" in printed(console)
    assert "the cap is $2.00" in printed(console)
    show_cost(capped, engine, console, as_json=True, resume_id=nurse)
    told = json.loads(capsys.readouterr().out)
    assert told["usd"] == pytest.approx(1.5)
    assert told["lines"][0]["pages"] == 1000
