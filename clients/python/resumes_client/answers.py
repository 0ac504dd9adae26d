"""The service's answers. Made from serve_app/openapi.json by typegen.py: do not edit.

They are JSON objects as they came: times are RFC 3339 strings, which `datetime.fromisoformat` reads. Ignore members and
values that are not known here: a later service may add some.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

CompactResumeView: TypeAlias = Literal["compact"]
FullResumeView: TypeAlias = Literal["full"]
#: Where an ingestion is: its members are counted, then stored and processed. A `rejected` one's source was
#: missing, damaged or hostile.
IngestionState: TypeAlias = Literal[
    "listing",
    "running",
    "completed",
    "rejected",
    "cancelled",
]
JsonResumeResumeView: TypeAlias = Literal["jsonresume"]
#: What became of a member; every member ends as exactly one of these.
Outcome: TypeAlias = Literal["accepted", "duplicate", "skipped", "failed"]
#: The first stage that is done anew even where its result is stored; what comes after it follows.
RedoFrom: TypeAlias = Literal["read", "normalise", "embed"]
#: What an ingestion reads from. One of folder, zip, tar, prefix, manifest, or what a later service adds.
SourceKind: TypeAlias = str
#: The steps of the task graph, in order. One of read, group, normalise, verify, embed, save, or what a later
#: service adds.
Stage: TypeAlias = str
#: What callers see of a resume.
Status: TypeAlias = Literal[
    "queued",
    "processing",
    "completed",
    "failed",
    "cancelled",
    "erased",
]


class Certification(TypedDict):
    name: TextFact
    issuer: TextFact | None
    date: TextFact | None


class CompactCertification(TypedDict):
    """Certification, as values only."""

    name: str
    issuer: str | None
    date: str | None


class CompactDegree(TypedDict):
    """Degree, as values only."""

    raw: str
    #: One of none, secondary, vocational, certificate, associate, bachelor, master, doctorate, postdoctorate,
    #: other, or what a later service adds.
    level: str


class CompactEducation(TypedDict):
    """Education, as values only."""

    institution: str | None
    degree: CompactDegree | None
    fields: list[str]
    start: str | None
    end: str | None
    #: One of completed, ongoing, discontinued, or what a later service adds.
    status: str | None
    grade: str | None


class CompactEntry(TypedDict):
    """Entry, as values only."""

    text: str
    date: str | None


class CompactLanguage(TypedDict):
    """Language, as values only."""

    name: str
    iso639: str | None
    level_raw: str | None
    #: One of A1, A2, B1, B2, C1, C2, native, or what a later service adds.
    cefr: str | None


class CompactLocation(TypedDict):
    """Location, as values only."""

    raw: str | None
    city: str | None
    region: str | None
    country: str | None
    postcode: str | None


class CompactName(TypedDict):
    """Name, as values only."""

    full: str | None
    given: str | None
    family: str | None
    prefix: str | None
    suffix: str | None


class CompactPerson(TypedDict):
    """Person, as values only."""

    name: CompactName
    emails: list[str]
    phones: list[str]
    links: list[CompactProfileLink]
    location: CompactLocation | None
    headline: str | None
    summary: str | None


class CompactProfile(TypedDict):
    """Profile, as values only."""

    document: Document | None
    person: CompactPerson
    work: list[CompactWork]
    experience: Experience | None
    education: list[CompactEducation]
    skills: list[CompactSkill]
    languages: list[CompactLanguage]
    certifications: list[CompactCertification]
    projects: list[CompactProject]
    publications: list[CompactEntry]
    awards: list[CompactEntry]
    volunteering: list[CompactVolunteering]
    references: list[CompactEntry]
    interests: list[CompactEntry]
    sections: list[SectionSummary]
    meta: Meta


class CompactProfileLink(TypedDict):
    """ProfileLink, as values only."""

    type: str
    url: str


class CompactProject(TypedDict):
    """Project, as values only."""

    name: str
    description: str | None
    start: str | None
    end: str | None
    url: str | None


class CompactResume(TypedDict):
    """A resume; its profile as values only."""

    id: str
    status: Status
    #: The stage that runs or ran last.
    stage: Stage | None
    #: How often a worker began it.
    attempts: int
    #: What a resume in status processing waits for: Textract's job; its turn under a vendor's `quota`; a
    #: `vendor` that throttles or is down; the day's `budget` for paid calls, which is used up; another resume
    #: of the `same-content`, whose paid work it shares. Null when it waits for none of these. One of
    #: textract, quota, vendor, budget, same-content, or what a later service adds.
    waiting_for: str | None
    error: ResumeError | None
    job_post_id: str | None
    #: The sender's, else the first one in the resume; lower case.
    email: str | None
    external_id: str | None
    #: The bulk ingestion that it came with.
    ingestion_id: str | None
    #: Which member of the ingestion's source it is, from 0.
    ingestion_member: int | None
    filename: str | None
    mime: str
    #: Bytes of the original.
    size: int
    content_sha256: str
    as_of_date: str
    created_at: str
    updated_at: str
    started_at: str | None
    completed_at: str | None
    erased_at: str | None
    #: When it was last queued again.
    reprocessed_at: str | None
    timings: Timings
    links: ResumeLinks
    #: How many resumes are begun before this one, 10,000 at most; null unless its status is queued.
    queued_ahead: int | None
    #: What made the profile: engines, models and rules by stage.
    versions: dict[str, Any]
    view: CompactResumeView
    #: Null until it was completed once; while a resume is reprocessed, the profile that it had.
    profile: CompactProfile | None


class CompactSkill(TypedDict):
    """Skill, as values only."""

    raw: str
    canonical: str | None
    months: int | None
    last_used: str | None
    found_in: list[str]


class CompactVolunteering(TypedDict):
    """Volunteering, as values only."""

    organization: str | None
    role: str | None
    start: str | None
    end: str | None
    description: str | None


class CompactWork(TypedDict):
    """Work, as values only."""

    employer: str | None
    title: str | None
    seniority: str | None
    type: str | None
    location: str | None
    start: str | None
    end: str | None
    is_current: bool | None
    months: int | None
    description: str | None
    bullets: list[str]
    skills: list[str]


class Degree(TypedDict):
    raw: TextFact
    #: One of none, secondary, vocational, certificate, associate, bachelor, master, doctorate, postdoctorate,
    #: other, or what a later service adds.
    level: str


class Document(TypedDict):
    sha256: str
    mime: str
    pages: int
    language: str | None
    #: One of native, ocr, mixed, or what a later service adds.
    text_source: str
    as_of_date: str
    resume_probability: float | None
    coverage: float | None
    unclaimed_lines: list[int]
    findings: list[Finding]
    security_flags: list[str]


class Education(TypedDict):
    institution: TextFact | None
    degree: Degree | None
    fields: list[TextFact]
    start: TextFact | None
    end: TextFact | None
    #: One of completed, ongoing, discontinued, or what a later service adds.
    status: str | None
    grade: TextFact | None


class Entry(TypedDict):
    """A publication, an award, a reference, an interest: one text, and its date where one is printed."""

    text: TextFact
    date: TextFact | None


class Evidence(TypedDict):
    """Where a fact is printed: `bbox` is left, top, right, bottom, 0–1 from the top left of page `page`."""

    line_ids: list[int]
    page: int | None
    bbox: list[float] | None
    text: str | None


class Experience(TypedDict):
    """Arithmetic over the dates of `work`, by the rules that `rule_version` names."""

    total_months: MonthRange | None
    gaps: list[Gap]
    average_tenure_months: float | None
    latest_title: str | None
    rule_version: str


class FailureCount(TypedDict):
    """Members, or their resumes, that failed or were skipped for one reason."""

    #: failed or skipped.
    outcome: Outcome
    code: str
    members: int


class FieldError(TypedDict):
    """One value that is not acceptable."""

    field: str
    message: str


class Finding(TypedDict):
    """Something a reader of the profile should know: an overlap, a reversed range, a dropped fact."""

    code: str
    #: One of info, warning, error, or what a later service adds.
    severity: str
    page: int | None
    detail: str | None


class FlagFact(TypedDict):
    value: bool
    raw: str
    confidence: float
    #: One of supported, inferred, unverified, or what a later service adds.
    status: str
    evidence: list[Evidence]


class FullResume(TypedDict):
    """A resume; its profile as facts: value, text as printed, confidence, status, evidence."""

    id: str
    status: Status
    #: The stage that runs or ran last.
    stage: Stage | None
    #: How often a worker began it.
    attempts: int
    #: What a resume in status processing waits for: Textract's job; its turn under a vendor's `quota`; a
    #: `vendor` that throttles or is down; the day's `budget` for paid calls, which is used up; another resume
    #: of the `same-content`, whose paid work it shares. Null when it waits for none of these. One of
    #: textract, quota, vendor, budget, same-content, or what a later service adds.
    waiting_for: str | None
    error: ResumeError | None
    job_post_id: str | None
    #: The sender's, else the first one in the resume; lower case.
    email: str | None
    external_id: str | None
    #: The bulk ingestion that it came with.
    ingestion_id: str | None
    #: Which member of the ingestion's source it is, from 0.
    ingestion_member: int | None
    filename: str | None
    mime: str
    #: Bytes of the original.
    size: int
    content_sha256: str
    as_of_date: str
    created_at: str
    updated_at: str
    started_at: str | None
    completed_at: str | None
    erased_at: str | None
    #: When it was last queued again.
    reprocessed_at: str | None
    timings: Timings
    links: ResumeLinks
    #: How many resumes are begun before this one, 10,000 at most; null unless its status is queued.
    queued_ahead: int | None
    #: What made the profile: engines, models and rules by stage.
    versions: dict[str, Any]
    view: FullResumeView
    #: Null until it was completed once; while a resume is reprocessed, the profile that it had.
    profile: Profile | None


class Gap(TypedDict):
    start: str
    end: str
    months: int


class Health(TypedDict):
    """The process answers."""

    status: Literal["ok"]


class Ingestion(TypedDict):
    """How far an ingestion is: one moment's counts, which add up."""

    id: str
    #: `listing`: the members are counted; `running`: stored and processed; `completed`; `rejected`: see
    #: `error`; `cancelled`.
    state: IngestionState
    #: The address; of an uploaded archive `upload:` and its file name.
    source: str
    #: Null until the members are counted.
    kind: SourceKind | None
    job_post_id: str | None
    #: The ingestion that this very source was found to have already: that one has everything, this one
    #: nothing.
    same_as: str | None
    error: IngestionError | None
    #: Null until they are counted.
    members: int | None
    created_at: str
    listed_at: str | None
    #: When every member was a resume or had its reason.
    stored_at: str | None
    #: When it ended.
    completed_at: str | None
    timings: IngestionTimings
    links: IngestionLinks
    counts: IngestionCounts
    resumes: ResumeCounts
    #: Resumes in status processing by stage; `begun` are those of which none has been written down yet: one
    #: that lasts less than five seconds is not.
    stages: dict[str, int]
    #: The most frequent reason first.
    failures: list[FailureCount]
    #: Resumes ended a second over the last minute; null where none was, and when it has ended.
    resumes_per_second: float | None
    #: What the rest takes at that rate; null where that cannot be told.
    eta_seconds: float | None
    #: Spent on paid calls for its resumes so far.
    usd: float
    #: The first ten; `links.errors` has all.
    errors: list[MemberError]


