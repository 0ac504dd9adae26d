"""The arithmetic over dates, rule by rule."""

from __future__ import annotations

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.profile import Fact, MonthRange, Profile, Skill, Work, pointed
from pipeline.stages.verification.experience import add_experience, union

AS_OF = date(2024, 7, 1)


def text(value: str | None) -> Fact[str] | None:
    return pointed(value, value, (0,)) if value else None


def work(
    start: str | None,
    end: str | None,
    *,
    title: str = "Clerk",
    kind: str | None = None,
    skills: tuple[str, ...] = (),
) -> Work:
    """`end` may be "now"."""
    current = pointed(True, "now", (0,)) if end == "now" else None
    ended = None if end == "now" else text(end)
    return Work(
        title=text(title),
        start=text(start),
        end=ended,
        is_current=current,
        type=text(kind),
        skills=list(skills),
    )


def counted(*works: Work) -> Profile:
    profile = Profile(work=list(works))
    add_experience(profile, AS_OF)
    return profile


def months(*works: Work) -> MonthRange | None:
    profile = counted(*works)
    assert profile.experience is not None
    return profile.experience.total_months


@pytest.mark.parametrize(
    ("start", "end", "least", "most"),
    [
        ("2019-03", "2021-05", 26, 26),
        ("2019-03-15", "2021-05-02", 26, 26),
        ("2019", "2021", 13, 35),
        ("2019", "2019", 0, 11),
        ("2019-03", "2021", 22, 33),
        ("2023-07", "now", 12, 12),
    ],
)
def test_months_are_half_open_and_years_give_a_range(start: str, end: str, least: int, most: int) -> None:
    """Without a month the least and the most that the dates can mean."""
    assert months(work(start, end)) == MonthRange(min=least, max=most)


def test_overlaps_count_once() -> None:
    """The union of two positions, not their sum."""
    assert months(work("2019-01", "2020-01"), work("2019-07", "2020-07")) == MonthRange(min=18, max=18)


def test_internships_and_volunteering_stand_apart() -> None:
    """They are positions, and in no total."""
    assert months(work("2019-01", "2020-01"), work("2017-01", "2018-01", kind="internship")) == MonthRange(
        min=12, max=12
    )
    assert months(work("2019-01", "2020-01", kind="volunteer")) is None


def test_gaps_are_the_whole_months_without_work() -> None:
    """From the month after one end to the next start; a change from May to June is none."""
    profile = counted(work("2018-01", "2019-05"), work("2019-06", "2020-01"), work("2020-08", "2021-01"))
    assert profile.experience is not None
    assert [(g.start, g.end, g.months) for g in profile.experience.gaps] == [("2020-02", "2020-08", 6)]


def test_years_alone_make_no_gap() -> None:
    """2018–2019 and 2020–2021 may well adjoin."""
    profile = counted(work("2018", "2019"), work("2020", "2021"))
    assert profile.experience is not None
    assert profile.experience.gaps == []


def test_a_position_has_months_only_where_they_are_certain() -> None:
    """Year-only dates give no single number."""
    assert [w.months for w in counted(work("2019-01", "2020-01"), work("2019", "2021")).work] == [12, None]


def test_the_latest_title_is_the_current_one() -> None:
    """A current position before a later end, a later end before an earlier."""
    profile = counted(
        work("2010-01", "2012-01", title="Junior"),
        work("2012-01", "now", title="Head"),
        work("2013-01", "2014-01", title="Side"),
    )
    assert profile.experience is not None
    assert profile.experience.latest_title == "Head"


def test_the_average_tenure_is_over_counted_positions() -> None:
    """Twelve and six months are nine on average."""
    profile = counted(
        work("2019-01", "2020-01"), work("2020-01", "2020-07"), work("2015-01", "2018-01", kind="internship")
    )
    assert profile.experience is not None
    assert profile.experience.average_tenure_months == 9.0


def test_a_skills_months_are_the_union_of_the_positions_that_name_it() -> None:
    """Overlaps count once, and the last end is when it was last used."""
    profile = Profile(
        work=[
            work("2019-01", "2020-01", skills=("SQL",)),
            work("2019-07", "2020-07", skills=("SQL",)),
            work("2021-01", "now"),
        ],
        skills=[Skill(raw=pointed("SQL", "SQL", (0,))), Skill(raw=pointed("Rust", "Rust", (0,)))],
    )
    add_experience(profile, AS_OF)
    assert [(s.months, s.last_used) for s in profile.skills] == [(18, "2020-07"), (None, None)]


def test_reversed_and_future_ranges_become_findings_and_count_nothing() -> None:
    """They are pointed out, not repaired."""
    profile = Profile(
        work=[work("2021-05", "2019-03"), work("2030-01", "2031-01"), work("2019-01", "2020-01")]
    )
    findings = add_experience(profile, AS_OF)
    assert [f.code for f in findings] == ["date-range-reversed", "date-in-future"]
    assert profile.experience is not None
    assert profile.experience.total_months == MonthRange(min=12, max=12)


def test_overlapping_positions_are_pointed_out() -> None:
    """Half a year in two positions is worth a remark, a month is not."""
    assert [
        f.code
        for f in add_experience(Profile(work=[work("2019-01", "2020-01"), work("2019-07", "2020-07")]), AS_OF)
    ] == ["positions-overlap"]
    assert add_experience(Profile(work=[work("2019-01", "2020-01"), work("2019-12", "2020-07")]), AS_OF) == []


def test_without_work_there_is_no_arithmetic() -> None:
    """An empty history has no experience block."""
    profile = Profile()
    assert add_experience(profile, AS_OF) == []
    assert profile.experience is None


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8))
def test_a_union_covers_each_month_once(intervals: list[tuple[int, int]]) -> None:
    """The union has the months of all intervals, each once, in disjoint pieces in order."""
    merged = union(intervals)
    assert sum(b - a for a, b in merged) == len({m for a, b in intervals for m in range(a, b)})
    assert all(first[1] < second[0] for first, second in itertools.pairwise(merged))
