"""Positions: title, employer, place and dates of each entry of the work sections."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.domain.profile import Date, Fact, Flag, Text, Work
from pipeline.reading.entries.slots import (
    Reading,
    as_employer,
    as_place,
    as_title,
    fragments_of,
    read_slots,
    split_at,
)
from pipeline.reading.entries.starts import EntryRows, split_entries, strip_dates
from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import titles
from pipeline.reading.lexicon.phrases import Phrases
from pipeline.reading.page.rows import Piece, Row, join
from pipeline.reading.values.classify import employer_score, title_score
from pipeline.reading.values.dates import DateRange, is_open_end
from pipeline.reading.values.places import part_kind, place_score

_DURATION = re.compile(
    r"^[\s(]*(?:\d+\+?\s*(?:years?|yrs?|y|months?|mos?|m|ans?|mois|jahre?n?|monate?n?|años?|meses|mes|anos?|anni|mesi|anno|lat|lata|rok|mies|miesi[ąę]c\w*|jaar|jaren|mnd|maand(?:en)?|år|mån(?:ader)?|yıl|ay|j|mon|мес\.?|лет|года?|год|سنوات|سنة|سنتان|أشهر|شهر|שנים|שנה|חודשים|年|か月|ヶ月|个月|個月|개월|년)\W*(?:and|et|und|y|e|и)?\s*){1,3}[)\s]*$",
    re.I,
)
_WEB = re.compile(r"^(?:https?://|www\.)\S+$|^[\w-]+\.(?:com|org|net|io|xyz)(?:/\S*)?$|@\w+\.\w+", re.I)
_LABEL = re.compile(r"^\s*([^:：]{2,40}?)\s*[:：]\s*(?=\S)")


_TOLD = ("title", "employer", "place", "dates", "institution", "degree")


@dataclass(slots=True)
class Position:
    """A position being read, with what its neighbours need to know."""

    entry: EntryRows
    reading: Reading | None
    type_piece: Piece | None = None
    work: Work = field(default_factory=Work)

    @property
    def has_body(self) -> bool:
        return bool(self.entry.bullets or self.entry.body)


def read_work(rows: Sequence[Row], *, month_first: bool = False) -> list[Work]:
    return works_of(split_entries(rows, month_first=month_first), month_first=month_first)


def works_of(entries: Sequence[EntryRows], *, month_first: bool = False) -> list[Work]:
    positions = [_read(entry, month_first, 0.0) for entry in entries]
    order = learned_order([position.reading for position in positions], "title", "employer")
    if order:
        positions = [_read(entry, month_first, order) for entry in entries]
    for position in positions:
        _fill(position)
    return _grouped(positions)


def learned_order(readings: Sequence[Reading | None], first: str, second: str) -> float:
    """Which of two slots the section prints first, told by the entries that are sure: above 0 for `first`."""
    votes = 0.0
    for reading in readings:
        a, b = (reading.slots.get(first), reading.slots.get(second)) if reading else (None, None)
        if reading and a is not None and b is not None:
            title, employer = reading.fragments[a].text, reading.fragments[b].text
            sure = (
                max(title_score(title), 0)
                + max(employer_score(employer) - 0.4, 0)
                - max(title_score(employer), 0)
            )
            votes += sure if a < b else -sure
    return max(-0.9, min(0.9, 0.35 * votes))


def _read(entry: EntryRows, month_first: bool, order: float) -> Position:
    fragments = [f for f in fragments_of(strip_dates(entry.header, month_first)) if not _is_noise(f.text)]
    fragments, forced = labelled(fragments)
    position = Position(entry, None)
    fragments, position.type_piece, forced = _without_type(fragments, forced)
    if not forced:
        cut, pair = split_at(fragments)
        if pair and not _told_above(cut, pair):
            fragments = cut
            forced = {"title": pair[0], "employer": pair[1]}
            fragments, forced = _cut_place(fragments, forced)
    if fragments:
        slots = {"title": as_title, "employer": as_employer, "place": as_place}
        position.reading = read_slots(fragments, slots, forced=forced, order=order)
    return position


def _told_above(fragments: Sequence[Piece], pair: tuple[int, int]) -> bool:
    """Whether a line of its own names the employer: what follows "at" is then a part of it."""
    first, title = fragments[0], fragments[pair[0]]
    apart = pair[0] > 0 and first.bottom <= title.top + 0.3 * (title.bottom - title.top) and first.bold
    own = first.page == title.page and apart and not title.bold
    return own and title_score(first.text) < 0.5 and place_score(first.text) < 0.8


def _is_noise(text: str) -> bool:
    return (
        is_open_end(text)
        or bool(_DURATION.match(text) or _WEB.search(text))
        or not any(c.isalpha() for c in text)
    )


def labelled(fragments: Sequence[Piece], labels: Phrases | None = None) -> tuple[list[Piece], dict[str, int]]:
    """Take "Company: X" apart, and "Company" in a table's left cell; `forced` names the fragments told so."""
    labels = labels or titles().labels
    result: list[Piece] = []
    forced: dict[str, int] = {}
    pending: str | None = None
    for n, piece in enumerate(fragments):
        match = _LABEL.match(piece.text)
        kind = labels.label(match[1]) if match else None
        alone = (
            labels.label(piece.text) if labels is titles().labels or _has_cell_beside(fragments, n) else None
        )
        if match and kind in _TOLD:
            piece = piece.cut(match.end(), len(piece.text)).trim()
            pending = kind
        elif alone in _TOLD and len(fragments) > 1:
            pending = alone
            continue
        if not piece.text:
            continue
        if pending in _TOLD and pending != "dates" and pending not in forced:
            forced[pending] = len(result)
        pending = None
        result.append(piece)
    return result, forced


