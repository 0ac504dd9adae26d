"""The shorter sections: certifications, projects, publications, awards, volunteering, references, interests."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.domain.profile import Certification, Date, Entry, Project, Volunteering
from pipeline.reading.entries.marks import is_date_only
from pipeline.reading.entries.slots import fragments_of
from pipeline.reading.entries.starts import EntryRows, split_entries, strip_dates
from pipeline.reading.entries.work import date_facts, works_of
from pipeline.reading.lexicon.load import titles
from pipeline.reading.page.rows import Piece, Row, join, repeated_glyph
from pipeline.reading.values.contacts import clean_url, emails_in, links_in, phones_in
from pipeline.reading.values.dates import find_dates
from pipeline.reading.values.skills import split_list

_URL = re.compile(r"https?://\S+|www\.\S+")
_NAMED = re.compile(r"^([^:]{3,60}):\s+\S")
_FIELDS = re.compile(r"\s*[|•·]\s*|\s+[–—]\s+")


def items_of(rows: Sequence[Row]) -> list[list[Piece]]:
    """The items of a list: a bullet, or a line with the lines that go on with it."""
    glyph = repeated_glyph(list(rows))
    items: list[list[Piece]] = []
    bulleted = any(row.first.bulleted for row in rows) or glyph is not None
    headed = bool(rows) and _bold_heads(rows)
    previous: Row | None = None
    led = sum(1 for row in rows if _date_led(row)) >= 2
    for row in rows:
        opens = row.first.bulleted or bool(glyph and row.first.text.startswith(glyph + " "))
        opens = opens or (led and _date_led(row))
        continues = (
            previous is not None and bool(items) and not opens and _goes_on(previous, row, bulleted, headed)
        )
        pieces = list(row.pieces)
        if opens:
            first = pieces[0]
            pieces[0] = (
                first.cut(2, len(first.text))
                if glyph and first.text.startswith(glyph + " ")
                else first.unbulleted()
            )
        if continues:
            items[-1] += pieces
        else:
            items.append(pieces)
        previous = row
    return [item for item in items if any(piece.text for piece in item)]


def _date_led(row: Row) -> bool:
    """Whether a date stands in the gutter before a text: an item of a list by years."""
    return len(row.pieces) > 1 and is_date_only(row.first)


def _bold_heads(rows: Sequence[Row]) -> bool:
    """Whether every item of the list is headed by a line in bold."""
    bold = [row for row in rows if row.first.bold and not is_date_only(row.first)]
    return bool(bold) and rows[0].first.bold and len(bold) < len(rows)


def _goes_on(above: Row, below: Row, bulleted: bool, headed: bool) -> bool:
    if headed and not bulleted:
        return not below.first.bold or is_date_only(below.first)
    if above.page != below.page:
        return False
    height = max(below.bottom - below.top, 1e-4)
    if below.top - above.bottom > 0.75 * height:
        return False
    if bulleted:
        return below.first.left > above.left - 0.005 or below.text[:1].islower()
    if is_date_only(below.first) or below.text[:1].islower():
        return True
    return above.text.rstrip().endswith((",", "-", "&", ":")) or above.first.bold > below.first.bold


def read_certifications(rows: Sequence[Row]) -> list[Certification]:
    found = []
    for item in items_of(rows):
        date = date_in(item)
        texts = [
            t for p in strip_dates([p for p in item if not _URL.match(p.text)]) for t in p.split(_FIELDS)
        ]
        if texts and len(texts[0].text) > 2 and texts[0].words <= 25:
            cut = re.search(r",\s|\s(?:issued )?by\s", texts[0].text) if len(texts) == 1 else None
            name = texts[0].cut(0, cut.start()) if cut else texts[0]
            issuer = (
                texts[0].cut(cut.end(), len(texts[0].text)) if cut else texts[1] if len(texts) > 1 else None
            )
            found.append(
                Certification(
                    name=name.fact(0.8),
                    issuer=issuer.fact(0.6) if issuer and 1 < len(issuer.text) < 80 else None,
                    date=date,
                )
            )
    return found


def date_in(pieces: Sequence[Piece]) -> Date | None:
    """The first date printed in the pieces; of a range, its end."""
    for piece in pieces:
        for found in find_dates(piece.text):
            point = found.finish or found.start
            if point:
                return piece.fact_at(point.begin, point.end, point.value, 0.9)
    return None


def read_projects(rows: Sequence[Row], *, month_first: bool = False) -> list[Project]:
    if rows and all(row.first.bulleted for row in rows if row.left <= min(r.left for r in rows) + 0.01):
        return [p for item in items_of(rows) if (p := _short_project(item))]
    if _all_labelled(rows):
        return [p for item in items_of(rows) if (p := _short_project(item))]
    found = []
    for entry in split_entries(rows, month_first=month_first):
        project = _project(entry, month_first)
        if project:
            found.append(project)
    return found


def _all_labelled(rows: Sequence[Row]) -> bool:
    """Whether each row is "Name: what it does", or goes on with the row above in a small letter."""
    opens = [row.text for row in rows if not row.text[:1].islower()]
    heads = {match[1] for text in opens if (match := _NAMED.match(text))}
    known = [head for head in heads if titles().labels.label(head) is not None or find_dates(head)]
    return len(heads) >= 2 and len(heads) == len(opens) and not known


def _short_project(item: list[Piece]) -> Project | None:
    """ "Name: what it does", one bullet."""
    whole = join(item)
    head, colon, _ = whole.text.partition(":")
    name = whole.cut(0, len(head)) if colon and len(head.split()) <= 8 else whole
    name = next(iter(strip_dates([name])), name)
    if not name.text or len(name.text) > 90:
        return None
    description = whole.cut(len(head) + 1, len(whole.text)) if colon and name.text in head else None
    start, end, _current = _range(item)
    return Project(
        name=name.fact(0.7),
        description=description.fact(0.8) if description and description.text else None,
        start=start,
        end=end,
        url=_url(item),
    )


def _project(entry: EntryRows, month_first: bool) -> Project | None:
    texts = fragments_of(strip_dates([p for p in entry.header if not _URL.match(p.text)], month_first))
    texts = [t for t in texts if t.words <= 16]
    if not texts:
        return None
    start, end, _current = date_facts(*entry.best_date) if entry.best_date else (None, None, None)
    body = [*texts[1:2], *entry.body, *entry.bullets]
    return Project(
        name=texts[0].fact(0.75),
        description=join(body).fact(0.7) if body else None,
        start=start,
        end=end,
        url=_url([*entry.header, *entry.bullets, *entry.body]),
    )


def _range(pieces: Sequence[Piece]) -> tuple[Date | None, Date | None, object]:
    for piece in pieces:
        for found in find_dates(piece.text):
            return date_facts(piece, found)
    return None, None, None


def _url(pieces: Sequence[Piece]) -> Date | None:
    for piece in pieces:
        if match := _URL.search(piece.text):
            raw = match.group().rstrip(".,;)")
            return piece.fact_at(match.start(), match.start() + len(raw), clean_url(raw), 0.9)
        if links := links_in(piece, bare=True):
            return links[0].url
    return None


def read_entries(rows: Sequence[Row]) -> list[Entry]:
    """Publications, awards: each item whole, with its date."""
    found = []
    for item in items_of(rows):
        whole = join(item)
        date = date_in(item)
        heading = len(whole.text.split()) <= 2 and date is None and not whole.text.istitle()
        if (
            len(whole.text) > 3
            and any(c.isalpha() for c in whole.text)
            and not (heading and whole.text.isupper())
        ):
            found.append(Entry(text=whole.fact(0.8), date=date))
    return found


def read_interests(rows: Sequence[Row]) -> list[Entry]:
    found = []
    for item in items_of(rows):
        whole = join(item)
        parts = split_list(whole) or [whole]
        found += [Entry(text=p.trim().fact(0.8)) for p in parts if len(p.trim().text) > 1]
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
    return [Entry(text=join(block).fact(0.7)) for block in blocks if block]


def read_volunteering(rows: Sequence[Row], *, month_first: bool = False) -> list[Volunteering]:
    entries = split_entries(rows, month_first=month_first)
    works = works_of(entries, month_first=month_first)
    found = [
        Volunteering(
            organization=work.employer,
            role=work.title,
            start=work.start,
            end=work.end,
            description=work.description or (work.bullets[0] if work.bullets else None),
        )
        for work in works
    ]
    if found:
        return found
    items = [join(item) for item in items_of(rows)]
    return [Volunteering(description=item.fact(0.7)) for item in items if len(item.text) > 3]
