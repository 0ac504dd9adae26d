"""Checkpoints: what was paid for is kept, and two jobs with equal bytes pay once.

A claim is a pending row with the lease (job, epoch) of whoever works on it. `take` is fenced by the job's lease;
what follows (`remember`, `put`, `discard`) is fenced by the claim itself: whoever takes the work over writes its
own lease into the row, and from then on the former owner's answer finds no claim. So an answer that was paid for
is kept even when its job's lease was lost meanwhile, as long as nobody else has begun to pay again
(docs/decisions/004).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, text

from pipeline.adapters.postgres import fence
from pipeline.adapters.postgres.engine import transaction
from pipeline.adapters.postgres.jobs import wake
from pipeline.adapters.postgres.ledger import Ledger
from pipeline.domain.checkpoint import CheckpointKey, Claimed
from pipeline.domain.errors import LeaseLost
from pipeline.domain.journey import Lease
from pipeline.domain.spending import Usage


class PostgresCheckpoints:
    """The CheckpointStore on PostgreSQL. A job that finds None waits with the reason `str(key)`.

    `ledger` is where the usage that comes with a value is entered, in the value's own transaction.
    """

    #: What a lease needs to take work; rehearsals, which have no running job, differ.
    _held = fence.held()

    def __init__(self, engine: Engine, ledger: Ledger | None = None) -> None:
        self._engine = engine
        self._ledger = ledger

    def take(self, key: CheckpointKey, lease: Lease) -> bytes | Claimed | None:
        """As `CheckpointStore.take`. A claim whose owner neither runs nor waits becomes ours, with its note."""
        (found,) = self.take_many([(key, lease)])
        if isinstance(found, LeaseLost):
            raise found
        return found

    def take_many(
        self, wanted: Sequence[tuple[CheckpointKey, Lease]]
    ) -> list[bytes | Claimed | LeaseLost | None]:
        """As `CheckpointStore.take_many`."""
        found: dict[int, bytes | Claimed | LeaseLost | None] = {}
        with transaction(self._engine) as connection:
            live = self._live(connection, [lease for _, lease in wanted])
            # In the order of the keys: two packets with contents in common must not wait for each other.
            places = sorted(
                (place for place, (_, lease) in enumerate(wanted) if lease in live),
                key=lambda place: str(wanted[place][0]),
            )
            claimed = _claim(connection, [wanted[place] for place in places])
            for place in places:
                key, lease = wanted[place]
                new = claimed.get(key) == lease
                found[place] = Claimed() if new else _take(connection, key, lease)
        lost = [LeaseLost(key=str(lease.resume_id)) for _, lease in wanted]
        return [found.get(place, lost[place]) for place in range(len(wanted))]

    def stored(self, key: CheckpointKey) -> bytes | None:
        """The stored value, if there is one; claims nothing."""
        parameters = {"sha256": key.content_sha256, "stage": key.stage, "digest": key.digest}
        with transaction(self._engine) as connection:
            value = connection.execute(text(VALUE), parameters).scalar()
        return None if value is None else bytes(value)

    def remember(self, key: CheckpointKey, lease: Lease, changes: dict[str, Any]) -> dict[str, Any]:
        """Merge into the claim's note (None removes); the note as it is then. Raises LeaseLost."""
        kept = {name: value for name, value in changes.items() if value is not None}
        dropped = [name for name, value in changes.items() if value is None]
        parameters = claim_parameters(key, lease) | {"kept": json.dumps(kept), "dropped": dropped}
        with transaction(self._engine) as connection:
            row = connection.execute(text(REMEMBER), parameters).first()
        if row is None:
            raise LeaseLost(key=str(key))
        return dict(row.note)

    def put(self, key: CheckpointKey, lease: Lease, value: bytes, usages: Sequence[Usage] = ()) -> None:
        """As `CheckpointStore.put`, with what it cost; usage is entered even when the claim was lost.

        A value that another job stored meanwhile stays: it is as good.
        """
        with transaction(self._engine) as connection:
            known = _put(connection, [(key, lease, value)]) or _is_stored(connection, key)
            if self._ledger is not None:
                self._ledger.enter_within(connection, lease.resume_id, usages)
        if not known:
            raise LeaseLost(key=str(key))

    def put_many(self, values: Sequence[tuple[CheckpointKey, Lease, bytes]]) -> None:
        """As `CheckpointStore.put_many`."""
        with transaction(self._engine) as connection:
            _put(connection, values)

    def discard(self, key: CheckpointKey, lease: Lease) -> None:
        """Give up a claim whose work cannot be done, and let whoever waits for it try. Idempotent."""
        with transaction(self._engine) as connection:
            row = connection.execute(text(DISCARD), claim_parameters(key, lease)).first()
            wake(connection, str(key))
            for quota in row.note.get("holds", ()) if row is not None else ():
                wake(connection, f"quota:{quota}", most=1)

    def _live(self, connection: Connection, leases: Sequence[Lease]) -> set[Lease]:
        """Those of the leases that are live, their jobs locked for the rest of the transaction."""
        rows = connection.execute(
            text(f"WITH {self._held} SELECT application_id, epoch FROM picked"), fence.of(leases)
        )
        return {Lease(row.application_id, row.epoch) for row in rows}


def _claim(
    connection: Connection, wanted: Sequence[tuple[CheckpointKey, Lease]]
) -> dict[CheckpointKey, Lease]:
    """Claim what nobody has; the first of equal keys gets it. Whose is now what of them was new."""
    new = {_key_of(row) for row in connection.execute(text(INSERT), _parameters(wanted))}
    claimed: dict[CheckpointKey, Lease] = {}
    for key, lease in wanted:
        if key in new:
            claimed.setdefault(key, lease)
    return claimed


