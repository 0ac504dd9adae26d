"""Clients that go away in the middle of something: nobody's fault here, and no error in the log."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.responses import StreamingResponse
from starlette.types import Message

from pipeline.domain.trace import PassesOn
from serve_app.middleware import Edge
from tests.serve_app.conftest import Service
from tests.serve_app.samples import pdf
from tests.serve_app.test_raw_uploads import wait_for
from tests.serve_app.test_uploads import upload

HEAD = "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{more}\r\n"
JSON = "Content-Type: application/json\r\nContent-Length: 100\r\n"
FORM = "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 5000\r\n"


@pytest.mark.parametrize(
    ("method", "path", "more", "body"),
    [
        ("POST", "/search", JSON, b'{"query": '),
        ("POST", "/ingestions", JSON, b'{"source": '),
        ("POST", "/resumes/{id}/reprocess", JSON, b'{"from": '),
        ("POST", "/resumes/upload", FORM, b"--b\r\n"),
        ("POST", "/ingestions", FORM, b"--b\r\n"),
        ("GET", "/resumes/{id}?wait=1", "", b""),
    ],
    ids=["search", "ingestion", "reprocess", "upload", "archive", "wait"],
)
def test_a_client_that_hangs_up_is_no_error(
    service: Service,
    client: httpx.Client,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    path: str,
    more: str,
    body: bytes,
) -> None:
    """Its request is one line at the level of any other."""
    id_ = upload(client, pdf("waits")).json()["id"]
    ours = logging.getLogger("serve_app")
    monkeypatch.setattr(ours, "propagate", True)
    ours.removeHandler(caplog.handler)
    caplog.set_level(logging.DEBUG)
    caplog.clear()
    asked = HEAD.format(method=method, path=path.format(id=id_), token=service.token(), more=more)
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.sendall(asked.encode() + body)
        time.sleep(0.3)  # it is being read by then, or answered
    wait_for(lambda: [record for record in caplog.records if record.name == "serve_app.requests"] != [])
    worse = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [(record.name, record.getMessage(), vars(record).get("frames")) for record in worse] == []


def test_a_reader_that_leaves_a_stream_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """Under a server whose `send` fails once the connection is gone, as ASGI 2.4 has it."""

    async def lines() -> AsyncIterator[bytes]:
        while True:
            yield b"{}"

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise OSError("the connection is gone")

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "asgi": {"spec_version": "2.4"},
        "method": "GET",
        "path": "/lines",
        "headers": [],
    }
    ours = logging.getLogger("serve_app.requests")
    ours.addHandler(caplog.handler)
    try:
        asyncio.run(Edge(StreamingResponse(lines()), PassesOn())(scope, receive, send))
    finally:
        ours.removeHandler(caplog.handler)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
