"""The client that awaits, on asyncio. Its calls are those of `Client`, which says what each does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import Any, Self, TypeVar, Unpack

import anyio
import anyio.to_thread
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
from resumes_client.content import Content, Opened, opened
from resumes_client.core import Core, Pages, Pause, Results, Retry, Send, Steps

T = TypeVar("T")


class AsyncClient:
    """`Client` for coroutines: the same calls, tries and errors. Close it, or use `async with`.

    Lists are async iterators. A file is opened in a thread, and read from while it is sent, 64 KiB at a time.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        *,
        retry: Retry = Retry(),  # noqa: B008 - it is frozen
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._core = Core(url, api_key, retry)
        self._http = http or httpx.AsyncClient(**self._core.options())
        self._ours = http is None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        if self._ours:
            await self._http.aclose()

    async def upload(
        self,
        content: Content,
        *,
        filename: str | None = None,
        timeout: float | None = None,
        **options: Unpack[UploadOptions],
    ) -> Accepted:
        """Send a resume."""
        async with _opened(content, filename) as file:
            return await self._run(self._core.upload(file, timeout, **options))

    async def wait(self, resume_id: str, *, timeout: float | None = 300) -> CompactResume:
        """Poll until the resume has ended, well or not."""
        return await self._run(self._core.wait(resume_id, timeout))

    async def get(self, resume_id: str, *, wait: int = 0, timeout: float | None = None) -> CompactResume:
        """A resume; its profile, where it has one, as values."""
        return await self._json(calls.get(resume_id, wait=wait), timeout)

    async def get_full(self, resume_id: str, *, timeout: float | None = None) -> FullResume:
        """A resume whose profile is facts with their evidence."""
        return await self._json(calls.get_full(resume_id), timeout)

    async def get_json_resume(self, resume_id: str, *, timeout: float | None = None) -> JsonResumeResume:
        """A resume whose profile is in the schema JSON Resume 1.0.0."""
        return await self._json(calls.get_json_resume(resume_id), timeout)

    async def text(self, resume_id: str, *, timeout: float | None = None) -> ResumeText:
        """What was read: pages of lines with their boxes, and the sections."""
        return await self._json(calls.text(resume_id), timeout)

    @asynccontextmanager
    async def file(self, resume_id: str, *, timeout: float | None = None) -> AsyncIterator[httpx.Response]:
        """The original, as a response to read (`aread`, `aiter_bytes`)."""
        response = await self._run(self._core.answer(calls.file(resume_id), timeout))
        async with aclosing(response):
            yield response

    def list(
        self, *, timeout: float | None = None, **filters: Unpack[Filters]
    ) -> AsyncIterator[ResumeSummary]:
        """The resumes, newest first, page by page as it is read on."""
        return self._pages(calls.resumes(**filters), timeout)

    async def changes(
        self, cursor: str | None = None, *, timeout: float | None = None, **filters: Unpack[Filters]
    ) -> ResumeList:
        """A page of what changed, the oldest change first."""
        return await self._json(calls.changes(cursor, **filters), timeout)

    async def search(
        self, query: str, *, timeout: float | None = None, **options: Unpack[SearchOptions]
    ) -> SearchAnswer:
        """The best hits first, in `items`."""
        return await self._json(calls.search(query, **options), timeout)

    async def reprocess(
        self, resume_id: str, redo_from: RedoFrom | None = None, *, timeout: float | None = None
    ) -> UploadAccepted:
        """Run an ended resume through today's versions. Not repeated when its answer is lost."""
        return await self._json(calls.reprocess(resume_id, redo_from), timeout)

    async def erase(self, resume_id: str, *, timeout: float | None = None) -> Receipt:
        """Erase everything of a resume; the receipt."""
        return await self._json(calls.erase(resume_id), timeout)

    async def ingest(
        self, source: str, *, job_post_id: str | None = None, timeout: float | None = None
    ) -> IngestionAccepted:
        """Begin the ingestion of an S3 prefix, archive or manifest (s3://bucket/…)."""
        return await self._json(calls.ingest(source, job_post_id=job_post_id), timeout)

    async def ingest_archive(
        self,
        content: Content,
        *,
        filename: str | None = None,
        job_post_id: str | None = None,
        timeout: float | None = None,
    ) -> IngestionAccepted:
        """Send an archive and begin its ingestion."""
        async with _opened(content, filename) as file:
            return await self._json(calls.ingest_archive(file, job_post_id=job_post_id), timeout)

    async def ingestion(self, ingestion_id: str, *, timeout: float | None = None) -> Ingestion:
        """How far an ingestion is."""
        return await self._json(calls.ingestion(ingestion_id), timeout)

    def ingestions(self, *, timeout: float | None = None) -> AsyncIterator[IngestionSummary]:
        """All ingestions, newest first."""
        return self._pages(calls.ingestions(), timeout)

    def ingestion_errors(
        self, ingestion_id: str, *, timeout: float | None = None
    ) -> AsyncIterator[MemberError]:
        """The members that are no completed resumes, in the order of the source."""
        return self._pages(calls.ingestion_errors(ingestion_id), timeout)

    async def ingestion_results(
        self, ingestion_id: str, *, after: str | None = None, timeout: float | None = None
    ) -> AsyncIterator[IngestionResult]:
        """The resumes that have ended, in the order of their ids."""
        results = Results(self._core, ingestion_id, after)
        while not results.ended:
            async with aclosing(await self._run(self._core.answer(results.call(), timeout))) as response:
                try:
                    async for piece in response.aiter_bytes():
                        for result in results.feed(piece):
                            yield result
                    results.finish()
                except httpx.RequestError as error:
                    await self._run(results.cut(error))

    async def cancel_ingestion(self, ingestion_id: str, *, timeout: float | None = None) -> IngestionAccepted:
        """Stop what has not started. Not repeated when its answer is lost."""
        return await self._json(calls.cancel_ingestion(ingestion_id), timeout)

    async def _json(self, call: Call[T], timeout: float | None) -> T:
        return await self._run(self._core.json(call, timeout))

    async def _pages(self, call: Call[Any], timeout: float | None) -> AsyncIterator[Any]:
        pages = Pages(call)
        while pages.call:
            for item in pages.take(await self._json(pages.call, timeout)):
                yield item

    async def _run(self, steps: Steps[T]) -> T:
        """Do step after step until they end."""
        try:
            step = next(steps)
            while True:
                try:
                    done = await self._do(step)
                except httpx.RequestError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(done)
        except StopIteration as end:
            value: T = end.value
            return value

    async def _do(self, step: Send | Pause) -> httpx.Response | None:
        if isinstance(step, Pause):
            await anyio.sleep(step.seconds)
            return None
        request = self._http.build_request(**self._core.request(step))
        response = await self._http.send(request, stream=True, follow_redirects=step.call.stream)
        if not step.keeps_open(response):
            async with aclosing(response):
                await response.aread()
        return response


@asynccontextmanager
async def _opened(content: Content, filename: str | None) -> AsyncIterator[Opened]:
    """The content, opened in a thread: one that cannot be rewound is read to its end first."""
    file = await anyio.to_thread.run_sync(partial(opened, content, filename))
    try:
        yield file
    finally:
        file.close()
