"""Work and education: entries told apart, and each text in its slot, however the page is laid out."""

from __future__ import annotations

import pytest

from pipeline.domain.profile import Education, Work
from pipeline.reading.entries.education import read_education
from pipeline.reading.entries.work import read_work
from pipeline.reading.page.rows import Rows
from tests.reading.pages import Cell, Row, draw


def works(*rows: Row) -> list[Work]:
    sections = draw({"work": list(rows)})
    return read_work(Rows(sections).of(sections.sections[0]))


def education(*rows: Row) -> list[Education]:
    sections = draw({"education": list(rows)})
    return read_education(Rows(sections).of(sections.sections[0]))


def told(work: Work) -> tuple[str | None, str | None, str | None, str | None]:
    end = "present" if work.is_current else work.end.value if work.end else None
    return (
        work.title.value if work.title else None,
        work.employer.value if work.employer else None,
        work.start.value if work.start else None,
        end,
    )


EXPECTED = [
    ("Ward Manager", "Northwind Clinic", "2021-03", "present"),
    ("Staff Nurse", "Acme Ltd", "2018", "2020"),
]

LAYOUTS: dict[str, list[Row]] = {
    "piped": [
        "Ward Manager | Northwind Clinic | Mar 2021 – Present",
        "• Led nine nurses",
        "Staff Nurse | Acme Ltd | 2018 – 2020",
        "• Ran wards",
    ],
    "title first, dates right": [
        [Cell("Ward Manager", bold=True), Cell("Mar 2021 – Present", 0.7)],
        "Northwind Clinic",
        "• Led nine nurses",
        [Cell("Staff Nurse", bold=True), Cell("2018 – 2020", 0.7)],
        "Acme Ltd",
        "• Ran wards",
    ],
    "employer first, dates below": [
        [Cell("Northwind Clinic", bold=True), Cell("Leeds, UK", 0.7)],
        [Cell("Ward Manager"), Cell("Mar 2021 – Present", 0.7)],
        "• Led nine nurses",
        [Cell("Acme Ltd", bold=True), Cell("Leeds, UK", 0.7)],
        [Cell("Staff Nurse"), Cell("2018 – 2020", 0.7)],
        "• Ran wards",
    ],
    "dates above": [
        "Mar 2021 – Present",
        "Ward Manager – Northwind Clinic",
        "• Led nine nurses",
        "2018 – 2020",
        "Staff Nurse – Acme Ltd",
        "• Ran wards",
    ],
    "dates last, no bullets": [
        "Ward Manager",
        "Northwind Clinic",
        "Mar 2021 – Present",
        Cell("Staff Nurse", gap=1.2),
        "Acme Ltd",
        "2018 – 2020",
    ],
    "gutter": [
        [Cell("Mar 2021 – Present"), Cell("Ward Manager", 0.35, bold=True)],
        [Cell("Northwind Clinic", 0.35)],
        [Cell("• Led nine nurses", 0.35)],
        [Cell("2018 – 2020"), Cell("Staff Nurse", 0.35, bold=True)],
        [Cell("Acme Ltd", 0.35)],
        [Cell("• Ran wards", 0.35)],
    ],
    "table": [
        [Cell("Mar 2021 – Present"), Cell("Ward Manager", 0.35), Cell("• Led nine nurses", 0.6)],
        [Cell("Northwind Clinic", 0.35), Cell("• Cut errors", 0.6)],
        [Cell("2018 – 2020"), Cell("Staff Nurse", 0.35), Cell("• Ran wards", 0.6)],
        [Cell("Acme Ltd", 0.35), Cell("• Kept records", 0.6)],
    ],
    "at": [
        "Ward Manager at Northwind Clinic, Mar 2021 – Present",
        "• Led nine nurses",
        "Staff Nurse at Acme Ltd, 2018 – 2020",
        "• Ran wards",
    ],
    "labelled": [
        "Company: Northwind Clinic",
        "Position: Ward Manager",
        "Duration: Mar 2021 – Present",
        "• Led nine nurses",
        "Company: Acme Ltd",
        "Position: Staff Nurse",
        "Duration: 2018 – 2020",
        "• Ran wards",
    ],
    "brackets": [
        "Ward Manager, Northwind Clinic, Leeds (Mar 2021 – Present)",
        "• Led nine nurses",
        "Staff Nurse, Acme Ltd (2018 – 2020)",
        "• Ran wards",
    ],
    "broken dates": [
        [Cell("Mar 2021 –"), Cell("Ward Manager", 0.35)],
        [Cell("Present"), Cell("Northwind Clinic", 0.35)],
        [Cell("• Led nine nurses", 0.35)],
        [Cell("2018 –"), Cell("Staff Nurse", 0.35)],
        [Cell("2020"), Cell("Acme Ltd", 0.35)],
        [Cell("• Ran wards", 0.35)],
    ],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_positions_come_out_alike_from_every_layout(layout: str) -> None:
    """The same two jobs are read from each way to print them."""
    assert [told(work) for work in works(*LAYOUTS[layout])] == EXPECTED


def test_roles_under_one_employer_share_it() -> None:
    """A heading with the employer alone lends it to the roles below."""
    found = works(
        Cell("Acme Ltd, Hull", bold=True),
        [Cell("Team Leader"), Cell("2020 – 2022", 0.7)],
        "• Led",
        [Cell("Engineer"), Cell("2018 – 2020", 0.7)],
        "• Built",
    )
    assert [told(w)[:2] for w in found] == [("Team Leader", "Acme Ltd"), ("Engineer", "Acme Ltd")]


@pytest.mark.parametrize("city", ["Lucknow", "Spokane"], ids=["a known city", "an unknown one"])
def test_an_employer_that_nobody_knows_is_no_place_for_the_city_behind_it(city: str) -> None:
    """ "Greenriver Creatives, Lucknow" above the title, among entries that print the title first."""
    found = works(
        Cell(f"Greenriver Creatives, {city}", bold=True),
        [Cell("News Editor", bold=True), Cell("2020 – 2022", 0.7)],
        "• Led",
        [Cell("Sub-editor", bold=True), Cell("2018 – 2020", 0.7)],
        "• Cut",
        "Mar 2016 – May 2017",
        "Reporter, Blueriver Times, Lucknow",
        "• Wrote",
        "Mar 2014 – May 2015",
        Cell("Trainee Reporter, Redriver Times", bold=True),
        "• Learned",
        "Mar 2012 – May 2013",
        Cell("Trainee Reporter, Brownriver Times", bold=True),
        "• Filed",
    )
    assert [told(w)[:2] for w in found] == [
        ("News Editor", "Greenriver Creatives"),
        ("Sub-editor", "Greenriver Creatives"),
        ("Reporter", "Blueriver Times"),
        ("Trainee Reporter", "Redriver Times"),
        ("Trainee Reporter", "Brownriver Times"),
    ]


def test_a_firm_broken_before_its_legal_form_is_whole() -> None:
    """A narrow column puts "GmbH" on the next line, the dates stay where they are."""
    (found,) = works(
        [Cell("Redriver Software", bold=True), Cell("2018 – 2020", 0.4)],
        Cell("GmbH, Leeds", bold=True),
        "Engineer",
        "• Built",
    )
    assert told(found) == ("Engineer", "Redriver Software GmbH", "2018", "2020")


@pytest.mark.parametrize(
    "dates",
    [
        [Cell("09/2018", 0.6), Cell("04/2020", 0.8)],
        [Cell("09/2018 … 04/2020", 0.6)],
        [Cell("09/2018 – 04/2020 (1 jaar 8 mnd)", 0.6)],
    ],
)
def test_ranges_are_told_however_they_are_set(dates: list[Cell]) -> None:
    """In two cells, with the dash that OCR reads, with their duration."""
    found = works(
        [Cell("Engineer at Acme Ltd"), *dates],
        "• Built",
        [Cell("Fitter at Blueriver Ltd"), *dates],
        "• Fitted",
    )
    assert [told(w) for w in found] == [
        ("Engineer", "Acme Ltd", "2018-09", "2020-04"),
        ("Fitter", "Blueriver Ltd", "2018-09", "2020-04"),
    ]


def test_unknown_titles_are_told_by_the_sections_order() -> None:
    """Where the words say nothing, the place that the other entries give the title decides."""
    found = works(
        "Accountant | Blueriver | 2019 – 2021",
        "• Closed books",
        "Zymurgist | Greenriver | 2017 – 2019",
        "• Brewed",
        "Cashier | Redriver | 2015 – 2017",
        "• Sold",
    )
    assert told(found[1])[:2] == ("Zymurgist", "Greenriver")


def test_a_title_keeps_its_own_comma() -> None:
    """ "Vice President, Banking Operations" is one title when the employer stands elsewhere."""
    (found,) = works(
        [Cell("Telcoin", bold=True), Cell("Aug 2020 - Present", 0.7)], "Vice President, Banking Operations"
    )
    assert told(found)[:2] == ("Vice President, Banking Operations", "Telcoin")


def test_a_bullet_goes_on_over_lines_and_hyphens() -> None:
    """A wrapped bullet is one bullet, its broken word made whole."""
    (found,) = works(
        "Engineer | Acme Ltd | 2019 – 2021",
        Cell("• Reduced the time that deploy-", 0.1),
        Cell("ments took by half", 0.12),
    )
    assert [b.value for b in found.bullets] == ["Reduced the time that deployments took by half"]


def test_a_heading_of_fields_goes_on_with_no_full_bullet_above_it() -> None:
    """A bullet that fills its line may go on below; "Firm | Title | Dates" is no such going on."""
    wide = "• Trained seven colleagues and kept the ledger of all the wards, and of every visit that was made"
    found = works(
        "Acme Ltd | Staff Nurse | 2013 – 2018",
        wide,
        "Blueriver Kuipers | Staff Nurse | 2012 – 2013",
        "• Ran wards",
    )
    assert [told(w)[:2] for w in found] == [("Staff Nurse", "Acme Ltd"), ("Staff Nurse", "Blueriver Kuipers")]


def test_a_bullets_year_starts_no_position() -> None:
    """A date in prose is no entry's."""
    found = works(
        "Engineer | Acme Ltd | 2019 – 2021",
        "• Launched the 2020 edition of the annual report to 300 readers.",
    )
    assert len(found) == 1


def test_dates_broken_over_three_lines_are_whole() -> None:
    """A narrow gutter may break a range twice, and leave rows with nothing of their own."""
    (found,) = works([Cell("June"), Cell("Engineer | Acme Ltd", 0.4)], "2022-January", "2023", "• Built")
    assert told(found) == ("Engineer", "Acme Ltd", "2022-06", "2023-01")


def test_a_heading_of_many_lines_is_cut_short_and_read() -> None:
    """What stands beyond the texts that a heading can have is left aside, told or not."""
    assert works(*["Engineer"] * 9, "Engineer at Acme", "2019 – 2020", "• Built")


def test_employment_types_are_told() -> None:
    """An internship is known by its title, a part-time job by its bracket."""
    intern, part_time = works(
        "Marketing Intern | Acme Ltd | 2019 – 2020",
        "• A",
        "Clerk (part-time) | Acme Ltd | 2018 – 2019",
        "• B",
    )
    assert intern.type is not None
    assert intern.type.value == "internship"
    assert part_time.type is not None
    assert part_time.type.value == "part-time"


DEGREES = {
    "MSc Data Science, University of Hull, 2016 – 2018": (
        "MSc Data Science",
        "master",
        "University of Hull",
        "Data Science",
    ),
    "Bachelor of Science in Physics | Ohio State University | 2012 – 2016": (
        "Bachelor of Science in Physics",
        "bachelor",
        "Ohio State University",
        "Physics",
    ),
    "Technische Universität Dresden – Diplom-Ingenieur Maschinenbau, 2005 – 2010": (
        "Diplom-Ingenieur Maschinenbau",
        "master",
        "Technische Universität Dresden",
        "Maschinenbau",
    ),
    "Licence professionnelle Commerce, École supérieure de Nantes, 2018 – 2021": (
        "Licence professionnelle Commerce",
        "bachelor",
        "École supérieure de Nantes",
        "Commerce",
    ),
    "Московский государственный университет | Магистр прикладной математики | 2006 – 2010": (
        "Магистр прикладной математики",
        "master",
        "Московский государственный университет",
        None,
    ),
    "東京大学 工学部 情報工学科 卒業 2009年4月 – 2012年3月": (
        "工学部 情報工学科 卒業",
        "bachelor",
        "東京大学",
        None,
    ),
    "جامعة القاهرة | بكالوريوس علوم الحاسب | 2008 – 2012": (
        "بكالوريوس علوم الحاسب",
        "bachelor",
        "جامعة القاهرة",
        None,
    ),
}


@pytest.mark.parametrize(("line", "expected"), DEGREES.items())
def test_degrees_and_schools_are_told_apart(line: str, expected: tuple[str, str, str, str | None]) -> None:
    """Degree, level, institution and field, in several languages."""
    (found,) = education(line)
    assert found.degree is not None
    assert found.institution is not None
    assert (found.degree.raw.value, found.degree.level, found.institution.value) == expected[:3]
    if expected[3]:
        assert [f.value for f in found.fields] == [expected[3]]


def test_a_lone_date_is_the_graduations() -> None:
    """One date beside a degree is its end."""
    (found,) = education([Cell("BA History"), Cell("June 2016", 0.7)], "University of Hull")
    assert found.start is None
    assert found.end is not None
    assert found.end.value == "2016-06"


def test_a_grade_is_no_part_of_the_degree() -> None:
    """GPA and classification go to the grade."""
    (found,) = education(
        "Stanford University", [Cell("Master of Science in Physics; GPA: 3.95"), Cell("2013 – 2014", 0.7)]
    )
    assert found.degree is not None
    assert found.degree.raw.value == "Master of Science in Physics"
    assert found.grade is not None
    assert found.grade.value == "3.95"


def test_an_open_end_is_ongoing() -> None:
    """A degree without an end is under way."""
    (found,) = education("PhD in Biology, University of Leeds, 2022 – present")
    assert found.status == "ongoing"
    assert found.end is None


def test_a_duty_without_a_bullet_is_no_employer() -> None:
    """An indented clause below a role belongs to its body; the group's heading gives the employer."""
    rows: list[Row] = [
        [Cell("Lonewood Storage, Inc.", bold=True, size=12), Cell("2011 – Present", left=0.8)],
        [Cell("Site Director", bold=True), Cell("March 2019 – Present", left=0.75)],
        Cell("Opened the second site on time", left=0.12),
        [Cell("Shift Supervisor", bold=True), Cell("January 2011 – May 2014", left=0.75)],
        Cell("Led a night crew of 22", left=0.12),
    ]
    found = works(*rows)
    assert [(w.title.value, w.employer.value) for w in found if w.title and w.employer] == [
        ("Site Director", "Lonewood Storage, Inc."),
        ("Shift Supervisor", "Lonewood Storage, Inc."),
    ]


def test_degrees_of_one_row_each_stay_apart_when_only_some_have_ranges() -> None:
    """A row with a degree, a school and a year is an entry, also beside one with a range."""
    rows: list[Row] = [
        [Cell("MBA, Hill County University"), Cell("2016", left=0.85)],
        [Cell("BSc Economics, West Vale University"), Cell("2003 – 2007", left=0.8)],
    ]
    found = education(*rows)
    assert [(e.institution.value, e.end.value) for e in found if e.institution and e.end] == [
        ("Hill County University", "2016"),
        ("West Vale University", "2007"),
    ]


def test_freelance_work_is_not_given_the_employer_above() -> None:
    """Where others name an employer, "Freelance" stands in its place."""
    rows: list[Row] = [
        [Cell("Data Analyst | Baltic Insurance Group"), Cell("2019 – 2021", left=0.8)],
        "• Built reports",
        [Cell("Web Developer | Freelance"), Cell("2016 – 2019", left=0.8)],
        "• Built shops",
    ]
    found = works(*rows)
    assert [w.employer.value for w in found if w.employer] == ["Baltic Insurance Group", "Freelance"]


def test_a_title_that_ends_in_an_accented_small_word_goes_on_in_the_next_line() -> None:
    (found,) = works("Leiter für", "Einkauf", "Nordwind GmbH", "03/2019 – 05/2021", "• Führte neun Leute")
    assert told(found) == ("Leiter für Einkauf", "Nordwind GmbH", "2019-03", "2021-05")


@pytest.mark.parametrize("label", ["média", "Media", "MÉDIA"])
def test_a_grade_is_cut_off_its_degree_however_its_label_is_spelt(label: str) -> None:
    (found,) = education(f"Bacharel em Física, {label}: 8.7 | Universidade de Lisboa | 2015")
    assert found.degree
    assert found.degree.raw.value == "Bacharel em Física"
    assert found.grade
    assert found.grade.value == "8.7"


def test_bullets_may_open_the_entries() -> None:
    """Where what they open is set bold, and nothing else is."""
    found = works(
        Cell("► ACME LABORATORIES", bold=True),
        "Sales Manager (Sep 2021 to date)",
        "Looks after five persons in three towns of the south.",
        Cell("► REDRIVER PHARMA", bold=True),
        "Sales Officer (Nov 2015 to Jan 2018)",
    )
    assert [told(work)[:2] for work in found] == [
        ("Sales Manager", "ACME LABORATORIES"),
        ("Sales Officer", "REDRIVER PHARMA"),
    ]


def test_a_bold_heading_may_end_with_a_full_stop() -> None:
    """Where dates stand below each."""
    found = works(
        Cell("Acme Cold Stores (Leeds) – Forklift Driver.", bold=True),
        "March 2015 – Present",
        "Loading of trailers, looking after a team of six on the back shift.",
        Cell("Redriver Parcels (Leeds) – Driver.", bold=True),
        "August 2012 - February 2015",
        "80 drops a day.",
    )
    assert [told(work)[:3] for work in found] == [
        ("Forklift Driver", "Acme Cold Stores", "2015-03"),
        ("Driver", "Redriver Parcels", "2012-08"),
    ]


def test_a_bold_firm_above_a_plain_title_belongs_to_it() -> None:
    """Also where the first firm of the section is not bold."""
    found = works(
        "Acme Ltd",
        "Field Technician (Aug. 2017 – Dec. 2019)",
        "• Kept 32 sites",
        Cell("Redriver Ltd", bold=True),
        "Installer (Jan. 2016 – July 2017)",
        "• Set up routers",
    )
    assert [told(work)[:2] for work in found] == [
        ("Field Technician", "Acme Ltd"),
        ("Installer", "Redriver Ltd"),
    ]


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Second de cuisine chez Hôtel de Nîmes", ("Second de cuisine", "Hôtel de Nîmes")),
        ("KITCHEN MANAGER- EMBERCO", ("KITCHEN MANAGER", "EMBERCO")),
        ("Ward Manager, Northwind Clinic, Grantwell", ("Ward Manager", "Northwind Clinic")),
    ],
    ids=["a word for at", "a dash set against the title", "a place nobody knows"],
)
def test_a_heading_is_cut_where_its_fields_meet(heading: str, expected: tuple[str, str]) -> None:
    (found,) = works([Cell(heading), Cell("2018 – 2020", 0.7)], "• Led")
    assert told(found)[:2] == expected


