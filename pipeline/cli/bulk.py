"""`resumes ingest` and `resumes ingestion`: begin a bulk ingestion, watch it, list its failures, write its results."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import psutil
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine

from pipeline.adapters.postgres.ingestions import IngestionRow, Ingestions, UncompletedMember
from pipeline.adapters.postgres.ingestions import Progress as IngestionProgress
from pipeline.domain.errors import ConfigurationError, DatabaseUnavailable
from pipeline.domain.ingestion import IngestionState
from pipeline.domain.journey import Status
from pipeline.orchestration import wiring
from pipeline.orchestration.ray.local import bulk_running, database_running
from pipeline.orchestration.sources import open_source, source_key
from pipeline.settings import Settings

OPEN = frozenset({IngestionState.LISTING, IngestionState.RUNNING})
_POLL_S = 1.0
#: A line in a log now and then, not a line a second.
_PLAIN_EVERY_S = 10.0
_FAILURES_SHOWN = 8
#: A service that restarts is back by then.
_GONE_AFTER_S = 30.0
#: The packaged model with Python, torch and room to work.
_BYTES_OF_A_REPLICA = 1 << 30
_ERRORS_AT_ONCE = 1000

#: Exit statuses of a run that waited.
ALL_WELL, DID_NOT_FINISH, SOME_FAILED = 0, 1, 2


def ingest(
    settings: Settings,
    source: str,
    console: Console,
    *,
    job_post_id: str | None,
    wait: bool,
    say: Callable[[str], None],
) -> int:
    """Begin an ingestion, or find the one that this very source has; with `wait`, run until it has ended.

    Where no service ingests, `wait` runs the bulk application for as long as it takes. The exit status: 0 none failed,
    2 finished with failures, 1 did not finish. Raises ConfigurationError, SourceMissing, SourceRejected.
    """
    location = source if source.startswith("s3://") else str(Path(source).expanduser().absolute())
    key = source_key(open_source(location, settings).fingerprint(), job_post_id)
    with _ingestions(settings) as ingestions:
        known = ingestions.of_source(key)
        if known is not None:
            _say_known(known.id, console)
        if known is not None and known.state not in OPEN:
            progress = follow(ingestions, known.id, console)
            return DID_NOT_FINISH if progress is None else exit_status(progress)
        today = datetime.now(UTC).date()
        id_ = known.id if known else ingestions.create(location, as_of_date=today, job_post_id=job_post_id)
        served = ingestions.ingestor_lives()
        console.print(f"Ingestion {id_}", highlight=False)
        if not wait:
            console.print(
                f"{'Under way' if served else 'Queued until a service runs'}: watch it with "
                f"`resumes ingestion {id_} --watch`.",
                soft_wrap=True,
            )
            return ALL_WELL
        if served and "RAY_ADDRESS" not in os.environ:
            progress = follow(ingestions, id_, console, served=True)
            if progress is not None:
                return exit_status(progress)
            say("The service that ingested has ended: this command goes on by itself")
    from serve_app.app import build_bulk_app

    sized = as_bulk(settings)
    with bulk_running(sized, build_bulk_app, say=say) as resolved:
        engine = wiring.database(resolved, name="ingest", pool_size=1)
        try:
            # Ray's start sets a handler of its own, which aborts the process: stop in order instead.
            signal.signal(signal.SIGTERM, _stop)
            progress = follow(Ingestions(engine), id_, console)
            return DID_NOT_FINISH if progress is None else exit_status(progress)
        finally:
            engine.dispose()


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def as_bulk(settings: Settings) -> Settings:
    """The settings for a bulk application that has this machine for itself: an embedding replica of one thread a core
    (two of one thread beat one of two by a fifth) as far as there is memory, unless the settings name other figures,
    and no niceness, which costs the model 2 %: its thread is interrupted more often.
    A cluster (RAY_ADDRESS) is sized by its own settings.
    """
    if "RAY_ADDRESS" in os.environ:
        return settings
    niceness = {"pipeline_niceness", "bulk_niceness"} - settings.model_fields_set
    alone = settings.model_copy(update=dict.fromkeys(niceness, 0))
    named = settings.model_fields_set & {"embedding_replicas", "embedding_max_replicas", "embedding_threads"}
    if named or settings.embedding_num_gpus:
        return alone
    fit = psutil.virtual_memory().available // _BYTES_OF_A_REPLICA
    replicas = max(1, min(os.cpu_count() or 1, fit))
    return alone.model_copy(update={"embedding_replicas": replicas, "embedding_threads": 1})


def exit_status(progress: IngestionProgress) -> int:
    """By the counts: 0 nothing failed, 2 some failed, 1 rejected or cancelled."""
    if progress.row.state is not IngestionState.COMPLETED:
        return DID_NOT_FINISH
    return SOME_FAILED if progress.all_failed else ALL_WELL


def follow(
    ingestions: Ingestions, id_: UUID, console: Console, *, served: bool = False
) -> IngestionProgress | None:
    """Show how far it is until it has ended: a live view in a terminal, a line now and then elsewhere.

    `served`: a service of others does the work. None where that has ended, or its PostgreSQL, before the ingestion.
    """
    seen = time.monotonic()
    with _Screen(console) as screen:
        while True:
            progress = _progress(ingestions, id_)
            if progress is not None and progress.row.same_as:
                _say_known(progress.row.same_as, console)
                id_ = progress.row.same_as
                continue
            if progress is not None and progress.row.state not in OPEN:
                break
            if not served or (progress is not None and _is_served(ingestions)):
                seen = time.monotonic()
            elif time.monotonic() - seen > _GONE_AFTER_S:
                return None
            if progress is not None:
                screen.show(progress)
            time.sleep(_POLL_S)
    show(progress, console)
    return progress


class _Screen:
    """Where an ingestion is followed: a live view in a terminal, elsewhere a line now and then."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = (
            Live(console=console, refresh_per_second=4, transient=True) if console.is_terminal else None
        )
        self._said = float("-inf")

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, progress: IngestionProgress) -> None:
        """How far it is by now."""
        if self._live is not None:
            self._live.update(_view(progress))
        elif time.monotonic() - self._said >= _PLAIN_EVERY_S:
            self._console.print(plain_line(progress), highlight=False, soft_wrap=True)
            self._said = time.monotonic()


