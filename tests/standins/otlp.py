"""An OpenTelemetry collector over HTTP, for the real exporter: it keeps the spans that it is sent."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.standins.http import HttpStandIn


@dataclass(frozen=True)
class Seen:
    """A span that came; ids are in hex."""

    service: str
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    failed: bool
    attributes: dict[str, str | int]


class OtlpStandIn(HttpStandIn):
    """A server on a free loopback port. `bodies` are the requests as they came, unpacked."""

    def __init__(self) -> None:
        super().__init__(Starlette(routes=[Route("/v1/traces", self._traces, methods=["POST"])]))
        self.bodies: list[bytes] = []

    async def _traces(self, request: Request) -> Response:
        body = await request.body()
        self.bodies.append(
            gzip.decompress(body) if request.headers.get("content-encoding") == "gzip" else body
        )
        answer = ExportTraceServiceResponse().SerializeToString()
        return Response(answer, media_type="application/x-protobuf")

    def spans(self, trace_id: str) -> list[Seen]:
        """Those of one trace, in the order in which they came."""
        return [span for body in list(self.bodies) for span in _spans(body) if span.trace_id == trace_id]


def _spans(body: bytes) -> list[Seen]:
    found = []
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        service = {one.key: one.value.string_value for one in resource.resource.attributes}["service.name"]
        for scope in resource.scope_spans:
            found += [_seen(service, span) for span in scope.spans]
    return found


def _seen(service: str, span: Span) -> Seen:
    attributes = {
        one.key: one.value.int_value if one.value.HasField("int_value") else one.value.string_value
        for one in span.attributes
    }
    assert not span.events, "an event may hold an exception's message"
    return Seen(
        service,
        span.name,
        Span.SpanKind.Name(span.kind),
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.status.code == Status.STATUS_CODE_ERROR,
        attributes,
    )
