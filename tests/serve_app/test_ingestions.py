"""Bulk ingestion over HTTP: what it shows of an ingestion, its errors and its results, and cancelling it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import Engine

from pipeline.adapters.postgres.ingestion_work import IngestionWork
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.adapters.postgres.results import PostgresResults
from pipeline.domain.errors import DatabaseUnavailable
from pipeline.domain.ingestion import Outcome
from pipeline.domain.job import ClaimedJob
from pipeline.domain.journey import Lane
from pipeline.domain.result import Verdict
from resumes_client import Client, ProblemError, Retry
from resumes_client import core as client_core
from serve_app.routes import ingestions as routes
from serve_app.schemas_ingestions import Ingestion, IngestionList, MemberErrorList
from tests.adapters.postgres.factories import OWNER, result, sql
from tests.adapters.postgres.ingestion_factories import (
    DAY,
    accepted,
    claim_one,
    listed,
    refused,
    reject_next,
    store_all,
)
from tests.serve_app.conftest import Service, Start
from tests.serve_app.samples import profile, request_head
from tests.serve_app.test_outages import is_unavailable, refusing_connections
from tests.serve_app.test_raw_uploads import wait_for


def is_problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["type"]) == (status, f"/problems/{slug}"), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return problem


def lines(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def claim_jobs(engine: Engine) -> list[ClaimedJob]:
    return JobQueue(engine).claim(OWNER, Lane.BULK, 10_000)


def complete(engine: Engine, jobs: list[ClaimedJob]) -> None:
    results = [replace(result(job.lease, upload=job.upload), profile=profile()) for job in jobs]
    saved = PostgresResults(engine).save(results)
    assert set(saved) <= {Verdict.SAVED}


def half_done(engine: Engine) -> UUID:
    """Six members: a duplicate, a skipped and a failed one, a completed and a failed resume, one not started."""
    id_ = listed(engine, 5, 1)
    shard = claim_one(engine)
    members = IngestionWork(engine).members(shard)
    IngestionWork(engine).store(
        shard,
        [accepted(members[0], "same"), accepted(members[1], "same"), accepted(members[2])],
        [refused(members[3], Outcome.SKIPPED, "symlink"), refused(members[4], Outcome.FAILED, "empty")],
    )
    first, second = sorted(claim_jobs(engine), key=lambda job: job.lease.resume_id)
    complete(engine, [first])
    assert JobQueue(engine).fail(second.lease, code="encrypted", detail="It needs a password.")
    return id_


@pytest.fixture
def ended(service: Service) -> UUID:
    """An ingestion of twelve completed resumes."""
    id_ = listed(service.engine, 12)
    store_all(service.engine)
    complete(service.engine, claim_jobs(service.engine))
    IngestionWork(service.engine).end_finished()
    return id_


@pytest.fixture
def three_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches small enough that twelve results are several."""
    monkeypatch.setattr(routes, "_LINES_AT_ONCE", 3)


# One ingestion


def test_an_ingestion_shows_counts_that_add_up(service: Service, client: httpx.Client) -> None:
    """Members by outcome, resumes by status, reasons, the first errors, and where the rest is."""
    id_ = half_done(service.engine)
    answer = client.get(f"/ingestions/{id_}")
    body = answer.json()
    Ingestion.model_validate(body)
    assert (body["state"], body["kind"], body["source"], body["members"]) == (
        "running",
        "zip",
        "s3://b/cvs/",
        6,
    )
    assert body["counts"] == {"accepted": 2, "duplicate": 1, "skipped": 1, "failed": 1, "not_started": 1}
    assert sum(body["counts"].values()) == body["members"]
    assert {status: count for status, count in body["resumes"].items() if count} == {
        "completed": 1,
        "failed": 1,
    }
    assert {(one["outcome"], one["code"], one["members"]) for one in body["failures"]} == {
        ("failed", "empty", 1),
        ("failed", "encrypted", 1),
        ("skipped", "symlink", 1),
    }
    assert [error["outcome"] for error in body["errors"]].count("duplicate") == 1
    assert len(body["errors"]) == 4
    assert body["resumes_per_second"] is None  # two that have ended tell no rate
    assert body["eta_seconds"] is None
    assert body["usd"] == 0
    assert (body["same_as"], body["error"]) == (None, None)
    assert body["timings"]["listing_seconds"] >= 0
    assert body["timings"]["total_seconds"] is None
    assert body["links"] == {
        "self": f"/ingestions/{id_}",
        "errors": f"/ingestions/{id_}/errors",
        "results": f"/ingestions/{id_}/results",
        "cancel": f"/ingestions/{id_}/cancel",
    }


