"""Search: by meaning, by words, within a job post, and what a hit shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import Engine

from pipeline.adapters.postgres.results import PostgresResults
from pipeline.adapters.postgres.search import EXACT_MAX, Search, fuse, index_name
from pipeline.adapters.postgres.terms import terms, tsquery
from pipeline.domain.chunk import Vector
from tests.adapters.postgres.factories import DIMENSION, MODEL, claimed, result, sql, unit


def add(
    engine: Engine, *texts: str, vectors: list[Vector], job_post_id: str | None = None, name: str = "Ada"
) -> UUID:
    job = claimed(engine, texts[0], job_post_id=job_post_id)
    PostgresResults(engine).save([result(job.lease, *texts, vectors=vectors, name=name)])
    return job.lease.resume_id


def test_the_nearest_and_the_best_worded_come_first(engine: Engine) -> None:
    """One that is first by meaning and by words beats one that is first by either alone."""
    both = add(engine, "Pediatric nurse on night shifts", vectors=[unit(1, 0.1)], name="Grace Example")
    near = add(engine, "Ward sister for children", vectors=[unit(1, 0.3)])
    words = add(engine, "Night train driver", vectors=[unit(0, 0, 1)])
    hits = Search(engine).hybrid("pediatric nurse, night", unit(1, 0), MODEL)
    assert hits[0].resume_id == both
    assert {hit.resume_id for hit in hits} == {both, near, words}
    assert hits[0].similarity == pytest.approx(0.995, abs=0.001)
    assert (hits[0].name, hits[0].text, hits[0].line_ids) == (
        "Grace Example",
        "Pediatric nurse on night shifts",
        (0,),
    )
    assert (hits[0].section, hits[0].chunk_no, hits[0].filename) == ("summary", 0, "ada.pdf")
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_a_hit_is_an_application_and_names_its_best_chunk(engine: Engine) -> None:
    """Three matching chunks of one resume are one hit."""
    one = add(engine, "Python", "Python and Go", "Hobbies", vectors=[unit(0.5, 1), unit(1), unit(0, 0, 1)])
    hits = Search(engine).hybrid("go", unit(1), MODEL)
    assert [(hit.resume_id, hit.chunk_no) for hit in hits] == [(one, 1)]


def test_a_job_post_filter_lets_nothing_else_through(engine: Engine) -> None:
    """Every match of the job post and no other, however near the others are."""
    inside = {add(engine, f"nurse {n}", vectors=[unit(0.1, 1, n)], job_post_id="a") for n in range(5)}
    for n in range(20):
        add(engine, f"nurse {n}", vectors=[unit(1)], job_post_id="b")
    Search(engine).ensure_index(MODEL, DIMENSION)
    hits = Search(engine).hybrid("nurse", unit(1), MODEL, job_post_id="a")
    assert {hit.resume_id for hit in hits} == inside
    assert {hit.job_post_id for hit in hits} == {"a"}
    assert Search(engine).hybrid("nurse", unit(1), MODEL, job_post_id="none") == []


def test_times_filter_too(engine: Engine) -> None:
    """`created_after` inclusive, `created_before` exclusive."""
    id_ = add(engine, "nurse", vectors=[unit(1)])
    at = sql(engine, "SELECT created_at FROM applications")[0].created_at
    search = Search(engine)
    assert search.hybrid("nurse", unit(1), MODEL, created_after=at)[0].resume_id == id_
    assert search.hybrid("nurse", unit(1), MODEL, created_before=at) == []
    assert search.hybrid("nurse", unit(1), MODEL, created_after=datetime.now(UTC) + timedelta(days=1)) == []


def test_vectors_of_another_model_are_never_compared(engine: Engine) -> None:
    """Not even by their words: their hits could not be ranked."""
    add(engine, "nurse", vectors=[unit(1)])
    assert Search(engine).hybrid("nurse", unit(1), "other/fp32") == []


def test_an_approximate_search_finds_what_an_exact_one_does(engine: Engine) -> None:
    """Through the index, iteratively: nearly all of the true ten nearest of 2,000."""
    random = np.random.default_rng(7)
    vectors = random.normal(size=(2_000, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    job = claimed(engine)
    texts = [f"t{n}" for n in range(2_000)]
    PostgresResults(engine).save([result(job.lease, *texts, vectors=list(vectors))])
    # One chunk an application, so that the ten best applications are the ten best chunks.
    sql(
        engine,
        """WITH other AS (INSERT INTO applications (id, object_key, content_sha256, size, mime, as_of_date)
            SELECT gen_random_uuid(), 'k', lpad(n::text, 64, '0'), 1, 'm', '2026-01-01'
            FROM generate_series(1, 2000) n RETURNING id),
        numbered AS (SELECT id, row_number() OVER () - 1 AS n FROM other)
        INSERT INTO chunks SELECT o.id, model, chunk_no, section, line_ids, text, tsv, embedding, job_post_id,
            created_at FROM chunks JOIN numbered o ON o.n = chunk_no""",
    )
    sql(engine, "DELETE FROM chunks WHERE application_id = :id", id=job.lease.resume_id)
    Search(engine).ensure_index(MODEL, DIMENSION)
    sql(engine, "ANALYZE chunks")
    query = unit(1, -1, 0.5)
    truth = {f"t{n}" for n in np.argsort(-(vectors @ query))[:10]}
    found = {hit.text for hit in Search(engine).hybrid("", query, MODEL)}
    assert len(truth & found) >= 9


def test_a_models_index_is_made_once_and_mended_when_half_made(engine: Engine) -> None:
    """A second call changes nothing; an invalid index is dropped and made again."""
    search = Search(engine)
    search.ensure_index(MODEL, DIMENSION)
    search.ensure_index(MODEL, DIMENSION)
    search.ensure_index("model with 'quotes'/fp32", DIMENSION)
    name = index_name(MODEL)
    sql(engine, f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{name}'\\:\\:regclass")
    search.ensure_index(MODEL, DIMENSION)
    made = "SELECT oid FROM pg_class WHERE relname LIKE 'chunks_embedding%'"
    rows = sql(engine, f"SELECT indisvalid FROM pg_index WHERE indexrelid IN ({made})")
    assert [row.indisvalid for row in rows] == [True, True]


def test_nothing_asked_and_nothing_stored_is_no_error(engine: Engine) -> None:
    """Empty tables, empty queries, queries of signs only."""
    search = Search(engine)
    for query in ("", "  ", "!?", "the and", "'); DROP", "\\ ' \x00"):
        assert search.hybrid(query, unit(1), MODEL) == []
    assert EXACT_MAX >= 1_000


def test_fusion_counts_applications_not_chunks() -> None:
    """A resume that repeats itself in one list gets one rank there."""
    a, b = uuid4(), uuid4()
    best = fuse([[(a, 0), (a, 1), (a, 2), (b, 0)], [(b, 3)]], {a: "1", b: "2"})
    assert best == [((b, 3), pytest.approx(1 / 62 + 1 / 61)), ((a, 0), pytest.approx(1 / 61))]


def test_equal_files_are_one_hit_which_names_the_others(engine: Engine) -> None:
    """The newest; copies of other job posts count where the filter lets them through, and none crowds others out."""
    copies = [add(engine, "Night nurse", vectors=[unit(1)], job_post_id=str(n % 2)) for n in range(120)]
    other = add(engine, "Night porter", vectors=[unit(1, 1)], job_post_id="1")
    for query in ("", "night"):
        one, two = Search(engine).hybrid(query, unit(1), MODEL)
        assert (one.resume_id, two.resume_id, two.copies) == (copies[-1], other, ())
        assert list(one.copies) == copies[-2:-102:-1]
    (one,) = Search(engine).hybrid("nurse", unit(1), MODEL, job_post_id="0")
    assert (one.resume_id, list(one.copies)) == (copies[-2], copies[-4::-2])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C++ and C# on .NET", ["c++", "and", "c#", "on", "net"]),
        ("Node.js, F#/Go", ["node", "js", "f#", "go"]),
        ("Ｐｙｔｈｏｎ naïve CAFÉ", ["python", "naïve", "café"]),
        ("資深工程師", ["資深", "深工", "工程", "程師"]),
        ("Java開發 人", ["java", "開發", "人"]),
        ("a_b 2019–2021", ["a", "b", "2019", "2021"]),
        ("", []),
    ],
)
def test_terms_are_what_people_search_by(text: str, expected: list[str]) -> None:
    """Language names keep their signs, full-width letters fold, Chinese is cut into pairs."""
    assert terms(text) == expected


def test_questions_are_asked_by_their_telling_words() -> None:
    """Small words are dropped unless there is nothing else; terms are ORed."""
    assert tsquery("a nurse who can work at night") == "'nurse' | 'work' | 'night'"
    assert tsquery("who") == "'who'"
    assert tsquery("?") is None


@pytest.mark.parametrize("query", ["工程師", "ENGINEER", "c++"])
def test_words_are_found_in_every_script(engine: Engine, query: str) -> None:
    """By words alone: the vectors are as far as can be."""
    add(engine, "資深軟體工程師, Engineer, C++", vectors=[unit(0, 1)])
    add(engine, "護理師 nurse", vectors=[unit(0, 1)])
    hits = Search(engine).hybrid(query, unit(0, 1), MODEL)
    assert hits[0].text.startswith("資深")
