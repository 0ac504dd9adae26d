"""The calls of the HTTP API, as requests."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Generic, Literal, TypeAlias, TypedDict, TypeVar, Unpack
from urllib.parse import quote

from resumes_client.answers import (
    CompactProfile,
    CompactResume,
    FullResume,
    Ingestion,
    IngestionAccepted,
    IngestionList,
    JsonResumeResume,
    MemberErrorList,
    Receipt,
    RedoFrom,
    ResumeError,
    ResumeList,
    ResumeText,
    SearchAnswer,
    Status,
    UploadAccepted,
)
from resumes_client.content import Opened

T = TypeVar("T")
OnDuplicate: TypeAlias = Literal["new", "return"]

#: Above the longest poll of 30 s: whoever has not answered by then is taken for dead.
_ANSWER_S = 60.0
#: A large archive is a while on its way into the store after its last byte was sent.
_ARCHIVE_ANSWER_S = 600.0


class Accepted(UploadAccepted):
    """What an upload answers."""

    #: It was there already: the same Idempotency-Key and file, or `on_duplicate="return"`.
    existed: bool


class IngestionResult(TypedDict):
    """A member of an ingestion that became a resume which has ended."""

    id: str
    member: int
    filename: str | None
    status: Status
    job_post_id: str | None
    email: str | None
    external_id: str | None
    error: ResumeError | None
    profile: CompactProfile | None


class UploadOptions(TypedDict, total=False):
    """What an upload may say about a resume. What is None is not sent."""

    job_post_id: str | None  #: Groups resumes; a filter of lists and searches.
    email: str | None  #: The candidate's address. Default: the first one in the resume.
    external_id: str | None  #: Your own id of this resume.
    as_of_date: date | None  #: The day that "present" means in the resume. Default: today.
    on_duplicate: (
        OnDuplicate | None
    )  #: "new", the default, or "return": the resume of these bytes that is there.
    #: Makes the upload safe to repeat for 24 hours, also by another process: derive it from your own id of the
    #: application. One is made where none is given; it covers the tries of this call.
    idempotency_key: str | None


class Filters(TypedDict, total=False):
    """Which resumes to list. What is None is no filter; moments need their offset from UTC."""

    status: Iterable[Status]  #: Any of them.
    job_post_id: str | None
    email: str | None  #: The whole address, in any case.
    external_id: str | None
    ingestion_id: str | None
    created_after: datetime | None
    created_before: datetime | None
    updated_after: datetime | None  #: What changed from then on, the oldest change first.
    page_size: int | None  #: 1 to 200 resumes a request, 50 by default.


class SearchOptions(TypedDict, total=False):
    """What to search in, and how many hits to answer."""

    job_post_id: str | None
    created_after: datetime | None
    created_before: datetime | None
    limit: int  #: 1 to 50, 10 by default.


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request, which is made anew for each try, and is answered by a JSON value of type T."""

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    json: Any = None
    fields: Mapping[str, str] = field(default_factory=dict)
    file: Opened | None = None
    once: bool = False  #: A lost answer is not asked for again: the request may have had its effect.
    under_way: bool = False  #: A 409 in-progress is an earlier try of this very call.
    stream: bool = (
        False  #: The answer is read piece by piece; redirects are followed, elsewhere without the key.
    )
    answer_s: float = _ANSWER_S  #: How long one try may wait for the next piece of its answer.

    def having(self, **params: Any) -> Call[T]:
        """The same call with these parameters too; those that are None are left out."""
        return replace(self, params={**self.params, **_given(params)})


def upload(file: Opened, **options: Unpack[UploadOptions]) -> Call[UploadAccepted]:
    """An upload, with a key of its own where none is given."""
    fields = _given(options)
    key = fields.pop("idempotency_key", f"py-{secrets.token_urlsafe(18)}")
    return Call(
        "POST",
        "/resumes/upload",
        headers={"Idempotency-Key": key},
        fields=fields,
        file=file,
        under_way=True,
    )


def get(resume_id: str, *, wait: int = 0) -> Call[CompactResume]:
    """A resume; the service waits up to so many seconds for its end."""
    return Call("GET", _resume(resume_id), {"view": "compact"} | ({"wait": wait} if wait else {}))


