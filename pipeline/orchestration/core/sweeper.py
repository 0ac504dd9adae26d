"""The sweep: objects that nothing refers to any more, resumes whose time is over, and erasures whose objects are
still there.

An upload whose ingress died between its object and its row leaves an object that nobody will ever ask for; an
erasure that an outage cut short leaves one that must not stay. An uploaded archive is needed until its ingestion has
stored every member. Every step can be repeated, and by two at once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from pipeline.domain.errors import ConfigurationError
from pipeline.domain.ocr import ocr_key
from pipeline.orchestration.core.ports import Kept, KeptArchives, Periods
from pipeline.ports import ObjectStore

log = logging.getLogger(__name__)

#: No upload takes a day: what is older has its row, or will never have one.
ORPHAN_AFTER_S = 24 * 3600.0
_BATCH = 500
#: A store in which more than this share of so many old objects is unknown belongs to another database.
_SUSPICIOUS_SHARE = 0.5
_SUSPICIOUS_FROM = 20


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a sweep found: old objects, orphans among them, pages left over from OCR, archives that were ingested,
    resumes kept for longer than they may be, erasures finished."""

    seen: int
    orphans: int
    ocr_leftovers: int
    archives: int
    expired: int
    erasures: int
    unfinished_writes: int


class Sweeper:
    """Sweeps one object store by one database. Blocking."""

    def __init__(
        self,
        objects: ObjectStore,
        applications: Kept,
        ingestions: KeptArchives,
        periods: Periods,
    ) -> None:
        self._objects, self._applications, self._ingestions = objects, applications, ingestions
        self._periods = periods

    def sweep(self, *, dry_run: bool = False) -> SweepReport:
        """Remove what nothing refers to; with `dry_run`, only count it.

        Raises ConfigurationError, and removes no orphan, where most objects are unknown to the database;
        DatabaseUnavailable, ObjectStoreUnavailable.
        """
        seen, orphans, leftovers, archives = 0, list[str](), list[str](), list[str]()
        for batch in _batches(self._objects.older_than(ORPHAN_AFTER_S)):
            originals = [key for key in batch if key.startswith("resumes/")]
            known = self._applications.known_objects(originals)
            orphans += [key for key in originals if key not in known]
            leftovers += self._leftovers([key for key in batch if key.startswith("ocr/")])
            unknown, ingested = self._archives([key for key in batch if key.startswith("archives/")])
            orphans += unknown
            archives += ingested
            seen += len(batch)
        if len(orphans) >= _SUSPICIOUS_FROM and len(orphans) > _SUSPICIOUS_SHARE * seen:
            raise ConfigurationError(
                f"{len(orphans)} of {seen} old objects are unknown to this database, so none was removed: is this "
                "the right DB_URL for this bucket or directory?"
            )
        if dry_run:
            expired, erasures = self._periods.count(), len(self._applications.unconfirmed_erasures())
            return SweepReport(seen, len(orphans), len(leftovers), len(archives), expired, erasures, 0)
        for key in orphans + leftovers + archives:
            self._objects.delete(key)
            log.info("object removed", extra={"key": key})
        return SweepReport(
            seen,
            len(orphans),
            len(leftovers),
            len(archives),
            self._end_periods(),
            self._finish_erasures(),
            self._objects.sweep_unfinished(),
        )

    def _leftovers(self, keys: list[str]) -> list[str]:
        """Pages cut out for OCR whose application is through with them."""
        by_id = _by_id(keys)
        unfinished = self._applications.unfinished(list(by_id))
        return [key for id_, key in by_id.items() if id_ not in unfinished]

    def _archives(self, keys: list[str]) -> tuple[list[str], list[str]]:
        """Archives that no ingestion names, and those that theirs is through with."""
        by_id = _by_id(keys)
        needed = self._ingestions.archives(list(by_id))
        unknown = [key for id_, key in by_id.items() if id_ not in needed]
        return unknown, [by_id[id_] for id_, still in needed.items() if not still]

    def _end_periods(self) -> int:
        """Erase what was kept for its time, objects too, a batch after the other."""
        erased = 0
        while ids := self._periods.expired(_BATCH):
            gone = [id_ for id_ in ids if self._applications.erase(id_) is not None]
            for id_ in gone:
                log.info("kept for its time, erased", extra={"resume_id": str(id_)})
            self._finish_erasures()
            erased += len(gone)
            if not gone:  # what cannot be erased is found again and again
                break
        if members := self._periods.forget_members():
            log.info("members of old ingestions forgotten", extra={"members": members})
        return erased

    def _finish_erasures(self) -> int:
        finished = 0
        while erased := self._applications.unconfirmed_erasures():
            for id_, key in erased:
                self._objects.delete(key)
                self._objects.delete(ocr_key(id_))
                self._applications.confirm_object_erased(id_)
            finished += len(erased)
        return finished


def _by_id(keys: Iterable[str]) -> dict[UUID, str]:
    return {UUID(key.rsplit("/", 1)[1]): key for key in keys}


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    """Keys of ours (a folder and an id), 500 at a time; what else lies in the store is not ours to judge."""
    ours = (key for key in keys if _is_ours(key))
    while batch := list(islice(ours, _BATCH)):
        yield batch


def _is_ours(key: str) -> bool:
    try:
        UUID(key.rsplit("/", 1)[-1])
    except ValueError:
        return False
    return key.count("/") == 1
