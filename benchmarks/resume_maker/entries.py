"""Entries of work and education: a head in one of many arrangements over a body."""

from dataclasses import dataclass

from . import fonts
from .knobs import Knobs
from .rows import Item, Row, Text, beside, gap, hung, shifted
from .theme import Theme
from .typeset import Run, indented, paragraph, place_line, words_of


@dataclass(frozen=True)
class Entry:
    """`what` is a title or a degree, `where` an employer or a school; `inner` are further roles there."""

    what: str
    where: str
    place: str
    dates: str
    text: str = ""
    bullets: tuple[str, ...] = ()
    inner: tuple["Entry", ...] = ()


@dataclass(frozen=True)
class EntryStyle:
    """How the entries of a section look; `labels` are the words for employer, position and period."""

    head: str
    theme: Theme
    knobs: Knobs
    labels: tuple[str, str, str]
    at_form: str


SEEN = {"\uf0b7": "•", "\uf0a7": "▪", "\uf0d8": "➢"}
GUTTER = 92.0


def glyph_text(glyph: str, x: float, dy: float, theme: Theme) -> Text:
    """A bullet, in the glyph font where the body's font lacks it."""
    plain = glyph in "•-–*o·"
    font = theme.faces.regular if plain else fonts.GLYPHS
    return Text(x, dy, glyph, font, theme.size * (1.0 if plain else 0.85), theme.ink, seen=SEEN.get(glyph))


def bullet_rows(texts: tuple[str, ...], style: EntryStyle, width: float, indent: float = 0.0) -> list[Row]:
    """One paragraph a text behind the document's bullet; without a bullet, lines alone."""
    theme, knobs = style.theme, style.knobs
    rows: list[Row] = []
    step = theme.size * 1.15 if knobs.bullet else 0.0
    for text in texts:
        part = paragraph([(text, theme.face())], width - indent - step, theme.leading, hyphen=knobs.hyphen)
        dy = theme.size * (0.5 * theme.leading + 0.3)
        glyph = glyph_text(knobs.bullet, indent, dy, theme) if knobs.bullet else None
        rows += indented(part, indent + step, glyph)
    return rows


def entry_rows(entry: Entry, style: EntryStyle, width: float) -> list[Row]:
    """Head and body of one entry; the head stays with the body's first row."""
    if style.head == "dates_left":
        return _dates_left(entry, style, width)
    head = [r._replace(keep=True) for r in _head(entry, style, width)]
    head[0] = head[0]._replace(mark="entry")
    return [*_released([*head, *_body(entry, style, width)]), gap(style.theme.size * 0.55)]


def _released(rows: list[Row]) -> list[Row]:
    """The last row may part from what follows."""
    return [*rows[:-1], rows[-1]._replace(keep=False)]


def _body(entry: Entry, style: EntryStyle, width: float) -> list[Row]:
    theme = style.theme
    rows: list[Row] = []
    if entry.text:
        rows += paragraph([(entry.text, theme.face())], width, theme.leading, hyphen=style.knobs.hyphen)
    rows += bullet_rows(entry.bullets, style, width)
    for inner in entry.inner:
        rows += [
            gap(theme.size * 0.2, keep=True),
            *_inner_head(inner, style, width),
            *_body(inner, style, width),
        ]
    return rows


def _inner_head(entry: Entry, style: EntryStyle, width: float) -> list[Row]:
    """A role under an employer that is already named."""
    runs = [(entry.what, style.theme.bold())]
    return [r._replace(keep=True) for r in split_line(runs, entry.dates, style.theme, width)]


def split_line(left: list[Run], right: str, theme: Theme, width: float) -> list[Row]:
    """A paragraph left, the dates flush right on its first line, or under it where there is no room."""
    face = theme.quiet()
    taken = face.width(right) + theme.size
    longest = max((f.width(w) for w, f in words_of(left)), default=0.0)
    if not right:
        return paragraph(left, width, theme.leading)
    if longest > width - taken or not left:
        return paragraph(left, width, theme.leading) + paragraph(
            [(right, face)], width, theme.leading, kind="date"
        )
    rows = paragraph(left, width - taken, theme.leading)
    size = max(f.size for _, f in words_of(left))
    dy = size * (0.5 * theme.leading + 0.3)
    date = place_line(words_of([(right, face)]), width - face.width(right), dy, "date")
    rows[0] = rows[0]._replace(items=rows[0].items + tuple(date))
    return rows


def _where(entry: Entry) -> str:
    return f"{entry.where}, {entry.place}" if entry.place else entry.where


def _head(entry: Entry, style: EntryStyle, width: float) -> list[Row]:
    if not entry.what:
        return split_line([(_where(entry), style.theme.bold())], entry.dates, style.theme, width)
    return _HEADS[style.head](entry, style, width)


def _title_first(entry: Entry, style: EntryStyle, width: float) -> list[Row]:
    theme = style.theme
    return [
        *split_line([(entry.what, theme.bold())], entry.dates, theme, width),
        *paragraph([(_where(entry), theme.italic())], width, theme.leading),
    ]


def _employer_first(entry: Entry, style: EntryStyle, width: float) -> list[Row]:
    theme = style.theme
    return [
        *split_line([(_where(entry), theme.bold(1.03))], entry.dates, theme, width),
        *paragraph([(entry.what, theme.italic())], width, theme.leading),
    ]