class IngestionAccepted(TypedDict):
    """An ingestion that will be worked on, whatever dies meanwhile; follow `links.self`."""

    id: str
    state: IngestionState
    links: IngestionLinks


class IngestionCounts(TypedDict):
    """Every member in exactly one of these: together `members`, once they are counted."""

    #: Became resumes.
    accepted: int
    #: Have the bytes, job post and external id of an earlier member.
    duplicate: int
    #: Are no resumes: other types, links, archives in archives.
    skipped: int
    #: Could not be read.
    failed: int
    not_started: int


class IngestionError(TypedDict):
    """Why an ingestion was rejected. `code` is stable."""

    #: One of archive-rejected, source-missing, or what a later service adds.
    code: str
    detail: str | None


class IngestionLinks(TypedDict):
    """Paths of this ingestion."""

    self: str
    errors: str
    results: str
    cancel: str


class IngestionList(TypedDict):
    """A page of ingestions, newest first."""

    items: list[IngestionSummary]
    #: `cursor` of the next page; null on the last one.
    next_cursor: str | None


class IngestionSummary(TypedDict):
    """An ingestion without its counts."""

    id: str
    #: `listing`: the members are counted; `running`: stored and processed; `completed`; `rejected`: see
    #: `error`; `cancelled`.
    state: IngestionState
    #: The address; of an uploaded archive `upload:` and its file name.
    source: str
    #: Null until the members are counted.
    kind: SourceKind | None
    job_post_id: str | None
    #: The ingestion that this very source was found to have already: that one has everything, this one
    #: nothing.
    same_as: str | None
    error: IngestionError | None
    #: Null until they are counted.
    members: int | None
    created_at: str
    listed_at: str | None
    #: When every member was a resume or had its reason.
    stored_at: str | None
    #: When it ended.
    completed_at: str | None
    timings: IngestionTimings
    links: IngestionLinks


