"""`traceparent`: taken from a request, kept with its job, and the parent of a span where spans are exported."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from botocore.awsrequest import AWSPreparedRequest

from pipeline.adapters.aws.s3 import S3Store
from pipeline.domain.errors import ConfigurationError
from pipeline.domain.trace import parse
from pipeline.orchestration import wiring
from pipeline.orchestration.wiring import _JsonLines
from pipeline.settings import Settings, load_settings
from tests.adapters.postgres.factories import sql
from tests.chaos.killer import wait_until
from tests.serve_app.conftest import MODEL, Service, Start
from tests.serve_app.samples import PDF, finish, pdf
from tests.serve_app.test_resumes import VECTOR
from tests.standins.aws import AwsStandIn
from tests.standins.otlp import OtlpStandIn

TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE_ID}-{SPAN_ID}-01"


@pytest.fixture
def collector() -> Iterator[OtlpStandIn]:
    with OtlpStandIn() as made:
        yield made


def upload(client: httpx.Client, content: bytes = PDF, *, traceparent: str | None = None) -> httpx.Response:
    headers = {"traceparent": traceparent} if traceparent else {}
    return client.post("/resumes/upload", files={"file": ("cv.pdf", content)}, headers=headers)


def kept(service: Service) -> list[str | None]:
    return [row.traceparent for row in sql(service.engine, "SELECT traceparent FROM jobs")]


def test_a_job_keeps_the_trace_of_its_upload(service: Service, client: httpx.Client) -> None:
    """As it came: where no spans are made, whoever asked is the parent of all."""
    client.headers["traceparent"] = TRACEPARENT
    assert upload(client).status_code == 202
    assert kept(service) == [TRACEPARENT]


@pytest.mark.parametrize("told", [[], ["nonsense"], [TRACEPARENT, TRACEPARENT.replace("4bf9", "aaaa")]])
def test_what_is_no_traceparent_is_ignored(service: Service, client: httpx.Client, told: list[str]) -> None:
    """None, a malformed one, two that differ: the upload is accepted, and has no trace."""
    client.headers = httpx.Headers([*client.headers.multi_items(), *(("traceparent", one) for one in told)])
    assert upload(client).status_code == 202
    assert kept(service) == [None]


def test_a_reprocessed_resume_belongs_to_the_trace_of_who_asked(
    service: Service, client: httpx.Client
) -> None:
    """Not to its upload's any more; an erased one belongs to none."""
    resume = upload(client).json()["id"]
    finish(service.engine, VECTOR, MODEL)
    assert (
        client.post(f"/resumes/{resume}/reprocess", headers={"traceparent": TRACEPARENT}).status_code == 202
    )
    assert kept(service) == [TRACEPARENT]
    client.delete(f"/resumes/{resume}")
    assert kept(service) == [None]


