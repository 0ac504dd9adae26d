"""The open pages, the headers of every answer, and what the log says of a request."""

from __future__ import annotations

import json
import logging
import re
import time
from collections import Counter
from typing import Any
from uuid import UUID

import httpx
import pytest

from serve_app.problems import BY_STATUS, PROBLEM_TYPES
from tests.serve_app.conftest import Service, Start
from tests.serve_app.test_uploads import upload


def test_alive_and_ready(shared: Service) -> None:
    """Alive says only that; ready names what it depends on."""
    assert httpx.get(shared.url + "/healthz").json() == {"status": "ok"}
    assert httpx.get(shared.url + "/readyz").json() == {
        "status": "ready",
        "checks": {"database": "ok", "object_store": "ok"},
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/nothing/here", 404, "not-found"),
        ("GET", "/resumes/", 404, "not-found"),
        ("GET", "/problems/nonsense", 404, "not-found"),
        ("GET", "/docs/assets/../../api.py", 404, "not-found"),
        ("GET", "/docs/assets/other.js", 404, "not-found"),
        ("PUT", "/resumes", 405, "method-not-allowed"),
        ("GET", "/search", 405, "method-not-allowed"),
    ],
)
def test_paths_and_methods_that_are_not_there(
    shared: Service, method: str, path: str, status: int, slug: str
) -> None:
    """The framework's own refusals are problem documents too."""
    answer = httpx.request(method, shared.url + path)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert answer.headers["content-type"] == "application/problem+json"
    if status == 405:
        assert answer.headers["allow"]


ID = "0197a3c1-6f2e-7c3a-9d53-2f6f4f7f0a11"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/resumes", "GET, HEAD"),
        ("/resumes/upload", "POST"),
        (f"/resumes/{ID}", "DELETE, GET, HEAD"),
        (f"/resumes/{ID}/reprocess", "POST"),
        ("/ingestions", "GET, HEAD, POST"),
        (f"/ingestions/{ID}/results", "GET, HEAD"),
        ("/problems/erased", "GET, HEAD"),
    ],
)
def test_a_method_that_a_path_does_not_answer_is_told_all_that_it_does(
    shared: Service, path: str, allowed: str
) -> None:
    """Of every route with this path, and `upload` is no resume's id."""
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        if method not in allowed:
            answer = httpx.request(method, shared.url + path)
            assert (answer.status_code, answer.json()["type"]) == (405, "/problems/method-not-allowed")
            assert answer.headers["allow"] == allowed


def test_head_answers_what_get_would_without_its_body(service: Service, client: httpx.Client) -> None:
    """Pages, JSON, a file, and problems."""
    path = upload(client).json()["links"]["self"]
    plain = {"Accept-Encoding": "identity"}
    for asked in ("/healthz", "/docs", "/openapi.json", path, f"{path}/file", "/resumes", "/nothing"):
        got, head = (client.request(method, asked, headers=plain) for method in ("GET", "HEAD"))
        assert (head.status_code, head.content) == (got.status_code, b"")
        for name in ("content-type", "content-length", "etag", "content-disposition"):
            assert head.headers.get(name) == got.headers.get(name), (asked, name)
    assert httpx.head(service.url + path).status_code == 401


def test_every_problem_type_is_a_page(shared: Service) -> None:
    """The `type` of a problem can be followed, and says in words what to do."""
    index = httpx.get(shared.url + "/problems").text
    for kind in PROBLEM_TYPES.values():
        page = httpx.get(f"{shared.url}/problems/{kind.slug}")
        assert page.headers["content-type"].startswith("text/html")
        assert kind.title in page.text
        assert f"/problems/{kind.slug}" in index


def test_a_status_belongs_to_one_problem_type() -> None:
    """But for 409, where what is still under way and what has ended already differ: one may be repeated."""
    statuses = Counter(kind.status for kind in PROBLEM_TYPES.values())
    assert [status for status, count in statuses.items() if count > 1] == [409]
    assert PROBLEM_TYPES["in-progress"].retry_after_s
    assert PROBLEM_TYPES["ended"].retry_after_s is None
    assert BY_STATUS[409] is PROBLEM_TYPES["in-progress"]


def test_swagger_is_served_from_here_under_a_strict_policy(shared: Service) -> None:
    """The page loads nothing from elsewhere and runs nothing inline: its own policy would not let it."""
    page = httpx.get(shared.url + "/docs")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert not re.search(r"https?://|//cdn", page.text)
    assert "<script>" not in page.text
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(sources) == 3
    for source in sources:
        asset = httpx.get(f"{shared.url}/{source}")
        assert asset.status_code == 200
        assert asset.headers["content-type"].split(";")[0] in ("text/css", "text/javascript")
        assert asset.content
    assert "openapi.json" in httpx.get(f"{shared.url}/docs/assets/start.js").text


def test_every_answer_has_the_security_headers_and_a_request_id(shared: Service) -> None:
    """nosniff, no referrer, a policy that loads nothing, and an id to quote."""
    for path in ("/healthz", "/docs", "/openapi.json", "/nothing", "/resumes"):
        headers = httpx.get(shared.url + path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "content-security-policy" in headers
        assert UUID(headers["x-request-id"]).version == 7


@pytest.mark.parametrize(
    ("sent", "kept"), [("trace-7.a_b:c", True), ("x" * 129, False), ("a b", False), ("", False)]
)
def test_a_request_id_is_kept_when_it_is_one(shared: Service, sent: str, kept: bool) -> None:
    """A caller's id goes through to the answer; something else in that header is replaced."""
    answer = httpx.get(shared.url + "/nothing", headers={"X-Request-Id": sent})
    assert (answer.headers["x-request-id"] == sent) is kept
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_the_log_has_ids_and_nothing_else(
    service: Service, client: httpx.Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line a request: method, route, status, time, ids. No query, no name, no address."""
    ours = logging.getLogger("serve_app")
    monkeypatch.setattr(ours, "propagate", True)
    # Where an earlier test has set up our logging, pytest listens at this logger too: each line would come twice.
    ours.removeHandler(caplog.handler)
    caplog.set_level(logging.DEBUG, logger="serve_app")
    resume = upload(client, email="ada@example.org", job_post_id="secret-post").json()["id"]
    client.get(f"/resumes/{resume}", params={"view": "full"})
    client.get("/resumes", params={"email": "ada@example.org"})

    def told() -> list[dict[str, Any]]:
        return [vars(record) for record in caplog.records if record.name == "serve_app.requests"]

    # A request's line is written after its answer has gone.
    deadline = time.monotonic() + 10
    while len(told()) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    lines = told()
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("POST", "/resumes/upload", 202),
        ("GET", "/resumes/{id}", 200),
        ("GET", "/resumes", 200),
    ]
    assert lines[0]["resume_id"] == lines[1]["resume_id"] == resume
    assert all(line["key_id"] and line["request_id"] for line in lines)
    logged = json.dumps([vars(record) for record in caplog.records], default=str)
    assert "ada@" not in logged
    assert "secret-post" not in logged
    assert "cv.pdf" not in logged


def test_the_request_id_is_not_doubled_behind_a_front_that_answers_it(start: Start) -> None:
    """Ray Serve's proxy adds the header itself: then only the problem document carries it from here."""
    service = start(front_answers_request_id=True)
    answer = httpx.get(service.url + "/nothing", headers={"X-Request-Id": "from-the-front"})
    assert "x-request-id" not in answer.headers
    assert answer.json()["request_id"] == "from-the-front"
