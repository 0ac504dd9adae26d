"""The gate before every vendor: breaker, budget and quotas, global because they are rows.

A quota is a GCRA (https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm): one time per quota, to which each
grant adds what it uses up. It is kept twice. Slots are handed out in the order of asking, far ahead if need be, and
a claim keeps its own in its note, so that a job that has to wait for it still has it when it comes back. Jobs come
back late, and together, when the service is busy; so requests are let through by a second count, which spaces them
as the vendor counts them. All times are the database's.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field

from sqlalchemy import Connection, Engine, Row, text

from pipeline.adapters.postgres.checkpoints import OURS, claim_parameters
from pipeline.adapters.postgres.engine import transaction
from pipeline.adapters.postgres.jobs import wake
from pipeline.adapters.postgres.ledger import spent_today
from pipeline.domain.checkpoint import CheckpointKey
from pipeline.domain.errors import LeaseLost
from pipeline.domain.journey import Lease
from pipeline.domain.spending import Admission

#: Failures in a row after which nobody asks a vendor but one probe at a time.
BREAKER_TRIPS_AT = 5
_LONGEST_BLOCK_S = 60.0
#: A probe that has not reported by then (its process died) is followed by another.
_PROBE_S = 30.0
#: Slots further away than this are not handed out: their jobs come back and ask again.
_HORIZON_S = 600.0
#: A slot that was missed by more than this is lost.
_GRACE_S = 120.0
_BUDGET_AGAIN_S = 1800.0
#: Whoever is done wakes the next; this is the backstop.
_FULL_AGAIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_s` units a second; up to `burst_s` seconds' worth of them at once."""

    per_s: float
    burst_s: float = 0.0