def test_an_ingestion_that_was_just_begun_knows_little(service: Service, client: httpx.Client) -> None:
    """No members, no rate, no time left: null, not zero."""
    id_ = service.services.ingestions.create("s3://b/cvs/", as_of_date=DAY, job_post_id="nurse-7")
    body = client.get(f"/ingestions/{id_}").json()
    assert (body["state"], body["job_post_id"]) == ("listing", "nurse-7")
    assert [body[name] for name in ("kind", "members", "resumes_per_second", "eta_seconds", "stored_at")] == [
        None
    ] * 5


def test_a_rejected_ingestion_says_why(service: Service, client: httpx.Client) -> None:
    """A stable code and a sentence."""
    id_ = service.services.ingestions.create("s3://b/a.zip", as_of_date=DAY)
    reject_next(service.engine, "Its members overlap.")
    body = client.get(f"/ingestions/{id_}").json()
    assert body["state"] == "rejected"
    assert body["error"] == {"code": "archive-rejected", "detail": "Its members overlap."}


def test_a_run_of_the_same_source_names_the_first(service: Service, client: httpx.Client) -> None:
    """It is completed, has nothing of its own, and says which one has."""
    first = listed(service.engine, 1)
    second = service.services.ingestions.create("s3://b/cvs/", as_of_date=DAY)
    work = IngestionWork(service.engine)
    listing = work.claim_listing(OWNER)
    assert listing is not None
    work.begin_listing(listing, "key")
    body = client.get(f"/ingestions/{second}").json()
    assert (body["state"], body["same_as"], body["members"]) == ("completed", str(first), 0)


