"""The sections of a resume, each able to set itself in a column of any width."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from . import dates, fonts
from .entries import Entry, EntryStyle, bullet_rows, entry_rows
from .knobs import Knobs
from .model import Job, Resume, Role, School
from .rows import Box, Row, Text, beside, gap
from .theme import Theme
from .typeset import paragraph


@dataclass
class Draft:
    """A resume on its way to paper; `flat` gives every role its own entry, `printed` gathers the headings."""

    resume: Resume
    locale: dates.Locale
    knobs: Knobs
    theme: Theme
    rng: Random
    flat: bool = False
    printed: list[dict[str, str]] = field(default_factory=list)

    def style(self, theme: Theme, head: str) -> EntryStyle:
        """How entries look here."""
        return EntryStyle(head, theme, self.knobs, tuple(self.locale["entry_labels"]), self.locale["at"])

    def period(self, start: tuple[int, int], end: tuple[int, int] | None) -> str:
        """A range of months as this document prints it."""
        knobs = self.knobs
        dash = knobs.dash if knobs.dash != " to " or self.locale["lang"] == "en" else " – "
        text = dates.range_text(start, end, knobs.dates, dash, knobs.present, self.locale)
        return f"{text} {dates.duration_text(start, end, self.locale)}" if knobs.durations and end else text

    def study_period(self, school: School) -> str:
        """When a course of study was, or only when it ended."""
        match self.knobs.study_dates:
            case "end":
                return dates.month_text(school.end, self.knobs.dates, self.locale)
            case "year":
                return str(school.end[0])
            case _:
                return self.period(school.start, school.end)


Setter = Callable[[Theme, float], list[Row]]


@dataclass(frozen=True)
class Section:
    """`set_rows(theme, width)` gives the rows under the heading; `entries` only in work and education."""

    kind: str
    title: str
    set_rows: Setter
    entries: tuple[Entry, ...] = ()


def role_entry(draft: Draft, job: Job, role: Role, inner: tuple[Entry, ...] = ()) -> Entry:
    """One role with its employer."""
    return Entry(
        role.title,
        job.company,
        job.place,
        draft.period(role.start, role.end),
        role.description,
        role.bullets,
        inner,
    )


def work_entries(draft: Draft, jobs: tuple[Job, ...]) -> tuple[Entry, ...]:
    """Several roles under one employer become one entry with inner ones, the rest one each."""
    found = []
    for job in jobs:
        if draft.flat or len(job.roles) == 1:
            found += [role_entry(draft, job, role) for role in job.roles]
            continue
        inner = tuple(role_entry(draft, job, r) for r in job.roles)
        whole = draft.period(job.roles[-1].start, job.roles[0].end) if draft.knobs.whole_tenure else ""
        found.append(Entry("", job.company, job.place, whole, inner=inner))
    return tuple(reversed(found)) if draft.knobs.oldest_first else tuple(found)


def school_entry(draft: Draft, school: School) -> Entry:
    """One course of study; its note is a line of text."""
    return Entry(school.degree, school.institution, school.place, draft.study_period(school), school.note)


def _entries_setter(draft: Draft, entries: tuple[Entry, ...], head: str) -> Setter:
    def set_rows(theme: Theme, width: float) -> list[Row]:
        narrow = "title_first" if head in ("two_sides", "dates_left", "piped") and width < 330 else head
        return [row for e in entries for row in entry_rows(e, draft.style(theme, narrow), width)]

    return set_rows


def work(draft: Draft, title: str, jobs: tuple[Job, ...]) -> Section:
    """The jobs, or some of them."""
    entries = work_entries(draft, jobs)
    head = draft.knobs.entry
    if head == "dates_left" and any(e.inner for e in entries):
        head = "two_sides"
    return Section("work", title, _entries_setter(draft, entries, head), entries)


def education(draft: Draft, title: str) -> Section:
    """The schools."""
    entries = tuple(school_entry(draft, s) for s in draft.resume.schools)
    setter = {
        "table": _education_table(draft, entries),
        "line": _entries_setter(draft, entries, "comma"),
        "bullets": _education_bullets(draft, entries),
    }.get(draft.knobs.education)
    if not setter:
        heads = {"degree": "title_first", "institution": "employer_first"}
        head = draft.knobs.entry
        setter = _entries_setter(
            draft,
            entries,
            heads[draft.knobs.education_order]
            if head in ("at", "labelled", "title_first", "employer_first")
            else head,
        )
    return Section("education", title, setter, entries)


def _education_bullets(draft: Draft, entries: tuple[Entry, ...]) -> Setter:
    texts = tuple(f"{e.what}, {e.where}{', ' + e.place if e.place else ''}, {e.dates}" for e in entries)
    return lambda theme, width: bullet_rows(texts, draft.style(theme, "comma"), width)


def _education_table(draft: Draft, entries: tuple[Entry, ...]) -> Setter:
    """Ruled cells under a row of labels, as in many Indian and German resumes."""

    def set_rows(theme: Theme, width: float) -> list[Row]:
        shares = [width * s for s in (0.4, 0.36, 0.24)]
        records = [draft.locale["education_columns"], *([e.what, e.where, e.dates] for e in entries)]
        rows = []
        for i, record in enumerate(records):
            face = theme.bold() if i == 0 else theme.face()
            cells = [
                paragraph([(c, face)], w - 10, theme.leading) for c, w in zip(record, shares, strict=True)
            ]
            edges = [5.0, shares[0] + 5, shares[0] + shares[1] + 5]
            rows.append(ruled(beside(list(zip(edges, cells, strict=True)))[0], shares, theme))
        return [*rows, gap(theme.size * 0.5)]

    return set_rows


def ruled(row: Row, widths: list[float], theme: Theme) -> Row:
    """The row with a frame around each cell, and room for it."""
    left, frames, height = 0.0, [], row.height + 6
    for width in widths:
        frames.append(Box(left, 0, width, height, theme.soft, 0.5))
        left += width
    moved = tuple(i._replace(dy=i.dy + 3) for i in row.items)
    return row._replace(height=height, items=(*frames, *moved))


def prose(draft: Draft, kind: str, title: str, text: str) -> Section:
    """A section of running text."""

    def set_rows(theme: Theme, width: float) -> list[Row]:
        return paragraph([(text, theme.face())], width, theme.leading, hyphen=draft.knobs.hyphen)

    return Section(kind, title, set_rows)


def listing(draft: Draft, kind: str, title: str, texts: tuple[str, ...]) -> Section:
    """A section of bullets, or of one line for short things."""

    def set_rows(theme: Theme, width: float) -> list[Row]:
        if kind == "interests":
            return paragraph([(", ".join(texts), theme.face())], width, theme.leading)
        return bullet_rows(texts, draft.style(theme, "comma"), width)

    return Section(kind, title, set_rows)


def pairs(draft: Draft, kind: str, title: str, found: tuple[tuple[str, str], ...], form: str) -> Section:
    """Label and value lines: languages with levels, personal details."""

    def set_rows(theme: Theme, width: float) -> list[Row]:
        if form == "line":
            runs = [(", ".join(f"{a} ({b})" for a, b in found), theme.face())]
            return paragraph(runs, width, theme.leading)
        if form == "bullets":
            return bullet_rows(tuple(f"{a} – {b}" for a, b in found), draft.style(theme, "comma"), width)
        return [
            r
            for a, b in found
            for r in paragraph([(f"{a}:", theme.bold()), (b, theme.face())], width, theme.leading)
        ]

    return Section(kind, title, set_rows)


def skills(draft: Draft, title: str) -> Section:
    """The skills in the document's style."""
    groups = draft.resume.skills
    flat = tuple(s for _, names in groups for s in names)

    def set_rows(theme: Theme, width: float) -> list[Row]:
        match draft.knobs.skills:
            case "category":
                return [
                    r
                    for label, names in groups
                    for r in paragraph(
                        [(f"{label}:", theme.bold()), (", ".join(names), theme.face())], width, theme.leading
                    )
                ]
            case "bullets":
                return bullet_rows(flat, draft.style(theme, "comma"), width)
            case "bars":
                return _bars(flat[:8], theme, width, draft.rng)
            case "columns":
                return _columns(flat, theme, width, 3 if width > 400 else 2)
            case "rated":
                levels = draft.locale["skill_levels"]
                return [
                    r
                    for i, s in enumerate(flat)
                    for r in paragraph(
                        [(f"{s} – {levels[(len(s) + i) % len(levels)]}", theme.face())], width, theme.leading
                    )
                ]
            case style:
                joint = {"dots": " • ", "pipes": " | ", "paragraph": "; "}.get(style, ", ")
                return paragraph([(joint.join(flat), theme.face())], width, theme.leading)

    return Section("skills", title, set_rows)


