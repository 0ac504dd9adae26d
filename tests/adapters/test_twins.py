"""One fictional resume in every format that carries text: its name, jobs and degrees are the same in each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from pipeline.adapters.text_engines import DocumentTextEngine
from pipeline.domain.media_type import media_type
from pipeline.domain.upload import StoredUpload
from pipeline.reading.profile import draft_of
from pipeline.reading.sections.group import group
from pipeline.stages.verify_profile import VerifyProfile
from tests.adapters.one_resume import RESUME, as_docx, as_odt, as_pdf, as_rtf, as_text

EXPECTED = {
    "name": "Adèle Fiktiva",
    "emails": ["adele.fiktiva@example.org"],
    "work": [
        ("Staff Nurse", "Sankt Nirgendwo Hospital", "2019-03", None),
        ("Nursing Assistant", "Harbour View Care Home", "2015-06", "2019-02"),
    ],
    "education": [("BSc Nursing", "University of Nirgendwo", "2015")],
    "skills": ["Palliative care", "Phlebotomy", "Triage", "Wound care"],
}


FORMATS: dict[str, Callable[[], bytes]] = {
    "pdf": as_pdf,
    "docx": as_docx,
    "odt": as_odt,
    "rtf": as_rtf,
    "txt in UTF-8": lambda: as_text().encode(),
    "txt in UTF-16": lambda: as_text().encode("utf-16"),
    "txt in Windows's page": lambda: as_text().encode("cp1252"),
    "txt with tabs": lambda: "\n".join(text.replace("|", "\t") for _, text in RESUME).encode(),
}


@pytest.fixture(scope="module")
def engine() -> Iterator[DocumentTextEngine]:
    """One parser for all."""
    made = DocumentTextEngine(processes=1, timeout_s=20, memory_mib=1024, max_pages=10)
    yield made
    made.close()


def facts(engine: DocumentTextEngine, content: bytes) -> dict[str, Any]:
    mime = media_type(content)
    upload = StoredUpload(UUID(int=1), "resumes/1", "0" * 64, len(content), mime, date(2026, 1, 1))
    sections = group(asyncio.run(engine.read(content, mime)))
    profile = VerifyProfile().run(draft_of(sections), sections, upload)

    def said(fact: Any) -> Any:
        return fact.value if fact is not None else None

    return {
        "name": said(profile.person.name.full),
        "emails": [said(one) for one in profile.person.emails],
        "work": [
            (said(job.title), said(job.employer), said(job.start), said(job.end)) for job in profile.work
        ],
        "education": [
            (one.degree and said(one.degree.raw), said(one.institution), said(one.end))
            for one in profile.education
        ],
        "skills": sorted(said(skill.raw) for skill in profile.skills),
    }


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_resume_gives_the_same_facts_in_every_format(engine: DocumentTextEngine, name: str) -> None:
    """Name, address, jobs, degree and skills."""
    assert facts(engine, FORMATS[name]()) == EXPECTED
