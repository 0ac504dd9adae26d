"""Whether the lines that a fact cites show it.

A fact is `supported` when its `raw` stands in the cited lines (white space, hyphenation, case, accents and
ligatures aside) or in a link annotation over them, and its value is `raw` brought into the schema's form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from pipeline.domain.profile import BBox, Evidence, Fact, FactStatus
from pipeline.domain.sections import SectionedText
from pipeline.domain.text import Box, Line

_DATE = re.compile(r"^\d{4}(?:-\d{2}){0,2}$")
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925}
#: Fields whose value is a word of the schema, not of the document.
_CODED = {"country", "seniority", "type", "is_current"}


_CJK = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7a3\u1100-\u11ff]")
#: A word that says so little that any line prints it.
_TOO_LITTLE = re.compile(r"\W*[a-zà-ÿ]{1,3}\W*")
_NAMES = {"employer", "title", "institution", "organization", "role", "full", "headline"}


@dataclass(frozen=True, slots=True)
class Print:
    """A text as `key` has it, and the places in the key where a word begins or ends."""

    key: str
    borders: frozenset[int]

    def shows(self, wanted: Print) -> bool:
        """Whether the wanted text stands here in whole words.

        Words may be parted here where the wanted text has them whole (letter-spaced, broken at a line's end),
        never the other way round: "he art" is not in "heart".
        """
        at = self.key.find(wanted.key)
        while at >= 0:
            if all(at + border in self.borders for border in wanted.borders):
                return True
            at = self.key.find(wanted.key, at + 1)
        return False


class _KeyedChar(NamedTuple):
    """What a print asks of one character: its key, and of which kind it is."""

    key: str
    alphanumeric: bool
    decimal: bool
    cjk: bool
    mark: bool


@lru_cache(maxsize=8192)  # the scripts of a few languages; each character is met thousands of times
def _char(char: str) -> _KeyedChar:
    mark = unicodedata.category(char) in ("Mn", "Mc", "Cf")
    return _KeyedChar(key(char), char.isalnum(), char.isdecimal(), _CJK.match(char) is not None, mark)


@lru_cache(
    maxsize=4096
)  # a fact's text is asked for when it is looked up and when its value is held against it
def print_of(text: str) -> Print:
    """The key of a text with its word borders; scripts without spaces have one at every letter."""
    letters = ""
    borders = {0}
    before: _KeyedChar | None = None
    for char in map(_char, text):
        if char.key and letters and before is not None and _is_border(before, char):
            borders.add(len(letters))
        letters += char.key
        if char.key or not char.mark:
            before = char
    return Print(letters, frozenset({*borders, len(letters)}))


def _is_border(before: _KeyedChar, after: _KeyedChar) -> bool:
    return not before.alphanumeric or before.decimal != after.decimal or before.cjk or after.cjk


def key(text: str) -> str:
    """Letters and digits alone, folded: what two printings of one text share."""
    folded = unicodedata.normalize("NFKD", text).casefold().replace("ı", "i")
    return "".join(c for c in folded if c.isalnum())


class Evidences:
    """Judges facts against one document."""

    def __init__(self, sections: SectionedText) -> None:
        self._lines = sections.line_by_id
        self._prints: dict[int, Print] = {}
        self._links = {page.number: page.links for page in sections.text.pages}

    def judge(self, fact: Fact[Any], field: str) -> FactStatus:
        """The fact's status. The fact gets its evidence resolved: page, box and text of the lines it cites."""
        lines = [self._lines[i] for e in fact.evidence for i in e.line_ids if i in self._lines]
        if not lines or not fact.raw.strip():
            return "unverified"
        if field in _NAMES and _TOO_LITTLE.fullmatch(fact.raw):
            return "unverified"
        if not self._shown(fact.raw, lines):
            return "unverified"
        fact.evidence = _resolved(lines)
        return _status(fact.value, fact.raw, field)

    def _shown(self, raw: str, lines: list[Line]) -> bool:
        wanted = print_of(raw)
        if not wanted.key:
            shown = " ".join(line.text for line in lines)
            return "".join(raw.split()) in "".join(shown.split())
        if self._joined(lines).shows(wanted):
            return True
        return any(self._linked(raw, line) for line in lines)

    def _joined(self, lines: list[Line]) -> Print:
        """The lines as one print; a line's end is a word's."""
        letters, borders = "", set[int]()
        for line in lines:
            if line.id not in self._prints:
                self._prints[line.id] = print_of(line.text)
            part = self._prints[line.id]
            borders |= {len(letters) + border for border in part.borders}
            letters += part.key
        return Print(letters, frozenset(borders))

    def _linked(self, raw: str, line: Line) -> bool:
        """Whether an annotation with this address lies over the line."""
        return any(
            link.uri == raw and _overlap(link.box, line.box) for link in self._links.get(line.page, ())
        )


def _overlap(a: Box, b: Box) -> bool:
    return a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom


def _resolved(lines: list[Line]) -> list[Evidence]:
    """One evidence a page: the union of its lines' boxes."""
    pages: dict[int, list[Line]] = {}
    for line in lines:
        pages.setdefault(line.page, []).append(line)
    found = []
    for page, members in pages.items():
        box = members[0].box
        for line in members[1:]:
            box = box.union(line.box)
        bbox: BBox = (round(box.left, 5), round(box.top, 5), round(box.right, 5), round(box.bottom, 5))
        text = " ".join(line.text for line in members)
        found.append(Evidence(line_ids=[line.id for line in members], page=page, bbox=bbox, text=text))
    return found


def _status(value: object, raw: str, field: str) -> FactStatus:
    if field in _CODED:
        if isinstance(value, bool) or key(str(value)) == key(raw):
            return "supported"
        names_itself = field == "country" and not any(c.isdigit() for c in raw)
        return "supported" if names_itself else "inferred"
    return "supported" if follows(value, raw, field) else "unverified"


def follows(value: object, raw: str, field: str) -> bool:
    """Whether `value` is nothing but `raw` in the schema's form."""
    text = str(value)
    rule = _RULES.get(field)
    if rule is not None:
        return rule(text, raw)
    if _DATE.match(text):
        return date_follows(text, raw)
    wanted = print_of(text)
    return print_of(raw).shows(wanted) if wanted.key else text.strip() in raw


def date_follows(value: str, raw: str) -> bool:
    """Whether the year, and month and day where told, are in the text: never a month that is not printed."""
    folded = unicodedata.normalize("NFKC", raw)
    numbers = re.findall(
        r"\d+", "".join(str(unicodedata.digit(c, c)) if c.isdecimal() else c for c in folded)
    )
    year, *rest = value.split("-")
    words = any(c.isalpha() for c in raw)
    if not _shows_year(year, numbers, raw):
        # "Mar" of "Mar – Jun 2019": the year stands at the range's other end
        return bool(rest) and not numbers and words

    def printed(part: str) -> bool:
        return any(int(number) == int(part) for number in numbers)

    return all(words or printed(month) for month in rest[:1]) and all(printed(day) for day in rest[1:])


def _shows_year(year: str, numbers: Sequence[str], raw: str) -> bool:
    """Whether one of the numbers is the year: whole, by its last two digits, or counted in an era."""
    eras = {str(first + int(n)) for era, first in _ERAS.items() if era in raw for n in [*numbers[:1], "1"]}
    return year in numbers or year in eras or any(len(n) <= 2 and n.zfill(2) == year[2:] for n in numbers)


def _phone_follows(value: str, raw: str) -> bool:
    digits, shown = re.sub(r"\D", "", value), re.sub(r"\D", "", unicodedata.normalize("NFKC", raw))
    return len(digits) >= 5 and (digits[-7:] in shown or digits == shown)


def _email_follows(value: str, raw: str) -> bool:
    plain = key(
        re.sub(r"[\[({<\s](?:at|dot|arroba|punto|point|punkt|ät)[\])}>\s]", " ", unquote(raw), flags=re.I)
    )
    return key(value) in plain


def _url_follows(value: str, raw: str) -> bool:
    if key(value) in key(unquote(raw)) or key(unquote(raw)) in key(value):
        return True
    handle = value.rstrip("/").rsplit("/", 1)[-1]
    host = re.sub(r"^https?://", "", value).split("/")[0]
    return key(handle) in key(raw) and (
        host in raw.lower() or key(host.split(".")[-2]) in key(raw) or host == "x.com"
    )


_RULES: dict[str, Callable[[str, str], bool]] = {
    "phones": _phone_follows,
    "emails": _email_follows,
    "url": _url_follows,
}
