"""Files, forms, profiles and raw requests that the tests send."""

from __future__ import annotations

import io
import json
import socket
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.adapters.postgres.results import PostgresResults
from pipeline.domain.chunk import Chunk, EmbeddedChunks, Vector
from pipeline.domain.journey import Lane
from pipeline.domain.profile import (
    Certification,
    Degree,
    Document,
    Education,
    Entry,
    Evidence,
    Experience,
    Fact,
    Language,
    Location,
    MonthRange,
    Name,
    Person,
    Profile,
    ProfileLink,
    Project,
    Skill,
    Volunteering,
    Work,
)
from pipeline.domain.result import ResumeResult, Verdict
from pipeline.domain.sections import Section, SectionedText, SectionKind
from pipeline.domain.text import Box, Line, Page, Text, Word

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
BOUNDARY = "a-boundary-of-the-tests"


def pdf(mark: str = "") -> bytes:
    """A small file that is a PDF by its header, different for every mark."""
    return PDF + f"% {mark}\n".encode()


def zipped(*names: str) -> bytes:
    """A ZIP with members of these names."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "content")
    return made.getvalue()


def part(name: str, content: bytes, *, filename: str | None = None, headers: Sequence[str] = ()) -> bytes:
    """One part of a form; with a file name it is a file."""
    disposition = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        disposition += f'; filename="{filename}"'
    lines = [f"--{BOUNDARY}", disposition, *headers, "", ""]
    return "\r\n".join(lines).encode() + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    """A whole form."""
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


FORM_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


@dataclass(frozen=True)
class Answer:
    """What came back on a socket, and whether the server closed the connection."""

    status: int
    headers: dict[str, str]
    body: bytes
    closed: bool

    @property
    def problem(self) -> dict[str, Any]:
        assert self.headers["content-type"] == "application/problem+json"
        document: dict[str, Any] = json.loads(self.body)
        return document


def request_head(
    token: str, headers: Iterable[str], *, path: str = "/resumes/upload", method: str = "POST"
) -> bytes:
    """The head of a request, as bytes that no HTTP client would tidy up."""
    lines = [f"{method} {path} HTTP/1.1", "Host: test", f"Authorization: Bearer {token}", *headers, "", ""]
    return "\r\n".join(lines).encode()


def read_answer(connection: socket.socket) -> Answer:
    """The answer on the socket, read until the server closes it or the body is whole."""
    connection.settimeout(10)
    received = b""
    closed = False
    while b"\r\n\r\n" not in received and not closed:
        piece = connection.recv(65536)
        closed = not piece
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")) and not closed:
        piece = connection.recv(65536)
        closed = not piece
        body += piece
    return Answer(int(status_line.split()[1]), headers, body, closed)


def supported(value: Any, raw: str | None = None) -> Fact[Any]:
    """A fact as the verify stage leaves it."""
    return Fact[type(value)](  # type: ignore[misc]
        value=value,
        raw=raw or str(value),
        status="supported",
        evidence=[Evidence(line_ids=[1], page=1, bbox=(0.1, 0.1, 0.5, 0.12), text=raw or str(value))],
    )


def profile() -> Profile:
    """A profile of a fictional person in which every kind of entry occurs."""
    return Profile(
        document=Document(
            sha256="0" * 64, mime="application/pdf", pages=1, language="en", as_of_date="2026-03-01"
        ),
        person=Person(
            name=Name(full=supported("Ada Fiktiva"), given=supported("Ada"), family=supported("Fiktiva")),
            emails=[supported("ada@example.org")],
            phones=[supported("+493012345678", "030 12345678")],
            links=[
                ProfileLink(type="website", url=supported("https://ada.example.org")),
                ProfileLink(type="github", url=supported("https://code.example.org/ada")),
            ],
            location=Location(
                raw=supported("Berlin, Germany"), city=supported("Berlin"), country=supported("DE")
            ),
            headline=supported("Intensive care nurse"),
            summary=supported("Ten years on the wards."),
        ),
        work=[
            Work(
                employer=supported("Sankt Nirgendwo"),
                title=supported("Nurse"),
                start=supported("2019-04", "April 2019"),
                is_current=supported(True, "present"),
                months=83,
                bullets=[supported("Ran the night shift")],
                skills=["triage"],
            )
        ],
        experience=Experience(total_months=MonthRange(min=83, max=83), latest_title="Nurse"),
        education=[
            Education(
                institution=supported("Nowhere University"),
                degree=Degree(raw=supported("BSc Nursing"), level="bachelor"),
                fields=[supported("Nursing")],
                start=supported("2012"),
                end=supported("2015-07-31"),
                grade=supported("1.3"),
            )
        ],
        skills=[Skill(raw=supported("Triage"), canonical="triage", months=83)],
        languages=[Language(name=supported("German"), iso639="de", cefr="native")],
        certifications=[
            Certification(name=supported("ALS"), issuer=supported("A council"), date=supported("2020"))
        ],
        projects=[Project(name=supported("Ward app"), url=supported("https://ward.example.org"))],
        publications=[Entry(text=supported("On nights"), date=supported("2021"))],
        awards=[Entry(text=supported("Nurse of the year"), date=supported("2022"))],
        volunteering=[Volunteering(organization=supported("Food bank"), role=supported("Driver"))],
        references=[Entry(text=supported("On request"))],
        interests=[Entry(text=supported("Chess"))],
    )


LINES = ("Ada Fiktiva", "Intensive care nurse", "Ran the night shift in Berlin")


def sections() -> SectionedText:
    """One page of three lines: a header of two and a work section of one."""
    lines = tuple(
        Line(
            number,
            1,
            tuple(Word(word, Box(0.1, 0.1 * number, 0.5, 0.1 * number + 0.02)) for word in line.split()),
            Box(0.1, 0.1 * number, 0.5, 0.1 * number + 0.02),
            size=11.0,
            bold=number == 0,
        )
        for number, line in enumerate(LINES)
    )
    return SectionedText(
        Text((Page(1, 595.0, 842.0, lines),), "tests/1"),
        (
            Section(SectionKind.HEADER, None, (), (0, 1)),
            Section(SectionKind.WORK, "Experience", (), (2,)),
        ),
        ((0,), (1,), (2,)),
        language="en",
    )


def finish(engine: Engine, vector: Vector, model: str, *, person: Profile | None = None) -> list[UUID]:
    """Take every waiting job and save a result for it, by the real queue and the real result store."""
    jobs = JobQueue(engine).claim(7, Lane.ONLINE, 1000)
    chunk = Chunk(0, "work", (2,), LINES[2])
    results = [
        ResumeResult(
            lease=job.lease,
            upload=job.upload,
            sections=sections(),
            profile=person or profile(),
            embedded=EmbeddedChunks(model, (chunk,), vector.reshape(1, -1)),
            versions={"read": "tests/1"},
            seconds={"read": 0.1},
        )
        for job in jobs
    ]
    assert set(PostgresResults(engine).save(results)) <= {Verdict.SAVED}
    return [job.lease.resume_id for job in jobs]


def refuse(engine: Engine, code: str, detail: str) -> None:
    """Take one waiting job and end it as the document's fault."""
    queue = JobQueue(engine)
    (job,) = queue.claim(7, Lane.ONLINE, 1)
    assert queue.fail(job.lease, code=code, detail=detail)
