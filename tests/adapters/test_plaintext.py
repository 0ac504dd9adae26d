"""Plain text: encodings, columns, pages, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from pipeline.adapters.text_engines import DocumentTextEngine
from pipeline.domain.errors import CorruptDocument, ResourceLimit
from pipeline.domain.media_type import TXT, media_type
from pipeline.domain.text import Text


@pytest.fixture(scope="module")
def engine() -> Iterator[DocumentTextEngine]:
    """One parser for all."""
    made = DocumentTextEngine(processes=1, timeout_s=20, memory_mib=1024, max_pages=10)
    yield made
    made.close()


def read(engine: DocumentTextEngine, data: str | bytes) -> Text:
    content = data.encode() if isinstance(data, str) else data
    assert media_type(content) == TXT
    return asyncio.run(engine.read(content, TXT))


def printed(text: Text) -> list[str]:
    return [line.text for line in text.lines]


WORDS = {
    "utf-8": "Agnieszka Żółkiewska – inżynier",
    "utf-8-sig": "Agnieszka Żółkiewska – inżynier",
    "utf-16": "李秀英 Curriculum vitae",
    "utf-16-be": "\ufeff李秀英 Curriculum vitae",
    "cp1252": "Hélène Lévesque – ingénieure à Québec, diplômée de l’école",
    "cp1251": "Иван Лебедев, инженер-конструктор, город Самара, резюме",
    "koi8-r": "Иван Лебедев, инженер-конструктор, город Самара, резюме",
    "cp1250": "Agnieszka Żółkiewska, inżynier budownictwa, świadectwo, język niemiecki",
    "shift_jis": "履歴書 山田太郎 東京都新宿区 平成二十年四月 株式会社に入社しました",
    "gb18030": "个人简历 李秀英 软件工程师 北京大学 计算机科学与技术专业",
}


@pytest.mark.parametrize("encoding", WORDS)
def test_the_encoding_is_told_by_the_bytes(engine: DocumentTextEngine, encoding: str) -> None:
    """By a byte order mark, as UTF-8, or by which letters and words it would be."""
    expected = WORDS[encoding].removeprefix("\ufeff")
    assert printed(read(engine, WORDS[encoding].encode(encoding))) == [expected]


def test_a_run_of_spaces_is_a_gap_between_columns(engine: DocumentTextEngine) -> None:
    """Columns of the file are places on the page; two spaces behind a full stop are none."""
    rows = "Naylor Stores            2019 - 2021\n   Led a team.  Won a prize.\nHargreaves\t2017\nName:  Ada"
    text = read(engine, rows)
    assert printed(text) == [
        "Naylor Stores",
        "2019 - 2021",
        "Led a team. Won a prize.",
        "Hargreaves",
        "2017",
        "Name: Ada",
    ]
    firm, dates, told, other, year, _ = text.lines
    assert firm.box.top == dates.box.top < told.box.top < other.box.top == year.box.top
    assert firm.box.left == other.box.left < told.box.left < dates.box.left
    assert dates.box.left - firm.box.right == pytest.approx(12 * (firm.box.width / 13), abs=1e-3)


def test_a_bullet_stays_with_its_text(engine: DocumentTextEngine) -> None:
    """However far it is set from it."""
    assert printed(read(engine, "-   led the shift\n1.    second\n•\tthird")) == [
        "- led the shift",
        "1. second",
        "• third",
    ]


def test_a_paragraph_in_one_row_is_broken_where_the_page_ends(engine: DocumentTextEngine) -> None:
    """At spaces, and behind a bullet as far to the right as its text."""
    text = read(engine, "* " + "Led the night shift " * 30 + "\nEnd")
    assert len(text.lines) > 5
    assert all(0 <= line.box.left < line.box.right <= 1 for line in text.lines)
    first, second, *_ = text.lines
    assert second.box.left == pytest.approx(first.words[1].box.left)
    assert " ".join(printed(text)).count("Led the night shift") == 30


def test_a_rule_is_drawn_and_sets_off_what_stands_above_it(engine: DocumentTextEngine) -> None:
    """A heading with a row of hyphens below it is bold; the rule is no line."""
    text = read(engine, "EXPERIENCE\n----------\nNurse\n\n===========\nEducation\n")
    assert [(line.text, line.bold) for line in text.lines] == [
        ("EXPERIENCE", True),
        ("Nurse", False),
        ("Education", False),
    ]


def test_pages_end_at_form_feeds_and_when_they_are_full(engine: DocumentTextEngine) -> None:
    """Sixty rows each; every box lies on its page."""
    text = read(engine, "one\ftwo\n" + "more\n" * 70)
    assert [len(page.lines) for page in text.pages] == [1, 60, 11]
    assert all(0 <= line.box.top < line.box.bottom <= 1 for line in text.lines)


def test_text_from_right_to_left_begins_at_the_right(engine: DocumentTextEngine) -> None:
    """In reading order, with its first word rightmost."""
    (line,) = read(engine, "שלום עולם").lines
    assert line.text == "שלום עולם"
    assert line.words[0].box.left > line.words[1].box.right


def test_wide_letters_take_two_columns(engine: DocumentTextEngine) -> None:
    """As every terminal sets them, so that columns of Chinese text are columns."""
    wide, narrow = read(engine, "姓名      李秀英\nabcd      efg").lines[::2]
    assert wide.box.right == narrow.box.right


REFUSED: dict[str, tuple[Callable[[], bytes], type[Exception]]] = {
    "5 MB in one line": (lambda: b"ha" * 2_500_000, ResourceLimit),
    "a million characters": (lambda: b"ha " * 330_000, ResourceLimit),
    "too many pages": (lambda: b"xy\n" * 2000, ResourceLimit),
    "pages of nothing": (lambda: b"ab" + b"\f" * 5000 + b"ab", ResourceLimit),
    "UTF-16 that is none": (
        lambda: b"\xff\xfe" + "ab".encode("utf-16-le") * 600 + b"\x00\xd8ab",
        CorruptDocument,
    ),
    "UTF-16 with NUL behind its first kilobyte": (
        lambda: ("ab" * 2000 + "\0").encode("utf-16"),
        CorruptDocument,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_ordinary_text_is_refused_by_name(engine: DocumentTextEngine, case: str) -> None:
    """Each with its own error."""
    make, error = REFUSED[case]
    with pytest.raises(error):
        read(engine, make())
