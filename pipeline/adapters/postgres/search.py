"""Search: by meaning and by words at once, over chunks, answered by application."""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg2 import sql
from sqlalchemy import Connection, Engine, Row, text

from pipeline.adapters.postgres.engine import transaction, unavailable
from pipeline.adapters.postgres.models import MODEL_INDEX_PREFIX
from pipeline.adapters.postgres.terms import tsquery
from pipeline.domain.chunk import Vector

log = logging.getLogger(__name__)

#: Up to this many applications every vector is compared: exact, and faster than an index that filters.
EXACT_MAX = 5_000
#: Chunks that each of the two searches contributes, at least.
CANDIDATES = 100
#: Where they are too few for the hits, because files are equal or one has many chunks, four times as many are tried.
CANDIDATES_MAX = 1_000
COPIES_MAX = 100
#: Matches of the words that are ranked at most.
RANKED_MAX = 20_000
#: Reciprocal-rank fusion's usual constant: it keeps one list's first place from deciding alone.
RRF_K = 60

ChunkId = tuple[UUID, int]


@dataclass(frozen=True, slots=True)
class Hit:
    """An application that matched, and its chunk that matched best; of equal files the newest.

    `copies` are the other completed ones of the same bytes within the filter, newest first, COPIES_MAX at most.
    `score` is the reciprocal-rank fusion's (only its order means something), `similarity` the chunk's cosine.
    """

    resume_id: UUID
    score: float
    similarity: float | None
    section: str
    chunk_no: int
    line_ids: tuple[int, ...]
    text: str
    filename: str | None
    job_post_id: str | None
    name: str | None
    headline: str | None
    copies: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class _Filter:
    """The filter as SQL over `chunks`, and its parameters."""

    sql: str
    parameters: dict[str, Any]


