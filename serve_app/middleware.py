"""The edge of the application: request ids, security headers, one log line a request, and no bare 500.

Pure ASGI: bodies pass through untouched in both directions.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
import traceback
from contextlib import suppress
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.domain import trace
from pipeline.domain.ids import uuid7
from pipeline.ports import Tracer, TraceSpan
from serve_app import problems

logger = logging.getLogger("serve_app.requests")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_LINGER_S = 2.0
#: Asked for all day by load balancers: no spans.
_PROBES = {"/healthz", "/readyz"}
_UNTRACED = trace.PassesOn()
_IDS = ("request_id", "key_id", "resume_id", "ingestion_id")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_DEFAULT_CSP = "default-src 'none'; frame-ancestors 'none'"


class Edge:
    """The outermost middleware.

    `answers_request_id` is False where the server in front adds X-Request-Id to every answer itself.
    """

    def __init__(self, app: ASGIApp, tracer: Tracer, *, answers_request_id: bool = True) -> None:
        self.app = app
        self._tracer = tracer
        self._answers_request_id = answers_request_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, self._answers_request_id)
        tracer = _UNTRACED if scope["path"] in _PROBES else self._tracer
        with tracer.span("request", exchange.trace, {}, server=True) as span:
            try:
                await self.app(scope, exchange.receive, exchange.send)
            except ClientDisconnect:
                pass  # nobody's fault here: its request is one line in the log, as any other
            except Exception as error:  # noqa: BLE001 - the last boundary: nothing above it can answer the caller
                await exchange.crashed(error)
            finally:
                exchange.log()
                exchange.describe(span)


class _Exchange:
    """One request and its answer, watched as they pass."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, answers_request_id: bool) -> None:
        headers = Headers(scope=scope)
        self._scope, self._receive, self._send = scope, receive, send
        self._started = time.perf_counter()
        self._status: int | None = None
        self._body_pending = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        self._lingering = False
        self._answers_request_id = answers_request_id
        told = headers.getlist("traceparent")
        self.trace = trace.parse(told[0]) if len(told) == 1 else None
        given = headers.get("x-request-id", "")
        self.request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid7())
        scope.setdefault("state", {})["request_id"] = self.request_id

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            self._body_pending = False
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._on_start(message)
        if (
            self._lingering
            and message["type"] == "http.response.body"
            and not message.get("more_body", False)
        ):
            await self._send({**message, "more_body": True})
            await self._drain()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)

    def _on_start(self, message: Message) -> None:
        self._status = message["status"]
        message.setdefault("headers", [])
        headers = MutableHeaders(scope=message)
        if self._answers_request_id:
            headers["X-Request-Id"] = self.request_id
        for name, value in _HEADERS.items():
            headers[name] = value
        for name, value in self._scope["state"].get("rate", {}).items():
            headers[name] = value
        headers.setdefault("Content-Security-Policy", _DEFAULT_CSP)
        headers.setdefault("Cache-Control", "no-store")
        if self._body_pending and message["status"] >= 400:
            # The rest of the body is not wanted. Closing at once would reset the connection and could take
            # the answer with it, so it is sent first and what still arrives is thrown away for a moment.
            headers["Connection"] = "close"
            self._lingering = True

    async def _drain(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_S):
                while self._body_pending:
                    await self.receive()

    async def crashed(self, error: Exception) -> None:
        # Frames only: the message of an exception may quote a document or a statement's parameters.
        logger.error(
            "unhandled",
            extra=self._fields()
            | {
                "error": type(error).__name__,
                "frames": "".join(traceback.format_list(traceback.extract_tb(error.__traceback__))),
            },
        )
        if self._status is None:
            response = problems.respond(Request(self._scope), problems.internal())
            await response(self._scope, self.receive, self.send)

    def log(self) -> None:
        # No status: the client went away before there was an answer.
        level = logging.WARNING if (self._status or 0) >= 500 else logging.INFO
        logger.log(level, "request", extra=self._fields())

    def describe(self, span: TraceSpan) -> None:
        """What the request was, as OpenTelemetry's conventions name it, and our ids."""
        fields = self._fields()
        span.rename(f"{fields['method']} {fields['route']}")
        attributes = {"http.request.method": fields["method"], "http.route": fields["route"]}
        attributes |= {f"resumes.{name}": fields[name] for name in _IDS if name in fields}
        if self._status is not None:
            attributes["http.response.status_code"] = self._status
            if self._status >= 500:
                span.fail()
        span.tell(attributes)

    def _fields(self) -> dict[str, Any]:
        state = self._scope.get("state", {})
        route = self._scope.get("route")
        fields = {
            "request_id": self.request_id,
            "method": self._scope["method"],
            "route": getattr(route, "path", "unknown"),
            "status": self._status,
            "ms": round((time.perf_counter() - self._started) * 1000, 1),
        }
        return fields | {
            name: str(state[name])
            for name in ("key_id", "resume_id", "ingestion_id", "error")
            if name in state
        }
