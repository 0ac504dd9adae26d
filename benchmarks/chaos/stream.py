"""A stream of small uploads that never stops asking: what is acknowledged is written down."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from resumes_client import Client
from tests.adapters.pdf_bytes import pdf, text_at

_UPLOADERS = 4
#: One upload in so many has the bytes of the one before it.
_TWIN_EVERY = 50
_TRADES = ("Nurse", "Welder", "Accountant", "Teacher", "Electrician", "Data analyst", "Chef")


def resume(number: int) -> tuple[bytes, str]:
    """One page about a fictional person, and the address on it."""
    email = f"applicant{number}@example.org"
    trade = _TRADES[number % len(_TRADES)]
    lines = [
        "Robin Example",
        email,
        "Experience",
        f"{trade}, Example Works {number}",
        "January 2019 - March 2023",
        f"Did the work of a {trade.lower()} at site {number}.",
        "Skills",
        "Planning, Reporting, Python",
    ]
    return pdf(["".join(text_at(60, 780 - 20 * row, line) for row, line in enumerate(lines))]), email


class Stream:
    """`total` uploads, as long as `allow` lets them and no more than `outstanding` wait for their end.

    `backlog` answers how many accepted resumes have not ended.
    """

    def __init__(
        self,
        client: Client,
        folder: Path,
        total: int,
        backlog: Callable[[], int],
        *,
        outstanding: int,
    ) -> None:
        self.accepted: dict[str, str] = {}
        self.total = total
        self._client, self._folder = client, folder
        self._backlog, self._outstanding = backlog, outstanding
        self._lock = threading.Lock()
        self._begun = self._allowed = 0
        self._uploading = 0
        self._errors: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._run, name=f"uploader-{n}", daemon=True) for n in range(_UPLOADERS)
        ]
        for thread in self._threads:
            thread.start()

    def allow(self, uploads: int) -> None:
        """Let the stream go on up to so many uploads in all."""
        with self._lock:
            self._allowed = max(self._allowed, min(uploads, self.total))

    def allow_more(self, uploads: int) -> None:
        """Let it go on by so many."""
        self.allow(self._allowed + uploads)

    def uploading(self) -> int:
        """Uploads that were sent and not answered yet."""
        return self._uploading

    def ended(self) -> bool:
        """Whether every upload was answered. Raises what an upload raised."""
        if self._errors:
            raise self._errors[0]
        return len(self.accepted) >= self.total

    def _run(self) -> None:
        try:
            while self._begun < self.total:
                number = self._take() if self._backlog() < self._outstanding else None
                if number is None:
                    time.sleep(0.05)
                else:
                    self._upload(number)
        except Exception as error:  # noqa: BLE001 - told to whoever asks whether the stream has ended
            self._errors.append(error)

    def _take(self) -> int | None:
        """The next upload's number, None while none is allowed."""
        with self._lock:
            if self._begun >= self._allowed:
                return None
            self._begun += 1
            return self._begun - 1

    def _upload(self, number: int) -> None:
        content, email = resume(number - 1 if number and number % _TWIN_EVERY == 0 else number)
        path = self._folder / f"{number}.pdf"
        path.write_bytes(content)
        with self._lock:
            self._uploading += 1
        try:
            id_ = str(self._client.upload(path)["id"])
        finally:
            with self._lock:
                self._uploading -= 1
            path.unlink()
        with self._lock:
            if id_ in self.accepted:
                raise RuntimeError(f"two uploads got one id: {id_}")
            self.accepted[id_] = email
