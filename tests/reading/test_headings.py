"""Which lines are section titles, decided by what all lines of the document are set like."""

from __future__ import annotations

import pytest

from pipeline.domain.sections import SectionKind
from pipeline.reading.sections.group import group
from pipeline.reading.sections.titles import is_all_title, loose_title_kind
from tests.stages.pages import Put, document

BODY = "Planned the yearly maintenance of the plant and kept the spare parts in stock."


def outline(*puts: Put) -> list[tuple[str, str | None]]:
    """Kind and title of each section but the header."""
    return [(one.kind.value, one.title) for one in group(document(puts)).sections if one.title is not None]


def lines(*printed: tuple[str, float, bool], step: float = 24) -> list[Put]:
    """Lines one below the other, each with its size and weight, after a name."""
    name = Put(60, 30, "Ada Lovelace", 20, True)
    return [name, *(Put(60, 70 + step * n, text, size, bold) for n, (text, size, bold) in enumerate(printed))]


def test_one_larger_title_does_not_shut_out_the_others() -> None:
    """Most titles of the document are set alike, and one is larger."""
    found = outline(
        *lines(
            ("CAREER PROFILE", 13, True), (BODY, 10, False),
            ("ACADEMIC QUALIFICATION", 11.5, True), ("Diploma, Harrow College, 2006", 10, False),
            ("WORK EXPERIENCE IN DETAILS", 11.5, True), ("Roofer, Acme Ltd, 2008 - 2011", 10, False),
        )
    )  # fmt: skip
    assert [kind for kind, _ in found] == ["summary", "education", "work"]


def test_a_title_word_that_comes_again_for_each_job_heads_a_part_of_it() -> None:
    """ "Highlights" of every job is no section of skills."""
    jobs = [
        (text, size, bold)
        for firm in ("Lumen Labs", "Quarry Software", "Maple Media")
        for text, size, bold in (
            (f"Engineer, {firm}, 2012 - 2014", 11, True), ("Highlights", 14, True), (BODY, 10, False),
        )
    ]  # fmt: skip
    found = outline(*lines(("Work", 14, True), *jobs, ("Skills", 14, True), ("Rust, Figma", 10, False)))
    assert [kind for kind, _ in found] == ["work", "skills"]


def test_a_lesser_title_word_below_a_title_of_its_column_is_a_part_of_its_section() -> None:
    """The kinds of skills below "Skills"; a course below the institute that gave it."""
    found = outline(
        *lines(
            ("Skills", 16, True), ("Web", 12, True), ("HTML, CSS", 10, False),
            ("Languages", 12, True), ("Scala, Kotlin", 10, False), ("Tools", 12, True), ("Jenkins", 10, False),
            ("Employment", 16, True), ("Developer, Ember Post, 2015 - 2018", 10, False),
        )
    )  # fmt: skip
    assert [kind for kind, _ in found] == ["skills", "work"]


def test_firms_that_are_set_like_titles_head_entries_where_dates_follow() -> None:
    """Three lines in the titles' own style, each above a job and its dates."""
    jobs = [
        (text, size, bold)
        for firm in ("Halden Technologies", "Ostrava Tools", "Quillmark")
        for text, size, bold in (
            (firm, 13, True), ("Support Agent", 10, False), ("03/2014 - 01/2017", 10, False), (BODY, 10, False),
        )
    ]  # fmt: skip
    found = outline(*lines(("Experience", 13, True), *jobs, ("Education", 13, True), (BODY, 10, False)))
    assert [kind for kind, _ in found] == ["work", "education"]


def test_titles_that_are_set_as_the_text_are_told_by_their_words() -> None:
    """Where nothing else tells them, exact titles of several kinds, each in a row of its own."""
    plain = (
        "Summary",
        BODY,
        "Experience",
        "Clerk, Acme Ltd, 2014 - 2016",
        "Education",
        "Diploma, 2009",
        "Skills",
        "Payroll",
    )
    found = outline(*lines(*((text, 10.0, False) for text in plain), step=12))
    assert [kind for kind, _ in found] == ["summary", "work", "education", "skills"]


