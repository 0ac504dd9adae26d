"""The statements of bulk ingestion: see `ingestion_work.py`, which runs them."""

from __future__ import annotations

from pipeline.adapters.postgres.leases import LEASE_S
from pipeline.adapters.postgres.moves import INGESTIONS, JOBS, LEASE_ENDS, move, quoted
from pipeline.domain.journey import JobState

#: Renewed every few seconds by whoever lives; the lock tells of a death much sooner.
_LEASE = f"make_interval(secs => {LEASE_S:.0f})"

CLAIM_LISTING = f"""
    UPDATE ingestions i SET owner = :owner, epoch = i.epoch + 1, attempt = i.attempt + 1,
        lease_until = now() + {_LEASE}
    WHERE i.id = (
        SELECT id FROM ingestions
        WHERE state = 'listing' AND owner IS NULL AND run_at <= now()
        ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING i.id AS ingestion_id, i.epoch, i.source, i.object_key, i.job_post_id, i.attempt"""

FENCE_LISTING = """
    SELECT source_key FROM ingestions
    WHERE id = :id AND epoch = :epoch AND state = 'listing' AND owner IS NOT NULL
    FOR UPDATE"""

SAME_SOURCE = "SELECT id FROM ingestions WHERE source_key = :key AND id <> :id"
FORGET_SHARDS = "DELETE FROM ingestion_shards WHERE ingestion_id = :id"
KEYED = "UPDATE ingestions SET source_key = :key WHERE id = :id"
SUPERSEDED = """
    UPDATE ingestions SET same_as = :same_as, state = 'completed', owner = NULL, source_key = NULL, members = 0,
        listed_at = now(), stored_at = now(), completed_at = now()
    WHERE id = :id"""

ADD_SHARDS = """
    INSERT INTO ingestion_shards (ingestion_id, shard_no, members, size)
    SELECT :id, shard_no, members, size
    FROM unnest(CAST(:numbers AS int[]), CAST(:members AS bytea[]), CAST(:sizes AS int[]))
        AS s (shard_no, members, size)"""

END_LISTING = f"""
    UPDATE ingestions SET state = 'running', owner = NULL, members = :members, kind = :kind,
        sequential = :sequential, listed_at = now(), attempt = 0
    WHERE id = :id
    RETURNING pg_notify('{INGESTIONS}', '')"""

LIST_AGAIN = f"""
    UPDATE ingestions SET owner = NULL, run_at = now() + make_interval(secs => :seconds)
    WHERE id = :id AND epoch = :epoch AND state = 'listing'
    RETURNING pg_notify('{INGESTIONS}', '')"""

# Without its key, the same source may be tried again.
_REJECT = """
    UPDATE ingestions i SET state = 'rejected', owner = NULL, source_key = NULL, error_code = :code,
        error_detail = :detail, completed_at = now()
    WHERE i.id = :id AND """

REJECT_BY_LISTING = f"""{_REJECT} i.state = 'listing' AND i.epoch = :epoch AND i.owner IS NOT NULL
    RETURNING pg_notify('{INGESTIONS}', '')"""

REJECT_BY_SHARD = f"""{_REJECT} i.state = 'running' AND EXISTS (
        SELECT FROM ingestion_shards s
        WHERE s.ingestion_id = i.id AND s.shard_no = :shard_no AND s.epoch = :epoch AND s.state IN ('running', 'done'))
    RETURNING pg_notify('{INGESTIONS}', '')"""

NOTE = "UPDATE ingestions SET error_code = :code, error_detail = :detail WHERE id = :id AND state = 'running'"

HOLD_INGESTION = "SELECT 1 FROM ingestions WHERE id = :id FOR KEY SHARE"

CANCEL_SHARDS = """
    UPDATE ingestion_shards SET state = 'cancelled', owner = NULL, members = NULL
    WHERE ingestion_id = :id AND state IN ('queued', 'running')"""

