"""Arithmetic over the dates of positions.

Months are half-open: March 2019 to May 2021 is 26. A date without a month gives a minimum (it began at the
year's end, it ended at its beginning) and a maximum. Positions that overlap count once. Internships and
volunteering stand apart: they are in no total. An open end is `as_of`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from pipeline.domain.profile import (
    Education,
    Experience,
    Finding,
    Gap,
    MonthRange,
    Profile,
    Project,
    Skill,
    Volunteering,
    Work,
)
from pipeline.domain.version import source_version

RULE_VERSION = source_version(__name__)
_APART = {"internship", "volunteer"}

Interval = tuple[int, int]  #: months since the year 0, half-open


@dataclass(frozen=True, slots=True)
class Span:
    """The least and the most that a position's dates can mean."""

    least: Interval
    most: Interval

    @property
    def months(self) -> MonthRange:
        return MonthRange(min=_length(self.least), max=_length(self.most))


def month_of(as_of: date) -> int:
    return as_of.year * 12 + as_of.month - 1


def bounds(value: str) -> tuple[int, int]:
    """First and last month that a date can mean."""
    year, month = int(value[:4]), value[5:7]
    return (year * 12, year * 12 + 11) if not month else (year * 12 + int(month) - 1,) * 2


def _length(interval: Interval) -> int:
    return max(0, interval[1] - interval[0])


def span_of(work: Work, as_of: date) -> Span | None:
    """What the dates of a position mean, or None where they tell no range that has begun."""
    if work.start is None:
        return None
    first, last = bounds(work.start.value)
    now = month_of(as_of)
    current = work.is_current is not None and work.is_current.value
    if not current and work.end is None:
        return None
    end_first, end_last = (now, now) if current or work.end is None else bounds(work.end.value)
    end_first, end_last = min(end_first, now), min(end_last, now)
    if first > end_last or first > now:
        return None
    return Span((last, max(last, end_first)), (first, end_last))


def union(intervals: Iterable[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for begin, end in sorted(i for i in intervals if i[1] > i[0]):
        if merged and begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((begin, end))
    return merged


def total(spans: Sequence[Span]) -> MonthRange:
    least = sum(_length(i) for i in union(span.least for span in spans))
    return MonthRange(min=least, max=max(least, sum(_length(i) for i in union(span.most for span in spans))))


def add_experience(profile: Profile, as_of: date) -> list[Finding]:
    """Write the arithmetic into the profile: months of positions, skills and all; answers what is odd."""
    spans = {i: span for i, work in enumerate(profile.work) if (span := span_of(work, as_of))}
    for i, work in enumerate(profile.work):
        span = spans.get(i)
        work.months = span.months.min if span and span.months.min == span.months.max else None
    counted = [span for i, span in spans.items() if not is_apart(profile.work[i])]
    if profile.work:
        profile.experience = Experience(
            total_months=total(counted) if counted else None,
            gaps=_gaps(counted),
            average_tenure_months=_tenure(counted),
            latest_title=_latest_title(profile.work, spans),
            rule_version=RULE_VERSION,
        )
    for skill in profile.skills:
        _add_skill_months(skill, profile.work, spans)
    return [*_range_findings(profile, as_of), *_overlaps(profile.work, spans)]


def is_apart(work: Work) -> bool:
    return work.type is not None and work.type.value in _APART


def _gaps(spans: Sequence[Span]) -> list[Gap]:
    """Whole months in which no position can have run, between the first and the last position."""
    found = []
    for (_, end), (begin, _) in pairwise(union((a, b + 1) for a, b in (span.most for span in spans))):
        if begin > end:
            found.append(Gap(start=_printed(end), end=_printed(begin), months=begin - end))
    return found


def _printed(month: int) -> str:
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def _tenure(spans: Sequence[Span]) -> float | None:
    lengths = [(span.months.min + span.months.max) / 2 for span in spans]
    return round(sum(lengths) / len(lengths), 1) if lengths else None


def _latest_title(works: Sequence[Work], spans: dict[int, Span]) -> str | None:
    titled = [(i, work) for i, work in enumerate(works) if work.title]
    if not titled:
        return None

    def recency(item: tuple[int, Work]) -> tuple[bool, int, int, int]:
        i, work = item
        span = spans.get(i)
        current = work.is_current is not None and work.is_current.value
        return current, span.most[1] if span else 0, span.most[0] if span else 0, -i

    title = max(titled, key=recency)[1].title
    return title.value if title else None


def _add_skill_months(skill: Skill, works: Sequence[Work], spans: dict[int, Span]) -> None:
    names = {skill.canonical, skill.raw.value}
    naming = [i for i, work in enumerate(works) if names & set(work.skills)]
    skill.months = (
        total([spans[i] for i in naming if i in spans]).min if any(i in spans for i in naming) else None
    )
    ends = [
        _printed(spans[i].most[1]) if _is_current(works[i]) else works[i].end.value  # type: ignore[union-attr]
        for i in naming
        if i in spans and (_is_current(works[i]) or works[i].end)
    ]
    skill.last_used = max(ends, default=None)


def _is_current(work: Work) -> bool:
    return work.is_current is not None and work.is_current.value


def _range_findings(profile: Profile, as_of: date) -> list[Finding]:
    found: list[Finding] = []
    dated: list[Work | Education | Project | Volunteering] = [*profile.work, *profile.education]
    dated += [*profile.projects, *profile.volunteering]
    for entry in dated:
        start, end = entry.start, entry.end
        page = next((e.page for fact in (start, end) if fact for e in fact.evidence), None)
        if start and end and bounds(start.value)[0] > bounds(end.value)[1]:
            detail = f"{start.value} – {end.value}"
            found.append(Finding(code="date-range-reversed", severity="warning", page=page, detail=detail))
        if start and bounds(start.value)[0] > month_of(as_of):
            found.append(Finding(code="date-in-future", severity="warning", page=page, detail=start.value))
        elif end and isinstance(entry, Work) and bounds(end.value)[0] > month_of(as_of):
            found.append(Finding(code="date-in-future", severity="warning", page=page, detail=end.value))
    return found


def _overlaps(works: Sequence[Work], spans: dict[int, Span]) -> list[Finding]:
    """Positions that surely ran at the same time for more than a month."""
    found = []
    items = sorted(
        (span.least, i)
        for i, span in spans.items()
        if not is_apart(works[i]) and span.least[1] > span.least[0]
    )
    for (first, i), (second, _) in pairwise(items):
        if min(first[1], second[1]) - second[0] > 1:
            start = works[i].start
            page = start.evidence[0].page if start and start.evidence else None
            found.append(Finding(code="positions-overlap", severity="info", page=page))
    return found
