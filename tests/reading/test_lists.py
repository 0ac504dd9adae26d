"""Skills, languages, names and places."""

from __future__ import annotations

import pytest

from pipeline.domain.profile import Skill, pointed
from pipeline.reading.entries.lists import read_certifications, read_projects
from pipeline.reading.page.rows import Piece, Rows, join
from pipeline.reading.values.names import read_name
from pipeline.reading.values.places import place_score, read_location
from pipeline.reading.values.skills import SkillFinder, read_skills
from pipeline.reading.values.spoken import read_languages
from tests.reading.pages import Cell, Row, draw


def skills(*rows: Row) -> list[str]:
    sections = draw({"skills": list(rows)})
    return [skill.raw.value for skill in read_skills(Rows(sections).of(sections.sections[0]))]


def languages(*rows: Row) -> list[tuple[str | None, str | None]]:
    sections = draw({"languages": list(rows)})
    return [(found.iso639, found.cefr) for found in read_languages(Rows(sections).of(sections.sections[0]))]


def piece(text: str, size: float = 10.0, top: float = 0.1) -> Piece:
    return Piece(text, ((0, 0),), 1, 0.1, 0.5, top, top + 0.014, size, False)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["Python, C++, SQL"], ["Python", "C++", "SQL"]),
        (
            ["Languages: Python, C#", "Databases: PostgreSQL (MySQL, SQLite)"],
            ["Python", "C#", "PostgreSQL (MySQL, SQLite)"],
        ),
        (["• Wound care", "• Triage"], ["Wound care", "Triage"]),
        (["Python – expert", "Excel – basic"], ["Python", "Excel"]),
        (["Figma (5 years), Sketch 80 %, Adobe XD ●●●●○"], ["Figma", "Sketch", "Adobe XD"]),
        ([[Cell("Python"), Cell("●●●●○", 0.5)], [Cell("R"), Cell("●●○○○", 0.5)]], ["Python", "R"]),
        ([[Cell("Back-end", bold=True), Cell("Django, Flask", 0.4)]], ["Django", "Flask"]),
        (["Go Python Node.js TypeScript"], ["Go", "Python", "Node.js", "TypeScript"]),
        (["Over 5000 lines:", "Java • Python", "Over 1000 lines:", "C#"], ["Java", "Python", "C#"]),
        (["Proficient in Java, Kotlin and Spring"], ["Java", "Kotlin and Spring"]),
        (["I have worked with many teams across the world and enjoyed every minute of it."], []),
        (["数据分析、项目管理，Python"], ["数据分析", "项目管理", "Python"]),
    ],
)
def test_skills_come_from_lists_and_not_from_sentences(rows: list[Row], expected: list[str]) -> None:
    """Commas, bullets, categories, ratings and cells; never prose."""
    assert skills(*rows) == expected


def test_a_list_goes_on_over_a_full_line() -> None:
    """An item broken by the margin is whole, one that was broken on purpose is not joined."""
    wide = "Typography • Prototyping • Illustration • InDesign • Figma • Adobe Photoshop • Adobe"
    assert "Adobe Illustrator" in skills(wide, "Illustrator • After Effects")
    assert skills("Java • Shell • Python", "OCaml • Matlab", wide)[:5] == [
        "Java",
        "Shell",
        "Python",
        "OCaml",
        "Matlab",
    ]


def test_prose_names_listed_and_unmistakable_skills_only() -> None:
    """ "Go" in a sentence is a verb, "Go," in a list of tools is not; what the resume lists is found anywhere."""
    listed = [Skill(raw=pointed("Wound care", "Wound care", (0,)))]
    finder = SkillFinder(listed)
    assert finder.find("Let us go on and excel at wound care") == ["Wound care"]
    assert finder.find("Built it in Kubernetes with PostgreSQL") == ["Kubernetes", "PostgreSQL"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["English – native", "French: B2"], [("en", "native"), ("fr", "B2")]),
        (["Deutsch (Muttersprache), Englisch (verhandlungssicher)"], [("de", "native"), ("en", "C1")]),
        (["日本語 — 母語", "英語 — TOEIC 820 点"], [("ja", "native"), ("en", None)]),
        (["العربية — اللغة الأم"], [("ar", "native")]),
        ([[Cell("Spanish"), Cell("Full professional", 0.5)]], [("es", "C1")]),
        (["English", "Elementary proficiency"], [("en", "A2")]),
    ],
)
def test_languages_and_levels(rows: list[Row], expected: list[tuple[str, str | None]]) -> None:
    """Codes and levels of the European framework, from words of many languages."""
    assert languages(*rows) == expected


