"""What resumes_client decides, step by step and without a clock: when it asks again, and when it gives up.

And what it is made from: its types and parameters are those of serve_app/openapi.json, for both clients alike.
"""

from __future__ import annotations

import inspect
import json
import runpy
import typing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

import resumes_client
from resumes_client import AsyncClient, Client, ProblemError, Retry, answers, calls
from resumes_client.core import Core, Pages, Pause, Send, Steps
from resumes_client.errors import ConnectionLost, retry_after
from serve_app.openapi import COMMITTED

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GET = calls.get("r")
ONCE = calls.reprocess("r", None)
LOST = httpx.ReadError("reset")
REFUSED = httpx.ConnectError("refused")
TYPEGEN = Path(resumes_client.__file__).parents[1] / "typegen.py"


def refusal(status: int, **headers: str) -> httpx.Response:
    return httpx.Response(status, headers=headers)


def steps_of(call: calls.Call[Any], retry: Retry = Retry()) -> Steps[Any]:  # noqa: B008 - frozen
    return Core("http://127.0.0.1:8000", "k", retry).answer(call)


def pauses(steps: Steps[Any], *outcomes: httpx.Response | httpx.RequestError) -> Iterator[float]:
    """The seconds that are waited after each outcome of a try."""
    step = next(steps)
    for outcome in outcomes:
        assert isinstance(step, Send)
        pause = steps.throw(outcome) if isinstance(outcome, Exception) else steps.send(outcome)
        assert isinstance(pause, Pause)
        yield pause.seconds
        step = next(steps)


def test_the_waits_double_up_to_the_longest_and_half_of_each_is_chance() -> None:
    steps = steps_of(GET, Retry(within=100, first=1, longest=5))
    waits = list(pauses(steps, *[LOST] * 5))
    for wait, most in zip(waits, (1, 2, 4, 5, 5), strict=True):
        assert most / 2 <= wait <= most


def test_nobody_comes_back_sooner_than_they_were_told() -> None:
    steps = steps_of(GET, Retry(within=100, first=1, longest=5))
    (wait,) = pauses(steps, refusal(503, **{"Retry-After": "42"}))
    assert 42 <= wait <= 43


def test_a_retry_after_beyond_the_time_for_trying_ends_the_call() -> None:
    with pytest.raises(ProblemError) as raised:
        list(pauses(steps_of(GET, Retry(within=100)), refusal(429, **{"Retry-After": "101"})))
    assert raised.value.retry_after == 101


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("-1", 0.0),
        (format_datetime(NOW + timedelta(seconds=9), usegmt=True), 9.0),
        (format_datetime(NOW - timedelta(seconds=9), usegmt=True), 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_names_seconds_or_a_moment(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


@pytest.mark.parametrize(
    ("call", "outcome"),
    [
        (GET, LOST),
        (GET, REFUSED),
        (ONCE, REFUSED),
        (ONCE, refusal(503)),
        (ONCE, refusal(429)),
        (GET, refusal(500)),
    ],
)
def test_what_can_do_no_harm_is_tried_again(
    call: calls.Call[Any], outcome: httpx.Response | httpx.RequestError
) -> None:
    assert len(list(pauses(steps_of(call), outcome))) == 1


@pytest.mark.parametrize(
    ("call", "outcome"),
    [
        (ONCE, LOST),
        (ONCE, refusal(502)),
        (GET, refusal(404)),
        (GET, refusal(409)),
        (GET, httpx.LocalProtocolError("too little data")),
    ],
)
def test_what_might_do_harm_or_cannot_help_is_not(
    call: calls.Call[Any], outcome: httpx.Response | httpx.RequestError
) -> None:
    with pytest.raises((ProblemError, ConnectionLost)):
        list(pauses(steps_of(call), outcome))


def test_a_service_that_has_answered_once_is_given_longer_than_one_that_never_has() -> None:
    core = Core("http://127.0.0.1:8000", "k", Retry(within=100, first=1, unreached=0))
    with pytest.raises(ConnectionLost):
        list(pauses(core.answer(GET), REFUSED))
    answered = core.answer(GET)
    next(answered)
    with pytest.raises(StopIteration):
        answered.send(httpx.Response(200))
    assert len(list(pauses(core.answer(GET), REFUSED))) == 1


def test_a_cursor_that_stays_where_it_is_ends_a_feed_of_changes() -> None:
    pages = Pages(calls.resumes(updated_after=NOW))
    assert pages.take({"items": [1], "next_cursor": "c"}) == [1]
    assert pages.call is not None
    assert pages.call.params["cursor"] == "c"
    assert pages.take({"items": [], "next_cursor": "c"}) == []
    assert pages.call is None


def test_the_key_and_no_proxy_go_to_this_machine_and_a_proxy_may_stand_before_others() -> None:
    assert Core("http://localhost:8000/", "k", Retry()).options()["trust_env"] is False
    away = Core("https://resumes.example/api/", "k", Retry())
    assert away.options()["trust_env"] is True
    request = away.request(Send(GET, httpx.Timeout(1)))
    assert request["url"] == "https://resumes.example/api/resumes/r"
    assert request["headers"] == {"Authorization": "Bearer k"}


def test_the_types_are_those_of_the_openapi_document() -> None:
    generate = runpy.run_path(str(TYPEGEN))["generate"]
    assert Path(answers.__file__).read_text("utf-8") == generate(json.loads(COMMITTED.read_text("utf-8"))), (
        "run `make openapi`"
    )


def test_a_schema_that_the_types_cannot_express_is_an_error() -> None:
    generate = runpy.run_path(str(TYPEGEN))["generate"]
    odd = {"type": "object", "properties": {"x": {"anyOf": [{"type": "string"}, {"type": "integer"}]}}}
    with pytest.raises(ValueError, match="2 types"):
        generate({"components": {"schemas": {"Odd": odd}}})


def test_the_parameters_are_those_of_the_openapi_document() -> None:
    """What the API takes and the client does not, or the other way round, fails here."""
    document = json.loads(COMMITTED.read_text("utf-8"))
    schemas = document["components"]["schemas"]
    listed = {one["name"] for one in document["paths"]["/resumes"]["get"]["parameters"]}
    assert set(typing.get_type_hints(calls.Filters)) == listed - {"cursor", "limit"} | {"page_size"}
    form = document["paths"]["/resumes/upload"]["post"]["requestBody"]["content"]["multipart/form-data"][
        "schema"
    ]
    options = set(typing.get_type_hints(calls.UploadOptions))
    assert options == set(form["properties"]) - {"file"} | {"idempotency_key"}
    searched = set(schemas["SearchRequest"]["properties"]) | set(schemas["SearchFilters"]["properties"])
    assert set(typing.get_type_hints(calls.SearchOptions)) == searched - {"query", "filters"}
    assert set(schemas["ReprocessRequest"]["properties"]) == {"from"}
    assert set(schemas["IngestionRequest"]["properties"]) == {"source", "job_post_id"}


def test_both_clients_have_the_same_calls_with_the_same_parameters() -> None:
    def told(client: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(method).parameters)
            for name, method in vars(client).items()
            if not name.startswith("_") and name not in ("close", "aclose")
        }

    assert told(Client) == told(AsyncClient)
    assert all("timeout" in parameters for parameters in told(Client).values())
