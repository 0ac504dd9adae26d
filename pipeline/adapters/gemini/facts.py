"""Facts of pointers: the text is copied from the lines, and the rules' normalisers bring it into form.

A pointer whose lines do not print its text becomes a fact all the same, with confidence 0 and the text as the
model gave it: the verify stage drops and counts it. Nothing else is derived from such a text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pipeline.adapters.gemini.answers import (
    Answer,
    CertificationAnswer,
    DegreeAnswer,
    EducationAnswer,
    ExperienceAnswer,
    LanguageAnswer,
    PersonAnswer,
    Pointer,
    ProjectAnswer,
    SkillsAnswer,
    VolunteeringAnswer,
    WorkAnswer,
)
from pipeline.adapters.gemini.locate import located
from pipeline.domain.profile import (
    Certification,
    Date,
    Degree,
    Education,
    Entry,
    Fact,
    Flag,
    Language,
    Location,
    Name,
    Person,
    Profile,
    ProfileLink,
    Project,
    Skill,
    Text,
    Volunteering,
    Work,
    pointed,
)
from pipeline.domain.sections import SectionedText
from pipeline.reading.entries.dated import date_facts, date_in
from pipeline.reading.lexicon.load import skill_key
from pipeline.reading.page.rows import Piece, Rows, join, piece_of
from pipeline.reading.person import blocks_of, country_from_phone
from pipeline.reading.values import contacts
from pipeline.reading.values.dates import DateRange, find_dates
from pipeline.reading.values.degrees import read_degree, status_of
from pipeline.reading.values.employment import employment_type, seniority_of
from pipeline.reading.values.names import name_of
from pipeline.reading.values.places import country_hint, read_location
from pipeline.reading.values.skills import canonical
from pipeline.reading.values.spoken import cefr_of, language_hits
from pipeline.reading.whole_document import name_skills, prints_month_first, turn_ranges

_SURE = 0.95  # confidence of a text that the lines print where the model says
_UNKNOWN_SIZE = 10.0  # points; nothing is read off the size of a text that no line prints
T = TypeVar("T")


def profile_of(answers: dict[str, Answer], sections: SectionedText, profile: Profile) -> Profile:
    """`profile` with what the answers tell filled in; its other fields stay as they are."""
    facts = _Facts(sections)
    person, experience = answers.get("person"), answers.get("experience")
    education, skills = answers.get("education"), answers.get("skills")
    if isinstance(person, PersonAnswer):
        profile.person = facts.person(person)
    facts.month_first = prints_month_first(sections, profile.person)
    if isinstance(experience, ExperienceAnswer):
        profile.work = [facts.work(entry) for entry in experience.work]
        profile.projects = [facts.project(entry) for entry in experience.projects]
        profile.volunteering = [facts.volunteering(entry) for entry in experience.volunteering]
    if isinstance(education, EducationAnswer):
        profile.education = [facts.education(entry) for entry in education.education]
        profile.certifications = [facts.certification(entry) for entry in education.certifications]
        profile.publications = facts.entries(education.publications)
        profile.awards = facts.entries(education.awards)
    if isinstance(skills, SkillsAnswer):
        profile.skills = facts.skills(skills.skills)
        profile.languages = [facts.language(entry) for entry in skills.languages]
        profile.interests = [Entry(text=facts.text(pointer)) for pointer in skills.interests]
        profile.references = facts.entries(skills.references)
    name_skills(profile)
    turn_ranges(profile, sections.language)
    return profile


@dataclass(frozen=True, slots=True)
class _Copied:
    """A pointer's text as a piece; `shown` tells whether its lines print it."""

    piece: Piece
    shown: bool

    def fact(self, value: Any = None) -> Fact[Any]:
        """The text as a fact; of confidence 0 where no line prints it."""
        return self.piece.fact(_SURE if self.shown else 0.0, value)


