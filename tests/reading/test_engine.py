"""The engine as a whole: what the port promises."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.adapters.rules_engine import RulesEngine
from pipeline.domain.media_type import PDF
from pipeline.domain.profile import Fact, Model, Profile
from pipeline.domain.sections import SectionKind
from pipeline.domain.text import Box, Link
from pipeline.domain.upload import StoredUpload
from pipeline.reading import profile as engine
from pipeline.stages.verify_profile import VerifyProfile
from tests.reading.pages import Cell, Row, draw


def drafted(sections: Any) -> Profile:
    return asyncio.run(RulesEngine().draft(sections))


def facts(model: Model) -> Iterator[Fact[Any]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Fact):
                yield item
            elif isinstance(item, Model):
                yield from facts(item)


RESUME = draw(
    {
        "header": [
            Cell("Dale Ford", size=20, bold=True),
            "Ward Manager",
            "Leeds, UK | dale.ford@example.com | +44 20 7946 0958 | github.com/daleford",
        ],
        "summary": ["Nurse with seven years in acute care."],
        "work": [
            "Ward Manager | Northwind Clinic | Mar 2021 – Present",
            "• Led nine nurses with Cerner",
            "Staff Nurse | Acme Ltd | 2018 – 2020",
        ],
        "education": ["BSc Nursing, University of Hull, 2012 – 2015"],
        "skills": ["Wound care, Cerner, Triage"],
        "languages": ["English – native"],
    }
)


def test_a_resume_is_read_whole() -> None:
    """Each field of a plain resume is filled."""
    profile = drafted(RESUME)
    person = profile.person
    assert person.name.full is not None
    assert person.name.full.value == "Dale Ford"
    assert [e.value for e in person.emails] == ["dale.ford@example.com"]
    assert [p.value for p in person.phones] == ["+442079460958"]
    assert [link.type for link in person.links] == ["github"]
    assert person.headline is not None
    assert person.headline.value == "Ward Manager"
    assert len(profile.work) == 2
    assert len(profile.education) == 1
    assert [s.raw.value for s in profile.skills] == ["Wound care", "Cerner", "Triage"]
    assert profile.work[0].skills == ["Cerner"]
    assert [language.iso639 for language in profile.languages] == ["en"]


def test_every_fact_copies_its_lines() -> None:
    """`raw` of each fact stands in the lines that the fact cites; nothing is judged yet."""
    lines = RESUME.line_by_id
    for fact in facts(drafted(RESUME)):
        cited = " ".join(lines[i].text for i in fact.evidence[0].line_ids)
        assert fact.raw.casefold() in cited.casefold()
        assert fact.status == "unverified"


def test_an_open_end_has_no_end_date() -> None:
    """ "Present" is `is_current`, and no date is made of it."""
    first = drafted(RESUME).work[0]
    assert first.end is None
    assert first.is_current is not None
    assert first.is_current.value is True


def test_an_address_in_an_annotation_alone_is_found() -> None:
    """A link that prints "E-Mail" gives the address behind it."""
    link = Link(1, "mailto:dale.ford@example.com", Box(0.1, 0.03, 0.9, 0.12))
    sections = draw({"header": ["Dale Ford", "Contact me by E-Mail"]}, links=(link,))
    assert [e.value for e in drafted(sections).person.emails] == ["dale.ford@example.com"]


def test_sensitive_facts_are_left_out() -> None:
    """Birth date, nationality and identity numbers are nowhere in the profile."""
    sections = draw(
        {
            "header": [
                "Dale Ford",
                "Date of birth: 12.03.1990",
                "Nationality: British",
                "Passport: 123456789",
            ],
            "work": RESUME and [],
        }
    )
    text = drafted(sections).model_dump_json()
    assert "1990" not in text
    assert "British" not in text
    assert "123456789" not in text


def test_positions_without_their_heading_are_found() -> None:
    """Where no section is called work, sure positions elsewhere count."""
    sections = draw(
        {"header": ["Dale Ford"], "other": ["Staff Nurse | Acme Ltd | 2018 – 2020", "• Ran wards"]}
    )
    assert [w.title.value for w in drafted(sections).work if w.title] == ["Staff Nurse"]


def test_a_degree_is_no_position_where_there_is_none() -> None:
    """Though it names what managers study."""
    sections = draw(
        {
            "header": ["Leo Leopard"],
            "education": [
                [Cell("Bachelor of Arts, Business Administration"), Cell("June 2016", 0.8)],
                "Hill University",
            ],
        }
    )
    profile = drafted(sections)
    assert profile.work == []
    assert len(profile.education) == 1


def test_labels_in_cells_tell_where_their_values_belong() -> None:
    """Below a title that says nothing."""
    sections = draw(
        {
            "header": ["Mert Kaya"],
            "other": [
                [Cell("Yabancı Dil"), Cell("İngilizce (orta)", 0.4)],
                [Cell("Bilgisayar"), Cell("TIA Portal, EPLAN", 0.4)],
                [Cell("İlgi Alanları"), Cell("Balıkçılık", 0.4)],
            ],
        },
        language="tr",
    )
    profile = drafted(sections)
    assert [one.name.value for one in profile.languages] == ["İngilizce"]
    assert [skill.raw.value for skill in profile.skills] == ["TIA Portal", "EPLAN"]
    assert [one.text.value for one in profile.interests] == ["Balıkçılık"]


def test_an_empty_text_gives_an_empty_profile() -> None:
    """Nothing found is nothing told."""
    profile = drafted(draw({"header": []}))
    assert profile.person.name.full is None
    assert profile.work == []


WORDS = st.sampled_from(
    [
        *(
            "Engineer",
            "Acme",
            "Ltd",
            "BSc",
            "University",
            "Python",
            "C#",
            "in",
            "at",
            "Name:",
            "№",
            "[1]",
            "\u200b",
        ),
        *("2019", "–", "Present", "03/2019", "’19", "٢٠١٨", "الحاضر", "現在", "東京", "株式会社", "ıİ", "ﬁ"),
        *("|", ",", "•", "(", ")", ":", "-", "@", "a.b@c.de", "+44", "20", "7946", "0958"),
    ]
)
ROWS = st.lists(st.lists(WORDS, min_size=1, max_size=9).map(" ".join), max_size=9)
KINDS = st.sampled_from([kind.value for kind in SectionKind])


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KINDS, ROWS, max_size=5), st.sampled_from(["en", "de", "ar", "ja", "xx"]))
def test_no_text_breaks_the_rules_or_the_verification(content: dict[str, list[str]], language: str) -> None:
    """Whatever is printed, a draft comes out, each fact of it survives or is dropped, and the result is JSON."""
    sections = draw(dict(content), language=language)
    upload = StoredUpload(UUID(int=1), "resumes/1", "ab" * 32, 100, PDF, date(2026, 6, 15))
    profile = VerifyProfile(keep_unverified=False).run(drafted(sections), sections, upload)
    assert Profile.model_validate_json(profile.model_dump_json()) == profile


@pytest.mark.parametrize("part", ["person", "work", "education", "languages"])
def test_a_part_that_raises_costs_only_itself(
    part: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """That part is empty and told as a finding; the others are read; the log has no content."""

    def broken(*_args: object, **_kwargs: object) -> None:
        raise IndexError("Dale Ford")

    whole = drafted(RESUME)
    monkeypatch.setattr(engine, f"read_{part}", broken)
    with caplog.at_level(logging.WARNING):
        draft = drafted(RESUME)
    assert getattr(draft, part) == getattr(Profile(), part)
    for other in {"person", "work", "education", "languages"} - {part}:
        assert getattr(draft, other) == getattr(whole, other)
    assert "IndexError" in caplog.text
    assert "Dale" not in caplog.text
    upload = StoredUpload(UUID(int=1), "resumes/1", "ab" * 32, 100, PDF, date(2026, 6, 15))
    document = VerifyProfile().run(draft, RESUME, upload).document
    assert document is not None
    assert document.sha256 == "ab" * 32
    assert [f.code for f in document.findings if f.severity == "warning"] == ["section-unread"]


def test_positions_told_in_sentences_are_read() -> None:
    """ "Worked as a … in … from … to …" gives title, employer, place and dates, over a line's end too."""
    rows: list[Row] = [
        "• Working as a Senior Software Engineer in Acme Technologies Pvt. Ltd., Bengaluru from June 2019",
        "to till date.",
        "• Worked as a Software Engineer in Northwind Systems Ltd. from Aug 2016 to May 2019.",
    ]
    told = [
        (w.title.value, w.employer.value, w.start.value, w.is_current is not None)
        for w in drafted(draw({"work": rows})).work
        if w.title and w.employer and w.start
    ]
    assert told == [
        ("Senior Software Engineer", "Acme Technologies Pvt. Ltd.", "2019-06", True),
        ("Software Engineer", "Northwind Systems Ltd.", "2016-08", False),
    ]
