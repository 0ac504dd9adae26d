"""The profile: what one resume becomes.

Every leaf is a `Fact`: a value, the text it was read from, and the lines that show it. An engine (the rules
or a model) answers facts that point at line ids; the verify stage resolves the page and the box, decides
the status, and drops what no line supports. Nothing found is None or an empty list, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")

FactStatus = Literal["supported", "inferred", "unverified"]
DegreeLevel = Literal[
    "none",
    "secondary",
    "vocational",
    "certificate",
    "associate",
    "bachelor",
    "master",
    "doctorate",
    "postdoctorate",
    "other",
]
BBox = tuple[float, float, float, float]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Evidence(Model):
    """Where a fact is printed: `bbox` is left, top, right, bottom, 0–1 from the top left of page `page`."""

    line_ids: list[int]
    page: int | None = None
    bbox: BBox | None = None
    text: str | None = None


class Fact(Model, Generic[T]):
    """One value with its evidence.

    `raw` is the text as printed. `supported`: the cited lines show `raw`, and `value` is `raw` brought into
    the schema's form. `inferred`: computed from supported facts (a country from a dialling code).
    `unverified`: no line shows it; such facts are dropped by default.
    """

    value: T
    raw: str
    confidence: float = Field(1.0, ge=0, le=1)
    status: FactStatus = "unverified"
    evidence: list[Evidence] = []


def pointed(value: T, raw: str, line_ids: tuple[int, ...] | list[int], confidence: float = 1.0) -> Fact[T]:
    """A fact as an engine answers it: a value, the text it copies, and the lines that should show it."""
    return Fact[type(value)](  # type: ignore[misc, operator, no-any-return]
        value=value, raw=raw, confidence=confidence, evidence=[Evidence(line_ids=list(line_ids))]
    )


Text = Fact[str]
Date = Fact[str]  #: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`: the length is the precision
Flag = Fact[bool]
Number = Fact[int]


class Name(Model):
    full: Text | None = None
    given: Text | None = None
    family: Text | None = None
    prefix: Text | None = None
    suffix: Text | None = None


class ProfileLink(Model):
    type: str = "website"
    url: Text


class Location(Model):
    raw: Text | None = None
    city: Text | None = None
    region: Text | None = None
    country: Text | None = None  #: ISO 3166-1 alpha-2
    postcode: Text | None = None


class Person(Model):
    name: Name = Name()
    emails: list[Text] = []
    phones: list[Text] = []  #: E.164 where the number is valid, else as printed
    links: list[ProfileLink] = []
    location: Location | None = None
    headline: Text | None = None
    summary: Text | None = None


class Work(Model):
    employer: Text | None = None
    title: Text | None = None
    seniority: Text | None = None
    type: Text | None = (
        None  #: full-time, part-time, contract, freelance, internship, apprenticeship, volunteer
    )
    location: Text | None = None
    start: Date | None = None
    end: Date | None = None
    is_current: Flag | None = None
    months: int | None = None
    description: Text | None = None
    bullets: list[Text] = []
    skills: list[str] = []


class MonthRange(Model):
    min: int
    max: int


class Gap(Model):
    start: str
    end: str
    months: int


class Experience(Model):
    """Arithmetic over the dates of `work`, by the rules that `rule_version` names."""

    total_months: MonthRange | None = None
    gaps: list[Gap] = []
    average_tenure_months: float | None = None
    latest_title: str | None = None
    rule_version: str = "1"


class Degree(Model):
    raw: Text
    level: DegreeLevel = "other"


class Education(Model):
    institution: Text | None = None
    degree: Degree | None = None
    fields: list[Text] = []
    start: Date | None = None
    end: Date | None = None
    status: Literal["completed", "ongoing", "discontinued"] | None = None
    grade: Text | None = None


class Skill(Model):
    raw: Text
    canonical: str | None = None
    months: int | None = None
    last_used: str | None = None
    found_in: list[str] = []


class Language(Model):
    name: Text
    iso639: str | None = None
    level_raw: Text | None = None
    cefr: Literal["A1", "A2", "B1", "B2", "C1", "C2", "native"] | None = None


class Certification(Model):
    name: Text
    issuer: Text | None = None
    date: Date | None = None


class Project(Model):
    name: Text
    description: Text | None = None
    start: Date | None = None
    end: Date | None = None
    url: Text | None = None


class Entry(Model):
    """A publication, an award, a reference, an interest: one text, and its date where one is printed."""

    text: Text
    date: Date | None = None


class Volunteering(Model):
    organization: Text | None = None
    role: Text | None = None
    start: Date | None = None
    end: Date | None = None
    description: Text | None = None


class Finding(Model):
    """Something a reader of the profile should know: an overlap, a reversed range, a dropped fact."""

    code: str
    severity: Literal["info", "warning", "error"] = "info"
    page: int | None = None
    detail: str | None = None


class Document(Model):
    sha256: str
    mime: str
    pages: int
    language: str | None = None
    text_source: Literal["native", "ocr", "mixed"] = "native"
    as_of_date: str = ""
    resume_probability: float | None = None
    coverage: float | None = None  #: share of the source's lines that some field cites
    unclaimed_lines: list[int] = []
    findings: list[Finding] = []
    security_flags: list[str] = []


class SectionSummary(Model):
    kind: str
    title: str | None = None
    line_ids: list[int] = []


class Tokens(Model):
    """What the model counted, over all calls that this resume paid for; `prompt` includes `cached`."""

    prompt: int = 0
    cached: int = 0
    output: int = 0
    thoughts: int = 0


class Meta(Model):
    """How the profile was made: `versions` by stage, `seconds` by stage, and what it cost.

    Pages, tokens and cost count what was paid for this resume; one whose bytes had been paid for already cost
    nothing.
    """

    versions: dict[str, str] = {}
    seconds: dict[str, float] = {}
    facts_dropped: int = 0
    pages_billed: int = 0
    tokens: Tokens = Tokens()
    cost_usd: float = 0.0


class Profile(Model):
    document: Document | None = None
    person: Person = Person()
    work: list[Work] = []
    experience: Experience | None = None
    education: list[Education] = []
    skills: list[Skill] = []
    languages: list[Language] = []
    certifications: list[Certification] = []
    projects: list[Project] = []
    publications: list[Entry] = []
    awards: list[Entry] = []
    volunteering: list[Volunteering] = []
    references: list[Entry] = []
    interests: list[Entry] = []
    sections: list[SectionSummary] = []
    meta: Meta = Meta()


def facts_in(value: Any, path: str = "") -> Iterator[tuple[str, Fact[Any]]]:
    """Every fact in a model, a list or a fact, with its path: "work[0].title"."""
    if isinstance(value, Fact):
        yield path, value
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from facts_in(item, f"{path}[{i}]")
    elif isinstance(value, Model):
        for name in type(value).model_fields:
            yield from facts_in(getattr(value, name), f"{path}.{name}" if path else name)


def lines_of(value: Any) -> list[int]:
    """The ids of the lines that the facts in a model cite, each once."""
    return list(dict.fromkeys(i for _, fact in facts_in(value) for e in fact.evidence for i in e.line_ids))
