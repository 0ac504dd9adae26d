"""`resumes cost` and `resumes reprocess`: what the money went to, and ended resumes through today's versions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from pipeline.adapters.postgres.ledger import CostLine
from pipeline.adapters.postgres.reprocessing import Choice, Reprocessing
from pipeline.domain.journey import Lane
from pipeline.domain.reprocessing import RedoFrom, forgotten
from pipeline.orchestration import wiring
from pipeline.orchestration.rehearsal import Rehearsal, Rehearsed
from pipeline.settings import Settings

#: Resumes that a rehearsal reads unless told otherwise: enough to see what a change does.
REHEARSED = 10
_LONGEST_VALUE = 100


def show_cost(
    settings: Settings,
    engine: Engine,
    out: Console,
    *,
    as_json: bool,
    resume_id: UUID | None = None,
    ingestion_id: UUID | None = None,
    since: date | None = None,
    until: date | None = None,
) -> None:
    """Print the ledger's sums by vendor and model, and the budget."""
    ledger = wiring.ledger(settings, engine)
    lines = ledger.report(resume_id=resume_id, ingestion_id=ingestion_id, since=since, until=until)
    total = sum(line.spent.usd for line in lines)
    today, cap = ledger.spent_today(), settings.budget_usd_per_day
    if as_json:
        rows = [
            {"vendor": line.vendor, "model": line.model, "resumes": line.resumes, **asdict(line.spent)}
            for line in lines
        ]
        print(json.dumps({"lines": rows, "usd": total, "usd_today": today, "usd_per_day": cap}, indent=2))
        return
    out.print(cost_table(lines) if lines else "Nothing has been paid for.")
    budget = "no cap is set (BUDGET_USD_PER_DAY)" if cap is None else f"the cap is ${cap:.2f}"
    out.print(f"Today (UTC): ${today:.4f}; {budget}.", highlight=False)
    for vendor, (failures, seconds, reason) in wiring.gate(settings, engine).states().items():
        if failures:
            state = f"left alone for {seconds:.0f} s more" if seconds else "asked again"
            out.print(f"{vendor}: {failures} failures in a row ({reason}), {state}.", highlight=False)


def cost_table(lines: Iterable[CostLine]) -> Table:
    """Calls, pages, tokens and US dollars by vendor and model."""
    lines = list(lines)
    table = Table(title="Paid calls", title_justify="left", title_style="bold", show_footer=True)
    total = sum(line.spent.usd for line in lines)
    table.add_column("model", footer="all")
    for name in ("resumes", "calls", "pages", "tokens in", "tokens out"):
        table.add_column(name, justify="right")
    table.add_column("US $", footer=f"{total:.4f}", justify="right", no_wrap=True, min_width=8)
    for line in lines:
        s = line.spent
        model = f"textract, {line.model}" if line.vendor == "textract" else line.model
        tokens_in = f"{s.prompt_tokens:,} ({s.cached_tokens:,} cached)" if s.prompt_tokens else ""
        tokens_out = f"{s.output_tokens:,} + {s.thought_tokens:,} thoughts" if s.output_tokens else ""
        pages = f"{s.pages:,}" if s.pages else ""
        table.add_row(
            model, f"{line.resumes:,}", f"{s.calls:,}", pages, tokens_in, tokens_out, f"{s.usd:.4f}"
        )
    return table


def queue_again(
    engine: Engine, out: Console, choice: Choice, first: RedoFrom | None, limit: int | None
) -> None:
    """Queue the chosen resumes in the bulk lane."""
    reprocessing = Reprocessing(engine)
    queued = sum(
        len(reprocessing.queue(batch, lane=Lane.BULK, forget=forgotten(first)))
        for batch in reprocessing.chosen(choice, limit=limit)
    )
    if queued:
        out.print(f"{queued} resumes are queued again; their profiles stay until the new ones are saved.")
    else:
        out.print("No ended resume is meant by these options.")


def rehearse(
    settings: Settings, engine: Engine, out: Console, choice: Choice, *, pay: bool, limit: int | None
) -> None:
    """Print, field by field, what reprocessing would change; saves no profile."""
    reprocessing = Reprocessing(engine)
    rehearsal = Rehearsal(settings, reprocessing, pay=pay)
    try:
        batches = reprocessing.chosen(choice, limit=limit or REHEARSED)
        found = asyncio.run(_rehearsed(rehearsal, [id_ for batch in batches for id_ in batch]))
    finally:
        rehearsal.close()
    for one in found:
        _show(out, one)
    changed = sum(bool(one.differences) for one in found)
    unknown = sum(one.obstacle is not None for one in found)
    out.print(
        f"{len(found)} resumes read again: {changed} would change, {unknown} cannot be told. Nothing was saved."
    )


async def _rehearsed(rehearsal: Rehearsal, ids: list[UUID]) -> list[Rehearsed]:
    found = [await rehearsal.run(id_) for id_ in ids]
    return [one for one in found if one is not None]


def _show(out: Console, one: Rehearsed) -> None:
    head = f"{one.id}  {one.filename or ''}"
    if one.obstacle is not None:
        out.print(f"{head}  {one.obstacle}", highlight=False, soft_wrap=True)
        return
    if not one.differences:
        out.print(f"{head}  unchanged", highlight=False, soft_wrap=True)
        return
    table = Table("field", "before", "after", title=head, title_justify="left", title_style="bold")
    for change in one.differences:
        table.add_row(change.path, _told(change.before), _told(change.after))
    out.print(table)


def _told(value: Any) -> str:
    if value is None:
        return "—"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