def per_minute(units: float, burst_s: float = 2.0) -> Rate:
    """A rate that no window of 60 s exceeds, bursts included."""
    return Rate(units / (60 + burst_s), burst_s)


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be asked of the vendors: rates and numbers of claims at once by quota, US dollars a day."""

    rates: Mapping[str, Rate] = field(default_factory=dict)
    at_once: Mapping[str, int] = field(default_factory=dict)
    usd_per_day: float | None = None


@dataclass(slots=True)
class _Quota:
    """A row of `quotas`, in seconds since 1970."""

    name: str
    tat: float
    paced: float


class Gate:
    """The tables `quotas` and `vendors`. Every method raises DatabaseUnavailable."""

    def __init__(self, engine: Engine, limits: Limits, *, patience_s: float = 2.0) -> None:
        """`patience_s`: a slot within so many seconds is granted now, for the worker to sleep until then."""
        self._engine = engine
        self._limits = limits
        self._patience_s = patience_s

    def admit(
        self,
        key: CheckpointKey,
        lease: Lease,
        vendor: str,
        need: Mapping[str, float],
        *,
        billed: bool,
        again: bool = False,
    ) -> Admission:
        """Leave to make one request for a claim. `again`: the claim's kept slot is used up. Raises LeaseLost."""
        parameters = claim_parameters(key, lease)
        with transaction(self._engine) as connection:
            claim = connection.execute(text(CLAIM), parameters).first()
            if claim is None:
                raise LeaseLost(key=str(key))
            blocked = self._blocked(connection, vendor) or (billed and self._broke(connection))
            if blocked:
                return blocked
            quotas = self._locked(connection, need)
            slot = None if again else _kept_slot(claim, need)
            if slot is None:
                slot = self._take(quotas, need, claim.now)
                if slot is None:
                    return Admission(False, _HORIZON_S * random.uniform(0.5, 1), f"quota:{self._named(need)}")
            kept: dict[str, object] = {"slot": {"at": slot, "for": sorted(need)}}
            wait = max(slot, self._free_at(quotas, claim.now)) - claim.now
            admission = Admission(True, max(0.0, wait))
            if wait > self._patience_s:
                # A second early: the worker sleeps until the slot itself. Whose slot has passed is one of many
                # such, who have as much time to get through as they are late.
                late = max(0.0, claim.now - slot)
                admission = Admission(False, wait - 1 + random.uniform(0, late), f"quota:{self._named(need)}")
            elif full := self._full(connection, claim, need):
                admission = full
            else:
                self._let_through(quotas, need, claim.now + max(0.0, wait))
                if holds := [name for name in need if name in self._limits.at_once]:
                    kept["holds"] = holds
            for quota in quotas.values():
                connection.execute(text(ADVANCE), asdict(quota))
            connection.execute(text(KEEP), parameters | {"kept": json.dumps(kept)})
            return admission

    def succeeded(self, vendor: str) -> None:
        """The vendor answered: whoever waits for it to recover is woken."""
        with transaction(self._engine) as connection:
            if connection.execute(text(SUCCEEDED), {"vendor": vendor}).first() is not None:
                wake(connection, f"vendor:{vendor}")

    def failed(self, vendor: str, reason: str, *, retry_after_s: float | None = None) -> None:
        """The vendor throttled or was down; the fifth time in a row it is left alone for a while.

        `retry_after_s` is what the vendor itself asked for: once alone it concerns the call that heard it.
        """
        with transaction(self._engine) as connection:
            parameters = {"vendor": vendor, "reason": reason}
            failures: int = connection.execute(text(FAILED), parameters).scalar_one()
            if failures >= BREAKER_TRIPS_AT:
                seconds = max(retry_after_s or 0.0, 2.0 ** min(failures - BREAKER_TRIPS_AT, 10))
                connection.execute(text(BLOCK), {"vendor": vendor, "seconds": min(_LONGEST_BLOCK_S, seconds)})

    def now(self) -> float:
        """The database's clock, in seconds since 1970."""
        with transaction(self._engine) as connection:
            return float(connection.execute(text(NOW)).scalar_one())

    def states(self) -> dict[str, tuple[int, float, str | None]]:
        """Of each vendor that was ever in trouble: failures in a row, seconds still blocked, the last reason."""
        with transaction(self._engine) as connection:
            rows = connection.execute(text(STATES))
            return {row.name: (row.failures, float(row.seconds), row.reason) for row in rows}

    def _blocked(self, connection: Connection, vendor: str) -> Admission | None:
        row = connection.execute(text(VENDOR), {"vendor": vendor}).first()
        if row is None or row.seconds is None:
            return None
        if row.seconds <= 0:
            if row.failures < BREAKER_TRIPS_AT:
                return None
            # Half open: this request is the probe, and the others go on waiting for what becomes of it.
            parameters = {"vendor": vendor, "seconds": _PROBE_S}
            if connection.execute(text(PROBE), parameters).first() is not None:
                return None
            row_seconds = 1.0
        else:
            row_seconds = float(row.seconds)
        return Admission(False, row_seconds + random.uniform(0, 2), f"vendor:{vendor}")

    def _broke(self, connection: Connection) -> Admission | None:
        cap = self._limits.usd_per_day
        if cap is None or spent_today(connection) < cap:
            return None
        tomorrow = float(connection.execute(text(TO_MIDNIGHT)).scalar_one())
        return Admission(False, min(tomorrow, _BUDGET_AGAIN_S) + random.uniform(1, 10), "budget")

    def _locked(self, connection: Connection, need: Mapping[str, float]) -> dict[str, _Quota]:
        """The quotas needed, locked in the order of their names for this transaction."""
        names = sorted(name for name in need if name in self._limits.rates or name in self._limits.at_once)
        for name in names:
            connection.execute(text(ENSURE), {"name": name})
        rows = connection.execute(text(LOCK), {"names": names})
        return {row.name: _Quota(row.name, row.tat, row.paced) for row in rows}

    def _rates(self, quotas: Mapping[str, _Quota]) -> Iterator[tuple[_Quota, Rate]]:
        return (
            (quota, self._limits.rates[name]) for name, quota in quotas.items() if name in self._limits.rates
        )

    def _take(self, quotas: Mapping[str, _Quota], need: Mapping[str, float], now: float) -> float | None:
        """The first time at which every quota has a slot, which is then taken; None where it is too far away."""
        slot = max([now, *(quota.tat - rate.burst_s for quota, rate in self._rates(quotas))])
        if slot - now > _HORIZON_S:
            return None
        for quota, rate in self._rates(quotas):
            quota.tat = max(quota.tat, now) + need[quota.name] / rate.per_s
        return slot

    def _free_at(self, quotas: Mapping[str, _Quota], now: float) -> float:
        """When the next request may go through, whoever's slot it is."""
        return max([now, *(quota.paced - rate.burst_s for quota, rate in self._rates(quotas))])

    def _let_through(self, quotas: Mapping[str, _Quota], need: Mapping[str, float], at: float) -> None:
        for quota, rate in self._rates(quotas):
            quota.paced = max(quota.paced, at) + need[quota.name] / rate.per_s

    def _named(self, need: Mapping[str, float]) -> str:
        """The quota that is waited for: a rate, since what is at once is told apart."""
        return min((name for name in need if name in self._limits.rates), default="none")

    def _full(
        self, connection: Connection, claim: Row[tuple[object, ...]], need: Mapping[str, float]
    ) -> Admission | None:
        for name in need:
            most = self._limits.at_once.get(name)
            if most is None or name in claim.note.get("holds", ()):
                continue
            held = connection.execute(text(HELD), {"name": json.dumps([name])}).scalar_one()
            if held >= most:
                return Admission(False, random.uniform(0.5, 1.5) * _FULL_AGAIN_S, f"quota:{name}")
        return None


