"""Reading's vocabulary: the TOML files of this folder, loaded once, folded as what they are compared with."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.phrases import Phrases, phrases, words_of

_SHORT_CJK_HEAD = 2  # signs: a head as short ("部长") stands inside other words too


def load(name: str) -> dict[str, Any]:
    """The lists of `NAME.toml` as they are written, not folded: for what folds them itself."""
    return tomllib.loads(files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))


def any_of(texts: list[str]) -> re.Pattern[str]:
    """A pattern for any of the texts, folded, longest first; for scripts without spaces."""
    return re.compile("|".join(re.escape(fold(t)) for t in sorted(texts, key=len, reverse=True)))


@cache
def word_set(name: str, *keys: str) -> frozenset[str]:
    """The words or phrases of one list of `NAME.toml`, folded. A text instead of a list is split at white space."""
    listed: Any = load(name)
    for key in keys:
        listed = listed[key]
    return frozenset(fold(word) for word in (listed.split() if isinstance(listed, str) else listed))


def _labelled(groups: dict[str, list[str]]) -> dict[str, str]:
    """Each word of a table of lists with the key of its list."""
    return {word: label for label, words in groups.items() for word in words}


def _single_words(listed: str) -> set[str]:
    """The words of a text of words, folded; "e-learning" gives two."""
    return {word for entry in listed.split() for word in words_of(entry).words}


class Titles:
    """Words of job titles."""

    LABELS = ("title", "employer", "dates", "place", "firm", "body")

    def __init__(self) -> None:
        data = load("titles")
        self._read_words(data)
        self._read_cjk(data["cjk"].split())
        self.at = [fold(word) for word in data["at"]]
        self.seniority = Phrases(_labelled(data["seniority"]))
        types = _labelled(data["types"])
        self.types = Phrases(types)
        self.types_cjk = {fold(word): kind for word, kind in types.items() if has_cjk(word)}
        self.labels = Phrases(_labelled({kind: data[f"labels_{kind}"] for kind in self.LABELS}))

    def _read_words(self, data: dict[str, Any]) -> None:
        """Heads ("engineer"), what is a title only beside them, and ends of compounds ("…leiter")."""
        heads = [words_of(entry).words for entry in data["heads"].split()]
        self.heads = {words[0] for words in heads if len(words) == 1 and len(words[0]) > 1}
        self.compounds = phrases([" ".join(words) for words in heads if len(words) > 1])
        self.weak = _single_words(data["weak"]) - self.heads
        self.modifiers = _single_words(data["modifiers"])
        self.suffixes = tuple(word_set("titles", "suffixes"))

    def _read_cjk(self, heads: list[str]) -> None:
        """Heads end a text without spaces; those of two signs are found only there."""
        self.cjk_tail = re.compile(f"(?:{any_of(heads).pattern})[)）\\s]*$")
        self.cjk = any_of([head for head in heads if len(head) > _SHORT_CJK_HEAD])


class Organisations:
    """Words of employers and of schools."""

    def __init__(self) -> None:
        data = load("organisations")
        self.legal = phrases(data["legal"])
        self.nouns = phrases(data["nouns"])
        self.cjk = any_of(data["cjk"])
        self.institutions = phrases(data["institutions"])
        self.institution_suffixes = tuple(fold(word) for word in data["institution_suffixes"])
        self.institution_cjk = any_of(data["institution_cjk"])


class Degrees:
    """Degrees by level, fields, grades."""

    LEVELS = (
        "postdoctorate",
        "doctorate",
        "master",
        "bachelor",
        "associate",
        "vocational",
        "certificate",
        "secondary",
    )

    def __init__(self) -> None:
        data = load("degrees")
        self.phrases = Phrases({p: level for level in self.LEVELS for p in data[level]["phrases"]})
        self.short: dict[str, str] = {}
        for level in self.LEVELS:
            for form in data[level]["short"]:
                self.short.setdefault(re.sub(r"[.\s]", "", form), level)
        self.short_capitals = {form.upper(): level for form, level in self.short.items()}
        self.cjk = [(any_of(data[level]["cjk"]), level) for level in self.LEVELS if data[level].get("cjk")]
        other = data["other"]
        self.words = phrases(other["words"])
        self.of = phrases(other["of"])
        self.field_labels = phrases(other["field_labels"])
        self.labels = Phrases(
            dict.fromkeys(other["institution_labels"], "institution")
            | dict.fromkeys([*other["degree_labels"], *other["field_labels"]], "degree")
        )
        self.grade_labels = phrases(other["grade_labels"])
        self.grade_phrases = phrases(other["grade_phrases"])
        self.status = Phrases(
            {
                word: status
                for status in ("discontinued", "ongoing", "completed")
                for word in other[f"status_{status}"]
            }
        )
        self.status_cjk = [
            (any_of([w for w in other[f"status_{status}"] if has_cjk(w)]), status)
            for status in ("discontinued", "ongoing", "completed")
        ]


class Languages:
    """Languages, their levels, and language tests."""

    def __init__(self) -> None:
        data = load("languages")
        self.names = Phrases({name: code for code, names in data["names"].items() for name in names})
        self.cjk_names = {fold(n): code for code, names in data["names"].items() for n in names if has_cjk(n)}
        self.cjk = any_of(list(self.cjk_names))
        order = ("A1", "A2", "B1", "B2", "C1", "C2", "native")
        self.levels = Phrases({word: level for level in order for word in data["cefr"][level]})
        self.cjk_levels = {fold(w): level for level in order for w in data["cefr"][level] if has_cjk(w)}
        self.cjk_level = any_of(list(self.cjk_levels))
        self.tests = phrases(data["tests"]["words"])


class Skills:
    """Canonical skills."""

    def __init__(self) -> None:
        data = load("skills")
        self.canonical = {
            skill_key(form): name for name, forms in data["canonical"].items() for form in (name, *forms)
        }
        self.exact = set(data["exact"])
        self.levels = phrases(data["words"]["levels"])
        self.lead_ins = phrases(data["words"]["lead_ins"])
        self.not_skills = phrases(data["words"]["not_skills"])


def skill_key(text: str) -> str:
    """What two spellings of one skill share: letters, digits, + and #."""
    return re.sub(r"[^\w+#]|_", "", fold(text))


@cache
def titles() -> Titles:
    """The one lexicon of titles, made when it is first asked for."""
    return Titles()


@cache
def organisations() -> Organisations:
    """The one lexicon of organisations, made when it is first asked for."""
    return Organisations()


@cache
def degrees() -> Degrees:
    """The one lexicon of degrees, made when it is first asked for."""
    return Degrees()


@cache
def languages() -> Languages:
    """The one lexicon of languages, made when it is first asked for."""
    return Languages()


@cache
def skills() -> Skills:
    """The one lexicon of skills, made when it is first asked for."""
    return Skills()
