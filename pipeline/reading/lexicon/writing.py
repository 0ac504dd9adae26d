"""How languages and countries set what every language writes: from which side, and the month or the day first."""

from __future__ import annotations

from pipeline.reading.lexicon.fold import fold
from pipeline.reading.lexicon.load import word_set


def runs_from_right(language: str | None) -> bool:
    """Whether a language (ISO 639-1) is written from right to left."""
    return language in word_set("writing", "right_to_left")


def puts_month_first(country: str | None, language: str | None) -> bool:
    """Whether 04/05/2019 is the fifth of April in a country (ISO 3166), where it is unknown in a language."""
    if country is None:
        return language in word_set("writing", "month_first_languages")
    return fold(country) in word_set("writing", "month_first")
