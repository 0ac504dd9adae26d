"""A real HTTP server that answers request after request as a test says: refusals, and connections that are cut."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PROBLEM = "application/problem+json"


@dataclass
class Seen:
    """A request, or what came of it before it was cut."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Step = Callable[["Handler"], None]


@dataclass
class StandIn:
    """Its address, what it does next, and what it has seen."""

    url: str
    steps: list[Step] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    def will(self, *steps: Step) -> None:
        """Take these steps, one for each request to come."""
        self.steps.extend(steps)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    stand_in: StandIn

    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""

    def take(self, most: int | None = None) -> None:
        """Read the body, or so many of its bytes, and note the request."""
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length if most is None else min(most, length))
        self.stand_in.seen.append(Seen(self.command, self.path, dict(self.headers), body))

    def cut(self) -> None:
        """End the connection at once: the peer sees a reset."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def step(self) -> None:
        """Do what comes next."""
        self.stand_in.steps.pop(0)(self)

    do_GET = do_POST = do_DELETE = step  # noqa: N815 - http.server's names


def answer(status: int, value: Any = None, content_type: str = "application/json", **headers: str) -> Step:
    """Read the request and answer this value, as JSON unless it is bytes."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()

    def step(handler: Handler) -> None:
        handler.take()
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(len(body)))
        for name, text in headers.items():
            handler.send_header(name.replace("_", "-"), text)
        handler.end_headers()
        handler.wfile.write(body)

    return step


def problem(status: int, code: str, detail: str = "Do otherwise.", **headers: str) -> Step:
    """A problem of the service's own."""
    document = {
        "type": f"/problems/{code}",
        "title": code.capitalize(),
        "status": status,
        "detail": detail,
        "instance": "/somewhere",
        "request_id": "r-1",
        "errors": [{"field": "limit", "message": "too many"}],
    }
    return answer(status, document, PROBLEM, **headers)


def cut_within_the_request(after: int) -> Step:
    """Read so many bytes of the body, then cut the connection."""

    def step(handler: Handler) -> None:
        handler.take(after)
        handler.cut()

    return step


def cut_within_the_answer(body: bytes, content_type: str = "application/json") -> Step:
    """Answer a part of what is announced, then cut the connection."""

    def step(handler: Handler) -> None:
        handler.take()
        handler.send_response(200)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(len(body) + 100))
        handler.end_headers()
        handler.wfile.write(body)
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True

    return step


@contextmanager
def silent() -> Iterator[Step]:
    """Read the request and say nothing until the test is over."""
    over = threading.Event()

    def step(handler: Handler) -> None:
        handler.take()
        over.wait()
        handler.close_connection = True

    yield step
    over.set()


@contextmanager
def running() -> Iterator[StandIn]:
    """A stand-in on a port of its own. Every step that was asked for must have been taken at the end."""
    stand_in = StandIn("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"stand_in": stand_in}))
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # a connection that was cut
    stand_in.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
    assert stand_in.steps == []
