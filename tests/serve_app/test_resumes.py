"""Reading resumes: status, views, ETags, lists, text and file."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from serve_app.json_resume import JsonResume
from serve_app.schemas import CompactResume, FullResume, JsonResumeResume, ResumeList, ResumeText
from tests.serve_app.conftest import MODEL, Service, Start, embed_query
from tests.serve_app.samples import FORM_TYPE, LINES, PDF, finish, form, part, pdf, profile, refuse
from tests.serve_app.test_uploads import upload

VECTOR = asyncio.run(embed_query(LINES[2]))


def completed(service: Service, client: httpx.Client, **fields: str) -> str:
    """The path of a resume that is completed."""
    path: str = upload(client, **fields).json()["links"]["self"]
    finish(service.engine, VECTOR, MODEL)
    return path


def test_a_queued_resume_shows_what_is_known(client: httpx.Client) -> None:
    """Before a worker takes it there is no stage, no profile and no error."""
    answer = client.get(upload(client, job_post_id="7", email="Ada@Example.org").json()["links"]["self"])
    resume = CompactResume.model_validate_json(answer.content)
    assert (resume.status, resume.stage, resume.attempts, resume.error) == ("queued", None, 0, None)
    assert resume.profile is None
    assert (resume.job_post_id, resume.filename, resume.size) == ("7", "cv.pdf", len(PDF))
    assert answer.json()["created_at"].endswith("Z")


def test_a_queued_resume_tells_its_place(service: Service, client: httpx.Client) -> None:
    """How many are begun before it; none any more once it is begun."""
    paths = [upload(client, pdf(str(n))).json()["links"]["self"] for n in range(3)]
    assert [client.get(path).json()["queued_ahead"] for path in paths] == [0, 1, 2]
    finish(service.engine, VECTOR, MODEL)
    assert [client.get(path).json()["queued_ahead"] for path in paths] == [None, None, None]


def test_a_completed_resume_has_its_profile_as_values(service: Service, client: httpx.Client) -> None:
    """The default view has no facts, only what they say, and is what the schema promises."""
    body = client.get(completed(service, client)).json()
    CompactResume.model_validate(body)
    person = body["profile"]["person"]
    assert (body["status"], body["view"], body["attempts"]) == ("completed", "compact", 1)
    assert person["name"]["full"] == "Ada Fiktiva"
    assert person["phones"] == ["+493012345678"]
    assert body["profile"]["work"][0]["is_current"] is True
    assert body["timings"]["total_seconds"] >= body["timings"]["processing_seconds"] >= 0
    assert body["versions"] == {"read": "tests/1"}


def test_the_full_view_has_every_fact(service: Service, client: httpx.Client) -> None:
    """The full view is the profile as it was saved, evidence and all."""
    body = client.get(completed(service, client), params={"view": "full"}).json()
    FullResume.model_validate(body)
    meta = body["profile"].pop("meta")
    assert body["profile"] == profile().model_dump(mode="json", exclude={"meta"})
    assert (meta["versions"], meta["seconds"]) == ({"read": "tests/1"}, {"read": 0.1})


def test_a_profile_that_was_saved_before_a_member_came_has_it(service: Service, client: httpx.Client) -> None:
    """What the OpenAPI document calls required is there, however old the profile is."""
    path = completed(service, client)
    with service.engine.begin() as connection:
        older = "profile - 'interests' #- '{work,0,skills}' #- '{person,name,full,evidence}'"
        connection.execute(text(f"UPDATE applications SET profile = {older}"))
    compact, full = (client.get(path, params={"view": v}).json()["profile"] for v in ("compact", "full"))
    for shown in (compact, full):
        assert (shown["interests"], shown["work"][0]["skills"]) == ([], [])
    assert compact["person"]["name"]["full"] == full["person"]["name"]["full"]["value"] == "Ada Fiktiva"
    assert full["person"]["name"]["full"]["evidence"] == []


def test_the_jsonresume_view_is_a_json_resume(service: Service, client: httpx.Client) -> None:
    """The export follows JSON Resume 1.0.0 and leaves out what is not known."""
    body = client.get(completed(service, client), params={"view": "jsonresume"}).json()
    JsonResumeResume.model_validate(body)
    document = body["profile"]
    JsonResume.model_validate(document)
    assert document["basics"]["name"] == "Ada Fiktiva"
    assert document["basics"]["location"] == {"city": "Berlin", "countryCode": "DE"}
    assert document["basics"]["profiles"] == [
        {"network": "github", "username": "ada", "url": "https://code.example.org/ada"}
    ]
    assert document["work"] == [
        {
            "name": "Sankt Nirgendwo",
            "position": "Nurse",
            "startDate": "2019-04",
            "highlights": ["Ran the night shift"],
        }
    ]


def test_a_failed_resume_says_why(service: Service, client: httpx.Client) -> None:
    """The code is stable, the detail is a sentence for a person."""
    path = upload(client).json()["links"]["self"]
    refuse(service.engine, "encrypted", "The document needs a password to be opened.")
    body = client.get(path).json()
    assert body["status"] == "failed"
    assert body["error"] == {"code": "encrypted", "detail": "The document needs a password to be opened."}
    assert client.get(f"{path}/text").json()["type"] == "/problems/not-found"


def test_an_unchanged_resume_is_not_sent_again(service: Service, client: httpx.Client) -> None:
    """With its ETag a resume is 304 until something changes; every view has its own tag."""
    path = upload(client).json()["links"]["self"]
    tag = client.get(path).headers["etag"]
    for sent in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        same = client.get(path, headers={"If-None-Match": sent})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    finish(service.engine, VECTOR, MODEL)
    changed = client.get(path, headers={"If-None-Match": tag})
    assert (changed.status_code, changed.json()["status"]) == (200, "completed")
    assert client.get(path, params={"view": "full"}).headers["etag"] != changed.headers["etag"]


def test_json_travels_packed_but_an_original_as_it_is(service: Service, client: httpx.Client) -> None:
    """One tag for both forms of the JSON, so it is a weak one; a PDF is packed already, and its length stays told."""
    path = completed(service, client)
    packed, plain = (
        client.get(path, params={"view": "full"}, headers={"Accept-Encoding": encoding})
        for encoding in ("gzip", "identity")
    )
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(packed.content) == int(plain.headers["content-length"])
    assert packed.headers["etag"] == plain.headers["etag"]
    assert packed.headers["etag"].startswith("W/")
    file = client.get(f"{path}/file", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in file.headers
    assert int(file.headers["content-length"]) == len(PDF)


@pytest.mark.parametrize(
    ("query", "status", "slug"),
    [
        ({"view": "pdf"}, 422, "invalid"),
        ({"wait": "31"}, 422, "invalid"),
        ({"wait": "-1"}, 422, "invalid"),
        ({"wait": "soon"}, 422, "invalid"),
        ({"veiw": "full"}, 422, "invalid"),
    ],
)
def test_a_bad_parameter_is_invalid(shared: Service, query: dict[str, str], status: int, slug: str) -> None:
    """Unknown parameters and values out of range are refused, never ignored."""
    with shared.client("read") as client:
        answer = client.get(f"/resumes/{uuid4()}", params=query)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert answer.json()["errors"][0]["field"] == next(iter(query))


@pytest.mark.parametrize("ending", ["", "/text", "/file"])
def test_unknown_and_malformed_ids(shared: Service, ending: str) -> None:
    """A UUID that nobody has is not found; something that is no UUID is a bad request."""
    with shared.client() as client:
        unknown = client.get(f"/resumes/{uuid4()}{ending}")
        malformed = client.get(f"/resumes/not-an-id{ending}")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/not-found")
    assert (malformed.status_code, malformed.json()["type"]) == (400, "/problems/bad-request")


def test_the_list_pages_through_everything_once(client: httpx.Client) -> None:
    """Newest first, and resumes that come while a caller pages shift nothing."""
    ids = [upload(client, pdf(str(n))).json()["id"] for n in range(7)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        answer = client.get("/resumes", params={"limit": 3} | ({"cursor": cursor} if cursor else {}))
        page = ResumeList.model_validate_json(answer.content)
        seen += [str(item.id) for item in page.items]
        upload(client, pdf("meanwhile"))
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ids[::-1]


def test_the_list_filters(service: Service, client: httpx.Client) -> None:
    """Each filter holds alone and together with the others."""
    first = upload(client, pdf("1"), job_post_id="7", email="ada@example.org").json()["id"]
    finish(service.engine, VECTOR, MODEL)
    second = upload(client, pdf("2"), job_post_id="7", external_id="a-2").json()["id"]
    third = upload(client, pdf("3"), job_post_id="8", email="Ada@Example.org").json()["id"]

    def listed(**query: Any) -> list[str]:
        return [
            item["id"] for item in client.get("/resumes", params=query).raise_for_status().json()["items"]
        ]

    created = datetime.fromisoformat(client.get(f"/resumes/{second}").json()["created_at"])
    assert listed(job_post_id="7") == [second, first]
    assert listed(email="ADA@example.org") == [third, first]
    assert listed(status="completed") == [first]
    assert listed(status="queued", job_post_id="7") == [second]
    assert listed(created_after=created.isoformat()) == [third, second]
    assert listed(created_before=created.isoformat()) == [first]
    assert listed(created_before=(created - timedelta(hours=1)).isoformat()) == []
    assert listed(ingestion_id=str(uuid4())) == []
    assert listed(status=["completed", "queued"], job_post_id="7") == [second, first]
    assert listed(external_id="a-2") == [second]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"cursor": "nonsense"}, 400),
        ({"ingestion_id": "nonsense"}, 400),
        ({"job_post_id": "a\x00b"}, 400),
        ({"limit": "0"}, 422),
        ({"limit": "201"}, 422),
        ({"status": "done"}, 422),
        ({"created_after": "yesterday"}, 422),
        ({"created_after": "0.5"}, 422),
        ({"created_after": "2026-01-01T00:00:00"}, 422),
        ({"jobpost": "7"}, 422),
        ({"job_post_id": "x" * 201}, 422),
        ({"status": ["completed", "done"]}, 422),
        ({"job_post_id": ["7", "8"]}, 422),
        ({"limit": ["1", "2"]}, 422),
        ({"created_after": "0001-01-01T00:00:00+01:00"}, 422),
        ({"updated_after": "yesterday"}, 422),
    ],
)
def test_a_bad_filter_is_refused(shared: Service, query: dict[str, Any], status: int) -> None:
    """A filter that cannot be meant is told, so that nobody takes an unfiltered list for a filtered one."""
    with shared.client("read") as client:
        assert client.get("/resumes", params=query).status_code == status


@pytest.mark.parametrize("offset", ["+15:59", "+16:00", "-16:00", "+23:59", "-23:59"])
def test_a_moment_may_have_any_offset(client: httpx.Client, offset: str) -> None:
    """The database knows none of 16 hours or more; a moment is the same in UTC."""
    id_ = upload(client).json()["id"]
    for name, year, found in (("created_after", 2020, [id_]), ("created_before", 2020, [])):
        moment = f"{year}-01-01T00:00:00{offset}"
        listed = client.get("/resumes", params={name: moment}).raise_for_status().json()["items"]
        assert [item["id"] for item in listed] == found
        filters = {"query": "nurse", "filters": {name: moment}}
        assert client.post("/search", json=filters).status_code == 200


def test_the_changes_can_be_followed_without_missing_one(service: Service, client: httpx.Client) -> None:
    """A new resume, its end, and its erasure: the last cursor goes on where the reader was."""
    query: dict[str, str] = {"updated_after": "2026-01-01T00:00:00Z"}

    def next_change() -> tuple[str, str]:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            page = client.get("/resumes", params=query).raise_for_status().json()
            if page["next_cursor"]:
                query["cursor"] = page["next_cursor"]
            if page["items"]:
                (item,) = page["items"]
                return item["id"], item["status"]
            time.sleep(0.1)
        raise AssertionError("the change did not show")

    id_ = upload(client).json()["id"]
    assert next_change() == (id_, "queued")
    finish(service.engine, VECTOR, MODEL)
    assert next_change() == (id_, "completed")
    client.delete(f"/resumes/{id_}").raise_for_status()
    assert next_change() == (id_, "erased")


def test_the_text_has_pages_lines_boxes_and_sections(service: Service, client: httpx.Client) -> None:
    """What the facts point at: every line with its id and its box."""
    path = completed(service, client)
    text = ResumeText.model_validate_json(client.get(f"{path}/text").content)
    assert [line.text for line in text.pages[0].lines] == list(LINES)
    assert text.pages[0].lines[0].bbox == (0.1, 0.0, 0.5, 0.02)
    assert [(section.kind, section.line_ids) for section in text.sections] == [
        ("header", [0, 1]),
        ("work", [2]),
    ]
    assert text.language == "en"


def test_the_text_of_an_unread_resume_is_still_to_come(client: httpx.Client) -> None:
    """Asking too early is told apart from asking for what there is not."""
    answer = client.get(upload(client).json()["links"]["text"])
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/in-progress")
    assert "retry-after" in answer.headers


def test_the_file_is_the_original_as_an_attachment(client: httpx.Client) -> None:
    """The bytes as they came, never shown in the browser, named as the sender named them."""
    content = PDF + b"x" * 3_000_000
    body = form(part("file", content, filename='Ada "A" Føktiva 履歴書.pdf'.replace('"', "%22")))
    link = client.post("/resumes/upload", content=body, headers={"Content-Type": FORM_TYPE}).json()["links"][
        "file"
    ]
    answer = client.get(link)
    assert answer.content == content
    assert answer.headers["content-length"] == str(len(content))
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="Ada _22A_22 F_ktiva ___.pdf"; ')
    assert disposition.endswith(
        "filename*=UTF-8''Ada%20%2522A%2522%20F%C3%B8ktiva%20%E5%B1%A5%E6%AD%B4%E6%9B%B8.pdf"
    )


def test_the_file_is_redirected_to_where_the_store_has_a_url(start: Start, tmp_path: Any) -> None:
    """A store with presigned URLs serves the bytes itself."""
    from pipeline.adapters.directory import DirectoryStore

    class Presigning(DirectoryStore):
        def presigned_url(self, key: str, *, filename: str, seconds: int) -> str | None:
            return f"https://store.example/{key}?name={filename}&for={seconds}"

    service = start(objects=Presigning(tmp_path / "objects"))
    with service.client(follow_redirects=False) as client:
        uploaded = upload(client).json()
        answer = client.get(uploaded["links"]["file"])
    assert answer.status_code == 302
    assert answer.headers["location"] == f"https://store.example/resumes/{uploaded['id']}?name=cv.pdf&for=300"


def test_a_file_missing_from_the_store_is_not_found(service: Service, client: httpx.Client) -> None:
    """An object that somebody removed is a problem document, not half an answer."""
    uploaded = upload(client).json()
    service.objects.delete(f"resumes/{uploaded['id']}")
    assert client.get(uploaded["links"]["file"]).json()["type"] == "/problems/not-found"
