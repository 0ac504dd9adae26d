"""Fields of study: what a degree is in, where no "in" says so."""

from __future__ import annotations

from functools import lru_cache

from pipeline.reading.lexicon.load import word_set
from pipeline.reading.lexicon.phrases import words_of


@lru_cache(maxsize=4096)
def is_field_of_study(text: str) -> bool:
    """Whether a text names a field of study and nothing else: "Early Modern History"."""
    words = words_of(text).words
    names, beside = word_set("fields_of_study", "names"), word_set("fields_of_study", "beside")
    return any(word in names for word in words) and all(word in names or word in beside for word in words)
