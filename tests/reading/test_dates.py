"""Dates as resumes print them."""

from __future__ import annotations

import time

import pytest

from pipeline.reading.lexicon.fold import fold
from pipeline.reading.values.dates import find_dates, guess_month_first, mentions_birth, wraps_date

RANGES = {
    "Mar 2019 – Present": ("2019-03", None, True),
    "03/2019 - 05/2021": ("2019-03", "2021-05", False),
    "03/19 – 05/21": ("2019-03", "2021-05", False),
    "03/23-10/24": ("2023-03", "2024-10", False),
    "2019–21": ("2019", "2021", False),
    "2017-2019": ("2017", "2019", False),
    "2010-11": ("2010", "2011", False),
    "2007-11 – 2010-05": ("2007-11", "2010-05", False),
    "2016.09-2019.03": ("2016-09", "2019-03", False),
    "22.07.2018-21.11.2023": ("2018-07-22", "2023-11-21", False),
    "2010-08 - 2011-12": ("2010-08", "2011-12", False),
    "2010-09-2013-07": ("2010-09", "2013-07", False),
    "2010-09一2013-07": ("2010-09", "2013-07", False),
    "2012.9-2015.6": ("2012-09", "2015-06", False),
    "From May 2014 to July 21st 2019": ("2014-05", "2019-07-21", False),
    "June 20th 2018 - May 3rd, 2019": ("2018-06-20", "2019-05-03", False),
    "12-03-10 to 05-05-12": ("2010-03-12", "2012-05-05", False),
    "Summer 2013, 2014": ("2013", "2014", False),
    "2013 2017": ("2013", "2017", False),
    "Jan '18 - Mar '19": ("2018-01", "2019-03", False),
    "Sep 18 – Mar 20": ("2018-09", "2020-03", False),
    "Mar – Jun 2019": ("2019-03", "2019-06", False),
    "13.01.2011 - 14.02.2012": ("2011-01-13", "2012-02-14", False),
    "March 15, 2019 to April 20, 2020": ("2019-03-15", "2020-04-20", False),
    "Summer 2022 to Autumn 2023": ("2022", "2023", False),
    "İlkbahar 2024 - Kış 2025": ("2024", "2025", False),
    "17.01-17.12": ("2017-01", "2017-12", False),
    "11.09-15.06": ("2011-09", "2015-06", False),
    "09/15 – 03/18": ("2015-09", "2018-03", False),
    "Since Mar 2010": ("2010-03", None, True),
    "2008 TILL NOW": ("2008", None, True),
    "2019 –": ("2019", None, True),
    "seit 2018": ("2018", None, True),
    "Okt. 2016 – heute": ("2016-10", None, True),
    "janvier 2018 à aujourd'hui": ("2018-01", None, True),
    "févr. 2018 – déc. 2019": ("2018-02", "2019-12", False),
    "enero de 2018 - actualidad": ("2018-01", None, True),
    "de março de 2019 até o momento": ("2019-03", None, True),
    "Gennaio 2018 – oggi": ("2018-01", None, True),
    "augustus 2018 – heden": ("2018-08", None, True),
    "styczeń 2018 – obecnie": ("2018-01", None, True),
    "11/24-do chwili obecnej": ("2024-11", None, True),
    "från maj 2019 till juli 2023": ("2019-05", "2023-07", False),
    "od VI 2019": ("2019-06", None, True),
    "II 2015 – V 2019": ("2015-02", "2019-05", False),
    "с 2018 по 2020": ("2018", "2020", False),
    "09.2016 - настоящее время": ("2016-09", None, True),
    "ноя 2022 - наст.": ("2022-11", None, True),
    "Eylül 2018 - Halen": ("2018-09", None, True),
    "سبتمبر 2018 – الحاضر": ("2018-09", None, True),
    "٢٠١٨ – ٢٠٢٠": ("2018", "2020", False),
    "פבר‘ 2019 – אפר‘ 2023": ("2019-02", "2023-04", False),
    "מרץ 2018 - היום": ("2018-03", None, True),
    "2019年3月 – 現在": ("2019-03", None, True),
    "2019年3月～2020年4月": ("2019-03", "2020-04", False),
    "令和2年4月 – 現在": ("2020-04", None, True),
    "5 月 2022 – 至今": ("2022-05", None, True),
    "2018년 3월 ~ 현재": ("2018-03", None, True),
    "4월 2019 – 8월 2022": ("2019-04", "2022-08", False),
}