def _has_cell_beside(fragments: Sequence[Piece], n: int) -> bool:
    """Whether the next text stands right of this one, as a table's value stands beside its label."""
    following = fragments[n + 1] if n + 1 < len(fragments) else None
    return (
        following is not None
        and abs(following.top - fragments[n].top) < 0.006
        and following.left > fragments[n].right + 0.01
    )


def _without_type(
    fragments: list[Piece], forced: dict[str, int]
) -> tuple[list[Piece], Piece | None, dict[str, int]]:
    """Take out a text that says nothing but the kind of employment: "Full-time"."""
    for i, piece in enumerate(fragments):
        only = titles().types.label(piece.text) or titles().types_cjk.get(fold(piece.text))
        titled = any(title_score(other.text) >= 0.8 for other in fragments if other is not piece)
        if (
            only
            and i not in forced.values()
            and (len(fragments) > 2 or titled)
            and (titled or title_score(piece.text) < 0.8)
        ):
            moved = {slot: n - (n > i) for slot, n in forced.items()}
            return fragments[:i] + fragments[i + 1 :], piece, moved
    return fragments, None, forced


def _cut_place(fragments: list[Piece], forced: dict[str, int]) -> tuple[list[Piece], dict[str, int]]:
    """ "Google, London" after "at": the place goes to its own fragment."""
    index = forced["employer"]
    text = fragments[index].text
    for comma in (text.find(","), text.rfind(",")):
        if comma > 1 and place_score(text[comma + 1 :].strip()) >= 0.8:
            piece = fragments[index]
            cut = [piece.cut(0, comma).trim(), piece.cut(comma + 1, len(text)).trim()]
            return [*fragments[:index], *cut, *fragments[index + 1 :]], forced
    return fragments, forced


def _employer_in(place: Piece) -> tuple[Piece | None, Piece]:
    """A text above the title that is no place, but may end in one, names the employer: "Hartwell Press, Leeds"."""
    comma = place.text.find(",")
    known = place_score(place.text) >= 0.8
    if comma < 2 or part_kind(place.text[:comma]):
        return None, place
    if known and place_score(place.text[comma + 1 :].strip()) < 0.8:
        return None, place
    return place.cut(0, comma).trim(), place.cut(comma + 1, len(place.text)).trim()


def _fill(position: Position) -> None:
    work, reading = position.work, position.reading
    employer = reading.get("employer") if reading else None
    others = [piece for piece in (reading.fragments if reading else ()) if piece is not employer]
    if reading:
        title, employer, place = reading.get("title"), reading.get("employer"), reading.get("place")
        if title and not employer and title_score(title.text) < 0.5:
            title, employer = None, title
        if title and place and not employer and reading.slots["place"] < reading.slots["title"]:
            employer, place = _employer_in(place)
        if title:
            work.title = title.fact(_confidence(title_score(title.text)))
            work.seniority = seniority_of(title)
        if employer:
            work.employer = employer.fact(_confidence(employer_score(employer.text)))
        if place and place_score(place.text) > 0:
            work.location = place.fact(_confidence(place_score(place.text)))
    work.type = employment_type(position.type_piece, others)
    dated = position.entry.best_date
    if dated:
        work.start, work.end, work.is_current = date_facts(*dated)
    if position.entry.body:
        whole = join(position.entry.body)
        work.description = whole.fact(0.8)
    work.bullets = [piece.fact(0.9) for piece in position.entry.bullets if piece.text]


