"""Random faults in a running service: nothing accepted is lost, nothing is written twice, no stale write lands.

A real service takes a stream of small uploads over HTTP while a seeded killer strikes it: kill -9 of each stage's
replica, of parser children, a dispatcher, the ingress and PostgreSQL, pg_terminate_backend, and a dispatcher and a
writer that are stopped past their lease and go on. Every kill is proven to have hit work in flight.

    python -m benchmarks.chaos --jobs 5000 --seed 1 [--kills 200]
    python -m benchmarks.chaos --jobs 300 --seed 1 --kills 20 --without-fence    the control: it must find stale writes

The last line is a JSON object. The exit is 1 where a fenced run lost, doubled or mixed anything or let a stale write
land, and where the control found nothing.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, text

from benchmarks.chaos import witness
from benchmarks.chaos.faults import KINDS, STALL, Kill, Killer
from benchmarks.chaos.stream import Stream
from benchmarks.service import running
from pipeline.adapters.postgres.engine import transaction
from pipeline.domain.errors import DatabaseUnavailable
from pipeline.orchestration import wiring

#: Short leases, so that a stall past them is short too; two dispatchers, so that one can take over from the other.
SETTINGS: dict[str, Any] = {
    "lease_s": 8, "heartbeat_s": 2, "give_up_s": 6, "dispatcher_replicas": 2, "upload_timeout_s": 5,
}  # fmt: skip
_OUTSTANDING = 24
_JOBS_A_KILL = 25
_AFTER_A_KILL = 4
_PAUSE_S = (0.2, 2.0)
_RECOVERY_S = 120.0
#: Nothing ended for so long: what is left is lost.
_STILL_S = 150.0
_WITNESS = "chaos"

Say = Callable[[str], None]

_UNFINISHED = "SELECT count(*) FROM jobs WHERE state IN ('queued', 'running', 'waiting', 'retry_wait')"
_SETTLED = """
    SELECT extract(epoch FROM min(at)) FROM events WHERE at > :at AND to_state = 'succeeded'"""
_ALL_SETTLED = """
    SELECT extract(epoch FROM max(e.at)) FROM events e
    WHERE e.application_id = ANY(CAST(:ids AS uuid[])) AND e.to_state IN ('succeeded', 'failed', 'dead')"""


def run(jobs: int, seed: int, kills: int, *, fenced: bool, say: Say) -> dict[str, Any]:
    """The figures of one run."""
    with (
        tempfile.TemporaryDirectory() as folder,
        witness.injected(fenced=fenced),
        running(**SETTINGS) as service,
    ):
        engine = wiring.database(service.settings, name=_WITNESS, pool_size=8)
        witness.install(engine)
        client = service.client(patience_s=600)
        stream = Stream(client, Path(folder), jobs, lambda: _backlog(engine), outstanding=_OUTSTANDING)
        chance = random.Random(seed)
        killer = Killer(service, engine, stream, chance)
        began = time.monotonic()
        struck, missed = _strike(killer, engine, stream, kills, chance, say)
        stream.allow(jobs)
        _wait_for_the_end(engine, stream)
        seconds = time.monotonic() - began
        counts = witness.counted(engine, stream.accepted)
        figures = counts | _of_kills(engine, struck, missed)
        client.close()
        engine.dispose()
    return {
        "lost": figures.pop("lost"),
        "duplicated": sum(counts[name] for name in witness.DUPLICATES),
        "stale_writes": figures.pop("stale_writes"),
        "kills": len(struck),
        "jobs": len(stream.accepted),
        "unanswered": jobs - len(stream.accepted),
        "seconds": round(seconds, 1),
        "seed": seed,
        "fenced": fenced,
        **figures,
    }


def _strike(
    killer: Killer, engine: Engine, stream: Stream, kills: int, chance: random.Random, say: Say
) -> tuple[list[Kill], list[str]]:
    """So many faults that hit, spread over the stream, and the kinds of those that found nothing at work."""
    struck: list[Kill] = []
    missed: list[str] = []
    kinds = _kinds(chance)
    while len(struck) < kills and len(missed) <= kills and not stream.ended():
        stream.allow((len(struck) + 1) * stream.total // (kills + 1))
        kind = next(kinds)
        kill = killer.strike(kind)
        if kill is None:
            missed.append(kind)
        else:
            struck.append(kill)
            # Else all may have ended before it, and nothing shows that work goes on.
            stream.allow_more(_AFTER_A_KILL)
            _wait_until(partial(_succeeded_after, engine, kill.at), _RECOVERY_S)
        say(f"{len(stream.accepted)}/{stream.total} uploads, {len(struck)} kills, {kind}: {_told(kill)}")
        time.sleep(chance.uniform(*_PAUSE_S))
    return struck, missed


def _kinds(chance: random.Random) -> Iterator[str]:
    """Every kind once and stalls, which are what the fence is for, twice: in an order by chance, again and again."""
    each_round = [*KINDS, STALL]
    while True:
        yield from chance.sample(each_round, len(each_round))


def _told(kill: Kill | None) -> str:
    return f"hit {len(kill.ids) + kill.uploads} in flight" if kill else "nothing at work"


def _of_kills(engine: Engine, struck: list[Kill], missed: list[str]) -> dict[str, Any]:
    """By kind: how many hit, how many missed, and what was in flight; seconds until work went on."""
    next_settled, all_settled = [], []
    for kill in struck:
        at = kill.at.timestamp()
        next_settled.append((_seconds(engine, _SETTLED, at=kill.at) or at + _RECOVERY_S) - at)
        if kill.ids and (last := _seconds(engine, _ALL_SETTLED, ids=list(kill.ids))) is not None:
            all_settled.append(last - at)
    hit = Counter(kill.kind for kill in struck)
    in_flight = Counter[str]()
    for kill in struck:
        in_flight[kill.kind] += len(kill.ids) + kill.uploads
    return {
        "by_kind": {
            kind: {"kills": hit[kind], "misses": missed.count(kind), "in_flight": in_flight[kind]}
            for kind in KINDS
        },
        "recovery_median_s": _rounded(statistics.median, next_settled),
        "recovery_max_s": _rounded(max, next_settled),
        "in_flight_settled_median_s": _rounded(statistics.median, all_settled),
        "in_flight_settled_max_s": _rounded(max, all_settled),
    }


def _rounded(what: Callable[[list[float]], float], values: list[float]) -> float | None:
    return round(what(values), 2) if values else None


def _wait_for_the_end(engine: Engine, stream: Stream) -> None:
    """Until every upload is acknowledged and has ended, or nothing moves any more."""
    moved, last = time.monotonic(), -1
    while not (stream.ended() and _backlog(engine) == 0):
        if (now := _backlog(engine) - len(stream.accepted)) != last:
            moved, last = time.monotonic(), now
        if time.monotonic() - moved > _STILL_S:
            return
        time.sleep(0.2)


def _backlog(engine: Engine) -> int:
    """Accepted resumes that have not ended; more than anyone allows while PostgreSQL is away."""
    try:
        with transaction(engine) as connection:
            return int(connection.execute(text(_UNFINISHED)).scalar_one())
    except DatabaseUnavailable:
        return sys.maxsize


def _seconds(engine: Engine, sql: str, **parameters: Any) -> float | None:
    """Unix seconds of the event that the statement finds; None where there is none, or PostgreSQL is away."""
    try:
        with transaction(engine) as connection:
            found = connection.execute(text(sql), parameters).scalar_one()
    except DatabaseUnavailable:
        return None
    return None if found is None else float(found)


def _succeeded_after(engine: Engine, at: datetime) -> bool:
    return _seconds(engine, _SETTLED, at=at) is not None


def _wait_until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)


def passed(figures: dict[str, Any]) -> bool:
    """Whether the run shows what it must: nothing of the kind with the fence, something without it."""
    if figures["kills"] == 0 or figures["unanswered"]:
        return False
    wrong = figures["lost"] + figures["duplicated"] + figures["stale_writes"] + figures["mixed"]
    return (wrong == 0) is bool(figures["fenced"])


def report(console: Console, figures: dict[str, Any]) -> None:
    """Two tables, and the figures as JSON in the last line."""
    kinds = Table("killed", "kills", "misses", "in flight then", title="Kills by kind", title_justify="left")
    for kind, row in figures["by_kind"].items():
        kinds.add_row(kind, str(row["kills"]), str(row["misses"]), str(row["in_flight"]))
    table = Table("figure", "value", title=f"Chaos over {figures['jobs']} uploads", title_justify="left")
    for name, value in figures.items():
        if name != "by_kind":
            table.add_row(name.replace("_", " "), str(value))
    console.print(kinds, table)
    print(json.dumps(figures))


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.chaos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--jobs", type=int, default=5000, help="uploads")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, help=f"faults that hit (default: one in {_JOBS_A_KILL} uploads)")
    parser.add_argument(
        "--without-fence", action="store_true", help="the control: no epoch check in this service"
    )
    given = parser.parse_args()
    kills = given.kills or max(1, given.jobs // _JOBS_A_KILL)
    console = Console(width=100)
    figures = run(given.jobs, given.seed, kills, fenced=not given.without_fence, say=console.print)
    report(console, figures)
    sys.exit(0 if passed(figures) else 1)


if __name__ == "__main__":
    main()
