"""resumes_client, blocking and awaiting, against a server that refuses and breaks off."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from resumes_client import (
    AsyncClient,
    CallTimeout,
    Client,
    ConnectionLost,
    ProblemError,
    ResumesClientError,
    Retry,
    core,
)
from tests.clients.faces import Ask, awaiting, blocking
from tests.clients.unreliable import (
    StandIn,
    answer,
    cut_within_the_answer,
    cut_within_the_request,
    problem,
    running,
    silent,
)

ACCEPTED = {"id": "r", "status": "queued", "links": {"self": "/resumes/r"}}
#: More than the buffers of both ends hold, so that the cut comes while it is sent.
LARGE = b"%PDF-1.7 " + b"x" * (16 << 20)


@pytest.fixture(params=[blocking, awaiting], ids=["blocking", "awaiting"])
def ask(request: pytest.FixtureRequest) -> Ask:
    return request.param


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with running() as found:
        yield found


def keys(stand_in: StandIn) -> list[str]:
    return [seen.headers["Idempotency-Key"] for seen in stand_in.seen]


def test_an_upload_that_is_cut_is_sent_again_from_its_beginning_under_the_same_key(
    ask: Ask, stand_in: StandIn, tmp_path: Path
) -> None:
    path = tmp_path / "cv.pdf"
    path.write_bytes(LARGE)
    stand_in.will(cut_within_the_request(100_000), cut_within_the_request(0), answer(202, ACCEPTED))
    accepted = ask(stand_in.url, "upload", path, job_post_id="7")
    assert accepted == {**ACCEPTED, "existed": False}
    assert len(set(keys(stand_in))) == 1
    last = stand_in.seen[-1]
    assert LARGE in last.body
    assert b'filename="cv.pdf"' in last.body
    assert last.headers["Authorization"] == "Bearer rk_secret"


def test_two_uploads_have_two_keys_unless_the_caller_gives_one(ask: Ask, stand_in: StandIn) -> None:
    stand_in.will(answer(202, ACCEPTED), answer(202, ACCEPTED), answer(200, ACCEPTED))
    for options in ({}, {}, {"idempotency_key": "mine"}):
        last = ask(stand_in.url, "upload", b"%PDF-", filename="cv.pdf", **options)
    assert len(set(keys(stand_in))) == 3
    assert keys(stand_in)[-1] == "mine"
    assert last["existed"], "a 200 says that it was there already"


@pytest.mark.parametrize("rewinds", [True, False])
def test_a_file_that_the_caller_opened_is_sent_whole_by_each_try(
    ask: Ask, stand_in: StandIn, rewinds: bool
) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return rewinds

    content = Pipe(b"%PDF-1.7 of a pipe")
    stand_in.will(problem(503, "overloaded"), answer(202, ACCEPTED))
    ask(stand_in.url, "upload", content, filename="cv.pdf")
    assert [b"%PDF-1.7 of a pipe" in seen.body for seen in stand_in.seen] == [True, True]
    assert not content.closed


def test_content_without_a_name_and_text_are_refused_before_anything_is_sent(
    ask: Ask, stand_in: StandIn, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="filename"):
        ask(stand_in.url, "upload", b"%PDF-")
    with pytest.raises(ValueError, match="binary mode"):
        ask(stand_in.url, "upload", io.StringIO("text"), filename="cv.txt")
    with pytest.raises(FileNotFoundError):
        ask(stand_in.url, "upload", tmp_path / "none.pdf")
    assert stand_in.seen == []


@pytest.mark.parametrize(
    "refusal",
    [
        problem(429, "rate-limited", Retry_After="0"),
        problem(503, "overloaded", Retry_After="0"),
        answer(500, b"Internal Server Error", "text/plain"),
        answer(502, b"<html>", "text/html"),
        cut_within_the_answer(b'{"model": "m", "ite'),
    ],
    ids=["429", "503", "a 500 that is no problem", "a proxy's 502", "an answer that breaks off"],
)
def test_what_passes_is_tried_again(ask: Ask, stand_in: StandIn, refusal: Any) -> None:
    stand_in.will(refusal, refusal, answer(200, {"model": "m", "items": []}))
    assert ask(stand_in.url, "search", "nurse")["items"] == []
    assert len(stand_in.seen) == 3


def test_an_upload_whose_earlier_try_is_under_way_is_asked_for_again(ask: Ask, stand_in: StandIn) -> None:
    stand_in.will(problem(409, "in-progress", Retry_After="0"), answer(200, ACCEPTED))
    assert ask(stand_in.url, "upload", b"%PDF-", filename="cv.pdf")["existed"]


def test_what_the_service_refuses_is_a_problem_with_all_that_it_told(ask: Ask, stand_in: StandIn) -> None:
    stand_in.will(problem(422, "invalid", "Ask for 50 at most."))
    with pytest.raises(ProblemError, match="Ask for 50 at most") as raised:
        ask(stand_in.url, "search", "nurse", limit=51)
    told = raised.value
    assert (told.status, told.code, told.request_id, told.instance) == (422, "invalid", "r-1", "/somewhere")
    assert told.errors == [{"field": "limit", "message": "too many"}]


@pytest.mark.parametrize("body", [b"gone", b"[1]", b'{"type": "/problems/x"'])
def test_a_refusal_that_cannot_be_read_is_a_problem_without_a_code(
    ask: Ask, stand_in: StandIn, body: bytes
) -> None:
    stand_in.will(answer(410, body, "application/problem+json", X_Request_Id="r-2"))
    with pytest.raises(ProblemError, match="410") as raised:
        ask(stand_in.url, "get", "r")
    assert (raised.value.code, raised.value.request_id) == ("", "r-2")


def test_an_answer_that_is_no_json_is_an_error_of_the_clients_own(ask: Ask, stand_in: StandIn) -> None:
    stand_in.will(answer(200, b"<html>", "text/html"))
    with pytest.raises(ResumesClientError, match="cannot be read"):
        ask(stand_in.url, "get", "r")


def test_a_reprocess_whose_answer_is_lost_is_not_repeated(ask: Ask, stand_in: StandIn) -> None:
    stand_in.will(cut_within_the_answer(b"{"))
    with pytest.raises(ConnectionLost):
        ask(stand_in.url, "reprocess", "r", "normalise")
    (seen,) = stand_in.seen
    assert json.loads(seen.body) == {"from": "normalise"}


def test_a_call_ends_with_its_timeout_and_says_what_went_wrong_before(ask: Ask, stand_in: StandIn) -> None:
    stand_in.will(problem(503, "overloaded", "Come back in a minute.", Retry_After="60"))
    with pytest.raises(CallTimeout, match=r"within 5 s.*Come back in a minute") as raised:
        ask(stand_in.url, "search", "nurse", timeout=5, retry=Retry())
    assert not isinstance(raised.value, OSError), "that is content which cannot be read"
    assert isinstance(raised.value.__cause__, ProblemError)


@pytest.mark.parametrize(("call", "given"), [("search", "nurse"), ("reprocess", "r")])
def test_a_service_that_says_nothing_is_not_waited_for_longer_than_the_timeout(
    ask: Ask, stand_in: StandIn, call: str, given: str
) -> None:
    with silent() as silence:
        stand_in.will(silence)
        with pytest.raises(CallTimeout, match=r"within 0\.1 s"):
            ask(stand_in.url, call, given, timeout=0.1)


def test_an_address_where_nobody_answers_is_said(ask: Ask) -> None:
    with running() as gone:
        url = gone.url
    with pytest.raises(ConnectionLost, match=r"Nothing answers at .*`resumes serve`"):
        ask(url, "search", "nurse", retry=Retry(within=60, first=0.001, unreached=0.01))
    with pytest.raises(ValueError, match="no address"):
        ask("127.0.0.1:8000", "search", "nurse")


def test_waiting_polls_until_the_end(ask: Ask, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "_BETWEEN_POLLS_S", 0.001)
    stand_in.will(*(answer(200, {"status": status}) for status in ("queued", "processing", "failed")))
    assert ask(stand_in.url, "wait", "r")["status"] == "failed"
    assert [seen.path for seen in stand_in.seen] == ["/resumes/r?view=compact&wait=30"] * 3


def test_waiting_ends_with_its_time(ask: Ask, stand_in: StandIn) -> None:
    stand_in.will(answer(200, {"status": "queued"}))
    with pytest.raises(CallTimeout, match="Resume r is still queued after 0 s"):
        ask(stand_in.url, "wait", "r", timeout=0)
    assert stand_in.seen[0].path == "/resumes/r?view=compact"


def test_a_list_goes_from_cursor_to_cursor(ask: Ask, stand_in: StandIn) -> None:
    stand_in.will(
        answer(200, {"items": [{"id": "a"}, {"id": "b"}], "next_cursor": "c1"}),
        problem(503, "overloaded", Retry_After="0"),
        answer(200, {"items": [{"id": "c"}], "next_cursor": None}),
    )
    found = ask(stand_in.url, "list", status=["failed", "erased"], email="a+b@example.com", page_size=2)
    assert [one["id"] for one in found] == ["a", "b", "c"]
    assert stand_in.seen[0].path == "/resumes?status=failed&status=erased&email=a%2Bb%40example.com&limit=2"
    assert stand_in.seen[2].path == f"{stand_in.seen[0].path}&cursor=c1"


def test_results_that_break_off_are_taken_up_behind_the_last_whole_line(
    ask: Ask, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name may hold what Unicode calls an end of line."""
    monkeypatch.setattr(core, "_LINES_AT_ONCE", 3)
    line = {
        number: json.dumps({"id": number, "filename": "a\u2028b\x85"}, ensure_ascii=False)
        for number in "1234"
    }
    ndjson = "application/x-ndjson"

    def lines(*numbers: str) -> bytes:
        return "".join(f"{line[number]}\n" for number in numbers).encode()

    stand_in.will(
        cut_within_the_answer(lines("1", "2") + lines("3")[:9], ndjson),
        problem(503, "overloaded", Retry_After="0"),
        answer(200, lines("3")[:-1], ndjson),
        answer(200, lines("3", "4"), ndjson),
    )
    found = ask(stand_in.url, "ingestion_results", "i", after="0")
    assert [one["id"] for one in found] == ["1", "2", "3", "4"]
    assert {one["filename"] for one in found} == {"a\u2028b\x85"}
    cursors = [seen.path.partition("cursor=")[2] for seen in stand_in.seen]
    assert cursors == ["0", "2", "2", "2"]


