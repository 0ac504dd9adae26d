"""Degrees and jobs in sentences."""

from __future__ import annotations

import pytest

from pipeline.domain.sections import SectionKind
from pipeline.reading.entries.told import read_degrees_told, read_jobs_told
from pipeline.reading.page.rows import Row, Rows
from tests.reading.pages import draw


def rows_of(*lines: str) -> list[Row]:
    sections = draw({"education": list(lines)})
    (section,) = (one for one in sections.sections if one.kind is SectionKind.EDUCATION)
    return Rows(sections).of(section)


@pytest.mark.parametrize(
    ("sentence", "degree", "school", "end"),
    [
        ("• 12th from M.P. Board in 2010 with 52%", "12th", "M.P. Board", "2010"),
        ("• 10th passed from N.D. Secondary Board in 2011.", "10th", "N.D. Secondary Board", "2011"),
        (
            "• Completed B.Sc in Horticulture with 71.25% from Renwick Institute in 2018",
            "B.Sc in Horticulture",
            "Renwick Institute",
            "2018",
        ),
        (
            "• B.C.A from Malwa Open University, Indrapur in 2014 with 59%",
            "B.C.A",
            "Malwa Open University",
            "2014",
        ),
        (
            "• Master of Hospital Administration by distance from Nilambur Open University (2012–2014).",
            "Master of Hospital Administration",
            "Nilambur Open University",
            "2014",
        ),
        (
            "• B.A. passed from Open Learning School, Dehlipur University in 2016.",
            "B.A",
            "Open Learning School, Dehlipur University",
            "2016",
        ),
    ],
)
def test_a_degree_is_told_in_a_sentence(sentence: str, degree: str, school: str, end: str) -> None:
    """What was taken, where, when, wherever the grade stands."""
    (told,) = read_degrees_told(rows_of(sentence))
    assert told.degree is not None
    assert told.institution is not None
    assert told.end is not None
    assert (told.degree.raw.value.rstrip("."), told.institution.value, told.end.value[:4]) == (
        degree,
        school,
        end,
    )


def test_a_grade_beside_it_is_read() -> None:
    (told,) = read_degrees_told(rows_of("• Intermediate passed from W.K.B.E with 58% in 2012"))
    assert told.grade is not None
    assert told.grade.value == "58%"


@pytest.mark.parametrize(
    "line",
    [
        "Master of Science in Physics, University of Leeds, 2012",
        "Licenciatura en Física, Universidad de la República",
        "• Looked after visitors from abroad at the front desk",
    ],
)
def test_what_is_no_sentence_is_left_to_the_other_readers(line: str) -> None:
    """A list of fields, names with such words in them, a bullet of a job."""
    assert read_degrees_told(rows_of(line)) == []


@pytest.mark.parametrize(
    ("sentence", "title", "firm"),
    [
        ("• Six Months Experience in Saathi Traders as a Store Clerk.", "Store Clerk", "Saathi Traders"),
        (
            "• Worked with Lakshya Centre as Front Office Executive.",
            "Front Office Executive",
            "Lakshya Centre",
        ),
        (
            "• ROYAL PALM HOSPITAL as Dialysis Technician (2011-2014).",
            "Dialysis Technician",
            "ROYAL PALM HOSPITAL",
        ),
    ],
)
def test_a_job_is_told_with_its_firm_first(sentence: str, title: str, firm: str) -> None:
    """After a duration, a verb, or at once."""
    (told,) = read_jobs_told(rows_of(sentence))
    assert told.title is not None
    assert told.employer is not None
    assert (told.title.value, told.employer.value) == (title, firm)


def test_a_job_that_goes_on_is_current() -> None:
    (told,) = read_jobs_told(rows_of("• Currently working with Om Sai Enterprises as a Computer Operator"))
    assert told.is_current is not None
    assert told.is_current.value is True
