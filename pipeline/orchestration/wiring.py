"""Settings → adapters → stages. The only place that chooses which adapter fulfils a port.

Every function builds one thing for one process; heavy imports happen inside, so that a replica loads only
what its stage needs.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipeline.domain.errors import ConfigurationError
from pipeline.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pipeline.adapters.directory import DirectoryStore
    from pipeline.adapters.pdfium import PdfiumTextEngine
    from pipeline.adapters.postgres.jobs import JobQueue
    from pipeline.adapters.postgres.search import Search
    from pipeline.ports import CheckpointStore, Embedder
    from pipeline.stages.group_sections import GroupSections
    from pipeline.stages.normalise_profile import NormaliseProfile
    from pipeline.stages.read_text import ReadText
    from pipeline.stages.save_resume import SaveResume
    from pipeline.stages.verify_profile import VerifyProfile


def database_url(settings: Settings) -> str:
    """The PostgreSQL to use. Raises ConfigurationError where `resumes serve` has not started one."""
    if settings.db_url is None:
        raise ConfigurationError(
            "DB_URL is not set and no embedded PostgreSQL runs in this process: start the service with "
            "`resumes serve`, or set DB_URL.",
            key="DB_URL",
        )
    return settings.db_url.get_secret_value()


def database(settings: Settings, *, name: str, pool_size: int = 2) -> Engine:
    """A connection pool; `name` is what `pg_stat_activity` shows."""
    from pipeline.adapters.postgres.engine import open_engine

    return open_engine(database_url(settings), application_name=f"resumes-{name}", pool_size=pool_size)


def object_store(settings: Settings) -> DirectoryStore:
    """Where originals live."""
    from pipeline.adapters.directory import DirectoryStore

    return DirectoryStore(settings.objects_dir)


def job_queue(settings: Settings, engine: Engine) -> JobQueue:
    """The queue that PostgreSQL is."""
    from pipeline.adapters.postgres.jobs import JobQueue

    return JobQueue(engine, lease_s=settings.lease_s, max_attempts=settings.max_attempts)


def text_engine(settings: Settings) -> PdfiumTextEngine:
    """The engine that reads a document's own text layer, with its parser processes."""
    from pipeline.adapters.pdfium import PdfiumTextEngine

    return PdfiumTextEngine(
        processes=settings.parser_processes,
        timeout_s=settings.parse_timeout_s,
        memory_mib=settings.parse_memory_mib,
        max_pages=settings.max_pages,
    )


def read_text(settings: Settings) -> ReadText:
    """The reading stage."""
    from pipeline.stages.read_text import ReadText

    return ReadText(text_engine(settings), object_store(settings))


def group_sections() -> GroupSections:
    """The grouping stage."""
    from pipeline.stages.group_sections import GroupSections

    return GroupSections()


def normalise_profile(settings: Settings) -> NormaliseProfile:
    """The normalising stage on the rules engine."""
    from pipeline.adapters.rules import RulesEngine
    from pipeline.stages.normalise_profile import NormaliseProfile

    return NormaliseProfile(RulesEngine())


def verify_profile(settings: Settings) -> VerifyProfile:
    """The verifying stage."""
    from pipeline.stages.verify_profile import VerifyProfile

    return VerifyProfile(keep_unverified=settings.keep_unverified)


def embedder(settings: Settings) -> Embedder:
    """The embedding model, loaded."""
    from pipeline.adapters.sentence_transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(
        settings.embedding_model,
        device=settings.embedding_device,
        precision=settings.embedding_precision,
        batch=settings.embedding_batch,
        threads=settings.embedding_threads,
    )


def checkpoint_store(engine: Engine) -> CheckpointStore:
    """Where vectors are remembered."""
    from pipeline.adapters.postgres.checkpoints import PostgresCheckpoints

    return PostgresCheckpoints(engine)


def search(engine: Engine) -> Search:
    """Search over the saved chunks, and the vector index it needs."""
    from pipeline.adapters.postgres.search import Search

    return Search(engine)


def save_resume(engine: Engine) -> SaveResume:
    """The saving stage."""
    from pipeline.adapters.postgres.results import PostgresResults
    from pipeline.stages.save_resume import SaveResume

    return SaveResume(PostgresResults(engine))


class _JsonLines(logging.Formatter):
    """One JSON object a record: time, level, logger, event, and the ids that the caller gave as `extra`."""

    _STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
        }
        fields |= {k: v for k, v in vars(record).items() if k not in self._STANDARD and not k.startswith("_")}
        if record.exc_info and record.exc_info[0]:
            # The type and the place, never the message: it could quote a document.
            fields["error"] = record.exc_info[0].__name__
            fields["at"] = _innermost_frame(record)
        return json.dumps(fields, default=str)


def _innermost_frame(record: logging.LogRecord) -> str:
    trace = record.exc_info[2] if record.exc_info else None
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown"


def configure_logging(settings: Settings) -> None:
    """JSON lines on stderr for our own loggers; idempotent."""
    for name in ("pipeline", "serve_app"):
        logger = logging.getLogger(name)
        logger.setLevel(settings.log_level)
        logger.propagate = False
        if not logger.handlers:
            handler = logging.StreamHandler(sys.stderr)
            handler.setFormatter(_JsonLines())
            logger.addHandler(handler)