def _confidence(score: float) -> float:
    return round(max(0.4, min(0.97, 0.6 + 0.3 * score)), 2)


def date_facts(piece: Piece, found: DateRange) -> tuple[Date | None, Date | None, Flag | None]:
    """Start, end and "is current" of a range, each pointing at its own words. A single date is both ends."""
    start = (
        piece.fact_at(found.start.begin, found.start.end, found.start.value, 0.95) if found.start else None
    )
    end = (
        piece.fact_at(found.finish.begin, found.finish.end, found.finish.value, 0.95)
        if found.finish
        else None
    )
    if found.single and start is not None:
        end = Fact[str](value=start.value, raw=start.raw, confidence=0.6, evidence=start.evidence)
        start.confidence = 0.7
    current = piece.fact_at(*found.current, True, 0.95) if found.current else None
    return start, end, current


def seniority_of(title: Piece) -> Text | None:
    """The level that a title names; its `raw` is the title."""
    levels = {label for _, _, label in titles().seniority.find(title.text)}
    order = ("intern", "executive", "director", "lead", "manager", "senior", "junior")
    level = next((name for name in order if name in levels), None)
    return title.fact(0.7, level) if level else None


def employment_type(told: Piece | None, others: Sequence[Piece]) -> Text | None:
    """The kind of employment, from a text that says nothing else or from words in the other texts."""
    if told:
        kind = titles().types.label(told.text) or titles().types_cjk.get(fold(told.text))
        return told.fact(0.9, kind)
    for piece in others:
        found = titles().types.find(piece.text)
        if found:
            return piece.fact(0.8, found[-1][2])
        if has_cjk(piece.text):
            for word, kind in titles().types_cjk.items():
                if len(word) > 1 and word in fold(piece.text):
                    return piece.fact(0.8, kind)
    return None


def _grouped(positions: list[Position]) -> list[Work]:
    """Give roles the employer of the heading above them, and drop headings and debris."""
    works: list[Work] = []
    header: Work | None = None
    for i, position in enumerate(positions):
        work = position.work
        following = positions[i + 1] if i + 1 < len(positions) else None
        if _heads_roles(position, following):
            header = work
            continue
        above = header or (works[-1] if works else None)
        if above and above.employer and _is_lone_unknown(position):
            work.title, work.employer = work.employer, None
        if work.title and not work.employer and (own := _own_account(position)):
            work.employer = own
        if work.title and not work.employer and above and above.employer:
            work.employer = above.employer.model_copy(deep=True)
            work.location = work.location or (
                above.location.model_copy(deep=True) if above.location else None
            )
        header = None
        if work.title or work.employer:
            works.append(work)
        elif works and position.has_body:
            works[-1].bullets += work.bullets
    return [work for work in works if _is_position(work)]


def _own_account(position: Position) -> Text | None:
    """ "Freelance" where others name an employer: work on one's own account, not for the firm above."""
    piece = position.type_piece
    if piece is None or titles().types.label(piece.text) != "freelance":
        return None
    return piece.fact(0.7)


def _heads_roles(position: Position, following: Position | None) -> bool:
    """Whether an entry is but the employer's name (and the years there) over the roles that follow."""
    work = position.work
    if following is None or position.has_body or work.title or not work.employer:
        return False
    role = following.work
    return bool(role.title and not role.employer) or _is_lone_unknown(following)


def _is_lone_unknown(position: Position) -> bool:
    """Whether an entry has one text that no word tells to be a firm, with dates and a body: likely a role."""
    work, reading = position.work, position.reading
    if work.title or not work.employer or reading is None or not position.entry.dates:
        return False
    return len(reading.fragments) == 1 and position.has_body and employer_score(work.employer.value) < 0.6


def _is_position(work: Work) -> bool:
    """Whether there is enough to call it a position: a title or employer with a date or a sure word."""
    if work.start or work.end or work.is_current:
        return True
    title = title_score(work.title.value) if work.title else 0.0
    employer = employer_score(work.employer.value) if work.employer else 0.0
    return (title >= 0.8 and bool(work.employer or work.bullets)) or (employer >= 0.9 and bool(work.bullets))
