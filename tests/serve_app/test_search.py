"""Searching over HTTP; how well it finds is the search adapter's tests' business."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from pipeline.domain.errors import TransientError
from serve_app.schemas import SearchAnswer
from tests.serve_app.conftest import MODEL, Service, Start
from tests.serve_app.samples import LINES, finish, pdf
from tests.serve_app.test_resumes import VECTOR, completed
from tests.serve_app.test_uploads import upload


def search(client: httpx.Client, **body: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.post("/search", json=body).raise_for_status().json()["items"]
    return items


def test_a_hit_names_the_section_and_the_lines_that_matched(service: Service, client: httpx.Client) -> None:
    """A hit leads to the passage: its section, its lines, its text, and the resume it stands in."""
    path = completed(service, client, job_post_id="7")
    answer = SearchAnswer.model_validate_json(
        client.post("/search", json={"query": "night shift Berlin"}).content
    )
    (hit,) = answer.items
    assert answer.model == MODEL
    assert hit.links.self == path
    assert (hit.section, hit.line_ids, hit.text) == ("work", [2], LINES[2])
    assert (hit.name, hit.headline, hit.job_post_id) == ("Ada Fiktiva", "Intensive care nurse", "7")
    assert 0 < hit.score < 1
    assert hit.similarity is not None
    assert -1 <= hit.similarity <= 1


def test_the_same_file_for_two_job_posts_is_one_hit(service: Service, client: httpx.Client) -> None:
    """The newest one; the other is named."""
    first, second = (completed(service, client, job_post_id=post) for post in ("7", "8"))
    (hit,) = search(client, query="night shift Berlin")
    assert (hit["links"]["self"], hit["copies"]) == (second, [first.rpartition("/")[2]])
    (hit,) = search(client, query="night shift Berlin", job_post_id="7")
    assert (hit["links"]["self"], hit["copies"]) == (first, [])


def test_filters_narrow_a_search(service: Service, client: httpx.Client) -> None:
    """A job post and a time leave only what they name."""
    for post in ("7", "8"):
        upload(client, pdf(post), job_post_id=post)
    finish(service.engine, VECTOR, MODEL)
    now = datetime.now(UTC)
    later, earlier = (now + timedelta(hours=1)).isoformat(), (now - timedelta(hours=1)).isoformat()
    assert len(search(client, query="night shift")) == 2
    assert [hit["job_post_id"] for hit in search(client, query="night shift", job_post_id="8")] == ["8"]
    assert search(client, query="night shift", filters={"created_after": later}) == []
    assert (
        len(search(client, query="night shift", filters={"created_after": earlier, "created_before": later}))
        == 2
    )
    assert len(search(client, query="night shift", limit=1)) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"", 400),
        (b'{"query": "a\\u0000b"}', 400),
        (b'{"query": "\\ud800"}', 400),
        (b"\xff\xfe", 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"query": ""}', 422),
        (b'{"query": "   "}', 422),
        (b'{"query": 7}', 422),
        (b'{"query": "nurse", "limit": 0}', 422),
        (b'{"query": "nurse", "limit": 51}', 422),
        (b'{"query": "nurse", "top_k": 5}', 422),
        (b'{"query": "nurse", "filters": {"status": "completed"}}', 422),
        (b'{"query": "nurse", "filters": {"created_after": "2026-01-01T00:00:00"}}', 422),
        (b'{"query": "nurse", "filters": {"created_before": 0}}', 422),
        (b'{"query": "' + b"x" * 2001 + b'"}', 422),
        (b'{"query": "' + b"x" * 70_000 + b'"}', 413),
        (b"[" * 60_000, 400),
    ],
)
def test_a_bad_search_gets_its_problem(shared: Service, body: bytes, status: int) -> None:
    """Malformed JSON is a bad request, a value out of range is invalid, a flood is too large."""
    with shared.client("search") as client:
        answer = client.post("/search", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "headers",
    [{"Content-Type": "text/plain"}, {}, {"Content-Type": "application/json", "Content-Encoding": "gzip"}],
)
def test_a_search_is_plain_json(shared: Service, headers: dict[str, str]) -> None:
    """Another media type or a compressed body is refused."""
    content = gzip.compress(b"{}") if "Content-Encoding" in headers else b'{"query": "nurse"}'
    with shared.client("search") as client:
        answer = client.post("/search", content=content, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (415, "/problems/unsupported-type")


def test_a_query_at_its_longest_is_answered(client: httpx.Client) -> None:
    """Two thousand characters of any script are a query."""
    assert search(client, query="履" * 2000) == []
    assert search(client, query="!!! ((( & | <-> :*") == []


def test_a_model_that_does_not_answer_is_503(start: Start) -> None:
    """Without the embedding model there is no search, and it is said so."""
    service = start()

    async def unavailable(query: str) -> Any:
        raise TransientError("no embedder")

    object.__setattr__(service.services, "embed_query", unavailable)
    with service.client() as client:
        answer = client.post("/search", json={"query": "nurse"})
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/overloaded")