def printed_skills(draft: Draft) -> list[str]:
    """The skills that the section shows."""
    flat = [s for _, names in draft.resume.skills for s in names]
    return flat[:8] if draft.knobs.skills == "bars" else flat


def _bars(names: tuple[str, ...], theme: Theme, width: float, rng: Random) -> list[Row]:
    """Each skill with a bar of how well, beside it where there is room."""
    wide = width > 300
    left, length = (160.0, 120.0) if wide else (0.0, min(width, 120.0))
    rows = []
    for name in names:
        share = 0.4 + 0.1 * (sum(map(ord, name)) % 7)
        lead = theme.size * theme.leading
        dy = lead * 0.45 if wide else lead * 1.05
        bar = (Box(left, dy, length, 4, theme.soft), Box(left, dy, length * share, 4, theme.tint))
        text = paragraph([(name, theme.face())], left - 5 if wide else width, theme.leading)
        height = sum(r.height for r in text) + (0 if wide else 8)
        rows += [r._replace(height=height, items=(*bar, *r.items)) for r in beside([(0.0, text)])]
    return rows


def _columns(names: tuple[str, ...], theme: Theme, width: float, count: int) -> list[Row]:
    """Names in a grid, read line by line."""
    each = width / count
    rows = []
    for i in range(0, len(names), count):
        cells = [
            (n * each, paragraph([(name, theme.face())], each - 8, theme.leading))
            for n, name in enumerate(names[i : i + count])
        ]
        rows += beside(cells)
    return rows


def icon(code: str, x: float, dy: float, size: float, theme: Theme) -> Text:
    """A contact icon: a private-use letter in the text layer, nothing to an eye that reads words."""
    return Text(x, dy, code, fonts.GLYPHS, size, theme.tint, seen="")