def watch(ingestions: Ingestions, id_: UUID, console: Console) -> int:
    """`follow` what a service does; the exit status. Raises ConfigurationError where no service does it any more."""
    progress = follow(ingestions, id_, console, served=True)
    if progress is None:
        raise ConfigurationError(
            "No service ingests any more: start one with `resumes serve`, or go on with `resumes ingest SOURCE --wait`."
        )
    return exit_status(progress)


def _is_served(ingestions: Ingestions) -> bool:
    try:
        return ingestions.ingestor_lives()
    except DatabaseUnavailable:
        return False


def _say_known(id_: UUID, console: Console) -> None:
    console.print(
        f"This very source is ingestion {id_} already: nothing is done twice.",
        highlight=False,
        soft_wrap=True,
    )


def show(progress: IngestionProgress, console: Console) -> None:
    """How far it is, once."""
    console.print(
        _view(progress) if progress.row.state in OPEN and console.is_terminal else plain_line(progress)
    )
    console.print(counts_table(progress))
    if progress.failures:
        console.print(failures_table(progress))
    if progress.row.error_detail:
        console.print(f"{progress.row.error_code}: {progress.row.error_detail}", style="red", soft_wrap=True)


def plain_line(progress: IngestionProgress) -> str:
    """One line without colour: what has ended, of how many, how fast, and how long the rest will take."""
    row = progress.row
    total = "?" if row.members is None else f"{row.members:,}"
    parts = [f"{row.state.value}: {progress.ended:,} of {total} members ended"]
    if progress.all_failed:
        parts.append(f"{progress.all_failed:,} failed")
    if progress.per_s is not None:
        parts.append(f"{progress.per_s:.1f} resumes/s")
    if progress.eta_s is not None:
        parts.append(f"about {_duration(progress.eta_s)} left")
    return ", ".join(parts)


def counts_table(progress: IngestionProgress) -> Table:
    """Every member in exactly one row of the left half; every accepted one in exactly one of the right."""
    table = Table(title=f"Ingestion {progress.row.id}", title_justify="left", title_style="bold")
    for name in ("members", "", "resumes", ""):
        table.add_column(name, justify="right" if not name else "left")
    left = [
        (name, getattr(progress, name))
        for name in ("accepted", "duplicate", "skipped", "failed", "not_started")
    ]
    right = [
        (status.value, progress.resumes.get(status, 0)) for status in Status if progress.resumes.get(status)
    ]
    right += [(f"  {stage}", count) for stage, count in sorted(progress.stages.items())]
    for number in range(max(len(left), len(right))):
        a = left[number] if number < len(left) else ("", None)
        b = right[number] if number < len(right) else ("", None)
        table.add_row(
            a[0].replace("_", " "),
            "" if a[1] is None else f"{a[1]:,}",
            b[0],
            "" if b[1] is None else f"{b[1]:,}",
        )
    total = progress.row.members
    table.caption = (
        f"{'not counted yet' if total is None else f'{total:,} members'}; paid ${progress.usd:.4f}"
    )
    table.caption_justify = "left"
    return table


