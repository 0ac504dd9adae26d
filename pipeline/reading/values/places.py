"""Places: telling them from other text, and reading city, region and country."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from phonenumbers.geodata.locale import LOCALE_DATA

from pipeline.domain.profile import Location
from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import load, word_set
from pipeline.reading.lexicon.phrases import Phrases, phrases, words_of
from pipeline.reading.page.rows import Piece

_SEPARATOR = re.compile(r"\s*[,，、;/|·•]\s*|\s[–—-]\s|\(|\)")
_POSTCODE = re.compile(
    r"(?<![\w-])(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|"
    r"(?:[A-Z]{1,2}-)?\d{5}(?:-\d{3,4})?|\d{3}-\d{4}|\d{2}-\d{3}|\d{4} ?[A-Z]{2}|"
    r"\d{3} \d{2}|\d{4}|\d{6})(?![\w-])"
)


_SHORTEST_NAME = 4  # letters of a country's name from the phone data: shorter ones are words or codes

_SURE, _PARTLY, _POSSIBLE, _SHAPED = 1.5, 0.8, 0.35, 0.25
_SURE_LAST = 1.2  # an unknown part before a known one: "Kleinstadt, Germany"
_STREET = 1.0  # a postcode and a word of streets
_AMID_OTHER = 0.2  # a known place among words that are no place
_UNLIKELY, _NO_PLACE = -0.5, -1.0

_LONGEST = 70  # characters: what is longer is a sentence that names a place
_MOST_PARTS = 4  # "District, City, Region, Country"; more is a list
_MOST_STREET_WORDS = 9
_MOST_WORDS_ALONE = 3
_MOST_PART_WORDS = 4
_PARTICLE = 3  # letters: "de", "am", "upon" stand small in a place's name up to this length
_LONGEST_CJK = 12  # signs: what is longer and ends in 市 or 都 is a sentence
_WEAKER = 0.8  # of the confidence, for a city that only its position tells
_BARE_POSTCODE = 4  # digits: four alone may be a year or a house; only with other text are they a postcode


class _Gazetteer:
    """Names of countries, regions and cities with the code of their country, and the words around places."""

    def __init__(self) -> None:
        data = load("places")
        self.countries = _countries(data)
        self.regions = _coded(data["regions"])
        self.cities = _coded(data["cities"])
        #: As printed: "IN" is Indiana, "in" is a word.
        self.subdivisions = {c: country for country, codes in data["subdivisions"].items() for c in codes}
        self.subdivisions |= dict.fromkeys(data["subdivisions"]["US"], "US")
        self.remote = phrases(data["words"]["remote"])
        self.street = phrases(data["words"]["street"])
        self.labels = phrases(data["words"]["labels"])
        self.cjk_tails = tuple(word_set("places", "words", "cjk_tails"))
        self.cjk_no_tails = tuple(word_set("places", "words", "cjk_no_tails"))


def _coded(names: dict[str, list[str]]) -> Phrases:
    return Phrases({name: code for code, listed in names.items() for name in listed})


def _countries(data: dict[str, Any]) -> Phrases:
    """Our names of countries first, then those of the phone data in the languages that resumes come in."""
    countries: dict[str, str] = {}
    for code, names in data["countries"].items():
        countries.update(dict.fromkeys(names, code))
    for code, names in LOCALE_DATA.items():
        if len(code) == 2 and code.isalpha():
            for language in data["words"]["name_languages"]:
                name = _phone_name(names, language)
                if len(name) >= _SHORTEST_NAME:
                    countries.setdefault(name, code)
    return Phrases(countries)


def _phone_name(names: dict[str, str], language: str) -> str:
    """A country's name in one language of the phone data, where "*de" means as in German."""
    name = names.get(language, "")
    name = names.get(name[1:], "") if name.startswith("*") else name
    return "" if name.startswith("*") else name


@cache
def gazetteer() -> _Gazetteer:
    """The one gazetteer, made when it is first asked for."""
    return _Gazetteer()


def country_of(text: str) -> str | None:
    """ISO 3166 code of the country that all of `text` names."""
    if text.strip(" .") in word_set("places", "words", "never_countries"):
        return None  # as printed: "US" is a country, "us" a word
    return gazetteer().countries.label(text)


def part_kind(text: str) -> str | None:
    """`country`, `region`, `city`, `remote` or None, for text without commas."""
    g = gazetteer()
    bare = text.strip(" .()")
    if bare in g.subdivisions:
        return "region"
    if country_of(bare):
        return "country"
    if bare in g.cities:
        return "city"
    if bare in g.regions:
        return "region"
    if bare in g.remote:
        return "remote"
    return "city" if _is_cjk_place(bare) else None


