"""Deciding which text of an entry's heading is the title, the employer, the place: the best joint reading."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

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
    weigh_employer,
    weigh_institution,
    weigh_title,
)
from pipeline.reading.values.fields import is_field_of_study
from pipeline.reading.values.places import part_kind, place_score
from pipeline.reading.why import Decision, Option, Parts, Sum, listener

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
_APART = 0.3  # of the page's width from where a heading begins: a column of its own
_PLACE_APART, _NAME_APART = 0.1, 0.05
# What `_TERMS` can add to any assignment, beside the texts without a slot.
_MOST_GAINED = _MOST_BY_ORDER + _BOTH_TOLD + _PLACE_AFTER + _PLACE_AFTER_SAME + _PLACE_APART
_BETTER = 1e-9  # of two equal readings the one with fewer cuts, which comes first, wins

_ORDER_GAIN = 0.35  # of a sure entry's vote about its section's order
_MOST_ORDER = 0.9

# What the scores of single texts are moved by, so that those of different slots compare.
_TITLE, _EMPLOYER, _INSTITUTION, _PLACE = 0.1, 0.3, 0.2, -0.3
_LEVEL = "the slot's level"
_MOST_PLACE = 1.2  # a full address is no better a place than a city with its country
_CLAUSE_WORDS = 4
_CLAUSE = 0.5  # a clause, not a title
_PLACE_AS_TITLE = 0.6
_FOREIGN_TAIL = 0.5  # "Partner, Acme": what follows the comma says nothing of a title
_FIELD_BEFORE = 0.5  # "History, St Brannock's College" is what was studied, and where
_PLACE_TAIL = 0.3  # "Acme Ltd, Hull" is an employer and a place

Score = Callable[[str], float]
Weigh = Callable[[str], Sum]
_Taken = Mapping[str, int]  # the fragment that each slot has


@dataclass(frozen=True, slots=True)
class _Heading:
    """What an assignment of slots is weighed by. `groups`: fragments cut from one text by its commas share a number.
    `apart`: whether each stands in a column of its own, away from the edge at which the heading begins."""

    names: Sequence[str]  # of the slots that are free to be filled
    free: Sequence[int]
    scores: Mapping[str, Sequence[float]]
    order: float
    pair: tuple[str, str]
    groups: Sequence[int]
    apart: Sequence[bool]


@dataclass(frozen=True, slots=True)
class Reading:
    """Fragments with the slot of each, and how well it reads; `others` are kept only for who listens."""

    fragments: tuple[Piece, ...]
    slots: dict[str, int]
    score: float
    heading: _Heading
    cuts: int = 0
    others: tuple[Reading, ...] = ()

    @property
    def parts(self) -> Parts:
        """What `score` is made of."""
        heading, score = self.heading, Sum()
        for name in heading.names:
            if (i := self.slots.get(name)) is not None:
                score.add(f"{name} as a text", heading.scores[name][i]).add(
                    f"{name} stands later", -_LATER * i
                )
        for reason, term in _TERMS:
            score.add(reason, term(self.slots, heading))
        return score.add("cut at commas", -_CUT * self.cuts).parts

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
    every: list[Reading] = []
    for choice in itertools.islice(itertools.product(*variants), _MOST_READINGS):
        reading = _read_choice(choice, slots, forced, order, pair)
        every.append(reading)
        if best is None or reading.score > best.score + _BETTER:
            best = reading
    if best is not None and listener() is not None:
        best = replace(best, others=tuple(one for one in every if one is not best))
    return best


def tell_slots(reading: Reading, weighs: Mapping[str, Weigh], made: object) -> None:
    """Tell a listener how a heading was read: the texts weighed for each slot, and the other ways to cut it.

    `weighs` are the scores of the slots with their parts.
    """
    if (told := listener()) is None:
        return
    for name, weigh in weighs.items():
        taken = reading.slots.get(name)
        options = [
            _option(piece, weigh(piece.text), chosen=i == taken) for i, piece in enumerate(reading.fragments)
        ]
        forced = taken is not None and name not in reading.heading.names
        result = reading.fragments[taken].text if taken is not None else "none"
        ids = reading.fragments[taken].ids if taken is not None else ()
        about = f"{name} (told by a label or its place)" if forced else name
        told.append(Decision("slot", f"{about}: {result}", ids, tuple(options), made))
    ids = tuple(dict.fromkeys(i for piece in reading.fragments for i in piece.ids))
    ways = sorted((reading, *reading.others), key=lambda one: -one.score)
    tellings = [
        Option(_in_words(one), ids, round(one.score, 4), one.parts, chosen=one is reading) for one in ways
    ]
    told.append(Decision("heading read", _in_words(reading), ids, tuple(tellings), made))


def _option(piece: Piece, score: Sum, *, chosen: bool) -> Option:
    return Option(piece.text, piece.ids, round(score.total, 4), score.parts, chosen)


def _in_words(reading: Reading) -> str:
    slot_of = {i: name for name, i in reading.slots.items()}
    return " | ".join(f"{slot_of.get(i, '–')}: {piece.text}" for i, piece in enumerate(reading.fragments))


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
    return Reading(reading.fragments, reading.slots, reading.score - _CUT * cuts, reading.heading, cuts)


def _assign(
    fragments: list[Piece],
    slots: Mapping[str, Score],
    forced: dict[str, int],
    order: float,
    pair: tuple[str, str],
    groups: list[int],
) -> Reading:
    names = [name for name in slots if name not in forced]
    free = [i for i in range(len(fragments)) if i not in forced.values()]
    scores = {name: [slots[name](piece.text) for piece in fragments] for name in names}
    heading = _Heading(names, free, scores, order, pair, groups, _stand_apart(fragments))
    best_score, best_slots = float("-inf"), dict(forced)
    # What the slots from each position on may still gain: an assignment that cannot become the best is left early.
    gains = [max((0.0, *(scores[name][i] - _LATER * i + _loss_of(i) for i in free))) for name in names]
    most = [sum(gains[position:]) + _MOST_GAINED + _BETTER for position in range(len(names) + 1)]

    def walk(position: int, taken: dict[str, int], total: float, left_over: float) -> None:
        nonlocal best_score, best_slots
        if total - left_over + most[position] <= best_score:
            return
        if position == len(names):
            for _, term in _TERMS:
                total += term(taken, heading)
            if total > best_score:
                best_score, best_slots = total, dict(taken)
            return
        name = names[position]
        walk(position + 1, taken, total, left_over)
        for i in free:
            if i not in taken.values() and scores[name][i] > _LEAST_SCORE:
                taken[name] = i
                walk(position + 1, taken, total + scores[name][i] - _LATER * i, left_over - _loss_of(i))
                del taken[name]

    walk(0, dict(forced), 0.0, sum(map(_loss_of, free)))
    return Reading(tuple(fragments), best_slots, best_score, heading)


def _by_order(taken: _Taken, heading: _Heading) -> float:
    """What the order of the pair adds where the section has one."""
    first, second = taken.get(heading.pair[0]), taken.get(heading.pair[1])
    if first is None or second is None:
        return 0.0
    return min(_MOST_BY_ORDER, heading.order if first < second else -heading.order)


def _place_after(taken: _Taken, heading: _Heading) -> float:
    place, second = taken.get("place"), taken.get(heading.pair[1])
    if place is None or second is None:
        return 0.0
    return _PLACE_AFTER if place > second else -_PLACE_AFTER


def _place_after_same(taken: _Taken, heading: _Heading) -> float:
    place, second = taken.get("place"), taken.get(heading.pair[1])
    if place is None or second is None or heading.groups[place] != heading.groups[second]:
        return 0.0
    return _PLACE_AFTER_SAME if place > second else -_PLACE_AFTER_SAME


def _by_column(taken: _Taken, heading: _Heading) -> float:
    """Beside what begins a heading's lines, a column of its own has places more often than names."""
    place = taken.get("place")
    named = [i for name in heading.pair if (i := taken.get(name)) is not None]
    gained = _PLACE_APART if place is not None and heading.apart[place] else 0.0
    return gained - _NAME_APART * sum(heading.apart[i] for i in named)