def test_what_leads_to_a_date_is_no_firm() -> None:
    """ "De" of "De février 2014 à août 2018" """
    (found,) = works("Chef de rayon", "Supermarchés Vallombreuse", "De février 2014 à août 2018", "• Gestion")
    assert told(found) == ("Chef de rayon", "Supermarchés Vallombreuse", "2014-02", "2018-08")


def test_every_date_in_the_gutter_begins_a_degree() -> None:
    """A single one beside ranges, too; and what nobody knows beside a sure school is the degree."""
    found = education(
        [Cell("2021"), Cell("DU Prise en charge de la douleur – Université des Alpes", 0.3)],
        [Cell("2009 – 2012"), Cell("Licence de droit – Université de Lyon", 0.3)],
        [Cell("2008"), Cell("Baccalauréat ES – Lycée Louise-Desgranges", 0.3)],
    )
    assert [
        (one.degree.raw.value, one.end.value)
        for one in found
        if one.degree is not None and one.end is not None
    ] == [
        ("DU Prise en charge de la douleur", "2021"),
        ("Licence de droit", "2012"),
        ("Baccalauréat ES", "2008"),
    ]


@pytest.mark.parametrize(
    ("line", "degree"),
    [
        ("A levels: Maths (B), Art (C), Hill Sixth Form College, 2009", "A levels"),
        ("K.C.S.E., Mary Mother Girls Secondary School, 2012", "K.C.S.E."),
        ("Técnico Superior en Comercio. I.E.S. Alcornocal Alto. 2011", "Técnico Superior en Comercio"),
        ("B.A., Cognitive Science, University of Norland, Easton, 2009", "B.A., Cognitive Science"),
    ],
    ids=[
        "its subjects behind a colon",
        "an abbreviation nobody listed",
        "a full stop between fields",
        "a field of study behind a comma",
    ],
)
def test_a_degree_is_what_stands_before_the_school(line: str, degree: str) -> None:
    """Its subjects are a part of it where they are told as its field."""
    (found,) = education(line)
    assert found.degree is not None
    assert found.degree.raw.value == degree


