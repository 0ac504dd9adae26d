"""The words and forms that dates are found by: names of months, eras, "since" and "present", and how figures stand."""

from __future__ import annotations

import re
from functools import cache

from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import any_of, load, word_set
from pipeline.reading.lexicon.patterns import one_of
from pipeline.reading.lexicon.phrases import phrases

YEAR = r"(?:19[3-9]\d|20[0-6]\d)"
_YEAR_BEHIND = r"(?:19|20)\d\d"
#: The last three are what OCR reads for a dash, or a Japanese document prints for one.
DASH = r"[-–—‒―−~～〜→⟶›»>/_…\u30fc\u4e00]"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_WORD = r"[^\W\d_]{3,14}"  # a month's name: "may" is the shortest, "septiembre" and its kin are well below 14


class _Names:
    """What months and seasons are called."""

    def __init__(self) -> None:
        self.months: dict[str, int] = {}
        several: list[str] = []
        november = word_set("dates", "words", "polish_november")
        for number, names in load("dates")["months"].items():
            for name in names:
                folded = fold(name)
                if folded in november and number != "11":
                    self.months[folded] = 11
                self.months.setdefault(folded, int(number))
                if re.search(r"[\s.]", folded):
                    several.append(name)
        self.month = f"(?:{any_of(several).pattern}|{_WORD})"
        #: What may stand between a dash and the year on the next line: "Spring 2021 – Autumn" / "2022".
        self.seasons = frozenset(self.months) | word_set("dates", "words", "seasons")


class _Joins:
    """Words around dates: what joins two to a range, what begins it or leaves it open."""

    def __init__(self) -> None:
        words = load("dates")["words"]
        between, since = one_of("dates", "words", "between"), one_of("dates", "words", "since")
        self.between_words = between
        self.open = re.compile(f"(?:{_open_words(words['open'] + words['open_cjk'])})\\.?")
        self.open_phrases = phrases([word for word in words["open"] if word not in words["open_labels"]])
        self.open_cjk = any_of([word for word in words["open_cjk"] if len(word) > 1])  # 今後 is no 今
        before_end = f"(?:{one_of('dates', 'small', 'before_end')}|{between})"
        self.between = re.compile(
            rf"\s*[.,)]?\s*(?:{DASH}+|\b{between}\b|{one_of('dates', 'words', 'between_cjk')})[\s\-–—.(]*"
            rf"(?:{before_end}\b\s*)?(?:{one_of('dates', 'words', 'expected')}[.:]?\s+)?"
        )
        articles = one_of("dates", "small", "after_since")
        self.since = re.compile(rf"(?:^|(?<=\W)){since}[\s:]+(?:{articles}\s+)?$")
        self.since_or_from = re.compile(rf"(?:{since}|{one_of('dates', 'small', 'from')})\s")
        self.until = re.compile(rf"^\W*{one_of('dates', 'words', 'until')}[\s:]+$")
        self.short_year = re.compile(
            rf"\s*(?:[-–—‒/]|{one_of('dates', 'small', 'to_short_year')})\s*['’]?(\d\d)(?![\d.,:%/-])"
        )
        self.after_month = re.compile(rf"\s*(?:[-–—/]|\b{one_of('dates', 'small', 'to_month')}\b)\s*$")


def _open_words(words: list[str]) -> str:
    return "|".join(
        re.escape(fold(word)) + ("" if has_cjk(word) else r"(?!\w)")
        for word in sorted(words, key=len, reverse=True)
    )


class _NamedForms:
    """Patterns of dates with words in them; their groups are what `_Finder` reads."""

    def __init__(self, month: str) -> None:
        of, day_of = one_of("dates", "small", "of_year"), one_of("dates", "small", "of_day")
        ordinal = one_of("dates", "small", "ordinals")
        ordinal_after = one_of("dates", "small", "ordinals_behind_month")
        season, after_season = one_of("dates", "words", "seasons"), one_of("dates", "small", "after_season")
        self.season = re.compile(rf"{season}\.?,?\s+(?:{after_season}\s+)?['’]?({YEAR})(?!\d)")
        self.season_ends = re.compile(rf"{season}\.?,?\s+(?:{after_season}\s+)?{YEAR}$")
        self.named = re.compile(
            rf"(?:(?<!\w)({_DAY})(?:{ordinal}|[.°])?\s*[-./]?\s*(?:{day_of}\s+)?)?(?<![^\W\d_])({month})[.']?\s*[,/.\-]?\s*"
            rf"(?:({_DAY}){ordinal_after}?\s*[,.]\s*|({_DAY}){ordinal_after}?\s+(?={YEAR}))?(?:{of}\s+)?['’]?({YEAR})(?!\d)"
        )
        self.named_short = re.compile(
            rf"(?<![^\W_])({month})(?:\.?\s*,?\s*['’]\s*|\s*[-/]\s*)(\d\d)(?![\d.,:%/]|\s*[/-]\s*\d)"
        )
        self.named_weak = re.compile(rf"(?<![^\W_])({month})\.?\s+(\d\d)(?![\d,:%/]|\.\d|{ordinal_after})")
        self.year_named = re.compile(rf"(?<!\d)({YEAR})[\s,./-]\s*({month})(?![^\W_])")
        self.lone_month = re.compile(rf"(?<![^\W_])({month})\.?$")


