"""The ledger: what was used is entered once, priced, and summed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from pipeline.adapters.postgres.checkpoints import PostgresCheckpoints
from pipeline.adapters.postgres.ledger import Ledger, spent_by
from pipeline.adapters.postgres.results import PostgresResults
from pipeline.domain.checkpoint import CheckpointKey
from pipeline.domain.errors import LeaseLost
from pipeline.domain.spending import Prices, Usage
from tests.adapters.postgres.factories import claimed, expire_lease, result, sha256, sql

PRICES = Prices(
    textract_text=1.5, textract_layout=4.0, gemini_input=0.3, gemini_cached=0.075, gemini_output=2.5
)
PAGES = Usage("textract", "text", pages=2)
TOKENS = Usage("gemini", "g", prompt_tokens=1000, cached_tokens=400, output_tokens=100, thought_tokens=20)
TOKENS_USD = (600 * 0.3 + 400 * 0.075 + 120 * 2.5) / 1e6


def test_prices_count_cached_tokens_and_thoughts() -> None:
    """Cached input is cheaper, thoughts are output, layout is dearer than text."""
    assert PRICES.of(TOKENS) == pytest.approx(TOKENS_USD)
    assert PRICES.of(PAGES) == pytest.approx(0.003)
    assert PRICES.of(Usage("textract", "layout", pages=2)) == pytest.approx(0.008)


def test_a_report_sums_by_vendor_and_model(engine: Engine) -> None:
    """Dearest first; one application's, or all."""
    ledger = Ledger(engine, PRICES)
    first, second = claimed(engine, "one"), claimed(engine, "two")
    ledger.enter(first.lease.resume_id, [PAGES, TOKENS])
    ledger.enter(second.lease.resume_id, [TOKENS])
    textract, gemini = ledger.report()
    assert (textract.vendor, textract.resumes, textract.spent.pages) == ("textract", 1, 2)
    assert (gemini.resumes, gemini.spent.calls, gemini.spent.thought_tokens) == (2, 2, 40)
    (only,) = ledger.report(resume_id=second.lease.resume_id)
    assert only.spent.usd == pytest.approx(TOKENS_USD)
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    assert ledger.report(since=tomorrow) == []
    assert len(ledger.report(until=tomorrow)) == 2
    assert ledger.spent_today() == pytest.approx(0.003 + 2 * TOKENS_USD)


def test_usage_is_entered_with_its_value_even_when_the_claim_was_lost(engine: Engine) -> None:
    """The money is gone either way."""
    ledger = Ledger(engine, PRICES)
    store = PostgresCheckpoints(engine, ledger)
    job, other = claimed(engine, "same"), claimed(engine, "same")
    key = CheckpointKey(sha256("same"), "normalise", "d")
    store.take(key, job.lease)
    expire_lease(engine, job.lease.resume_id)
    store.take(key, other.lease)
    with pytest.raises(LeaseLost):
        store.put(key, job.lease, b"v", [TOKENS])
    store.put(key, other.lease, b"v", [TOKENS])
    assert ledger.spent_today() == pytest.approx(2 * TOKENS_USD)


def test_a_saved_profile_says_what_its_resume_paid(engine: Engine) -> None:
    """Over all runs; a twin whose bytes were paid for already cost nothing."""
    job, twin = claimed(engine, "one"), claimed(engine, "one")
    Ledger(engine, PRICES).enter(job.lease.resume_id, [PAGES, TOKENS])
    PostgresResults(engine).save([result(job.lease), result(twin.lease)])
    metas = {
        row.id: row.meta for row in sql(engine, "SELECT id, profile -> 'meta' AS meta FROM applications")
    }
    paid, free = metas[job.lease.resume_id], metas[twin.lease.resume_id]
    assert paid["pages_billed"] == 2
    assert paid["tokens"] == {"prompt": 1000, "cached": 400, "output": 100, "thoughts": 20}
    assert paid["cost_usd"] == pytest.approx(0.003 + TOKENS_USD, abs=1e-6)
    assert (free["pages_billed"], free["cost_usd"]) == (0, 0.0)
    with engine.connect() as connection:
        assert set(spent_by(connection, list(metas))) == {job.lease.resume_id}