def test_a_leave_among_jobs_is_none() -> None:
    """Nobody employs who is on one."""
    found = works(
        [Cell("2009 – 2017"), Cell("Buchhalterin (Teilzeit, 25 Std.); Autohaus Brandes GmbH", 0.3)],
        [Cell("2006 – 2009"), Cell("Elternzeit", 0.3)],
        [Cell("2001 – 2006"), Cell("Sachbearbeiterin; Baustoff AG", 0.3)],
    )
    assert [told(work)[:2] for work in found] == [
        ("Buchhalterin", "Autohaus Brandes GmbH"),
        ("Sachbearbeiterin", "Baustoff AG"),
    ]


def test_bullets_that_end_with_dates_are_entries() -> None:
    """Also with a full stop behind them."""
    found = education(
        "▪ Técnico Superior en Comercio. I.E.S. Alcornocal, Sevilla. 2009 – 2011.",
        "▪ Bachillerato. I.E.S. Alcornocal, Sevilla. 2007 – 2009.",
    )
    assert [one.degree.raw.value for one in found if one.degree] == [
        "Técnico Superior en Comercio",
        "Bachillerato",
    ]


def test_a_client_is_no_employer() -> None:
    """Projects within a job tell for whom they were."""
    found = works(
        Cell("Acme Contracting Co.", bold=True),
        [Cell("Site Engineer"), Cell("Mar 2019 – May 2021", 0.7)],
        [Cell("Client"), Cell(": Seaside Real Estate", 0.3)],
        [Cell("Value"), Cell(": QAR 312 million", 0.3)],
        "• Supervised precast ramps",
    )
    assert [told(work)[:2] for work in found] == [("Site Engineer", "Acme Contracting Co.")]


