"""Which lines the entries of a kind are read from: those of its sections, and of what their entries head."""

from __future__ import annotations

from pipeline.domain.sections import SectionedText, SectionKind
from pipeline.reading.values.classify import employer_score, institution_score, title_score
from pipeline.reading.values.dates import find_dates
from pipeline.reading.values.degrees import degree_score
from pipeline.reading.values.places import part_kind

_KNOWN = 0.9  # score from which on a heading is a role, an organisation or a degree that the lexicon knows


def entry_lines(sections: SectionedText, kind: SectionKind) -> list[list[int]]:
    """The lines of each section of a kind, with those that follow under the heading of an entry.

    A heading that names an employer, a school or a place is an entry's, and no section's.
    """
    streams: list[list[int]] = []
    follows = False
    for section in sections.sections:
        if section.kind is kind:
            streams.append(list(section.line_ids))
            follows = True
        elif (
            section.kind is SectionKind.OTHER and follows and (not streams[-1] or _heads_entry(section.title))
        ):
            streams[-1] += [*section.heading_ids, *section.line_ids]
        else:
            follows = False
    return streams


def _heads_entry(title: str | None) -> bool:
    """Whether a heading is that of an entry: it names a role, an organisation, a place or a date."""
    if not title:
        return False
    known = max(title_score(title), employer_score(title), institution_score(title), degree_score(title))
    return known >= _KNOWN or part_kind(title) is not None or bool(find_dates(title))
