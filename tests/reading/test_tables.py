"""Degrees and jobs in tables."""

from __future__ import annotations

from collections import Counter

from pipeline.domain.sections import Section, SectionedText, SectionKind
from pipeline.reading.entries.tables import degrees_of, jobs_of, tables_in
from pipeline.reading.lexicon.fold import fold
from pipeline.reading.lexicon.load import load
from pipeline.reading.page.rows import Rows
from pipeline.reading.page.table_heads import role_of
from tests.stages.pages import Put, document

LEFTS = (50, 170, 330, 470)


def sections(rows: list[tuple[float, tuple[str, ...]]], lefts: tuple[int, ...] = LEFTS) -> Rows:
    """Rows of cells at these left edges, each row at its distance from the top; "" is no cell."""
    puts, ids = [], []
    for top, cells in rows:
        ids.append([])
        for left, text in zip(lefts, cells, strict=True):
            if text:
                ids[-1].append(len(puts))
                puts.append(Put(left, top, text))
    text = document(puts)
    every = tuple(i for row in ids for i in row)
    section = Section(SectionKind.EDUCATION, "Education", (), every)
    return Rows(SectionedText(text, (section,), tuple(tuple(row) for row in ids), (), "en"))


def rows_of(rows: list[tuple[float, tuple[str, ...]]], lefts: tuple[int, ...] = LEFTS) -> list:
    drawn = sections(rows, lefts)
    return drawn.of_ids(range(sum(bool(cell) for _, cells in rows for cell in cells)))


def told(rows: list[tuple[float, tuple[str, ...]]]) -> list[tuple[str | None, str | None, str | None]]:
    (found,) = tables_in(rows_of(rows))
    return [
        (
            one.degree.raw.value if one.degree else None,
            one.institution.value if one.institution else None,
            one.end.value if one.end else None,
        )
        for one in degrees_of(found)
    ]


def test_a_head_says_what_each_column_is() -> None:
    """In whatever order they stand, with a head that nobody knows among them."""
    assert told(
        [
            (100, ("Course", "Institution", "Year", "Class")),
            (120, ("B.Com", "Hollin College", "2010", "First")),
            (140, ("Plus Two", "Saint Clement School", "2007", "First")),
        ]
    ) == [("B.Com", "Hollin College", "2010"), ("Plus Two", "Saint Clement School", "2007")]


def test_a_head_in_two_rows_is_one_head() -> None:
    """ "Year of" above "passing", "Board /" above "University"."""
    assert told(
        [
            (100, ("Course /", "Board /", "Year of", "Marks")),
            (112, ("Examination", "University", "passing", "%")),
            (130, ("B.Com", "University of Norland", "2010", "66")),
        ]
    ) == [("B.Com", "University of Norland", "2010")]


def test_cells_that_hang_around_their_rows_middle_are_whole() -> None:
    """A word processor centres what is short beside what is wrapped: the nearest date tells whose a line is."""
    assert told(
        [
            (100, ("Degree", "College", "Year", "Marks")),
            (120, ("M.Com", "", "", "")),
            (126, ("", "Hollin College", "2013", "54")),
            (132, ("(Finance)", "", "", "")),
            (150, ("B.Com with", "Saint Clement", "", "")),
            (156, ("", "", "2010", "66")),
            (162, ("Computers", "College", "", "")),
        ]
    ) == [
        ("M.Com (Finance)", "Hollin College", "2013"),
        ("B.Com with Computers", "Saint Clement College", "2010"),
    ]


def test_the_board_stands_for_a_school_that_there_was_none_of() -> None:
    rows = [
        (100, ("Exam", "School", "Board", "Year")),
        (120, ("M.Com", "Private Study", "University of Norland", "2013")),
        (140, ("H.S.C", "Saint Clement HSS, Kottoor", "State Board", "2007")),
    ]
    assert [school for _, school, _ in told(rows)] == ["University of Norland", "Saint Clement HSS"]


