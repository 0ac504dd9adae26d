"""Grouping: columns, reading order, titles, furniture, language."""

from __future__ import annotations

import pytest

from pipeline.domain.sections import SectionedText, SectionKind
from pipeline.stages.group_sections import GroupSections
from tests.stages.pages import Put, document, outline, section, texts, title

JOBS = [("2019 - 2021", "Senior Nurse"), ("2016 - 2019", "Staff Nurse"), ("2012 - 2016", "Nurse Assistant")]


def _group(*pages: list[Put]) -> SectionedText:
    return GroupSections().run(document(*pages))


def _rows(grouped: SectionedText) -> list[list[str]]:
    return [texts(grouped, row) for row in grouped.rows]


def _paragraph(x: float, y: float, count: int, *, step: float = 13, word: str = "responsible") -> list[Put]:
    return [Put(x, y + step * n, f"{word} for the ward and its {n} patients") for n in range(count)]


def test_one_column_is_read_from_the_top_with_the_name_as_header() -> None:
    """What stands before the first title is the header."""
    grouped = _group(
        [
            Put(60, 40, "Ada Lovelace", 20, True),
            Put(60, 64, "ada@example.com"),
            title(60, 100, "Work Experience"),
            *_paragraph(60, 120, 3),
            title(60, 180, "Education"),
            Put(60, 200, "University of London"),
        ]
    )
    assert [kind for kind, _ in outline(grouped)] == ["header", "work", "education"]
    assert outline(grouped)[0][1] == ["Ada Lovelace", "ada@example.com"]
    assert section(grouped, SectionKind.WORK).title == "Work Experience"


def test_dates_at_the_right_margin_stay_in_the_rows_of_their_jobs() -> None:
    """A column of dates is no column to read on its own."""
    puts = [title(60, 40, "Experience")]
    for n, (dates, job) in enumerate(JOBS):
        puts += [
            Put(60, 80 + 40 * n, job, bold=True),
            Put(480, 80 + 40 * n, dates),
            Put(60, 94 + 40 * n, "Clinic"),
        ]
    grouped = _group(puts)
    assert [row for row in _rows(grouped) if len(row) == 2] == [[job, dates] for dates, job in JOBS]


def test_dates_in_smaller_type_stand_in_the_row_that_they_are_set_beside() -> None:
    """Their base line is off that of the larger heading."""
    puts = [title(60, 40, "Experience")]
    for n, (dates, job) in enumerate(JOBS):
        puts += [
            Put(60, 80 + 40 * n, job, 11, bold=True),
            Put(480, 77.5 + 40 * n, dates, 8),
            Put(60, 94 + 40 * n, "Clinic"),
        ]
    grouped = _group(puts)
    assert [row for row in _rows(grouped) if len(row) == 2] == [[job, dates] for dates, job in JOBS]


def test_a_timeline_is_read_row_by_row() -> None:
    """Dates at the left of the entries: each is followed by its own entry."""
    puts = [title(60, 40, "Experience")]
    for n, (dates, job) in enumerate(JOBS):
        puts += [Put(60, 80 + 60 * n, dates), Put(180, 80 + 60 * n, job), *_paragraph(180, 94 + 60 * n, 2)]
    order = texts(grouped := _group(puts), section(_group(puts), SectionKind.WORK).line_ids)
    assert [order.index(dates) + 1 for dates, _ in JOBS] == [order.index(job) for _, job in JOBS]
    assert grouped.rows[1] == section(grouped, SectionKind.WORK).line_ids[:2]


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_side_bar_and_the_text_beside_it_are_read_one_after_the_other(side: str) -> None:
    """Each keeps its own sections, although their lines share base lines here and there."""
    bar, main = (40, 220) if side == "left" else (430, 40)
    puts = [
        title(bar, 40, "Skills"),
        *[Put(bar, 60 + 14 * n, name) for n, name in enumerate(("Python", "Rust", "SQL", "Go"))],
        title(bar, 150, "Languages"),
        Put(bar, 170, "English"),
        Put(bar, 184, "Dutch"),
        title(main, 45, "Experience"),
        *_paragraph(main, 66, 8),
        title(main, 190, "Education"),
        *_paragraph(main, 210, 3, word="studied"),
    ]
    grouped = _group(puts)
    assert texts(grouped, section(grouped, SectionKind.SKILLS).line_ids) == ["Python", "Rust", "SQL", "Go"]
    assert texts(grouped, section(grouped, SectionKind.LANGUAGES).line_ids) == ["English", "Dutch"]
    assert len(section(grouped, SectionKind.WORK).line_ids) == 8
    assert all(len(row) == 1 for row in grouped.rows)


