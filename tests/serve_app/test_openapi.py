"""The OpenAPI document: valid, committed as served, and true about the code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from pipeline.domain.profile import Profile
from serve_app import openapi
from serve_app.compact import CompactProfile, compact
from serve_app.problems import PROBLEM_TYPES
from serve_app.routes.openapi import text
from tests.serve_app.conftest import Service
from tests.serve_app.samples import profile


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document of the code as it is."""
    return openapi.built()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    """It passes the specification's own schema."""
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_the_committed_document_is_the_live_one(shared: Service, document: dict[str, Any]) -> None:
    """What clients are generated from is what the service answers; `python -m serve_app.openapi` renews it."""
    served = httpx.get(shared.url + "/openapi.json")
    assert served.json() == document
    assert openapi.COMMITTED.read_text(encoding="utf-8") == text(document) == served.text


def test_every_operation_has_a_name_a_summary_and_its_problems(document: dict[str, Any]) -> None:
    """operationIds are camelCase and unique; every error answer is a problem document."""
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)
    for method, path, operation in operations(document):
        assert operation["operationId"][0].islower()
        assert operation["operationId"].isalnum()
        assert operation["summary"]
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (method, path, status)
                assert status != "429" or "Retry-After" in answer["headers"]


def test_every_call_but_health_needs_a_key(document: dict[str, Any]) -> None:
    """The document says which calls take the bearer key."""
    assert document["components"]["securitySchemes"]["apiKey"]["scheme"] == "bearer"
    for _, path, operation in operations(document):
        open_to_all = path in ("/healthz", "/readyz")
        assert operation.get("security", []) == ([] if open_to_all else [{"apiKey": []}])


def test_no_reference_dangles_and_no_schema_is_orphaned(document: dict[str, Any]) -> None:
    """Every $ref leads somewhere, and nothing is described that no call uses."""
    text = json.dumps(document)
    schemas = set(document["components"]["schemas"])
    used = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert used == schemas


def test_nothing_of_this_document_belongs_to_later_features(document: dict[str, Any]) -> None:
    """What is not built is not described."""
    assert set(document["paths"]) == {
        "/resumes/upload",
        "/resumes",
        "/resumes/{id}",
        "/resumes/{id}/text",
        "/resumes/{id}/file",
        "/resumes/{id}/reprocess",
        "/search",
        "/ingestions",
        "/ingestions/{id}",
        "/ingestions/{id}/errors",
        "/ingestions/{id}/results",
        "/ingestions/{id}/cancel",
        "/healthz",
        "/readyz",
    }


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside."""
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(member)
    if isinstance(value, dict):
        yield value


def schemas_of(document: dict[str, Any], *members: str) -> dict[str, dict[str, Any]]:
    """The schemas that these members of the operations lead to."""
    schemas, found = document["components"]["schemas"], {}
    waiting: list[Any] = [
        [operation.get(member, []) for member in members] for _, _, operation in operations(document)
    ]
    while waiting:
        for part in parts(waiting.pop()):
            name = part.get("$ref", "").rpartition("/")[2]
            if name and name not in found:
                found[name] = schemas[name]
                waiting.append(schemas[name])
    return found


def test_answers_are_open_and_requests_closed(document: dict[str, Any]) -> None:
    """A client that was generated today reads what a later service adds; what it sends too much is told."""
    answers = schemas_of(document, "responses")
    requests = schemas_of(document, "requestBody", "parameters")
    assert all(
        schema["additionalProperties"] is True for schema in answers.values() if "properties" in schema
    )
    assert all(
        schema["additionalProperties"] is False for schema in requests.values() if "properties" in schema
    )
    assert not any("enum" in schema for schema in (answers.keys() & requests.keys()) - {"Status"})


def test_no_default_is_an_object_and_answers_have_none(document: dict[str, Any]) -> None:
    """Generators write them into source code, where an object is no literal."""
    assert not [part for part in parts(document["paths"]) if isinstance(part.get("default"), dict | list)]
    schemas = document["components"]["schemas"]
    answers = schemas_of(document, "responses")
    assert not [name for name in answers if any("default" in part for part in parts(schemas[name]))]
    for schema in schemas_of(document, "requestBody").values():
        assert not [part for part in parts(schema) if isinstance(part.get("default", ""), dict | list | None)]


def test_no_two_enums_share_the_name_of_a_value(document: dict[str, Any]) -> None:
    """In Go they are constants of one package."""
    enums = [schema for schema in document["components"]["schemas"].values() if "enum" in schema]
    names = [name for schema in enums for name in schema["x-enum-varnames"]]
    assert len(names) == len(set(names)) == sum(len(schema["enum"]) for schema in enums)
    assert "StatusCompleted" in names


def test_what_may_grow_lists_what_is_known(document: dict[str, Any]) -> None:
    """Problem types and error codes are strings with their known values; statuses are closed."""
    schemas = document["components"]["schemas"]
    problem = schemas["ProblemDocument"]["properties"]["type"]
    assert problem["x-extensible-enum"] == [f"/problems/{slug}" for slug in PROBLEM_TYPES]
    codes = schemas["ResumeError"]["properties"]["code"]["x-extensible-enum"]
    assert {"encrypted", "no-text", "poison", "internal", "profile-blocked", "vendor-timeout"} < set(codes)
    rejections = schemas["IngestionError"]["properties"]["code"]["x-extensible-enum"]
    assert rejections == ["archive-rejected", "source-missing"]
    open_ended = [part for part in parts(schemas) if "x-extensible-enum" in part]
    assert all(part["type"] == "string" and "enum" not in part for part in open_ended)
    assert {name for name, schema in schemas.items() if len(schema.get("enum", ())) > 1} == {
        "Status",
        "IngestionState",
        "Outcome",
        "RedoFrom",
    }


def test_what_is_always_sent_is_required(document: dict[str, Any]) -> None:
    """Only what leaves out the unknown, by its own schema, has optional members."""
    optional = {
        name
        for name, schema in schemas_of(document, "responses").items()
        if set(schema.get("properties", ())) - set(schema.get("required", ()))
    }
    assert {name for name in optional if not name.startswith("JsonResume")} == {"ProblemDocument"}
    assert "JsonResumeResume" not in optional


def test_the_document_says_where_the_service_is(document: dict[str, Any]) -> None:
    """The first server is whoever serves the document; the second can be set to any other."""
    here, anywhere = document["servers"]
    assert here["url"] == "/"
    defaults = {name: variable["default"] for name, variable in anywhere["variables"].items()}
    assert anywhere["url"].format(**defaults) == "http://127.0.0.1:8000"


def test_the_compact_models_hold_no_fact(document: dict[str, Any]) -> None:
    """Values only, all the way down."""
    compact_schemas = {
        name: schema
        for name, schema in document["components"]["schemas"].items()
        if name.startswith("Compact")
    }
    del compact_schemas["CompactResume"]
    assert "Fact" not in json.dumps(compact_schemas)
    assert set(CompactProfile.model_fields) == set(Profile.model_fields)


def test_a_compacted_profile_is_what_its_model_says() -> None:
    """The view that is made from the data and the model that is made from the types agree."""
    stored = profile().model_dump(mode="json")
    compacted = compact(stored)
    assert CompactProfile.model_validate(compacted).model_dump(mode="json") == compacted
    assert "evidence" not in json.dumps(compacted)
    empty = Profile().model_dump(mode="json")
    assert CompactProfile.model_validate(compact(empty)).model_dump(mode="json") == compact(empty)