def _kept_slot(claim: Row[tuple[object, ...]], need: Mapping[str, float]) -> float | None:
    slot = claim.note.get("slot")
    if slot is None or slot["for"] != sorted(need) or claim.now > slot["at"] + _GRACE_S:
        return None
    return float(slot["at"])


CLAIM = f"SELECT note, extract(epoch FROM clock_timestamp())::float8 AS now FROM checkpoints WHERE {OURS} FOR UPDATE"

KEEP = f"UPDATE checkpoints SET note = note || CAST(:kept AS jsonb), updated_at = now() WHERE {OURS}"

VENDOR = """
    SELECT failures, extract(epoch FROM blocked_until - clock_timestamp())::float8 AS seconds
    FROM vendors WHERE name = :vendor"""

PROBE = """
    UPDATE vendors SET blocked_until = clock_timestamp() + make_interval(secs => :seconds)
    WHERE name = :vendor AND blocked_until <= clock_timestamp() RETURNING 1"""

SUCCEEDED = """
    WITH before AS (SELECT name, blocked_until FROM vendors WHERE name = :vendor AND failures > 0 FOR UPDATE),
    healed AS (
        UPDATE vendors v SET failures = 0, blocked_until = NULL, reason = NULL
        FROM before WHERE v.name = before.name
    )
    SELECT 1 FROM before WHERE blocked_until IS NOT NULL"""

FAILED = """
    INSERT INTO vendors AS v (name, failures, reason) VALUES (:vendor, 1, :reason)
    ON CONFLICT (name) DO UPDATE SET failures = v.failures + 1, reason = excluded.reason
    RETURNING failures"""

BLOCK = """
    UPDATE vendors SET blocked_until = clock_timestamp() + make_interval(secs => :seconds)
    WHERE name = :vendor"""

STATES = """
    SELECT name, failures, reason,
        greatest(0, coalesce(extract(epoch FROM blocked_until - clock_timestamp()), 0))::float8 AS seconds
    FROM vendors ORDER BY name"""

TO_MIDNIGHT = """
    SELECT extract(epoch FROM date_trunc('day', now() AT TIME ZONE 'UTC') + interval '1 day'
        - now() AT TIME ZONE 'UTC')::float8"""

ENSURE = "INSERT INTO quotas (name, tat, paced) VALUES (:name, now(), now()) ON CONFLICT DO NOTHING"

LOCK = """
    SELECT name, extract(epoch FROM tat)::float8 AS tat, extract(epoch FROM paced)::float8 AS paced FROM quotas
    WHERE name = ANY(CAST(:names AS text[])) ORDER BY name FOR UPDATE"""

NOW = "SELECT extract(epoch FROM clock_timestamp())::float8"

ADVANCE = "UPDATE quotas SET tat = to_timestamp(:tat), paced = to_timestamp(:paced) WHERE name = :name"

# A claim whose job has ended without a result holds nothing any more.
HELD = """
    SELECT count(*) FROM checkpoints c JOIN jobs j ON j.application_id = c.job_id
    WHERE c.state = 'pending' AND c.stage = 'ocr' AND c.note -> 'holds' @> CAST(:name AS jsonb)
      AND j.state IN ('queued', 'waiting', 'retry_wait', 'running')"""
