"""Jobs and degrees told as what happened when, as East Asia's forms do: "2007 | 4 | Kasumi High School | 入学".

A row has a month, a name and the word for an event; what began at a name ends at the row that says so of the same
name, or of "the same". Year and month may stand in cells of their own, without their signs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from pipeline.domain.profile import Date, Education, Flag, Work
from pipeline.reading.lexicon.fold import fold
from pipeline.reading.lexicon.load import any_of, load
from pipeline.reading.page.rows import Piece, Row, join
from pipeline.reading.values.dates import find_dates
from pipeline.reading.values.degrees import read_degree

_EVENTS = ("begins_school", "ends_school", "begins_job", "ends_job")
_MONTHS = range(1, 13)
_LEAST_EVENTS = 2  # one word may stand anywhere
_DATED, _NAMED, _TITLED = 0.9, 0.85, 0.7  # confidence
_LONGEST_TITLE = 12  # characters
_MONTH = re.compile(r"\s*(\d{1,2})\s*月?\s*")
_YEAR_SIGN = "年"


@dataclass(frozen=True, slots=True)
class _Event:
    """One row: its kind, when, whose name it tells, and what stands behind."""

    kind: str
    date: Date
    name: Piece
    remark: Piece | None = None


def read_chronicle(rows: Sequence[Row]) -> tuple[list[Work], list[Education]]:
    """The jobs and degrees that rows tell by their events, or none where fewer than two rows tell any."""
    events = list(_events(rows))
    if sum(isinstance(event, _Event) for event in events) < _LEAST_EVENTS:
        return [], []
    jobs: list[Work] = []
    degrees: list[Education] = []
    for event in events:
        if isinstance(event, Piece):
            if jobs and jobs[-1].end is None:
                jobs[-1].is_current = Flag(
                    value=True, raw=event.text, confidence=_DATED, evidence=event.fact(1).evidence
                )
        elif event.kind.endswith("job"):
            _tell_job(event, jobs)
        else:
            _tell_degree(event, degrees)
    return jobs, degrees


def _events(rows: Sequence[Row]) -> Iterator[_Event | Piece]:
    """The events of some rows, in order; of a row that says that the last goes on, its text."""
    for row in rows:
        dated = _dated(row)
        if dated is None:
            text = join(row.pieces)
            if fold(text.text).strip(" 。.()（）") in _goes_on():
                yield text
            continue
        date, rest = dated
        for i, piece in enumerate(rest):
            match = _event_word().search(fold(piece.text))
            if match is not None:
                told = join([*rest[:i], piece])
                name = _without_reason(told.cut(0, len(told.text) - len(piece.text) + match.start()).trim())
                remark = rest[i + 1].trim() if i + 1 < len(rest) else None
                yield _Event(_kinds()[match[1]], date, name, remark)
                break


def _dated(row: Row) -> tuple[Date, list[Piece]] | None:
    """The month that a row begins with, and what stands behind it; None where it begins with none."""
    first, *others = row.pieces
    found = find_dates(first.text) or find_dates(first.text.strip() + _YEAR_SIGN)
    if not found or found[0].begin > 0 or not found[0].single or found[0].start is None:
        return None
    value, end = found[0].start.value, min(found[0].start.end, len(first.text))
    when = first.cut(0, end)
    behind = [first.cut(end, len(first.text)).trim()] if end < len(first.text) else []
    month = _MONTH.fullmatch(others[0].text) if others and len(value) == 4 and not behind else None
    if month is not None and int(month[1]) in _MONTHS:
        value, when, others = f"{value}-{int(month[1]):02d}", join([when, others[0]]), others[1:]
    rest = [piece for piece in (*behind, *others) if piece.text]
    date = Date(value=value, raw=when.text, confidence=_DATED, evidence=when.fact(1).evidence)
    return date, rest


def _tell_job(event: _Event, jobs: list[Work]) -> None:
    """Begin a job, or end the one at that firm."""
    if event.kind == "begins_job":
        work = Work(employer=event.name.fact(_NAMED) if event.name.text else None, start=event.date)
        if event.remark is not None and (title := _title_in(event.remark)) is not None:
            work.title = title.fact(_TITLED)
        jobs.append(work)
        return
    for job in reversed(jobs):
        if job.end is None and _same(event.name.text, job.employer.value if job.employer else ""):
            job.end = event.date
            return


def _tell_degree(event: _Event, degrees: list[Education]) -> None:
    """Begin the time at a school, or end it; a school that only an end is told of was left then."""
    if event.kind == "ends_school":
        for one in reversed(degrees):
            if one.end is None and _same(event.name.text, _told_name(one)):
                one.end = event.date
                return
    education = Education()
    match = _school().match(event.name.text)
    at = match.end() if match else len(event.name.text)
    school, rest = event.name.cut(0, at).trim(), event.name.cut(at, len(event.name.text)).trim()
    if school.text:
        education.institution = school.fact(_NAMED)
    if rest.text:
        education.degree, education.fields = read_degree(rest)
    if event.kind == "begins_school":
        education.start = event.date
    else:
        education.end = event.date
    degrees.append(education)


def _title_in(remark: Piece) -> Piece | None:
    """As what somebody began: "営業事務として受発注業務に従事", or a short text alone."""
    led = _as_title().search(remark.text)
    if led is not None and led.start() > 0:
        return remark.cut(0, led.start())
    return remark if len(remark.text) <= _LONGEST_TITLE else None


def _told_name(education: Education) -> str:
    return education.institution.value if education.institution else ""


def _same(name: str, other: str) -> bool:
    """Whether two rows tell of one place: one names what the other does, or says "the same"."""
    key, known = (re.sub(r"\s", "", fold(text)) for text in (name, other))
    return (
        not key
        or any(key.startswith(word) for word in _same_words())
        or (bool(known) and (known in key or key in known))
    )


def _without_reason(name: Piece) -> Piece:
    match = _reason().search(name.text)
    return name.cut(0, match.start()).trim() if match else name


@cache
def _kinds() -> dict[str, str]:
    words = load("chronicle")
    return {fold(word): kind for kind in _EVENTS for word in words[kind]}


@cache
def _event_word() -> re.Pattern[str]:
    """An event's word at the end of a row, but for a remark in brackets."""
    return re.compile(rf"({any_of(list(_kinds())).pattern})\s*(?:[(（][^()（）]*[)）])?\s*。?\s*$")


@cache
def _goes_on() -> frozenset[str]:
    return frozenset(fold(word) for word in load("chronicle")["goes_on"])


@cache
def _same_words() -> frozenset[str]:
    return frozenset(fold(word) for word in load("chronicle")["same"])


@cache
def _school() -> re.Pattern[str]:
    """A school's name, as far as its last word: what follows is a department."""
    return re.compile(rf".*?(?:{any_of(load('chronicle')['schools']).pattern})")


@cache
def _as_title() -> re.Pattern[str]:
    return any_of(load("chronicle")["as_title"])


@cache
def _reason() -> re.Pattern[str]:
    return re.compile(rf"\s*(?:{any_of(load('chronicle')['reasons']).pattern})\s*$")