def test_numbered_bold_headings_head_entries() -> None:
    """Their bodies have bullets of another kind."""
    found = works(
        Cell("1. Laboratory Technologist at Acme Hospitals Ltd", bold=True),
        "From March 2018 up to now",
        "• Haematology",
        Cell("2. Laboratory Assistant at Redriver Diagnostic Centre", bold=True),
        "From October 2014 up to February 2018",
        "• Sample collection",
    )
    assert [told(work)[:3] for work in found] == [
        ("Laboratory Technologist", "Acme Hospitals Ltd", "2018-03"),
        ("Laboratory Assistant", "Redriver Diagnostic Centre", "2014-10"),
    ]


def test_a_line_with_a_year_among_duties_is_no_job() -> None:
    """Where every job is headed in bold above its dates, a remark with a year is a duty; a job in one line is a job."""
    found = works(
        [Cell("Lead Baker, Corner Mill", bold=True)],
        "2018-03 — Present",
        "Taught two apprentices.",
        "Spoke at the Grain Conference 2019",
        "Featured in the Baker's Journal in March 2021",
        [Cell("Baker, Oven & Sons", bold=True)],
        "2014-01 — 2018-02",
        "Baked at night.",
        "Corner Shop, Farm Worker, 2012",
    )
    assert [told(work)[:2] for work in found] == [
        ("Lead Baker", "Corner Mill"),
        ("Baker", "Oven & Sons"),
        ("Farm Worker", "Corner Shop"),
    ]