def test_a_name_at_the_top_of_the_main_column_is_the_header_and_not_the_side_bars() -> None:
    """A column begins where the page began, not with the section that ended the column before."""
    grouped = _group(
        [
            title(40, 60, "Contact"),
            Put(40, 80, "ada@example.com"),
            title(40, 110, "Languages"),
            *[Put(40, 130 + 14 * n, name) for n, name in enumerate(("English", "French", "German"))],
            Put(220, 40, "Ada Lovelace", 22, True),
            Put(220, 66, "Analyst and programmer of engines"),
            title(220, 96, "Experience"),
            *_paragraph(220, 118, 6),
        ]
    )
    header = section(grouped, SectionKind.HEADER)
    assert texts(grouped, header.line_ids) == ["Ada Lovelace", "Analyst and programmer of engines"]


def test_a_side_bar_goes_on_where_it_ended_on_the_page_before() -> None:
    """Columns continue their own sections across the page break."""
    first = [
        title(40, 40, "Skills"),
        *[Put(40, 60 + 14 * n, f"skill {n}") for n in range(40)],
        title(220, 45, "Experience"),
        *_paragraph(220, 66, 40),
    ]
    second = [
        *[Put(40, 60 + 15 * n, f"more skill {n}") for n in range(10)],
        *_paragraph(220, 64, 20, word="answerable"),
    ]
    grouped = _group(first, second)
    assert len(section(grouped, SectionKind.SKILLS).line_ids) == 50
    assert len(section(grouped, SectionKind.WORK).line_ids) == 60


def test_titles_in_a_margin_stand_over_the_text_beside_them() -> None:
    """Also when a title takes two lines."""
    puts = [
        Put(40, 40, "EDUCATION", bold=True),
        Put(200, 40, "University of London"),
        Put(200, 54, "Mathematics"),
        Put(40, 100, "PROFESSIONAL", bold=True),
        Put(40, 112, "EXPERIENCE", bold=True),
        *_paragraph(200, 100, 4),
        Put(40, 200, "LANGUAGES", bold=True),
        Put(200, 200, "English and French"),
    ]
    grouped = _group(puts)
    assert [kind for kind, _ in outline(grouped)] == ["education", "work", "languages"]
    assert section(grouped, SectionKind.WORK).title == "PROFESSIONAL EXPERIENCE"
    assert len(section(grouped, SectionKind.WORK).line_ids) == 4


def test_a_tables_cells_stay_in_their_rows() -> None:
    """Year, degree, school: three columns that are one text."""
    puts = [title(60, 40, "Education")]
    for n, (year, degree, school) in enumerate(
        [("2012", "BSc Physics", "Leeds"), ("2014", "MSc Physics", "Delft"), ("2018", "PhD Optics", "Zurich")]
    ):
        puts += [Put(60, 70 + 16 * n, year), Put(160, 70 + 16 * n, degree), Put(380, 70 + 16 * n, school)]
    puts += [title(60, 140, "Skills"), Put(60, 160, "Lasers")]
    grouped = _group(puts)
    assert _rows(grouped)[1:4] == [
        ["2012", "BSc Physics", "Leeds"],
        ["2014", "MSc Physics", "Delft"],
        ["2018", "PhD Optics", "Zurich"],
    ]