def get_full(resume_id: str) -> Call[FullResume]:
    """A resume whose profile is facts."""
    return Call("GET", _resume(resume_id), {"view": "full"})


def get_json_resume(resume_id: str) -> Call[JsonResumeResume]:
    """A resume whose profile is a JSON Resume."""
    return Call("GET", _resume(resume_id), {"view": "jsonresume"})


def text(resume_id: str) -> Call[ResumeText]:
    """What was read of a resume."""
    return Call("GET", f"{_resume(resume_id)}/text")


def file(resume_id: str) -> Call[Any]:
    """The original."""
    return Call("GET", f"{_resume(resume_id)}/file", stream=True)


def resumes(**filters: Unpack[Filters]) -> Call[ResumeList]:
    """A page of the resumes that pass these filters."""
    given: dict[str, Any] = {name: value for name, value in filters.items() if name != "status"}
    given["limit"] = given.pop("page_size", None)
    return Call("GET", "/resumes", {"status": list(filters.get("status", ()))}).having(**given)


def changes(cursor: str | None, **filters: Unpack[Filters]) -> Call[ResumeList]:
    """A page of what changed."""
    if filters.get("updated_after") is None:
        filters["updated_after"] = datetime.fromtimestamp(0, UTC)
    return resumes(**filters).having(cursor=cursor)


def search(query: str, **options: Unpack[SearchOptions]) -> Call[SearchAnswer]:
    """A search."""
    filters = _given({name: value for name, value in options.items() if name.startswith("created_")})
    body: dict[str, Any] = {"query": query} | _given({"job_post_id": options.get("job_post_id")})
    if "limit" in options:
        body["limit"] = options["limit"]
    return Call("POST", "/search", json=body | ({"filters": filters} if filters else {}))


def reprocess(resume_id: str, redo_from: RedoFrom | None) -> Call[UploadAccepted]:
    """An ended resume again."""
    return Call("POST", f"{_resume(resume_id)}/reprocess", json=_given({"from": redo_from}), once=True)


def erase(resume_id: str) -> Call[Receipt]:
    """Everything of a resume, gone."""
    return Call("DELETE", _resume(resume_id))


def ingest(source: str, *, job_post_id: str | None = None) -> Call[IngestionAccepted]:
    """The ingestion of what lies in a bucket."""
    return Call("POST", "/ingestions", json=_given({"source": source, "job_post_id": job_post_id}))


def ingest_archive(file: Opened, *, job_post_id: str | None = None) -> Call[IngestionAccepted]:
    """The ingestion of an archive that is sent."""
    fields = _given({"job_post_id": job_post_id})
    return Call("POST", "/ingestions", fields=fields, file=file, answer_s=_ARCHIVE_ANSWER_S)


def ingestions() -> Call[IngestionList]:
    """A page of the ingestions."""
    return Call("GET", "/ingestions")


def ingestion(ingestion_id: str) -> Call[Ingestion]:
    """How far an ingestion is."""
    return Call("GET", _ingestion(ingestion_id))


def ingestion_errors(ingestion_id: str) -> Call[MemberErrorList]:
    """A page of an ingestion's errors."""
    return Call("GET", f"{_ingestion(ingestion_id)}/errors")


def ingestion_results(ingestion_id: str) -> Call[Any]:
    """An ingestion's results, a line each."""
    return Call("GET", f"{_ingestion(ingestion_id)}/results", stream=True)


def cancel_ingestion(ingestion_id: str) -> Call[IngestionAccepted]:
    """The end of an ingestion."""
    return Call("POST", f"{_ingestion(ingestion_id)}/cancel", once=True)


def _resume(resume_id: str) -> str:
    return f"/resumes/{quote(resume_id, safe='')}"


def _ingestion(ingestion_id: str) -> str:
    return f"/ingestions/{quote(ingestion_id, safe='')}"


def _given(values: Mapping[str, Any]) -> dict[str, str]:
    """Those that are not None, as the API writes them."""
    return {
        name: value.isoformat() if isinstance(value, date) else str(value)
        for name, value in values.items()
        if value is not None
    }
