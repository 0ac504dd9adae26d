"""E-mail addresses, phones and links."""

from __future__ import annotations

import time

import pytest

from pipeline.reading.page.rows import Piece
from pipeline.reading.values.contacts import (
    clean_url,
    emails_in,
    link_type,
    links_in,
    phones_in,
    unique_links,
)


def piece(text: str) -> Piece:
    return Piece(text, ((0, 7),), 1, 0.1, 0.5, 0.1, 0.12, 10.0, False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("E-Mail: Ada.Byron@Example.COM", "Ada.Byron@example.com"),
        ("mailto:ada@example.org", "ada@example.org"),
        ("ada[at]example.com", "ada@example.com"),
        ("ada (at) example (dot) com", "ada@example.com"),
        ("ada.byron @ example.com", "ada.byron@example.com"),
        ("Ada.Byron [ät] example [punkt] com", "Ada.Byron@example.com"),
    ],
)
def test_addresses_are_read_however_they_are_hidden(text: str, expected: str) -> None:
    """Plain and disguised addresses give the same plain address, its domain in lower case."""
    (fact,) = emails_in(piece(text))
    assert fact.value == expected
    assert fact.raw in text
    assert fact.evidence[0].line_ids == [7]


@pytest.mark.parametrize("text", ["Meet me at example street", "worked at Google.com (2019)", "C++ @ home"])
def test_prose_is_no_address(text: str) -> None:
    """ "at" in a sentence makes no address."""
    assert emails_in(piece(text)) == []


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("Phone: +44 20 7946 0958", None, "+442079460958"),
        ("030 23125211", "DE", "+493023125211"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("3751586862 1", "IN", "+913751586862"),
        ("tel: 089 99998 266", "US", "089 99998 266"),
    ],
)
def test_phones_are_e164_where_valid_and_as_printed_where_not(
    text: str, region: str | None, expected: str
) -> None:
    """A valid number is brought into E.164 with the document's region; others keep their print."""
    (fact,) = phones_in(piece(text), region)
    assert fact.value == expected


@pytest.mark.parametrize("label", ["Komórka", "Móvil", "Teléfono", "TELEMÓVEL", "Телефон", "携帯", "هاتف"])
def test_a_label_in_any_writing_announces_a_number(label: str) -> None:
    """A number that is valid nowhere known is surer behind a label, which is compared without its accents."""
    (labelled,) = phones_in(piece(f"{label}: 12 345 67 89"), None)
    (plain,) = phones_in(piece("12 345 67 89"), None)
    assert labelled.value == plain.value == "12 345 67 89"
    assert labelled.confidence > plain.confidence


@pytest.mark.parametrize("label", ["N° SIRET", "ИНН", "Passeport", "T.C. Kimlik", "身份证"])
def test_a_documents_number_is_no_phone(label: str) -> None:
    """What stands behind the label of a document is that document's number."""
    assert phones_in(piece(f"{label} 123 456 789 00"), None) == []


@pytest.mark.parametrize(
    "text",
    [
        "2015 - 2019",
        "01.02.2015 - 03.04.2019",
        "Passport: 123456789",
        "Date of birth: 12 03 1990 11",
        "ISBN 12/34/5678901",
    ],
)
def test_dates_and_identity_numbers_are_no_phones(text: str) -> None:
    """Ranges of years, dates and the numbers of documents are left alone."""
    assert phones_in(piece(text), "US") == []


@pytest.mark.parametrize("text", ["CEP 14090-000", "〒999-0417 Tokyo", "Springfield, IL 62704-1234"])
def test_a_postal_code_is_no_phone(text: str) -> None:
    assert phones_in(piece(text), None) == []


def test_a_slash_between_spaces_parts_two_numbers() -> None:
    """And one without any is a part of a number."""
    found = phones_in(piece(": 060 000 0417 / 071 000 0932 (wife)"), None)
    assert [fact.value for fact in found] == ["060 000 0417", "071 000 0932"]
    assert [fact.value for fact in phones_in(piece("Tel. 0511/123456"), None)] == ["0511/123456"]


def test_links_are_typed_and_cleaned() -> None:
    """Hosts in lower case, tracking gone, the site named."""
    (link,) = links_in(piece("See https://www.LinkedIn.com/in/ada-byron?utm_source=x&trk=y."), bare=True)
    assert link.type == "linkedin"
    assert link.url.value == "https://www.linkedin.com/in/ada-byron"


@pytest.mark.parametrize("text", ["Node.js, ASP.NET, D3.js", "ada@example.com", "linkedin.com", "e.g. this"])
def test_names_of_technologies_and_mail_domains_are_no_links(text: str) -> None:
    """A dot makes no link."""
    assert links_in(piece(text), bare=True) == []


def test_a_handle_after_a_sites_name_is_a_link() -> None:
    """ "GitHub: @ada" is github.com/ada."""
    (link,) = links_in(piece("GitHub: @ada"), bare=True)
    assert link.url.value == "github.com/ada"


def test_one_address_is_told_once() -> None:
    """The same link with and without scheme counts once."""
    first, second = (
        links_in(piece("github.com/ada"), bare=True),
        links_in(piece("https://github.com/ada/"), bare=True),
    )
    assert len(unique_links([*first, *second])) == 1


def test_urls_keep_their_paths_case() -> None:
    """Only the host is case-blind."""
    assert clean_url("HTTPS://GitHub.com/AdaB/Repo") == "https://github.com/AdaB/Repo"
    assert link_type("www.xing.com/profile/Ada") == "xing"


def test_long_hostile_lines_are_read_quickly() -> None:
    """No pattern backtracks its way through a second."""
    begin = time.perf_counter()
    for text in (
        "a" * 4000,
        "a." * 2000,
        "1 " * 2000,
        "a@" * 1500,
        "(at) " * 800,
        "www." * 900,
        "+1(" * 1200,
    ):
        emails_in(piece(text))
        phones_in(piece(text), "US")
        links_in(piece(text), bare=True)
    assert time.perf_counter() - begin < 2.0


@pytest.mark.parametrize("text", ["B.Tech in Physics", "M.Eng, first class", "H.No 14, Mill Road"])
def test_an_abbreviation_is_no_site(text: str) -> None:
    assert links_in(piece(text), bare=True) == []


def test_words_for_links_in_a_row_are_no_handles() -> None:
    assert links_in(piece("LinkedIn | GitHub | Portfolio"), bare=True) == []
