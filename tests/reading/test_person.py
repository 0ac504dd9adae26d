"""The person: forms, labels and what is glued to them."""

from __future__ import annotations

import pytest

from pipeline.domain.profile import Person
from pipeline.reading.page.rows import Rows
from pipeline.reading.person import read_person
from tests.reading.pages import Cell, draw

MAIL = "lena@example.com"


def person_of(*header: str, language: str = "en") -> Person:
    rows = [[Cell(cell) for cell in row.split(" | ")] for row in header]
    sections = draw({"header": rows, "skills": ["Welding, Pipe fitting"]}, language=language)
    return read_person(sections, Rows(sections))


def name_of(*header: str, language: str = "en") -> str | None:
    full = person_of(*header, language=language).name.full
    return full.value if full else None


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (["Name | : Tomas Feldgren", f"Email | : {MAIL}"], "Tomas Feldgren"),
        (["Adı Soyadı | : Tuncay Serhat KARABULUT", MAIL], "Tuncay Serhat Karabulut"),
        (["Nama Lengkap | : | Wening Kartikasari", MAIL], "Wening Kartikasari"),
        (["SURNAME: | ADEYEMI", "OTHER NAMES: | GRACE TOLU", MAIL], "Adeyemi Grace Tolu"),
        (["Name | Vorname(n) | Geburtsdatum", "Schlüter | Wiebke | 05.03.1992", MAIL], "Schlüter Wiebke"),
        (["Curriculam-Vitae", "Mirko Alandt (Quantity Surveyor )", MAIL], "Mirko Alandt"),
        (["J. Mercy Sugirtha, B.Sc (Dialysis)., C.H.T.", MAIL], "J. Mercy Sugirtha"),
        (["Md Rezwan", MAIL], "Md Rezwan"),
        (["K.MARIVELAN", "12 North Street, Elmford", MAIL], "K.Marivelan"),
        (["氏名 荻窪 | 千遥", MAIL], "荻窪 千遥"),
        (["職務経歴書", "氏名 御手洗 航平", MAIL], "御手洗 航平"),
        (["CURRICULUM VITAE FOR JOSPHAT KIPRONO", MAIL], "Josphat Kiprono"),
        (["Full name............... Ada Maria Byron", MAIL], "Ada Maria Byron"),
        (["M. THILAGAVATHY, | 41/B, WEAVERS COLONY,", MAIL], "M. Thilagavathy"),
        (["姓 名：司徒敏仪 出生年月：1987.12", MAIL], "司徒敏仪"),
        (["성명: (한글) 탁현경", MAIL], "탁현경"),
        (["성명 | (한글) 탁현경 | (영문) Tak Hyeonkyeong", MAIL], "탁현경"),
        (["Name: Ada Byron Born: 10.12.1985", MAIL], "Ada Byron"),
        (["Daftar Riwayat Hidup", "Wening Kartikasari", MAIL], "Wening Kartikasari"),
    ],
    ids=[
        "label-and-value", "turkish-label", "colon-in-a-cell", "in-two-rows", "below-its-labels", "remark",
        "degrees-behind-it", "md-is-a-name", "glued-initial", "halves-apart",
        "behind-its-label", "behind-the-document", "dot-leader", "an-initial",
        "before-the-next-label",
        "remark-before-it", "remark-in-a-cell", "before-the-next-label-of-words", "below-the-documents-title",
    ],
)  # fmt: skip
def test_a_name_is_found_where_forms_and_headers_put_it(header: list[str], name: str) -> None:
    """By its label, below it, or behind what else stands in its line."""
    assert name_of(*header) == name


@pytest.mark.parametrize(
    "label", ["Father's Name", "Passport No", "Language Known", "Marital Status", "Soyadı"]
)
def test_a_label_and_its_row_are_nobodys_name(label: str) -> None:
    """The row tells of somebody or something else."""
    assert name_of("Anna Keller", f"{label} | Peter Keller", MAIL) == "Anna Keller"


@pytest.mark.parametrize("printed", [f"Email-{MAIL}", f"E-mail:-{MAIL}", f"-{MAIL}", f"Email-id-{MAIL}"])
def test_a_label_glued_to_an_address_is_no_part_of_it(printed: str) -> None:
    assert [fact.value for fact in person_of("Lena Berg", printed).emails] == [MAIL]


def test_a_number_without_a_code_gets_none_that_nobody_told() -> None:
    """English is spoken in many countries: the number stays as it is printed."""
    (phone,) = person_of("Lena Berg", "Mobile: 98000 71156", MAIL).phones
    assert phone.value == "98000 71156"


def test_the_first_of_two_numbers_is_first() -> None:
    """A dash behind the label is no minus."""
    phones = person_of("Lena Berg", "Mob-90000 04410, 90000 04411", MAIL).phones
    assert [fact.value for fact in phones] == ["90000 04410", "90000 04411"]


def test_a_number_that_cannot_be_costs_nobody_the_person() -> None:
    """ "+00" is no country: the name and the address are read all the same."""
    person = person_of("Oskar Lindqvale", MAIL, "+00442079460123")
    assert person.name.full is not None
    assert [fact.value for fact in person.emails] == [MAIL]


def test_a_forms_numbers_are_no_phones() -> None:
    """An identity card's number stands in a row of its own label."""
    phones = person_of("Lena Berg", "CNIC | 35202-1234567-1", "Cell | 0300-0004417", MAIL).phones
    assert [fact.value for fact in phones] == ["0300-0004417"]


def test_the_first_number_is_the_persons_own() -> None:
    """Also where another below it is valid abroad: a parent's, or a second line."""
    person = person_of(
        "Ada Byron", f"Mobile: 050 000 4417 {MAIL}", "Home Contact: +880 1700 000417 (Brother)"
    )
    assert [fact.value for fact in person.phones] == ["050 000 4417", "+8801700000417"]


def test_a_header_of_two_lines_borrows_nothing_from_the_jobs_below() -> None:
    """A name and how to reach it are whole: the first job's place and title are not the person's."""
    sections = draw(
        {
            "header": [[Cell("Lena Berg", size=18.0)], MAIL],
            "work": [[Cell("Head of Sales, Acme Ltd"), Cell("2019 – 2021", 0.7)], "Hamburg, Germany"],
        }
    )
    person = read_person(sections, Rows(sections))
    assert person.name.full is not None
    assert person.name.full.value == "Lena Berg"
    assert (person.headline, person.location) == (None, None)


def test_an_address_broken_at_its_hyphen_keeps_it() -> None:
    """What a narrow column broke is read as it is dialled and clicked."""
    person = person_of(
        "Anna-Lena Berg", "anna-", "lena.berg@example.com", "linkedin.com/in/anna-", "lena-berg-7"
    )
    assert [fact.value for fact in person.emails] == ["anna-lena.berg@example.com"]
    assert [link.url.value for link in person.links] == ["linkedin.com/in/anna-lena-berg-7"]
