"""Group a document's lines: reading order, rows, sections."""

from __future__ import annotations

from pipeline.domain.sections import SectionedText
from pipeline.domain.text import Text
from pipeline.domain.version import source_version
from pipeline.reading.sections.group import group


class GroupSections:
    """Text -> SectionedText. Pure: the same text always gives the same sections."""

    version = f"sections-{source_version('pipeline.reading.sections.group')}"

    def run(self, text: Text) -> SectionedText:
        """Every line goes to exactly one place: a heading, a section's lines, or the furniture."""
        return group(text)
