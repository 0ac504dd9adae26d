"""An inspection tells what decided: its parts add up to the scores, and its winners are what the profile has."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cli.draw import drawn
from pipeline.cli.explain import Explained, as_data, as_text, explained
from pipeline.domain.errors import DocumentError, EncryptedDocument, ResourceLimit
from pipeline.domain.profile import Profile
from pipeline.domain.text import Box, Line, Page, Text, Word
from pipeline.orchestration.inspection import Inspection, Inspector
from pipeline.reading.profile import draft_of
from pipeline.reading.sections.group import group
from pipeline.reading.why import listener, listening
from pipeline.settings import load_settings
from tests.adapters import docx_bytes, pdf_bombs
from tests.adapters.pdf_bytes import pdf, text_at

SAMPLES = Path(__file__).parents[2] / "samples"
_READ = (
    "nurse_single_column.pdf",
    "software_engineer_sidebar.pdf",
    "civil_engineer_table.pdf",
    "ecologist_academic.pdf",
    "logistica_espanol.pdf",
    "word/sales_word.docx",
)


@pytest.fixture(scope="module")
def inspector() -> Iterator[Inspector]:
    """One for all: its child processes take a second to start. What the environment names of vendors is not asked."""
    made = Inspector(load_settings(aws_s3_bucket_name="nobodys", gemini_api_key="none", parse_timeout_s=10))
    yield made
    made.close()


@pytest.fixture(scope="module")
def read(inspector: Inspector) -> dict[str, Explained]:
    """The samples, inspected."""
    return {name: look(inspector, (SAMPLES / name).read_bytes(), name) for name in _READ}


def look(inspector: Inspector, content: bytes, name: str = "file") -> Explained:
    """The bytes, inspected."""
    return explained(name, asyncio.run(inspector.inspect(content)))


@pytest.mark.parametrize("name", _READ)
def test_the_parts_of_each_score_add_up_to_it(read: dict[str, Explained], name: str) -> None:
    """Whoever sums them up by hand gets the number that decided."""
    options = [
        one for told in read[name].inspection.decisions for one in told.options if one.score is not None
    ]
    assert options
    for option in options:
        assert sum(amount for _, amount in option.parts) == pytest.approx(option.score, abs=1e-3), option


@pytest.mark.parametrize("name", _READ)
def test_the_winners_are_what_the_profile_has(read: dict[str, Explained], name: str) -> None:
    """A chosen title is the title, but for a full stop at its end; a chosen name is the person's."""
    entries = [one for one in read[name].entries if one.path and one.path.startswith("work") and one.slots]
    for entry in entries:
        titles = [o.text for s in entry.slots if s.result.startswith("title") for o in s.options if o.chosen]
        told = [fact.raw for path, fact in entry.facts if path.endswith(".title")]
        assert not titles or not told or told[0] == titles[0].removesuffix(".")
    for decision in read[name].decisions.get("name", []):
        (chosen,) = [option for option in decision.options if option.chosen]
        assert chosen.score == max(option.score or 0 for option in decision.options)


@pytest.mark.parametrize("name", _READ)
def test_every_entry_of_the_profile_says_how_it_was_read(read: dict[str, Explained], name: str) -> None:
    """By a heading, a table, labels or a sentence; with its lines."""
    draft = read[name].inspection.draft
    kept = [entry for entry in read[name].entries if entry.path]
    assert len(kept) == len(draft.work) + len(draft.education)
    assert all(entry.read_as and entry.ids for entry in kept)


def test_listening_changes_nothing_and_ends(read: dict[str, Explained]) -> None:
    """The profile is the one that is made unheard, to the byte."""
    text = read["software_engineer_sidebar.pdf"].sections.text
    with listening() as heard:
        told = draft_of(group(text))
    assert heard
    assert listener() is None
    assert told.model_dump_json() == draft_of(group(text)).model_dump_json()


def test_columns_tell_where_they_part_and_why(read: dict[str, Explained]) -> None:
    """The side bar's gutter is chosen, and each of its columns is a block."""
    found = read["software_engineer_sidebar.pdf"]
    page = found.sections.text.pages[0]
    parted = [one for told in found.on(page, "columns") for one in told.options if one.chosen]
    assert parted
    assert [one.result for one in found.on(page, "block")][:2] == ["1.1.1", "1.2.1"]