def test_a_row_of_skills_is_no_employer() -> None:
    """It ends the job above it, and heads none below."""
    found = works(
        [Cell("Data Engineer, Birchwell"), Cell("2019-06 — Present", 0.7)],
        "Birchwell sells seeds to gardeners.",
        "Python Kafka PostgreSQL Terraform",
        [Cell("Software Engineer, Ashcombe"), Cell("2016-09 — 2019-05", 0.7)],
        "Ashcombe sells bricks to builders.",
        "Java Spring Hibernate Oracle",
    )
    assert [told(work)[:2] for work in found] == [
        ("Data Engineer", "Birchwell"),
        ("Software Engineer", "Ashcombe"),
    ]


def test_two_years_beside_a_school_are_its_time() -> None:
    """No dash is printed between them, and nothing else either."""
    (found,) = education([Cell("2011 2015"), Cell("Northern University", 0.3)], "Bachelor of Arts", "History")
    assert (found.start and found.start.value, found.end and found.end.value) == ("2011", "2015")


def test_a_degree_at_a_school_is_both() -> None:
    """Behind "@", or "at" where no school's word stands before it."""
    found = education(
        "Master of Statistics @ Hill Institute",
        "2019 – 2021",
        "Bread and Pastry at Corner Mill",
        "2016 – 2017",
    )
    assert [(e.degree and e.degree.raw.value, e.institution and e.institution.value) for e in found] == [
        ("Master of Statistics", "Hill Institute"),
        ("Bread and Pastry", "Corner Mill"),
    ]