def test_two_newspaper_columns_are_read_one_after_the_other() -> None:
    """Even on one grid, where every line of the left has a neighbour at its height."""
    grouped = _group(
        [
            Put(60, 30, "Ada Lovelace", 20, True),
            title(40, 80, "Experience"),
            *_paragraph(40, 100, 10),
            title(330, 80, "Projects"),
            *_paragraph(330, 100, 10, word="built"),
        ]
    )
    assert len(section(grouped, SectionKind.WORK).line_ids) == 10
    assert len(section(grouped, SectionKind.PROJECTS).line_ids) == 10
    assert all(text.startswith("responsible") for text in outline(grouped)[1][1])


@pytest.mark.parametrize(
    ("printed", "kind"),
    [
        ("Berufserfahrung", SectionKind.WORK),
        ("Expérience professionnelle", SectionKind.WORK),
        ("EXPERIENCIA LABORAL", SectionKind.WORK),
        ("Опыт работы", SectionKind.WORK),
        ("职业经历", SectionKind.WORK),
        ("What I've done", SectionKind.WORK),
        ("3. Relevant Work Experience:", SectionKind.WORK),
        ("Otra experiencia", SectionKind.WORK),
        ("Istruzione e formazione", SectionKind.EDUCATION),
        ("学歴", SectionKind.EDUCATION),
        ("Skills & Interests", SectionKind.SKILLS),
        ("Umiejętności", SectionKind.SKILLS),
        ("Yabancı Diller", SectionKind.LANGUAGES),
        ("השכלה", SectionKind.EDUCATION),
        ("الخبرات العملية", SectionKind.WORK),
    ],
)
def test_titles_are_known_in_many_languages(printed: str, kind: SectionKind) -> None:
    """Case, accents, numbering and qualifying words do not matter."""
    grouped = _group([Put(60, 40, "Ada Lovelace", 20), title(60, 100, printed), *_paragraph(60, 120, 2)])
    assert section(grouped, kind).title == printed


def test_a_title_nobody_knows_is_told_by_its_looks() -> None:
    """It opens a section of its own, so that the section before ends."""
    grouped = _group(
        [
            title(60, 40, "Experience"),
            *_paragraph(60, 60, 3),
            title(60, 120, "Education"),
            *_paragraph(60, 140, 2),
            title(60, 190, "Moonlighting"),
            *_paragraph(60, 210, 2),
        ]
    )
    assert [kind for kind, _ in outline(grouped)] == ["work", "education", "other"]


def test_a_title_word_in_an_entry_is_no_title() -> None:
    """ "Education" set as body text, in a document that sets its titles apart, is somebody's interest."""
    grouped = _group(
        [
            title(60, 40, "Experience"),
            *_paragraph(60, 60, 3),
            title(60, 120, "Interests"),
            Put(60, 140, "Chess"),
            Put(60, 153, "Education"),
            Put(60, 166, "Projects"),
        ]
    )
    assert texts(grouped, section(grouped, SectionKind.INTERESTS).line_ids) == [
        "Chess",
        "Education",
        "Projects",
    ]


def test_titles_in_a_picture_are_known_although_their_sizes_are_measured_unlike() -> None:
    """A scan's sizes and weights are estimates: titles come out as small or as light as text, and are titles still."""
    page = [
        Put(60, 40, "PROFILE", 11.5, True),
        *_paragraph(60, 60, 2),
        Put(60, 110, "PROFESSIONAL EXPERIENCE", 10, True),
        *_paragraph(60, 130, 2),
        Put(60, 180, "EDUCATION", 11.5, True),
        *_paragraph(60, 200, 2),
        Put(60, 250, "SKILLS & TOOLS", 11.5, False),
        *_paragraph(60, 270, 2),
    ]
    kinds = ["summary", "work", "education", "skills"]
    assert [kind for kind, _ in outline(GroupSections().run(document(page, confidence=0.9)))] == kinds
    assert [kind for kind, _ in outline(GroupSections().run(document(page)))] != kinds, "nothing was tested"