def test_the_name_is_the_largest_line_that_reads_like_one() -> None:
    """Not "Curriculum Vitae", not the title, not the town."""
    top = [
        piece("Curriculum Vitae", 18),
        piece("DALE O'NEILL", 16),
        piece("Ward Manager", 12),
        piece("San Francisco", 10),
    ]
    name = read_name(top, [], [])
    assert name.full is not None
    assert (name.full.value, name.full.raw) == ("Dale O'Neill", "DALE O'NEILL")


@pytest.mark.parametrize(
    ("text", "full", "given", "family"),
    [
        ("Dr. Ada King Byron, PhD", "Ada King Byron", "Ada King", "Byron"),
        ("Name: Ludwig van Delft", "Ludwig van Delft", "Ludwig", "van Delft"),
        ("Nyström, Oskar", "Nyström, Oskar", "Oskar", "Nyström"),
        ("高橋 拓真", "高橋 拓真", "拓真", "高橋"),
        ("Oğuz YILDIRIM", "Oğuz Yıldırım", "Oğuz", "Yıldırım"),
    ],
)
def test_names_are_taken_apart(text: str, full: str, given: str, family: str) -> None:
    """Titles and credentials go, particles stay with the family name."""
    name = read_name([piece(text, 16), piece("x@example.com")], [], [])
    assert name.full is not None
    assert name.given is not None
    assert name.family is not None
    assert (name.full.value, name.given.value, name.family.value) == (full, given, family)


def test_a_name_below_is_told_by_the_address() -> None:
    """In a footer, what the e-mail address spells is the name."""
    name = read_name(
        [piece("Kreativ und zuverlässig")], [piece("Jana Brandt · jana.brandt@example.com")], ["jana.brandt"]
    )
    assert name.full is not None
    assert name.full.value == "Jana Brandt"


def test_places_are_taken_apart() -> None:
    """City, region, country and postcode; the country as its code."""
    place = read_location(piece("17 Prime Avenue, Springfield, Pennsylvania 10111, USA"), 0.9)
    assert place.city is not None
    assert place.region is not None
    assert place.country is not None
    assert place.postcode is not None
    assert [f.value for f in (place.city, place.region, place.country, place.postcode)] == [
        "Springfield",
        "Pennsylvania",
        "US",
        "10111",
    ]


@pytest.mark.parametrize(
    ("text", "sure"),
    [("Berlin, Deutschland", True), ("Remote", True), ("Austin, TX", True), ("Wound care", False)],
)
def test_places_are_told_from_other_words(text: str, sure: bool) -> None:
    """Known places are sure, others are not."""
    assert (place_score(text) >= 1.0) is sure


def test_rows_led_by_a_year_are_certificates_of_their_own() -> None:
    """A year in the gutter begins an item, however close the rows stand."""
    rows: list[Row] = [
        [Cell("2023"), Cell("Cloud Networking, Acme Web Services", 0.2)],
        [Cell("2021"), Cell("Cluster Administrator, Northwind Foundation", 0.2)],
    ]
    sections = draw({"certifications": rows})
    found = read_certifications(Rows(sections).of(sections.sections[0]))
    assert [(c.name.value, c.date.value) for c in found if c.date] == [
        ("Cloud Networking", "2023"),
        ("Cluster Administrator", "2021"),
    ]


def test_labelled_rows_are_a_project_each() -> None:
    """ "Name: what it does" begins a project where every row does so, also without bullets."""
    sections = draw({"projects": ["Route Engine: Built a planner", "Sales Board: Created dashboards"]})
    found = read_projects(Rows(sections).of(sections.sections[0]))
    assert [project.name.value for project in found] == ["Route Engine", "Sales Board"]


def test_the_hyphen_of_a_compound_word_stays_at_a_line_end() -> None:
    """A word cut by the margin is made whole; one that is written with a hyphen keeps it."""
    assert join([piece("Built cloud-"), piece("native tools")]).text == "Built cloud-native tools"
    assert join([piece("Led infra-"), piece("structure work")]).text == "Led infrastructure work"


def test_skills_that_only_spaces_part_are_one_each() -> None:
    """Where most are known, the others are those between them; titles in bold above lists are no skills."""
    rows: list[Row] = [
        [Cell("Languages of the trade", bold=True)],
        "Python Java Plinth Rust Kotlin",
        [Cell("Databases", bold=True)],
        "PostgreSQL MySQL Redis",
    ]
    assert skills(*rows) == ["Python", "Java", "Plinth", "Rust", "Kotlin", "PostgreSQL", "MySQL", "Redis"]