@pytest.mark.parametrize(("text", "expected"), RANGES.items())
def test_a_range_is_read_to_the_precision_printed(text: str, expected: tuple[str, str | None, bool]) -> None:
    """Start, end and open end of a range come out as printed."""
    (found,) = find_dates(text)
    start = found.start.value if found.start else None
    finish = found.finish.value if found.finish else None
    assert (start, finish, found.current is not None) == expected


@pytest.mark.parametrize(
    "text",
    [
        "04/10/2021 – ÎN CURS",
        "04/2021 - dosud",
        "2019 – по нині",
        "05.2018 – до сих пор",
        "2015 - حتى الآن",
        "2016 onwards",
    ],
)
def test_an_open_end_is_known_in_many_languages(text: str) -> None:
    """The range goes on."""
    (found,) = find_dates(text)
    assert found.current is not None


@pytest.mark.parametrize(
    "text", ["22-01 -10", "10-06-20098", "555-2019", "$2019", "May 18", "99/2019x", "1.2019.4.5.6"]
)
def test_what_is_no_date_invents_none(text: str) -> None:
    """Malformed dates, amounts and numbers give no month."""
    assert all(len(found.start.value) == 4 for found in find_dates(text) if found.start)


def test_an_impossible_month_gives_no_month() -> None:
    """There is no thirteenth month: at most the year is taken."""
    assert all(len(found.start.value) == 4 for found in find_dates("13/2019") if found.start)


@pytest.mark.parametrize(("month_first", "expected"), [(True, "2019-04-05"), (False, "2019-05-04")])
def test_an_ambiguous_day_follows_the_documents_order(month_first: bool, expected: str) -> None:
    """04/05/2019 is read in the order told."""
    (found,) = find_dates("04/05/2019", month_first=month_first)
    assert found.start is not None
    assert found.start.value == expected


def test_the_order_of_day_and_month_is_learned_from_dates_that_tell() -> None:
    """One date with a day over 12 decides for all."""
    assert guess_month_first(["04/25/2019", "04/05/2019"], default=False) is True
    assert guess_month_first(["25/04/2019"], default=True) is False
    assert guess_month_first(["04/05/2019"], default=True) is True


@pytest.mark.parametrize(
    ("above", "below", "used"),
    [
        ("November 2007 — May", "2010", 4),
        ("2005-09 —", "2009-06", 7),
        ("Spring 2021 – Autumn", "2022", 4),
        ("June", "2022-January", 12),
        ("2018 –", "Present", 7),
        ("Marketing", "2010", 0),
        ("Sales – Europe", "2010 – 2011", 0),
    ],
)
def test_a_date_broken_at_a_lines_end_is_told_whole(above: str, below: str, used: int) -> None:
    """The start of the next line that ends the date is told, and nothing else."""
    assert wraps_date(above, below) == used


def test_a_birth_date_is_recognised() -> None:
    """Lines that tell a birth date are known, so that nobody reads them."""
    assert mentions_birth("Geburtsdatum: 20.12.1982")
    assert mentions_birth("生年月日 1982年12月20日")
    assert not mentions_birth("Berlin 2019 – 2020")


def test_folding_keeps_every_place() -> None:
    """A folded text is as long as the text, whatever its script."""
    for text in ("ÅÉÎõü İstanbul ß ﬁ 東京ガス 서울 القاهرة ٢٠١٨ ｆｕｌｌ", "Straße №5"):
        assert len(fold(text)) == len(text)


def test_long_hostile_lines_are_read_quickly() -> None:
    """No pattern backtracks its way through a second."""
    begin = time.perf_counter()
    for text in ("2019 - " * 250, "jan " * 400, "1/" * 900, "20" * 900, "2019年" * 300):
        find_dates(text)
    assert time.perf_counter() - begin < 1.0


@pytest.mark.parametrize(
    ("above", "below"), [("Sep 2010", "— Jun 2012"), ("von 16.03.2016", "bis 15.07.2021")]
)
def test_a_range_broken_before_its_connector_is_whole(above: str, below: str) -> None:
    """The dash or the "until" may open the next line."""
    assert wraps_date(above, below) == len(below)


def test_dots_say_the_day_first_and_so_do_months_names() -> None:
    """Whatever the language's default; a date that can be read one way only comes before both."""
    (found,) = find_dates("2.6.2012 to 9.4.2014", month_first=True)
    assert (found.start and found.start.value, found.finish and found.finish.value) == (
        "2012-06-02",
        "2014-04-09",
    )
    assert not guess_month_first(["born 3.4.1990", "02/03/2019"], default=True)
    assert not guess_month_first(["12 May 2015", "02/03/2019"], default=True)
    assert guess_month_first(["May 12, 2015", "02/03/2019"], default=False)
    assert guess_month_first(["12 May 2015", "02/13/2019"], default=False)
