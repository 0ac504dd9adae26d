"""What is wrong with an upload, and the answer to each: the table of bad inputs, request by request."""

from __future__ import annotations

import gzip
from typing import Any

import httpx
import pytest

from tests.adapters.odt_bytes import odt
from tests.serve_app.conftest import Service
from tests.serve_app.samples import BOUNDARY, FORM_TYPE, PDF, form, part, zipped

FILE = part("file", PDF, filename="cv.pdf")


def post(service: Service, body: bytes, content_type: str = FORM_TYPE, **headers: str) -> httpx.Response:
    with service.client("upload") as client:
        return client.post("/resumes/upload", content=body, headers={"Content-Type": content_type, **headers})


def is_problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem.get("type")) == (status, f"/problems/{slug}"), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == status
    assert problem["instance"] == "/resumes/upload"
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["title"]
    assert problem["detail"].endswith(".")
    return problem


BAD_FORMS = {
    "no file": (form(part("job_post_id", b"7")), 400, "bad-request"),
    "an empty form": (form(), 400, "bad-request"),
    "two files": (form(FILE, FILE), 400, "bad-request"),
    "a file field that is no file": (form(part("file", PDF)), 400, "bad-request"),
    "a form with no file chosen": (form(part("file", b"", filename="")), 400, "bad-request"),
    "NUL in a value": (form(FILE, part("job_post_id", b"a\x00b")), 400, "bad-request"),
    "a value too long": (form(FILE, part("job_post_id", b"x" * 201)), 400, "bad-request"),
    "a value that is not UTF-8": (form(FILE, part("email", b"\xff\xfe")), 400, "bad-request"),
    "a field sent twice": (form(FILE, part("email", b"a@b.c"), part("email", b"a@b.d")), 400, "bad-request"),
    "a part without a name": (
        form(FILE, f"--{BOUNDARY}\r\nContent-Type: text/plain\r\n\r\nx\r\n".encode()),
        400,
        "bad-request",
    ),
    "a base64 part": (
        form(part("file", b"JVBERi0=", filename="a.pdf", headers=["Content-Transfer-Encoding: base64"])),
        400,
        "bad-request",
    ),
    "a form without its end": (FILE, 400, "bad-request"),
    "another boundary in the body": (form(FILE).replace(BOUNDARY.encode(), b"other"), 400, "bad-request"),
    "no form at all": (b"hello", 400, "bad-request"),
    "an empty body": (b"", 400, "bad-request"),
    "a file too large": (form(part("file", PDF + b"x" * 1_000_000, filename="a.pdf")), 413, "too-large"),
    "5,000 fields": (form(FILE, *(part(f"f{n}", b"v") for n in range(5000))), 413, "too-large"),
    "5,000 files": (form(*([FILE] * 5000)), 413, "too-large"),
    "a 2 MB field": (form(part("email", b"x" * 2_000_000)), 413, "too-large"),
    "a file of 2 MB without a file name": (form(part("file", b"x" * 2_000_000)), 413, "too-large"),
    "an empty file": (form(part("file", b"", filename="cv.pdf")), 422, "invalid"),
    "an unknown field": (form(FILE, part("jobpost", b"7")), 422, "invalid"),
    "a file under another name": (form(part("resume", PDF, filename="a.pdf")), 422, "invalid"),
    "webhook_url, which is no option yet": (
        form(FILE, part("webhook_url", b"https://a.example")),
        422,
        "invalid",
    ),
    "an unknown option": (form(FILE, part("on_duplicate", b"maybe")), 422, "invalid"),
    "a day that is none": (form(FILE, part("as_of_date", b"2026-02-30")), 422, "invalid"),
    "a number for a day": (form(FILE, part("as_of_date", b"1772323200")), 422, "invalid"),
    "an address that is none": (form(FILE, part("email", b"nobody")), 422, "invalid"),
}


