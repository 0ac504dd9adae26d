"""The shorter sections: certifications, projects, publications, awards, references, interests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from pipeline.domain.profile import Certification, Date, Entry, Project
from pipeline.reading.entries.cuts import fragments_of
from pipeline.reading.entries.dated import date_facts, date_in, strip_dates
from pipeline.reading.entries.items import items_of
from pipeline.reading.entries.starts import EntryRows, split_entries
from pipeline.reading.lexicon.fold import fold
from pipeline.reading.lexicon.load import titles
from pipeline.reading.lexicon.patterns import one_of
from pipeline.reading.page.rows import Piece, Row, join
from pipeline.reading.values.contacts import clean_url, emails_in, links_in, phones_in
from pipeline.reading.values.dates import find_dates
from pipeline.reading.values.skills import split_list

_URL = re.compile(r"https?://\S+|www\.\S+")
_NAMED = re.compile(r"^([^:]{3,60}):\s+\S")
_FIELDS = re.compile(r"\s*[|•·]\s*|\s+[–—]\s+")

_CERTIFICATE_WORDS = 25  # a longer text is a paragraph about one
_LEAST_CERTIFICATE = 2  # characters: shorter is what is left of signs
_ISSUER_LENGTH = range(2, 80)  # characters: shorter is no name, longer is a description
_NAME_WORDS = 8  # before a colon; more is a sentence with a colon in it
_NAME_LENGTH = 90  # characters of a project's name
_FIELD_WORDS = 16  # of a project's heading; a longer text is its description
_LEFT_SLACK = 0.01  # of the page's width: rows at the section's left edge
_LEAST_NAMED = 2  # so many "Name: …" make a list of them; one may be a label
_LEAST_ENTRY = 3  # characters: shorter is no publication and no award
_HEADING_WORDS = 2  # in capitals and without a date: a heading within the section

# Confidence: of a text taken whole, of one cut out of its item by rules, of one told by its place only.
_WHOLE, _CUT, _HEADED, _PLACED = 0.8, 0.7, 0.75, 0.6
_ADDRESS = 0.9  # an address is told by its form


@cache
def _issued_by() -> re.Pattern[str]:
    return re.compile(rf",\s|\s{one_of('entries', 'issued_by')}\s")


def read_certifications(rows: Sequence[Row]) -> list[Certification]:
    """Each item's name, issuer and date."""
    return [found for item in items_of(rows) if (found := _certification(item))]


def _certification(item: Sequence[Piece]) -> Certification | None:
    undated = strip_dates([piece for piece in item if not _URL.match(piece.text)])
    texts = [text for piece in undated for text in piece.split(_FIELDS)]
    if not texts or len(texts[0].text) <= _LEAST_CERTIFICATE or texts[0].words > _CERTIFICATE_WORDS:
        return None
    name, issuer = _name_and_issuer(texts)
    return Certification(
        name=name.fact(_WHOLE),
        issuer=issuer.fact(_PLACED) if issuer and len(issuer.text) in _ISSUER_LENGTH else None,
        date=date_in(item),
    )


def _name_and_issuer(texts: Sequence[Piece]) -> tuple[Piece, Piece | None]:
    """A text alone may tell both: "First aid, Red Cross"."""
    whole = texts[0]
    if len(texts) > 1:
        return whole, texts[1]
    cut = _issued_by().search(fold(whole.text))
    if cut is None:
        return whole, None
    return whole.cut(0, cut.start()), whole.cut(cut.end(), len(whole.text))


def read_projects(rows: Sequence[Row], *, month_first: bool = False) -> list[Project]:
    """The projects of a section: each a bullet, a row "Name: what it does", or an entry with a heading."""
    if _all_bulleted(rows) or _all_labelled(rows):
        return [project for item in items_of(rows) if (project := _short_project(item))]
    entries = split_entries(rows, month_first=month_first)
    return [project for entry in entries if (project := _project(entry, month_first))]


def _all_bulleted(rows: Sequence[Row]) -> bool:
    """Whether every row at the section's left edge has a bullet."""
    left = min((row.left for row in rows), default=0.0) + _LEFT_SLACK
    return bool(rows) and all(row.first.bulleted for row in rows if row.left <= left)


