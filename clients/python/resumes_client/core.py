"""What is sent, and what is made of an answer, without any input or output: both clients are driven by it.

A call is a generator of steps. It yields `Send` and `Pause`; its driver does them and sends back the response, read
unless the call streams, or throws in the httpx error that came instead.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar, Unpack
from urllib.parse import urlsplit

import httpx

from resumes_client import calls
from resumes_client.answers import CompactResume, UploadAccepted
from resumes_client.calls import Accepted, Call, IngestionResult, UploadOptions
from resumes_client.content import Opened
from resumes_client.errors import CallTimeout, ConnectionLost, ProblemError, ResumesClientError, problem_of

ENDED = frozenset({"completed", "failed", "cancelled", "erased"})

_CONNECT_S = 5.0
_LONGEST_POLL_S = 30
_BETWEEN_POLLS_S = 1.0
#: Results a request: nothing on the way has to keep more for a slow reader.
_LINES_AT_ONCE = 1000
#: Bytes of one result: a profile has some ten thousand.
_LONGEST_LINE = 8 << 20
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
#: Asking again would meet the same: what is sent is at fault, or the address.
_HOPELESS = (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.TooManyRedirects)
#: The request did not reach anybody.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class Retry:
    """For how long and how slowly a call is tried again, in seconds. The default outlives the service's restart.

    The limit is a time and not a number of tries: who is told to come back in a second is refused more often than who
    is told to wait a minute.
    """

    within: float = 120  #: No try begins later than this after the first; 0: there is only one.
    first: float = 0.25  #: The wait after the first try; it doubles from try to try.
    longest: float = 15  #: The longest wait, unless Retry-After asks for more.
    unreached: float | None = None  #: Instead of `within` while nothing has ever answered this client.


@dataclass(frozen=True, slots=True)
class Send:
    """A request to send. Its response is read by the driver, unless the call streams and it is no error."""

    call: Call[Any]
    timeout: httpx.Timeout

    def keeps_open(self, response: httpx.Response) -> bool:
        """Whether the response is the caller's to read and to close."""
        return self.call.stream and not response.is_error


@dataclass(frozen=True, slots=True)
class Pause:
    """Seconds to wait."""

    seconds: float


T = TypeVar("T")
Steps: TypeAlias = Generator[Send | Pause, Any, T]


class Core:
    """One service's address and key, and how its calls are tried again.

    Raises ValueError where the address is none.
    """

    def __init__(self, url: str, api_key: str | None, retry: Retry) -> None:
        split = urlsplit(url)
        if split.scheme not in ("http", "https") or not split.hostname:
            raise ValueError(f"{url!r} is no address: give it as http://host:port.")
        self.url = url.rstrip("/")
        self.retry = retry
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._local = split.hostname in _THIS_MACHINE
        self._reached = False

    def options(self) -> dict[str, Any]:
        """What an httpx client for this service is made with: no limit of connections, no proxy on the same machine."""
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)
        return {"limits": limits, "trust_env": not self._local}

    def request(self, send: Send) -> dict[str, Any]:
        """The arguments of httpx's `build_request`."""
        call = send.call
        files = {"file": (call.file.name, call.file.file)} if call.file else None
        return {
            "method": call.method,
            "url": self.url + call.path,
            "params": call.params or None,
            "headers": self._headers | call.headers,
            "json": call.json,
            "data": call.fields or None,
            "files": files,
            "timeout": send.timeout,
        }

    def answer(self, call: Call[Any], timeout: float | None = None) -> Steps[httpx.Response]:
        """Try a call until it is answered, refused for good, or the time for it is over. Raises ResumesClientError."""
        began = time.monotonic()
        attempt = 0
        while True:
            left = None if timeout is None else began + timeout - time.monotonic()
            failure: ResumesClientError
            try:
                response: httpx.Response = yield Send(call, _bounded(call, left))
                self._reached = True
                if not response.is_error:
                    return response
                failure = problem_of(response)
                again = _repeats(failure, call)
            except httpx.RequestError as error:
                failure = self._lost(error)
                failure.__cause__ = error
                again = not isinstance(error, _HOPELESS) and (not call.once or isinstance(error, _NOT_SENT))
            wait = self._wait(attempt, failure) if again else 0.0
            over = time.monotonic() + wait - began
            if timeout is not None and over >= timeout and (again or isinstance(failure, ConnectionLost)):
                raise CallTimeout(f"The call did not end within {timeout:g} s: {failure}") from failure
            if not again or over > self._within():
                raise failure
            yield Pause(wait)
            attempt += 1

    def json(self, call: Call[T], timeout: float | None = None) -> Steps[T]:
        """The call's answer as a value."""
        value: T = _value((yield from self.answer(call, timeout)))
        return value

    def upload(
        self, file: Opened, timeout: float | None, **options: Unpack[UploadOptions]
    ) -> Steps[Accepted]:
        """Send a resume; all tries carry one Idempotency-Key."""
        response = yield from self.answer(calls.upload(file, **options), timeout)
        accepted: UploadAccepted = _value(response)
        return {**accepted, "existed": response.status_code == httpx.codes.OK}

    def wait(self, resume_id: str, timeout: float | None) -> Steps[CompactResume]:
        """Poll until the resume has ended."""
        began = time.monotonic()
        while True:
            asked = time.monotonic()
            left = _LONGEST_POLL_S if timeout is None else began + timeout - asked
            call = calls.get(resume_id, wait=max(0, min(_LONGEST_POLL_S, int(left) - 1)))
            resume: CompactResume = yield from self.json(call, None if timeout is None else max(left, 1.0))
            if resume["status"] in ENDED:
                return resume
            now = time.monotonic()
            if timeout is not None and now >= began + timeout:
                raise CallTimeout(
                    f"Resume {resume_id} is still {resume['status']} after {timeout:g} s: wait again, or look at "
                    "what the service does."
                )
            # Too many wait already, or the time is nearly over: the service answered at once.
            pause = asked + _BETWEEN_POLLS_S - now
            yield Pause(max(0.0, pause if timeout is None else min(pause, began + timeout - now)))

    def rest(self, began: float, attempt: int, error: httpx.RequestError) -> Steps[None]:
        """Wait before a stream that broke off is taken up. Raises ConnectionLost where the time for it is over."""
        failure = ConnectionLost(f"The answer broke off: {error or type(error).__name__}")
        wait = self._wait(attempt, failure)
        if time.monotonic() + wait - began > self.retry.within:
            raise failure from error
        yield Pause(wait)

    def _within(self) -> float:
        if self._reached or self.retry.unreached is None:
            return self.retry.within
        return self.retry.unreached

    def _wait(self, attempt: int, failure: ResumesClientError) -> float:
        """Never shorter than Retry-After. A part is left to chance: clients do not come back together."""
        asked = failure.retry_after if isinstance(failure, ProblemError) else None
        if asked is not None:
            return asked + self.retry.first * random.random()
        longest = min(self.retry.longest, self.retry.first * 2.0 ** min(attempt, 32))
        return longest * (0.5 + random.random() / 2)

    def _lost(self, error: httpx.RequestError) -> ConnectionLost:
        said = str(error) or type(error).__name__
        if isinstance(error, _NOT_SENT):
            return ConnectionLost(
                f"Nothing answers at {self.url} ({said}): start the service with `resumes serve`, or give the "
                "address where it runs."
            )
        return ConnectionLost(f"The connection to {self.url} was lost: {said}")