def _stand_apart(fragments: Sequence[Piece]) -> list[bool]:
    """Of each text, whether it stands far from the edge at which the heading begins, as its writing runs."""
    from_right = any(unicodedata.bidirectional(char) in ("R", "AL") for char in fragments[0].text)
    if from_right:
        edge = max(piece.right for piece in fragments)
        return [edge - piece.right > _APART for piece in fragments]
    edge = min(piece.left for piece in fragments)
    return [piece.left - edge > _APART for piece in fragments]


def _both_told(taken: _Taken, heading: _Heading) -> float:
    """What an assignment gains by telling both of its pair; what no word tells is a place behind a firm's comma."""
    name = heading.pair[0]
    first, second = taken.get(name), taken.get(heading.pair[1])
    if first is None or second is None:
        return 0.0
    known = name not in heading.scores or heading.scores[name][first] >= POSSIBLE
    apart = heading.groups[first] != heading.groups[second]
    return _BOTH_TOLD if known or first < second or apart else 0.0


def _left_over(taken: _Taken, heading: _Heading) -> float:
    left = [i for i in heading.free if i not in taken.values()]
    return -sum(map(_loss_of, left))


def _loss_of(text: int) -> float:
    """What a text without a slot costs."""
    return _EMPTY_SLOT_FIRST if text < _FIRST_TEXTS else _EMPTY_SLOT_LATER


