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

from pydantic import SecretStr

from pipeline.domain import trace
from pipeline.domain.errors import ConfigurationError
from pipeline.domain.trace import PassesOn
from pipeline.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from pipeline.adapters.aws.access import AwsAccess
    from pipeline.adapters.aws.textract_notices import TextractNotices
    from pipeline.adapters.postgres.applications import Applications
    from pipeline.adapters.postgres.gate import Gate
    from pipeline.adapters.postgres.ingestion_work import IngestionWork
    from pipeline.adapters.postgres.jobs import JobQueue
    from pipeline.adapters.postgres.ledger import Ledger
    from pipeline.adapters.postgres.listen import Listener
    from pipeline.adapters.postgres.owner import OwnerLock
    from pipeline.adapters.postgres.search import Search
    from pipeline.adapters.text_engines import DocumentTextEngine
    from pipeline.orchestration.core.paid import PaidDesk
    from pipeline.orchestration.core.ports import Meters
    from pipeline.orchestration.core.sweeper import Sweeper
    from pipeline.ports import CheckpointStore, Embedder, ObjectStore, OcrEngine, ProfileEngine, Tracer
    from pipeline.stages.group_sections import GroupSections
    from pipeline.stages.normalise_profile import NormaliseProfile
    from pipeline.stages.read_text import Pages, ReadText
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


def aws_access(settings: Settings, *, endpoint_url: str | None = None) -> AwsAccess:
    """Credentials, region and endpoint; what is not set is left to boto3's own search."""
    from pipeline.adapters.aws.access import AwsAccess

    def revealed(secret: SecretStr | None) -> str | None:
        return secret.get_secret_value() if secret else None

    return AwsAccess(
        access_key_id=settings.aws_access_key_id,
        secret_access_key=revealed(settings.aws_secret_access_key),
        session_token=revealed(settings.aws_session_token),
        region=settings.aws_default_region,
        endpoint_url=endpoint_url or settings.aws_endpoint_url,
    )


def object_store(settings: Settings) -> ObjectStore:
    """Where originals live: the bucket where one is named, else a directory."""
    if settings.aws_s3_bucket_name is None:
        from pipeline.adapters.directory import DirectoryStore

        return DirectoryStore(settings.objects_dir)
    from pipeline.adapters.aws.s3 import S3Store

    return S3Store(
        settings.aws_s3_bucket_name,
        aws_access(settings),
        encryption=settings.s3_encryption,
        kms_key_id=settings.s3_kms_key_id,
    )


def object_address(settings: Settings, key: str) -> str:
    """Where an object of ours lies, as the location of a source: a path, or an s3:// address."""
    if settings.aws_s3_bucket_name is None:
        return str(settings.objects_dir / key)
    return f"s3://{settings.aws_s3_bucket_name}/{key}"


def job_queue(settings: Settings, engine: Engine) -> JobQueue:
    """The queue that PostgreSQL is."""
    from pipeline.adapters.postgres.jobs import JobQueue

    return JobQueue(engine, lease_s=settings.lease_s, max_attempts=settings.max_attempts)


def ingestion_work(engine: Engine) -> IngestionWork:
    """Listings and shards, as whoever works on them sees them."""
    from pipeline.adapters.postgres.ingestion_work import IngestionWork

    return IngestionWork(engine)


def applications(engine: Engine) -> Applications:
    """The applications, and how many wait."""
    from pipeline.adapters.postgres.applications import Applications

    return Applications(engine)


def owner_lock(settings: Settings, *, ingests: bool = False) -> OwnerLock:
    """Proof of life of one owner of jobs, or of one that ingests: whether any of those lives can be asked."""
    from pipeline.adapters.postgres.ingestion_work import INGESTORS
    from pipeline.adapters.postgres.owner import OwnerLock

    return OwnerLock(database_url(settings), beside=INGESTORS if ingests else None)


def job_notices(settings: Settings, wake: Callable[[], None]) -> Listener:
    """Calls `wake`, from a thread of its own, when jobs became claimable, or may have unnoticed."""
    from pipeline.adapters.postgres.moves import JOBS

    return _listener(settings, JOBS, wake)