class Search:
    """The table `chunks` as an index. Raises DatabaseUnavailable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def hybrid(
        self,
        query: str,
        vector: Vector,
        model: str,
        *,
        job_post_id: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        limit: int = 10,
    ) -> list[Hit]:
        """The best applications, best first, one of equal files.

        `vector` is the query's, float32 of shape (dimension,).
        """
        chosen = _filter(model, job_post_id, created_after, created_before)
        candidates = max(CANDIDATES, 10 * limit)
        with transaction(self._engine) as connection:
            while True:
                near = list(_near(connection, chosen, vector, candidates))
                worded = _worded(connection, chosen, query, candidates)
                content = _content(connection, {id_ for id_, _ in near + worded})
                best = fuse([near, worded], content)[:limit]
                if (
                    len(best) == limit
                    or max(len(near), len(worded)) < candidates
                    or candidates >= CANDIDATES_MAX
                ):
                    break
                candidates = min(CANDIDATES_MAX, 4 * candidates)
            details = _details(connection, model, [chunk for chunk, _ in best], vector)
            copies = _copies(connection, chosen, {content[id_] for (id_, _), _ in best})
        return [
            _hit(details[chunk], score, copies.get(content[chunk[0]], []))
            for chunk, score in best
            if chunk in details
        ]

    def ensure_index(self, model: str, dimension: int) -> None:
        """Make the model's HNSW index unless it is there, without stopping writes.

        When another process is making one at the moment this returns at once: searches are right without it.
        """
        with unavailable(), self._engine.connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            if not connection.execute(text(TRY_LOCK), {"key": index_name(model)}).scalar_one():
                return
            try:
                self._build(connection, model, dimension)
            finally:
                connection.execute(text(UNLOCK), {"key": index_name(model)})

    def _build(self, connection: Connection, model: str, dimension: int) -> None:
        name = index_name(model)
        valid = connection.execute(text(INDEX_VALID), {"name": name}).scalar_one_or_none()
        if valid:
            return
        driver = connection.connection.driver_connection
        assert driver is not None
        with driver.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            if valid is False:
                log.warning("dropping %s, which was left half made", name)
                cursor.execute(sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.Identifier(name)))
            cursor.execute(
                sql.SQL(CREATE_INDEX).format(
                    name=sql.Identifier(name), model=sql.Literal(model), dimension=sql.Literal(int(dimension))
                )
            )
            cursor.execute("RESET statement_timeout")


def index_name(model: str) -> str:
    return MODEL_INDEX_PREFIX + hashlib.sha256(model.encode()).hexdigest()[:12]


def fuse(lists: Sequence[Sequence[ChunkId]], content: Mapping[UUID, str]) -> list[tuple[ChunkId, float]]:
    """The best chunk of each content and its score, best first: the sum over the lists of 1 / (60 + rank).

    Ranks count contents, not chunks or applications: a resume is not better for repeating itself, nor for having been
    sent to many job posts. `content` tells the applications' bytes apart.
    """
    scores: dict[str, float] = defaultdict(float)
    chosen: dict[str, tuple[float, ChunkId]] = {}
    for chunks in lists:
        first: dict[str, ChunkId] = {}
        for chunk in chunks:
            if chunk[0] in content:
                first.setdefault(content[chunk[0]], chunk)
        for rank, (of, chunk) in enumerate(first.items(), start=1):
            share = 1 / (RRF_K + rank)
            scores[of] += share
            if of not in chosen or share > chosen[of][0]:
                chosen[of] = (share, chunk)
    fused = [(chunk, scores[of]) for of, (_, chunk) in chosen.items()]
    return sorted(fused, key=lambda item: (-item[1], item[0]))


def _filter(
    model: str, job_post_id: str | None, created_after: datetime | None, created_before: datetime | None
) -> _Filter:
    conditions = {
        "job_post_id = :job_post_id": job_post_id,
        "created_at >= :created_after": created_after,
        "created_at < :created_before": created_before,
    }
    used = {condition: value for condition, value in conditions.items() if value is not None}
    parameters = {condition.rpartition(":")[2]: value for condition, value in used.items()}
    return _Filter("".join(f" AND {condition}" for condition in used), {"model": model, **parameters})


def _near(connection: Connection, chosen: _Filter, vector: Vector, candidates: int) -> dict[ChunkId, float]:
    """Chunks by cosine distance, nearest first."""
    parameters = {**chosen.parameters, "vector": literal(vector), "candidates": candidates}
    distance = distance_sql(len(vector))
    if chosen.sql and _few(connection, chosen):
        statement = EXACT.format(distance=distance, filter=chosen.sql)
    else:
        connection.execute(text("SET LOCAL hnsw.iterative_scan = relaxed_order"))
        connection.execute(text(f"SET LOCAL hnsw.ef_search = {min(1000, candidates)}"))
        statement = APPROXIMATE.format(distance=distance, filter=chosen.sql)
    rows = connection.execute(text(statement), parameters)
    return {(row.application_id, row.chunk_no): row.distance for row in rows}


def _few(connection: Connection, chosen: _Filter) -> bool:
    parameters = {**chosen.parameters, "cap": EXACT_MAX + 1}
    found = connection.execute(text(COUNT_APPLICATIONS.format(filter=chosen.sql)), parameters).scalar_one()
    return int(found) <= EXACT_MAX


def _worded(connection: Connection, chosen: _Filter, query: str, candidates: int) -> list[ChunkId]:
    """Chunks by how many of the query's words they hold, best first."""
    words = tsquery(query)
    if words is None:
        return []
    parameters = {**chosen.parameters, "words": words, "candidates": candidates}
    rows = connection.execute(text(WORDED.format(filter=chosen.sql)), parameters)
    return [(row.application_id, row.chunk_no) for row in rows]


def _content(connection: Connection, ids: set[UUID]) -> dict[UUID, str]:
    rows = connection.execute(text(CONTENT), {"ids": list(ids)})
    return {row.id: row.content_sha256 for row in rows}


def _copies(connection: Connection, chosen: _Filter, contents: set[str]) -> dict[str, list[UUID]]:
    """The applications of these contents, newest first."""
    parameters = {**chosen.parameters, "contents": list(contents)}
    rows = connection.execute(text(COPIES.format(filter=chosen.sql)), parameters)
    return {row.content_sha256: row.ids for row in rows}