def test_a_career_summary_with_dated_entries_is_work_beside_other_work() -> None:
    """Its title says summary, its lines do not; one without entries stays what it says."""

    def entries(dates: list[str], top: float = 60) -> list[Put]:
        return [
            put
            for n, text in enumerate(dates)
            for put in (
                Put(60, top + 60 * n, "Nurse"),
                Put(400, top + 60 * n, text),
                Put(60, top + 15 + 60 * n, "Clinic"),
            )
        ]

    def kinds(dates: list[str]) -> list[str]:
        summary = entries(dates)
        page = [title(60, 40, "Career Summary"), *summary, title(60, 300, "Teaching experience")]
        return [kind for kind, _ in outline(_group([*page, *_paragraph(60, 320, 2)]))]

    assert kinds(["2019 - 2021", "2016 - 2019"]) == ["work", "work"]
    assert kinds(["Responsible", "Reliable"]) == ["summary", "work"]
    talks = [title(60, 200, "Presentation"), *entries(["2019 - 2021", "2016 - 2019"], 220)]
    below = _group([title(60, 40, "Work experience"), *_paragraph(60, 60, 2), *talks])
    assert [kind for kind, _ in outline(below)] == ["work", "summary"]


def test_a_first_line_that_says_resume_is_no_summary() -> None:
    """In French it is one: "Résumé"."""
    page = [title(60, 40, "RESUME"), Put(60, 70, "Ada Lovelace", 20, True), *_paragraph(60, 100, 2)]
    english = [title(60, 140, "Experience"), *_paragraph(60, 160, 9, word="the work of a responsible person")]
    assert [kind for kind, _ in outline(_group(page + english))] == ["header", "work"]
    french = [
        title(60, 40, "Résumé"),
        *_paragraph(60, 70, 12, word="le travail de la personne avec les autres"),
    ]
    assert [kind for kind, _ in outline(_group(french))] == ["summary"]


def test_a_title_on_its_contents_line_opens_a_section_that_keeps_the_line() -> None:
    """ "Languages: English" has a title, and no line that is only a title."""
    grouped = _group([Put(60, 40, "Ada Lovelace", 20), Put(60, 80, "Languages: English, French, Italian")])
    languages = section(grouped, SectionKind.LANGUAGES)
    assert (languages.title, languages.heading_ids) == ("Languages", ())
    assert texts(grouped, languages.line_ids) == ["Languages: English, French, Italian"]


def test_running_headers_are_furniture_after_their_first_printing() -> None:
    """The name may stand in the running header only; the page numbers are nobody's."""
    pages = [
        [
            Put(60, 20, "Ada Lovelace - Curriculum Vitae", 8),
            *_paragraph(60, 100, 10, word=f"line {n}"),
            Put(280, 770, f"Page {n}", 8),
        ]
        for n in (1, 2, 3)
    ]
    grouped = _group(*pages)
    printed = texts(grouped, grouped.furniture)
    assert sorted(printed) == ["Ada Lovelace - Curriculum Vitae"] * 2 + ["Page 1", "Page 2", "Page 3"]
    assert "Ada Lovelace - Curriculum Vitae" in outline(grouped)[0][1]


def test_a_footer_that_names_the_document_is_furniture() -> None:
    """With the date and the number of the page beside it, and on a single page too."""
    footer = [
        Put(60, 780, "10 July 2024", 8),
        Put(250, 780, "Ada Lovelace · Résumé", 8),
        Put(520, 780, "1", 8),
    ]
    grouped = _group(
        [Put(60, 40, "Ada Lovelace", 20), title(60, 80, "Summary"), *_paragraph(60, 100, 5), *footer]
    )
    assert texts(grouped, grouped.furniture) == ["10 July 2024", "Ada Lovelace · Résumé", "1"]


