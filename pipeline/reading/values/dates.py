"""Dates and date ranges as resumes print them, in every language of `data/dates.toml`.

Nothing is resolved against a calendar: an open end ("present") is `current`, and what names no month has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import any_of, load
from pipeline.reading.lexicon.phrases import phrases


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


_YEAR = r"(?:19[3-9]\d|20[0-6]\d)"
_YEAR_BEHIND = r"(?:19|20)\d\d"
_HAS_DATE = re.compile(r"(?:19|20)\d\d|['/.\-]\s?\d\d(?!\d)|[^\W\d_]\.? \d\d(?!\d)|[年년]")
#: The last three are what OCR reads for a dash, or a Japanese document prints for one.
_DASH = r"[-–—‒―−~～〜→⟶›»>/_…\u30fc\u4e00]"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_WORD = r"[^\W\d_]{3,14}"


class _Vocabulary:
    def __init__(self) -> None:
        data = load("dates")
        words = data["words"]
        self.months: dict[str, int] = {}
        multi: list[str] = []
        november = {fold(w) for w in words["polish_november"]}
        for number, names in data["months"].items():
            for name in names:
                folded = fold(name)
                if folded in november and number != "11":
                    self.months[folded] = 11
                self.months.setdefault(folded, int(number))
                if re.search(r"[\s.]", folded):
                    multi.append(name)
        month = f"(?:{any_of(multi).pattern}|{_WORD})"
        #: What may stand between a dash and the year on the next line: "Spring 2021 – Autumn" / "2022".
        self.season_names = frozenset(self.months) | {fold(word) for word in words["seasons"]}
        open_words = "|".join(
            re.escape(fold(w)) + ("" if has_cjk(w) else r"(?!\w)")
            for w in sorted(words["open"] + words["open_cjk"], key=len, reverse=True)
        )
        self.open = re.compile(f"(?:{open_words})\\.?")
        self.open_phrases = phrases([word for word in words["open"] if word not in words["open_labels"]])
        self.open_cjk = any_of([word for word in words["open_cjk"] if len(word) > 1])  # 今後 is no 今
        between = "|".join(re.escape(fold(w)) for w in sorted(words["between"], key=len, reverse=True))
        hoped = "|".join(re.escape(fold(w)) for w in sorted(words["expected"], key=len, reverse=True))
        self.between = re.compile(
            rf"\s*[.,)]?\s*(?:{_DASH}+|\b(?:{between})\b|から|부터|至|到)[\s\-–—.(]*(?:(?:the|le|el|o|al|zum|{between})\b\s*)?(?:(?:{hoped})[.:]?\s+)?"
        )
        since = "|".join(re.escape(fold(w)) for w in sorted(words["since"], key=len, reverse=True))
        self.since = re.compile(rf"(?:^|(?<=\W))(?:{since})[\s:]+(?:the\s+|le\s+|el\s+)?$")
        self.since_or_from = re.compile(rf"(?:{since}|from|von|vom|de|del|du|di|van|från|från och med|от)\s")
        until = "|".join(re.escape(fold(w)) for w in sorted(words["until"], key=len, reverse=True))
        self.until = re.compile(rf"^\W*(?:{until})[\s:]+$")
        self.season = re.compile(
            "(?:"
            + "|".join(re.escape(fold(w)) for w in sorted(words["seasons"], key=len, reverse=True))
            + rf")\.?,?\s+(?:of\s+|de\s+|del\s+|semester\s+|term\s+)?['’]?({_YEAR})(?!\d)"
        )
        self.cjk = re.compile(rf"({_YEAR})\s*[年년](?:\s*(\d{{1,2}})\s*[月월](?:\s*(\d{{1,2}})\s*[日일])?)?")
        self.cjk_month_first = re.compile(rf"(?<!\d)(\d{{1,2}})\s*[月월]\s*,?\s*({_YEAR})(?!\d|\s*[年년])")
        self.unended = re.compile(
            rf"{_YEAR}(?:[-./]\d{{1,2}})?[^\d]{{0,3}}\s*(?:{_DASH}|\b(?:{between})\b)\s*({_WORD})?\.?$|(?:^|\s)({_WORD})\.?$"
        )
        self.ending = re.compile(
            rf"\W{{0,3}}(?:{_YEAR}|\d{{1,2}}[./-](?:\d{{1,2}}[./-])?{_YEAR}|{_WORD}\.?,?\s(?:de\s)?{_YEAR})(?!\d)"
        )
        self.era = re.compile(r"(令和|平成|昭和)\s*(\d{1,2}|元)\s*年(?:\s*(\d{1,2})\s*月)?")
        self.iso = re.compile(
            rf"(?<![\d.,/])(?<!\D\d-)(?<!\D\d\d\d-)({_YEAR})\s?[-./]\s?(0[1-9]|1[0-2]|[1-9])(?:\s?[-./]\s?({_DAY})(?!\d))?(?![\d%])\.?"
        )
        self.numeric = re.compile(
            rf"(?<![\d.,/])(?<!\D\d-)(?<!\d\d[./-]\d\d-)(\d{{1,2}})\s?[./-]\s?(\d{{1,2}})\s?[./-]\s?({_YEAR})(?!\d)"
        )
        # "2010-09-2013-07" is two ISO months, not 2010 and "09-2013".
        iso_on_both_sides = rf"(?<={_YEAR_BEHIND}-)\d\d-{_YEAR}-(?:0[1-9]|1[0-2])(?!\d)"
        self.month_number = re.compile(
            rf"(?!{iso_on_both_sides})(?<![\d.,/])(?<!\D\d-)(?<!\D\d\d-)(0?[1-9]|1[0-2])(?:\s?[./]\s?|-)({_YEAR})(?!\d|\.\d)"
        )
        self.named = re.compile(
            rf"(?:(?<!\w)({_DAY})(?:st|nd|rd|th|er|\.|º|°|ª)?\s*[-./]?\s*(?:de\s+|of\s+)?)?(?<![^\W\d_])({month})[.']?\s*[,/.\-]?\s*"
            rf"(?:({_DAY})(?:st|nd|rd|th)?\s*[,.]\s*|({_DAY})\s+(?={_YEAR}))?(?:de\s+|del\s+|of\s+|di\s+)?['’]?({_YEAR})(?!\d)"
        )
        self.named_short = re.compile(
            rf"(?<![^\W_])({month})(?:\.?\s*,?\s*['’]\s*|\s*[-/]\s*)(\d\d)(?![\d.,:%/]|\s*[/-]\s*\d)"
        )
        self.named_weak = re.compile(rf"(?<![^\W_])({month})\.?\s+(\d\d)(?![\d,:%/]|\.\d)")
        self.year_named = re.compile(rf"(?<!\d)({_YEAR})[\s,./-]\s*({month})(?![^\W_])")
        self.lone_month = re.compile(rf"(?<![^\W_])({month})\.?$")
        self.year = re.compile(
            rf"(?<![\d$€£¥#@_+])(?<!\d[.,:])(?<!\D\d[-/])(?<!\D\d\d[-/])(?<!\d{{3}}[-/])({_YEAR})(?![\d%@_]|[.,:]\d|\+|\s?[%€$])"
            rf"|(?<={_YEAR_BEHIND}[-/])({_YEAR})(?!\d)"
        )
        self.short_year = re.compile(r"\s*(?:[-–—‒/]|bis|to)\s*['’]?(\d\d)(?![\d.,:%/-])")
        self.apostrophe = re.compile(r"(?<!\w)['’](\d\d)(?!\d)")
        self.slashed = re.compile(r"(?<![\d/.,])(0?[1-9]|1[0-2])[/.](\d\d)(?![\d/.,%])")
        self.year_first = re.compile(
            r"(?:^|(?<=\s))(\d\d)([./])(0[1-9]|1[0-2])(?=\s*[-–—~～]\s*(?:(\d\d)\2(0[1-9]|1[0-2])(?![\d.,/%])))"
        )
        self.birth = phrases(words["birth"])
        self.expected = phrases(words["expected"])


@cache
def _words() -> _Vocabulary:
    return _Vocabulary()


def is_open_end(text: str) -> bool:
    """Whether the whole text says "present"."""
    return _words().open.fullmatch(fold(text).strip(" .–—-:()")) is not None


def mentions_open_end(text: str) -> bool:
    """Whether a text says "present" anywhere. "Date" does so only behind a date: alone it labels one."""
    words = _words()
    return bool(words.open_phrases.find(text)) or words.open_cjk.search(fold(text)) is not None


@cache
def words_beside_dates() -> frozenset[str]:
    """Folded words of durations and of what leads to a date: "from", "yrs", "mnd"."""
    return frozenset(fold(word) for word in load("dates")["words"]["beside"])


def mentions_birth(text: str) -> bool:
    """Whether a line tells someone's birth date or age: never read, never a job's date."""
    return bool(_words().birth.find(text)) or any(word in text for word in ("生年月日", "出生", "생년월일"))


def mentions_expected(text: str) -> bool:
    return bool(_words().expected.find(text))


def _century(two: str) -> str:
    return f"20{two}" if int(two) <= 40 else f"19{two}"


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
        v = _words()
        if any(sign in self.folded for sign in "年년月월"):
            self._cjk(v)
        self._named(v)
        self._numeric(v)
        for match in v.season.finditer(self.folded):
            self._add(match, match[1])
        for match in v.year.finditer(self.folded):
            self._add(match, match[1] or match[2])
        self._shortened(v)
        self.points.sort(key=lambda point: point.begin)
        return self.points

    def _cjk(self, v: _Vocabulary) -> None:
        for match in v.era.finditer(self.folded):
            first = {"令和": 2018, "平成": 1988, "昭和": 1925}[match[1]]
            year = first + (1 if match[2] == "元" else int(match[2]))
            month = f"-{int(match[3]):02d}" if match[3] and 1 <= int(match[3]) <= 12 else ""
            self._add(match, f"{year}{month}")
        for match in v.cjk_month_first.finditer(self.folded):
            if 1 <= int(match[1]) <= 12:
                self._add(match, f"{match[2]}-{int(match[1]):02d}")
        for match in v.cjk.finditer(self.folded):
            value = match[1]
            if match[2] and 1 <= int(match[2]) <= 12:
                value += f"-{int(match[2]):02d}"
                if match[3] and 1 <= int(match[3]) <= 31:
                    value += f"-{int(match[3]):02d}"
            self._add(match, value)

    def _named(self, v: _Vocabulary) -> None:
        for match in v.named.finditer(self.folded):
            month = v.months.get(match[2])
            if month is None:
                continue
            day = match[1] or match[3] or match[4]
            self._add(match, f"{match[5]}-{month:02d}" + (f"-{int(day):02d}" if day else ""))
        for match in v.named_short.finditer(self.folded):
            if month := v.months.get(match[1]):
                self._add(match, f"{_century(match[2])}-{month:02d}")
        for match in v.year_named.finditer(self.folded):
            if month := v.months.get(match[2]):
                self._add(match, f"{match[1]}-{month:02d}")
        for match in v.named_weak.finditer(self.folded):
            if month := v.months.get(match[1]):
                self._add(match, f"{_century(match[2])}-{month:02d}", weak=True)

    def _numeric(self, v: _Vocabulary) -> None:
        for match in v.numeric.finditer(self.folded):
            value = self._day_and_month(int(match[1]), int(match[2]), match[3])
            if value:
                self._add(match, value)
        for match in v.month_number.finditer(self.folded):
            self._add(match, f"{match[2]}-{int(match[1]):02d}")
        months = list(v.iso.finditer(self.folded))
        for match in months:
            if match[3] is None and len(months) == 1 and self._school_year(match):
                continue
            self._add(
                match, f"{match[1]}-{int(match[2]):02d}" + (f"-{int(match[3]):02d}" if match[3] else "")
            )

    def _day_and_month(self, first: int, second: int, year: str) -> str | None:
        if first > 12 >= second >= 1 and first <= 31:
            return f"{year}-{second:02d}-{first:02d}"
        if second > 12 >= first >= 1 and second <= 31:
            return f"{year}-{first:02d}-{second:02d}"
        if not (1 <= first <= 12 and 1 <= second <= 12):
            return None
        month, day = (first, second) if self.month_first else (second, first)
        return f"{year}-{month:02d}-{day:02d}"

    def _school_year(self, match: re.Match[str]) -> bool:
        """ "2010-11" may be a month or a school year: without a month is never wrong."""
        alone = not _words().between.match(self.folded, match.end())
        shape = re.fullmatch(r"\d{4}[-/]\d\d", match.group())
        return alone and shape is not None and int(match[2]) == (int(match[1]) + 1) % 100

    def _year_first(self, v: _Vocabulary) -> None:
        """Ranges "17.01-18.12", at the edge of a text, where one half or the other can be nothing else."""
        for match in v.year_first.finditer(self.folded):
            edge = match.start() == 0 or match.end(5) >= len(self.folded.rstrip(" )"))
            first, last = f"{_century(match[1])}-{match[3]}", f"{_century(match[4])}-{match[5]}"
            if edge and first <= last and max(int(match[1]), int(match[4])) > 12:
                self._add(match, first, weak=True)
                if self._free(match.start(4), match.end(5)):
                    self.points.append(DatePoint(last, match.start(4), match.end(5), weak=True))

    def _shortened(self, v: _Vocabulary) -> None:
        """Two-digit years, which count only beside another date: "2019–21", "'18 – '20", "03/19 – 05/21"."""
        for point in list(self.points):
            match = v.short_year.match(self.folded, point.end)
            if match and len(point.value) == 4:
                year = point.value[:2] + match[1]
                if int(point.value) <= int(year) <= int(point.value) + 12:
                    self._add(match, year, begin=match.start(1), weak=True)
        self._year_first(v)
        for match in v.slashed.finditer(self.folded):
            self._add(match, f"{_century(match[2])}-{int(match[1]):02d}", weak=True)
        for match in v.apostrophe.finditer(self.folded):
            self._add(match, _century(match[1]), weak=True)


def find_dates(text: str, *, month_first: bool = False) -> tuple[DateRange, ...]:
    """Every date and range printed in one text, in order.

    `month_first` decides 04/05/2019 where nothing else does.
    """
    return _find_dates(text, month_first) if len(text) < 2000 else ()


@lru_cache(maxsize=4096)
def _find_dates(text: str, month_first: bool) -> tuple[DateRange, ...]:
    if not _HAS_DATE.search(fold(text)):
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
    v = _words()
    point = points[i]
    since = v.since.search(folded, max(0, point.begin - 20), point.begin)
    begin = since.start() if since else point.begin
    between = v.between.match(folded, point.end)
    follower = points[i + 1] if i + 1 < len(points) else None
    if follower and (
        (between and between.end() >= follower.begin and follower.begin > point.end)
        or v.short_year.match(folded, point.end, follower.end)
    ):
        if point.weak and follower.weak and _slash_only(folded, point, follower):
            return None, 2
        return DateRange(begin, follower.end, point, follower), 2
    opened = v.open.match(folded, between.end()) if between else None
    opened = opened or v.open.match(folded, _skip_space(folded, point.end))
    if opened:
        return DateRange(begin, opened.end(), point, None, opened.span()), 1
    if point.weak:
        return None, 1
    month = _lone_month_before(folded, point)
    if month:
        return DateRange(month.begin, point.end, month, point), 1
    if since:
        return DateRange(begin, point.end, point, None, (since.start(), point.end)), 1
    if v.until.match(folded[: point.begin]):
        return DateRange(0, point.end, None, point), 1
    if re.match(r"\s*[-–—~～]\s*$", folded[point.end :]):
        return DateRange(begin, len(folded), point, None, (point.begin, len(folded))), 1
    return DateRange(begin, point.end, point, None, single=True), 1


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
    head = folded[max(0, point.begin - 24) : point.begin]
    dash = re.search(r"\s*(?:[-–—/]|\bto\b|\bbis\b|\ba\b)\s*$", head)
    if not dash:
        return None
    match = _words().lone_month.search(head[: dash.start()])
    month = _words().months.get(match[1]) if match else None
    if match is None or month is None or month > int(point.value[5:7]):
        return None
    begin = point.begin - len(head) + match.start()
    return DatePoint(f"{point.value[:4]}-{month:02d}", begin, begin + len(match.group()))


def wraps_date(above: str, below: str) -> int:
    """How much of `below` ends the date that `above` breaks off: "May 2016 – June" / "2018 Berlin" is 4.

    0 where `above` ends no date in the making.
    """
    v = _words()
    head = fold(above).rstrip()
    tail = fold(below)
    match = v.unended.search(head[-40:])
    if match is None:
        return _until(v, head, tail)
    word = match[1] or match[2]
    if word is not None and word.rstrip(".") not in (v.season_names if match[1] else v.months):
        return 0
    ending = v.ending.match(tail)
    if ending is None:
        opened = v.open.match(tail) if word is None else None
        return opened.end() if opened else 0
    rest = find_dates(above + " " + below)
    joined = next((r for r in rest if r.begin <= len(above) < r.end), None)
    used = max(ending.end(), joined.end - len(above) - 1 if joined else 0)
    again = v.unended.search(f"{head} {tail}"[-40:])  # "June" / "2022-January" / "2023"
    goes_on = again is not None and (again[1] or again[2] or "").rstrip(".") in {"", *v.months}
    return len(below) if goes_on and len(below) - used < 18 else used


def _until(v: _Vocabulary, head: str, tail: str) -> int:
    """How much of "bis 15.07.2021" ends "von 16.03.2016" above it."""
    between = v.between.match(tail)
    if between is None or not re.search(rf"{_YEAR}$", head):
        return 0
    dashed = re.match(rf"\s*{_DASH}\s", tail) is not None  # "Sep 2010" / "— Jun 2012"
    if not dashed and not v.since_or_from.match(head):
        return 0
    ending = v.ending.match(tail, between.end())
    opened = v.open.match(tail, between.end())
    return ending.end() if ending else opened.end() if opened else 0


def guess_month_first(texts: list[str], default: bool) -> bool:
    """Whether 04/05/2019 is the fifth of April here: decided by the dates that can be read one way only."""
    first = second = 0
    for text in texts:
        for match in _words().numeric.finditer(fold(text)):
            first += int(match[1]) > 12
            second += int(match[2]) > 12
    return second > first if first != second else default
