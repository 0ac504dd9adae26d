"""Where the sections go: each layout pours the same sections into other columns."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from .contacts import contact_rows, details, header_rows, linked, name_rows, printed_name
from .entries import gutter_rows, table_rows
from .flow import Frame, Stay, foot, placed, pour
from .rows import Box, Placed, Row, beside, gap, hung, shifted
from .sections import Draft, Section, ruled
from .theme import Theme, heading, printed_heading
from .typeset import Run, paragraph, place_line, words_of


class Paper(NamedTuple):
    """Page size and margin in points."""

    width: float
    height: float
    margin: float

    @property
    def column(self) -> float:
        """Width between the margins."""
        return self.width - 2 * self.margin

    def frame(self, page: int, x: float | None = None, top: float | None = None, inset: float = 0.0) -> Frame:
        """A frame down to the bottom margin of a page, from 1."""
        return Frame(
            page,
            self.margin if x is None else x,
            self.margin + inset if top is None else top,
            self.height - self.margin - inset,
        )


PALE = (0.93, 0.94, 0.95)
Layout = Callable[[Draft, list[Section], Paper], list[Placed]]
SIDE_KINDS = (
    "contact",
    "personal",
    "skills",
    "languages",
    "certifications",
    "interests",
    "awards",
    "references",
)


def titled(draft: Draft, section: Section, theme: Theme, width: float) -> list[Row]:
    """Heading and rows of a section; notes the heading as printed."""
    number = len(draft.printed) + 1
    draft.printed.append({"kind": section.kind, "title": printed_heading(theme, section.title, number)})
    return heading(theme, section.title, width, number) + section.set_rows(theme, width)


def _all_rows(draft: Draft, sections: list[Section], theme: Theme, width: float) -> list[Row]:
    return [row for s in sections for row in titled(draft, s, theme, width)]


def single(draft: Draft, sections: list[Section], paper: Paper) -> list[Placed]:
    """One column on every page."""
    rows = header_rows(draft, draft.theme, paper.column)
    rows += _all_rows(draft, sections, draft.theme, paper.column)
    return placed(pour(rows, lambda n: paper.frame(n + 1)))


def header_footer(draft: Draft, sections: list[Section], paper: Paper) -> list[Placed]:
    """One column between a header with name and contact and a footer, both on every page."""
    theme, inset = draft.theme, 26.0
    rows = name_rows(draft, theme, paper.column, 0.0)
    rest = " | ".join(d.text for d in details(draft) if d.kind in ("city", "link"))
    rows += [*paragraph([(rest, theme.face())], paper.column, theme.leading), gap(theme.size * 0.4)]
    rows += _all_rows(draft, sections, theme, paper.column)
    stays = pour(rows, lambda n: paper.frame(n + 1, inset=inset))
    reach = " | ".join(d.text for d in details(draft) if d.kind in ("email", "phone"))
    top = paragraph([(f"{printed_name(draft)} – {reach}", theme.quiet(0.9))], paper.column, 1.2)
    rule = Row(2.0, (Box(0, 2.0, paper.column, 0.5, theme.soft),))
    found: list[Placed] = []
    for page in range(1, last_page(placed(stays)) + 1):
        at_top = paper.frame(page, top=paper.margin * 0.62)
        running = pour([*top, rule], partial(_always, at_top))
        found += placed(running) + [p for p in placed(stays) if p.page == page]
    return found


def _always(frame: Frame, number: int) -> Frame:
    """One frame, whatever the number of the column: for rows that fit in it."""
    return frame


def last_page(items: list[Placed]) -> int:
    """The number of pages used."""
    return max((p.page for p in items), default=1)


def _side_bar(draft: Draft, sections: list[Section], paper: Paper, on_left: bool) -> list[Placed]:
    """Short sections in a bar, tinted or bare, the long ones beside it."""
    dark = draft.knobs.bar == "dark" and sum(draft.theme.accent) <= 2.1
    side_width, pad = round(paper.width * 0.31), 16.0
    edge = 0.0 if on_left else paper.width - side_width
    bar_theme = draft.theme.on(dark)
    inner = side_width - 2 * pad
    short, long = _by_length(sections)
    side = name_rows(draft, bar_theme, inner, 0.0, 1.7) if draft.knobs.name_in_bar else []
    main = [] if side else name_rows(draft, draft.theme, paper.width - side_width - 2 * pad, 0.0)
    side += titled(draft, contact_section(draft), bar_theme, inner)
    side += _all_rows(draft, short, bar_theme, inner)
    main_x = edge + side_width + pad if on_left else paper.margin * 0.6
    main_width = paper.width - side_width - pad - paper.margin * 0.6
    main += _all_rows(draft, long, draft.theme, main_width)
    side_stays = pour(side, lambda n: paper.frame(n + 1, edge + pad))
    main_stays = pour(main, lambda n: paper.frame(n + 1, main_x))
    in_bar, in_main = placed(side_stays), placed(main_stays)
    items = in_bar + in_main if on_left else in_main + in_bar
    pages = last_page(items)
    if draft.knobs.repeat_bar:
        items += _repeated(in_bar, pages)
    if draft.knobs.bar == "bare":
        return items
    ground = Box(0, 0, side_width, paper.height, draft.theme.accent if dark else PALE)
    return [Placed(p, edge, 0, ground) for p in range(1, pages + 1)] + items


def _by_length(sections: list[Section]) -> tuple[list[Section], list[Section]]:
    """Those for the bar, and those too long for it."""
    short = [s for s in sections if s.kind in SIDE_KINDS]
    return short, [s for s in sections if s.kind not in SIDE_KINDS]


def _repeated(bar: list[Placed], pages: int) -> list[Placed]:
    """A bar of one page again on each later page; one that is longer is not repeated."""
    if last_page(bar) > 1:
        return []
    return [p._replace(page=n) for p in bar for n in range(2, pages + 1)]


def contact_section(draft: Draft) -> Section:
    """The contact details as a section of a side bar."""
    title = draft.rng.choice(draft.locale["headings"]["contact"])
    return Section("contact", title, lambda theme, width: contact_rows(draft, theme, width, stacked=True))


def sidebar_left(draft: Draft, sections: list[Section], paper: Paper) -> list[Placed]:
    """A bar at the left edge."""
    return _side_bar(draft, sections, paper, on_left=True)


def sidebar_right(draft: Draft, sections: list[Section], paper: Paper) -> list[Placed]:
    """A bar at the right edge."""
    return _side_bar(draft, sections, paper, on_left=False)


def newspaper(draft: Draft, sections: list[Section], paper: Paper) -> list[Placed]:
    """A head over two equal columns; the text runs down the first, then down the second."""
    head = pour(header_rows(draft, draft.theme, paper.column), lambda n: paper.frame(n + 1))
    top, space = foot(head, 1) + 8, 22.0
    each = (paper.column - space) / 2

    def frame_at(number: int) -> Frame:
        page, second = number // 2 + 1, number % 2
        return paper.frame(page, paper.margin + second * (each + space), top if page == 1 else None)

    rows = _all_rows(draft, sections, draft.theme, each)
    total = sum(r.height for r in rows)
    room = paper.height - paper.margin - top
    if total < 2 * room * 0.9:
        return placed(head) + placed(pour(rows, lambda n: _short(frame_at(n), top + total * 0.56)))
    return placed(head) + placed(pour(rows, frame_at))


def _short(frame: Frame, bottom: float) -> Frame:
    """Columns of about equal length on a page that is not full."""
    return frame._replace(bottom=min(frame.bottom, bottom)) if frame.page == 1 else frame


def timeline(draft: Draft, sections: list[Section], paper: Paper) -> list[Placed]:
    """Dates in a left gutter, a line with a dot for every entry."""
    theme, gutter = draft.theme, 108.0
    width = paper.column - gutter
    rows = [shifted(r, -gutter) for r in header_rows(draft, theme, paper.column)]
    for section in sections:
        if not section.entries:
            rows += titled(draft, section, theme, width)
            continue
        title = Section(section.kind, section.title, lambda theme, width: [])
        rows += titled(draft, title, theme, width)
        style = draft.style(theme, "title_first")
        rows += [r for e in section.entries for r in gutter_rows(e, style, width, gutter)]
    stays = pour(rows, lambda n: paper.frame(n + 1, paper.margin + gutter))
    return _axis(stays, theme) + placed(stays)


def _axis(stays: list[Stay], theme: Theme) -> list[Placed]:
    """A dot beside every entry that hangs its date."""
    size = theme.size * 0.5
    return [
        Placed(s.page, s.x, s.y, Box(-13, theme.size * 0.45, size, size, theme.tint))
        for s in stays
        if s.row.mark == "entry" and any(i.x < 0 for i in s.row.items)
    ]


def table(draft: Draft, sections: list[Section], paper: Paper) -> list[Placed]:
    """Ruled cells: personal details, then every section as a table of its own."""
    theme, width = draft.theme, paper.column
    title = draft.locale["document_titles"][0]
    rows = paragraph([(title, theme.bold(1.5))], width, 1.6, 0.5) + _details_table(draft, theme, width)
    for section in sections:
        rows += _section_table(draft, section, theme, width)
    return placed(pour(rows, lambda n: paper.frame(n + 1)))


def _details_table(draft: Draft, theme: Theme, width: float) -> list[Row]:
    """Label and value cells of the name and the contact details."""
    labels = draft.locale["labels"]
    pairs = [(labels["name"], printed_name(draft)), *((d.label, d.text) for d in details(draft))]
    rows = [
        _label_row(label, [(value, theme.bold() if i == 0 else theme.face())], theme, width)
        for i, (label, value) in enumerate(pairs)
    ]
    return [*linked(rows, details(draft)), gap(theme.size)]


def _label_row(label: str, runs: list[Run], theme: Theme, width: float) -> Row:
    first = width * 0.27
    cells = [
        (5.0, paragraph([(label, theme.bold())], first - 10, theme.leading)),
        (first + 5, paragraph(runs, width - first - 10, theme.leading)),
    ]
    return ruled(beside(cells)[0], [first, width - first], theme)


def _section_table(draft: Draft, section: Section, theme: Theme, width: float) -> list[Row]:
    """Entries as rows of three cells; anything else as one cell beside its heading."""
    blank = Section(section.kind, section.title, lambda theme, width: [])
    if section.entries:
        shares = [width * s for s in ((0.17, 0.33, 0.5) if section.kind == "work" else (0.2, 0.5, 0.3))]
        style = draft.style(theme, "title_first")
        rows = titled(draft, blank, theme, width)
        return rows + [ruled(r, shares, theme) for e in section.entries for r in table_rows(e, style, shares)]
    return _cell_pair(draft, section, theme, width)


def _cell_pair(draft: Draft, section: Section, theme: Theme, width: float) -> list[Row]:
    first, pad = width * 0.27, 5.0
    draft.printed.append({"kind": section.kind, "title": section.title})
    label = paragraph([(section.title, theme.bold(1.0, theme.tint))], first - 2 * pad, theme.leading)
    row = beside([(pad, label), (first + pad, section.set_rows(theme, width - first - 2 * pad))])[0]
    return [gap(theme.size * 0.6), ruled(row, [first, width - first], theme)]


def letterhead(draft: Draft, sections: list[Section], paper: Paper) -> list[Placed]:
    """A coloured band with the name over one column."""
    dark = sum(draft.theme.accent) <= 2.1 and sum(draft.theme.accent) > 0
    ground = draft.theme.accent if dark else (0.9, 0.92, 0.94)
    band = header_rows(draft, draft.theme.on(dark), paper.column)
    height = sum(r.height for r in band) + 40
    head = pour(band, lambda n: paper.frame(n + 1, top=22.0))
    rows = _all_rows(draft, sections, draft.theme, paper.column)
    stays = pour(rows, lambda n: paper.frame(n + 1, top=height + 14 if n == 0 else None))
    return [Placed(1, 0, 0, Box(0, 0, paper.width, height, ground)), *placed(head), *placed(stays)]


def left_headings(draft: Draft, sections: list[Section], paper: Paper) -> list[Placed]:
    """Section titles in a narrow left column, their text beside them."""
    theme, gutter = draft.theme, 118.0
    width = paper.column - gutter
    rows = [shifted(r, -gutter) for r in header_rows(draft, theme, paper.column)]
    for section in sections:
        draft.printed.append({"kind": section.kind, "title": section.title})
        label = paragraph([(section.title, theme.bold(1.05, theme.tint))], gutter - 16, theme.leading)
        rows += [gap(theme.size), *hung(-gutter, label, section.set_rows(theme, width))]
    return placed(pour(rows, lambda n: paper.frame(n + 1, paper.margin + gutter)))


def cards(draft: Draft, sections: list[Section], paper: Paper) -> list[Placed]:
    """Every section in a frame of its own."""
    theme, pad = draft.theme, 9.0
    width = paper.column - 2 * pad
    rows = header_rows(draft, theme, width)
    for section in sections:
        body = titled(draft, section, theme, width)
        rows += [gap(7.0), body[0]._replace(mark="card"), *body[1:], Row(5.0, mark="card end")]
    stays = pour(rows, lambda n: paper.frame(n + 1, paper.margin + pad))
    return _frames(stays, theme, width, pad) + placed(stays)


def _frames(stays: list[Stay], theme: Theme, width: float, pad: float) -> list[Placed]:
    """A frame around the rows of each card, closed at the foot of a page and opened again on the next."""
    found, inside = [], False
    for number, stay in enumerate(stays):
        row = stay.row
        inside = inside or row.mark in ("card", "heading")
        turn = number == 0 or stays[number - 1].page != stay.page
        if inside and (row.mark == "card" or turn):
            top = stay.y
            found.append((stay, top, top))
        if inside and found:
            found[-1] = (*found[-1][:2], stay.y + row.height)
        inside = inside and row.mark != "card end"
    return [
        Placed(s.page, s.x, top - 2, Box(-pad, 0, width + 2 * pad, bottom - top + 4, theme.soft, 0.6))
        for s, top, bottom in found
    ]


def footer_name(draft: Draft, sections: list[Section], paper: Paper) -> list[Placed]:
    """One column that starts with the text; name and contact stand at the foot of every page only."""
    theme, inset = draft.theme, 34.0
    rows = _all_rows(draft, sections, theme, paper.column)
    body = placed(pour(rows, lambda n: paper.frame(n + 1, inset=inset)))
    name = paragraph([(printed_name(draft), theme.bold(1.1, theme.tint))], paper.column, 1.3, 0.5)
    foot_rows = name + contact_rows(draft, theme, paper.column, 0.5)
    top = paper.height - paper.margin * 0.5 - sum(r.height for r in foot_rows)
    for page in range(1, last_page(body) + 1):
        at_foot = Frame(page, paper.margin, top, paper.height)
        body += placed(pour(foot_rows, partial(_always, at_foot)))
    return body


def page_numbers(draft: Draft, items: list[Placed], paper: Paper) -> list[Placed]:
    """'Page 1 of 2' at the foot of every page."""
    pages, face = last_page(items), draft.theme.quiet(0.85)
    found = []
    for page in range(1, pages + 1):
        text = draft.locale["page"].format(n=page, m=pages)
        x = (paper.width - face.width(text)) / 2
        found += [Placed(page, x, paper.height - 26, i) for i in place_line(words_of([(text, face)]), 0, 8)]
    return found


LAYOUTS: dict[str, Layout] = {
    "single": single,
    "sidebar_left": sidebar_left,
    "sidebar_right": sidebar_right,
    "newspaper": newspaper,
    "table": table,
    "timeline": timeline,
    "academic": single,
    "header_footer": header_footer,
    "minimal": single,
    "letterhead": letterhead,
    "left_headings": left_headings,
    "cards": cards,
    "footer_name": footer_name,
}
