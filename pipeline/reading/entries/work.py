"""Positions: title, employer, place and dates of each entry of the work sections."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from pipeline.domain.profile import Text, Work
from pipeline.reading.entries.cuts import belongs_to_former, fragments_of, split_at, without_stop
from pipeline.reading.entries.dated import date_facts, strip_dates
from pipeline.reading.entries.labels import labelled
from pipeline.reading.entries.scores import LIKELY, POSSIBLE, confidence
from pipeline.reading.entries.slots import (
    Reading,
    as_employer,
    as_place,
    as_title,
    learned_order,
    read_slots,
    tell_slots,
    weigh_as_employer,
    weigh_as_place,
    weigh_as_title,
)
from pipeline.reading.entries.starts import EntryRows, split_entries
from pipeline.reading.lexicon.fold import has_cjk
from pipeline.reading.lexicon.load import word_set
from pipeline.reading.lexicon.phrases import Phrases, words_of
from pipeline.reading.page.rows import Piece, Row, join
from pipeline.reading.values.classify import employer_score, ends_legal, shape_score, title_score
from pipeline.reading.values.dates import find_dates, is_open_end, words_beside_dates
from pipeline.reading.values.employment import employment_type, is_duration, only_type, seniority_of
from pipeline.reading.values.places import part_kind, place_score
from pipeline.reading.why import tell_entry

_WEB = re.compile(r"^(?:https?://|www\.)\S+$|^[\w-]+\.(?:com|org|net|io|xyz)(?:/\S*)?$|@\w+\.\w+", re.I)
_PAIR = ("title", "employer")
_SLOTS = {"title": as_title, "employer": as_employer, "place": as_place}
_WEIGHS = {"title": weigh_as_title, "employer": weigh_as_employer, "place": weigh_as_place}

_BASE = 0.6  # confidence of a text that no word tells to be what its place makes it
_DESCRIPTION, _BULLET, _OWN_ACCOUNT = 0.8, 0.9, 0.7  # confidence: paragraphs may hold more than one duty
_NAME_SHAPE = 0.4  # employer_score of any text set like a name: it tells nothing of a section's order
_UNKNOWN_FIRM = 0.6  # employer_score below which no word tells a firm
_NAMES_FIRM = 0.9  # employer_score that makes a position with its bullets
_TEXTS_WITH_TYPE = 2  # of more texts "Full-time" can be spared, whatever they are
_LINE_SLACK = 0.3  # of a line's height: a line above ends before the next, give or take
_NO_YEAR = "9999"
_LEAST_NAME = 2  # characters before a comma; fewer are initials


@dataclass(slots=True)
class Position:
    """A position being read, with what its neighbours need to know."""

    entry: EntryRows
    reading: Reading | None
    type_piece: Piece | None = None
    work: Work = field(default_factory=Work)

    @property
    def has_body(self) -> bool:
        """Whether anything stands under its heading."""
        return bool(self.entry.bullets or self.entry.body)


def read_work(rows: Sequence[Row], *, month_first: bool = False) -> list[Work]:
    """The positions of a section, read again once the section's own order is known."""
    entries = split_entries(rows, month_first=month_first)
    positions = [_read(entry, month_first, 0.0) for entry in entries]
    order = learned_order([position.reading for position in positions], _PAIR, _sureness)
    if order:
        positions = [_read(entry, month_first, order) for entry in entries]
    for position in positions:
        _fill(position)
    return _grouped(positions)


def read_heading(piece: Piece, *, month_first: bool = False) -> Work | None:
    """One text as the heading of a position: "Housekeeper – Nutmeg Hotel, Galle, from 2016"; None where it is none."""
    dates = [(piece, found) for found in find_dates(piece.text, month_first=month_first)]
    position = _read(EntryRows(header=[piece], dates=dates), month_first, 0.0)
    _fill(position)
    return position.work if _is_position(position.work) and position.work.title else None


def _sureness(title: str, employer: str) -> float:
    """How surely two texts are a title and an employer, and not the other way round."""
    told = max(title_score(title), 0) + max(employer_score(employer) - _NAME_SHAPE, 0)
    return told - max(title_score(employer), 0)


def _read(entry: EntryRows, month_first: bool, order: float) -> Position:
    """Which texts of an entry's heading are its title, its employer and its place."""
    fragments = [f for f in fragments_of(strip_dates(entry.header, month_first)) if not _is_noise(f.text)]
    fragments, forced = labelled(fragments)
    position = Position(entry, None)
    fragments, position.type_piece, forced = _without_type(fragments, forced)
    if not forced:
        cut, pair = split_at(fragments)
        if pair and not _told_above(cut, pair):
            forced = dict(zip(_PAIR, pair, strict=True))
            fragments = _cut_place(cut, forced["employer"])
    if fragments:
        position.reading = read_slots(fragments, _SLOTS, forced=forced, order=order, pair=_PAIR)
    return position


