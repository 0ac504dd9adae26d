"""Deciding which text of an entry's heading is the title, the employer, the place: the best joint reading."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from pipeline.reading.entries.cuts import belongs_to_former, comma_readings
from pipeline.reading.entries.scores import LIKELY, POSSIBLE
from pipeline.reading.lexicon.fold import fold
from pipeline.reading.lexicon.patterns import one_of
from pipeline.reading.page.rows import Piece
from pipeline.reading.values.classify import (
    employer_score,
    institution_score,
    is_titleish,
    shape_score,
    title_score,
)
from pipeline.reading.values.places import part_kind, place_score

_MOST_READINGS = 32  # of one heading: they multiply with its commas
_MOST_FRAGMENTS = 7  # a heading has no more fields; what comes after is text

# What a joint reading gains and loses beside the scores of its texts, which lie between 0 and 1.3.
_LEAST_SCORE = -0.2  # a text that scores less is not tried in a slot
_LATER = 0.05  # for each text that stands before: what is told first is more likely the main thing
_CUT = 0.12  # a text cut at a comma must read better than whole
_EMPTY_SLOT_FIRST, _EMPTY_SLOT_LATER = (
    0.3,
    0.1,
)  # for a text without a slot: dear among the first two, cheap later
_FIRST_TEXTS = 2
_MOST_BY_ORDER = 0.08  # what the section's order of slots can add: it decides between like readings only
_BOTH_TOLD = 0.2  # an entry tells both of its pair far more often than one
_PLACE_AFTER = 0.04  # a place stands after the firm rather than before it,
_PLACE_AFTER_SAME = 0.12  # and more surely so within one text: "Acme, Hull"
_BETTER = 1e-9  # of two equal readings the one with fewer cuts, which comes first, wins

_ORDER_GAIN = 0.35  # of a sure entry's vote about its section's order
_MOST_ORDER = 0.9

# What the scores of single texts are moved by, so that those of different slots compare.
_TITLE, _EMPLOYER, _INSTITUTION, _PLACE = 0.1, 0.3, 0.2, -0.3
_MOST_PLACE = 1.2  # a full address is no better a place than a city with its country
_CLAUSE_WORDS = 4
_CLAUSE = 0.5  # a clause, not a title
_PLACE_AS_TITLE = 0.6
_FOREIGN_TAIL = 0.5  # "Partner, Acme": what follows the comma says nothing of a title
_PLACE_TAIL = 0.3  # "Acme Ltd, Hull" is an employer and a place

Score = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Reading:
    """Fragments with the slot of each, and how well it reads."""

    fragments: tuple[Piece, ...]
    slots: dict[str, int]
    score: float

    def get(self, slot: str) -> Piece | None:
        """The text in a slot."""
        index = self.slots.get(slot)
        return None if index is None else self.fragments[index]

    @property
    def rest(self) -> list[Piece]:
        """The texts without a slot."""
        used = set(self.slots.values())
        return [piece for i, piece in enumerate(self.fragments) if i not in used]


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
    fragments = list(fragments[:_MOST_FRAGMENTS])
    forced = {slot: i for slot, i in (forced or {}).items() if i < len(fragments)}
    variants = [
        [[piece]] if i in forced.values() else comma_readings(piece) for i, piece in enumerate(fragments)
    ]
    best: Reading | None = None
    for choice in itertools.islice(itertools.product(*variants), _MOST_READINGS):
        reading = _read_choice(choice, slots, forced, order, pair)
        if best is None or reading.score > best.score + _BETTER:
            best = reading
    return best


def _read_choice(
    choice: Sequence[Sequence[Piece]],
    slots: Mapping[str, Score],
    forced: Mapping[str, int],
    order: float,
    pair: tuple[str, str],
) -> Reading:
    """The best assignment where each text is cut in the one way that `choice` has for it."""
    flat = [piece for parts in choice for piece in parts][: _MOST_FRAGMENTS + 1]
    offsets = list(itertools.accumulate((len(parts) for parts in choice), initial=0))
    moved = {slot: offsets[i] for slot, i in forced.items() if offsets[i] < len(flat)}
    groups = [n for n, parts in enumerate(choice) for _ in parts][: len(flat)]
    reading = _assign(flat, slots, moved, order, pair, groups)
    cuts = len(flat) - len(choice)
    return Reading(reading.fragments, reading.slots, reading.score - _CUT * cuts)


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
            total = _with_order(total, taken, order, pair, groups)
            total += _both_told(taken, pair, groups, scores)
            left = [i for i in free if i not in taken.values()]
            total -= sum(_EMPTY_SLOT_FIRST if i < _FIRST_TEXTS else _EMPTY_SLOT_LATER for i in left)
            if total > best_score:
                best_score, best_slots = total, dict(taken)
            return
        name = names[position]
        walk(position + 1, taken, total)
        for i in free:
            if i not in taken.values() and scores[name][i] > _LEAST_SCORE:
                taken[name] = i
                walk(position + 1, taken, total + scores[name][i] - _LATER * i)
                del taken[name]

    walk(0, dict(forced), 0.0)
    return Reading(tuple(fragments), best_slots, best_score)


def _with_order(
    total: float, taken: Mapping[str, int], order: float, pair: tuple[str, str], groups: Sequence[int]
) -> float:
    """The score of an assignment with what the order of its slots adds."""
    first, second, place = taken.get(pair[0]), taken.get(pair[1]), taken.get("place")
    if first is not None and second is not None:
        total += min(_MOST_BY_ORDER, order if first < second else -order)
    if place is not None and second is not None:
        total += _PLACE_AFTER if place > second else -_PLACE_AFTER
        if groups[place] == groups[second]:
            total += _PLACE_AFTER_SAME if place > second else -_PLACE_AFTER_SAME
    return total


def _both_told(
    taken: Mapping[str, int],
    pair: tuple[str, str],
    groups: Sequence[int],
    scores: Mapping[str, Sequence[float]],
) -> float:
    """What an assignment gains by telling both of its pair; what no word tells is a place behind a firm's comma."""
    first, second = (taken.get(slot) for slot in pair)
    if first is None or second is None:
        return 0.0
    known = pair[0] not in scores or scores[pair[0]][first] >= POSSIBLE
    return _BOTH_TOLD if known or first < second or groups[first] != groups[second] else 0.0