class IngestionTimings(TypedDict):
    """Seconds, as far as they are known: counting the members, storing them, and both with the processing."""

    listing_seconds: float | None
    storing_seconds: float | None
    total_seconds: float | None


JsonResume = TypedDict(
    "JsonResume",
    {
        "$schema": "NotRequired[str]",
        "basics": "NotRequired[JsonResumeBasics]",
        "work": "NotRequired[list[JsonResumeWork]]",
        "volunteer": "NotRequired[list[JsonResumeVolunteer]]",
        "education": "NotRequired[list[JsonResumeEducation]]",
        "awards": "NotRequired[list[JsonResumeAward]]",
        "certificates": "NotRequired[list[JsonResumeCertificate]]",
        "publications": "NotRequired[list[JsonResumePublication]]",
        "skills": "NotRequired[list[JsonResumeSkill]]",
        "languages": "NotRequired[list[JsonResumeLanguage]]",
        "interests": "NotRequired[list[JsonResumeInterest]]",
        "references": "NotRequired[list[JsonResumeReference]]",
        "projects": "NotRequired[list[JsonResumeProject]]",
        "meta": "NotRequired[JsonResumeMeta]",
    },
)


class JsonResumeAward(TypedDict):
    title: str
    date: NotRequired[str | None]


class JsonResumeBasics(TypedDict):
    name: NotRequired[str | None]
    label: NotRequired[str | None]
    email: NotRequired[str | None]
    phone: NotRequired[str | None]
    url: NotRequired[str | None]
    summary: NotRequired[str | None]
    location: NotRequired[JsonResumeLocation | None]
    profiles: NotRequired[list[JsonResumeProfile]]