def test_an_unchanged_ingestion_is_not_sent_again(
    service: Service, client: httpx.Client, ended: UUID
) -> None:
    """304 with its ETag."""
    tag = client.get(f"/ingestions/{ended}").headers["etag"]
    same = client.get(f"/ingestions/{ended}", headers={"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")


def test_a_resume_tells_which_ingestion_it_came_with(
    service: Service, client: httpx.Client, ended: UUID
) -> None:
    """Its id and which member it was; the list of resumes can be asked for one ingestion's."""
    other = listed(service.engine, 1, key="other")
    store_all(service.engine)
    page = client.get("/resumes", params={"ingestion_id": str(ended), "limit": 200}).json()["items"]
    assert sorted(item["ingestion_member"] for item in page) == list(range(12))
    assert {item["ingestion_id"] for item in page} == {str(ended)}
    (item,) = client.get("/resumes", params={"ingestion_id": str(other)}).json()["items"]
    assert client.get(f"/resumes/{item['id']}").json()["ingestion_id"] == str(other)


# The list


def test_ingestions_are_listed_newest_first_by_pages(service: Service, client: httpx.Client) -> None:
    """Each once; one that begins meanwhile shifts nothing."""
    create = service.services.ingestions.create
    ids = [str(create(f"s3://b/{n}/", as_of_date=DAY)) for n in range(5)]
    first = IngestionList.model_validate_json(client.get("/ingestions", params={"limit": 3}).content)
    create("s3://b/meanwhile/", as_of_date=DAY)
    second = client.get("/ingestions", params={"limit": 3, "cursor": first.next_cursor}).json()
    seen = [str(item.id) for item in first.items] + [item["id"] for item in second["items"]]
    assert seen == sorted(ids, reverse=True)
    assert second["next_cursor"] is None
    assert (
        client.get("/ingestions", params={"limit": 200}).json()["items"][0]["source"] == "s3://b/meanwhile/"
    )


@pytest.mark.parametrize(
    ("path", "query", "status", "slug"),
    [
        ("", {"cursor": "nonsense"}, 400, "bad-request"),
        ("", {"cursor": "a\x00b"}, 400, "bad-request"),
        ("", {"limit": "0"}, 422, "invalid"),
        ("", {"limit": "201"}, 422, "invalid"),
        ("", {"state": "running"}, 422, "invalid"),
        ("/{id}/errors", {"cursor": "nonsense"}, 400, "bad-request"),
        ("/{id}/errors", {"cursor": "-1"}, 400, "bad-request"),
        ("/{id}/errors", {"cursor": "9" * 19}, 400, "bad-request"),
        ("/{id}/errors", {"cursor": "٣"}, 400, "bad-request"),
        ("/{id}/errors", {"limit": "1001"}, 422, "invalid"),
        ("/{id}/results", {"cursor": "nonsense"}, 400, "bad-request"),
        ("/{id}/results", {"limit": "0"}, 422, "invalid"),
        ("/{id}/results", {"format": "csv"}, 422, "invalid"),
        ("/{id}", {"wait": "30"}, 422, "invalid"),
    ],
)
def test_a_bad_parameter_gets_its_problem(
    service: Service, client: httpx.Client, path: str, query: dict[str, str], status: int, slug: str
) -> None:
    """Unknown ones and values out of range are refused; so is a cursor that this service did not make."""
    id_ = service.services.ingestions.create("s3://b/cvs/", as_of_date=DAY)
    is_problem(client.get("/ingestions" + path.format(id=id_), params=query), status, slug)


CALLS = [("GET", ""), ("GET", "/errors"), ("GET", "/results"), ("POST", "/cancel")]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_an_unknown_ingestion_is_not_found(shared: Service, method: str, path: str) -> None:
    """On every call that names one; an id that is none is a bad request."""
    with shared.client() as client:
        is_problem(client.request(method, f"/ingestions/{uuid4()}{path}"), 404, "not-found")
        is_problem(client.request(method, f"/ingestions/seven{path}"), 400, "bad-request")


# Errors


def test_errors_are_paged_in_the_order_of_the_source(service: Service, client: httpx.Client) -> None:
    """Members that never became resumes and resumes that failed, each once."""
    id_ = half_done(service.engine)
    path: str | None = f"/ingestions/{id_}/errors"
    whole = MemberErrorList.model_validate_json(client.get(path).content)  # type: ignore[arg-type]
    assert whole.next_cursor is None
    assert [error.member for error in whole.items] == sorted(error.member for error in whole.items)
    paged, cursor = [], None
    while True:
        page = client.get(
            f"/ingestions/{id_}/errors", params={"limit": 1} | ({"cursor": cursor} if cursor else {})
        ).json()
        paged += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert paged == whole.model_dump(mode="json")["items"]
    by_code = {error["code"]: error for error in paged}
    assert set(by_code) == {"duplicate", "symlink", "empty", "encrypted"}
    assert by_code["symlink"]["resume_id"] is None
    failed = by_code["encrypted"]["resume_id"]
    assert client.get(f"/resumes/{failed}").json()["status"] == "failed"


# Results


def test_results_are_a_line_a_resume(service: Service, client: httpx.Client) -> None:
    """Completed ones with their compact profile, failed ones with their error."""
    id_ = half_done(service.engine)
    found = {line["status"]: line for line in lines(client.get(f"/ingestions/{id_}/results"))}
    assert set(found) == {"completed", "failed"}
    assert found["completed"]["profile"]["person"]["name"]["full"] == "Ada Fiktiva"
    assert found["completed"]["error"] is None
    assert found["failed"]["profile"] is None
    assert found["failed"]["error"] == {"code": "encrypted", "detail": "It needs a password."}
    assert {line["member"] for line in found.values()} < {0, 1, 2}


def test_results_travel_packed_where_the_reader_unpacks(client: httpx.Client, ended: UUID) -> None:
    """With gzip the same lines in a fraction of the bytes; without it as they are. HEAD ends at once."""
    path, got = f"/ingestions/{ended}/results", {}
    for encoding in ("gzip", "identity"):
        with client.stream("GET", path, headers={"Accept-Encoding": encoding}) as answer:
            got[encoding] = (answer.read(), answer.num_bytes_downloaded)
            assert answer.headers.get("content-encoding", "identity") == encoding
            assert answer.headers["vary"] == "Accept-Encoding"
    assert got["gzip"][0] == got["identity"][0]
    assert got["gzip"][1] * 4 < got["identity"][1]
    head = client.head(path)
    assert (head.status_code, head.headers["content-type"], head.content) == (
        200,
        "application/x-ndjson",
        b"",
    )


def test_a_line_is_a_line_to_every_reader(service: Service, client: httpx.Client, ended: UUID) -> None:
    """A value may hold what Unicode takes for the end of a line: it is escaped, and read back as it was."""
    odd = "a\nb\r\x0b\x0c\x1c\x85\u2028\u2029é"
    sql(service.engine, "UPDATE applications SET external_id = :odd || ingestion_member", odd=odd)
    found = lines(client.get(f"/ingestions/{ended}/results"))
    assert sorted(line["external_id"] for line in found) == sorted(f"{odd}{n}" for n in range(12))


@pytest.mark.usefixtures("three_at_once")
def test_every_line_is_a_cursor(client: httpx.Client, ended: UUID) -> None:
    """Behind any of them the stream goes on with the next: nothing twice, nothing left out."""
    path = f"/ingestions/{ended}/results"
    whole = lines(client.get(path))
    assert len(whole) == len({line["id"] for line in whole}) == 12
    for n, line in enumerate(whole):
        assert lines(client.get(path, params={"cursor": line["id"]})) == whole[n + 1 :]


@pytest.mark.usefixtures("three_at_once")
def test_a_stream_may_be_asked_for_in_parts(client: httpx.Client, ended: UUID) -> None:
    """No more lines than its limit, whether that is a whole number of batches or not."""
    path = f"/ingestions/{ended}/results"
    whole = lines(client.get(path))
    for limit in (1, 3, 4, 6, 12, 13):
        assert lines(client.get(path, params={"limit": limit})) == whole[:limit]
    part = {"limit": 5, "cursor": whole[4]["id"]}
    assert lines(client.get(path, params=part)) == whole[5:10]


@pytest.mark.usefixtures("three_at_once")
def test_an_outage_in_mid_stream_cuts_it_and_a_cursor_goes_on(start: Start) -> None:
    """What arrived are whole lines; with the last one's id the rest comes after the outage."""
    service = start()
    id_ = listed(service.engine, 12)
    store_all(service.engine)
    complete(service.engine, claim_jobs(service.engine))
    page = service.services.ingestions.results_page
    asked: list[UUID | None] = []

    def losing_the_database(*args: Any, **kwargs: Any) -> Any:
        asked.append(kwargs["after"])
        if len(asked) == 3:
            raise DatabaseUnavailable("the connection was lost")
        return page(*args, **kwargs)

    service.services.ingestions.results_page = losing_the_database  # type: ignore[method-assign]
    received: list[bytes] = []
    with service.client() as client:
        path = f"/ingestions/{id_}/results"
        with client.stream("GET", path) as answer, pytest.raises(httpx.RemoteProtocolError):
            received.extend(answer.iter_bytes())
        got = [json.loads(line) for line in b"".join(received).decode().splitlines()]
        assert len(got) == 6
        rest = lines(client.get(path, params={"cursor": got[-1]["id"]}))
        assert len({line["id"] for line in got + rest}) == 12


@pytest.mark.usefixtures("three_at_once")
def test_the_client_takes_up_a_stream_that_broke_off(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """`ingestion_results` yields every line once, in several parts, whatever happens in between."""
    monkeypatch.setattr(client_core, "_LINES_AT_ONCE", 6)
    service = start()
    id_ = listed(service.engine, 12)
    store_all(service.engine)
    complete(service.engine, claim_jobs(service.engine))
    page = service.services.ingestions.results_page
    asked: list[UUID | None] = []

    def failing_now_and_then(*args: Any, **kwargs: Any) -> Any:
        asked.append(kwargs["after"])
        if len(asked) in (3, 5):
            raise DatabaseUnavailable("the connection was lost")
        return page(*args, **kwargs)

    service.services.ingestions.results_page = failing_now_and_then  # type: ignore[method-assign]
    client = Client(service.url, service.token(), retry=Retry(within=20))
    found = [line["id"] for line in client.ingestion_results(str(id_))]
    assert found == sorted(set(found))
    assert len(found) == 12
    with pytest.raises(ProblemError, match="No ingestion"):
        list(client.ingestion_results(str(uuid4())))
    client.close()


def test_a_client_that_goes_away_ends_the_stream(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that takes nothing is asked for nothing more, and when it is gone no more batches are read."""
    monkeypatch.setattr(routes, "_LINES_AT_ONCE", 20)
    service = start()
    id_ = listed(service.engine, 400)
    store_all(service.engine)
    complete(service.engine, claim_jobs(service.engine))
    sql(
        service.engine,
        "UPDATE applications SET profile = jsonb_set(profile, '{person,headline}', "
        "jsonb_build_object('value', repeat(md5(id\\:\\:text), 4000)))",
    )
    page = service.services.ingestions.results_page
    asked: list[int] = []

    def counting(*args: Any, **kwargs: Any) -> Any:
        asked.append(1)
        return page(*args, **kwargs)

    service.services.ingestions.results_page = counting  # type: ignore[method-assign]
    with closing(socket.create_connection(("127.0.0.1", service.port))) as reader:
        head = request_head(service.token(), [], path=f"/ingestions/{id_}/results", method="GET")
        reader.sendall(head)
        assert reader.recv(1000).startswith(b"HTTP/1.1 200")
        wait_for(lambda: asked)
        wait_for(lambda: settled(asked))
        assert len(asked) < 15, "twenty batches of 2.5 MB do not fit into buffers"
    with service.client() as client:
        assert client.get(f"/ingestions/{id_}").status_code == 200
    count = len(asked)
    assert settled(asked)
    assert len(asked) <= count + 1


def settled(asked: list[int]) -> bool:
    """Whether nothing more is asked for a while."""
    before = len(asked)
    time.sleep(0.5)
    return len(asked) == before


def test_an_erased_resume_is_in_no_answer_any_more(service: Service, client: httpx.Client) -> None:
    """Its line, its error, and the names of members with its bytes go; the counts stay."""
    id_ = half_done(service.engine)
    path = f"/ingestions/{id_}"
    before = client.get(path).json()["counts"]
    for line in lines(client.get(f"{path}/results")):
        assert client.delete(f"/resumes/{line['id']}").status_code == 200
    assert client.get(f"{path}/results").text == ""
    left = [error["code"] for error in client.get(f"{path}/errors").json()["items"]]
    assert sorted(left) == ["empty", "symlink"]
    after = client.get(path).json()
    assert after["counts"] == before
    assert after["resumes"]["erased"] == 2


# Cancelling


def test_a_cancelled_ingestion_stops_and_says_so(service: Service, client: httpx.Client) -> None:
    """202 with its state; what had not started is cancelled; a second time there is nothing to cancel."""
    id_ = listed(service.engine, 2, 1)
    shard = claim_one(service.engine)
    work = IngestionWork(service.engine)
    work.store(shard, [accepted(one) for one in work.members(shard)], [])
    answer = client.post(f"/ingestions/{id_}/cancel")
    assert answer.status_code == 202
    assert answer.json()["state"] == "cancelled"
    assert answer.headers["location"] == f"/ingestions/{id_}"
    body = client.get(f"/ingestions/{id_}").json()
    assert (body["state"], body["resumes"]["cancelled"], body["counts"]["not_started"]) == ("cancelled", 2, 1)
    assert body["completed_at"]
    assert len(lines(client.get(f"/ingestions/{id_}/results"))) == 2
    refusal = client.post(f"/ingestions/{id_}/cancel")
    is_problem(refusal, 409, "ended")
    assert "retry-after" not in refusal.headers


def test_a_completed_ingestion_cannot_be_cancelled(client: httpx.Client, ended: UUID) -> None:
    """409, and its results stay."""
    is_problem(client.post(f"/ingestions/{ended}/cancel"), 409, "ended")
    assert len(lines(client.get(f"/ingestions/{ended}/results"))) == 12


# Outages


@pytest.fixture
def cut_off(start: Start) -> Iterator[tuple[Service, httpx.Client]]:
    """A service that has lost its database, and a client that it knows."""
    service = start(aws_s3_bucket_name="cvs")
    with service.client() as client:
        assert client.get("/ingestions").status_code == 200
        with refusing_connections(service):
            yield service, client


def test_every_call_answers_503_without_the_database(cut_off: tuple[Service, httpx.Client]) -> None:
    """None hangs, none says 500; a stream that has not begun is a problem document too."""
    _, client = cut_off
    is_unavailable(client.get("/ingestions"))
    is_unavailable(client.post("/ingestions", json={"source": "s3://cvs/2026/"}))
    for method, path in CALLS:
        is_unavailable(client.request(method, f"/ingestions/{uuid4()}{path}"))
