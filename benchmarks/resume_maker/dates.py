"""Months as resumes print them, and what of them can be read back."""

from typing import Any

from .model import Month

Locale = dict[str, Any]
YEAR_ONLY = frozenset({"year", "season", "year_short_range"})
STYLES = (
    "mon",
    "month",
    "slash",
    "dash",
    "dot",
    "year",
    "iso",
    "day",
    "since",
    "season",
    "short",
    "till_now",
)
WEIGHTS = (26, 14, 12, 3, 4, 14, 4, 3, 6, 3, 5, 4)


def month_text(month: Month, style: str, locale: Locale) -> str:
    """One month in a style of STYLES."""
    year, number = month
    long, short = locale["months"][number - 1], locale["months_short"][number - 1]
    match style:
        case "month":
            return locale.get("month_year", "{month} {year}").format(month=long, year=year)
        case "slash":
            return f"{number:02d}/{year}"
        case "dash":
            return f"{number:02d}-{year}"
        case "dot":
            return f"{number:02d}.{year}"
        case "year":
            return str(year)
        case "iso":
            return f"{year}-{number:02d}"
        case "day":
            return f"{1 + (year * 7 + number * 5) % 28:02d}.{number:02d}.{year}"
        case "season":
            return f"{locale['seasons'][number % 12 // 3]} {year}"
        case "short":
            return f"{short} '{year % 100:02d}"
        case _:
            return f"{short} {year}"


def range_text(start: Month, end: Month | None, style: str, dash: str, present: str, locale: Locale) -> str:
    """Start and end joined by `dash`; an open end is the word `present`."""
    first = month_text(start, style, locale)
    if end is None:
        if style == "since":
            return locale["since"].format(date=first)
        return f"{first}{dash}{locale['till_now'] if style == 'till_now' else present}"
    last = month_text(end, style, locale)
    return first if first == last else f"{first}{dash}{last}"


def truth_of(month: Month | None, style: str) -> str:
    """'YYYY-MM', 'YYYY' where the style prints no month, 'present' for an open end."""
    if month is None:
        return "present"
    return str(month[0]) if style in YEAR_ONLY else f"{month[0]}-{month[1]:02d}"