def _told_above(fragments: Sequence[Piece], pair: tuple[int, int]) -> bool:
    """Whether a line of its own names the employer: what follows "at" is then a part of it."""
    first, title = fragments[0], fragments[pair[0]]
    over = first.bottom <= title.top + _LINE_SLACK * (title.bottom - title.top)
    own = pair[0] > 0 and over and first.page == title.page and first.bold and not title.bold
    return own and title_score(first.text) < POSSIBLE and place_score(first.text) < LIKELY


def _is_noise(text: str) -> bool:
    """Whether a text of a heading is none of its fields: "present", "2 yrs", an address, signs."""
    if is_open_end(text) or is_duration(text) or _WEB.search(text):
        return True
    words = words_of(text).words
    if sum(char.isalpha() for char in text) == 1 and not has_cjk(text):
        return True  # "D’", which led to a date
    return not words or all(word in words_beside_dates() or word in _leads_to_dates() for word in words)


@cache
def _leads_to_dates() -> frozenset[str]:
    """Words that lead to dates, which stay behind when those are gone: "De", "från"."""
    return frozenset(word for lead in word_set("told", "before_dates") for word in words_of(lead).words)


def _without_type(
    fragments: list[Piece], forced: dict[str, int]
) -> tuple[list[Piece], Piece | None, dict[str, int]]:
    """Take out a text that says nothing but the kind of employment: "Full-time"."""
    for i, piece in enumerate(fragments):
        if i not in forced.values() and only_type(piece.text) and _can_be_spared(piece, fragments):
            moved = {slot: n - (n > i) for slot, n in forced.items()}
            return fragments[:i] + fragments[i + 1 :], piece, moved
    return fragments, None, forced


def _can_be_spared(piece: Piece, fragments: Sequence[Piece]) -> bool:
    """Whether a heading has its title without a text: "Intern" may be the kind of employment or the title."""
    if any(title_score(other.text) >= LIKELY for other in fragments if other is not piece):
        return True
    return len(fragments) > _TEXTS_WITH_TYPE and title_score(piece.text) < LIKELY


def _cut_place(fragments: list[Piece], employer: int) -> list[Piece]:
    """ "Google, London" after "at": the place goes to its own fragment."""
    piece = fragments[employer]
    text = piece.text
    for comma in (text.find(","), text.rfind(",")):
        if comma >= _LEAST_NAME and place_score(text[comma + 1 :].strip()) >= LIKELY:
            cut = [piece.cut(0, comma).trim(), piece.cut(comma + 1, len(text)).trim()]
            return [*fragments[:employer], *cut, *fragments[employer + 1 :]]
    return fragments


def _fill(position: Position) -> None:
    """Write into a position what its entry tells."""
    work, reading, entry = position.work, position.reading, position.entry
    if reading:
        _write_reading(work, reading)
        tell_slots(reading, _WEIGHS, work)
    tell_entry("a job, by its heading", entry.ids, work)
    work.type = employment_type(position.type_piece, _but_employer(reading))
    if entry.best_date:
        work.start, work.end, work.is_current = date_facts(*entry.best_date)
    write_body(work, entry)


def write_body(work: Work, entry: EntryRows) -> None:
    """Write the paragraphs and the bullets of an entry into a position."""
    if entry.body:
        work.description = join(entry.body).fact(_DESCRIPTION)
    work.bullets = [piece.fact(_BULLET) for piece in entry.bullets if piece.text]


def _but_employer(reading: Reading | None) -> list[Piece]:
    """The texts of a heading that may name a kind of employment: a firm's name says none."""
    if reading is None:
        return []
    employer = reading.get("employer")
    return [piece for piece in reading.fragments if piece is not employer]


def _write_reading(work: Work, reading: Reading) -> None:
    title, employer, place = _fields(reading)
    if title:
        title = without_stop(title)
        work.title = title.fact(confidence(title_score(title.text), _BASE))
        work.seniority = seniority_of(title)
    if employer:
        work.employer = employer.fact(confidence(employer_score(employer.text), _BASE))
    if place and place_score(place.text) > 0:
        work.location = place.fact(confidence(place_score(place.text), _BASE))


def _fields(reading: Reading) -> tuple[Piece | None, Piece | None, Piece | None]:
    """Title, employer and place as read, but for a lone text that no word tells to be a title: a firm, rather."""
    title, employer, place = reading.get("title"), reading.get("employer"), reading.get("place")
    if employer and place is None:
        employer, place = _without_unknown_place(employer)
    if title is None or employer:
        return title, employer, place
    if title_score(title.text) < POSSIBLE:
        return None, title, place
    if place and reading.slots["place"] < reading.slots["title"]:
        employer, place = _employer_in(place)
    return title, employer, place