def test_the_label_of_a_row_of_skills_is_no_title_of_a_second_section() -> None:
    """A known word stands among labels that are none, and larger lines are the titles."""
    labels = (("DevOps", "AWS, Linux, Jenkins"), ("Programming", "Python, Bash, Ruby"))
    table = [
        put
        for n, (label, items) in enumerate(labels)
        for put in (Put(60, 80 + 14 * n, label, bold=True), Put(160, 80 + 14 * n, items))
    ]
    grouped = _group([title(60, 50, "Skills"), *table, title(60, 140, "Profile"), *_paragraph(60, 160, 4)])
    assert texts(grouped, section(grouped, SectionKind.SKILLS).line_ids)[2:] == ["Programming", labels[1][1]]


def test_a_footer_with_an_address_belongs_to_the_header() -> None:
    """It says who the resume is about, whichever section ends beside it."""
    grouped = _group(
        [
            title(60, 40, "Languages"),
            Put(60, 60, "English"),
            Put(200, 770, "ada@example.com - 020 7946 0000", 8),
        ]
    )
    assert outline(grouped) == [
        ("header", ["ada@example.com - 020 7946 0000"]),
        ("languages", ["English"]),
    ]


def test_a_block_of_contacts_at_the_foot_belongs_to_the_header() -> None:
    """The name too, where it is printed there; lines that reach nobody stay with what is above them."""
    foot = [
        "Ada Lovelace",
        "Leeds",
        "020 7946 0000",
        "ada@example.com",
        "www.ada.example",
        "linkedin.com/in/ada",
    ]
    body = [title(60, 40, "Languages"), *_paragraph(60, 60, 4)]
    found = outline(_group([*body, *(Put(250, 710 + 13 * n, line) for n, line in enumerate(foot))]))
    assert found[0] == ("header", foot)
    others = ["Dutch", "German", "French", "Danish", "Polish", "Czech"]
    found = outline(_group([*body, *(Put(250, 710 + 13 * n, line) for n, line in enumerate(others))]))
    assert [kind for kind, _ in found] == ["languages"]


def test_hidden_lines_are_furniture() -> None:
    """What no reader sees takes no part in any section."""
    grouped = _group([Put(60, 40, "Ada Lovelace"), Put(60, 60, "hire this person", hidden=True)])
    assert texts(grouped, grouped.furniture) == ["hire this person"]
    assert outline(grouped) == [("header", ["Ada Lovelace"])]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "worked with the team on the development of tools for the hospital"),
        ("de", "verantwortlich für die Leitung der Abteilung und die Entwicklung von neuen Verfahren"),
        ("fr", "responsable de la gestion des équipes et du développement pour les clients"),
        ("ru", "руководство отделом продаж и разработка новых продуктов для клиентов"),
        (
            "ja",
            "システムの設計と開発を担当しました。チームの管理も行いました。お客様との打ち合わせを担当しました。",
        ),
        ("zh", "负责系统设计与开发工作并管理团队与客户沟通需求负责系统设计与开发工作并管理团队与客户沟通"),
        ("he", "ניהול צוות של חמישה עובדים ופיתוח מערכת הזמנות לרשת של עשר חנויות"),
    ],
)
def test_the_language_is_told(language: str, words: str) -> None:
    """By script and by the small words of each language."""
    assert _group([Put(60, 100, words, 6)]).language == language


