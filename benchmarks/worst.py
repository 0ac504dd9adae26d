"""The worst read documents of a set as a page to look at: what was read beside its truth, and drawn on the pages.

Called by `benchmarks.accuracy --worst N --out DIR`. Writes into DIR alone: it may quote real people.
"""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.scoring import ENTRIES, Count, Tally, paired
from pipeline.cli.explain import explained
from pipeline.cli.inspection import write_pictures
from pipeline.domain.errors import DocumentError
from pipeline.orchestration.inspection import Inspector
from pipeline.settings import load_settings

_STYLE = """
body { font: 14px/1.4 sans-serif; margin: 2em; color: #111 } table { border-collapse: collapse; margin: 1em 0 }
td, th { border: 1px solid #ccc; padding: 3px 8px; text-align: left; vertical-align: top; max-width: 34em }
.differs { background: #fde2e2 } img { max-width: 100%; border: 1px solid #ccc } h2 { margin-top: 3em }
"""


class Scored(NamedTuple):
    """A document with its truth, what was read of it, and its tally."""

    id: str
    file: Path
    truth: dict[str, Any]
    read: dict[str, Any]
    tally: Tally


class Row(NamedTuple):
    """One field of a document: what its truth says and what was read, each as text."""

    field: str
    truth: str
    read: str
    differs: bool


def score(tally: Tally) -> float:
    """F1 over all fields of one document."""
    counts = tally.counts.values()
    whole = Count(*(sum(getattr(count, name) for count in counts) for name in ("right", "wrong", "missed")))
    return whole.scores()[2]


def write_worst(scored: Sequence[Scored], most: int, folder: Path) -> Path:
    """Write the `most` documents with the lowest scores into a folder, as `index.html` and pictures; the index."""
    folder.mkdir(parents=True, exist_ok=True)
    worst = sorted(scored, key=lambda one: (score(one.tally), one.id))[:most]
    index = folder / "index.html"
    head = f'<!doctype html><meta charset="utf-8"><title>Worst</title><style>{_STYLE}</style>'
    title = f"<h1>The {len(worst)} worst of {len(scored)}</h1>"
    index.write_text("\n".join([head, title, *asyncio.run(_documents(worst, folder))]), "utf-8")
    return index


async def _documents(worst: Sequence[Scored], folder: Path) -> list[str]:
    inspector = Inspector(load_settings())
    try:
        return [
            part
            for rank, one in enumerate(worst, 1)
            async for part in _document(inspector, one, rank, folder)
        ]
    finally:
        inspector.close()


async def _document(inspector: Inspector, one: Scored, rank: int, folder: Path) -> AsyncIterator[str]:
    yield f"<h2>{rank}. {html.escape(one.id)} · F1 {score(one.tally):.3f}</h2>"
    yield f"<p>{html.escape(str(one.file))}</p>"
    yield "<table><tr><th><th>field<th>truth<th>read</tr>"
    for row in rows_of(one):
        marked = ' class="differs"' if row.differs else ""
        cells = "".join(f"<td>{html.escape(text)}" for text in row[:3])
        yield f"<tr{marked}><td>{'≠' if row.differs else ''}{cells}</tr>"
    yield "</table>"
    name = re.sub(r"\W+", "_", one.id)[:80]
    try:
        found = explained(one.id, await inspector.inspect(_bytes(one.file)))
        pictures = await write_pictures(inspector, found, folder / f"{rank:02}-{name}.png")
    except DocumentError as error:
        yield f"<p>{html.escape(f'{error.code}: {error.message}')}</p>"
        return
    for picture in pictures:
        yield f'<p><a href="{picture.name}"><img src="{picture.name}" alt=""></a></p>'


def _bytes(file: Path) -> bytes:
    return file.read_bytes()


def rows_of(one: Scored) -> Iterator[Row]:
    """Truth beside what was read, field by field; entries beside those that they are scored against."""
    wrong = {(field, _text(truth), _text(read)) for field, truth, read in one.tally.errors}
    for field in ("name", "email", "phone"):
        yield _row(field, one.truth.get(field), one.read.get(field), wrong, (field,))
    for field in ("links", "skills"):
        differs = any(name == field for name, *_ in one.tally.errors)
        yield Row(field, _text(one.truth.get(field)), _text(one.read.get(field)), differs)
    for kind, (first, second) in ENTRIES.items():
        truth, read = one.truth.get(kind) or [], one.read.get(kind) or []
        if kind in one.truth:
            pairs = paired(truth, read, first, second)
            for i, entry in enumerate(truth):
                yield from _entry(f"{kind}[{i}]", kind, entry, read[pairs[i]] if i in pairs else {}, wrong)
            extra = [entry for j, entry in enumerate(read) if j not in pairs.values()]
            yield from (Row(f"{kind}, not in the truth", "", _text(entry), True) for entry in extra)


def _entry(
    path: str, kind: str, truth: dict[str, Any], read: dict[str, Any], wrong: set[tuple[str, str, str]]
) -> Iterator[Row]:
    for key in dict.fromkeys([*truth, *read]):
        if truth.get(key) or read.get(key):
            names = (f"{kind}.{key}", f"{kind}.{key}_y", f"{kind}.{key}_ym")
            yield _row(f"{path}.{key}", truth.get(key), read.get(key), wrong, names)


def _row(field: str, truth: Any, read: Any, wrong: set[tuple[str, str, str]], names: Sequence[str]) -> Row:
    told, found = _text(truth), _text(read)
    return Row(field, told, found, any((name, told, found) in wrong for name in names))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " · ".join(_text(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_text(item)}" for key, item in value.items() if item)
    return "" if value is None else str(value)
