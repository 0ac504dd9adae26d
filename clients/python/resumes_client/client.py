"""The client that blocks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Self, TypeVar, Unpack

import httpx

from resumes_client import calls
from resumes_client.answers import (
    CompactResume,
    FullResume,
    Ingestion,
    IngestionAccepted,
    IngestionSummary,
    JsonResumeResume,
    MemberError,
    Receipt,
    RedoFrom,
    ResumeList,
    ResumeSummary,
    ResumeText,
    SearchAnswer,
    UploadAccepted,
)
from resumes_client.calls import Accepted, Call, Filters, IngestionResult, SearchOptions, UploadOptions
from resumes_client.content import Content, opened
from resumes_client.core import Core, Pages, Pause, Results, Retry, Send, Steps

T = TypeVar("T")


class Client:
    """Talks to the service at `url`, as http://127.0.0.1:8000. Safe for use by many threads; close it, or use `with`.

    `timeout` of a call bounds all its tries together, in seconds; without one they last as `retry` says, and no try
    waits longer than 60 s for the next piece of its answer. Within a try no single wait (for the connection, for
    room to send, for a piece of the answer) is longer than what is left.

    `http` is an httpx client of yours, for TLS, a proxy or tracing; it stays open. Raises ValueError where `url` is no
    address; calls raise ResumesClientError.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        *,
        retry: Retry = Retry(),  # noqa: B008 - it is frozen
        http: httpx.Client | None = None,
    ) -> None:
        self._core = Core(url, api_key, retry)
        self._http = http or httpx.Client(**self._core.options())
        self._ours = http is None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        if self._ours:
            self._http.close()

    def upload(
        self,
        content: Content,
        *,
        filename: str | None = None,
        timeout: float | None = None,
        **options: Unpack[UploadOptions],
    ) -> Accepted:
        """Send a resume: a path, bytes with a `filename`, or a binary file, which is sent from its beginning.

        When this answers, it is stored safely and will be processed: see `wait`. Raises OSError where the content
        cannot be read.
        """
        with closing(opened(content, filename)) as file:
            return self._run(self._core.upload(file, timeout, **options))

    def wait(self, resume_id: str, *, timeout: float | None = 300) -> CompactResume:
        """Poll until the resume has ended, well or not: look at `status` and `error`.

        Raises CallTimeout where it has not by then: a resume may wait long behind others. None waits for ever.
        """
        return self._run(self._core.wait(resume_id, timeout))

    def get(self, resume_id: str, *, wait: int = 0, timeout: float | None = None) -> CompactResume:
        """A resume; its profile, where it has one, as values. An erased one is a problem with the code erased.

        The service waits up to `wait` seconds, 30 at most, for its end before it answers.
        """
        return self._json(calls.get(resume_id, wait=wait), timeout)

    def get_full(self, resume_id: str, *, timeout: float | None = None) -> FullResume:
        """A resume whose profile is facts, each with the page, the box and the text that show it."""
        return self._json(calls.get_full(resume_id), timeout)

    def get_json_resume(self, resume_id: str, *, timeout: float | None = None) -> JsonResumeResume:
        """A resume whose profile is in the schema JSON Resume 1.0.0."""
        return self._json(calls.get_json_resume(resume_id), timeout)

    def text(self, resume_id: str, *, timeout: float | None = None) -> ResumeText:
        """What was read: pages of lines with their boxes, and the sections."""
        return self._json(calls.text(resume_id), timeout)

    @contextmanager
    def file(self, resume_id: str, *, timeout: float | None = None) -> Iterator[httpx.Response]:
        """The original, as a response to read (`read`, `iter_bytes`). It may come from the object store.

        `timeout` bounds what comes before its first byte.
        """
        response = self._run(self._core.answer(calls.file(resume_id), timeout))
        with closing(response):
            yield response

    def list(self, *, timeout: float | None = None, **filters: Unpack[Filters]) -> Iterator[ResumeSummary]:
        """The resumes, newest first, page by page as it is read on; `timeout` is each page's."""
        return self._pages(calls.resumes(**filters), timeout)

    def changes(
        self, cursor: str | None = None, *, timeout: float | None = None, **filters: Unpack[Filters]
    ) -> ResumeList:
        """A page of what changed, the oldest change first, each resume where it changed last.

        Begin without a cursor, keep `next_cursor` (unless it is None) with what you made of the page, and go on there:
        an empty page says that nothing has changed since. None is missed; one that comes twice has changed twice.
        """
        return self._json(calls.changes(cursor, **filters), timeout)

    def search(
        self, query: str, *, timeout: float | None = None, **options: Unpack[SearchOptions]
    ) -> SearchAnswer:
        """The best hits first, in `items`."""
        return self._json(calls.search(query, **options), timeout)

    def reprocess(
        self, resume_id: str, redo_from: RedoFrom | None = None, *, timeout: float | None = None
    ) -> UploadAccepted:
        """Run an ended resume through today's versions; `redo_from` drops what is stored from that stage on.

        A call whose answer is lost is not repeated: look at the resume, then decide.
        """
        return self._json(calls.reprocess(resume_id, redo_from), timeout)

    def erase(self, resume_id: str, *, timeout: float | None = None) -> Receipt:
        """Erase everything of a resume; the receipt, the same for every repetition."""
        return self._json(calls.erase(resume_id), timeout)

    def ingest(
        self, source: str, *, job_post_id: str | None = None, timeout: float | None = None
    ) -> IngestionAccepted:
        """Begin the ingestion of an S3 prefix, archive or manifest (s3://bucket/…).

        A source that was ingested already is found when its members are counted: see `same_as` of the ingestion.
        """
        return self._json(calls.ingest(source, job_post_id=job_post_id), timeout)

    def ingest_archive(
        self,
        content: Content,
        *,
        filename: str | None = None,
        job_post_id: str | None = None,
        timeout: float | None = None,
    ) -> IngestionAccepted:
        """Send a .zip, .tar, .tar.gz or .tar.zst and begin its ingestion.

        Answers the one that these very bytes have with this job post, where there is one. Raises OSError where the
        content cannot be read.
        """
        with closing(opened(content, filename)) as file:
            return self._json(calls.ingest_archive(file, job_post_id=job_post_id), timeout)

    def ingestion(self, ingestion_id: str, *, timeout: float | None = None) -> Ingestion:
        """How far an ingestion is."""
        return self._json(calls.ingestion(ingestion_id), timeout)

    def ingestions(self, *, timeout: float | None = None) -> Iterator[IngestionSummary]:
        """All ingestions, newest first; `timeout` is each page's."""
        return self._pages(calls.ingestions(), timeout)

    def ingestion_errors(self, ingestion_id: str, *, timeout: float | None = None) -> Iterator[MemberError]:
        """The members that are no completed resumes, in the order of the source; all, when the ingestion has ended."""
        return self._pages(calls.ingestion_errors(ingestion_id), timeout)

    def ingestion_results(
        self, ingestion_id: str, *, after: str | None = None, timeout: float | None = None
    ) -> Iterator[IngestionResult]:
        """The resumes that have ended, in the order of their ids; a stream that is cut is taken up where it was.

        `after` is the id of a result to go on behind. While the ingestion runs, resumes that end later may lie before
        what was read: begin again when it has ended. `timeout` bounds what comes before the first of each thousand.
        """
        results = Results(self._core, ingestion_id, after)
        while not results.ended:
            with closing(self._run(self._core.answer(results.call(), timeout))) as response:
                try:
                    for piece in response.iter_bytes():
                        yield from results.feed(piece)
                    results.finish()
                except httpx.RequestError as error:
                    self._run(results.cut(error))

    def cancel_ingestion(self, ingestion_id: str, *, timeout: float | None = None) -> IngestionAccepted:
        """Stop what has not started. One that has ended already is a problem with the code ended."""
        return self._json(calls.cancel_ingestion(ingestion_id), timeout)

    def _json(self, call: Call[T], timeout: float | None) -> T:
        return self._run(self._core.json(call, timeout))

    def _pages(self, call: Call[Any], timeout: float | None) -> Iterator[Any]:
        pages = Pages(call)
        while pages.call:
            yield from pages.take(self._json(pages.call, timeout))

    def _run(self, steps: Steps[T]) -> T:
        """Do step after step until they end."""
        try:
            step = next(steps)
            while True:
                try:
                    done = self._do(step)
                except httpx.RequestError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(done)
        except StopIteration as end:
            value: T = end.value
            return value

    def _do(self, step: Send | Pause) -> httpx.Response | None:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return None
        request = self._http.build_request(**self._core.request(step))
        response = self._http.send(request, stream=True, follow_redirects=step.call.stream)
        if not step.keeps_open(response):
            with closing(response):
                response.read()
        return response
