"""Spans to a collector, by OTLP over HTTP. Imported only where OTEL_EXPORTER_OTLP_ENDPOINT is set.

Spans carry ids and names of types. No exception is recorded: its message may quote a document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace as api
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from pipeline.domain.errors import NotYet
from pipeline.domain.trace import TraceContext, within

#: A replica that is killed takes with it what it has not sent.
_EXPORT_EVERY_MS = 1000


class OpenTelemetryTracer:
    """`ports.Tracer`. Sends in a thread of its own; a collector that is away costs spans, nothing else.

    Sampling, headers, time-outs and the resource are OpenTelemetry's own variables (OTEL_TRACES_SAMPLER,
    OTEL_EXPORTER_OTLP_HEADERS, OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME).
    """

    def __init__(self, endpoint: str) -> None:
        """`endpoint` is the collector's base URL, as http://collector:4318."""
        named = Resource({"service.name": "resumes"}).merge(OTELResourceDetector().detect())
        provider = TracerProvider(resource=named)
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=_EXPORT_EVERY_MS))
        self._tracer = provider.get_tracer("resumes")

    @contextmanager
    def span(
        self,
        name: str,
        parent: TraceContext | None,
        attributes: Mapping[str, str | int],
        *,
        server: bool = False,
    ) -> Iterator[_Span]:
        """As `Tracer.span`."""
        kind = api.SpanKind.SERVER if server else api.SpanKind.INTERNAL
        span = self._tracer.start_span(name, context=_context(parent), kind=kind, attributes=dict(attributes))
        told = _Span(span)
        try:
            with within(_of(span.get_span_context())):
                yield told
        except NotYet:
            told.tell({"resumes.waiting": 1})
            raise
        except BaseException as error:
            told.tell({"error.type": type(error).__name__})
            told.fail()
            raise
        finally:
            span.end()


class _Span:
    """`ports.TraceSpan`."""

    def __init__(self, span: api.Span) -> None:
        self._span = span

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def tell(self, attributes: Mapping[str, str | int]) -> None:
        self._span.set_attributes(attributes)

    def fail(self) -> None:
        self._span.set_status(api.StatusCode.ERROR)


def _context(parent: TraceContext | None) -> Context:
    if parent is None:
        return Context()
    remote = api.SpanContext(
        int(parent.trace_id, 16), int(parent.span_id, 16), is_remote=True, trace_flags=_flags(parent.flags)
    )
    return api.set_span_in_context(api.NonRecordingSpan(remote), Context())


def _flags(flags: str) -> api.TraceFlags:
    return api.TraceFlags(int(flags, 16))


def _of(context: api.SpanContext) -> TraceContext | None:
    if not context.is_valid:  # OTEL_SDK_DISABLED, and nobody's parent
        return None
    return TraceContext(
        api.format_trace_id(context.trace_id),
        api.format_span_id(context.span_id),
        f"{context.trace_flags:02x}",
    )
