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
