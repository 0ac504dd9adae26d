"""Jobs and degrees told as what happened when."""

from __future__ import annotations

from pipeline.domain.profile import Education, Work
from pipeline.reading.entries.chronicle import read_chronicle
from pipeline.reading.page.rows import Rows
from tests.reading.pages import Cell, Row, draw


def chronicle(*rows: Row) -> tuple[list[Work], list[Education]]:
    sections = draw({"header": list(rows)}, language="ja")
    return read_chronicle(Rows(sections).of(sections.sections[0]))


def cells(*texts: str) -> list[Cell]:
    return [Cell(text, 0.1 + 0.15 * i) for i, text in enumerate(texts)]


def test_what_began_ends_at_the_row_that_says_so() -> None:
    """Years of an era and months in cells of their own; why somebody left is no part of a name."""
    jobs, degrees = chronicle(
        cells("年", "月", "学歴・職歴"),
        cells("平成19", "4", "霞ヶ丘高等学校", "普通科", "入学"),
        cells("平成22", "3", "霞ヶ丘高等学校", "普通科", "卒業"),
        cells("平成22", "4", "株式会社小江戸", "入社", "営業事務として受発注業務に従事"),
        cells("営業部に配属"),
        cells("平成30", "9", "株式会社小江戸", "一身上の都合により退社"),
        cells("令和4", "6", "有限会社さくら", "入社（契約社員）"),
        cells("現在に至る"),
    )
    assert [
        (job.employer and job.employer.value, job.start and job.start.value, job.end and job.end.value)
        for job in jobs
    ] == [("株式会社小江戸", "2010-04", "2018-09"), ("有限会社さくら", "2022-06", None)]
    assert [bool(job.is_current) for job in jobs] == [False, True]
    assert [job.title and job.title.value for job in jobs] == ["営業事務", None]
    (school,) = degrees
    assert school.institution is not None
    assert (
        school.institution.value,
        school.start and school.start.value,
        school.end and school.end.value,
    ) == (
        "霞ヶ丘高等学校",
        "2007-04",
        "2010-03",
    )


def test_the_same_place_may_be_told_by_a_word() -> None:
    """Dates with their signs, names and events in one text."""
    jobs, degrees = chronicle(
        "2014年4月 霞ヶ丘大学 経済学部 入学",
        "2018年3月 同大学 卒業",
        "2018年4月 みなと商事株式会社 入社",
        "2021年9月 同社 退職",
    )
    assert [(d.institution and d.institution.value, d.end and d.end.value) for d in degrees] == [
        ("霞ヶ丘大学", "2018-03")
    ]
    assert [(job.employer and job.employer.value, job.end and job.end.value) for job in jobs] == [
        ("みなと商事株式会社", "2021-09")
    ]


def test_one_word_alone_makes_no_form() -> None:
    """A degree's row may end with it."""
    assert chronicle("2014年3月 湾岸国際大学 卒業", "2014年4月から現在 みなと商事") == ([], [])
