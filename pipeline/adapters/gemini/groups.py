"""What is asked for together, and the lines that each group of sections is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pipeline.adapters.gemini.answers import (
    Answer,
    EducationAnswer,
    ExperienceAnswer,
    PersonAnswer,
    SkillsAnswer,
)
from pipeline.domain.sections import SectionedText, SectionKind
from pipeline.reading.page.rows import Rows
from pipeline.reading.person import blocks_of
from pipeline.reading.sections.streams import entry_lines
from pipeline.reading.values.contacts import emails_in

_DIGITS = 12  # of the prompt's digest: enough to tell versions apart
_K = SectionKind


@dataclass(frozen=True, slots=True)
class Group:
    """Sections that one prompt asks about.

    Entries of kind `sought` may stand under a heading that nobody recognised: where the document has no such
    section, the group is shown every line that no recognised section holds.
    """

    name: str
    answer: type[Answer]
    kinds: frozenset[SectionKind]
    fields: tuple[str, ...]
    sought: SectionKind | None = None


GROUPS = (
    Group("person", PersonAnswer, frozenset({_K.HEADER, _K.CONTACT, _K.SUMMARY}), ("person",)),
    Group(
        "experience",
        ExperienceAnswer,
        frozenset({_K.WORK, _K.PROJECTS, _K.VOLUNTEERING}),
        ("work", "projects", "volunteering"),
        _K.WORK,
    ),
    Group(
        "education",
        EducationAnswer,
        frozenset({_K.EDUCATION, _K.CERTIFICATIONS, _K.PUBLICATIONS, _K.AWARDS}),
        ("education", "certifications", "publications", "awards"),
        _K.EDUCATION,
    ),
    Group(
        "skills",
        SkillsAnswer,
        frozenset({_K.SKILLS, _K.LANGUAGES, _K.INTERESTS, _K.REFERENCES}),
        ("skills", "languages", "interests", "references"),
    ),
)


@dataclass(frozen=True, slots=True)
class ShownBlock:
    """Lines under one heading, as they are shown."""

    heading: str
    line_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """What one prompt shows: blocks of lines, each line as it is written there."""

    blocks: tuple[ShownBlock, ...]
    written: dict[int, str]

    @property
    def ids(self) -> list[int]:
        """The lines that are shown, in order."""
        return [line_id for block in self.blocks for line_id in block.line_ids]

    @property
    def prompt(self) -> str:
        """The lines, numbered by their ids, under their headings."""
        parts = []
        for block in self.blocks:
            parts += [f"## {block.heading}", *(self.written[i] for i in block.line_ids)]
        return "\n".join(parts)

    def halves(self) -> tuple[Shown, Shown] | None:
        """Two parts of about the same size, cut between sections where there are several; None for one line."""
        if len(self.ids) < 2:
            return None
        sizes = [len(block.line_ids) for block in self.blocks]
        cuts = range(1, len(sizes))
        at = min(cuts, key=lambda cut: abs(sum(sizes[:cut]) - sum(sizes[cut:])), default=None)
        if at is not None:
            return Shown(self.blocks[:at], self.written), Shown(self.blocks[at:], self.written)
        (block,) = self.blocks
        middle = len(block.line_ids) // 2
        parts = (ShownBlock(block.heading, ids) for ids in (block.line_ids[:middle], block.line_ids[middle:]))
        first, second = (Shown((part,), self.written) for part in parts)
        return first, second


def shown_to(sections: SectionedText) -> dict[str, Shown]:
    """By name of the group, what it is shown; a group without lines is left out."""
    left_out = {line.id for line in sections.text.lines if line.hidden}
    written = _written(sections)
    found = {}
    for group in GROUPS:
        kept: list[ShownBlock] = []
        seen = set(left_out)
        for block in _blocks(sections, group):
            ids = tuple(i for i in dict.fromkeys(block.line_ids) if i not in seen and i in written)
            seen.update(ids)
            kept += [ShownBlock(block.heading, ids)] if ids else []
        if kept:
            found[group.name] = Shown(tuple(kept), written)
    return found


def _blocks(sections: SectionedText, group: Group) -> Iterable[ShownBlock]:
    if group.name == "person":
        yield from _person_blocks(sections)
        return
    kinds = group.kinds
    if group.sought and not any(s.kind is group.sought and s.line_ids for s in sections.sections):
        kinds = kinds | {SectionKind.OTHER, SectionKind.HEADER}
    streams = iter(entry_lines(sections, group.sought)) if group.sought else iter(())
    for section in sections.sections:
        if section.kind in kinds:
            ids = next(streams) if section.kind is group.sought else section.line_ids
            # What was taken for a heading may be an entry's first line: it is shown as a line too.
            yield ShownBlock(section.kind.value, (*section.heading_ids, *ids))


def _person_blocks(sections: SectionedText) -> Iterable[ShownBlock]:
    """The contact block, running headers and footers (each text once), and the summary."""
    blocks = blocks_of(sections, Rows(sections))
    yield ShownBlock(SectionKind.HEADER.value, tuple(i for piece in blocks.contact for i in piece.ids))
    yield ShownBlock("running header or footer", tuple(i for piece in blocks.furniture for i in piece.ids))
    shown = blocks.contact_ids
    for section in sections.sections:
        if section.kind is SectionKind.SUMMARY:
            ids = tuple(i for i in section.line_ids if i not in shown)
            yield ShownBlock(section.kind.value, ids)
    if not any(emails_in(piece) for piece in (*blocks.contact, *blocks.furniture)):
        told = [piece for piece in blocks.rest if emails_in(piece)]
        yield ShownBlock("lines of other sections", tuple(i for piece in told for i in piece.ids))


def _written(sections: SectionedText) -> dict[int, str]:
    """Each line as a prompt shows it; those right of another in their row begin with "+"."""
    beside = {line_id for row in sections.rows for line_id in row[1:]}
    return {
        line.id: f"{'+ ' if line.id in beside else ''}L{line.id}: {text}"
        for line in sections.text.lines
        if (text := _one_line(line.text))
    }


def _one_line(text: str) -> str:
    # A line break inside a text could pose as a line of its own.
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


@cache
def prompts() -> dict[str, str]:
    """By name of the group, what the model is told."""
    parts = _prompt_file().split("\n# ")
    told = dict(part.removeprefix("# ").split("\n", 1) for part in parts)
    return {group.name: f"{told['all'].strip()}\n\n{told[group.name].strip()}\n" for group in GROUPS}


@cache
def _prompt_file() -> str:
    return files(__package__).joinpath("prompt.md").read_text(encoding="utf-8")
