"""Places: telling them from other text, and reading city, region and country."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from phonenumbers.geodata.locale import LOCALE_DATA

from pipeline.domain.profile import Location
from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import any_of, load
from pipeline.reading.lexicon.phrases import Phrases, words_of
from pipeline.reading.page.rows import Piece

_LANGUAGES = (
    "en",
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "pl",
    "sv",
    "ru",
    "tr",
    "ja",
    "ko",
    "zh",
    "uk",
    "cs",
    "da",
    "nb",
    "fi",
)
_SEPARATOR = re.compile(r"\s*[,，、;/|·•]\s*|\s[–—-]\s|\(|\)")
_POSTCODE = re.compile(
    r"(?<![\w-])(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|"
    r"(?:[A-Z]{1,2}-)?\d{5}(?:-\d{3,4})?|\d{3}-\d{4}|\d{2}-\d{3}|\d{4} ?[A-Z]{2}|"
    r"\d{3} \d{2}|\d{4}|\d{6})(?![\w-])"
)


class _Gazetteer:
    def __init__(self) -> None:
        data = load("places")
        countries: dict[str, str] = {}
        for code, names in data["countries"].items():
            countries.update(dict.fromkeys(names, code))
        for code, names in LOCALE_DATA.items():
            for language in _LANGUAGES:
                name = names.get(language, "")
                name = names.get(name[1:], "") if name.startswith("*") else name  # "*de": as in German
                name = "" if name.startswith("*") else name
                if len(code) == 2 and code.isalpha() and len(name) > 3:
                    countries.setdefault(name, code)
        self.countries = Phrases(countries)
        self.regions = Phrases({name: code for code, names in data["regions"].items() for name in names})
        self.cities = Phrases({name: code for code, names in data["cities"].items() for name in names})
        self.subdivisions = {c: country for country, codes in data["subdivisions"].items() for c in codes}
        self.subdivisions |= dict.fromkeys(data["subdivisions"]["US"], "US")
        words = data["words"]
        self.remote = Phrases(dict.fromkeys(words["remote"], "remote"))
        self.street = Phrases(dict.fromkeys(words["street"], "street"))
        self.labels = Phrases(dict.fromkeys(words["labels"], "label"))
        self.cjk_tails = tuple(words["cjk_tails"])
        cjk = [
            n
            for group in (data["cities"], data["regions"])
            for ns in group.values()
            for n in ns
            if has_cjk(n)
        ]
        self.cjk_cities = any_of(cjk)


@cache
def gazetteer() -> _Gazetteer:
    return _Gazetteer()


def country_of(text: str) -> str | None:
    """ISO 3166 code of the country that all of `text` names."""
    return gazetteer().countries.label(text) if text.strip(" .") not in ("us", "in", "de") else None


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
    if has_cjk(bare) and len(bare) <= 12 and bare.endswith(g.cjk_tails) and " " not in bare:
        return "city"
    return None


@lru_cache(maxsize=4096)
def place_score(text: str) -> float:
    """How much a text looks like a place: above 1 is sure, about .3 is possible, below 0 is not."""
    parts = [part for part in _SEPARATOR.split(text) if part and part.strip()]
    if not parts or len(text) > 70:
        return -1.0
    kinds = [part_kind(_POSTCODE.sub("", part)) or part_kind(part) for part in parts]
    if all(kinds):
        return 1.5
    if any(kinds):
        unknown = [part for part, kind in zip(parts, kinds, strict=True) if not kind]
        if all(_could_be_place(part) for part in unknown) and len(parts) <= 4:
            return 1.2 if kinds[-1] else 0.8
        return 0.2
    words = words_of(text).words
    if _POSTCODE.search(text) and len(words) <= 9 and gazetteer().street.find(text):
        return 1.0
    if len(parts) == 2 and all(_could_be_place(part) for part in parts):
        return 0.35
    if len(parts) == 1 and _could_be_place(text) and len(words) <= 3:
        return 0.25
    return -0.5


def _could_be_place(text: str) -> bool:
    words = text.split()
    if not words or len(words) > 4 or any(c.isdigit() for c in text):
        return bool(words) and _POSTCODE.search(text) is not None and len(words) <= 5
    return has_cjk(text) or not words[0][0].isascii() or all(w[0].isupper() or len(w) <= 3 for w in words)


def read_location(piece: Piece, confidence: float) -> Location:
    """City, region, country and postcode of a place."""
    location = Location(raw=piece.fact(confidence))
    position = 0
    unknown: list[Piece] = []
    for match in [*_SEPARATOR.finditer(piece.text), None]:
        part = piece.cut(position, match.start() if match else len(piece.text))
        position = match.end() if match else position
        postcode = _POSTCODE.search(part.text)
        if postcode and (len(postcode.group()) > 4 or len(part.text) > 4):
            location.postcode = location.postcode or part.fact_at(
                *postcode.span(), postcode.group(), confidence
            )
            part = (
                part.cut(0, postcode.start())
                if postcode.start() > 1
                else part.cut(postcode.end(), len(part.text))
            )
        part = part.trim()
        if not part.text or any(c.isdigit() for c in part.text):
            continue
        kind = part_kind(part.text)
        if kind == "country":
            location.country = part.fact(confidence, country_of(part.text))
        elif kind == "region" and (unknown or location.city):
            location.region = part.fact(confidence)
        elif kind == "city" or (kind == "region" and not location.city):
            location.city = location.city or part.fact(confidence)
        elif kind is None and not gazetteer().street.find(part.text):
            unknown.append(part)
    if location.city is None and unknown and (location.country or location.region or len(unknown) == 1):
        location.city = unknown[-1].fact(confidence * 0.8)
    return location


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


def is_label(text: str) -> bool:
    return fold(text).strip(" :：") in gazetteer().labels