def ingestion_notices(settings: Settings, wake: Callable[[], None]) -> Listener:
    """As `job_notices`, when an ingestion was made, cancelled, or has come further."""
    from pipeline.adapters.postgres.moves import INGESTIONS

    return _listener(settings, INGESTIONS, wake)


def _listener(settings: Settings, channel: str, wake: Callable[[], None]) -> Listener:
    from pipeline.adapters.postgres.listen import Listener

    return Listener(database_url(settings), [channel], lambda channel, payload: wake(), wake)


def text_engine(settings: Settings, *, nice: int = 0) -> DocumentTextEngine:
    """The engine that reads a document's own text, with its parser processes, so nice to others."""
    from pipeline.adapters.text_engines import DocumentTextEngine

    return DocumentTextEngine(
        processes=settings.parser_processes,
        timeout_s=settings.parse_timeout_s,
        memory_mib=settings.parse_memory_mib,
        max_pages=settings.max_pages,
        nice=nice,
    )


def reads_legacy_word() -> bool:
    """Whether Word files of before 2007 (.doc) are read: where LibreOffice is installed."""
    from pipeline.adapters.office.convert import office

    return office() is not None


def ocr_engine(settings: Settings, *, nice: int = 0) -> OcrEngine:
    """What reads pages without text of their own. Raises ConfigurationError where TEXT_ENGINE asks for more."""
    if settings.text_engine == "textract" and settings.aws_s3_bucket_name is None:
        raise ConfigurationError(
            "TEXT_ENGINE=textract reads from a bucket: set AWS_S3_BUCKET_NAME, or TEXT_ENGINE=auto.",
            key="TEXT_ENGINE",
        )
    if not settings.uses_textract:
        from pipeline.adapters.ocr.engine import RapidOcrEngine

        return RapidOcrEngine(
            processes=settings.ocr_processes,
            page_timeout_s=settings.ocr_page_timeout_s,
            memory_mib=settings.ocr_memory_mib,
            nice=nice,
        )
    from pipeline.adapters.aws.textract import TextractEngine

    assert settings.aws_s3_bucket_name is not None
    return TextractEngine(
        aws_access(settings, endpoint_url=settings.aws_endpoint_url_textract),
        settings.aws_s3_bucket_name,
        layout=settings.textract_layout,
        topic_arn=settings.textract_sns_topic_arn,
        role_arn=settings.textract_sns_role_arn,
        notified=settings.textract_sqs_queue_url is not None,
        patience_s=settings.vendor_patience_s,
    )


def textract_notices(settings: Settings, wake: Callable[[str], int]) -> TextractNotices | None:
    """What wakes the jobs that wait for Textract, where a queue tells of them."""
    if not settings.uses_textract or settings.textract_sqs_queue_url is None:
        return None
    from pipeline.adapters.aws.textract_notices import TextractNotices

    return TextractNotices(aws_access(settings), settings.textract_sqs_queue_url, wake)


def read_text(settings: Settings, *, nice: int = 0) -> ReadText:
    """The reading stage; `nice` is how far its child processes give way to others."""
    from pipeline.stages.read_text import ReadText

    pages: Pages = "all" if settings.text_engine == "textract" else "needed"
    engine, ocr = text_engine(settings, nice=nice), ocr_engine(settings, nice=nice)
    return ReadText(engine, object_store(settings), ocr, pages)


def group_sections() -> GroupSections:
    """The grouping stage."""
    from pipeline.stages.group_sections import GroupSections

    return GroupSections()


def profile_engine(settings: Settings) -> ProfileEngine:
    """What drafts profiles. Raises ConfigurationError where PROFILE_ENGINE=gemini lacks its key."""
    if not settings.uses_gemini:
        from pipeline.adapters.rules_engine import RulesEngine

        return RulesEngine()
    if settings.gemini_api_key is None:
        raise ConfigurationError(
            "PROFILE_ENGINE=gemini needs a key: set GEMINI_API_KEY, or PROFILE_ENGINE=auto.",
            key="GEMINI_API_KEY",
        )
    from pipeline.adapters.gemini import GeminiEngine

    return GeminiEngine(
        settings.gemini_api_key.get_secret_value(),
        settings.gemini_model,
        base_url=settings.google_gemini_base_url,
        timeout_s=settings.gemini_timeout_s,
        fallback=settings.profile_fallback,
        patience_s=settings.vendor_patience_s,
    )


