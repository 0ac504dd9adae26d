"""Scores of one predicted profile against its truth, by field.

Names are equal as sets of words, phones in their last eight digits, links without scheme and slash, skills
without case and punctuation. Work and education entries are matched one to one, best pairs first; a company,
title, institution or degree is right when nine tenths alike or when one holds the other; dates are right to
the year (`_y`) and to the precision of the truth (`_ym`). What a truth does not tell is not scored, unless
it is listed as absent.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

_LIKE = 0.82
_TITLES = {"dr", "mr", "mrs", "ms", "prof", "phd", "md", "mba", "jr", "sr", "ing", "dipl"}
_LEGAL = re.compile(
    r"\b(?:inc|llc|ltd|limited|gmbh|ag|kg|plc|corp|co|sa|sas|srl|spa|bv|nv|ab|oy|as|ооо|оао|зао|ао)\b"
)
Entry = dict[str, Any]
#: Kinds of entries, with the two fields that tell which is which.
ENTRIES = {"work": ("company", "title"), "education": ("institution", "degree")}


@dataclass(slots=True)
class Count:
    right: int = 0
    wrong: int = 0
    missed: int = 0

    def scores(self) -> tuple[float, float, float]:
        """Precision, recall, F1."""
        p = self.right / (self.right + self.wrong) if self.right + self.wrong else float(not self.missed)
        r = self.right / (self.right + self.missed) if self.right + self.missed else 1.0
        return p, r, 2 * p * r / (p + r) if p + r else 0.0


@dataclass(slots=True)
class Tally:
    """Counts by field, and what went wrong: (field, expected, found)."""

    counts: dict[str, Count] = field(default_factory=dict)
    errors: list[tuple[str, Any, Any]] = field(default_factory=list)
    coverage: float | None = None

    def add(self, name: str, *, right: int = 0, wrong: int = 0, missed: int = 0) -> None:
        count = self.counts.setdefault(name, Count())
        count.right += right
        count.wrong += wrong
        count.missed += missed

    def one(self, name: str, expected: Any, found: Any, ok: bool) -> bool:
        self.add(name, right=ok, wrong=bool(found) and not ok, missed=not ok)
        if not ok:
            self.errors.append((name, expected, found))
        return ok

    @staticmethod
    def sum(tallies: Iterable[Tally]) -> Tally:
        total = Tally()
        for tally in tallies:
            for name, count in tally.counts.items():
                total.add(name, right=count.right, wrong=count.wrong, missed=count.missed)
        return total


def score_case(truth: dict[str, Any], found: dict[str, Any], absent: Sequence[str] = ()) -> Tally:
    tally = Tally()
    for name in ("name", "email", "phone"):
        if truth.get(name):
            expected, told = truth[name], found.get(name)
            tally.one(name, expected, told, is_right(name, expected, told))
        elif name in absent:
            _score_absent(tally, name, found.get(name))
    scored = {*truth, *absent}
    for name, form in (("links", _link), ("skills", _skill)):
        if name in scored:
            _score_set(tally, name, truth.get(name) or [], found.get(name) or [], form)
    for name, (first, second) in ENTRIES.items():
        if name in scored:
            _score_entries(tally, name, truth.get(name) or [], found.get(name) or [], first, second)
    return tally


def _score_absent(tally: Tally, name: str, told: Any) -> None:
    """What the resume does not have can be wrong, but not missed."""
    if told:
        tally.one(name, None, told, False)
        tally.counts[name].missed -= 1


def _words(text: Any) -> list[str]:
    plain = unicodedata.normalize("NFKD", str(text)).casefold()
    return re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c)))


def _same_text(a: str, b: str) -> bool:
    return a.casefold().strip() == b.casefold().strip()


def _same_name(a: str, b: str) -> bool:
    first, second = (sorted(w for w in _words(x) if w not in _TITLES) for x in (a, b))
    return first == second or "".join(_words(a)) == "".join(_words(b))


def _same_phone(a: str, b: str) -> bool:
    first, second = (re.sub(r"\D", "", re.split(r"x|ext", str(x))[0]) for x in (a, b))
    n = min(8, len(first), len(second))
    return n >= 5 and first[-n:] == second[-n:]


def _link(text: str) -> str:
    return re.sub(r"^(?:https?://)?(?:www\.)?|/+$", "", text.strip().casefold())


def _skill(text: str) -> str:
    return "".join(_words(text.replace("+", "plus").replace("#", "sharp")))


def _score_set(
    tally: Tally, name: str, truth: list[str], found: list[str], form: Callable[[str], str]
) -> None:
    wanted, told = {form(x) for x in truth}, {form(x) for x in found}
    tally.add(name, right=len(wanted & told), wrong=len(told - wanted), missed=len(wanted - told))
    for item in sorted(wanted - told):
        tally.errors.append((name, item, None))
    for item in sorted(told - wanted):
        tally.errors.append((name, None, item))


def likeness(a: Any, b: Any) -> float:
    """0–1; legal forms aside."""
    if not a or not b:
        return 0.0
    first, second = (_LEGAL.sub(" ", " ".join(_words(x))).split() or _words(x) for x in (a, b))
    x, y = "".join(first), "".join(second)
    if x == y:
        return 1.0
    short, long = sorted((x, y), key=len)
    held = 0.9 if len(short) >= 4 and short in long and len(short) / len(long) >= 1 / 3 else 0.0
    shared = 2 * len(set(first) & set(second)) / (len(set(first)) + len(set(second)) or 1)
    return max(held, shared, difflib.SequenceMatcher(None, x, y).ratio())


def paired(truth: list[Entry], found: list[Entry], first: str, second: str) -> dict[int, int]:
    """Which entry that was found is which of the truth, by number: the best pairs first, one to one."""

    def alike(t: Entry, f: Entry) -> float:
        years = sum(bool(t.get(k)) and str(t[k])[:4] == str(f.get(k))[:4] for k in ("start", "end"))
        return (
            0.5 * likeness(t.get(first), f.get(first))
            + 0.35 * likeness(t.get(second), f.get(second))
            + 0.1 * years
        )

    pairs = sorted(
        ((alike(t, f), -i, -j) for i, t in enumerate(truth) for j, f in enumerate(found)), reverse=True
    )
    matched: dict[int, int] = {}
    for score, i, j in pairs:
        if score >= 0.3 and -i not in matched and -j not in matched.values():
            matched[-i] = -j
    return matched


def _score_entries(
    tally: Tally, name: str, truth: list[Entry], found: list[Entry], first: str, second: str
) -> None:
    matched = paired(truth, found, first, second)
    for i, expected in enumerate(truth):
        got = found[matched[i]] if i in matched else {}
        oks = [
            tally.one(
                f"{name}.{key}", expected[key], got.get(key), is_right(key, expected[key], got.get(key))
            )
            for key in (first, second)
            if expected.get(key)
        ]
        tally.one(f"{name}.entry", expected, got, bool(got) and all(oks))
        _score_dates(tally, name, expected, got)
    for j, extra in enumerate(found):
        if j not in matched.values():
            tally.add(f"{name}.entry", wrong=1)
            tally.errors.append((f"{name}.entry", None, extra))


def is_right(field: str, expected: Any, found: Any) -> bool:
    """Whether a value that was found is the one of the truth; dates to the precision of the truth.

    `field` is "name", "email", "phone", "link", "skill", "start", "end", or one of `ENTRIES`.
    """
    return bool(found) and _SAME.get(field, _same_entry)(expected, found)


def _same_entry(expected: Any, found: Any) -> bool:
    return likeness(expected, found) >= _LIKE


def _same_date(expected: Any, found: Any) -> bool:
    want = str(expected)
    return str(found)[: len(want)] == want


_SAME: dict[str, Callable[[Any, Any], bool]] = {
    "name": _same_name,
    "email": _same_text,
    "phone": _same_phone,
    "link": lambda a, b: _link(a) == _link(b),
    "skill": lambda a, b: _skill(a) == _skill(b),
    "start": _same_date,
    "end": _same_date,
}


def _score_dates(tally: Tally, name: str, expected: Entry, got: Entry) -> None:
    for key in ("start", "end"):
        if expected.get(key):
            want, have = str(expected[key]), str(got.get(key) or "")
            year = want[:4] == have[:4]
            tally.one(f"{name}.{key}_y", want, have, year)
            tally.one(f"{name}.{key}_ym", want, have, is_right(key, want, have))