class CjkForms:
    """Patterns of dates with the signs of years, months and days, and the eras of Japan."""

    def __init__(self) -> None:
        signs = load("dates")["signs"]
        self.signs = frozenset("".join(signs["year"] + signs["month"]))
        #: The year before each era's first.
        self.eras: dict[str, int] = {fold(era): year for era, year in signs["eras"].items()}
        self.first = fold(signs["first_year"])
        year, month, day = (one_of("dates", "signs", sign) for sign in ("year", "month", "day"))
        self.date = re.compile(rf"({YEAR})\s*{year}(?:\s*(\d{{1,2}})\s*{month}(?:\s*(\d{{1,2}})\s*{day})?)?")
        self.month_first = re.compile(rf"(?<!\d)(\d{{1,2}})\s*{month}\s*,?\s*({YEAR})(?!\d|\s*{year})")
        self.era = re.compile(
            rf"({any_of(list(self.eras)).pattern})\s*(\d{{1,2}}|{self.first})\s*{year}(?:\s*(\d{{1,2}})\s*{month})?"
        )


class Vocabulary:
    """Every word and pattern that dates are found by, in a folded text."""

    def __init__(self) -> None:
        words = load("dates")["words"]
        self.names = _Names()
        self.joins = _Joins()
        self.forms = _NamedForms(self.names.month)
        self.cjk = CjkForms()
        self.has_date = re.compile(
            rf"(?:19|20)\d\d|['/.\-]\s?\d\d(?!\d)|[^\W\d_]\.? \d\d(?!\d)|{one_of('dates', 'signs', 'year')}"
        )
        self.unended = re.compile(
            rf"{YEAR}(?:[-./]\d{{1,2}})?[^\d]{{0,3}}\s*(?:{DASH}|\b{self.joins.between_words}\b)\s*({_WORD})?\.?$|(?:^|\s)({_WORD})\.?$"
        )
        self.ending = re.compile(
            rf"\W{{0,3}}(?:{YEAR}|\d{{1,2}}[./-](?:\d{{1,2}}[./-])?{YEAR}"
            rf"|{_WORD}\.?,?\s(?:{one_of('dates', 'small', 'before_wrapped_year')}\s)?{YEAR})(?!\d)"
        )
        self.birth = phrases(words["birth"])
        self.birth_cjk = any_of(words["birth_cjk"])
        self.expected = phrases(words["expected"])


ISO = re.compile(
    rf"(?<![\d.,/])(?<!\D\d-)(?<!\D\d\d\d-)({YEAR})\s?[-./]\s?(0[1-9]|1[0-2]|[1-9])(?:\s?[-./]\s?({_DAY})(?!\d))?(?![\d%])\.?"
)
NUMERIC = re.compile(
    rf"(?<![\d.,/])(?<!\D\d-)(?<!\d\d[./-]\d\d-)(\d{{1,2}})\s?[./-]\s?(\d{{1,2}})\s?[./-]\s?({YEAR})(?!\d)"
)
# "2012.9-2015.6": the dash parts two months, and belongs to neither.
MONTHS_WITH_A_DASH = re.compile(
    rf"(?<![\d.,/-])({YEAR})[./](0?[1-9]|1[0-2])[-–—~～]({YEAR})[./](0?[1-9]|1[0-2])(?![\d./%])"
)
# "12-03-10 to 05-05-12": two dates of one form, which nothing else has.
SHORT_DATES = re.compile(
    r"(?<![\d./-])(\d{1,2})([-./])(\d{1,2})\2(\d\d)(?=[^\d./-]{1,6}(\d{1,2})\2(\d{1,2})\2(\d\d)(?![\d./-]))"
)
# "2010-09-2013-07" is two ISO months, not 2010 and "09-2013".
_ISO_ON_BOTH_SIDES = rf"(?<={_YEAR_BEHIND}-)\d\d-{YEAR}-(?:0[1-9]|1[0-2])(?!\d)"
ROMANS = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
ROMAN = re.compile(
    r"(?:^|(?<=[-–—(])\s*|(?<=\bod )|(?<=\bdo ))"
    rf"({'|'.join(sorted(ROMANS, key=len, reverse=True))})[ .]((?:19|20)\d\d)(?!\d)"
)
MONTH_NUMBER = re.compile(
    rf"(?!{_ISO_ON_BOTH_SIDES})(?<![\d.,/])(?<!\D\d-)(?<!\D\d\d-)(0?[1-9]|1[0-2])(?:\s?[./]\s?|-)({YEAR})(?!\d|\.\d)"
)
LONE_YEAR = re.compile(
    rf"(?<![\d$€£¥#@_+])(?<!\d[.,:])(?<!\D\d[-/])(?<!\D\d\d[-/])(?<!\d{{3}}[-/])({YEAR})(?![\d%@_]|[.,:]\d|\+|\s?[%€$])"
    rf"|(?<={_YEAR_BEHIND}[-/])({YEAR})(?!\d)"
)
CUT_BEFORE_MONTH = re.compile(r"(?:19|20)\d\d[-./]$")  # "2016-03 — 2018-" / "05"
CUT_MONTH = re.compile(r"\s*(?:0[1-9]|1[0-2])(?![\d\w])")
DIGIT = re.compile(r"\d")
COMMA = re.compile(r"\s*(?:,|&|and)\s*")
TWO_YEARS = re.compile(r"(?:19|20)\d\d\s+(?:19|20)\d\d")
APOSTROPHE = re.compile(r"(?<!\w)['’](\d\d)(?!\d)")
SLASHED = re.compile(r"(?<![\d/.,])(0?[1-9]|1[0-2])[/.](\d\d)(?![\d/.,%])")
YEAR_FIRST = re.compile(
    r"(?:^|(?<=\s))(\d\d)([./])(0[1-9]|1[0-2])(?=\s*[-–—~～]\s*(?:(\d\d)\2(0[1-9]|1[0-2])(?![\d.,/%])))"
)


@cache
def vocabulary() -> Vocabulary:
    """The one vocabulary, made when it is first asked for."""
    return Vocabulary()
