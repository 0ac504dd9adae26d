"""Deciding which text of an entry's heading is the title, the employer, the place: the best joint reading."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import organisations, titles
from pipeline.reading.lexicon.phrases import words_of
from pipeline.reading.page.rows import Piece
from pipeline.reading.values.classify import (
    employer_score,
    institution_score,
    is_titleish,
    shape_score,
    title_score,
)
from pipeline.reading.values.places import part_kind, place_score

STRONG = re.compile(
    r"\s*[|•·‖∙●│┃¦／]\s*|\s+[–—―−-]+\s+|\s{3,}|\s*[–—]\s(?=\S)|;\s|\s//?\s(?=[A-ZÀ-Þ])|、|・(?=.{4})"
)
_COMMA = re.compile(r"\s*[,，،]\s+|，")
_PARENTHESES = re.compile(r"\s*[(（\[]([^()（）\[\]]{2,60})[)）\]]\s*$")
_MAX_READINGS = 16
_MAX_FRAGMENTS = 7

Score = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Reading:
    """Fragments with the slot of each, and how well it reads."""

    fragments: tuple[Piece, ...]
    slots: dict[str, int]
    score: float

    def get(self, slot: str) -> Piece | None:
        index = self.slots.get(slot)
        return None if index is None else self.fragments[index]

    @property
    def rest(self) -> list[Piece]:
        used = set(self.slots.values())
        return [piece for i, piece in enumerate(self.fragments) if i not in used]


def fragments_of(header: Sequence[Piece]) -> list[Piece]:
    """The heading cut at every separator that is no comma."""
    found = []
    for piece in header:
        for part in piece.split(STRONG):
            part = part.trim()
            if part.text and any(c.isalnum() for c in part.text):
                found += _cut_parentheses(part)
    return found


def _cut_parentheses(piece: Piece) -> list[Piece]:
    """Cut "(Berlin)" or "(part-time)" off the end of a text."""
    match = _PARENTHESES.search(piece.text)
    if not match or match.start() < 2:
        return [piece]
    inner = match[1]
    if place_score(inner) >= 0.8 or titles().types.find(inner) or fold(inner) in titles().types_cjk:
        return [piece.cut(0, match.start()), piece.cut(match.start(1), match.end(1))]
    return [piece]


def split_at(fragments: Sequence[Piece]) -> tuple[list[Piece], tuple[int, int] | None]:
    """Cut "Title at Employer"; the indexes of the two where there is one."""
    pattern = _at_pattern()
    result: list[Piece] = []
    pair: tuple[int, int] | None = None
    for piece in fragments:
        match = pattern.search(fold(piece.text)) if pair is None else None
        if match is None and pair is None:
            match = next((m for m in _IN_FIRM.finditer(piece.text) if _firm_follows(piece.text, m)), None)
        if match and title_score(piece.text[: match.start()]) >= 0.5:
            result += [piece.cut(0, match.start()).trim(), piece.cut(match.end(), len(piece.text)).trim()]
            pair = len(result) - 2, len(result) - 1
        else:
            result.append(piece)
    return [piece for piece in result if piece.text], pair


_IN_FIRM = re.compile(r"\s(?:w|we|in|im|i|på|en|à|au|na|no|nella|nel|в|del|della|van|der)\s(?=[^\W\d_])")


def _firm_follows(text: str, match: re.Match[str]) -> bool:
    """ "Nurse in Leeds Hospital": a sure title, a small word, a sure organisation."""
    tail = text[match.end() :]
    return tail[:1].isupper() and title_score(text[: match.start()]) >= 1.0 and employer_score(tail) >= 0.8


_AT: list[re.Pattern[str]] = []


def _at_pattern() -> re.Pattern[str]:
    if not _AT:
        words = "|".join(re.escape(word) for word in sorted(titles().at, key=len, reverse=True))
        _AT.append(re.compile(rf"\s(?:{words})\s"))
    return _AT[0]


def comma_readings(piece: Piece) -> list[list[Piece]]:
    """The ways to read a text with commas: whole, or cut where two parts are of different kinds."""
    if "," not in piece.text and "，" not in piece.text and "،" not in piece.text:
        return _space_readings(piece)
    parts = [part for part in piece.split(_COMMA) if part.text]
    if len(parts) < 2 or len(parts) > 6:
        return [[piece]]
    cuts = {i for i in range(1, len(parts)) if not _belongs_to_former(parts[i].text)}
    readings: list[list[Piece]] = [[piece]]
    places = len(parts)
    while places > 1 and (part_kind(parts[places - 1].text) or place_score(parts[places - 1].text) >= 1.0):
        places -= 1
    options: list[tuple[int, ...]] = []
    if places < len(parts):
        options += [(places,), (places - 1,)] if places > 1 else [(places,)]
        options += [(i, places) for i in range(1, places)] + [(i, places - 1) for i in range(1, places - 1)]
    options += [(i,) for i in (1, len(parts) - 1)]
    options += [(1, 2)] if len(parts) == 3 else [(1, len(parts) - 1)]
    for option in dict.fromkeys(options):
        if all(cut in cuts for cut in option) and list(option) == sorted(set(option)):
            bounds = [0, *option, len(parts)]
            reading = [_between(piece, parts[a:b]) for a, b in itertools.pairwise(bounds)]
            if reading not in readings:
                readings.append(reading)
    return readings[:7]


def _between(piece: Piece, parts: list[Piece]) -> Piece:
    begin = piece.text.find(parts[0].text)
    last = piece.text.find(parts[-1].text, begin)
    return piece.cut(begin, last + len(parts[-1].text)) if begin >= 0 and last >= 0 else parts[0]


def _space_readings(piece: Piece) -> list[list[Piece]]:
    """Chinese, Japanese and Korean headings part their fields with a space."""
    if not has_cjk(piece.text) or " " not in piece.text.strip():
        return [[piece]]
    parts = piece.split(re.compile(r"\s+"))
    readings = [[piece]]
    for cut in range(1, min(len(parts), 4)):
        readings.append([_between(piece, parts[:cut]), _between(piece, parts[cut:])])
    if len(parts) == 3:
        readings.append(parts)
    return readings


def _belongs_to_former(part: str) -> bool:
    """Whether a part after a comma cannot stand alone: "Inc.", "Read and Wells"."""
    words = words_of(part).words
    if not words or organisations().legal.label(part) is not None:
        return True
    return words[0] in ("inc", "llc", "ltd", "and", "&", "und", "et", "y", "e")


def read_slots(
    fragments: Sequence[Piece],
    slots: Mapping[str, Score],
    *,
    forced: dict[str, int] | None = None,
    order: float = 0.0,
    pair: tuple[str, str] = ("title", "employer"),
) -> Reading | None:
    """The best assignment of fragments to slots.

    `order` above 0 favours the first slot of `pair` standing before the second, below 0 after it. `forced`
    names fragments whose slot a label or an "at" has told: they are neither cut nor moved.
    """
    fragments = list(fragments[:_MAX_FRAGMENTS])
    forced = {slot: i for slot, i in (forced or {}).items() if i < len(fragments)}
    variants = [
        [[piece]] if i in forced.values() else comma_readings(piece) for i, piece in enumerate(fragments)
    ]
    best: Reading | None = None
    for number, choice in enumerate(itertools.product(*variants)):
        if number >= _MAX_READINGS * 2:
            break
        flat = [piece for reading in choice for piece in reading][: _MAX_FRAGMENTS + 1]
        offsets = list(itertools.accumulate((len(reading) for reading in choice), initial=0))
        moved = {slot: offsets[i] for slot, i in forced.items() if offsets[i] < len(flat)}
        groups = [n for n, reading in enumerate(choice) for _ in reading][: len(flat)]
        reading = _assign(flat, slots, moved, order, pair, groups)
        cuts = len(flat) - len(choice)
        reading = Reading(reading.fragments, reading.slots, reading.score - 0.12 * cuts)
        if best is None or reading.score > best.score + 1e-9:
            best = reading
    return best


def _assign(
    fragments: list[Piece],
    slots: Mapping[str, Score],
    forced: dict[str, int],
    order: float,
    pair: tuple[str, str],
    groups: list[int],
) -> Reading:
    """`groups`: fragments cut from one text by its commas share a number."""
    names = [name for name in slots if name not in forced]
    free = [i for i in range(len(fragments)) if i not in forced.values()]
    scores = {name: [slots[name](piece.text) for piece in fragments] for name in names}
    best_score, best_slots = float("-inf"), dict(forced)

    def walk(position: int, taken: dict[str, int], total: float) -> None:
        nonlocal best_score, best_slots
        if position == len(names):
            first, second = taken.get(pair[0]), taken.get(pair[1])
            if first is not None and second is not None:
                agrees = order if first < second else -order
                total += min(0.08, agrees)
            place = taken.get("place")
            if place is not None and second is not None:
                total += 0.04 if place > second else -0.04
                if groups[place] == groups[second]:
                    total += 0.12 if place > second else -0.12  # "Acme, Hull"
            left = [i for i in free if i not in taken.values()]
            total -= sum(0.3 if i < 2 else 0.1 for i in left)
            if total > best_score:
                best_score, best_slots = total, dict(taken)
            return
        name = names[position]
        walk(position + 1, taken, total)
        for i in free:
            if i not in taken.values() and scores[name][i] > -0.2:
                taken[name] = i
                walk(position + 1, taken, total + scores[name][i] - 0.05 * i)
                del taken[name]

    walk(0, dict(forced), 0.0)
    return Reading(tuple(fragments), best_slots, best_score)


def as_employer(text: str) -> float:
    return employer_score(text) + 0.3 - _tail_penalty(text, employer_score)


def as_title(text: str) -> float:
    """A title; less so where what follows a comma says nothing of a title: "Partner, Acme"."""
    score = title_score(text) + 0.1
    if score == 0.1 and len(text.split()) == 1:
        score = 0.0
    elif score <= 0.1 and len(text.split()) >= 4 and shape_score(text) < 0:
        score -= 0.5  # a clause, not a title
    if part_kind(text):
        score -= 0.6
    tail = text.replace("،", ",").replace("，", ",").rsplit(",", 1)
    if len(tail) == 2 and not is_titleish(tail[1]):
        score -= 0.5
    return score


def as_place(text: str) -> float:
    return min(place_score(text), 1.2) - 0.3


def as_institution(text: str) -> float:
    return institution_score(text) + 0.2 - _tail_penalty(text, institution_score)


_CAMPUS = re.compile(r"^(?:state )?universi\w+ (?:of|de|du|di|da) [^\W\d_]+(?: [^\W\d_]+)?$", re.I)


def _tail_penalty(text: str, score: Score) -> float:
    """An organisation whose name is sure before its last comma has a place after it: "Acme Ltd, Hull"."""
    head, comma, tail = text.replace("،", ",").rpartition(",")
    if _CAMPUS.match(head):
        return 0.0  # "University of California, San Diego"
    if not comma or _belongs_to_former(tail) or score(head) < 0.8:
        return 0.0
    return 0.3 if score(tail.strip()) < 0.8 else 0.0
