"""Skills in tables."""

from __future__ import annotations

from pipeline.reading.entries.skill_tables import without_other_columns
from pipeline.reading.page.rows import Rows
from pipeline.reading.profile import draft_of
from tests.reading.pages import Cell, Row, draw


def kept(*rows: Row) -> list[list[str]]:
    sections = draw({"skills": list(rows)})
    return [
        [piece.text for piece in row.pieces]
        for row in without_other_columns(Rows(sections).of(sections.sections[0]))
    ]


def cells(*texts: str, bold: bool = False) -> list[Cell]:
    return [Cell(text, 0.1 + 0.2 * i, bold) for i, text in enumerate(texts)]


def test_a_table_names_skills_in_one_column() -> None:
    """Makes, levels and numbers are none; a title in bold ends the table."""
    assert kept(
        cells("Sl.", "Equipment / Software", "Make", "Level", bold=True),
        cells("1", "VFD", "ABB", "Expert"),
        cells("2", "PLC", "Allen Bradley", "Good"),
        Cell("Other", bold=True),
        cells("Welding", "Soldering"),
    ) == [["VFD"], ["PLC"], ["Other"], ["Welding", "Soldering"]]


def test_columns_that_all_name_skills_are_no_table() -> None:
    """So are rows without a head."""
    rows = [cells("Software", "Tools"), cells("Excel", "Hammer")]
    assert kept(*rows) == [["Software", "Tools"], ["Excel", "Hammer"]]


def test_a_table_of_jobs_among_skills_is_of_jobs() -> None:
    """Where nobody knows the title above it."""
    profile = draft_of(
        draw(
            {
                "skills": [
                    "Excel, Word",
                    cells("Company", "Role", "Duration", bold=True),
                    cells("Acme Ltd", "Fitter", "2012 – 2014"),
                ]
            }
        )
    )
    assert [skill.raw.value for skill in profile.skills] == ["Excel", "Word"]
    assert [job.employer.value for job in profile.work if job.employer] == ["Acme Ltd"]