def learned_order(
    readings: Sequence[Reading | None], pair: tuple[str, str], sureness: Callable[[str, str], float]
) -> float:
    """Which slot of a pair the section prints first, told by the entries that are sure: above 0 for the first.

    `sureness` says how surely two texts are what they were read as.
    """
    votes = 0.0
    for reading in readings:
        a, b = (reading.slots.get(pair[0]), reading.slots.get(pair[1])) if reading else (None, None)
        if reading and a is not None and b is not None:
            sure = sureness(reading.fragments[a].text, reading.fragments[b].text)
            votes += sure if a < b else -sure
    return max(-_MOST_ORDER, min(_MOST_ORDER, _ORDER_GAIN * votes))


def as_employer(text: str) -> float:
    """How well a text reads as the employer."""
    return employer_score(text) + _EMPLOYER - _tail_penalty(text, employer_score)


def as_title(text: str) -> float:
    """How well a text reads as the title; less where what follows a comma says nothing of one: "Partner, Acme"."""
    score = title_score(text) + _TITLE
    if score == _TITLE and len(text.split()) == 1:
        score = 0.0
    elif score <= _TITLE and len(text.split()) >= _CLAUSE_WORDS and shape_score(text) < 0:
        score -= _CLAUSE
    if part_kind(text):
        score -= _PLACE_AS_TITLE
    tail = text.replace("،", ",").replace("，", ",").rsplit(",", 1)
    if len(tail) == 2 and not is_titleish(tail[1]):
        score -= _FOREIGN_TAIL
    return score


def as_place(text: str) -> float:
    """How well a text reads as the place."""
    return min(place_score(text), _MOST_PLACE) + _PLACE


def as_institution(text: str) -> float:
    """How well a text reads as the school."""
    return institution_score(text) + _INSTITUTION - _tail_penalty(text, institution_score)


@cache
def _campus() -> re.Pattern[str]:
    leads, stem, of = (one_of("entries", "campus", part) for part in ("leads", "stems", "of"))
    return re.compile(rf"^(?:{leads} )?{stem}\w+ {of} [^\W\d_]+(?: [^\W\d_]+)?$")


def _tail_penalty(text: str, score: Score) -> float:
    """An organisation whose name is sure before its last comma has a place after it: "Acme Ltd, Hull"."""
    head, comma, tail = text.replace("،", ",").rpartition(",")
    if _campus().match(fold(head)):
        return 0.0  # "University of California, San Diego"
    if not comma or belongs_to_former(tail) or score(head) < LIKELY:
        return 0.0
    return _PLACE_TAIL if score(tail.strip()) < LIKELY else 0.0