def _is_cjk_place(text: str) -> bool:
    """Whether a text in Chinese, Japanese or Korean ends as names of cities and districts do."""
    fits = has_cjk(text) and len(text) <= _LONGEST_CJK and " " not in text
    folded = fold(text)
    return fits and folded.endswith(gazetteer().cjk_tails) and not folded.endswith(gazetteer().cjk_no_tails)


@lru_cache(maxsize=4096)
def place_score(text: str) -> float:
    """How much a text looks like a place: above 1 is sure, about .3 is possible, below 0 is not."""
    parts = [part for part in _SEPARATOR.split(text) if part and part.strip()]
    if not parts or len(text) > _LONGEST:
        return _NO_PLACE
    kinds = [part_kind(_POSTCODE.sub("", part)) or part_kind(part) for part in parts]
    return _named_score(parts, kinds) if any(kinds) else _shape_score(text, parts)


def _named_score(parts: list[str], kinds: list[str | None]) -> float:
    """The score of a text of which the gazetteer knows some part."""
    if all(kinds):
        return _SURE
    unknown = [part for part, kind in zip(parts, kinds, strict=True) if not kind]
    if len(parts) > _MOST_PARTS or not all(_could_be_place(part) for part in unknown):
        return _AMID_OTHER
    return _SURE_LAST if kinds[-1] else _PARTLY


def _shape_score(text: str, parts: list[str]) -> float:
    """The score of a text that the gazetteer knows nothing of: a street, or what is written as places are."""
    words = len(words_of(text).words)
    if _POSTCODE.search(text) and words <= _MOST_STREET_WORDS and gazetteer().street.find(text):
        return _STREET
    if len(parts) == 2 and all(_could_be_place(part) for part in parts):
        return _POSSIBLE
    alone = len(parts) == 1 and words <= _MOST_WORDS_ALONE
    return _SHAPED if alone and _could_be_place(text) else _UNLIKELY


def _could_be_place(text: str) -> bool:
    """Whether a text is written as names of places are, or has a postcode."""
    words = text.split()
    if not words:
        return False
    if len(words) > _MOST_PART_WORDS or any(c.isdigit() for c in text):
        return _POSTCODE.search(text) is not None and len(words) <= _MOST_PART_WORDS + 1
    if has_cjk(text) or not words[0][0].isascii():
        return True
    return all(word[0].isupper() or len(word) <= _PARTICLE for word in words)


def read_location(piece: Piece, confidence: float) -> Location:
    """City, region, country and postcode of a place."""
    location = Location(raw=piece.fact(confidence))
    unknown: list[Piece] = []
    for part in _parts(piece):
        part = _take_postcode(location, part, confidence).trim()
        if part.text and not any(c.isdigit() for c in part.text):
            _take_part(location, part, unknown, confidence)
    sole = len(unknown) == 1
    if location.city is None and unknown and (location.country or location.region or sole):
        location.city = unknown[-1].fact(confidence * _WEAKER)
    return location


def _parts(piece: Piece) -> Iterator[Piece]:
    position = 0
    for match in _SEPARATOR.finditer(piece.text):
        yield piece.cut(position, match.start())
        position = match.end()
    yield piece.cut(position, len(piece.text))


def _take_postcode(location: Location, part: Piece, confidence: float) -> Piece:
    """Put the postcode of a part into the location; what is left of the part."""
    found = _POSTCODE.search(part.text)
    if found is None or max(len(found.group()), len(part.text)) <= _BARE_POSTCODE:
        return part
    location.postcode = location.postcode or part.fact_at(*found.span(), found.group(), confidence)
    if found.start() > 1:
        return part.cut(0, found.start())
    return part.cut(found.end(), len(part.text))


def _take_part(location: Location, part: Piece, unknown: list[Piece], confidence: float) -> None:
    """Put a part where its kind belongs; one of no kind that is no street may be the city."""
    kind = part_kind(part.text)
    if kind == "country":
        location.country = part.fact(confidence, country_of(part.text))
    elif kind == "region" and (unknown or location.city):
        location.region = part.fact(confidence)
    elif kind in ("city", "region"):  # a region with no city before it is one of the cities that are regions
        location.city = location.city or part.fact(confidence)
    elif kind is None and not gazetteer().street.find(part.text):
        unknown.append(part)


def country_hint(location: Location | None) -> str | None:
    """The country that a location names or implies by its city or region."""
    if location is None:
        return None
    if location.country:
        return location.country.value
    g = gazetteer()
    if location.region and (
        code := g.subdivisions.get(location.region.value) or g.regions.label(location.region.value)
    ):
        return code
    return g.cities.label(location.city.value) if location.city else None
