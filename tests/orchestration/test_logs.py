"""Logs are JSON lines that carry ids, never content."""

from __future__ import annotations

import json
import logging

from pipeline.orchestration.wiring import _JsonLines


def formatted(record: logging.LogRecord) -> dict:
    return json.loads(_JsonLines().format(record))


def test_a_record_is_one_json_object_with_the_ids_given() -> None:
    """What the caller passes as `extra` is a field of its own."""
    logger = logging.getLogger("pipeline.test")
    record = logger.makeRecord(
        "pipeline.test", logging.INFO, "f", 1, "settled", (), None, extra={"resume_id": "01"}
    )
    fields = formatted(record)
    assert (fields["event"], fields["level"], fields["resume_id"]) == ("settled", "INFO", "01")


def test_an_exception_is_named_by_type_and_place_without_its_message() -> None:
    """The message of a stranger's exception may quote the document that raised it."""
    try:
        raise ValueError("Jane Doe, born 1980")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
        record = logging.LogRecord("pipeline.test", logging.ERROR, "f", 1, "stage raised", (), info)
    line = json.dumps(formatted(record))
    assert "ValueError" in line
    assert "test_logs.py" in line
    assert "Jane" not in line
