"""Bulk ingestion as Ray tasks: one lists a source, one stores a shard of it. Each answers a receipt.

Ray's own retries are off: PostgreSQL knows how far each shard is, and whoever claims it next goes on there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import ray

from pipeline.domain.errors import (
    ConfigurationError,
    LeaseLost,
    SourceMissing,
    SourceRejected,
    TransientError,
)
from pipeline.domain.ingestion import Listing, Shard, SourceKind
from pipeline.domain.journey import Lane
from pipeline.orchestration import wiring
from pipeline.orchestration.core.intake import StoreMembers, list_members
from pipeline.orchestration.core.ports import Intake
from pipeline.orchestration.ray.priorities import process_gives_way
from pipeline.orchestration.sources import open_source, source_key
from pipeline.ports import Source
from pipeline.settings import Settings, load_settings

log = logging.getLogger(__name__)

#: Archives give way to whoever waits for an answer, and go before bulk work: what is stored is safe.
_BEHIND_UPLOADS = 5


@dataclass(frozen=True, slots=True)
class Moved:
    """The work is done: members listed or stored."""

    members: int


@dataclass(frozen=True, slots=True)
class Again:
    """A part that the work depends on is away: try again. `told`: whoever follows the ingestion is shown why."""

    reason: str
    told: bool = True


@dataclass(frozen=True, slots=True)
class Rejected:
    """The source cannot be ingested."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class TakenOver:
    """Somebody else has the work by now, or the ingestion has ended."""


TaskReceipt = Moved | Again | Rejected | TakenOver


@cache
def _tools() -> tuple[Settings, Intake, StoreMembers]:
    """What the tasks of one worker process share."""
    settings = load_settings()
    wiring.configure_logging(settings)
    engine = wiring.database(settings, name="ingest", pool_size=2)
    work, applications = wiring.ingestion_work(engine), wiring.applications(engine)
    most = settings.max_bulk_backlog
    store = StoreMembers(
        work,
        wiring.object_store(settings),
        max_bytes=settings.max_upload_bytes,
        has_room=lambda: applications.backlog(Lane.BULK, most) < most,
    )
    process_gives_way(settings.pipeline_niceness + _BEHIND_UPLOADS)
    return settings, work, store


def list_source(listing: Listing) -> TaskReceipt:
    """List a source's members into shards."""

    def listed() -> int:
        settings, work, _ = _tools()
        source = ingested_source(settings, listing.source, listing.object_key)
        return list_members(work, listing, source, source_key(source.fingerprint(), listing.job_post_id))

    return _receipt(listed)


def store_shard(shard: Shard) -> TaskReceipt:
    """Store what a shard has left."""

    def stored() -> int:
        settings, _, store = _tools()
        source = ingested_source(settings, shard.source, shard.object_key)
        _require_unchanged(shard, source)
        return store.run(shard, source)

    return _receipt(stored)


def get_ready() -> None:
    """Import and open what the tasks need, so that the worker process begins its first one at once."""
    _tools()


def _require_unchanged(shard: Shard, source: Source) -> None:
    """Raise SourceRejected where a file is not the one that was listed: its members lie elsewhere now.

    A folder's and a prefix's members are files of their own, and each is compared when it is read.
    """
    if shard.object_key is not None or shard.kind in (SourceKind.FOLDER, SourceKind.PREFIX):
        return
    if source_key(source.fingerprint(), shard.job_post_id) != shard.source_key:
        raise SourceRejected("The source changed after it was listed: ingest it anew when it is complete.")


def ingested_source(settings: Settings, location: str, object_key: str | None) -> Source:
    """The source of an ingestion: an uploaded archive under its key, or what the location names.

    What is not a path of this machine may come from an API caller: its manifests reach no further than they may.
    """
    if object_key is not None:
        location = wiring.object_address(settings, object_key)
    remote = object_key is not None or location.startswith("s3://")
    return open_source(location, settings, s3_prefixes=settings.s3_source_prefixes if remote else None)


def _receipt(work: Callable[[], int]) -> TaskReceipt:
    """A task's boundary: what the error tree names becomes a receipt, anything else is a bug and raises."""
    try:
        return Moved(work())
    except (SourceRejected, SourceMissing, ConfigurationError) as error:
        return Rejected(error.code if error.code != "internal" else "source-missing", error.message)
    except TransientError as error:
        return Again(error.message)
    except LeaseLost:
        return TakenOver()


GET_READY: Any = ray.remote(num_cpus=0.1, max_retries=0)(get_ready)
LIST_SOURCE: Any = ray.remote(num_cpus=0.1, max_retries=0)(list_source)
STORE_SHARD: Any = ray.remote(num_cpus=0.1, max_retries=0)(store_shard)
