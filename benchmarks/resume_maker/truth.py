"""The truth of a document in the form that score.py reads: only what the page shows."""

from typing import Any

from .dates import truth_of
from .knobs import Knobs
from .model import Resume, School
from .sections import Draft, Section, printed_skills


def truth_of_resume(draft: Draft, sections: list[Section]) -> tuple[dict[str, Any], list[str]]:
    """The fields, and the names of those that the document certainly lacks."""
    resume, kinds = draft.resume, {s.kind for s in sections}
    truth: dict[str, Any] = {
        "name": resume.name,
        "email": resume.contact.email,
        "links": list(resume.contact.links),
    }
    if resume.contact.phone:
        truth["phone"] = resume.contact.phone
    if "skills" in kinds:
        truth["skills"] = printed_skills(draft)
    if "work" in kinds:
        truth["work"] = _work(resume, draft.knobs.dates)
    if "education" in kinds:
        truth["education"] = _education(draft)
    if "languages" in kinds:
        truth["languages"] = [{"language": a, "level": b} for a, b in resume.languages]
    for kind in ("certifications", "publications", "awards"):
        if kind in kinds:
            truth[kind] = list(resume.extras[kind])
    absent = [f for f in ("links", "phone", "work", "education") if not truth.get(f)]
    return truth, absent


def _work(resume: Resume, style: str) -> list[dict[str, str]]:
    return [
        {
            "company": job.company,
            "title": role.title,
            "start": truth_of(role.start, style),
            "end": truth_of(role.end, style),
        }
        for job in resume.jobs
        for role in job.roles
    ]


def _education(draft: Draft) -> list[dict[str, str]]:
    return [
        {"institution": s.institution, "degree": s.degree, **_study_dates(s, draft.knobs)}
        for s in draft.resume.schools
    ]


def _study_dates(school: School, knobs: Knobs) -> dict[str, str]:
    """Start and end, or the end alone where the page shows no start."""
    if knobs.study_dates == "year":
        return {"end": str(school.end[0])}
    end = {"end": truth_of(school.end, knobs.dates)}
    return end if knobs.study_dates == "end" else {"start": truth_of(school.start, knobs.dates), **end}
