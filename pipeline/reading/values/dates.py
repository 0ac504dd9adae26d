"""Dates and date ranges as resumes print them, in every language of `lexicon/dates.toml`.

Nothing is resolved against a calendar: an open end ("present") is `current`, and what names no month has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pipeline.reading.lexicon.fold import fold
from pipeline.reading.lexicon.load import word_set
from pipeline.reading.values.date_forms import (
    APOSTROPHE,
    COMMA,
    CUT_BEFORE_MONTH,
    CUT_MONTH,
    DASH,
    DIGIT,
    ISO,
    LONE_YEAR,
    MONTH_NUMBER,
    MONTHS_WITH_A_DASH,
    NUMERIC,
    ROMAN,
    ROMANS,
    SHORT_DATES,
    SLASHED,
    TWO_YEARS,
    YEAR,
    YEAR_FIRST,
    CjkForms,
    Vocabulary,
    vocabulary,
)


@dataclass(frozen=True, slots=True)
class DatePoint:
    """`value` is YYYY, YYYY-MM or YYYY-MM-DD; `begin`, `end` its span in the text."""

    value: str
    begin: int
    end: int
    weak: bool = False  #: only a date beside another ("Mar 18")


@dataclass(frozen=True, slots=True)
class DateRange:
    """A range, or a single date (`single`); `begin`, `end` span all of it, with its "since" or "present"."""

    begin: int
    end: int
    start: DatePoint | None
    finish: DatePoint | None
    current: tuple[int, int] | None = None  #: span of the word for an open end
    single: bool = False

    @property
    def last(self) -> str | None:
        """The latest date printed."""
        point = self.finish or self.start
        return point.value if point else None


_LONGEST_TEXT = 2000  # characters: a longer text is prose, and every pattern runs over it
_TWO_DIGITS_UNTIL = 40  # "40" is 2040, "41" is 1941: nobody's studies end later, and few careers began before
_LONGEST_STAY = 12  # years: in "2019–31" the second number is more likely no year
_SINCE_BEFORE = 20  # characters before a date in which its "since" stands
_MONTH_BEFORE = 24  # characters before a date for a month and its dash: "September – "
_TAIL = 40  # characters of a line's end that can be a date in the making
_LEFT_OVER = 18  # characters: with so little behind a date that goes on, the whole line belongs to it
_MONTHS, _DAYS = range(1, 13), range(1, 32)


def is_open_end(text: str) -> bool:
    """Whether the whole text says "present"."""
    return vocabulary().joins.open.fullmatch(fold(text).strip(" .–—-:()")) is not None


def mentions_open_end(text: str) -> bool:
    """Whether a text says "present" anywhere. "Date" does so only behind a date: alone it labels one."""
    words = vocabulary().joins
    return bool(words.open_phrases.find(text)) or words.open_cjk.search(fold(text)) is not None


def words_beside_dates() -> frozenset[str]:
    """Folded words of durations and of what leads to a date: "from", "yrs", "mnd"."""
    return word_set("dates", "words", "beside")


def mentions_birth(text: str) -> bool:
    """Whether a line tells someone's birth date or age: never read, never a job's date."""
    return bool(vocabulary().birth.find(text)) or vocabulary().birth_cjk.search(fold(text)) is not None


def mentions_expected(text: str) -> bool:
    """Whether a text tells a date to be hoped for: "expected 2026"."""
    return bool(vocabulary().expected.find(text))


def _century(two: str) -> str:
    return f"20{two}" if int(two) <= _TWO_DIGITS_UNTIL else f"19{two}"


def _dated(year: str, month: str | None, day: str | None = None) -> str:
    """YYYY, with the month and the day as far as they are numbers of such."""
    if not month or int(month) not in _MONTHS:
        return year
    value = f"{year}-{int(month):02d}"
    return f"{value}-{int(day):02d}" if day and int(day) in _DAYS else value


class _Finder:
    """Collects the points of one text; a stretch belongs to the first rule that reads it."""

    def __init__(self, text: str, month_first: bool) -> None:
        self.folded = fold(text)
        self.month_first = month_first
        self.points: list[DatePoint] = []

    def _free(self, begin: int, end: int) -> bool:
        return all(end <= point.begin or begin >= point.end for point in self.points)

    def _add(self, match: re.Match[str], value: str, *, begin: int | None = None, weak: bool = False) -> None:
        start = match.start() if begin is None else begin
        if self._free(start, match.end()):
            self.points.append(DatePoint(value, start, match.end(), weak))

    def find(self) -> list[DatePoint]:
        """All points of the text, in order. What is sure is looked for before what it could be taken for."""
        v = vocabulary()
        if not v.cjk.signs.isdisjoint(self.folded):
            self._cjk(v.cjk)
        self._named(v)
        self._roman()
        self._numeric()
        for match in v.forms.season.finditer(self.folded):
            self._add(match, match[1])
        for match in LONE_YEAR.finditer(self.folded):
            self._add(match, match[1] or match[2])
        self._shortened(v)
        self.points.sort(key=lambda point: point.begin)
        return self.points

    def _cjk(self, cjk: CjkForms) -> None:
        for match in cjk.era.finditer(self.folded):
            year = cjk.eras[match[1]] + (1 if match[2] == cjk.first else int(match[2]))
            self._add(match, _dated(str(year), match[3]))
        for match in cjk.month_first.finditer(self.folded):
            if int(match[1]) in _MONTHS:
                self._add(match, _dated(match[2], match[1]))
        for match in cjk.date.finditer(self.folded):
            self._add(match, _dated(match[1], match[2], match[3]))

    def _named(self, v: Vocabulary) -> None:
        months = v.names.months
        for match in v.forms.named.finditer(self.folded):
            month = months.get(match[2])
            if month is None:
                continue
            day = match[1] or match[3] or match[4]
            self._add(match, f"{match[5]}-{month:02d}" + (f"-{int(day):02d}" if day else ""))
        for match in v.forms.named_short.finditer(self.folded):
            if month := months.get(match[1]):
                self._add(match, f"{_century(match[2])}-{month:02d}")
        for match in v.forms.year_named.finditer(self.folded):
            if month := months.get(match[2]):
                self._add(match, f"{match[1]}-{month:02d}")
        for match in v.forms.named_weak.finditer(self.folded):
            if month := months.get(match[1]):
                self._add(match, f"{_century(match[2])}-{month:02d}", weak=True)

    def _roman(self) -> None:
        """ "od VI 2019", "II 2015 – V 2019": the months of Polish and Czech, where nothing else stands before them."""
        for match in ROMAN.finditer(self.folded):
            self._add(match, f"{match[2]}-{ROMANS.index(match[1]) + 1:02d}", begin=match.start(1))

    def _numeric(self) -> None:
        for match in MONTHS_WITH_A_DASH.finditer(self.folded):
            self.points.append(DatePoint(f"{match[1]}-{int(match[2]):02d}", match.start(), match.end(2)))
            self.points.append(DatePoint(f"{match[3]}-{int(match[4]):02d}", match.start(3), match.end()))
        for match in NUMERIC.finditer(self.folded):
            value = self._day_and_month(int(match[1]), int(match[2]), match[3], dotted="." in match.group())
            if value:
                self._add(match, value)
        for match in SHORT_DATES.finditer(self.folded):
            dotted = match[2] == "."
            first = self._day_and_month(int(match[1]), int(match[3]), _century(match[4]), dotted=dotted)
            last = self._day_and_month(int(match[5]), int(match[6]), _century(match[7]), dotted=dotted)
            if first and last and first <= last:
                self.points.append(DatePoint(first, match.start(), match.end(4)))
                self.points.append(DatePoint(last, match.start(5), match.end(7)))
        for match in MONTH_NUMBER.finditer(self.folded):
            self._add(match, f"{match[2]}-{int(match[1]):02d}")
        months = list(ISO.finditer(self.folded))
        for match in months:
            if match[3] is None and len(months) == 1 and self._school_year(match):
                continue
            self._add(
                match, f"{match[1]}-{int(match[2]):02d}" + (f"-{int(match[3]):02d}" if match[3] else "")
            )

    def _day_and_month(self, first: int, second: int, year: str, *, dotted: bool) -> str | None:
        """The date. Dots are set behind days by those who say the day first: `dotted` decides before the document."""
        if first > 12 >= second >= 1 and first <= 31:
            return f"{year}-{second:02d}-{first:02d}"
        if second > 12 >= first >= 1 and second <= 31:
            return f"{year}-{first:02d}-{second:02d}"
        if not (1 <= first <= 12 and 1 <= second <= 12):
            return None
        month, day = (first, second) if self.month_first and not dotted else (second, first)
        return f"{year}-{month:02d}-{day:02d}"

    def _school_year(self, match: re.Match[str]) -> bool:
        """ "2010-11" may be a month or a school year: without a month is never wrong."""
        alone = not vocabulary().joins.between.match(self.folded, match.end())
        shape = re.fullmatch(r"\d{4}[-/]\d\d", match.group())
        return alone and shape is not None and int(match[2]) == (int(match[1]) + 1) % 100

    def _year_first(self) -> None:
        """Ranges "17.01-18.12", at the edge of a text, where one half or the other can be nothing else."""
        for match in YEAR_FIRST.finditer(self.folded):
            edge = match.start() == 0 or match.end(5) >= len(self.folded.rstrip(" )"))
            first, last = f"{_century(match[1])}-{match[3]}", f"{_century(match[4])}-{match[5]}"
            if edge and first <= last and max(int(match[1]), int(match[4])) > 12:
                self._add(match, first, weak=True)
                if self._free(match.start(4), match.end(5)):
                    self.points.append(DatePoint(last, match.start(4), match.end(5), weak=True))

    def _shortened(self, v: Vocabulary) -> None:
        """Two-digit years, which count only beside another date: "2019–21", "'18 – '20", "03/19 – 05/21"."""
        for point in list(self.points):
            match = v.joins.short_year.match(self.folded, point.end)
            if match and len(point.value) == 4:
                year = point.value[:2] + match[1]
                if int(point.value) <= int(year) <= int(point.value) + _LONGEST_STAY:
                    self._add(match, year, begin=match.start(1), weak=True)
        self._year_first()
        for match in SLASHED.finditer(self.folded):
            self._add(match, f"{_century(match[2])}-{int(match[1]):02d}", weak=True)
        for match in APOSTROPHE.finditer(self.folded):
            self._add(match, _century(match[1]), weak=True)


def find_dates(text: str, *, month_first: bool = False) -> tuple[DateRange, ...]:
    """Every date and range printed in one text, in order.

    `month_first` decides 04/05/2019 where nothing else does.
    """
    return _find_dates(text, month_first) if len(text) < _LONGEST_TEXT else ()


@lru_cache(maxsize=4096)
def _find_dates(text: str, month_first: bool) -> tuple[DateRange, ...]:
    if not vocabulary().has_date.search(fold(text)):
        return ()
    finder = _Finder(text, month_first)
    points = finder.find()
    folded = finder.folded
    ranges: list[DateRange] = []
    i = 0
    while i < len(points):
        found, used = _range_at(folded, points, i)
        if found:
            ranges.append(found)
        i += used
    return tuple(ranges)


def _range_at(folded: str, points: list[DatePoint], i: int) -> tuple[DateRange | None, int]:
    """The range or date that begins with a point, and how many points it takes."""
    point, joins = points[i], vocabulary().joins
    since = joins.since.search(folded, max(0, point.begin - _SINCE_BEFORE), point.begin)
    begin = since.start() if since else point.begin
    between = joins.between.match(folded, point.end)
    follower = points[i + 1] if i + 1 < len(points) else None
    if follower and _joined(folded, point, follower, between):
        no_range = point.weak and follower.weak and _slash_only(folded, point, follower)
        return None if no_range else DateRange(begin, follower.end, point, follower), 2
    opened = joins.open.match(folded, between.end()) if between else None
    opened = opened or joins.open.match(folded, _skip_space(folded, point.end))
    if opened:
        return DateRange(begin, opened.end(), point, None, opened.span()), 1
    return None if point.weak else _half_told(folded, point, since), 1


def _joined(folded: str, point: DatePoint, follower: DatePoint, between: re.Match[str] | None) -> bool:
    """Whether what stands between two points makes them one range."""
    if between and between.end() >= follower.begin > point.end:
        return True
    if vocabulary().forms.season_ends.search(folded, 0, point.end) and COMMA.fullmatch(
        folded, point.end, follower.begin
    ):
        return len(follower.value) == len("2014") and point.value < follower.value  # "Summer 2013, 2014"
    if TWO_YEARS.fullmatch(folded.strip()) and point.value <= follower.value:
        return True  # nothing else is told, so the space between them is the dash
    return vocabulary().joins.short_year.match(folded, point.end, follower.end) is not None


def _half_told(folded: str, point: DatePoint, since: re.Match[str] | None) -> DateRange:
    """The range of one full date: with a month before it, a "since", an "until" or a dash that ends the text."""
    month = _lone_month_before(folded, point)
    if month:
        return DateRange(month.begin, point.end, month, point)
    if since:
        return DateRange(since.start(), point.end, point, None, (since.start(), point.end))
    if vocabulary().joins.until.match(folded[: point.begin]):
        return DateRange(0, point.end, None, point)
    if re.match(r"\s*[-–—~～]\s*$", folded[point.end :]):
        return DateRange(point.begin, len(folded), point, None, (point.begin, len(folded)))
    return DateRange(point.begin, point.end, point, None, single=True)


def _slash_only(folded: str, first: DatePoint, second: DatePoint) -> bool:
    return "/" in folded[first.end : second.begin]


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position] in " ,.(":
        position += 1
    return position


def _lone_month_before(folded: str, point: DatePoint) -> DatePoint | None:
    """The "Mar" of "Mar – Jun 2019"."""
    if len(point.value) < 7:
        return None
    head = folded[max(0, point.begin - _MONTH_BEFORE) : point.begin]
    dash = vocabulary().joins.after_month.search(head)
    if not dash:
        return None
    match = vocabulary().forms.lone_month.search(head[: dash.start()])
    month = vocabulary().names.months.get(match[1]) if match else None
    if match is None or month is None or month > int(point.value[5:7]):
        return None
    begin = point.begin - len(head) + match.start()
    return DatePoint(f"{point.value[:4]}-{month:02d}", begin, begin + len(match.group()))


def wraps_date(above: str, below: str) -> int:
    """How much of `below` ends the date that `above` breaks off: "May 2016 – June" / "2018 Berlin" is 4.

    0 where `above` ends no date in the making.
    """
    v = vocabulary()
    head, tail = fold(above).rstrip(), fold(below)
    if CUT_BEFORE_MONTH.search(head) and (month := CUT_MONTH.match(tail)):
        return month.end()
    match = v.unended.search(head[-_TAIL:])
    if match is None:
        return _until(v, head, tail)
    word = match[1] or match[2]
    if word is not None and word.rstrip(".") not in (v.names.seasons if match[1] else v.names.months):
        return 0
    ending = v.ending.match(tail)
    if ending is not None:
        return _wrapped(v, above, below, ending.end())
    opened = v.joins.open.match(tail) if word is None else None
    return opened.end() if opened else 0


def _wrapped(v: Vocabulary, above: str, below: str, ending: int) -> int:
    """How much of `below` belongs to the date of `above` that it ends: all of it, where that date goes on again."""
    joined = next((r for r in find_dates(f"{above} {below}") if r.begin <= len(above) < r.end), None)
    used = max(ending, joined.end - len(above) - 1 if joined else 0)
    again = v.unended.search(
        f"{fold(above).rstrip()} {fold(below)}"[-_TAIL:]
    )  # "June" / "2022-January" / "2023"
    goes_on = again is not None and (again[1] or again[2] or "").rstrip(".") in {"", *v.names.months}
    return len(below) if goes_on and len(below) - used < _LEFT_OVER else used


def _until(v: Vocabulary, head: str, tail: str) -> int:
    """How much of "bis 15.07.2021" ends "von 16.03.2016" above it."""
    between = v.joins.between.match(tail)
    if between is None or not re.search(rf"{YEAR}$", head):
        return 0
    dashed = re.match(rf"\s*{DASH}\s", tail) is not None  # "Sep 2010" / "— Jun 2012"
    if not dashed and not v.joins.since_or_from.match(head):
        return 0
    ending = v.ending.match(tail, between.end()) or v.joins.open.match(tail, between.end())
    return ending.end() if ending else 0


def guess_month_first(texts: list[str], default: bool) -> bool:
    """Whether 04/05/2019 is the fifth of April here: decided by the dates that can be read one way only, then by those
    with a month's name ("12 May 2015")."""
    first = second = before = behind = 0
    for text in map(fold, texts):
        if not DIGIT.search(text):  # no form is without one
            continue
        for match in NUMERIC.finditer(text):
            first += int(match[1]) > 12 or "." in match.group()
            second += int(match[2]) > 12
        for match in vocabulary().forms.named.finditer(text):
            before += match[1] is not None
            behind += match[3] is not None or match[4] is not None
    if first != second:
        return second > first
    return behind > before if before != behind else default