_CLAIMED = """s.ingestion_id, s.shard_no, s.owner, s.epoch, s.position, s.attempt, i.sequential, i.source, i.object_key,
        i.job_post_id, i.as_of_date, i.kind, i.source_key"""

# The ingestion of which the fewest shards run comes first, then the one that has come least far: a small archive does
# not wait for the end of a large one.
CLAIM_SHARDS = f"""
    UPDATE ingestion_shards s
    SET state = 'running', owner = :owner, epoch = s.epoch + 1, attempt = s.attempt + 1,
        lease_until = now() + {_LEASE}
    FROM (
        SELECT c.ingestion_id, c.shard_no FROM ingestion_shards c JOIN ingestions i ON i.id = c.ingestion_id
        LEFT JOIN (
            SELECT ingestion_id, count(*) AS shards FROM ingestion_shards WHERE state = 'running' GROUP BY ingestion_id
        ) AS under_way ON under_way.ingestion_id = i.id
        WHERE c.state = 'queued' AND c.run_at <= now() AND i.state = 'running'
          AND i.id <> ALL(CAST(:but AS uuid[]))
          AND (NOT i.sequential OR NOT EXISTS (
              SELECT FROM ingestion_shards o
              WHERE o.ingestion_id = i.id AND o.state IN ('queued', 'running') AND o.shard_no < c.shard_no))
        ORDER BY coalesce(under_way.shards, 0), c.shard_no, i.created_at LIMIT :limit
        FOR UPDATE OF c SKIP LOCKED
    ) AS picked JOIN ingestions i ON i.id = picked.ingestion_id
    WHERE s.ingestion_id = picked.ingestion_id AND s.shard_no = picked.shard_no
    RETURNING {_CLAIMED}"""

CLAIM_NEXT = f"""
    UPDATE ingestion_shards s
    SET state = 'running', owner = :owner, epoch = s.epoch + 1, attempt = s.attempt + 1,
        lease_until = now() + {_LEASE}
    FROM ingestions i
    WHERE i.id = s.ingestion_id AND i.state = 'running' AND s.ingestion_id = :id AND s.shard_no = :shard_no
      AND s.state = 'queued'
    RETURNING {_CLAIMED}"""

_SHARD = "ingestion_id = :id AND shard_no = :shard_no AND epoch = :epoch AND state = 'running'"

MEMBERS = f"SELECT members, position FROM ingestion_shards WHERE {_SHARD}"
QUEUED_MEMBERS = """
    SELECT members, position FROM ingestion_shards
    WHERE ingestion_id = :id AND shard_no = :shard_no AND state IN ('queued', 'running')"""
FENCE_SHARD = f"SELECT 1 FROM ingestion_shards WHERE {_SHARD} FOR UPDATE"

# An erased one has lost its external id: its bytes alone keep its person from coming back.
KNOWN = """
    SELECT w.place, a.id
    FROM unnest(CAST(:sha256s AS text[]), CAST(:posts AS text[]), CAST(:external_ids AS text[]))
        WITH ORDINALITY AS w (sha256, post, external_id, place)
    JOIN applications a ON a.ingestion_id = :id AND a.content_sha256 = w.sha256
        AND (a.erased_at IS NOT NULL OR (a.job_post_id IS NOT DISTINCT FROM w.post
            AND a.external_id IS NOT DISTINCT FROM w.external_id))"""