class Pages:
    """A list that is read page by page: `call` asks for the next one, and is None after the last."""

    def __init__(self, call: Call[Any]) -> None:
        self.call: Call[Any] | None = call
        self._cursor: str | None = None

    def take(self, page: dict[str, Any]) -> list[Any]:
        """The items of a page that was answered."""
        cursor = page["next_cursor"]
        # The cursor of changes never ends: it stays where nothing has changed since.
        ended = cursor is None or cursor == self._cursor
        self._cursor = cursor
        self.call = None if ended or self.call is None else self.call.having(cursor=cursor)
        return list(page["items"])


class Results:
    """Where the reader of an ingestion's results is: `call` asks for what comes next, until `ended`."""

    def __init__(self, core: Core, ingestion_id: str, after: str | None) -> None:
        self.ended = False
        self._core = core
        self._call = calls.ingestion_results(ingestion_id)
        self._after = after
        self._rest = b""
        self._lines = self._cuts = 0
        self._whole = time.monotonic()

    def call(self) -> Call[Any]:
        """The next request."""
        self._rest, self._lines = b"", 0
        return self._call.having(limit=_LINES_AT_ONCE, cursor=self._after)

    def feed(self, piece: bytes) -> Iterator[IngestionResult]:
        """The results that this piece of the answer completes. Only line feeds end a line: names may hold U+2028."""
        *whole, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            raise ResumesClientError(f"A result is longer than {_LONGEST_LINE} bytes.")
        for line in whole:
            try:
                result: IngestionResult = json.loads(line)
            except ValueError as error:
                raise ResumesClientError(f"A result cannot be read: {error}") from error
            self._after, self._lines = result["id"], self._lines + 1
            self._cuts, self._whole = 0, time.monotonic()
            yield result

    def finish(self) -> None:
        """Take note of the answer's end. Raises httpx.ReadError where it ended within a line."""
        if self._rest:
            raise httpx.ReadError("the results ended within a line")
        self.ended = self._lines < _LINES_AT_ONCE

    def cut(self, error: httpx.RequestError) -> Steps[None]:
        """Wait before going on behind the last whole line. Raises ConnectionLost where it was cut too often."""
        self._cuts += 1
        return self._core.rest(self._whole, self._cuts - 1, error)


def _bounded(call: Call[Any], left: float | None) -> httpx.Timeout:
    """No single wait of a try is longer than what is left."""
    longest = call.answer_s if left is None else max(0.001, min(call.answer_s, left))
    return httpx.Timeout(longest, connect=min(_CONNECT_S, longest))


def _repeats(problem: ProblemError, call: Call[Any]) -> bool:
    """Whether asking again may help, and can do no harm."""
    if problem.status in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE):
        return True
    if problem.status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return not problem.type and not call.once  # not the service's own: its ingress died with the request
    return call.under_way and problem.code == "in-progress"


def _value(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise ResumesClientError(f"The answer of {response.url.path} cannot be read: {error}") from error
