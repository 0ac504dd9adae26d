"""The text in reading order, cut into the sections that a resume is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from pipeline.domain.text import Line, Text


class SectionKind(StrEnum):
    """What a section is about. `header` is what stands before the first heading: name and contacts."""

    HEADER = "header"
    CONTACT = "contact"
    SUMMARY = "summary"
    WORK = "work"
    EDUCATION = "education"
    SKILLS = "skills"
    LANGUAGES = "languages"
    CERTIFICATIONS = "certifications"
    PROJECTS = "projects"
    PUBLICATIONS = "publications"
    AWARDS = "awards"
    VOLUNTEERING = "volunteering"
    REFERENCES = "references"
    INTERESTS = "interests"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Section:
    """A run of lines under one heading, in reading order.

    `title` is the heading as printed (None where there is none); `heading_ids` are its lines and are not
    among `line_ids`.
    """

    kind: SectionKind
    title: str | None
    heading_ids: tuple[int, ...]
    line_ids: tuple[int, ...]


@dataclass(frozen=True)
class SectionedText:
    """The text with its reading order and sections.

    Every line of `text` is in exactly one place: a section's heading, a section's lines, or `furniture`
    (page numbers and running headers that repeat on other pages, and hidden lines). `rows` groups the line
    ids of the sections into printed rows: lines of one column that share a base line are one row, left to
    right. `language` is ISO 639-1, or None when the text is too short to tell.
    """

    text: Text
    sections: tuple[Section, ...]
    rows: tuple[tuple[int, ...], ...]
    furniture: tuple[int, ...] = ()
    language: str | None = None

    @cached_property
    def line_by_id(self) -> dict[int, Line]:
        return {line.id: line for line in self.text.lines}
