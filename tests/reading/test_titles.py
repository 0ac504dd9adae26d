"""Titles: what a line says that its section is about, however it is written."""

from __future__ import annotations

import pytest

from pipeline.domain.sections import SectionKind
from pipeline.reading.sections.titles import loose_title_kind, title_kind


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("WORK EXPERIENCE", SectionKind.WORK),
        ("Proﬁle", SectionKind.SUMMARY),  # one letter of the font for "fi"
        ("２．　ＳＫＩＬＬＳ", SectionKind.SKILLS),
        ("İŞ DENEYİMİ", SectionKind.WORK),
        ("AUSSERSCHULISCHES ENGAGEMENT", SectionKind.VOLUNTEERING),
        ("Øvrig", SectionKind.OTHER),
        ("三、学习经历", SectionKind.EDUCATION),
        ("（二）工作经历", SectionKind.WORK),
        ("EXPERIENCE" + 70 * "_", SectionKind.WORK),  # a rule drawn with letters
        ("Where I worked:", SectionKind.WORK),
        ("ΕΡΓΑΣΙΑΚΗ ΕΜΠΕΙΡΙΑ", SectionKind.WORK),
        ("E\u0301ducation", SectionKind.EDUCATION),  # an accent of its own
    ],
)
def test_a_title_is_known_in_any_spelling(title: str, kind: SectionKind) -> None:
    """Case, accents, width, ligatures and numbers aside."""
    assert title_kind(title) is kind


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Clinical Trial Experience", SectionKind.WORK),
        ("Compétences en gestion", SectionKind.SKILLS),
        ("Formação na saúde", SectionKind.EDUCATION),
        ("II. PENDIDIKAN FORMAL", SectionKind.EDUCATION),
        ("TERTIARY QUALIFICATIONS", SectionKind.EDUCATION),
        ("Previous teaching posts (most recent first)", SectionKind.WORK),
        ("Umiejętności i hobby", SectionKind.SKILLS),
        ("个人技术栈", SectionKind.SKILLS),
        ("자격증 / 어학", SectionKind.CERTIFICATIONS),
    ],
)
def test_a_heading_in_other_words_is_about_what_its_known_word_says(title: str, kind: SectionKind) -> None:
    """The last word in some languages, the first in others; of two titles the first."""
    assert loose_title_kind(title) is kind