@pytest.mark.parametrize("case", BAD_FORMS)
def test_a_bad_form_gets_its_problem_and_leaves_nothing(shared: Service, case: str) -> None:
    """Each bad form has its status and type, and no byte of it stays in the store."""
    body, status, slug = BAD_FORMS[case]
    is_problem(post(shared, body), status, slug)
    assert shared.files_left() == []


BAD_TYPES = {
    "a Windows program": b"MZ\x90\x00" + b"\x00" * 2000,
    "HTML": b"<!DOCTYPE html><html><body>%PDF-1.7</body></html>",
    "HTML after white space": b"\n\n  <html>hello</html>",
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "SVG with a declaration": b'<?xml version="1.0"?><svg/>',
    "an old Office document": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
    "a spreadsheet": zipped("[Content_Types].xml", "xl/workbook.xml"),
    "a presentation": zipped("[Content_Types].xml", "ppt/presentation.xml"),
    "an OpenDocument spreadsheet": odt(mimetype="application/vnd.oasis.opendocument.spreadsheet"),
    "an old Word document, where nothing reads it": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    + b"\x00" * 600
    + "WordDocument".encode("utf-16-le"),
    "a ZIP of resumes": zipped("one.pdf", "two.docx"),
    "a ZIP that stores a PDF": b"PK\x03\x04" + b"\x00" * 26 + b"cv.pdf" + PDF,
    "GIF": b"GIF89a" + b"\x00" * 100,
    "gzip": gzip.compress(PDF),
    "text with NUL": b"Curriculum vitae\x00",
    "text with NUL behind its first pieces": b"Curriculum vitae\n" * 30_000 + b"\x00",
    "JSON": b'{"name": "Ada"}',
    "AVIF": b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1avif",
    "one byte": b"%",
    "a header too far in": b"\x00" * 1024 + PDF,
}


@pytest.mark.parametrize("case", BAD_TYPES)
def test_a_file_of_another_type_is_unsupported_whatever_its_name(shared: Service, case: str) -> None:
    """The content decides: .pdf and application/pdf on something else do not help."""
    body = form(part("file", BAD_TYPES[case], filename="cv.pdf", headers=["Content-Type: application/pdf"]))
    problem = is_problem(post(shared, body), 415, "unsupported-type")
    assert "PDF" in problem["detail"]
    assert shared.files_left() == []


@pytest.mark.parametrize(
    ("content_type", "headers", "status", "slug"),
    [
        ("multipart/form-data", {}, 400, "bad-request"),
        ("multipart/form-data; boundary=", {}, 400, "bad-request"),
        (f"multipart/form-data; boundary={'b' * 71}", {}, 400, "bad-request"),
        ("application/json", {}, 415, "unsupported-type"),
        ("application/pdf", {}, 415, "unsupported-type"),
        (FORM_TYPE, {"Content-Encoding": "gzip"}, 415, "unsupported-type"),
        (FORM_TYPE, {"Idempotency-Key": "k" * 256}, 400, "bad-request"),
        (FORM_TYPE, {"Idempotency-Key": ""}, 400, "bad-request"),
        (FORM_TYPE, {"Idempotency-Key": "tab\there"}, 400, "bad-request"),
    ],
)
def test_bad_headers_get_their_problem(
    shared: Service, content_type: str, headers: dict[str, str], status: int, slug: str
) -> None:
    """What the headers promise is checked before a byte of the body is read."""
    is_problem(post(shared, form(FILE), content_type, **headers), status, slug)


def test_an_unknown_field_is_named(shared: Service) -> None:
    """The problem lists the field, so that a typo is found at once."""
    problem = post(shared, form(FILE, part("jobpost", b"7"))).json()
    assert problem["errors"] == [{"field": "jobpost", "message": "Unknown field"}]
    assert "job_post_id" in problem["detail"]


def test_a_problem_never_repeats_what_was_sent(shared: Service) -> None:
    """A bad value is described, not quoted: answers end up in logs."""
    answer = post(shared, form(FILE, part("email", b"secret-of-somebody")))
    assert "secret-of-somebody" not in answer.text
