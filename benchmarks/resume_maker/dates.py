"""Months as resumes print them, and what of them can be read back."""

from typing import Any

from .model import Month

Locale = dict[str, Any]
YEAR_ONLY = frozenset({"year", "season"})
WEIGHTS = {
    "mon": 25,
    "month": 13,
    "slash": 11,
    "year": 13,
    "since": 5,
    "short": 4,
    "till_now": 3,
    "dot": 4,
    "iso": 4,
    "merged": 4,
    "dash": 3,
    "day": 3,
    "season": 2,
    "slash_iso": 2,
    "yy": 2,
    "comma": 2,
}


_FORMS = {
    "slash": "{number:02d}/{year}",
    "dash": "{number:02d}-{year}",
    "dot": "{number:02d}.{year}",
    "year": "{year}",
    "iso": "{year}-{number:02d}",
    "slash_iso": "{year}/{number:02d}",
    "yy": "{number:02d}/{yy:02d}",
    "day": "{day:02d}.{number:02d}.{year}",
    "season": "{season} {year}",
    "short": "{short} '{yy:02d}",
    "comma": "{month}, {year}",
}


def month_text(month: Month, style: str, locale: Locale) -> str:
    """One month in a style of WEIGHTS; the day, where a style has one, follows from the month."""
    year, number = month
    form = _FORMS.get(style, "{short} {year}")
    if style == "month":
        form = locale.get("month_year", "{month} {year}")
    return form.format(
        year=year,
        yy=year % 100,
        number=number,
        day=1 + (year * 7 + number * 5) % 28,
        month=locale["months"][number - 1],
        short=locale["months_short"][number - 1],
        season=locale["seasons"][number % 12 // 3],
    )


def range_text(start: Month, end: Month | None, style: str, dash: str, present: str, locale: Locale) -> str:
    """Start and end joined by `dash`, or in a frame such as "from {a} to {b}"; an open end is `present`."""
    if "{a}" in dash and end is not None and start != end:
        return dash.format(a=month_text(start, style, locale), b=month_text(end, style, locale))
    dash = " – " if "{a}" in dash else dash
    first = month_text(start, style, locale)
    if end is None:
        if style == "since":
            return str(locale["since"]).format(date=first)
        return f"{first}{dash}{locale['till_now'] if style == 'till_now' else present}"
    last = month_text(end, style, locale)
    if style == "merged" and start[0] == end[0]:
        first = locale["months_short"][start[1] - 1]
    return first if first == last else f"{first}{dash}{last}"


def duration_text(start: Month, end: Month, locale: Locale) -> str:
    """Years and months between two months, both counted, as business networks print them."""
    years, months = divmod((end[0] - start[0]) * 12 + end[1] - start[1] + 1, 12)
    parts = [locale["duration"][i].format(n) for i, n in enumerate((years, months)) if n]
    return f"({' '.join(parts)})"


def truth_of(month: Month | None, style: str) -> str:
    """'YYYY-MM', 'YYYY' where the style prints no month, 'present' for an open end."""
    if month is None:
        return "present"
    return str(month[0]) if style in YEAR_ONLY else f"{month[0]}-{month[1]:02d}"