class JsonResumeCertificate(TypedDict):
    name: str
    issuer: NotRequired[str | None]
    date: NotRequired[str | None]


class JsonResumeEducation(TypedDict):
    startDate: NotRequired[str | None]
    endDate: NotRequired[str | None]
    institution: NotRequired[str | None]
    area: NotRequired[str | None]
    studyType: NotRequired[str | None]
    score: NotRequired[str | None]


class JsonResumeInterest(TypedDict):
    name: str


class JsonResumeLanguage(TypedDict):
    language: str
    fluency: NotRequired[str | None]


class JsonResumeLocation(TypedDict):
    address: NotRequired[str | None]
    postalCode: NotRequired[str | None]
    city: NotRequired[str | None]
    countryCode: NotRequired[str | None]
    region: NotRequired[str | None]


class JsonResumeMeta(TypedDict):
    canonical: str
    version: str


class JsonResumeProfile(TypedDict):
    network: NotRequired[str | None]
    username: NotRequired[str | None]
    url: NotRequired[str | None]


class JsonResumeProject(TypedDict):
    startDate: NotRequired[str | None]
    endDate: NotRequired[str | None]
    name: str
    description: NotRequired[str | None]
    url: NotRequired[str | None]


class JsonResumePublication(TypedDict):
    name: str
    releaseDate: NotRequired[str | None]