def normalise_profile(settings: Settings) -> NormaliseProfile:
    """The normalising stage."""
    from pipeline.stages.normalise_profile import NormaliseProfile

    return NormaliseProfile(profile_engine(settings))


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
        batch_tokens=settings.embedding_batch_tokens,
        threads=settings.embedding_threads,
    )


def checkpoint_store(engine: Engine) -> CheckpointStore:
    """Where vectors are remembered."""
    from pipeline.adapters.postgres.checkpoints import PostgresCheckpoints

    return PostgresCheckpoints(engine)


def ledger(settings: Settings, engine: Engine) -> Ledger:
    """Where paid calls are entered."""
    from pipeline.adapters.postgres.ledger import Ledger

    return Ledger(engine, settings.prices)


def gate(settings: Settings, engine: Engine) -> Gate:
    """Quotas, breakers and the budget."""
    from pipeline.adapters.postgres.gate import Gate, Limits, Rate, per_minute

    return Gate(
        engine,
        Limits(
            rates={
                # A request goes out a little after its turn, and two that are late by different times come closer:
                # a tenth less than what is allowed leaves room for that.
                "textract-start": Rate(0.9 * settings.textract_start_per_s),
                "textract-get": Rate(0.9 * settings.textract_get_per_s),
                "gemini-requests": per_minute(settings.gemini_requests_per_minute),
                "gemini-tokens": per_minute(settings.gemini_tokens_per_minute),
            },
            at_once={"textract-jobs": settings.textract_max_jobs},
            usd_per_day=settings.budget_usd_per_day,
        ),
    )


def paid_desk(settings: Settings, meters: Meters, *, name: str) -> PaidDesk:
    """What a replica's paid work shares; connects when something is first paid for."""
    from pipeline.adapters.postgres.checkpoints import PostgresCheckpoints
    from pipeline.orchestration.core.paid import PaidDesk

    engine = database(settings, name=name, pool_size=4)
    entered = ledger(settings, engine)
    return PaidDesk(
        PostgresCheckpoints(engine, entered),
        gate(settings, engine),
        entered,
        meters,
        patience_s=settings.vendor_patience_s,
    )


def sweeper(settings: Settings, engine: Engine) -> Sweeper:
    """What removes objects that nothing refers to, and resumes whose time is over."""
    from pipeline.adapters.postgres.applications import Applications
    from pipeline.adapters.postgres.ingestions import Ingestions
    from pipeline.adapters.postgres.retention import RetentionPeriods
    from pipeline.orchestration.core.sweeper import Sweeper

    periods = RetentionPeriods(engine, settings.retention)
    return Sweeper(object_store(settings), Applications(engine), Ingestions(engine), periods)


def search(engine: Engine) -> Search:
    """Search over the saved chunks, and the vector index it needs."""
    from pipeline.adapters.postgres.search import Search

    return Search(engine)


def save_resume(engine: Engine) -> SaveResume:
    """The saving stage."""
    from pipeline.adapters.postgres.results import PostgresResults
    from pipeline.stages.save_resume import SaveResume

    return SaveResume(PostgresResults(engine))


def tracer(settings: Settings) -> Tracer:
    """What makes spans: sent to a collector where one is named, else none. Raises ConfigurationError."""
    if settings.otel_exporter_otlp_endpoint is None:
        return PassesOn()
    try:
        from pipeline.adapters.opentelemetry import OpenTelemetryTracer
    except ImportError:
        raise ConfigurationError(
            "OTEL_EXPORTER_OTLP_ENDPOINT needs OpenTelemetry's exporter: pip install 'resumes[otel]', or unset it.",
            key="OTEL_EXPORTER_OTLP_ENDPOINT",
        ) from None
    return OpenTelemetryTracer(settings.otel_exporter_otlp_endpoint)


class _JsonLines(logging.Formatter):
    """One JSON object a record: time, level, logger, event, the trace that it belongs to, and the ids that the caller
    gave as `extra`."""

    _STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
        }
        if (current := trace.current()) is not None:
            fields["trace_id"] = current.trace_id
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