class _Facts:
    """Makes facts of the pointers into one document."""

    def __init__(self, sections: SectionedText) -> None:
        self._sections = sections
        self._lines = sections.line_by_id
        self.month_first = False

    def copied(self, pointer: Pointer) -> _Copied:
        """The pointed text: cut out of the lines where they print it, else as the model gave it."""
        pieces = [piece_of(self._lines[i]) for i in dict.fromkeys(pointer.lines)]
        cut = located(pieces, pointer.text)
        if cut is not None:
            return _Copied(cut, True)
        parts = tuple((0, piece.parts[0][1]) for piece in pieces)
        first = pieces[0] if pieces else None
        box = (first.left, first.right, first.top, first.bottom) if first else (0.0, 0.0, 0.0, 0.0)
        page = first.page if first else 1
        return _Copied(Piece(pointer.text, parts, page, *box, size=_UNKNOWN_SIZE, bold=False), False)

    def text(self, pointer: Pointer) -> Text:
        """The pointed text as a fact."""
        return self.copied(pointer).fact()

    def maybe(self, pointer: Pointer | None) -> Text | None:
        """The pointed text as a fact; None where nothing is pointed at."""
        return self.text(pointer) if pointer and pointer.text.strip() else None

    def whole(self, line_ids: Iterable[int]) -> Piece | None:
        """The whole text of some lines, as the rules join the lines of a paragraph."""
        pieces = [piece_of(self._lines[i]) for i in dict.fromkeys(line_ids)]
        kept = [piece for piece in (piece.unbulleted() for piece in pieces) if piece.text]
        return join(kept) if kept else None

    def paragraph(self, line_ids: Iterable[int]) -> Text | None:
        """Whole lines as one fact; None where they print nothing."""
        piece = self.whole(line_ids)
        return piece.fact(_SURE) if piece else None

    def entries(self, items: Sequence[Sequence[int]]) -> list[Entry]:
        """Each item's lines whole, with the date printed in them."""
        found = []
        for ids in items:
            if piece := self.whole(ids):
                date = date_in([piece_of(self._lines[i]) for i in dict.fromkeys(ids)])
                found.append(Entry(text=piece.fact(_SURE), date=date))
        return found

    def dates(self, pointer: Pointer | None) -> tuple[Date | None, Date | None, Flag | None, bool]:
        """Start, end, whether it goes on, and whether a single date is printed."""
        if pointer is None:
            return None, None, None, False
        copied = self.copied(pointer)
        found = find_dates(copied.piece.text, month_first=self.month_first)
        best: DateRange | None = next((d for d in found if not d.single), found[0] if found else None)
        if best is None:
            return None, None, None, False
        start, end, current = date_facts(copied.piece, best)
        for fact in (start, end, current):
            if fact is not None and not copied.shown:
                # A part of an invented range may be printed; the range as a whole is not.
                fact.raw, fact.confidence = copied.piece.text, 0.0
        return start, end, current, best.single

    # The person

    def person(self, answer: PersonAnswer) -> Person:
        """The person, with addresses and links of the contact block's annotations too."""
        person = Person(headline=self.maybe(answer.headline), summary=self.paragraph(answer.summary))
        person.name = self._name(answer.name)
        allowed = blocks_of(self._sections, Rows(self._sections)).contact_ids
        emails, links = contacts.annotated(self._sections.text.pages, allowed)
        person.emails = contacts.unique_facts([*map(self._email, answer.emails), *emails])
        person.links = contacts.unique_links([*links, *map(self._link, answer.links)])
        person.location = self._location(answer.location)
        region = contacts.region_hint(country_hint(person.location), self._sections.language)
        clickable = contacts.annotated_phones(self._sections.text.pages, allowed, region)
        printed = [self._phone(pointer, region) for pointer in answer.phones]
        person.phones = contacts.unique_facts([*printed, *clickable])
        country_from_phone(person)
        return person

    def _name(self, pointer: Pointer | None) -> Name:
        if pointer is None or not pointer.text.strip():
            return Name()
        copied = self.copied(pointer)
        return name_of(copied.piece, _SURE) if copied.shown else Name(full=copied.fact())

    def _email(self, pointer: Pointer) -> Text:
        return self._address(
            pointer, lambda piece: next(iter(contacts.emails_in(piece)), None), contacts.clean_email
        )

    def _link(self, pointer: Pointer) -> ProfileLink:
        def url(piece: Piece) -> Text | None:
            links = contacts.links_in(piece, bare=True)
            return links[0].url if links else None

        fact = self._address(pointer, url, contacts.clean_url)
        return ProfileLink(type=contacts.link_type(fact.value), url=fact)

    def _address(
        self, pointer: Pointer, read: Callable[[Piece], Text | None], clean: Callable[[str], str]
    ) -> Text:
        """An address as the rules read it; one that a narrow column broke in two is taken without the break."""
        copied = self.copied(pointer)
        broken = len(copied.piece.ids) > 1 and not re.search(r"\s", pointer.text.strip())
        fact = None if broken or not copied.shown else read(copied.piece)
        if fact is not None:
            return fact
        raw = pointer.text.strip() if broken else copied.piece.text
        return pointed(clean(raw), raw, copied.piece.ids, _SURE if copied.shown else 0.0)

    def _phone(self, pointer: Pointer, region: str | None) -> Text:
        copied = self.copied(pointer)
        raw = copied.piece.text
        for line_id in copied.piece.ids if copied.shown else ():
            for fact in contacts.phones_in(piece_of(self._lines[line_id]), region):
                if raw in fact.raw:
                    return fact  # with the "+" or the bracket that the pointer left out
        value, confidence = contacts.phone_value(raw, region, labelled=True)
        return copied.piece.fact(confidence if copied.shown else 0.0, value or raw)

    def _location(self, pointer: Pointer | None) -> Location | None:
        if pointer is None or not pointer.text.strip():
            return None
        copied = self.copied(pointer)
        return read_location(copied.piece, _SURE) if copied.shown else Location(raw=copied.fact())

    # Positions, projects, volunteering

    def work(self, answer: WorkAnswer) -> Work:
        """A position; its seniority and type are read off its title."""
        work = Work(employer=self.maybe(answer.employer), location=self.maybe(answer.location))
        title = self.copied(answer.title) if answer.title and answer.title.text.strip() else None
        told = self.copied(answer.type) if answer.type else None
        if title:
            work.title = title.fact()
            work.seniority = seniority_of(title.piece) if title.shown else None
        others = [copied.piece for copied in (told, title) if copied and copied.shown]
        work.type = employment_type(None, others)
        work.start, work.end, work.is_current, _ = self.dates(answer.dates)
        work.description = self.paragraph(answer.description)
        work.bullets = [fact for ids in answer.bullets if (fact := self.paragraph(ids))]
        return work

    def project(self, answer: ProjectAnswer) -> Project:
        """A project, as it is pointed at."""
        start, end, _, _ = self.dates(answer.dates)
        return Project(
            name=self.text(answer.name),
            description=self.paragraph(answer.description),
            start=start,
            end=end,
            url=self._link(answer.url).url if answer.url else None,
        )

    def volunteering(self, answer: VolunteeringAnswer) -> Volunteering:
        """A voluntary role, as it is pointed at."""
        start, end, _, _ = self.dates(answer.dates)
        return Volunteering(
            organization=self.maybe(answer.organization),
            role=self.maybe(answer.role),
            start=start,
            end=end,
            description=self.paragraph(answer.description),
        )

    # Education and certifications

    def education(self, answer: DegreeAnswer) -> Education:
        """A degree; its level and its fields are read off its text, its status off that and its dates."""
        education = Education(institution=self.maybe(answer.institution), grade=self.maybe(answer.grade))
        if answer.degree and answer.degree.text.strip():
            degree = self.copied(answer.degree)
            if degree.shown:
                education.degree, education.fields = read_degree(degree.piece)
            else:
                education.degree = Degree(raw=degree.fact(), level="other")
        education.fields = [self.text(pointer) for pointer in answer.fields] or education.fields
        start, education.end, current, single = self.dates(answer.dates)
        education.start = None if single else start  # a lone date is the graduation's
        texts = [self.copied(p) for p in (answer.status, answer.dates, answer.degree) if p]
        education.status = status_of(" ".join(copied.piece.text for copied in texts if copied.shown))
        if current is not None and current.confidence:
            education.status = education.status or "ongoing"
        return education

    def certification(self, answer: CertificationAnswer) -> Certification:
        """A certification, with its date where one is printed."""
        date = self.copied(answer.date) if answer.date else None
        return Certification(
            name=self.text(answer.name),
            issuer=self.maybe(answer.issuer),
            date=date_in([date.piece]) if date and date.shown else None,
        )

    # Skills and languages

    def skills(self, pointers: Sequence[Pointer]) -> list[Skill]:
        """Each skill once, with its usual name where it has one."""
        found: dict[str, Skill] = {}
        for pointer in pointers:
            fact = self.text(pointer)
            if key := skill_key(fact.raw):
                found.setdefault(key, Skill(raw=fact, canonical=canonical(fact.raw)))
        return list(found.values())

    def language(self, answer: LanguageAnswer) -> Language:
        """A spoken language, with its code and its level on the common scale."""
        name = self.text(answer.name)
        hits = language_hits(name.raw)
        level = self.copied(answer.level) if answer.level and answer.level.text.strip() else None
        return Language(
            name=name,
            iso639=hits[0][2] if hits else None,
            level_raw=level.fact() if level else None,
            cefr=cefr_of(level.piece.text) if level and level.shown else None,  # type: ignore[arg-type]
        )