class JsonResumeReference(TypedDict):
    reference: str


class JsonResumeResume(TypedDict):
    """A resume; its profile in the JSON Resume schema 1.0.0."""

    id: str
    status: Status
    #: The stage that runs or ran last.
    stage: Stage | None
    #: How often a worker began it.
    attempts: int
    #: What a resume in status processing waits for: Textract's job; its turn under a vendor's `quota`; a
    #: `vendor` that throttles or is down; the day's `budget` for paid calls, which is used up; another resume
    #: of the `same-content`, whose paid work it shares. Null when it waits for none of these. One of
    #: textract, quota, vendor, budget, same-content, or what a later service adds.
    waiting_for: str | None
    error: ResumeError | None
    job_post_id: str | None
    #: The sender's, else the first one in the resume; lower case.
    email: str | None
    external_id: str | None
    #: The bulk ingestion that it came with.
    ingestion_id: str | None
    #: Which member of the ingestion's source it is, from 0.
    ingestion_member: int | None
    filename: str | None
    mime: str
    #: Bytes of the original.
    size: int
    content_sha256: str
    as_of_date: str
    created_at: str
    updated_at: str
    started_at: str | None
    completed_at: str | None
    erased_at: str | None
    #: When it was last queued again.
    reprocessed_at: str | None
    timings: Timings
    links: ResumeLinks
    #: How many resumes are begun before this one, 10,000 at most; null unless its status is queued.
    queued_ahead: int | None
    #: What made the profile: engines, models and rules by stage.
    versions: dict[str, Any]
    view: JsonResumeResumeView
    #: Null until it was completed once; while a resume is reprocessed, the profile that it had.
    profile: JsonResume | None


class JsonResumeSkill(TypedDict):
    name: str


class JsonResumeVolunteer(TypedDict):
    startDate: NotRequired[str | None]
    endDate: NotRequired[str | None]
    organization: NotRequired[str | None]
    position: NotRequired[str | None]
    summary: NotRequired[str | None]


class JsonResumeWork(TypedDict):
    startDate: NotRequired[str | None]
    endDate: NotRequired[str | None]
    name: NotRequired[str | None]
    position: NotRequired[str | None]
    location: NotRequired[str | None]
    summary: NotRequired[str | None]
    highlights: NotRequired[list[str]]


class Language(TypedDict):
    name: TextFact
    iso639: str | None
    level_raw: TextFact | None
    #: One of A1, A2, B1, B2, C1, C2, native, or what a later service adds.
    cefr: str | None


class Location(TypedDict):
    raw: TextFact | None
    city: TextFact | None
    region: TextFact | None
    country: TextFact | None
    postcode: TextFact | None


class MemberError(TypedDict):
    """A member that is no completed resume, and never will be by itself."""

    #: Its place in the source, from 0.
    member: int
    #: As the source has it, to be shown only; null once it was erased.
    name: str | None
    #: duplicate, skipped or failed.
    outcome: Outcome
    code: str
    detail: str | None
    #: Of a duplicate the resume that has its bytes; of one that failed later its own.
    resume_id: str | None


class MemberErrorList(TypedDict):
    """A page of members that are no completed resumes, in the order of the source."""

    items: list[MemberError]
    #: `cursor` of the next page; null on the last one.
    next_cursor: str | None


class Meta(TypedDict):
    """How the profile was made: `versions` by stage, `seconds` by stage, and what it cost.  Pages, tokens
    and cost count what was paid for this resume; one whose bytes had been paid for already cost
    nothing.
    """

    versions: dict[str, str]
    seconds: dict[str, float]
    facts_dropped: int
    pages_billed: int
    tokens: Tokens
    cost_usd: float


class MonthRange(TypedDict):
    min: int
    max: int