def _take(connection: Connection, key: CheckpointKey, lease: Lease) -> bytes | Claimed | None:
    """What there is of a key that was not new."""
    parameters = claim_parameters(key, lease)
    row = connection.execute(text(FIND), parameters).first()
    if row is None:
        # Erased between our two statements: the job's next run finds its place free.
        return None
    if row.value is not None:
        return bytes(row.value)
    if row.owned_by_another:
        return None
    connection.execute(text(REPLACE), parameters)
    return Claimed(row.note, row.busy_s)


def _put(connection: Connection, values: Sequence[tuple[CheckpointKey, Lease, bytes]]) -> int:
    """Store the values of those claims that are ours, and wake whoever waits for them: how many were."""
    parameters = _parameters([(key, lease) for key, lease, _ in values])
    rows = connection.execute(text(PUT), parameters | {"values": [value for _, _, value in values]}).all()
    wake(connection, *(str(_key_of(row)) for row in rows))
    for quota in (quota for row in rows for quota in row.note.get("holds", ())):
        wake(connection, f"quota:{quota}", most=1)
    return len(rows)


def _is_stored(connection: Connection, key: CheckpointKey) -> bool:
    parameters = {"sha256": key.content_sha256, "stage": key.stage, "digest": key.digest}
    return connection.execute(text(STORED), parameters).first() is not None


def _key_of(row: Row[Any]) -> CheckpointKey:
    return CheckpointKey(row.content_sha256, row.stage, row.digest)


def _parameters(claims: Sequence[tuple[CheckpointKey, Lease]]) -> dict[str, Any]:
    """The parameters of CLAIMS."""
    return {
        "sha256s": [key.content_sha256 for key, _ in claims],
        "stages": [key.stage for key, _ in claims],
        "digests": [key.digest for key, _ in claims],
        "job_ids": [lease.resume_id for _, lease in claims],
        "epochs": [lease.epoch for _, lease in claims],
    }


def claim_parameters(key: CheckpointKey, lease: Lease) -> dict[str, Any]:
    """The parameters of KEY and OURS."""
    return {
        "sha256": key.content_sha256,
        "stage": key.stage,
        "digest": key.digest,
        "job_id": lease.resume_id,
        "epoch": lease.epoch,
    }


KEY = "content_sha256 = :sha256 AND stage = :stage AND digest = :digest"
#: The claim's own fence.
OURS = f"{KEY} AND state = 'pending' AND job_id = :job_id AND epoch = :epoch"

_CLAIMS = """CAST(:sha256s AS text[]), CAST(:stages AS text[]), CAST(:digests AS text[]),
        CAST(:job_ids AS uuid[]), CAST(:epochs AS bigint[])"""

INSERT = f"""
    INSERT INTO checkpoints (content_sha256, stage, digest, state, job_id, epoch)
    SELECT sha256, stage, digest, 'pending', job_id, epoch
    FROM unnest({_CLAIMS}) WITH ORDINALITY AS w (sha256, stage, digest, job_id, epoch, place)
    ORDER BY place
    ON CONFLICT DO NOTHING
    RETURNING content_sha256, stage, digest"""

# A job that waits (for a vendor's job, a quota) keeps its claim: it comes back to it. A claim of an earlier
# epoch is its own job's to renew, or anybody's to take.
FIND = f"""
    SELECT c.value, c.note,
        coalesce(extract(epoch FROM now()) - (c.note ->> 'busy_since')::float8, 0) AS busy_s,
        EXISTS (
            SELECT FROM jobs j
            WHERE j.application_id = c.job_id AND j.lease_epoch = c.epoch
              AND (j.state = 'waiting' OR (j.state = 'running' AND j.lease_until > now()))
              AND (j.application_id, j.lease_epoch) <> (:job_id, :epoch)
        ) AS owned_by_another
    FROM checkpoints c WHERE {KEY}
    FOR UPDATE OF c"""

REPLACE = f"UPDATE checkpoints SET job_id = :job_id, epoch = :epoch, updated_at = now() WHERE {KEY}"

REMEMBER = f"""
    UPDATE checkpoints SET note = (note || CAST(:kept AS jsonb)) - CAST(:dropped AS text[]), updated_at = now()
    WHERE {OURS} RETURNING note"""

PUT = f"""
    WITH claim AS (
        SELECT c.content_sha256, c.stage, c.digest, c.note, w.value
        FROM unnest({_CLAIMS}, CAST(:values AS bytea[])) AS w (sha256, stage, digest, job_id, epoch, value)
        JOIN checkpoints c ON (c.content_sha256, c.stage, c.digest) = (w.sha256, w.stage, w.digest)
            AND c.state = 'pending' AND (c.job_id, c.epoch) = (w.job_id, w.epoch)
        ORDER BY c.content_sha256, c.stage, c.digest
        FOR UPDATE OF c
    )
    UPDATE checkpoints c SET state = 'done', value = claim.value, note = '{{}}', updated_at = now()
    FROM claim
    WHERE (c.content_sha256, c.stage, c.digest) = (claim.content_sha256, claim.stage, claim.digest)
    RETURNING c.content_sha256, c.stage, c.digest, claim.note"""

STORED = f"SELECT FROM checkpoints WHERE {KEY} AND state = 'done'"

VALUE = f"SELECT value FROM checkpoints WHERE {KEY} AND state = 'done'"

DISCARD = f"DELETE FROM checkpoints WHERE {OURS} RETURNING note"


class RehearsalCheckpoints(PostgresCheckpoints):
    """The same for a rehearsal, whose job has ended: its lease names the epoch at which it did."""

    _held = fence.held().replace(
        fence.FENCE, "j.lease_epoch = wanted.epoch AND j.state NOT IN ('running', 'erased')"
    )