def _two_sides(entry: Entry, style: EntryStyle, width: float) -> list[Row]:
    """Employer and place on one line, title and dates on the next."""
    theme = style.theme
    first = split_line([(entry.where, theme.bold())], entry.place, theme, width)
    first = [r._replace(items=tuple(_undated(i) for i in r.items)) for r in first]
    return [*first, *split_line([(entry.what, theme.italic())], entry.dates, theme, width)]


def _undated(item: Item) -> Item:
    return item._replace(kind="") if isinstance(item, Text) else item


def _at(entry: Entry, style: EntryStyle, width: float) -> list[Row]:
    words = style.at_form.format(title=entry.what, company=entry.where)
    return split_line([(words, style.theme.bold())], entry.dates, style.theme, width)


def _piped(entry: Entry, style: EntryStyle, width: float) -> list[Row]:
    theme = style.theme
    runs = [
        (entry.where, theme.bold()),
        ("|", theme.quiet()),
        (entry.what, theme.face()),
        ("|", theme.quiet()),
        (entry.dates, theme.quiet()),
    ]
    return paragraph([r for r in runs if r[0]], width, theme.leading)


def _comma(entry: Entry, style: EntryStyle, width: float) -> list[Row]:
    theme = style.theme
    tail = f"({entry.dates})" if entry.dates else ""
    return paragraph(
        [(f"{entry.what},", theme.bold()), (_where(entry), theme.face()), (tail, theme.face())],
        width,
        theme.leading,
    )


def _dash(entry: Entry, style: EntryStyle, width: float) -> list[Row]:
    theme = style.theme
    runs = [(f"{entry.where} –", theme.bold()), (entry.what, theme.bold())]
    return split_line(runs, entry.dates, theme, width)


def _dates_below(entry: Entry, style: EntryStyle, width: float) -> list[Row]:
    theme = style.theme
    rows = paragraph([(entry.what, theme.bold(1.05))], width, theme.leading)
    rows += paragraph([(entry.where, theme.face(1.0, theme.tint))], width, theme.leading)
    tail = " | ".join(p for p in (entry.dates, entry.place) if p)
    return rows + (paragraph([(tail, theme.quiet(0.93))], width, theme.leading, kind="date") if tail else [])


def _dates_first(entry: Entry, style: EntryStyle, width: float) -> list[Row]:
    theme = style.theme
    rows = paragraph([(entry.dates, theme.quiet())], width, theme.leading, kind="date") if entry.dates else []
    return rows + paragraph(
        [(f"{entry.what},", theme.bold()), (_where(entry), theme.face())], width, theme.leading
    )


def _labelled(entry: Entry, style: EntryStyle, width: float) -> list[Row]:
    theme = style.theme
    pairs = zip(style.labels, (_where(entry), entry.what, entry.dates), strict=True)
    return [
        row
        for label, value in pairs
        if value
        for row in paragraph([(f"{label}:", theme.bold()), (value, theme.face())], width, theme.leading)
    ]


def stack(entry: Entry, style: EntryStyle, width: float) -> list[Row]:
    """Title over employer without the dates, for layouts that put those elsewhere."""
    theme = style.theme
    rows = paragraph([(entry.what or entry.where, theme.bold())], width, theme.leading)
    return rows + (paragraph([(_where(entry), theme.italic())], width, theme.leading) if entry.what else [])


def _dates_left(entry: Entry, style: EntryStyle, width: float) -> list[Row]:
    theme = style.theme
    side = paragraph([(entry.dates, theme.quiet())], GUTTER - 12, theme.leading, kind="date")
    rest = width - GUTTER
    head = [r._replace(keep=True) for r in stack(entry, style, rest)]
    rows = hung(-GUTTER, side, _released([*head, *_body(entry, style, rest)]))
    return [*(shifted(r, GUTTER) for r in rows), gap(theme.size * 0.55)]


def gutter_rows(entry: Entry, style: EntryStyle, width: float, gutter: float) -> list[Row]:
    """As a timeline has it: the dates hang `gutter` points left of the column."""
    theme = style.theme
    side = paragraph([(entry.dates, theme.quiet())], gutter - 22, theme.leading, align=1.0, kind="date")
    head = [r._replace(keep=True) for r in stack(entry, style, width)]
    rows = hung(-gutter, side, _released([*head, *_body(entry, style, width)]))
    rows[0] = rows[0]._replace(mark="entry")
    return [*rows, gap(theme.size * 0.6)]


def table_rows(entry: Entry, style: EntryStyle, columns: list[float]) -> list[Row]:
    """Dates, head and body in three cells of the given widths, as one row to be ruled."""
    theme, pad = style.theme, 5.0
    cells = [
        paragraph([(entry.dates, theme.face())], columns[0] - 2 * pad, theme.leading, kind="date"),
        stack(entry, style, columns[1] - 2 * pad),
        _body(entry, style, columns[2] - 2 * pad),
    ]
    edges = [pad, columns[0] + pad, columns[0] + columns[1] + pad]
    return beside(list(zip(edges, cells, strict=True)))


_HEADS = {
    "title_first": _title_first,
    "employer_first": _employer_first,
    "two_sides": _two_sides,
    "at": _at,
    "piped": _piped,
    "comma": _comma,
    "dash": _dash,
    "dates_below": _dates_below,
    "dates_first": _dates_first,
    "labelled": _labelled,
}
