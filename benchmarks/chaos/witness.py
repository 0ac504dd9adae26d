"""Who wrote what under which lease, told by the database itself, and the counts that must be zero.

`chaos.attempts` holds the leases under which workers tried to write (`injected/sitecustomize.py` tells them before
the fence decides); `chaos.effects` holds each change of a job, a text, a profile or its chunks, with the epoch that
the job had at that moment, from triggers that know nothing of the fence. A stale write is a change in a transaction
that tried it under another epoch only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from pipeline.adapters.postgres.engine import transaction

_ROOT = Path(__file__).resolve().parents[2]

SCHEMA = """
    CREATE SCHEMA chaos;
    CREATE TABLE chaos.attempts (
        tx xid8 NOT NULL DEFAULT pg_current_xact_id(), application_id uuid, epoch bigint, epoch_now bigint);
    CREATE TABLE chaos.effects (
        tx xid8 NOT NULL DEFAULT pg_current_xact_id(), application_id uuid, what text, epoch bigint);

    CREATE FUNCTION chaos.of_job() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO chaos.effects (application_id, what, epoch)
        VALUES (NEW.application_id, 'job', OLD.lease_epoch);
        RETURN NULL;
    END $$;
    CREATE FUNCTION chaos.of_text() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO chaos.effects (application_id, what, epoch)
        SELECT application_id, 'text', lease_epoch FROM jobs WHERE application_id = NEW.application_id;
        RETURN NULL;
    END $$;
    CREATE FUNCTION chaos.of_application() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO chaos.effects (application_id, what, epoch)
        SELECT application_id, 'application', lease_epoch FROM jobs WHERE application_id = NEW.id;
        RETURN NULL;
    END $$;
    CREATE FUNCTION chaos.of_chunks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO chaos.effects (application_id, what, epoch)
        SELECT DISTINCT application_id, 'chunks', lease_epoch FROM added JOIN jobs USING (application_id);
        RETURN NULL;
    END $$;
    CREATE TRIGGER chaos AFTER UPDATE ON jobs FOR EACH ROW
        WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION chaos.of_job();
    CREATE TRIGGER chaos AFTER INSERT OR UPDATE ON texts FOR EACH ROW EXECUTE FUNCTION chaos.of_text();
    CREATE TRIGGER chaos AFTER UPDATE OF profile, stage ON applications FOR EACH ROW
        EXECUTE FUNCTION chaos.of_application();
    CREATE TRIGGER chaos AFTER INSERT ON chunks REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION chaos.of_chunks();
    """

#: One number each. What is `mixed` has the profile of another upload: every upload names an address of its own.
COUNTS = {
    "attempts": "SELECT count(*) FROM chaos.attempts",
    "late_attempts": "SELECT count(*) FROM chaos.attempts WHERE epoch <> epoch_now",
    "stale_writes": """
        SELECT count(DISTINCT (e.tx, e.application_id)) FROM chaos.effects e
        WHERE EXISTS (SELECT FROM chaos.attempts a
                      WHERE a.tx = e.tx AND a.application_id = e.application_id)
          AND NOT EXISTS (SELECT FROM chaos.attempts a
                          WHERE a.tx = e.tx AND a.application_id = e.application_id AND a.epoch = e.epoch)""",
    "executions": "SELECT coalesce(sum(attempt), 0) FROM jobs",
    "interrupted": "SELECT count(*) FROM events WHERE from_state = 'running' AND to_state = 'retry_wait'",
    "incomplete": """
        SELECT count(*) FROM applications a WHERE a.status = 'completed' AND (
            a.profile IS NULL OR NOT EXISTS (SELECT FROM texts t WHERE t.application_id = a.id)
            OR NOT EXISTS (SELECT FROM chunks c WHERE c.application_id = a.id))""",
    "saved_twice": """
        SELECT count(*) FROM (SELECT FROM chaos.effects WHERE what = 'text'
                              GROUP BY application_id HAVING count(DISTINCT tx) > 1) AS twice""",
    "succeeded_twice": """
        SELECT count(*) FROM (SELECT FROM events WHERE to_state = 'succeeded'
                              GROUP BY application_id HAVING count(*) > 1) AS twice""",
    "doubled_chunks": """
        SELECT count(*) FROM (SELECT FROM chunks GROUP BY application_id
                              HAVING count(*) <> max(chunk_no) + 1 OR count(DISTINCT model) > 1) AS odd""",
}


#: What makes up `duplicated`.
DUPLICATES = ("saved_twice", "succeeded_twice", "doubled_chunks", "unknown_to_callers")


@contextmanager
def injected(*, fenced: bool) -> Iterator[None]:
    """Processes started meanwhile tell their attempts; without `fenced` they do not check the epoch either."""
    path = os.pathsep.join(
        [str(Path(__file__).with_name("injected")), str(_ROOT), os.environ.get("PYTHONPATH", "")]
    ).rstrip(os.pathsep)
    changes = {"PYTHONPATH": path} | ({} if fenced else {"CHAOS_WITHOUT_FENCE": "1"})
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def install(engine: Engine) -> None:
    """Make the tables and triggers; before the first upload."""
    with transaction(engine) as connection:
        connection.execute(text(SCHEMA))


def counted(engine: Engine, accepted: Mapping[str, str]) -> dict[str, int]:
    """The figures of an ended run; `accepted` are the addresses in the acknowledged uploads by their ids."""
    with transaction(engine) as connection:
        found = {name: int(connection.execute(text(sql)).scalar_one()) for name, sql in COUNTS.items()}
        rows = {
            str(row.id): row for row in connection.execute(text("SELECT id, status, email FROM applications"))
        }
    if found["attempts"] < len(accepted):
        raise RuntimeError("the service did not tell its attempts: PYTHONPATH did not reach its processes")
    return found | {
        "lost": _lost(rows, accepted) + found["incomplete"],
        "unknown_to_callers": len(rows.keys() - accepted.keys()),
        "mixed": sum(rows[id_].email != email for id_, email in accepted.items() if _done(rows.get(id_))),
        "re_executions": found["executions"] - len(rows),
    }


def _lost(rows: Mapping[str, Any], accepted: Mapping[str, str]) -> int:
    return sum(not _done(rows.get(id_)) for id_ in accepted)


def _done(row: Any) -> bool:
    return row is not None and row.status == "completed"