def test_the_dates_of_a_degree_may_end_its_last_line() -> None:
    """Where its heading has none."""
    found = education(
        [Cell("Northern University GPA 3.8", bold=True)],
        "Master of Science in Chemistry",
        "Coursework: Kinetics, Polymers. Aug 2019 – May 2021",
        [Cell("Southern College", bold=True)],
        "Bachelor of Science in Chemistry",
        "Coursework: Analysis. Aug 2015 – May 2019",
    )
    assert [(e.start and e.start.value, e.end and e.end.value) for e in found] == [
        ("2019-08", "2021-05"),
        ("2015-08", "2019-05"),
    ]


def test_a_column_of_its_own_has_the_places() -> None:
    """Of two texts that no word tells, the one at the right is where, the one at the left is who."""
    found = works(
        [Cell("Co-Founder & CTO", bold=True), Cell("Easton", 0.75)],
        [Cell("Velo AI"), Cell("June 2021 – present", 0.75)],
        "• Built it.",
    )
    assert [told(work)[:2] for work in found] == [("Co-Founder & CTO", "Velo AI")]


def test_dates_in_a_narrow_box_are_whole() -> None:
    """The box breaks a date before its month, beside the prose."""
    found = works(
        [Cell("Office Manager, Copper Kettle", bold=True)],
        [Cell("Kept the letters of the whole office in order and answered"), Cell("2016-03 — 2018-", 0.8)],
        [Cell("the telephone for all of the partners of the house, who came"), Cell("05", 0.8)],
        "and went as they liked.",
    )
    assert [told(work)[2:] for work in found] == [("2016-03", "2018-05")]