def test_a_heading_tells_why_it_is_one_and_a_bold_line_why_not(read: dict[str, Explained]) -> None:
    """Both stand in the text that is printed."""
    printed = "\n".join(as_text(read["nurse_single_column.pdf"]))
    assert 'work "Professional Experience" #7: opens work: a known title, set apart' in printed
    assert "#8 no title: no title's words in a title's style" in printed


def test_a_table_tells_its_columns_and_rows(inspector: Inspector) -> None:
    """As cells: the head, then a row each."""
    rows = [
        ("Degree", "School", "Year"),
        ("BSc Physics", "Hull University", "2010"),
        ("MSc Physics", "Leeds College", "2012"),
    ]
    page = [text_at(50, 800, "Ada Byron", size=18), text_at(50, 760, "EDUCATION", font="F2")]
    page += [
        text_at(x, 740 - 16 * i, cell)
        for i, row in enumerate(rows)
        for x, cell in zip((50, 200, 400), row, strict=True)
    ]
    found = look(inspector, pdf(["\n".join(page)]))
    (table,) = found.decisions["table"]
    assert table.result.endswith("degree | school | year")
    assert [option.text for option in table.options][1] == "row: BSc Physics | Hull University | 2010"
    assert [entry.read_as for entry in found.entries if entry.path] == ["a degree, in a table"] * 2


def test_what_is_printed_is_data_for_a_tool_too(read: dict[str, Explained]) -> None:
    """JSON holds the same: lines, sections, entries with their slots and the parts of each score."""
    told = json.loads(json.dumps(as_data(read["nurse_single_column.pdf"])))
    (page,) = told["pages"]
    assert {line["text"] for line in page["lines"]} >= {"Palliative Care Nurse"}
    slot = page["entries"][0]["slots"][0]
    (chosen,) = [option for option in slot["options"] if option["chosen"]]
    assert sum(amount for _, amount in chosen["parts"]) == pytest.approx(chosen["score"])


@pytest.mark.parametrize("name", ["nurse_single_column.pdf", "word/sales_word.docx"])
def test_a_page_is_drawn_with_what_was_read_in_colours(
    inspector: Inspector, read: dict[str, Explained], name: str
) -> None:
    """Over its picture, or on white where it has none; the legend stands beside it."""
    found = read[name]
    page = found.sections.text.pages[0]
    picture = asyncio.run(inspector.picture(found.inspection, 1))
    assert (picture is None) == name.endswith(".docx")
    image = drawn(found, page, picture)
    assert image.width > image.height
    colours = {colour for _, colour in image.getcolors(1 << 24)}
    assert {(0xDC, 0x26, 0x26), (0x15, 0x80, 0x3D), (0x47, 0x55, 0x69)} <= colours


def test_signs_that_a_terminal_obeys_are_not_printed() -> None:
    """A file may hold escape sequences; what is printed of it holds none."""
    words = tuple(Word(text, Box(0.1, 0.1, 0.3, 0.12)) for text in ("\x1b[2J", "Ada\u202e", "Byron"))
    text = Text((Page(1, 595, 842, (Line(0, 1, words, Box(0.1, 0.1, 0.3, 0.12), 12.0),)),), "made")
    sections = group(text)
    found = explained("\x1b]0;x", Inspection(b"", "application/pdf", sections, Profile(), Profile(), ()))
    assert all(line.isprintable() for line in as_text(found))


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (docx_bytes.encrypted(), EncryptedDocument),
        (docx_bytes.billion_laughs(), DocumentError),
        (pdf_bombs.huge_sheet(), ResourceLimit),
        (pdf_bombs.page_tree_cycle(), DocumentError),
        (pdf_bombs.nested_flate(400_000_000), DocumentError),
        (b"%PDF-1.4\n" + b"0" * (11 * 1024 * 1024), ResourceLimit),
        (b"#!/bin/sh", DocumentError),
    ],
)
def test_a_hostile_file_ends_as_the_service_would_end_it(
    inspector: Inspector, content: bytes, error: type[DocumentError]
) -> None:
    """In a child that is killed or refuses; the next file is read all the same."""
    with pytest.raises(error):
        look(inspector, content)
    assert look(inspector, (SAMPLES / "nurse_single_column.pdf").read_bytes()).entries