def test_a_name_below_the_documents_title_is_no_section() -> None:
    """ "CURRICULUM VITAE" and whose it is, set like the titles that follow."""
    found = outline(
        Put(60, 30, "CURRICULUM VITAE", 12, True),
        Put(60, 60, "VERENA HOLLSTEDT", 12, True),
        Put(60, 90, "EXPERIENCE", 12, True),
        Put(60, 110, "Kitchen Help, Birchwood School, 2015 - 2019"),
        Put(60, 140, "EDUCATION", 12, True),
        Put(60, 160, "Secondary school, 2009"),
    )
    assert [kind for kind, _ in found] == ["work", "education"]


@pytest.mark.parametrize(
    ("printed", "kind"),
    [
        ("WORK EXPERIANCE", SectionKind.WORK),
        ("Educational Qualificaton", SectionKind.EDUCATION),
        ("Profesional Experience", SectionKind.WORK),
        ("Career Chronicle (9 years)", SectionKind.WORK),
        ("Hill", None),
    ],
)
def test_a_title_with_one_wrong_letter_is_a_title(printed: str, kind: SectionKind | None) -> None:
    """Long ones only: a letter more or less makes another word of a short one."""
    assert loose_title_kind(printed) is kind


def test_a_line_is_all_title_when_each_of_its_parts_is_one() -> None:
    assert is_all_title("Education & Training")
    assert not is_all_title("Sable Creek – Freelance – Software Engineer")


def test_a_number_in_a_cell_of_its_own_is_no_part_of_the_title() -> None:
    """ "14. | Present employment" """
    name = Put(60, 30, "Ada Lovelace", 20, True)
    rows = [
        ("12.", "Higher education"),
        ("", "BA, Hill University, 2009"),
        ("13.", "Present employment"),
        ("", "Teacher, Hill School, from 2015"),
        ("14.", "Hobbies"),
        ("", "Chess"),
    ]
    puts = [name]
    for n, (number, text) in enumerate(rows):
        if number:
            puts.append(Put(60, 80 + 24 * n, number, 10, True))
        puts.append(Put(100, 80 + 24 * n, text, 10, bool(number)))
    assert [kind for kind, _ in outline(*puts)] == ["education", "work", "interests"]


def test_a_label_with_its_value_opens_no_section_within_a_record() -> None:
    """ "Course | : N3 Boilermaking" is a part of the degree, however it is set."""
    puts = lines(
        ("Tertiary Education", 12, True),
        ("Institution", 10, True),
        ("Course", 10, True),
        ("Work Experience", 12, True),
        ("Welder, Acme Ltd, 2017 - 2019", 10, False),
    )
    puts += [Put(200, puts[2].y, ": Hill College"), Put(200, puts[3].y, ": N3 Boilermaking")]
    assert [kind for kind, _ in outline(*puts)] == ["education", "work"]


def table(top: float) -> list[Put]:
    """A table of degrees whose head is bold, its first two columns far from the others."""
    cells = [
        ("Degree", "Board", "Year", "Division"),
        ("M.A", "Five Waters University", "2015", "2nd"),
        ("B.A", "Five Waters University", "2012", "2nd"),
        ("Matric", "Khairabad Board", "2008", "1st"),
    ]
    return [
        Put(left, top + 20 * n, text, 10, n == 0)
        for n, row in enumerate(cells)
        for left, text in zip((60, 130, 380, 450), row, strict=True)
    ]


def test_the_head_of_a_table_is_no_title() -> None:
    """ "Degree" may head a section, but not above a column."""
    puts = [*lines(("Education", 12, True), ("Skills", 12, True), step=120), *table(95)]
    assert outline(*puts) == [("education", "Education"), ("skills", "Skills")]


def test_a_table_is_read_by_its_rows() -> None:
    """However wide the white between its columns."""
    grouped = group(document([*lines(("Education", 12, True)), *table(95)]))
    by_id = grouped.line_by_id
    rows = [[by_id[i].text for i in row] for row in grouped.rows]
    assert ["M.A", "Five Waters University", "2015", "2nd"] in rows
    assert ["Matric", "Khairabad Board", "2008", "1st"] in rows


def test_a_firm_that_is_set_like_the_titles_heads_an_entry() -> None:
    """A word in it says that it is one."""
    found = outline(
        *lines(
            ("EXPERIENCE", 12, True),
            ("CLARA MEDICAL CENTER", 12, True),
            ("Staff Nurse, 2017 - 2020", 10, False),
            ("SKILLS", 12, True),
            ("Triage, injections", 10, False),
            ("LANGUAGES", 12, True),
            ("English", 10, False),
        )
    )
    assert [kind for kind, _ in found] == ["work", "skills", "languages"]
