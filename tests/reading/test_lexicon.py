"""Every list of words reaches reading folded, as the text is that it is compared with."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pipeline.reading
from pipeline.reading.lexicon.fold import fold
from pipeline.reading.lexicon.load import load, word_set
from pipeline.reading.lexicon.phrases import Phrases
from pipeline.reading.profile import draft_of
from pipeline.reading.sections.language import language_of
from pipeline.reading.values.dates import find_dates, wraps_date
from tests.reading.pages import draw

_LEXICON = Path(pipeline.reading.__path__[0]) / "lexicon"
#: Lists that are compared with text as it is printed, each for the reason beside it in its file.
_AS_PRINTED = {
    "_Gazetteer.subdivisions": "IN is Indiana, in is a word",
    "Degrees.short": "MA is a degree, ma is a word",
    "Degrees.short_capitals": "the same in a heading of capitals",
    "Skills.exact": "Go is a skill, go is a word",
    "language._profiles": "accents tell neighbouring languages apart",
    "language._letters": "the accents themselves",
    "language._within": "the letters themselves",
}


def _vocabularies() -> Iterator[tuple[str, Any]]:
    """What every cached function without arguments in reading gives: there vocabulary is made."""
    for info in pkgutil.walk_packages(pipeline.reading.__path__, "pipeline.reading."):
        module = importlib.import_module(info.name)
        for name, made in vars(module).items():
            cached = hasattr(made, "cache_info") and made.__module__ == info.name
            if cached and not inspect.signature(made).parameters:
                yield f"{info.name.rsplit('.', 1)[1]}.{name}", made()


def _texts(place: str, value: Any) -> Iterator[tuple[str, str]]:
    """(where, word) of all words that a vocabulary compares with; of a dict its keys, its values are labels."""
    if place in _AS_PRINTED:
        return
    if isinstance(value, str | re.Pattern):
        source = value if isinstance(value, str) else value.pattern
        yield place, re.sub(r"\\[A-Za-z]", "", source)  # without "\W" and its kin
    elif isinstance(value, Phrases):
        yield from ((place, " ".join(key)) for key in value._labels)
    elif isinstance(value, dict | list | tuple | set | frozenset):
        for item in value:
            yield from _texts(place, item)
    elif hasattr(value, "__dict__"):
        for name, inner in vars(value).items():
            yield from _texts(f"{type(value).__name__}.{name}", inner)


@pytest.mark.parametrize(("name", "vocabulary"), [pytest.param(*v, id=v[0]) for v in _vocabularies()])
def test_a_vocabulary_holds_only_folded_words(name: str, vocabulary: Any) -> None:
    unfolded = {
        (place, text)
        for place, text in _texts(name, vocabulary)
        if any(char.isalpha() and fold(char) != char for char in text)
    }
    assert not unfolded


def _lists(value: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _lists(inner, (*keys, key))
    elif isinstance(value, str | list):
        yield keys


def _read_by_name() -> set[tuple[str, ...]]:
    """(file, key, ...) of the lists that the modules name to `word_set` or `one_of`, which fold."""
    read = set()
    for module in Path(pipeline.reading.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("word_set", "one_of"):
                read.add(tuple(arg.value for arg in node.args if isinstance(arg, ast.Constant)))
    return read


def _all_lists() -> list[tuple[str, ...]]:
    named = sorted(path.stem for path in _LEXICON.glob("*.toml"))
    return [(name, *keys) for name in named for keys in _lists(load(name))]


def test_lists_that_are_named_to_the_folding_loader_exist() -> None:
    everywhere = set(_all_lists())
    for named in _read_by_name() - {()}:
        assert any(keys[: len(named)] == named for keys in everywhere), named


def test_a_list_of_one_text_is_split_and_folded() -> None:
    assert "ingenjor" in word_set("titles", "heads")
    assert not any(word != fold(word) for word in word_set("titles", "heads"))


def test_a_range_that_begins_with_a_word_with_accents_goes_on_in_the_next_line() -> None:
    assert wraps_date("från 16.03.2016", "till 15.07.2021") == len("till 15.07.2021")


def test_a_day_with_an_ordinal_sign_belongs_to_its_date() -> None:
    (found,) = find_dates("1º de mayo de 2019")
    assert found.start is not None
    assert found.start.value == "2019-05-01"


def test_a_sentence_is_known_by_a_verb_that_folding_changes() -> None:
    told = [
        "Мой опыт работы с базами данных большой, проекты",
        "J'ai appris Python avec une petite équipe, deux ans",
    ]
    for line in told:
        assert draft_of(draw({"skills": [line]})).skills == []


def test_portuguese_is_no_french_for_want_of_accents() -> None:
    assert (
        language_of("Formação e experiência em gestão de equipe, universidade e idiomas até o momento atual")
        == "pt"
    )
