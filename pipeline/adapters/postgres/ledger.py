"""The ledger: what every paid call used and cost, and what the budget has left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

from pipeline.adapters.postgres.engine import transaction
from pipeline.domain.spending import Prices, Spent, Usage


@dataclass(frozen=True, slots=True)
class CostLine:
    """A row of a cost report: the calls to one vendor's model, and how many resumes paid for them."""

    vendor: str
    model: str
    resumes: int
    spent: Spent


class Ledger:
    """The tables `ledger` and `spending`. Every method raises DatabaseUnavailable."""

    def __init__(self, engine: Engine, prices: Prices) -> None:
        self._engine = engine
        self._prices = prices

    def price(self, usage: Usage) -> float:
        """US dollars that this usage costs today."""
        return self._prices.of(usage)

    def enter(self, resume_id: UUID, usages: Sequence[Usage]) -> None:
        """Write down what an application used, at today's prices, in a transaction of its own."""
        with transaction(self._engine) as connection:
            self.enter_within(connection, resume_id, usages)

    def enter_within(self, connection: Connection, resume_id: UUID, usages: Sequence[Usage]) -> None:
        """As `enter`, within the caller's transaction, as its last statements: today's sum is a hot row."""
        if not usages:
            return
        priced = [(usage, self.price(usage)) for usage in usages]
        rows = [asdict(usage) | {"application_id": resume_id, "usd": usd} for usage, usd in priced]
        connection.execute(text(ENTER), rows)
        connection.execute(text(ADD), {"usd": sum(usd for _, usd in priced)})

    def report(
        self,
        *,
        resume_id: UUID | None = None,
        ingestion_id: UUID | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> list[CostLine]:
        """Sums by vendor and model, dearest first; `since` is inclusive and `until` exclusive, in UTC."""
        parameters = {
            "application_id": resume_id,
            "ingestion_id": ingestion_id,
            "since": since,
            "until": until,
        }
        with transaction(self._engine) as connection:
            rows = connection.execute(text(REPORT), parameters).all()
        return [CostLine(row.vendor, row.model, row.resumes, _spent(row)) for row in rows]

    def spent_today(self) -> float:
        """US dollars since midnight UTC."""
        with transaction(self._engine) as connection:
            return spent_today(connection)


def spent_today(connection: Connection) -> float:
    """As `Ledger.spent_today`, within a transaction of the caller's."""
    return float(connection.execute(text(TODAY)).scalar() or 0)


def spent_by(connection: Connection, resume_ids: Sequence[UUID]) -> dict[UUID, Spent]:
    """What each of these applications has paid for so far; those that paid nothing are left out."""
    rows = connection.execute(text(BY_APPLICATION), {"ids": list(resume_ids)})
    return {row.application_id: _spent(row) for row in rows}


def _spent(row: Row[tuple[object, ...]]) -> Spent:
    return Spent(
        calls=row.calls,
        pages=row.pages,
        prompt_tokens=row.prompt_tokens,
        cached_tokens=row.cached_tokens,
        output_tokens=row.output_tokens,
        thought_tokens=row.thought_tokens,
        usd=float(row.usd),
    )


SUMS = """count(*) AS calls, sum(l.pages) AS pages, sum(l.prompt_tokens) AS prompt_tokens,
    sum(l.cached_tokens) AS cached_tokens, sum(l.output_tokens) AS output_tokens,
    sum(l.thought_tokens) AS thought_tokens, sum(l.usd) AS usd"""

ENTER = """
    INSERT INTO ledger (application_id, vendor, model, pages, prompt_tokens, cached_tokens, output_tokens,
        thought_tokens, usd)
    VALUES (:application_id, :vendor, :model, :pages, :prompt_tokens, :cached_tokens, :output_tokens,
        :thought_tokens, :usd)"""

UTC_DAY = "(now() AT TIME ZONE 'UTC')::date"

ADD = f"""
    INSERT INTO spending AS sum (day, usd) VALUES ({UTC_DAY}, :usd)
    ON CONFLICT (day) DO UPDATE SET usd = sum.usd + excluded.usd"""

TODAY = f"SELECT usd FROM spending WHERE day = {UTC_DAY}"

BY_APPLICATION = f"""
    SELECT l.application_id, {SUMS} FROM ledger l
    WHERE l.application_id = ANY(CAST(:ids AS uuid[])) GROUP BY l.application_id"""

REPORT = f"""
    SELECT l.vendor, l.model, count(DISTINCT l.application_id) AS resumes, {SUMS}
    FROM ledger l JOIN applications a ON a.id = l.application_id
    WHERE (CAST(:application_id AS uuid) IS NULL OR l.application_id = :application_id)
      AND (CAST(:ingestion_id AS uuid) IS NULL OR a.ingestion_id = :ingestion_id)
      AND (CAST(:since AS date) IS NULL OR l.at >= CAST(:since AS timestamp) AT TIME ZONE 'UTC')
      AND (CAST(:until AS date) IS NULL OR l.at < CAST(:until AS timestamp) AT TIME ZONE 'UTC')
    GROUP BY l.vendor, l.model
    ORDER BY sum(l.usd) DESC, l.vendor, l.model"""
