"""What the model may answer: pointers at lines. Their JSON schemas go with the requests.

So would docstrings, as descriptions that are paid for each time: what a field means is told in `prompt.md`.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

LineIds = list[int]


class _AnswerModel(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Pointer(_AnswerModel):
    """A part of some lines: `text` as they print it."""

    lines: LineIds
    text: str


class PersonAnswer(_AnswerModel):
    name: Pointer | None = None
    emails: list[Pointer] = []
    phones: list[Pointer] = []
    links: list[Pointer] = []
    location: Pointer | None = None
    headline: Pointer | None = None
    summary: LineIds = []


class WorkAnswer(_AnswerModel):
    title: Pointer | None = None
    employer: Pointer | None = None
    location: Pointer | None = None
    type: Pointer | None = None
    dates: Pointer | None = None
    description: LineIds = []
    bullets: list[LineIds] = []


class ProjectAnswer(_AnswerModel):
    name: Pointer
    dates: Pointer | None = None
    url: Pointer | None = None
    description: LineIds = []


class VolunteeringAnswer(_AnswerModel):
    organization: Pointer | None = None
    role: Pointer | None = None
    dates: Pointer | None = None
    description: LineIds = []


class ExperienceAnswer(_AnswerModel):
    work: list[WorkAnswer] = []
    projects: list[ProjectAnswer] = []
    volunteering: list[VolunteeringAnswer] = []


class DegreeAnswer(_AnswerModel):
    institution: Pointer | None = None
    degree: Pointer | None = None
    fields: list[Pointer] = []
    dates: Pointer | None = None
    grade: Pointer | None = None
    status: Pointer | None = None


class CertificationAnswer(_AnswerModel):
    name: Pointer
    issuer: Pointer | None = None
    date: Pointer | None = None


class EducationAnswer(_AnswerModel):
    education: list[DegreeAnswer] = []
    certifications: list[CertificationAnswer] = []
    publications: list[LineIds] = []
    awards: list[LineIds] = []


class LanguageAnswer(_AnswerModel):
    name: Pointer
    level: Pointer | None = None


class SkillsAnswer(_AnswerModel):
    skills: list[Pointer] = []
    languages: list[LanguageAnswer] = []
    interests: list[Pointer] = []
    references: list[LineIds] = []


Answer = PersonAnswer | ExperienceAnswer | EducationAnswer | SkillsAnswer


def cited(value: object) -> Iterator[int]:
    """Every line id in an answer; its only integers are line ids."""
    if isinstance(value, int):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from cited(item)
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from cited(getattr(value, name))


def merged(first: Answer, second: Answer) -> Answer:
    """The answers to two halves of one group as one: lists one after the other, else what was told first."""
    joined = {}
    for name in type(first).model_fields:
        a, b = getattr(first, name), getattr(second, name)
        joined[name] = [*a, *b] if isinstance(a, list) else a if a is not None else b
    return type(first)(**joined)
