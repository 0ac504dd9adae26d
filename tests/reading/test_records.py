"""Degrees and jobs in labelled lines."""

from __future__ import annotations

from pipeline.domain.profile import Education, Work
from pipeline.reading.entries.records import read_degree_records, read_job_records
from pipeline.reading.page.rows import Rows
from tests.reading.pages import Cell, Row, draw


def jobs(*rows: Row) -> list[Work]:
    sections = draw({"work": list(rows)})
    return read_job_records(Rows(sections).of(sections.sections[0]))


def degrees(*rows: Row) -> list[Education]:
    sections = draw({"education": list(rows)})
    return read_degree_records(Rows(sections).of(sections.sections[0]))


def pair(label: str, value: str) -> list[Cell]:
    return [Cell(label), Cell(value, 0.4)]


def told(work: Work) -> tuple[str | None, str | None, str | None, str | None]:
    return (
        work.title.value if work.title else None,
        work.employer.value if work.employer else None,
        work.start.value if work.start else None,
        work.end.value if work.end else None,
    )


FITTER = ("Fitter", "Acme Ltd", "2014-05", "2016-06")
DRIVER = ("Driver", "Redriver Ltd", "2011", "2013")


def test_labels_before_a_colon_tell_their_values() -> None:
    """A label that comes again begins the next job; what nothing labels tells of the one above."""
    first, second = jobs(
        "Organisation: Acme Ltd",
        "Rank: Fitter",
        "Date: May 2014 – June 2016",
        "• Aligned pumps",
        "• Read drawings",
        "Organisation: Redriver Ltd",
        "Rank: Driver",
        "Date: 2011 – 2013",
    )
    assert (told(first), told(second)) == (FITTER, DRIVER)
    assert [bullet.value for bullet in first.bullets] == ["Aligned pumps", "Read drawings"]


def test_labels_in_cells_of_their_own_tell_the_cell_beside() -> None:
    """Also where nobody knows the label of the dates."""
    found = jobs(
        pair("Hospital", ": Acme Ltd"),
        pair("Post", ": Fitter"),
        pair("Inclusive span", ": May 2014 – June 2016"),
        pair("Hospital", ": Redriver Ltd"),
        pair("Post", ": Driver"),
        pair("Inclusive span", ": 2011 – 2013"),
    )
    assert [told(work) for work in found] == [FITTER, DRIVER]


def test_a_label_over_two_lines_of_its_cell_is_one() -> None:
    found = jobs(
        pair("Date (da – a)", "Maggio 2014 – Giugno 2016"),
        pair("Nome e indirizzo del", "Acme Ltd"),
        "datore di lavoro",
        pair("Tipo di impiego", "Fitter"),
        pair("Date (da – a)", "2011 – 2013"),
        pair("Nome e indirizzo del", "Redriver Ltd"),
        "datore di lavoro",
        pair("Tipo di impiego", "Driver"),
    )
    assert [told(work) for work in found] == [FITTER, DRIVER]


def test_a_firm_and_its_dates_may_stand_above_the_labels() -> None:
    """The last line of the job before is no part of them."""
    found = jobs(
        [Cell("05.2014 – 06.2016"), Cell("Acme Ltd", 0.4, bold=True)],
        "Position: Fitter",
        "welding by the drawings",
        [Cell("2011 – 2013"), Cell("Redriver Ltd", 0.4, bold=True)],
        "Position: Driver",
    )
    assert [told(work) for work in found] == [FITTER, DRIVER]


def test_entries_without_labels_among_them_are_read_too() -> None:
    """As everywhere: before the first labelled one, and after."""
    found = jobs(
        [Cell("Clerk, Greenriver Ltd"), Cell("2017 – 2018", 0.7)],
        "Organisation: Acme Ltd",
        "Rank: Fitter",
        "Date: May 2014 – June 2016",
        "• Aligned pumps",
        [Cell("Porter, Blueriver Ltd"), Cell("2013 – 2014", 0.7)],
        "• Carried",
        "Organisation: Redriver Ltd",
        "Rank: Driver",
        "Date: 2011 – 2013",
    )
    assert [told(work)[1] for work in found] == [
        "Greenriver Ltd",
        "Acme Ltd",
        "Blueriver Ltd",
        "Redriver Ltd",
    ]


def test_a_labelled_title_beside_other_fields_makes_no_record() -> None:
    """Such rows are headings."""
    row: Row = [Cell("2014 – 2016"), Cell("Acme Ltd", 0.3), Cell("Position: Fitter", 0.6)]
    assert jobs(row, row) == []


def test_a_degree_may_stand_above_its_labels() -> None:
    found = degrees(
        Cell("PLUS TWO:", bold=True),
        pair("Passed in", "2009"),
        pair("School", "Hill Model School"),
        Cell("TENTH:", bold=True),
        pair("Passed in", "2007"),
        pair("School", "Mission School"),
    )
    assert [
        (one.degree.raw.value, one.institution.value, one.end.value)
        for one in found
        if one.degree and one.institution and one.end
    ] == [("PLUS TWO", "Hill Model School", "2009"), ("TENTH", "Mission School", "2007")]


def test_the_head_of_a_table_labels_nothing() -> None:
    rows: list[Row] = [
        [Cell("Course"), Cell("School", 0.3), Cell("Year", 0.6)],
        [Cell("B.Com"), Cell("Hill College", 0.3), Cell("2010", 0.6)],
    ]
    assert degrees(*rows) == []


def test_as_many_rows_head_a_record_as_head_the_first() -> None:
    """What stands above them was done in the job above."""
    found = jobs(
        "Acme Ltd",
        "Position: Fitter",
        "Period: May 2014 – June 2016",
        "Alignment of pumps",
        "Reading of drawings",
        "Redriver Ltd",
        "Position: Driver",
        "Period: 2011 – 2013",
    )
    assert [told(work) for work in found] == [FITTER, DRIVER]


def test_a_label_in_two_lines_keeps_the_hyphen_that_stands_for_a_word() -> None:
    """The forms that Europe's administrations gave out for ten years have such labels, in each language."""
    rows = [
        pair("Zeitraum", "10/2000 - 06/2006"),
        pair("Bezeichnung der erworbenen", "Magistra der Naturwissenschaften"),
        "Qualifikation",
        pair("Name und Art der Bildungs-", "Mur-Universität Graz"),
        "oder Ausbildungseinrichtung",
    ]
    found = degrees(*rows, *rows)
    assert [one.institution.value for one in found if one.institution] == 2 * ["Mur-Universität Graz"]


def test_a_client_employs_nobody_whom_a_firm_does() -> None:
    """It begins no record of its own either."""
    (found,) = jobs(
        pair("Company", ": Acme Ltd"),
        pair("Client", ": Nordvale Bank"),
        pair("Role", ": Fitter"),
        pair("Duration", ": May 2014 – June 2016"),
    )
    assert told(found) == FITTER