class Name(TypedDict):
    full: TextFact | None
    given: TextFact | None
    family: TextFact | None
    prefix: TextFact | None
    suffix: TextFact | None


class Person(TypedDict):
    name: Name
    emails: list[TextFact]
    phones: list[TextFact]
    links: list[ProfileLink]
    location: Location | None
    headline: TextFact | None
    summary: TextFact | None


class ProblemDocument(TypedDict):
    """An RFC 9457 problem. Switch on `type`; show `detail` to a person; quote `request_id` in a report."""

    #: One of /problems/bad-request, /problems/unauthorized, /problems/insufficient-scope, /problems/not-
    #: found, /problems/method-not-allowed, /problems/timeout, /problems/in-progress, /problems/ended,
    #: /problems/erased, /problems/too-large, /problems/unsupported-type, /problems/invalid, /problems/rate-
    #: limited, /problems/internal, /problems/overloaded, or what a later service adds.
    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: NotRequired[list[FieldError] | None]


class Profile(TypedDict):
    document: Document | None
    person: Person
    work: list[Work]
    experience: Experience | None
    education: list[Education]
    skills: list[Skill]
    languages: list[Language]
    certifications: list[Certification]
    projects: list[Project]
    publications: list[Entry]
    awards: list[Entry]
    volunteering: list[Volunteering]
    references: list[Entry]
    interests: list[Entry]
    sections: list[SectionSummary]
    meta: Meta


class ProfileLink(TypedDict):
    type: str
    url: TextFact


class Project(TypedDict):
    name: TextFact
    description: TextFact | None
    start: TextFact | None
    end: TextFact | None
    url: TextFact | None


class Readiness(TypedDict):
    """Uploads and reads can be served."""

    status: Literal["ready"]
    checks: dict[str, str]


class Receipt(TypedDict):
    """Proof of an erasure: what was removed, and when. The same for every repetition of the call."""

    id: str
    status: Literal["erased"]
    erased_at: str
    removed: Removed
    #: The original is gone from the object store.
    object_deleted: bool


class Removed(TypedDict):
    """What the erasure found and removed."""

    profile: bool
    text: bool
    #: Passages with their vectors.
    chunks: int
    #: Stage results that no other resume of the same bytes uses.
    checkpoints: int
    idempotency_answers: int
    ingestion_errors: int


class ResumeCounts(TypedDict):
    """Accepted members by the status of their resume: together `accepted`."""

    queued: int
    processing: int
    completed: int
    failed: int
    cancelled: int
    erased: int


class ResumeError(TypedDict):
    """Why a resume failed. `code` is stable: `poison` took its worker down three times, `internal` is our
    mistake; the others say what is wrong with the document, or with the vendor that reads it.
    """

    #: One of corrupt, encrypted, internal, no-text, ocr-failed, poison, profile-blocked, profile-broken,
    #: resource-limit, unsupported-script, unsupported-type, vendor-timeout, or what a later service adds.
    code: str
    detail: str | None


class ResumeLinks(TypedDict):
    """Paths of this resume."""

    self: str
    text: str
    file: str


class ResumeList(TypedDict):
    """A page of resumes, newest first; of changes the oldest first."""

    items: list[ResumeSummary]
    #: `cursor` of the next page; null on the last one. With `updated_after` null only before the first
    #: change.
    next_cursor: str | None


class ResumeSummary(TypedDict):
    """A resume without its profile."""

    id: str
    status: Status
    #: The stage that runs or ran last.
    stage: Stage | None
    #: How often a worker began it.
    attempts: int
    #: What a resume in status processing waits for: Textract's job; its turn under a vendor's `quota`; a
    #: `vendor` that throttles or is down; the day's `budget` for paid calls, which is used up; another resume
    #: of the `same-content`, whose paid work it shares. Null when it waits for none of these. One of
    #: textract, quota, vendor, budget, same-content, or what a later service adds.
    waiting_for: str | None
    error: ResumeError | None
    job_post_id: str | None
    #: The sender's, else the first one in the resume; lower case.
    email: str | None
    external_id: str | None
    #: The bulk ingestion that it came with.
    ingestion_id: str | None
    #: Which member of the ingestion's source it is, from 0.
    ingestion_member: int | None
    filename: str | None
    mime: str
    #: Bytes of the original.
    size: int
    content_sha256: str
    as_of_date: str
    created_at: str
    updated_at: str
    started_at: str | None
    completed_at: str | None
    erased_at: str | None
    #: When it was last queued again.
    reprocessed_at: str | None
    timings: Timings
    links: ResumeLinks