def test_a_table_of_jobs_ends_where_a_form_begins() -> None:
    """Its dates run over a line's end, and what follows has labels."""
    rows = rows_of(
        [
            (100, ("Post", "Where", "Period", "Salary")),
            (120, ("Librarian", "Hill View School", "Jul 2015 to date", "")),
            (140, ("Asst. Librarian", "Sarvo College", "Aug 2012 to June", "")),
            (152, ("", "", "2015", "")),
            (190, ("Father", ": Mohan Chandra", "", "")),
        ]
    )
    (found,) = tables_in(rows)
    jobs = jobs_of(found)
    titles = [one.title.value for one in jobs if one.title is not None]
    firms = [one.employer.value for one in jobs if one.employer is not None]
    assert list(zip(titles, firms, strict=True)) == [
        ("Librarian", "Hill View School"),
        ("Asst. Librarian", "Sarvo College"),
    ]
    assert jobs[1].end is not None
    assert jobs[1].end.value == "2015-06"
    assert found.end == len(rows) - 1


def test_two_columns_and_a_sentence_are_no_table() -> None:
    """A form has labels and values; an entry's first line may hold a title, a firm and dates."""
    assert tables_in(rows_of([(100, ("Course", "Year", "", "")), (120, ("B.Com", "2010", "", ""))])) == []
    assert tables_in(rows_of([(100, ("Course manager", "Acme Ltd", "2010 - 2012", ""))])) == []


def test_two_dates_under_one_head_are_from_when_to_when() -> None:
    """ "From" and "To" below "Period", and each date over two lines of its cell."""
    rows = rows_of(
        [
            (100, ("Employer", "Rank", "Period", "")),
            (120, ("Acme Ltd", "Oiler", "05-Nov-", "20-Aug-")),
            (132, ("", "", "2022", "2023")),
            (150, ("Redriver Ltd", "Wiper", "03-Feb-", "29-Nov-")),
            (162, ("", "", "2017", "2017")),
        ],
        (50, 170, 330, 390),
    )
    (table,) = tables_in(rows)
    assert [
        (one.employer.value, one.start.value[:7], one.end.value[:7])
        for one in jobs_of(table)
        if one.employer and one.start and one.end
    ] == [("Acme Ltd", "2022-11", "2023-08"), ("Redriver Ltd", "2017-02", "2017-11")]


def test_a_column_of_dates_needs_no_known_head() -> None:
    assert told(
        [
            (100, ("Course", "Board", "Institution", "When taken")),
            (120, ("B.Com", "State", "Hollin College", "2010")),
            (140, ("Plus Two", "State", "Saint Clement School", "2007")),
        ]
    ) == [("B.Com", "Hollin College", "2010"), ("Plus Two", "Saint Clement School", "2007")]


def test_of_two_heads_that_say_the_same_the_first_counts() -> None:
    """ "Employer" before "Client"."""
    rows = rows_of(
        [
            (100, ("Employer", "Client", "Position", "Duration")),
            (120, ("Acme Ltd", "Oil Works", "Welder", "2012 – 2014")),
            (140, ("Redriver Ltd", "Gas Works", "Helper", "2008 – 2011")),
        ]
    )
    (table,) = tables_in(rows)
    assert [one.employer.value for one in jobs_of(table) if one.employer] == ["Acme Ltd", "Redriver Ltd"]


def test_a_head_that_is_known_whole_counts_before_one_that_names_more() -> None:
    """ "Position" behind "Role / type"."""
    rows = rows_of(
        [
            (100, ("School", "Role / type", "Position", "Duration")),
            (120, ("Hill Academy", "Mixed, 800", "Teacher of Science", "2012 – 2014")),
        ]
    )
    (table,) = tables_in(rows)
    assert [one.title.value for one in jobs_of(table) if one.title] == ["Teacher of Science"]


def test_a_head_names_nothing_behind_a_comma() -> None:
    """ "Type, age range, roll": a word of another language, by chance."""
    assert role_of("Type, age range, roll") is None
    assert role_of("Post held, pay point") == "title"


def test_a_course_names_the_degree_rather_than_its_level() -> None:
    assert told(
        [
            (100, ("Level", "School", "Course", "Year")),
            (120, ("Vocational", "Skills Center", "Welding NC II", "2006")),
            (140, ("Secondary", "Mabini High School", "", "2003")),
        ]
    ) == [("Welding NC II", "Skills Center", "2006"), ("Secondary", "Mabini High School", "2003")]


