"""What one process takes on: rates, uploads at once, the backlog."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from contextlib import ExitStack, closing
from uuid import UUID

import httpx
import pytest

from pipeline.domain.errors import ConfigurationError
from pipeline.domain.journey import Lane
from pipeline.settings import load_settings
from serve_app.limits import Backlog, RequestSlots, UploadSlots
from serve_app.problems import Problem
from tests.serve_app.conftest import MODEL, Start
from tests.serve_app.samples import FORM_TYPE, PDF, finish, form, part, pdf, read_answer, request_head
from tests.serve_app.test_raw_uploads import wait_for
from tests.serve_app.test_resumes import VECTOR
from tests.serve_app.test_uploads import upload


def test_a_slot_is_given_back_whatever_happens() -> None:
    """An error inside frees the slot; a refused holder takes none."""
    slots = RequestSlots(1)
    with slots.hold() as free:
        assert free
        with slots.hold() as second:
            assert not second
        assert slots.taken == 1
    with contextlib.suppress(RuntimeError), slots.hold():
        raise RuntimeError
    assert slots.taken == 0


def test_pages_of_named_origins_may_call(start: Start) -> None:
    """The preflight of one is granted with what it needs, that of another is not."""
    service = start(cors_origins="https://ats.example.com, https://other.example.com:8443")
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, idempotency-key",
    }
    with httpx.Client(base_url=service.url) as client:
        granted = client.options("/resumes/upload", headers={"Origin": "https://ats.example.com", **asked})
        refused = client.options("/resumes/upload", headers={"Origin": "https://evil.example.com", **asked})
        answer = client.get("/resumes", headers={"Origin": "https://ats.example.com"})
    assert granted.headers["access-control-allow-origin"] == "https://ats.example.com"
    assert "access-control-allow-origin" not in refused.headers
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == "https://ats.example.com"
    assert "RateLimit" in answer.headers["access-control-expose-headers"]


def test_no_origin_is_let_in_unless_it_is_named(start: Start) -> None:
    """Off by default; a star, which would let everybody in, is no origin."""
    service = start()
    with httpx.Client(base_url=service.url) as client:
        answer = client.get("/healthz", headers={"Origin": "https://ats.example.com"})
    assert not any(name.startswith("access-control") for name in answer.headers)
    with pytest.raises(ConfigurationError, match="CORS_ORIGINS"):
        load_settings(cors_origins="*")


def test_a_key_leaves_upload_slots_to_others() -> None:
    """Three quarters are the most that one key holds; what it gives back it may take again."""
    slots, greedy, other = UploadSlots(4), UUID(int=1), UUID(int=2)
    with ExitStack() as held:
        for _ in range(3):
            held.enter_context(slots.hold(greedy))
        with pytest.raises(Problem) as refused, slots.hold(greedy):
            pass
        assert "of this key" in refused.value.detail
        with slots.hold(other), pytest.raises(Problem) as full, slots.hold(other):
            pass
        assert full.value.headers["Retry-After"] == "1"
        assert slots.taken == 3
    with slots.hold(greedy):
        assert slots.taken == 1


def test_a_full_backlog_tells_when_there_will_be_room() -> None:
    """Ten resumes a second are worked off: room for fifty more, a twentieth of a thousand, comes in 55 seconds."""
    now, waiting = 0.0, 1500

    async def count() -> int:
        return waiting

    async def told() -> int:
        with pytest.raises(Problem) as refused:
            await backlog.check()
        return int(refused.value.headers["Retry-After"])

    backlog = Backlog(1000, count, clock=lambda: now)
    assert asyncio.run(told()) == 5, "the pace is not known yet"
    now, waiting = 10.0, 1400
    assert asyncio.run(told()) == 45
    now, waiting = 12.0, 1010
    assert asyncio.run(told()) == 2
    now, waiting = 100.0, 1010
    assert asyncio.run(told()) == 5, "what was seen long ago says nothing"
    now = 125.0
    assert asyncio.run(told()) == 60, "nothing moves"
    now, waiting = 130.0, 999
    asyncio.run(backlog.check())


def test_uploads_above_the_limit_are_told_to_wait(start: Start) -> None:
    """When every upload slot is taken the next one gets 429 at once; reading goes on; a slot that ends is free."""
    service = start(max_concurrent_uploads=2)
    body = form(part("file", PDF, filename="cv.pdf"))
    head = request_head(service.token(), [f"Content-Type: {FORM_TYPE}", f"Content-Length: {len(body)}"])
    with service.client() as client, ExitStack() as stack:
        connections = [
            stack.enter_context(closing(socket.create_connection(("127.0.0.1", service.port))))
            for _ in range(2)
        ]
        for connection in connections:
            connection.sendall(head + body[:30])
        wait_for(lambda: service.app.state.runtime.uploads.taken == 2)
        refused = upload(client)
        assert (refused.status_code, refused.json()["type"]) == (429, "/problems/rate-limited")
        assert "retry-after" in refused.headers
        assert client.get("/resumes").status_code == 200
        connections[0].sendall(body[30:])
        assert read_answer(connections[0]).status == 202
        assert upload(client).status_code == 202


def test_uploads_wait_outside_when_the_backlog_is_full(start: Start) -> None:
    """At the cap an upload is 429 and nothing of it is kept; when work gets done there is room again."""
    service = start(max_online_backlog=2)
    backlog = service.app.state.runtime.backlog
    with service.client() as client:
        for n in range(2):
            backlog._fresh_until = 0
            assert upload(client, pdf(str(n))).status_code == 202
        backlog._fresh_until = 0
        refused = upload(client)
        assert (refused.status_code, refused.json()["type"]) == (429, "/problems/rate-limited")
        assert "retry-after" in refused.headers
        assert len(service.files_left()) == 2
        finish(service.engine, VECTOR, MODEL)
        backlog._fresh_until = 0
        assert upload(client).status_code == 202


def test_the_backlog_is_counted_once_a_second(start: Start) -> None:
    """A burst of uploads asks the database for the backlog once."""
    service = start()
    counted: list[int] = []
    count = service.services.applications.backlog

    def counting(lane: Lane) -> int:
        counted.append(1)
        return count(lane)

    service.services.applications.backlog = counting  # type: ignore[method-assign]
    service.app.state.runtime.backlog._fresh_until = 0
    with service.client() as client:
        for _ in range(5):
            upload(client)
    assert len(counted) <= 2
