"""The truth of a document in the form that score.py reads: only what the page shows."""

from typing import Any

from .dates import truth_of
from .model import Resume
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
        truth["education"] = _education(resume, draft.knobs.dates)
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


def _education(resume: Resume, style: str) -> list[dict[str, str]]:
    return [
        {
            "institution": s.institution,
            "degree": s.degree,
            "start": truth_of(s.start, style),
            "end": truth_of(s.end, style),
        }
        for s in resume.schools
    ]
