"""`resumes doctor`: what is set, what each part resolved to, and whether it works."""

from __future__ import annotations

import asyncio
import os
import platform
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from pipeline.domain.errors import ConfigurationError, ResumesError
from pipeline.orchestration import wiring
from pipeline.settings import Settings

Check = Callable[[Settings], str]


def examine(settings: Settings, console: Console) -> bool:
    """Print the settings that differ from their defaults, then each part; whether every part works."""
    console.print(_settings_table(settings))
    table = Table("part", "", "what it resolved to", title="Parts", title_justify="left")
    healthy = True
    for name, check in _CHECKS.items():
        try:
            table.add_row(name, "[green]ok[/green]", check(settings))
        except ResumesError as error:
            healthy = False
            table.add_row(name, "[red]failed[/red]", error.message)
    console.print(table)
    if settings.redis_url is not None:
        console.print(
            "REDIS_URL is set. Here Redis only makes the head of a Ray cluster fault tolerant: it is no Celery "
            "broker, jobs live in PostgreSQL (docs/migrating.md).",
            soft_wrap=True,
        )
    return healthy


def _settings_table(settings: Settings) -> Table:
    table = Table("variable", "value", title="Set (all others have their defaults)", title_justify="left")
    for name in sorted(settings.model_fields_set):
        value = getattr(settings, name)
        table.add_row(name.upper(), "(set)" if isinstance(value, SecretStr) else str(value))
    return table


def _python(settings: Settings) -> str:
    return f"Python {platform.python_version()}, {os.cpu_count()} cores"


def _database(settings: Settings) -> str:
    from pipeline.adapters.postgres.embedded import EmbeddedPostgres
    from pipeline.adapters.postgres.migrate import current, head
    from pipeline.adapters.postgres.requirements import check_database

    if settings.db_url is None:
        embedded = EmbeddedPostgres(settings.postgres_dir)
        if not embedded.is_running():
            return f"embedded, in {settings.postgres_dir}; `resumes serve` starts it"
        url, where = embedded.start(), f"embedded, in {settings.postgres_dir}, running"
    else:
        url = settings.db_url.get_secret_value()
        where = urlsplit(url).hostname or "a local socket"
    check_database(url)
    found, wanted = current(url), head()
    if found != wanted:
        return f"{where}; at revision {found}, this version wants {wanted}: run `resumes migrate`"
    return f"{where}; at revision {found}"


def _objects(settings: Settings) -> str:
    wiring.object_store(settings).check()
    if settings.aws_s3_bucket_name is None:
        return f"directory {settings.objects_dir}"
    where = settings.aws_endpoint_url or "AWS"
    return f"bucket {settings.aws_s3_bucket_name} at {where}, encryption {settings.s3_encryption}"


def _text(settings: Settings) -> str:
    engine = wiring.text_engine(settings)
    try:
        limits = (
            f"{settings.max_pages} pages, {settings.parse_timeout_s:.0f} s, {settings.parse_memory_mib} MiB"
        )
        doc = "read by LibreOffice" if wiring.reads_legacy_word() else "refused: LibreOffice is not installed"
        return f"{engine.version}; at most {limits} a document; old Word files (.doc) are {doc}"
    finally:
        engine.close()


def _ocr(settings: Settings) -> str:
    engine = wiring.ocr_engine(settings)
    try:
        asyncio.run(engine.check())
    finally:
        engine.close()
    if not settings.uses_textract:
        limits = f"{settings.ocr_page_timeout_s:.0f} s a page, {settings.ocr_memory_mib} MiB"
        return f"{engine.version} on this machine for pages without good text of their own; at most {limits}"
    told = "told by SQS" if settings.textract_sqs_queue_url else "polled"
    pages = "every page" if settings.text_engine == "textract" else "pages without good text of their own"
    return f"{engine.version} for {pages}; jobs are {told}"


def _profile(settings: Settings) -> str:
    engine = wiring.profile_engine(settings)
    if settings.uses_gemini:
        asyncio.run(engine.check())
    return engine.version


def _budget(settings: Settings) -> str:
    cap = settings.budget_usd_per_day
    return "no cap (BUDGET_USD_PER_DAY)" if cap is None else f"at most ${cap:.2f} a day (UTC)"


def _embedding(settings: Settings) -> str:
    embedder = wiring.embedder(settings)
    embedder.embed(["a first vector"])
    return f"{embedder.model}, {embedder.dimension} dimensions, on {getattr(embedder, 'device', 'cpu')}"


def _http(settings: Settings) -> str:
    where = f"{settings.host}:{settings.port}"
    with socket.socket() as probe:
        probe.settimeout(2)
        if probe.connect_ex((settings.host, settings.port)) != 0:
            return f"{where}; nothing listens there now"
    return f"{where}; something answers there"


def _tracing(settings: Settings) -> str:
    wiring.tracer(settings)
    return settings.otel_exporter_otlp_endpoint or "no spans; callers' traceparent is passed on"


def _environment_file(settings: Settings) -> str:
    path = Path(".env")
    if path.exists() and path.stat().st_mode & 0o077:
        raise ConfigurationError(".env can be read by other users: run `chmod 600 .env`.")
    return ".env is read" if path.exists() else "no .env here"


_CHECKS: dict[str, Check] = {
    "python": _python,
    "configuration": _environment_file,
    "database": _database,
    "objects": _objects,
    "text": _text,
    "ocr": _ocr,
    "profile": _profile,
    "budget": _budget,
    "embedding": _embedding,
    "http": _http,
    "tracing": _tracing,
}
