"""Sections in, a draft of a profile out, whose facts point at lines: read by rules and lexica alone."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

from pipeline.domain.profile import Document, Education, Finding, Profile, Work, lines_of
from pipeline.domain.sections import Section, SectionedText, SectionKind
from pipeline.reading.entries.chronicle import read_chronicle
from pipeline.reading.entries.education import read_education
from pipeline.reading.entries.lists import (
    read_certifications,
    read_entries,
    read_interests,
    read_projects,
    read_references,
)
from pipeline.reading.entries.records import read_degree_records, read_job_records
from pipeline.reading.entries.skill_tables import without_other_columns
from pipeline.reading.entries.tables import EntryTable, degrees_of, jobs_of, tables_in
from pipeline.reading.entries.told import read_degrees_told
from pipeline.reading.entries.told_jobs import read_jobs_told
from pipeline.reading.entries.volunteering import read_volunteering
from pipeline.reading.entries.work import read_work
from pipeline.reading.lexicon.load import languages
from pipeline.reading.page.rows import Row, Rows
from pipeline.reading.person import read_person
from pipeline.reading.sections.streams import entry_lines
from pipeline.reading.sections.titles import title_kind
from pipeline.reading.values.classify import institution_score, title_score
from pipeline.reading.values.degrees import degree_level
from pipeline.reading.values.skills import read_skills
from pipeline.reading.values.spoken import language_hits, read_languages
from pipeline.reading.whole_document import name_skills, prints_month_first, turn_ranges
from pipeline.reading.why import listener, tell_entry

# Where no section says what it holds, only what is certain counts as a position or a degree.
_SURE_TITLE = 0.8  # score of a title with a word that only titles have
_SURE_SCHOOL = 0.9  # score of an institution that says what it is
_LANGUAGES_ALONE = (
    0.5  # share of a row's letters that names of languages are, or a list of skills names one too
)
_LANGUAGES_WITH_LEVELS = 0.25  # the same where the row tells how well they are spoken
_LABEL = re.compile(r"^\W{0,3}([^:：]{2,40})[:：]\s*")
#: What a labelled line among the skills may be instead.
_ROUTED = frozenset({SectionKind.INTERESTS, SectionKind.AWARDS, SectionKind.CERTIFICATIONS})
#: The sections in which such a form's rows may come to stand.
_TOLD_BY_EVENTS = (SectionKind.HEADER, SectionKind.WORK, SectionKind.EDUCATION, SectionKind.OTHER)
E = TypeVar("E", Work, Education)
_log = logging.getLogger(__name__)


def draft_of(sections: SectionedText) -> Profile:
    """The profile that these sections tell, by rules and lexica alone: its facts point at lines, unverified."""
    return _Draft(sections).profile()


class _Draft:
    def __init__(self, sections: SectionedText) -> None:
        self._sections = sections
        self._rows = Rows(sections)
        self._month_first = False

    def profile(self) -> Profile:
        """The draft. A part that could not be read is empty and has a finding in `document`."""
        profile = Profile()
        findings = [
            Finding(code="section-unread", severity="warning", detail=f"{name} could not be read")
            for name, read in self._parts()
            if not _read(name, read, profile)
        ]
        if findings:
            profile.document = Document(sha256="", mime="", pages=0, findings=findings)
        return profile

    def _parts(self) -> list[tuple[str, Callable[[Profile], None]]]:
        """What a profile is read in, by name and in order: later parts look at earlier ones."""
        return [
            ("person", self._person),
            ("work", self._work),
            ("education", self._education),
            ("languages", self._languages),
            ("skills", self._skills),
            ("certifications", self._certifications),
            ("projects", self._projects),
            ("publications", self._publications),
            ("awards", self._awards),
            ("volunteering", self._volunteering),
            ("references", self._references),
            ("interests", self._interests),
            ("named skills", self._name_skills),
            ("ranges", self._turn_ranges),
        ]

    def _person(self, profile: Profile) -> None:
        try:
            profile.person = read_person(self._sections, self._rows)
        finally:
            self._month_first = prints_month_first(self._sections, profile.person)

    def _languages(self, profile: Profile) -> None:
        rows = self._of(SectionKind.LANGUAGES) or self._beside_label(SectionKind.LANGUAGES)
        profile.languages = read_languages(rows)

    def _certifications(self, profile: Profile) -> None:
        rows = self._of(SectionKind.CERTIFICATIONS) + self._among_skills(SectionKind.CERTIFICATIONS)
        profile.certifications = read_certifications(rows)

    def _projects(self, profile: Profile) -> None:
        for section in self._kind(SectionKind.PROJECTS):
            profile.projects += read_projects(self._rows.of(section), month_first=self._month_first)

    def _publications(self, profile: Profile) -> None:
        profile.publications = read_entries(self._of(SectionKind.PUBLICATIONS))

    def _awards(self, profile: Profile) -> None:
        profile.awards = read_entries(self._of(SectionKind.AWARDS) + self._among_skills(SectionKind.AWARDS))

    def _volunteering(self, profile: Profile) -> None:
        rows = self._of(SectionKind.VOLUNTEERING)
        profile.volunteering = read_volunteering(rows, month_first=self._month_first)

    def _references(self, profile: Profile) -> None:
        profile.references = read_references(self._of(SectionKind.REFERENCES))

    def _interests(self, profile: Profile) -> None:
        profile.interests = read_interests(
            self._of(SectionKind.INTERESTS)
            + self._among_skills(SectionKind.INTERESTS)
            + self._beside_label(SectionKind.INTERESTS)
        )

    def _among_skills(self, kind: SectionKind) -> list[Row]:
        """The lines among the skills that say that they are something else: "Interests: tennis, chess"."""
        rows = self._of(SectionKind.SKILLS)
        return [_behind_label(row) for row in rows if _labelled_as(row) is kind]

    def _beside_label(self, kind: SectionKind) -> list[Row]:
        """What stands in the cell beside such a label, in sections that say nothing of what they hold."""
        return [
            Row(row.pieces[1:])
            for row in self._of(SectionKind.OTHER)
            if len(row.pieces) > 1 and title_kind(row.first.text) is kind
        ]

    def _kind(self, *kinds: SectionKind) -> list[Section]:
        return [section for section in self._sections.sections if section.kind in kinds]

    def _of(self, *kinds: SectionKind) -> list[Row]:
        return [row for section in self._kind(*kinds) for row in self._rows.of(section)]

    def _streams(self, kind: SectionKind) -> list[list[Row]]:
        return [self._rows.of_ids(ids) for ids in entry_lines(self._sections, kind) if ids]

    @cached_property
    def _chronicle(self) -> tuple[list[Work], list[Education]]:
        """What a form tells as what happened when, whichever titles stand between its rows."""
        jobs, degrees = read_chronicle(self._of(*_TOLD_BY_EVENTS))
        return _as("a job, by its events", jobs), _as("a degree, by its events", degrees)

    def _work(self, profile: Profile) -> None:
        profile.work = self._chronicle[0] or self._jobs()

    def _jobs(self) -> list[Work]:
        found = self._jobs_in_tables(self._of(SectionKind.HEADER))[0]
        for rows in self._streams(SectionKind.WORK):
            tabled, rest = self._jobs_in_tables(rows)
            told = _as("a job, by labels", read_job_records(rest, month_first=self._month_first))
            told = told or _as("a job, told", read_jobs_told(rest, month_first=self._month_first))
            found += tabled + (told or read_work(rest, month_first=self._month_first))
        for section in self._kind(SectionKind.EDUCATION, SectionKind.SKILLS, SectionKind.OTHER):
            found += self._jobs_in_tables(self._rows.of(section))[0]
        if not found:
            for section in self._kind(
                SectionKind.OTHER,
                SectionKind.HEADER,
                SectionKind.PROJECTS,
                SectionKind.SUMMARY,
                SectionKind.EDUCATION,
            ):
                rows = self._rows.of(section)
                told = _as("a job, told", read_jobs_told(rows, month_first=self._month_first))
                works = read_work(rows, month_first=self._month_first)
                found += told or [w for w in works if _sure_work(w)]
        return found

    def _jobs_in_tables(self, rows: list[Row]) -> tuple[list[Work], list[Row]]:
        """The jobs of the tables among some rows, and the rows that stand in no table."""
        tables = tables_in(rows)
        jobs = [job for one in tables if one.of_jobs for job in jobs_of(one, month_first=self._month_first)]
        return _as("a job, in a table", jobs), _outside(rows, tables)

    def _degrees_in_tables(self, rows: list[Row]) -> tuple[list[Education], list[Row]]:
        """The degrees of the tables among some rows, and the rows that stand in no table."""
        tables = tables_in(rows)
        degrees = [
            degree
            for one in tables
            if not one.of_jobs
            for degree in degrees_of(one, month_first=self._month_first)
        ]
        return _as("a degree, in a table", degrees), _outside(rows, tables)

    def _education(self, profile: Profile) -> None:
        profile.education = self._chronicle[1] or self._degrees()

    def _degrees(self) -> list[Education]:
        found = self._degrees_in_tables(self._of(SectionKind.HEADER))[0]
        for rows in self._streams(SectionKind.EDUCATION):
            tabled, rest = self._degrees_in_tables(rows)
            told = _as("a degree, by labels", read_degree_records(rest, month_first=self._month_first))
            told = told or _as("a degree, told", read_degrees_told(rest, month_first=self._month_first))
            found += tabled + (told or read_education(rest, month_first=self._month_first))
        for section in self._kind(SectionKind.SKILLS, SectionKind.OTHER):
            found += self._degrees_in_tables(self._rows.of(section))[0]
        if not found:
            for section in self._kind(
                SectionKind.OTHER, SectionKind.HEADER, SectionKind.WORK, SectionKind.CERTIFICATIONS
            ):
                read = read_education(self._rows.of(section), month_first=self._month_first)
                found += [e for e in read if _sure_education(e)]
        return found

    def _skills(self, profile: Profile) -> None:
        every = self._of(SectionKind.SKILLS)
        rows = [row for row in _outside(every, tables_in(every)) if _labelled_as(row) is None]
        spoken = [row for row in rows if _tells_languages(row)]
        if spoken and not profile.languages:
            profile.languages = read_languages(spoken)
        listed = without_other_columns([row for row in rows if row not in spoken])
        profile.skills = read_skills(listed + self._beside_label(SectionKind.SKILLS))

    def _name_skills(self, profile: Profile) -> None:
        name_skills(profile)

    def _turn_ranges(self, profile: Profile) -> None:
        turn_ranges(profile, self._sections.language)


def _labelled_as(row: Row) -> SectionKind | None:
    """What a line among the skills is by its label, where that is no list of skills."""
    match = _LABEL.match(row.first.text)
    kind = title_kind(match[1]) if match else None
    return kind if kind in _ROUTED else None


def _behind_label(row: Row) -> Row:
    match = _LABEL.match(row.first.text)
    rest = row.first.cut(match.end(), len(row.first.text)).trim() if match else row.first
    return Row((*([rest] if rest.text else []), *row.pieces[1:]))


def _read(name: str, read: Callable[[Profile], None], profile: Profile) -> bool:
    """Read one part into the profile. False when its rules failed on this document."""
    try:
        read(profile)
    except Exception as error:  # noqa: BLE001
        # A page may be set in a way that no rule foresaw. What the other parts read is worth keeping,
        # so a part that raises costs only itself. The type alone is logged: a message may quote the page.
        _log.warning("part-unread part=%s error=%s", name, type(error).__name__)
        return False
    return True


def _as(read_as: str, entries: list[E]) -> list[E]:
    """The entries; a listener is told how they were read."""
    if listener() is not None:
        for entry in entries:
            tell_entry(read_as, tuple(lines_of(entry)), entry)
    return entries


def _outside(rows: list[Row], tables: list[EntryTable]) -> list[Row]:
    return [row for i, row in enumerate(rows) if not any(one.begin <= i < one.end for one in tables)]


def _sure_work(work: Work) -> bool:
    """Whether a title is one, and no degree: "Bachelor of Arts, Business Administration"."""
    if work.title is None or degree_level(work.title.value) is not None:
        return False
    return title_score(work.title.value) >= _SURE_TITLE and bool(work.start or work.is_current)


def _sure_education(education: Education) -> bool:
    known = education.degree is not None and degree_level(education.degree.raw.value) is not None
    school = education.institution
    return known and school is not None and institution_score(school.value) >= _SURE_SCHOOL


def _tells_languages(row: Row) -> bool:
    """Whether a row of a skills section lists spoken languages: "Languages: Korean, English"."""
    hits = language_hits(row.text)
    if not hits:
        return False
    named = sum(end - begin for begin, end, _ in hits)
    letters = sum(c.isalpha() for c in row.text)
    if named >= _LANGUAGES_ALONE * letters:
        return True
    return named >= _LANGUAGES_WITH_LEVELS * letters and bool(languages().levels.find(row.text))
