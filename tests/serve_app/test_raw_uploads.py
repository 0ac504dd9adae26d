"""Uploads that no well-behaved client sends, byte by byte on a socket."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from uuid import uuid4

import pytest

from serve_app import bodies
from serve_app.api import every_route
from tests.serve_app.conftest import Service
from tests.serve_app.samples import FORM_TYPE, PDF, form, part, read_answer, request_head

BODY = form(part("file", PDF, filename="cv.pdf"))


def connect(service: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", service.port), timeout=10)


def test_a_body_declared_too_large_is_refused_before_it_is_sent(shared: Service) -> None:
    """413 comes on the headers alone; not one byte of the body is needed."""
    with closing(connect(shared)) as connection:
        connection.sendall(
            request_head(shared.token("upload"), [f"Content-Type: {FORM_TYPE}", "Content-Length: 50000000"])
        )
        answer = read_answer(connection)
    assert (answer.status, answer.problem["type"]) == (413, "/problems/too-large")
    assert answer.headers["connection"] == "close"


def test_a_chunked_body_is_cut_off_when_it_grows_too_large(shared: Service) -> None:
    """A body without a length is counted while it streams, and ends at the limit, not at its own end."""
    file = part("file", b"%PDF-1.7" + b"x" * 8000, filename="a.pdf")[:-2]
    with closing(connect(shared)) as connection:
        connection.sendall(
            request_head(shared.token("upload"), [f"Content-Type: {FORM_TYPE}", "Transfer-Encoding: chunked"])
        )
        send_chunk(connection, file)
        sent = 0
        try:
            while sent < 20_000_000:
                send_chunk(connection, b"y" * 50_000)
                sent += 50_000
                if sent > 1_500_000:
                    break
        except OSError:
            pass
        answer = read_answer(connection)
    assert (answer.status, answer.problem["type"]) == (413, "/problems/too-large")
    assert shared.files_left() == []


def test_a_slow_body_times_out(shared: Service) -> None:
    """A byte now and then holds nothing open: 408 when the body's time is over, and the connection ends."""
    with closing(connect(shared)) as connection:
        connection.sendall(
            request_head(
                shared.token("upload"), [f"Content-Type: {FORM_TYPE}", f"Content-Length: {len(BODY)}"]
            )
        )
        started = time.monotonic()
        for byte in BODY[:4]:
            connection.sendall(bytes([byte]))
            time.sleep(0.3)
        answer = read_answer(connection)
        waited = time.monotonic() - started
        assert connection.recv(1) == b"", "the connection is closed"
    assert (answer.status, answer.problem["type"]) == (408, "/problems/timeout")
    assert 1.2 < waited < 4
    assert shared.files_left() == []


def test_a_trickle_gives_its_slot_back(shared: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then is no slow line but a slot kept from others: 408 well before the body's time is over."""
    monkeypatch.setattr(bodies, "_GRACE_S", 0.2)
    with closing(connect(shared)) as connection:
        connection.sendall(
            request_head(
                shared.token("upload"), [f"Content-Type: {FORM_TYPE}", f"Content-Length: {len(BODY)}"]
            )
        )
        for byte in BODY[:3]:
            connection.sendall(bytes([byte]))
            time.sleep(0.15)
        assert read_answer(connection).problem["type"] == "/problems/timeout"
    assert shared.files_left() == []


def test_no_body_is_read_before_its_caller_is_known(shared: Service) -> None:
    """401 comes on the headers alone, whatever the call."""
    for path in ("/resumes/upload", "/search", "/ingestions", f"/resumes/{uuid4()}/reprocess"):
        with closing(connect(shared)) as connection:
            lines = [
                f"POST {path} HTTP/1.1",
                "Host: x",
                "Content-Type: application/json",
                "Content-Length: 268435456",
            ]
            connection.sendall("\r\n".join([*lines, "", ""]).encode())
            assert read_answer(connection).status == 401, path


def test_a_long_body_of_a_known_caller_is_cut_off(shared: Service) -> None:
    """Where a little JSON is taken, 413 comes when it is too long, not when it ends."""
    for path in ("/search", "/ingestions", f"/resumes/{uuid4()}/reprocess"):
        with closing(connect(shared)) as connection:
            head = request_head(
                shared.token(), ["Content-Type: application/json", "Content-Length: 268435456"], path=path
            )
            connection.sendall(head + b'{"from": "' + b"x" * 100_000)
            assert read_answer(connection).problem["type"] == "/problems/too-large", path


def test_no_route_lets_the_framework_read_its_body(shared: Service) -> None:
    """The framework reads what a route declares before any dependency runs, and without a bound."""
    assert len(every_route()) > 15
    assert [route.path for route in every_route() if route.body_field is not None] == []


def test_a_body_shorter_than_its_form_is_a_bad_request(shared: Service) -> None:
    """A Content-Length that cuts the form off is answered, not waited out."""
    with closing(connect(shared)) as connection:
        connection.sendall(
            request_head(
                shared.token("upload"), [f"Content-Type: {FORM_TYPE}", f"Content-Length: {len(BODY) - 12}"]
            )
            + BODY[:-12]
        )
        answer = read_answer(connection)
    assert (answer.status, answer.problem["type"]) == (400, "/problems/bad-request")
    assert shared.files_left() == []


def test_a_client_that_goes_away_leaves_nothing(shared: Service) -> None:
    """A connection cut in the middle of a file aborts the object, and the key may be used again at once."""
    head = request_head(
        shared.token("upload"),
        [f"Content-Type: {FORM_TYPE}", "Content-Length: 900000", "Idempotency-Key: gone-away"],
    )
    with closing(connect(shared)) as connection:
        connection.sendall(head + BODY[:-40] + b"z" * 500_000)
        wait_for(lambda: shared.files_left() != [])
    wait_for(lambda: shared.files_left() == [])
    with closing(connect(shared)) as connection:
        connection.sendall(head.replace(b"900000", b"5") + b"hello")
        assert read_answer(connection).status == 400


def test_bytes_after_the_form_are_ignored(service: Service) -> None:
    """RFC 2046 allows an epilogue; it is no part of the file."""
    body = BODY + b"an epilogue"
    with closing(connect(service)) as connection:
        connection.sendall(
            request_head(
                service.token("upload"), [f"Content-Type: {FORM_TYPE}", f"Content-Length: {len(body)}"]
            )
            + body
        )
        assert read_answer(connection).status == 202


def test_a_client_that_waits_for_100_continue_gets_its_refusal_instead(shared: Service) -> None:
    """Expect: 100-continue is answered with the final status when the body is not wanted."""
    with closing(connect(shared)) as connection:
        connection.sendall(
            request_head(
                "rk_unknown-key-of-nobody-at-all",
                [f"Content-Type: {FORM_TYPE}", f"Content-Length: {len(BODY)}", "Expect: 100-continue"],
            )
        )
        answer = read_answer(connection)
        assert connection.recv(100) == b""
    assert answer.status == 401


def send_chunk(connection: socket.socket, data: bytes) -> None:
    connection.sendall(f"{len(data):x}\r\n".encode() + data + b"\r\n")


def wait_for(condition: object, seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