def test_results_that_always_break_off_are_an_error(ask: Ask, stand_in: StandIn) -> None:
    stand_in.will(cut_within_the_answer(b"{"))
    with pytest.raises(ConnectionLost, match="broke off"):
        ask(stand_in.url, "ingestion_results", "i", retry=Retry(within=0))


@pytest.mark.parametrize(("body", "said"), [(b"{\n", "cannot be read"), (b"x" * (9 << 20), "longer than")])
def test_results_that_cannot_be_read_are_an_error_at_once(
    ask: Ask, stand_in: StandIn, body: bytes, said: str
) -> None:
    stand_in.will(answer(200, body, "application/x-ndjson"))
    with pytest.raises(ResumesClientError, match=said):
        ask(stand_in.url, "ingestion_results", "i")


def test_an_original_is_fetched_from_where_the_service_says_without_the_key(stand_in: StandIn) -> None:
    with running() as store:
        redirect = answer(302, b"", Location=f"{store.url}/bucket/cv.pdf?signature=s")
        stand_in.will(redirect, redirect)
        store.will(answer(200, LARGE, "application/pdf"), answer(200, LARGE, "application/pdf"))
        with Client(stand_in.url, "rk_secret") as client, client.file("r") as response:
            assert b"".join(response.iter_bytes()) == LARGE
            assert response.headers["Content-Type"] == "application/pdf"

        async def awaited() -> bytes:
            async with AsyncClient(stand_in.url, "rk_secret") as client, client.file("r") as response:
                return await response.aread()

        assert anyio.run(awaited) == LARGE
        assert ["Authorization" in seen.headers for seen in stand_in.seen] == [True, True]
        assert ["Authorization" in seen.headers for seen in store.seen] == [False, False]


def test_an_id_cannot_lead_to_another_path(ask: Ask, stand_in: StandIn) -> None:
    stand_in.will(problem(404, "not-found"))
    with pytest.raises(ProblemError):
        ask(stand_in.url, "get", "../search?x=")
    assert stand_in.seen[0].path == "/resumes/..%2Fsearch%3Fx%3D?view=compact"