# The first fifteen members of every ingestion go before the rest of any, the next sixteen before what follows those,
# and so on, twice as many each time: one file behind thousands waits for a few, a large archive for its equals.
INSERT = f"""
    WITH made AS (
        INSERT INTO applications (id, object_key, content_sha256, size, mime, filename, as_of_date, job_post_id,
            email, external_id, ingestion_id, ingestion_member)
        SELECT n.id, n.key, n.sha256, n.size, n.mime, n.name, :as_of_date, n.post, n.email, n.external_id,
            :ingestion_id, n.ordinal
        FROM unnest(CAST(:ids AS uuid[]), CAST(:keys AS text[]), CAST(:sha256s AS text[]),
            CAST(:sizes AS bigint[]), CAST(:mimes AS text[]), CAST(:names AS text[]), CAST(:posts AS text[]),
            CAST(:emails AS text[]), CAST(:external_ids AS text[]), CAST(:ordinals AS text[]))
            AS n (id, key, sha256, size, mime, name, post, email, external_id, ordinal)
        ON CONFLICT DO NOTHING
        RETURNING id, ingestion_member
    ), queued AS (
        INSERT INTO jobs (application_id, lane, priority)
        SELECT id, :lane, greatest(0, floor(log(2, CAST(ingestion_member AS bigint) + 1)) - 3) FROM made
    ), recorded AS (
        INSERT INTO events (application_id, to_state, epoch) SELECT id, 'queued', 0 FROM made
    ), announced AS (
        SELECT pg_notify('{JOBS}', :lane) FROM made LIMIT 1
    )
    SELECT made.id, (SELECT count(*) FROM announced) FROM made"""

INSERT_ERRORS = """
    INSERT INTO ingestion_errors (ingestion_id, ordinal, name, outcome, code, detail, application_id)
    SELECT :ingestion_id, * FROM unnest(CAST(:ordinals AS bigint[]), CAST(:names AS text[]),
        CAST(:outcomes AS text[]), CAST(:codes AS text[]), CAST(:details AS text[]),
        CAST(:applications AS uuid[]))"""

ADVANCE = f"""
    UPDATE ingestion_shards SET position = position + :moved, accepted = accepted + :accepted,
        duplicate = duplicate + :duplicate, skipped = skipped + :skipped, failed = failed + :failed, attempt = 1,
        state = CASE WHEN position + :moved >= size THEN 'done' ELSE state END,
        owner = CASE WHEN position + :moved >= size THEN NULL ELSE owner END,
        members = CASE WHEN position + :moved >= size THEN NULL ELSE members END
    WHERE {_SHARD}"""

GIVE_BACK = f"""
    UPDATE ingestion_shards s SET state = 'queued', owner = NULL, attempt = s.attempt - 1 + :burnt,
        run_at = now() + make_interval(secs => :seconds)
    FROM ingestions i
    WHERE i.id = s.ingestion_id AND s.ingestion_id = :id AND s.state = 'running' AND s.owner = :owner
      AND ((s.shard_no = :shard_no AND s.epoch = :epoch) OR (i.sequential AND s.shard_no > :shard_no))
    RETURNING pg_notify('{INGESTIONS}', '')"""

STORED = """
    UPDATE ingestions i SET stored_at = now()
    WHERE i.state = 'running' AND i.stored_at IS NULL AND NOT EXISTS (
        SELECT FROM ingestion_shards s WHERE s.ingestion_id = i.id AND s.state IN ('queued', 'running'))"""

COMPLETE = """
    UPDATE ingestions i SET state = 'completed', completed_at = now(), error_code = NULL, error_detail = NULL
    WHERE i.state = 'running' AND i.stored_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM applications a WHERE a.ingestion_id = i.id AND a.status IN ('queued', 'processing'))
    RETURNING i.id"""

CANCEL_JOBS = move(
    f"""picked AS (
        SELECT j.application_id, j.state, j.lease_owner
        FROM jobs j JOIN applications a ON a.id = j.application_id
        WHERE a.ingestion_id = :id AND a.status IN ('queued', 'processing')
          AND j.state IN ({quoted({JobState.QUEUED, JobState.WAITING, JobState.RETRY_WAIT})})
        ORDER BY j.application_id LIMIT :limit
        FOR UPDATE OF j SKIP LOCKED
    )""",
    to=(JobState.CANCELLED,),
    changes=f"{LEASE_ENDS}, reason = NULL, lease_epoch = j.lease_epoch + 1",
)