def _details(
    connection: Connection, model: str, chunks: list[ChunkId], vector: Vector
) -> dict[ChunkId, Row[Any]]:
    if not chunks:
        return {}
    parameters = {
        "model": model,
        "vector": literal(vector),
        "ids": [id_ for id_, _ in chunks],
        "numbers": [number for _, number in chunks],
    }
    rows = connection.execute(text(DETAILS.format(distance=distance_sql(len(vector)))), parameters)
    return {(row.application_id, row.chunk_no): row for row in rows}


def _hit(row: Row[Any], score: float, copies: Sequence[UUID]) -> Hit:
    return Hit(
        resume_id=row.application_id,
        score=score,
        similarity=row.similarity,
        section=row.section,
        chunk_no=row.chunk_no,
        line_ids=tuple(row.line_ids),
        text=row.text,
        filename=row.filename,
        job_post_id=row.job_post_id,
        name=row.name,
        headline=row.headline,
        copies=tuple(id_ for id_ in copies if id_ != row.application_id)[:COPIES_MAX],
    )


def literal(vector: Vector) -> str:
    """The vector in pgvector's text form."""
    return "[" + ",".join(f"{value:.6g}" for value in vector.tolist()) + "]"


def distance_sql(dimension: int) -> str:
    """Word for word the expression of the model's index: the planner knows it by that."""
    return f"(embedding::halfvec({dimension:d})) <=> CAST(:vector AS halfvec({dimension:d}))"


# The distances are computed before the sort is known of, so that no index of vectors is tempting.
EXACT = """
    WITH eligible AS MATERIALIZED (
        SELECT application_id, chunk_no, {distance} AS distance FROM chunks WHERE model = :model{filter}
    )
    SELECT * FROM eligible ORDER BY distance, application_id DESC LIMIT :candidates"""

# The outer sort: relaxed order answers nearly, not strictly, by distance.
APPROXIMATE = """
    WITH nearest AS MATERIALIZED (
        SELECT application_id, chunk_no, {distance} AS distance FROM chunks WHERE model = :model{filter}
        ORDER BY {distance} LIMIT :candidates
    )
    SELECT * FROM nearest ORDER BY distance, application_id DESC"""

COUNT_APPLICATIONS = """
    SELECT count(*) FROM (
        SELECT FROM applications WHERE status = 'completed'{filter} LIMIT :cap
    ) AS capped"""

WORDED = f"""
    WITH matched AS MATERIALIZED (
        SELECT application_id, chunk_no, tsv FROM chunks
        WHERE tsv @@ CAST(:words AS tsquery) AND model = :model{{filter}} LIMIT {RANKED_MAX}
    )
    SELECT application_id, chunk_no FROM matched
    ORDER BY ts_rank(tsv, CAST(:words AS tsquery), 1) DESC, application_id DESC, chunk_no
    LIMIT :candidates"""

CONTENT = "SELECT id, content_sha256 FROM applications WHERE id = ANY(CAST(:ids AS uuid[]))"

COPIES = f"""
    SELECT content_sha256, (array_agg(id ORDER BY id DESC))[1:{COPIES_MAX + 1}] AS ids FROM applications
    WHERE content_sha256 = ANY(CAST(:contents AS text[])) AND status = 'completed'{{filter}}
    GROUP BY content_sha256"""

DETAILS = """
    SELECT c.application_id, c.chunk_no, c.section, c.line_ids, c.text, 1 - ({distance}) AS similarity,
        a.filename, a.job_post_id,
        a.profile #>> '{{person,name,full,value}}' AS name,
        a.profile #>> '{{person,headline,value}}' AS headline
    FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS integer[])) AS wanted (id, number)
    JOIN chunks c ON c.application_id = wanted.id AND c.model = :model AND c.chunk_no = wanted.number
    JOIN applications a ON a.id = c.application_id"""

TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended(:key, 0))"
UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(:key, 0))"
INDEX_VALID = """
    SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(CAST(:name AS text))"""
CREATE_INDEX = """
    CREATE INDEX CONCURRENTLY {name} ON chunks
    USING hnsw ((embedding::halfvec({dimension})) halfvec_cosine_ops) WHERE model = {model}"""
