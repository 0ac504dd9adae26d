"""A small client of the HTTP API, for the CLI, the demo, the tests and the benchmarks."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from pipeline.domain.errors import ResumesError

#: Overload, an outage, and a first try of the same upload that has not ended, or died with its ingress.
_RETRIED = (409, 429, 503)
_LONGEST_WAIT_S = 30
_FIRST_CONTACT_S = 2.0
#: A large archive is a while on its way into the store after its last byte was sent.
_ARCHIVE_TIMEOUT = httpx.Timeout(400, connect=5)
_LINES_AT_ONCE = 1000
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
TERMINAL = frozenset({"completed", "failed", "cancelled", "erased"})


class ApiError(ResumesError):
    """The service answered with a problem."""

    def __init__(self, message: str | None = None, *, key: str | None = None, status: int = 0) -> None:
        super().__init__(message, key=key)
        self.status = status


class ResumesClient:
    """Talks to one service. Thread-safe, as httpx's client is.

    A 409 (the same upload is under way), a 429, a 503 and a broken connection are tried again for
    `patience_s` seconds, as Retry-After says; uploads carry an Idempotency-Key made of their bytes, so that
    trying again never makes two resumes.
    """

    def __init__(self, url: str, api_key: str | None, *, patience_s: float = 120) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._http = httpx.Client(
            base_url=url,
            headers=headers,
            timeout=httpx.Timeout(60, connect=5),
            trust_env=urlsplit(url).hostname not in _THIS_MACHINE,  # no proxy stands before it
        )
        self._patience_s = patience_s
        self._reached = False

    def upload(self, path: Path, *, job_post_id: str | None = None, fresh: str = "") -> dict[str, Any]:
        """Upload one file; its `{id, status, links}`.

        The same file again within a day answers the same id, unless `fresh` differs. Raises ApiError.
        """
        content = path.read_bytes()
        fields = {"job_post_id": job_post_id} if job_post_id else {}
        key = hashlib.sha256(content + repr((sorted(fields.items()), path.name, fresh)).encode()).hexdigest()
        return self._json(
            "POST",
            "/resumes/upload",
            files={"file": (path.name, content)},
            data=fields,
            headers={"Idempotency-Key": key},
        )

    def resume(self, resume_id: str, *, wait: int = 0, view: str = "compact") -> dict[str, Any]:
        """One resume's status, and its profile when it is completed. `wait` is in seconds, at most 30."""
        return self._json("GET", f"/resumes/{resume_id}", params={"wait": wait, "view": view})

    def wait(self, resume_id: str, *, seconds: float = 300, view: str = "compact") -> dict[str, Any]:
        """Poll until the resume has ended. Raises ApiError when it has not within `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            left = max(0, int(min(_LONGEST_WAIT_S, deadline - time.monotonic())))
            resume = self.resume(resume_id, wait=left, view=view)
            if resume["status"] in TERMINAL:
                return resume
            if time.monotonic() >= deadline:
                raise ApiError(
                    f"Resume {resume_id} is still {resume['status']} after {seconds:.0f} s: look at the "
                    "service's log, or ask again with `resumes status`.",
                    key=resume_id,
                )

    def search(self, query: str, *, job_post_id: str | None = None, limit: int = 10) -> list[dict[str, Any]]:
        """The best hits first."""
        body: dict[str, Any] = {"query": query, "limit": limit}
        if job_post_id:
            body["job_post_id"] = job_post_id
        return list(self._json("POST", "/search", json=body)["items"])

    def erase(self, resume_id: str) -> dict[str, Any]:
        """Erase a resume; the receipt."""
        return self._json("DELETE", f"/resumes/{resume_id}")

    def ingest(self, source: str, *, job_post_id: str | None = None) -> dict[str, Any]:
        """Begin the ingestion of `s3://bucket/prefix/` or `s3://bucket/key`; its `{id, state, links}`.

        The same source is ingested once, however often it is asked for: see `same_as`. Raises ApiError.
        """
        body = {"source": source} | ({"job_post_id": job_post_id} if job_post_id else {})
        return self._json("POST", "/ingestions", json=body)

    def ingest_archive(self, path: Path, *, job_post_id: str | None = None) -> dict[str, Any]:
        """Upload an archive and begin its ingestion, or find the one that it has. Raises ApiError."""
        fields = {"job_post_id": job_post_id} if job_post_id else {}
        with path.open("rb") as file:
            return self._json(
                "POST",
                "/ingestions",
                files={"file": (path.name, file)},
                data=fields,
                timeout=_ARCHIVE_TIMEOUT,
            )

    def ingestion(self, ingestion_id: str) -> dict[str, Any]:
        """How far an ingestion is."""
        return self._json("GET", f"/ingestions/{ingestion_id}")

    def ingestion_results(self, ingestion_id: str) -> Iterator[dict[str, Any]]:
        """The results so far, a line each; a stream that is cut off is taken up where it ended. Raises ApiError."""
        path, cursor = f"/ingestions/{ingestion_id}/results", None
        deadline = time.monotonic() + self._patience_s
        count = _LINES_AT_ONCE
        while count == _LINES_AT_ONCE:
            count = 0
            try:
                for result in self._lines(path, cursor, deadline):
                    cursor, count = result["id"], count + 1
                    deadline = time.monotonic() + self._patience_s
                    yield result
            except httpx.TransportError as error:
                if time.monotonic() > deadline:
                    raise ApiError(
                        f"The results of ingestion {ingestion_id} broke off: try again."
                    ) from error
                time.sleep(1)
                count = _LINES_AT_ONCE

    def _lines(self, path: str, cursor: str | None, deadline: float) -> Iterator[dict[str, Any]]:
        """At most `_LINES_AT_ONCE` objects, so that nothing on the way has to keep more for a slow reader."""
        parameters = {"limit": str(_LINES_AT_ONCE)} | ({"cursor": cursor} if cursor else {})
        with self._http.stream("GET", path, params=parameters) as response:
            if _may_pass(response) and time.monotonic() < deadline:
                raise httpx.TransportError(f"The service answered {response.status_code}.")
            if not response.is_success:
                response.read()
                _answer(response)
            yield from (json.loads(line) for line in response.iter_lines())

    def close(self) -> None:
        self._http.close()

    def _json(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        started = time.monotonic()
        while True:
            # A service that has never answered is more likely not there than restarting.
            deadline = started + (self._patience_s if self._reached else _FIRST_CONTACT_S)
            try:
                response = self._http.request(method, path, **request)
                self._reached = True
            except httpx.TransportError as error:
                if time.monotonic() > deadline:
                    raise ApiError(
                        f"Nothing answers at {self._http.base_url}: start the service with `resumes serve`, or "
                        "set API_URL to where it runs."
                    ) from error
                time.sleep(1)
                continue
            if not _may_pass(response) or time.monotonic() > started + self._patience_s:
                return _answer(response)
            time.sleep(min(float(response.headers.get("Retry-After", 1)), self._patience_s))


def _may_pass(response: httpx.Response) -> bool:
    """Whether asking again may help.

    An ingress that died with the request is a 5xx of Serve's proxy, not of the service, whose own errors are
    problems. Every request of this client may be repeated.
    """
    by_the_service = response.headers.get("Content-Type", "").startswith("application/problem+json")
    return response.status_code in _RETRIED or (response.is_server_error and not by_the_service)


def _answer(response: httpx.Response) -> dict[str, Any]:
    if response.is_success:
        return dict(response.json())
    try:
        message = response.json()["detail"]
    except (ValueError, KeyError, TypeError):
        message = f"The service answered {response.status_code} {response.reason_phrase}."
    raise ApiError(message, status=response.status_code)
