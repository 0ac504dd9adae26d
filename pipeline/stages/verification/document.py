"""The document's own block: coverage, language, findings, and how much it looks like a resume."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pipeline.domain.profile import Document, Finding, Profile, SectionSummary
from pipeline.domain.sections import SectionedText, SectionKind
from pipeline.domain.upload import StoredUpload


def document_of(
    profile: Profile, sections: SectionedText, upload: StoredUpload, cited: set[int], findings: list[Finding]
) -> Document:
    """`cited`: the lines that surviving facts point at."""
    visible = [line.id for line in sections.text.lines if not line.hidden]
    headings = {i for section in sections.sections for i in section.heading_ids}
    apart = headings | set(sections.furniture)
    content = [i for i in visible if i not in apart]
    unclaimed = [i for i in content if i not in cited]
    return Document(
        sha256=upload.sha256,
        mime=upload.mime,
        pages=len(sections.text.pages),
        language=sections.language,
        text_source=sections.text.source,
        as_of_date=upload.as_of_date.isoformat(),
        resume_probability=resume_probability(profile, sections),
        coverage=round(1 - len(unclaimed) / len(content), 4) if content else None,
        unclaimed_lines=unclaimed,
        findings=findings,
        security_flags=list(sections.text.flags),
    )


def resume_probability(profile: Profile, sections: SectionedText) -> float:
    """A logistic sum of what resumes have and letters, invoices and articles have not. 0–1."""
    kinds = {section.kind for section in sections.sections if section.line_ids}
    words = sum(len(line.words) for line in sections.text.lines if not line.hidden)
    score = -3.0
    score += 0.8 * bool(profile.person.name.full)
    score += 0.9 * bool(profile.person.emails or profile.person.phones)
    score += (
        1.4 * (SectionKind.WORK in kinds)
        + 1.2 * (SectionKind.EDUCATION in kinds)
        + 0.9 * (SectionKind.SKILLS in kinds)
    )
    score += 0.4 * len(
        kinds & {SectionKind.LANGUAGES, SectionKind.SUMMARY, SectionKind.PROJECTS, SectionKind.CERTIFICATIONS}
    )
    score += 0.8 * min(2, sum(1 for work in profile.work if work.title and work.start))
    score += 0.6 * min(2, sum(1 for e in profile.education if e.institution or e.degree))
    score -= 1.5 * (words < 30) + 1.0 * (len(sections.text.pages) > 15)
    return round(1 / (1 + math.exp(-score)), 3)


def summaries(sections: SectionedText) -> Iterable[SectionSummary]:
    for section in sections.sections:
        ids = [*section.heading_ids, *section.line_ids]
        if ids:
            yield SectionSummary(kind=section.kind.value, title=section.title, line_ids=ids)