def failures_table(progress: IngestionProgress) -> Table:
    """Skipped and failed members by reason, the most frequent first."""
    table = Table("not completed", "reason", title_justify="left")
    table.add_column("members", justify="right")
    shown = list(progress.failures.items())
    for (outcome, code), count in shown[:_FAILURES_SHOWN]:
        table.add_row(outcome, code, f"{count:,}")
    if len(shown) > _FAILURES_SHOWN:
        table.add_row("", f"and {len(shown) - _FAILURES_SHOWN} more reasons", "")
    return table


def print_errors(ingestions: Ingestions, id_: UUID, console: Console) -> None:
    """A line for each member that did not become a completed resume."""
    after, found = -1, 0
    while errors := ingestions.errors(id_, after=after, limit=_ERRORS_AT_ONCE):
        for error in errors:
            console.print(error_line(error), highlight=False, soft_wrap=True, markup=False)
        found += len(errors)
        after = errors[-1].member
    if not found:
        console.print("Every member is a completed resume, or still under way.")


def error_line(error: UncompletedMember) -> str:
    """`member <ordinal> <name>: <outcome> (<code>) <detail>`."""
    name = error.name or "(erased)"
    return f"member {error.member} {name}: {error.outcome} ({error.code}) {error.detail or ''}".rstrip()


def write_results(ingestions: Ingestions, id_: UUID, file: Path) -> int:
    """The results as NDJSON, in a file that appears whole; the number of lines."""
    from serve_app.result_lines import ndjson

    partial = file.with_name(file.name + ".partial")
    count = 0
    try:
        with partial.open("w", encoding="utf-8") as out:
            for line in ndjson(ingestions.results(id_)):
                out.write(line)
                count += 1
        partial.replace(file)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}.") from None
    return count


def as_json(progress: IngestionProgress) -> str:
    """How far it is, as one JSON object."""
    fields: dict[str, Any] = asdict(progress)
    fields["failures"] = [
        {"outcome": outcome, "code": code, "members": count}
        for (outcome, code), count in progress.failures.items()
    ]
    return json.dumps(fields.pop("row") | fields, indent=2, default=str)


def ingestions_table(rows: list[IngestionRow]) -> Table:
    """The newest ingestions."""
    table = Table("begun", "state", "members", "source")
    table.add_column("id", no_wrap=True, min_width=36)
    for row in rows:
        members = "" if row.members is None else f"{row.members:,}"
        table.add_row(f"{row.created_at:%Y-%m-%d %H:%M}", row.state.value, members, row.source, str(row.id))
    return table


@contextlib.contextmanager
def _ingestions(settings: Settings) -> Iterator[Ingestions]:
    with database_running(settings, say=lambda line: None) as resolved:
        engine: Engine = wiring.database(resolved, name="ingest", pool_size=1)
        try:
            yield Ingestions(engine)
        finally:
            engine.dispose()


def _progress(ingestions: Ingestions, id_: UUID) -> IngestionProgress | None:
    """None while PostgreSQL is away: it is asked again. Raises ConfigurationError for an id that is not there."""
    try:
        progress = ingestions.progress(id_)
    except DatabaseUnavailable:
        return None
    if progress is None:
        raise ConfigurationError(f"There is no ingestion {id_}: see `resumes ingestion`.")
    return progress


def _view(progress: IngestionProgress) -> Group:
    """The live view. The bar is the share of members that have ended; it only moves when they do."""
    row = progress.row
    elapsed = _duration((datetime.now(UTC) - row.created_at).total_seconds())
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(elapsed), expand=False
    )
    bar.add_task(
        "Counting members" if row.members is None else "Members ended",
        total=row.members,
        completed=progress.ended,
    )
    parts: list[Any] = [bar, Text(plain_line(progress)), counts_table(progress)]
    if progress.failures:
        parts.append(failures_table(progress))
    return Group(*parts)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