# What an assignment gains and loses as a whole.
_TERMS: tuple[tuple[str, Callable[[_Taken, _Heading], float]], ...] = (
    ("the section's order", _by_order),
    ("the place stands behind", _place_after),
    ("the place in the same text", _place_after_same),
    ("a column of its own", _by_column),
    ("both are told", _both_told),
    ("texts without a slot", _left_over),
)


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


@lru_cache(maxsize=8192)
def as_employer(text: str) -> float:
    """How well a text reads as the employer."""
    return weigh_as_employer(text).total


def weigh_as_employer(text: str) -> Sum:
    """`as_employer` with its parts."""
    score = weigh_employer(text).add(_LEVEL, _EMPLOYER)
    return score.add("a place behind its comma", -_tail_penalty(text, employer_score))


@lru_cache(maxsize=8192)
def as_title(text: str) -> float:
    """How well a text reads as the title; less where what follows a comma says nothing of one: "Partner, Acme"."""
    return weigh_as_title(text).total


def weigh_as_title(text: str) -> Sum:
    """`as_title` with its parts."""
    score = weigh_title(text).add(_LEVEL, _TITLE)
    if score.total == _TITLE and len(text.split()) == 1:
        score.add("one unknown word", -_TITLE)
    elif score.total <= _TITLE and len(text.split()) >= _CLAUSE_WORDS and shape_score(text) < 0:
        score.add("a clause", -_CLAUSE)
    if part_kind(text):
        score.add("is a place", -_PLACE_AS_TITLE)
    tail = text.replace("،", ",").replace("，", ",").rsplit(",", 1)
    if len(tail) == 2 and not is_titleish(tail[1]):
        score.add("no title behind its comma", -_FOREIGN_TAIL)
    return score


@lru_cache(maxsize=8192)
def as_place(text: str) -> float:
    """How well a text reads as the place."""
    return weigh_as_place(text).total


def weigh_as_place(text: str) -> Sum:
    """`as_place` with its parts."""
    return Sum().add("reads like a place", min(place_score(text), _MOST_PLACE)).add(_LEVEL, _PLACE)


@lru_cache(maxsize=8192)
def as_institution(text: str) -> float:
    """How well a text reads as the school."""
    return weigh_as_institution(text).total


def weigh_as_institution(text: str) -> Sum:
    """`as_institution` with its parts."""
    score = weigh_institution(text).add(_LEVEL, _INSTITUTION)
    head, _, tail = text.partition(",")
    if is_field_of_study(head) and institution_score(tail.strip()) >= LIKELY:
        score.add("a field of study before its comma", -_FIELD_BEFORE)
    return score.add("a place behind its comma", -_tail_penalty(text, institution_score))


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