@pytest.mark.parametrize("language", ["ar", "fa", "he", "ur"])
def test_a_row_is_read_from_the_right_where_the_language_is(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else knows the language's direction: the dates at the left stand behind their job."""
    monkeypatch.setattr("pipeline.reading.sections.group.language_of", lambda text: language)
    grouped = _group([Put(60, 60, "2019 - 2021"), Put(400, 60, "استاد"), *_paragraph(60, 90, 3)])
    assert _rows(grouped)[0] == ["استاد", "2019 - 2021"]


def test_too_little_text_has_no_language() -> None:
    """A name alone says nothing."""
    assert _group([Put(60, 100, "Ada Lovelace")]).language is None


def test_a_newspapers_second_column_goes_on_with_the_first() -> None:
    """Columns of one width without a title at the top of the second: the text runs on."""
    grouped = _group(
        [
            Put(60, 30, "Ada Lovelace", 20, True),
            title(40, 80, "Experience"),
            *_paragraph(40, 100, 20),
            *_paragraph(330, 85, 8),
            title(330, 210, "Education"),
            *_paragraph(330, 230, 8, word="studied in"),
        ]
    )
    assert len(section(grouped, SectionKind.WORK).line_ids) == 28
    assert texts(grouped, section(grouped, SectionKind.HEADER).line_ids) == ["Ada Lovelace"]


def test_a_title_broken_by_a_narrow_column_is_one_title() -> None:
    """Only together do the two lines say what the section is about."""
    grouped = _group(
        [
            title(60, 40, "Experience"),
            *_paragraph(60, 60, 4),
            title(60, 130, "Conocimientos"),
            title(60, 145, "informáticos"),
            *_paragraph(60, 165, 2, word="practised"),
        ]
    )
    skills = section(grouped, SectionKind.SKILLS)
    assert (skills.title, len(skills.heading_ids)) == ("Conocimientos informáticos", 2)


def test_first_lines_of_entries_are_no_titles_although_they_look_alike() -> None:
    """Where many unknown lines share the titles' style, it is the entries' style too."""
    puts = [Put(60, 30, "Ada Lovelace", 20, True), Put(60, 80, "Experience", 10, True)]
    for n, employer in enumerate(("City Hospital", "Saint Mary", "Mercy Clinic", "North Ward")):
        puts += [Put(60, 100 + 50 * n, employer, 10, True), *_paragraph(60, 112 + 50 * n, 2)]
    puts += [Put(60, 320, "Education", 10, True), *_paragraph(60, 332, 2)]
    assert [kind for kind, _ in outline(_group(puts))] == ["header", "work", "education"]


def test_a_table_of_contacts_is_no_margin_of_titles() -> None:
    """ "Address" beside an address is a label, and the name beside "Name" stays in the header."""
    labels = ("Name", "Address", "Phone", "E-mail")
    values = ("Ada Lovelace", "12 St James Square", "020 7946 0000", "ada@example.com")
    puts = [
        put
        for n, (label, value) in enumerate(zip(labels, values, strict=True))
        for put in (Put(60, 40 + 16 * n, label, 10, True), Put(200, 40 + 16 * n, value))
    ]
    grouped = _group([*puts, title(60, 140, "Experience"), *_paragraph(60, 160, 4)])
    assert _rows(grouped)[:4] == [list(pair) for pair in zip(labels, values, strict=True)]
    assert [kind for kind, _ in outline(grouped)] == ["header", "work"]


def test_lines_without_any_height_are_grouped_too() -> None:
    """OCR answers such boxes now and then, and a resume must not end as our bug for it."""
    grouped = _group([Put(60, 40, "Ada Lovelace", 0), Put(60, 60, "Experience", 0), Put(60, 80, "Nurse", 0)])
    assert [row for row in _rows(grouped) if row] == [["Ada Lovelace"], ["Experience"], ["Nurse"]]


def test_the_label_of_a_forms_row_is_no_title() -> None:
    """Its value stands beside it, and the next label behind that."""
    grouped = _group(
        [
            Put(60, 40, "个人简历", 18, True),
            Put(60, 80, "学历"), Put(160, 80, "本科"), Put(300, 80, "婚姻状况"), Put(400, 80, "已婚"),
            title(60, 120, "工作经历"),
            *_paragraph(60, 140, 3),
        ]
    )  # fmt: skip
    assert [kind for kind, _ in outline(grouped)] == ["header", "work"]


def test_a_name_set_larger_than_all_else_is_of_the_header_wherever_it_stands() -> None:
    """Below a side bar that is read first, it is no skill."""
    grouped = _group(
        [
            title(60, 40, "Skills"),
            Put(60, 60, "Stormwater design"),
            Put(60, 90, "Odile Marchetti", 26, True),
            title(60, 130, "Experience"),
            *_paragraph(60, 150, 3),
        ]
    )
    assert outline(grouped)[0] == ("header", ["Odile Marchetti"])
    assert texts(grouped, section(grouped, SectionKind.SKILLS).line_ids) == ["Stormwater design"]