def test_a_school_is_the_employer_of_who_worked_there() -> None:
    rows = rows_of(
        [
            (100, ("Institution", "Designation", "Duration", "")),
            (120, ("Hill Grammar School", "English Teacher", "2013 – 2016", "")),
        ]
    )
    (table,) = tables_in(rows)
    (job,) = jobs_of(table)
    assert job.employer is not None
    assert job.employer.value == "Hill Grammar School"


def test_numbers_of_the_rows_tell_where_each_begins() -> None:
    """Whatever the lines of the other cells hold: here each date has two."""
    rows = rows_of(
        [
            (100, ("Sr.", "Employer", "Designation", "From", "To")),
            (120, ("1", "Acme Guarding &", "Security Guard", "May", "Oct.")),
            (132, ("", "Allied Services Ltd", "(Armed)", "2014", "2015")),
            (150, ("2", "Gate Security Co.,", "Asst. Security", "Mar.", "July")),
            (162, ("", "Kuwait", "Supervisor", "2018", "2021")),
        ],
        (50, 90, 230, 380, 460),
    )
    (table,) = tables_in(rows)
    assert [
        (one.employer.value, one.title.value, one.start.value, one.end.value)
        for one in jobs_of(table)
        if one.employer and one.title and one.start and one.end
    ] == [
        ("Acme Guarding & Allied Services Ltd", "Security Guard (Armed)", "2014-05", "2015-10"),
        ("Gate Security Co., Kuwait", "Asst. Security Supervisor", "2018-03", "2021-07"),
    ]


def test_text_between_the_rows_of_a_table_tells_of_the_row_above() -> None:
    """A further row with its date follows; what comes behind the last one is no part of the table."""
    rows = rows_of(
        [
            (100, ("Period", "Employer", "Position", "")),
            (120, ("2018 – 2020", "Acme Moulds Ltd", "Designer", "")),
            (
                132,
                ("Led a group of five that made forty moulds a year and planned all their tests", "", "", ""),
            ),
            (150, ("2013 – 2018", "Redriver Ltd", "Engineer", "")),
            (180, ("Skills and certificates, and much else that stands below the table here", "", "", "")),
        ]
    )
    (table,) = tables_in(rows)
    first, second = jobs_of(table)
    assert first.description is not None
    assert first.description.value.startswith("Led a group of five")
    assert second.description is None
    assert table.end == 4


def test_a_subject_is_the_degree_where_no_column_names_one() -> None:
    """ "School | Subject | From | To" """
    rows = rows_of(
        [
            (100, ("Nama Sekolah", "Jurusan", "Tahun Masuk", "Tahun Lulus")),
            (120, ("Politeknik Surya", "D3 Pemasaran", "2012", "2015")),
            (140, ("SMK Bina Karya", "Administrasi", "2009", "2012")),
        ]
    )
    (table,) = tables_in(rows)
    assert [
        (one.degree.raw.value, one.start.value, one.end.value)
        for one in degrees_of(table)
        if one.degree and one.start and one.end
    ] == [("D3 Pemasaran", "2012", "2015"), ("Administrasi", "2009", "2012")]


def test_a_head_says_one_thing() -> None:
    """A word under two meanings would silently mean the one that is loaded last."""
    meanings = [{fold(word) for word in heads} for heads in load("table_heads").values()]
    words = [word for heads in meanings for word in heads]
    ambiguous = {word for word, times in Counter(words).items() if times > 1 and word}
    assert not ambiguous


def test_a_cell_over_several_rows_is_told_once() -> None:
    """The firm of three positions stands beside the first."""
    rows = rows_of(
        [
            (100, ("Company", "Position", "Duration", "")),
            (120, ("Acme Ltd", "Manager", "2016 – 2020", "")),
            (140, ("", "Officer", "2012 – 2016", "")),
            (160, ("Redriver Ltd", "Clerk", "2008 – 2011", "")),
        ]
    )
    (table,) = tables_in(rows)
    assert [one.employer.value for one in jobs_of(table) if one.employer] == [
        "Acme Ltd",
        "Acme Ltd",
        "Redriver Ltd",
    ]