def test_a_heading_below_a_sentence_begins_a_job() -> None:
    """Set as the text is, right under a full stop, with its dates in the next line."""
    found = works(
        "KITCHEN MANAGER- EMBERCO, MALTA",
        "Oct 2013 to May 2018",
        "Ran the kitchen of the staff canteen and ordered the food for each week of the year and the month.",
        "SOUS CHEF- FARLOW CATERING, CYPRUS",
        "March 2009 to Oct 2013",
        "Ran the kitchen of the staff canteen and ordered the food for each week of the year and the month.",
    )
    assert [told(work)[:2] for work in found] == [
        ("KITCHEN MANAGER", "EMBERCO"),
        ("SOUS CHEF", "FARLOW CATERING"),
    ]


def test_a_title_may_stand_below_one_sentence_about_the_firm() -> None:
    """What follows it is text again."""
    found = works(
        [Cell("Lumora", bold=True), Cell("01/2022 - Present", 0.8)],
        "Management of products, success and operations.",
        "Customer Success Manager",
        "Planned the yearly maintenance of the plant and kept the spare parts in stock.",
        [Cell("Netalto", bold=True), Cell("07/2016 - 06/2017", 0.8)],
        "A new solution for its partners.",
        "Product Manager",
        "Planned the yearly maintenance of the plant and kept the spare parts in stock.",
    )
    assert [told(work)[:2] for work in found] == [
        ("Customer Success Manager", "Lumora"),
        ("Product Manager", "Netalto"),
    ]


def test_a_year_before_a_colon_dates_an_entry() -> None:
    """It labels nothing."""
    found = education(
        [Cell("2000-2003:"), Cell("Hill Secondary School – K.C.S.E (C-)", 0.3)],
        [Cell("1992-1999:"), Cell("Hill Primary School - K.C.P.E", 0.3)],
    )
    assert [(e.institution and e.institution.value, e.end and e.end.value) for e in found] == [
        ("Hill Secondary School", "2003"),
        ("Hill Primary School", "1999"),
    ]


def test_a_subject_in_a_title_is_no_firm() -> None:
    """What stands behind "in" is read to its comma."""
    (found,) = works(
        [Cell("Lecturer in Early Modern History, University of Eastmarch"), Cell("2016 – 2020", 0.8)]
    )
    assert told(found)[:2] == ("Lecturer in Early Modern History", "University of Eastmarch")


