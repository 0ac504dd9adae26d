"""Degrees and jobs in sentences."""

from __future__ import annotations

import pytest

from pipeline.domain.sections import SectionKind
from pipeline.reading.entries.told import read_degrees_told
from pipeline.reading.entries.told_jobs import read_jobs_told
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
        (
            "In Lagos I worked at Providence Bank Plc as a Customer Service Officer from 2004 until 2009.",
            "Customer Service Officer",
            "Providence Bank Plc",
        ),
        (
            "I have 2 years experience at Kaveri Coils (P) Ltd, Madurai as Apprentice Wireman from 2012 to 2014",
            "Apprentice Wireman",
            "Kaveri Coils (P) Ltd",
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


@pytest.mark.parametrize(
    ("sentence", "title", "firm"),
    [
        (
            "I am currently employed as a Senior Carer at Willow Bank Home in Lewis since June 2016.",
            "Senior Carer",
            "Willow Bank Home",
        ),
        (
            "From 2010 to 2013 I was a Cleaner at St Bride's School (part time).",
            "Cleaner",
            "St Bride's School",
        ),
        (
            "Since May 2020 I have been Shift Supervisor at Red Clay Center in Macon.",
            "Shift Supervisor",
            "Red Clay Center",
        ),
        ("I served as a waitress at Papyrus Motel between 2014 and 2016.", "waitress", "Papyrus Motel"),
        ("2012 bis 2015 war ich tätig als Verkäufer bei Nordwind GmbH.", "Verkäufer", "Nordwind GmbH"),
    ],
)
def test_a_job_is_told_with_its_title_first(sentence: str, title: str, firm: str) -> None:
    """Whatever stands around the two, and where the dates are."""
    (told,) = read_jobs_told(rows_of(sentence))
    assert told.title is not None
    assert told.employer is not None
    assert (told.title.value, told.employer.value) == (title, firm)
    assert told.start is not None


def test_sentences_are_whole_over_lines_and_what_is_no_job_tells_of_the_one_above() -> None:
    """A full line goes on in the next one; "St." and "Ltd." end no sentence."""
    first, second = read_jobs_told(
        rows_of(
            "I have worked as a Carer at St. Alban Home Ltd. in Leeds from May 2016 to May 2019, first in",
            "Ward B and then in Ward C. I gave out medication and wrote the plans of twelve persons each",
            "day. Before this I was a Cleaner at Hill School from 2010 to 2013.",
        )
    )
    assert first.title is not None
    assert first.employer is not None
    assert first.description is not None
    assert (first.title.value, first.employer.value) == ("Carer", "St. Alban Home Ltd.")
    assert "twelve persons each day." in first.description.value
    assert second.title is not None
    assert second.title.value == "Cleaner"


@pytest.mark.parametrize(
    "line",
    [
        "NVQ Level 3 in Health and Social Care at Wrenbury College, 2021",
        "Head of Data | St. Brigid's Hospital | Leeds | 02/2021 - 08/2024",
        "• Worked with the finance team as needed",
    ],
    ids=["a degree", "fields beside each other", "a duty"],
)
def test_what_tells_no_job_is_left_to_the_other_readers(line: str) -> None:
    assert read_jobs_told(rows_of(line)) == []


@pytest.mark.parametrize(
    ("sentence", "degree", "school"),
    [
        (
            "• I hold a Diploma in Hotel Catering of Lakeside College, which I finished in 2014.",
            "Diploma in Hotel Catering",
            "Lakeside College",
        ),
        ("• I did U.A.C.E at St. Balik Senior School in 2011.", "U.A.C.E", "St. Balik Senior School"),
        (
            "• I have completed I.T.I (Electrician) in Thenmalai Training Institute in the year 2011.",
            "I.T.I (Electrician)",
            "Thenmalai Training Institute",
        ),
    ],
)
def test_behind_a_verb_a_small_word_leads_to_a_school(sentence: str, degree: str, school: str) -> None:
    """There nobody has to know the degree, where its letters are an abbreviation's."""
    (told,) = read_degrees_told(rows_of(sentence))
    assert told.degree is not None
    assert told.institution is not None
    assert (told.degree.raw.value, told.institution.value) == (degree, school)


def test_a_small_word_within_a_schools_name_leads_to_none() -> None:
    assert read_degrees_told(rows_of("Abitur, Gymnasium am Silberkamp, 1998")) == []


@pytest.mark.parametrize(
    ("sentence", "degree", "school", "end"),
    [
        (
            "2006: I trained at Rift Driving College where I obtained a Certificate in Driving (grade: Pass).",
            "Certificate in Driving",
            "Rift Driving College",
            "2006",
        ),
        (
            "1993 – 2000: I went to Toror Primary School and sat for K.C.P.E scoring 312 marks.",
            "K.C.P.E",
            "Toror Primary School",
            "2000",
        ),
    ],
)
def test_a_school_may_be_told_before_what_was_gained_there(
    sentence: str, degree: str, school: str, end: str
) -> None:
    (told,) = read_degrees_told(rows_of(sentence))
    assert told.degree is not None
    assert told.institution is not None
    assert told.end is not None
    assert (told.degree.raw.value, told.institution.value, told.end.value) == (degree, school, end)


def test_dates_that_lead_their_sentences_stay_with_them() -> None:
    """Where the first paragraph begins with some, what follows each is meant."""
    first, second = read_jobs_told(
        rows_of(
            "January 2020 to date. I am working with Mlima Limited as a Truck Driver.",
            "June 2015 – December 2019. I worked with Chepkorio Sacco as a Lorry Driver.",
        )
    )
    assert first.start is not None
    assert second.start is not None
    assert (first.start.value, second.start.value) == ("2020-01", "2015-06")
