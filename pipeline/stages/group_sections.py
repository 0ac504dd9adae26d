"""Group a document's lines: reading order, rows, sections."""

from __future__ import annotations

from pipeline.domain.sections import SectionedText
from pipeline.domain.text import Text
from pipeline.reading.sections.group import group


class GroupSections:
    """Text -> SectionedText. Pure: the same text always gives the same sections."""

    version = "3"  #: changes whenever the same text could be grouped differently

    def run(self, text: Text) -> SectionedText:
        """Every line goes to exactly one place: a heading, a section's lines, or the furniture."""
        return group(text)
