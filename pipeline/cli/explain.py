"""An inspected file as data that a tool can read, page by page, and as the text that `resumes inspect` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.domain.profile import Fact, facts_in, lines_of
from pipeline.domain.sections import Section, SectionedText
from pipeline.domain.text import Line, Page
from pipeline.orchestration.inspection import Inspection
from pipeline.reading.why import Decision, Option

_LONGEST = 90  # characters of a text that is quoted
_OF_PERSON = ("name", "place")
_ENTRIES = ("work", "education")


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """A job or a degree as it was read: `path` is where the draft has it, None where it was not kept."""

    path: str | None
    read_as: str
    ids: tuple[int, ...]
    facts: tuple[tuple[str, Fact[Any]], ...]
    start: Decision | None = None
    heading: Decision | None = None
    slots: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class Explained:
    """What was decided, sorted: by what it is about, each thing once."""

    file: str
    inspection: Inspection
    decisions: dict[str, list[Decision]]
    entries: list[ReadEntry]
    dropped: frozenset[str] = field(default_factory=frozenset)  #: paths of facts that no line shows

    @property
    def sections(self) -> SectionedText:
        """The text that was read, in sections."""
        return self.inspection.sections

    def pages(self, only: int | None = None) -> list[Page]:
        """The pages, or the one of that number; none where there is no such page."""
        return [page for page in self.sections.text.pages if only in (None, page.number)]

    def on(self, page: Page, about: str) -> list[Decision]:
        """The decisions of one kind whose first line is on a page."""
        lines = {line.id for line in page.lines}
        return [one for one in self.decisions.get(about, []) if one.ids[:1] and one.ids[0] in lines]

    def entries_on(self, page: Page) -> list[ReadEntry]:
        """The entries that have a line on a page."""
        lines = {line.id for line in page.lines}
        return [entry for entry in self.entries if lines.intersection(entry.ids)]

    def other_facts(self) -> list[tuple[str, Fact[Any]]]:
        """The facts of the draft that belong to no job and no degree."""
        return [one for one in facts_in(self.inspection.draft) if not one[0].startswith(_ENTRIES)]

    def why_section(self, section: Section) -> str:
        """Why a section begins where it does, and is about what it is about."""
        ids = set(section.heading_ids or section.line_ids[:1])
        told = [one.result for one in self.decisions.get("heading", []) if ids.intersection(one.ids)]
        kept = [why for why in told if not why.startswith("no title")]
        return "; ".join(kept) or "no heading"


def explained(file: str, inspection: Inspection) -> Explained:
    """Sort what was decided."""
    decisions: dict[str, list[Decision]] = {}
    seen: set[Decision] = set()
    for one in inspection.decisions:
        if one.made is not None or one not in seen:
            decisions.setdefault(one.about, []).append(one)
            seen.add(one)
    findings = inspection.profile.document.findings if inspection.profile.document else []
    dropped = frozenset(one.detail for one in findings if one.code == "fact-dropped" and one.detail)
    return Explained(file, inspection, decisions, _entries(inspection, decisions), dropped)


def _entries(inspection: Inspection, decisions: dict[str, list[Decision]]) -> list[ReadEntry]:
    """The entries of the draft in its order, then those that were read and not kept."""
    draft = inspection.draft
    paths = {id(one): f"{kind}[{i}]" for kind in _ENTRIES for i, one in enumerate(getattr(draft, kind))}
    told: dict[int, Decision] = {}
    for one in decisions.get("entry", []):
        told.setdefault(id(one.made), one)
    starts = {line: one for one in reversed(decisions.get("entry start", [])) for line in one.ids}
    made: dict[int, list[Decision]] = {}
    for one in (*decisions.get("heading read", []), *decisions.get("slot", [])):
        made.setdefault(id(one.made), []).append(one)
    kept = [_entry(told[key], path, starts, made.get(key, [])) for key, path in paths.items() if key in told]
    cited = {i for entry in kept for i in entry.ids}
    others = [_entry(one, None, starts, made.get(key, [])) for key, one in told.items() if key not in paths]
    return kept + [entry for entry in others if not cited.intersection(entry.ids)]


def _entry(told: Decision, path: str | None, starts: dict[int, Decision], made: list[Decision]) -> ReadEntry:
    ids = told.ids or tuple(lines_of(told.made))
    facts = tuple((f"{path or 'not kept'}.{name}", fact) for name, fact in facts_in(told.made))
    start = next((starts[line] for line in ids if line in starts), None)
    heading = next((one for one in made if one.about == "heading read"), None)
    return ReadEntry(
        path, told.result, ids, facts, start, heading, tuple(one for one in made if one.about == "slot")
    )


def as_data(found: Explained, only: int | None = None) -> dict[str, Any]:
    """Everything as JSON can hold it: boxes as left, top, right, bottom in fractions of the page."""
    return {
        "file": found.file,
        "mime": found.inspection.mime,
        "language": found.sections.language,
        "pages": [_page_data(found, page) for page in found.pages(only)],
        "facts": [_fact_data(found, path, fact) for path, fact in found.other_facts()],
        "person": [_decision_data(one) for about in _OF_PERSON for one in found.decisions.get(about, [])],
        "findings": [
            one.model_dump() for one in (found.inspection.profile.document or _NO_DOCUMENT).findings
        ],
    }


def _page_data(found: Explained, page: Page) -> dict[str, Any]:
    sections = [section for section in found.sections.sections if _stands_on(section, page)]
    return {
        "number": page.number,
        "width": page.width,
        "height": page.height,
        "source": page.source,
        "lines": [_line_data(found, line) for line in page.lines],
        "blocks": [{"name": one.result, "lines": one.ids} for one in found.on(page, "block")],
        "columns": [_decision_data(one) for one in found.on(page, "columns")],
        "tables": [_decision_data(one) for one in found.on(page, "table")],
        "sections": [
            {
                "kind": section.kind,
                "title": section.title,
                "heading": section.heading_ids,
                "lines": section.line_ids,
                "why": found.why_section(section),
            }
            for section in sections
        ],
        "no_headings": [_decision_data(one) for one in _refused(found, page)],
        "entries": [_entry_data(found, entry) for entry in found.entries_on(page)],
    }


def _line_data(found: Explained, line: Line) -> dict[str, Any]:
    return {
        "id": line.id,
        "text": line.text,
        "box": line.box,
        "size": line.size,
        "bold": line.bold,
        "hidden": line.hidden,
        "furniture": line.id in found.sections.furniture,
    }


def _entry_data(found: Explained, entry: ReadEntry) -> dict[str, Any]:
    return {
        "path": entry.path,
        "read_as": entry.read_as,
        "lines": entry.ids,
        "start": _decision_data(entry.start),
        "heading": _decision_data(entry.heading),
        "slots": [_decision_data(one) for one in entry.slots],
        "facts": [_fact_data(found, path, fact) for path, fact in entry.facts],
    }


def _fact_data(found: Explained, path: str, fact: Fact[Any]) -> dict[str, Any]:
    return {
        "path": path,
        "value": fact.value,
        "raw": fact.raw,
        "confidence": fact.confidence,
        "lines": lines_of(fact),
        "dropped": path in found.dropped,
    }


def _decision_data(one: Decision | None) -> dict[str, Any] | None:
    if one is None:
        return None
    options = [
        {"text": o.text, "lines": o.ids, "score": o.score, "parts": o.parts, "chosen": o.chosen}
        for o in one.options
    ]
    return {"about": one.about, "result": one.result, "lines": one.ids, "options": options}


def _refused(found: Explained, page: Page) -> list[Decision]:
    return [one for one in found.on(page, "heading") if one.result.startswith("no title")]


def _stands_on(section: Section, page: Page) -> bool:
    lines = {line.id for line in page.lines}
    return not lines.isdisjoint((*section.heading_ids, *section.line_ids))


class _NoDocument:
    findings: tuple[Any, ...] = ()


_NO_DOCUMENT: Any = _NoDocument()


def as_text(found: Explained, only: int | None = None) -> Iterator[str]:
    """The lines that are printed. Signs that a terminal would obey are replaced: strangers wrote the file."""
    for line in _printed(found, only):
        yield "".join(char if char.isprintable() else "\ufffd" for char in line)


def _printed(found: Explained, only: int | None) -> Iterator[str]:
    text = found.sections.text
    yield (
        f"{found.file}: {len(text.pages)} page(s), {found.inspection.mime}, text {text.source}, "
        f"language {found.sections.language or 'unknown'}"
    )
    for page in found.pages(only):
        yield from _page_lines(found, page)
    yield ""
    yield "== The person, and what no entry tells"
    for about in _OF_PERSON:
        for one in found.decisions.get(about, []):
            yield from _decision_lines(one, f"  {about}: {_quoted(one.result)}")
    yield from _fact_lines(found, found.other_facts(), "  ")
    for finding in (found.inspection.profile.document or _NO_DOCUMENT).findings:
        yield f"  finding {finding.code}: {finding.detail or ''}"


def _page_lines(found: Explained, page: Page) -> Iterator[str]:
    yield ""
    yield f"== Page {page.number}: {page.width:.0f} x {page.height:.0f} pt, text {page.source}"
    yield "-- Lines (left, top, right, bottom in thousandths of the page)"
    furniture = set(found.sections.furniture)
    for line in page.lines:
        yield f"  {_line_words(line, furniture)}"
    yield "-- Columns, and the blocks in reading order"
    for one in found.on(page, "columns"):
        yield from _decision_lines(one, f"  {len(one.ids)} lines from #{one.ids[0]}: {one.result}")
    for one in found.on(page, "block"):
        yield f"  block {one.result}: {_ids(one.ids)}"
    yield "-- Tables"
    for one in found.on(page, "table"):
        yield f"  {one.result}"
        for row in one.options:
            yield f"    {row.text}  {_ids(row.ids)}"
    yield "-- Sections"
    for section in found.sections.sections:
        if _stands_on(section, page):
            title = f' "{section.title}"' if section.title else ""
            yield f"  {section.kind}{title} {_ids(section.heading_ids)}: {found.why_section(section)}"
            yield f"    lines {_ids(section.line_ids)}"
    for one in _refused(found, page):
        yield f"  {_ids(one.ids)} {one.result}"
    yield "-- Entries"
    for entry in found.entries_on(page):
        yield from _entry_lines(found, entry)


def _line_words(line: Line, furniture: set[int]) -> str:
    box = " ".join(f"{round(1000 * edge):4d}" for edge in line.box)
    size = f"{line.size:.1f} pt" if line.size else ""
    marks = [word for word, holds in (("bold", line.bold), ("hidden", line.hidden)) if holds]
    marks += ["furniture"] if line.id in furniture else []
    return f"#{line.id:<4} {box}  {' '.join([size, *marks]):16} {line.text}"


def _entry_lines(found: Explained, entry: ReadEntry) -> Iterator[str]:
    yield f"  {entry.path or 'read and not kept'}: {entry.read_as}, lines {_ids(entry.ids)}"
    if entry.start is not None:
        yield from _decision_lines(entry.start, f"    begins with {_quoted(entry.start.result)}", "      ")
    if entry.heading is not None:
        yield from _decision_lines(entry.heading, "    the heading as a whole", "      ")
    for slot in entry.slots:
        yield from _decision_lines(slot, f"    {slot.result}", "      ")
    yield from _fact_lines(found, entry.facts, "    ")


def _fact_lines(found: Explained, facts: Iterable[tuple[str, Fact[Any]]], indent: str) -> Iterator[str]:
    for path, fact in facts:
        dropped = "  DROPPED: its lines do not show it" if path in found.dropped else ""
        value = _quoted(str(fact.value))
        raw = f" from {_quoted(fact.raw)}" if str(fact.value) != fact.raw else ""
        yield f"{indent}= {path} {value}{raw}  confidence {fact.confidence:.2f}  {_ids(lines_of(fact))}{dropped}"


def _decision_lines(one: Decision, first: str, indent: str = "    ") -> Iterator[str]:
    yield first
    for option in one.options:
        yield f"{indent}{'*' if option.chosen else ' '} {_option_words(option)}"


def _option_words(option: Option) -> str:
    return f"{_quoted(option.text)}  {score_words(option)}"


def score_words(option: Option) -> str:
    """A score with its parts: "1.30 = a title's word 1.20 + the slot's level 0.10"."""
    if option.score is None:
        return ""
    parts = " ".join(
        f"{'-' if amount < 0 else '+'} {reason} {abs(amount):.2f}" for reason, amount in option.parts
    )
    return f"{option.score:.2f} = {parts.removeprefix('+ ')}" if parts else f"{option.score:.2f}"


def _quoted(text: str) -> str:
    return f'"{text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"}"'


def _ids(ids: Sequence[int]) -> str:
    """Line ids, runs of them drawn together: "#3–7 #9"."""
    runs: list[list[int]] = []
    for number in ids:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return " ".join(f"#{run[0]}" if len(run) == 1 else f"#{run[0]}–{run[-1]}" for run in runs)