class ResumeText(TypedDict):
    """What was read: pages of lines, and the sections they make."""

    id: str
    #: ISO 639-1.
    language: str | None
    pages: list[TextPage]
    sections: list[TextSection]
    #: Lines of no section: page numbers, running headers, hidden lines.
    furniture: list[int]


class SearchAnswer(TypedDict):
    """Hits, best first, one a resume, and one where files are equal. `model` made the vectors."""

    model: str
    items: list[SearchHit]


class SearchHit(TypedDict):
    """A resume that matches, with the passage that matched best."""

    id: str
    #: Reciprocal rank fusion of the rank by meaning and the rank by words. It orders the hits of one answer
    #: and means nothing else: it is no probability, and scores of two searches do not compare.
    score: float
    #: Cosine of query and passage, -1 to 1; null where only words matched.
    similarity: float | None
    #: Section of the passage.
    section: str
    chunk_no: int
    #: Lines of the passage: see /resumes/{id}/text.
    line_ids: list[int]
    text: str
    name: str | None
    headline: str | None
    filename: str | None
    job_post_id: str | None
    #: Other completed resumes of the very same bytes that the filters let through, newest first, 100 at most:
    #: equal files are one hit, the newest.
    copies: list[str]
    links: ResumeLinks


class SectionSummary(TypedDict):
    kind: str
    title: str | None
    line_ids: list[int]


class Skill(TypedDict):
    raw: TextFact
    canonical: str | None
    months: int | None
    last_used: str | None
    found_in: list[str]


class TextFact(TypedDict):
    value: str
    raw: str
    confidence: float
    #: One of supported, inferred, unverified, or what a later service adds.
    status: str
    evidence: list[Evidence]


class TextLine(TypedDict):
    """A line of a page; facts cite its `id`. `bbox`: left, top, right, bottom, 0–1 from the top left."""

    id: int
    text: str
    bbox: list[float]
    bold: bool | None
    #: Points.
    size: float | None
    #: A reader of the page would not see it; no fact is taken from it.
    hidden: bool


class TextPage(TypedDict):
    """A page; `width` and `height` in points."""

    number: int
    width: float
    height: float
    #: native: the document's own text. ocr: recognised.
    source: str
    lines: list[TextLine]


class TextSection(TypedDict):
    """A run of lines under one heading, in reading order."""

    kind: str
    title: str | None
    heading_ids: list[int]
    line_ids: list[int]


class Timings(TypedDict):
    """Seconds, as far as they are known: waiting for the first worker, being processed, and both; of the
    last reprocessing where there was one.
    """

    queued_seconds: float | None
    processing_seconds: float | None
    total_seconds: float | None


class Tokens(TypedDict):
    """What the model counted, over all calls that this resume paid for; `prompt` includes `cached`."""

    prompt: int
    cached: int
    output: int
    thoughts: int


class UploadAccepted(TypedDict):
    """A resume that is stored safely and will be processed; follow `links.self`, with `?wait=30` to wait."""

    id: str
    status: Status
    links: ResumeLinks


class Volunteering(TypedDict):
    organization: TextFact | None
    role: TextFact | None
    start: TextFact | None
    end: TextFact | None
    description: TextFact | None


class Work(TypedDict):
    employer: TextFact | None
    title: TextFact | None
    seniority: TextFact | None
    type: TextFact | None
    location: TextFact | None
    start: TextFact | None
    end: TextFact | None
    is_current: FlagFact | None
    months: int | None
    description: TextFact | None
    bullets: list[TextFact]
    skills: list[str]
