"""The JSON Resume view: a profile in the public JSON Resume schema, version 1.0.0."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from serve_app.compact import compact

SCHEMA = "https://raw.githubusercontent.com/jsonresume/resume-schema/v1.0.0/schema.json"
_DATE = r"^[12]\d{3}(-[01]\d(-[0-3]\d)?)?$"


class _JsonResumeModel(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Dated(_JsonResumeModel):
    startDate: str | None = Field(None, pattern=_DATE)  # noqa: N815 - the public schema's own names
    endDate: str | None = Field(None, pattern=_DATE)  # noqa: N815


class JsonResumeLocation(_JsonResumeModel):
    address: str | None = None
    postalCode: str | None = None  # noqa: N815
    city: str | None = None
    countryCode: str | None = None  # noqa: N815
    region: str | None = None


class JsonResumeProfile(_JsonResumeModel):
    network: str | None = None
    username: str | None = None
    url: str | None = None


class JsonResumeBasics(_JsonResumeModel):
    name: str | None = None
    label: str | None = None
    email: str | None = None
    phone: str | None = None
    url: str | None = None
    summary: str | None = None
    location: JsonResumeLocation | None = None
    profiles: list[JsonResumeProfile] = []


class JsonResumeWork(_Dated):
    name: str | None = None
    position: str | None = None
    location: str | None = None
    summary: str | None = None
    highlights: list[str] = []


class JsonResumeVolunteer(_Dated):
    organization: str | None = None
    position: str | None = None
    summary: str | None = None


class JsonResumeEducation(_Dated):
    institution: str | None = None
    area: str | None = None
    studyType: str | None = None  # noqa: N815
    score: str | None = None


class JsonResumeAward(_JsonResumeModel):
    title: str
    date: str | None = Field(None, pattern=_DATE)


class JsonResumeCertificate(_JsonResumeModel):
    name: str
    issuer: str | None = None
    date: str | None = Field(None, pattern=_DATE)


class JsonResumePublication(_JsonResumeModel):
    name: str
    releaseDate: str | None = Field(None, pattern=_DATE)  # noqa: N815


class JsonResumeSkill(_JsonResumeModel):
    name: str


class JsonResumeLanguage(_JsonResumeModel):
    language: str
    fluency: str | None = None


class JsonResumeInterest(_JsonResumeModel):
    name: str


class JsonResumeReference(_JsonResumeModel):
    reference: str


class JsonResumeProject(_Dated):
    name: str
    description: str | None = None
    url: str | None = None


class JsonResumeMeta(_JsonResumeModel):
    canonical: str
    version: str


class JsonResume(_JsonResumeModel):
    """A resume in the JSON Resume schema 1.0.0. What is not known is left out, never null."""

    schema_: str = Field(SCHEMA, alias="$schema")
    basics: JsonResumeBasics = JsonResumeBasics()
    work: list[JsonResumeWork] = []
    volunteer: list[JsonResumeVolunteer] = []
    education: list[JsonResumeEducation] = []
    awards: list[JsonResumeAward] = []
    certificates: list[JsonResumeCertificate] = []
    publications: list[JsonResumePublication] = []
    skills: list[JsonResumeSkill] = []
    languages: list[JsonResumeLanguage] = []
    interests: list[JsonResumeInterest] = []
    references: list[JsonResumeReference] = []
    projects: list[JsonResumeProject] = []
    meta: JsonResumeMeta = JsonResumeMeta(canonical=SCHEMA, version="v1.0.0")


Json = dict[str, Any]


def json_resume(stored: Json) -> Json:
    """A stored profile as a JSON Resume document."""
    profile: Json = compact(stored)
    return {
        "$schema": SCHEMA,
        "basics": _basics(profile.get("person") or {}),
        "work": [_work(entry) for entry in profile.get("work", [])],
        "volunteer": [_volunteer(entry) for entry in profile.get("volunteering", [])],
        "education": [_education(entry) for entry in profile.get("education", [])],
        "awards": [_known(title=e["text"], date=_date(e.get("date"))) for e in profile.get("awards", [])],
        "certificates": [
            _known(name=e["name"], issuer=e.get("issuer"), date=_date(e.get("date")))
            for e in profile.get("certifications", [])
        ],
        "publications": [
            _known(name=e["text"], releaseDate=_date(e.get("date"))) for e in profile.get("publications", [])
        ],
        "skills": [{"name": e.get("canonical") or e["raw"]} for e in profile.get("skills", [])],
        "languages": [_language(entry) for entry in profile.get("languages", [])],
        "interests": [{"name": e["text"]} for e in profile.get("interests", [])],
        "references": [{"reference": e["text"]} for e in profile.get("references", [])],
        "projects": [_project(entry) for entry in profile.get("projects", [])],
        "meta": {"canonical": SCHEMA, "version": "v1.0.0"},
    }


def _known(**members: Any) -> Json:
    return {name: value for name, value in members.items() if value not in (None, [], {})}


def _date(value: str | None) -> str | None:
    """A date that the schema takes; one that it does not (a thirteenth month) is left out."""
    return value if value is not None and re.fullmatch(_DATE, value) else None


def _uri(value: str | None) -> str | None:
    """The schema wants absolute URIs; resumes often print them without a scheme."""
    return value if value is None or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", value) else f"https://{value}"


def _basics(person: Json) -> Json:
    name = person.get("name") or {}
    links = person.get("links", [])
    parts = (name.get("given"), name.get("family"))
    return _known(
        name=name.get("full") or " ".join(part for part in parts if part) or None,
        label=person.get("headline"),
        email=next(iter(person.get("emails", [])), None),
        phone=next(iter(person.get("phones", [])), None),
        url=next((_uri(link["url"]) for link in links if link.get("type") == "website"), None),
        summary=person.get("summary"),
        location=_location(person.get("location") or {}),
        profiles=[_profile(link) for link in links if link.get("type") != "website"],
    )


def _location(location: Json) -> Json:
    structured = any(location.get(part) for part in ("city", "region", "country", "postcode"))
    return _known(
        address=None if structured else location.get("raw"),
        postalCode=location.get("postcode"),
        city=location.get("city"),
        countryCode=location.get("country"),
        region=location.get("region"),
    )


def _profile(link: Json) -> Json:
    username = urlsplit(link["url"]).path.rstrip("/").rsplit("/", 1)[-1]
    return _known(network=link.get("type"), username=username or None, url=_uri(link["url"]))


def _work(entry: Json) -> Json:
    return _known(
        name=entry.get("employer"),
        position=entry.get("title"),
        location=entry.get("location"),
        startDate=_date(entry.get("start")),
        endDate=_date(entry.get("end")),
        summary=entry.get("description"),
        highlights=entry.get("bullets"),
    )


def _volunteer(entry: Json) -> Json:
    return _known(
        organization=entry.get("organization"),
        position=entry.get("role"),
        startDate=_date(entry.get("start")),
        endDate=_date(entry.get("end")),
        summary=entry.get("description"),
    )


def _education(entry: Json) -> Json:
    return _known(
        institution=entry.get("institution"),
        area=", ".join(entry.get("fields", [])) or None,
        studyType=(entry.get("degree") or {}).get("raw"),
        startDate=_date(entry.get("start")),
        endDate=_date(entry.get("end")),
        score=entry.get("grade"),
    )


def _language(entry: Json) -> Json:
    return _known(language=entry["name"], fluency=entry.get("level_raw") or entry.get("cefr"))


def _project(entry: Json) -> Json:
    return _known(
        name=entry["name"],
        description=entry.get("description"),
        startDate=_date(entry.get("start")),
        endDate=_date(entry.get("end")),
        url=_uri(entry.get("url")),
    )