def _all_labelled(rows: Sequence[Row]) -> bool:
    """Whether each row is "Name: what it does", or goes on with the row above in a small letter."""
    opens = [row.text for row in rows if not row.text[:1].islower()]
    heads = {match[1] for text in opens if (match := _NAMED.match(text))}
    known = [head for head in heads if titles().labels.label(head) is not None or find_dates(head)]
    return len(heads) >= _LEAST_NAMED and len(heads) == len(opens) and not known


def _short_project(item: list[Piece]) -> Project | None:
    """ "Name: what it does", one bullet."""
    whole = join(item)
    head, colon, _ = whole.text.partition(":")
    name = whole.cut(0, len(head)) if colon and len(head.split()) <= _NAME_WORDS else whole
    name = next(iter(strip_dates([name])), name)
    if not name.text or len(name.text) > _NAME_LENGTH:
        return None
    description = whole.cut(len(head) + 1, len(whole.text)) if colon and name.text in head else None
    start, end = _first_range(item)
    return Project(
        name=name.fact(_CUT),
        description=description.fact(_WHOLE) if description and description.text else None,
        start=start,
        end=end,
        url=_url(item),
    )


def _project(entry: EntryRows, month_first: bool) -> Project | None:
    """The project of an entry with a heading: its first text is the name, the others describe it."""
    texts = fragments_of(strip_dates([p for p in entry.header if not _URL.match(p.text)], month_first))
    texts = [text for text in texts if text.words <= _FIELD_WORDS]
    if not texts:
        return None
    start, end, _current = date_facts(*entry.best_date) if entry.best_date else (None, None, None)
    body = [*texts[1:2], *entry.body, *entry.bullets]
    return Project(
        name=texts[0].fact(_HEADED),
        description=join(body).fact(_CUT) if body else None,
        start=start,
        end=end,
        url=_url([*entry.header, *entry.bullets, *entry.body]),
    )


def _first_range(pieces: Sequence[Piece]) -> tuple[Date | None, Date | None]:
    """Start and end of the first date or range printed in the pieces."""
    for piece in pieces:
        for found in find_dates(piece.text):
            start, end, _current = date_facts(piece, found)
            return start, end
    return None, None


def _url(pieces: Sequence[Piece]) -> Date | None:
    """The first address printed in the pieces."""
    for piece in pieces:
        if match := _URL.search(piece.text):
            raw = match.group().rstrip(".,;)")
            return piece.fact_at(match.start(), match.start() + len(raw), clean_url(raw), _ADDRESS)
        if links := links_in(piece, bare=True):
            return links[0].url
    return None


def read_entries(rows: Sequence[Row]) -> list[Entry]:
    """Publications, awards: each item whole, with its date."""
    found = []
    for item in items_of(rows):
        whole, date = join(item), date_in(item)
        if len(whole.text) <= _LEAST_ENTRY or not any(c.isalpha() for c in whole.text):
            continue
        if date is None and _is_heading(whole):
            continue
        found.append(Entry(text=whole.fact(_WHOLE), date=date))
    return found


def _is_heading(whole: Piece) -> bool:
    """Whether an item is a heading within the section: a word or two in capitals that are no initials."""
    text = whole.text
    return text.isupper() and not text.istitle() and whole.words <= _HEADING_WORDS


def read_interests(rows: Sequence[Row]) -> list[Entry]:
    """Each interest of a list, or of a row that lists several."""
    found = []
    for item in items_of(rows):
        whole = join(item)
        parts = [part.trim() for part in split_list(whole) or [whole]]
        found += [Entry(text=part.fact(_WHOLE)) for part in parts if len(part.text) > 1]
    return found


def read_references(rows: Sequence[Row]) -> list[Entry]:
    """Each referee's block as one text; a new block begins where contacts have been given and a name follows."""
    blocks: list[list[Piece]] = []
    closed = True
    for row in rows:
        has_contact = any(emails_in(p) or phones_in(p, None) for p in row.pieces)
        if closed and not has_contact:
            blocks.append([])
            closed = False
        if not blocks:
            blocks.append([])
        blocks[-1] += row.pieces
        closed = closed or has_contact
    return [Entry(text=join(block).fact(_CUT)) for block in blocks if block]