def test_the_line_of_a_request_names_its_trace(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And that of one without a trace does not."""
    lines: list[dict] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(_JsonLines().format(record)))

    monkeypatch.setattr(logging.getLogger("serve_app.requests"), "handlers", [Kept()])
    caplog.set_level(logging.INFO, "serve_app.requests")
    client.get("/resumes", headers={"traceparent": TRACEPARENT})
    client.get("/resumes")
    assert [line.get("trace_id") for line in lines] == [TRACE_ID, None]


def test_a_request_is_a_span_of_the_callers_trace(
    start: Start, collector: OtlpStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parent of what its job will be; it carries ids and the route, nothing of what was sent. FastAPI, which would
    send more, sends nothing."""
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    service = start(otel_exporter_otlp_endpoint=collector.url)
    with service.client() as client:
        answer = upload(client, pdf("Dale Ford"), traceparent=TRACEPARENT)
        probe = client.get("/healthz", headers={"traceparent": TRACEPARENT})
        refused = client.get("/resumes?limit=ford", headers={"traceparent": TRACEPARENT})
    assert [one.status_code for one in (answer, probe, refused)] == [202, 200, 422]
    wait_until(lambda: len(collector.spans(TRACE_ID)) == 2, seconds=20, what="two spans")
    sent, listed = collector.spans(TRACE_ID)
    assert (sent.service, sent.name, sent.kind) == ("resumes", "POST /resumes/upload", "SPAN_KIND_SERVER")
    assert (sent.parent_id, sent.failed) == (SPAN_ID, False)
    assert sent.attributes == {
        "http.request.method": "POST",
        "http.route": "/resumes/upload",
        "http.response.status_code": 202,
        "resumes.request_id": answer.headers["x-request-id"],
        "resumes.key_id": sent.attributes["resumes.key_id"],
        "resumes.resume_id": answer.json()["id"],
    }
    assert listed.name == "GET /resumes"
    assert kept(service) == [f"00-{TRACE_ID}-{sent.span_id}-01"]
    assert not any(b"ford" in body.lower() for body in collector.bodies)


def test_a_request_without_a_trace_begins_one(start: Start, collector: OtlpStandIn) -> None:
    service = start(otel_exporter_otlp_endpoint=collector.url)
    with service.client() as client:
        assert upload(client).status_code == 202
    (told,) = kept(service)
    begun = parse(told)
    assert begun is not None
    wait_until(lambda: len(collector.spans(begun.trace_id)) == 1, seconds=20, what="a span")
    assert collector.spans(begun.trace_id)[0].parent_id == ""


def test_a_caller_who_is_not_sampled_makes_no_spans(start: Start, collector: OtlpStandIn) -> None:
    """The trace is passed on all the same, unsampled; one that is sampled comes after it."""
    service = start(otel_exporter_otlp_endpoint=collector.url)
    unsampled, other = TRACEPARENT.removesuffix("01") + "00", "a" * 32
    with service.client() as client:
        assert upload(client, traceparent=unsampled).status_code == 202
        client.get("/resumes", headers={"traceparent": f"00-{other}-{SPAN_ID}-01"})
    wait_until(lambda: len(collector.spans(other)) == 1, seconds=20, what="the other span")
    assert collector.spans(TRACE_ID) == []
    (told,) = kept(service)
    assert told is not None
    assert told.startswith(f"00-{TRACE_ID}-")
    assert told.endswith("-00")


def test_opentelemetry_switched_off_passes_the_trace_on(
    start: Start, collector: OtlpStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OTEL_SDK_DISABLED: as without an endpoint."""
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    service = start(otel_exporter_otlp_endpoint=collector.url)
    with service.client() as client:
        assert upload(client, traceparent=TRACEPARENT).status_code == 202
        assert upload(client).status_code == 202
    assert sorted(kept(service), key=str) == [TRACEPARENT, None]


def test_a_collector_that_is_away_costs_nobody_an_answer(start: Start) -> None:
    service = start(otel_exporter_otlp_endpoint="http://127.0.0.1:9")
    with service.client() as client:
        assert upload(client, traceparent=TRACEPARENT).status_code == 202


def test_an_upload_names_its_trace_to_s3(start: Start, aws: AwsStandIn, bucket: str) -> None:
    """The request to the store, which a thread sends; what was signed stays valid."""
    seen: list[tuple[str, str | None]] = []

    def before_send(request: AWSPreparedRequest, **_: object) -> None:
        seen.append((request.method, request.headers.get("traceparent")))
        assert b"traceparent" not in request.headers["Authorization"]

    store = S3Store(bucket, aws.access)
    store._s3.meta.events.register_last("before-send", before_send)
    service = start(objects=store)
    with service.client() as client:
        assert upload(client, traceparent=TRACEPARENT).status_code == 202
        assert upload(client).status_code == 202
    assert seen == [("PUT", TRACEPARENT), ("PUT", None)]


def test_nothing_of_opentelemetry_is_loaded_without_an_endpoint() -> None:
    """Of its SDK, that is: FastAPI itself loads the API. Asked in a process of its own."""
    program = (
        "import sys; from pipeline.orchestration import wiring; from pipeline.settings import Settings;"
        "import serve_app.api; wiring.tracer(Settings(_env_file=None));"
        "sys.exit(any(name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=120).returncode == 0


def test_an_endpoint_without_the_exporter_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pipeline.adapters.opentelemetry", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    settings = Settings(_env_file=None, otel_exporter_otlp_endpoint="http://127.0.0.1:4318")
    with pytest.raises(ConfigurationError, match=r"resumes\[otel\]"):
        wiring.tracer(settings)
    with pytest.raises(ConfigurationError, match="OTEL_EXPORTER_OTLP_ENDPOINT"):
        load_settings(otel_exporter_otlp_endpoint="collector:4318")