def test_roles_within_the_years_at_a_firm_stand_beside_their_places() -> None:
    """No word tells that these are firms, and the firm stands above them with years that hold theirs."""
    found = works(
        [Cell("UNITED STATES ARMY, various locations"), Cell("2004 – Present", 0.8)],
        [Cell("Operations Manager – Fort Braddock", bold=True), Cell("07/2020 – Present", 0.8)],
        "Directed supply, maintenance and transport of an organisation of 620 people.",
        [Cell("Recruiter – Dayton", bold=True), Cell("09/2012 – 02/2016", 0.8)],
        "Exceeded the goal of each year by a third, three years in a row.",
    )
    assert [told(work)[:2] for work in found] == [
        ("Operations Manager", "UNITED STATES ARMY"),
        ("Recruiter", "UNITED STATES ARMY"),
    ]


def test_a_school_behind_its_year_heads_an_entry_in_small_letters_too() -> None:
    """Most of its words are set small, and it ends with a name."""
    found = education(
        [Cell("2017"), Cell("Приволжский институт управления", 0.3, bold=True)],
        [Cell("Экономический факультет, Логистика (магистр)", 0.3)],
        [Cell("2011"), Cell("Нижегородский политехнический университет им. А. Н. Морозова", 0.3, bold=True)],
        [Cell("Машиностроительный, Инженер-технолог", 0.3)],
    )
    assert [e.institution and e.institution.value for e in found] == [
        "Приволжский институт управления",
        "Нижегородский политехнический университет им. А. Н. Морозова",
    ]


def test_a_plain_line_in_small_letters_does_not_go_on_with_a_bold_one() -> None:
    """The school is set bold, its degree is not."""
    found = education(
        [Cell("Wyższa Szkoła Biznesu w Katowicach", bold=True)],
        "licencjat, kierunek: Logistyka",
        "2014 – 2017",
        [Cell("Technikum Mechaniczne nr 9", bold=True)],
        "technik mechanik",
        "2008 – 2012",
    )
    assert [e.institution and e.institution.value for e in found] == [
        "Wyższa Szkoła Biznesu w Katowicach",
        "Technikum Mechaniczne nr 9",
    ]


def test_a_bullet_tells_the_degree_that_its_heading_lacks() -> None:
    """Where the heading has the school and its place alone."""
    found = education(
        [Cell("2013–2014"), Cell("Red Bluff Career Tech", 0.3), Cell("Fairmont Springs, OK", 0.7)],
        Cell("▪ Medical Assisting Certificate", 0.3),
        [Cell("2005–2009"), Cell("Tulahoma High School", 0.3), Cell("Tulahoma, OK", 0.7)],
        Cell("▪ Diploma", 0.3),
    )
    assert [e.degree and e.degree.raw.value for e in found] == ["Medical Assisting Certificate", "Diploma"]


def test_a_major_is_no_degree_beside_one() -> None:
    """It is what the degree is in."""
    (found,) = education("Bachelor of Commerce, Hill University.", "Major : Business Administration", "2011")
    assert found.degree is not None
    assert found.degree.raw.value == "Bachelor of Commerce"


def test_no_sign_parts_a_degree_of_school_from_its_school() -> None:
    """But a name does not begin before its own words."""
    found = education("XII (Arts) Our Lady Higher Secondary School 2009", "X – Hill High School 2007")
    assert [(e.degree and e.degree.raw.value, e.institution and e.institution.value) for e in found] == [
        ("XII (Arts)", "Our Lady Higher Secondary School"),
        ("X", "Hill High School"),
    ]


def test_a_label_that_describes_the_employer_names_nobody() -> None:
    """The industry is no title."""
    found = works(
        "2012/6--2015/1 无锡金桥压缩机制造有限公司",
        [Cell("所属行业："), Cell("机械/设备/重工", 0.4)],
        [Cell("供应链部"), Cell("采购员", 0.4)],
        "负责五金、标准件的下单、跟催、对账。",
    )
    assert [told(work)[:2] for work in found] == [("采购员", "无锡金桥压缩机制造有限公司")]


def test_a_sign_between_two_titles_parts_no_fields_where_spaces_do() -> None:
    """ "店员、值班店长" is one title."""
    (found,) = works([Cell("2013.07 - 2015.02"), Cell("好邻居连锁超市 店员、值班店长", 0.4)])
    assert told(found)[:2] == ("店员、值班店长", "好邻居连锁超市")


def test_bullets_that_end_with_how_a_course_ended_are_entries() -> None:
    """Its year is the last thing that they tell."""
    found = education(
        "• ITI (Welder) – Hill Industrial Training Centre, Nagercoil, 2010 passed out",
        "• S.S.L.C. – Govt. Higher Secondary School, Kootapuli, 2008",
    )
    assert [e.end and e.end.value for e in found] == ["2010", "2008"]