def _without_unknown_place(employer: Piece) -> tuple[Piece, Piece | None]:
    """A firm of several words without the one word behind its comma, which says nothing of a firm: "…, Spokane"."""
    head, comma, tail = employer.text.rpartition(",")
    several = len(words_of(head).words) > 1 and "," not in head and not ends_legal(employer.text)
    place = (
        len(tail.split()) == 1
        and shape_score(tail.strip()) > 0
        and employer_score(tail.strip()) <= _NAME_SHAPE
    )
    if not comma or not several or not place or belongs_to_former(tail):
        return employer, None
    return employer.cut(0, len(head)).trim(), employer.cut(len(head) + 1, len(employer.text)).trim()


def _employer_in(place: Piece) -> tuple[Piece | None, Piece]:
    """A text above the title that is no place, but may end in one, names the employer: "Hartwell Press, Leeds"."""
    comma = place.text.find(",")
    if comma < _LEAST_NAME or part_kind(place.text[:comma]):
        return None, place
    known = place_score(place.text) >= LIKELY
    if known and place_score(place.text[comma + 1 :].strip()) < LIKELY:
        return None, place
    return place.cut(0, comma).trim(), place.cut(comma + 1, len(place.text)).trim()


def _grouped(positions: Sequence[Position]) -> list[Work]:
    """Give roles the employer of the heading above them, and drop headings and debris."""
    works: list[Work] = []
    header: Work | None = None
    over: Work | None = None  # the last heading, as long as what follows lies within its time
    for position, following in itertools.zip_longest(positions, positions[1:]):
        if following and _heads_roles(position, following):
            header = over = position.work
            continue
        over = over if over and _is_role_within(position.work, over) else None
        if over is not None:
            _move_place(position.work)
        _take_employer(position, header or over or _last(works))
        header = None
        _keep(position, works)
    return [work for work in works if _is_position(work)]


def _last(works: Sequence[Work]) -> Work | None:
    return works[-1] if works else None


def _move_place(role: Work) -> None:
    """What was read as the employer of a role is where it was."""
    role.employer, role.location = None, role.location or role.employer


def _keep(position: Position, works: list[Work]) -> None:
    """Add what names a title or a firm; what does not goes on with the one above."""
    work = position.work
    if work.title or work.employer:
        works.append(work)
    elif works and position.has_body:
        works[-1].bullets += work.bullets


def _take_employer(position: Position, above: Work | None) -> None:
    """Give a role without an employer its own account, or the employer and the place of what stands above."""
    work = position.work
    if above and above.employer and _is_lone_unknown(position):
        work.title, work.employer = work.employer, None
    if not work.title or work.employer:
        return
    work.employer = _own_account(position)
    if work.employer or above is None or above.employer is None:
        return
    work.employer = above.employer.model_copy(deep=True)
    if work.location is None and above.location:
        work.location = above.location.model_copy(deep=True)


def _own_account(position: Position) -> Text | None:
    """ "Freelance" where others name an employer: work on one's own account, not for the firm above."""
    piece = position.type_piece
    if piece is None or only_type(piece.text) != "freelance":
        return None
    return piece.fact(_OWN_ACCOUNT)


def _heads_roles(position: Position, following: Position) -> bool:
    """Whether an entry is but the employer's name (and the years there) over the roles that follow."""
    work, role = position.work, following.work
    if position.has_body or work.title or not work.employer:
        return False
    bare = bool(role.title and not role.employer)
    return bare or _is_lone_unknown(following) or _is_role_within(role, work)


def _is_role_within(role: Work, over: Work) -> bool:
    """Whether a title lies within the years at a firm, beside no more than a place: "Recruiter – Dayton, OH"."""
    if role.title is None or role.employer is None or employer_score(role.employer.value) >= _UNKNOWN_FIRM:
        return False
    (begin, end), (first, last) = _years(role), _years(over)
    return first <= begin and end <= last


def _years(work: Work) -> tuple[str, str]:
    """From which year to which; past all years where they are not told."""
    start = work.start.value[:4] if work.start else _NO_YEAR
    end = work.end.value[:4] if work.end and not work.is_current else _NO_YEAR
    return start, end


def _is_lone_unknown(position: Position) -> bool:
    """Whether an entry has one text that no word tells to be a firm, with dates and a body: likely a role."""
    work, reading = position.work, position.reading
    if work.title or not work.employer or reading is None or not position.entry.dates:
        return False
    unknown = employer_score(work.employer.value) < _UNKNOWN_FIRM
    return unknown and len(reading.fragments) == 1 and position.has_body


@cache
def _no_jobs() -> Phrases:
    return Phrases(dict.fromkeys(word_set("entries", "no_job"), "none"))


def _is_position(work: Work) -> bool:
    """Whether there is enough to call it a position: a title or employer with a date or a sure word.

    A leave is none.
    """
    if any(fact is not None and _no_jobs().label(fact.value) for fact in (work.title, work.employer)):
        return False
    if work.start or work.end or work.is_current:
        return True
    title = title_score(work.title.value) if work.title else 0.0
    employer = employer_score(work.employer.value) if work.employer else 0.0
    return (title >= LIKELY and bool(work.employer or work.bullets)) or (
        employer >= _NAMES_FIRM and bool(work.bullets)
    )
