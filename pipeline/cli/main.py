"""The command line: `resumes demo | serve | upload | status | inspect | search | reprocess | cost | keys | …`.

Every error a user can meet is one sentence on stderr that says what to do, and exit status 1.
"""

from __future__ import annotations

import hashlib
import json
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipeline.domain.errors import ConfigurationError, ResumesError
from pipeline.domain.journey import Status
from pipeline.domain.media_type import SUFFIXES
from pipeline.domain.reprocessing import RedoFrom
from pipeline.settings import Settings, env_example, load_settings
from resumes_client import Client, ResumesClientError, Retry

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pipeline.adapters.postgres.api_keys import ApiKeys

app = typer.Typer(
    help="Turns resumes into verified, searchable profiles.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
keys_app = typer.Typer(help="API keys: create, list, revoke.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")

out = Console()
err = Console(stderr=True)

SCOPES = ("upload", "read", "search", "admin")
_UPLOADS_AT_ONCE = 8
_FIRST_CONTACT_S = 2.0
_READ_TYPES = frozenset(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)


def main() -> None:
    """The entry point: errors of ours become one sentence and exit status 1."""
    try:
        app()
    except (ResumesError, ResumesClientError) as error:
        err.print("[red]Error:[/red]", escape(str(error)), highlight=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


@app.command()
def demo() -> None:
    """Start the service on embedded defaults, upload the samples, show their profiles and three searches."""
    from pipeline.cli.demo import run_demo

    run_demo(load_settings(), out)


@app.command()
def serve() -> None:
    """Run the service on this machine until it is interrupted."""
    from pipeline.orchestration.ray.local import service_running
    from serve_app.app import build_app
    from serve_app.front import front

    stop = threading.Event()
    with service_running(load_settings(), build_app, front=front, say=_say, show_logs=True) as service:
        # Only now: Ray's start sets a handler of its own for SIGTERM, which aborts the process.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        _say(f"Ready at {service.url} (API: {service.url}/docs). Ctrl-C stops it.")
        while not stop.wait(1):
            pass


@app.command()
def upload(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Files and folders (searched for PDFs, Word files, texts and images)."),
    ],
    job_post_id: Annotated[str | None, typer.Option(help="The job post they apply to.")] = None,
    wait: Annotated[bool, typer.Option(help="Wait until each is completed or failed.")] = True,
) -> None:
    """Upload resumes, with a progress bar; exit status 1 if any failed."""
    files = list(_files(paths))
    with _client() as client:
        outcomes = _upload_all(client, files, job_post_id, wait=wait)
    failed = [(path, text) for path, ok, text in outcomes if not ok]
    for path, ok, text in outcomes:
        out.print(
            f"{'[green]✓[/green]' if ok else '[red]✗[/red]'} {path}  {text}", highlight=False, soft_wrap=True
        )
    out.print(f"{len(outcomes) - len(failed)} of {len(outcomes)} {'completed' if wait else 'accepted'}.")
    if failed:
        raise typer.Exit(1)


@app.command()
def status(
    resume_id: Annotated[str, typer.Argument(help="The id that the upload answered.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the API's answer.")] = False,
    wait: Annotated[int, typer.Option(min=0, max=30, help="Seconds to wait for its end.")] = 0,
) -> None:
    """Show a resume's status, and its profile when it is completed."""
    from pipeline.cli.show import status_lines

    with _client() as client:
        resume = client.get(_uuid(resume_id), wait=wait)
    if as_json:
        print(json.dumps(resume, indent=2, ensure_ascii=False))
    else:
        status_lines(out, resume)


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="A resume. It is read on this machine: no service is needed.")],
    picture: Annotated[
        Path | None,
        typer.Option("--out", help="Draw the pages to this PNG; further ones beside it, as NAME-2.png."),
    ] = None,
    page: Annotated[int | None, typer.Option(min=1, help="Only this page.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show how a file is read: lines, columns, tables, sections, entries and slots, with each score's parts."""
    from pipeline.cli.inspection import show_inspection

    for written in show_inspection(load_settings(), file, picture, page=page, as_json=as_json):
        err.print(f"Wrote {written}", highlight=False, soft_wrap=True)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for, in plain words.")],
    job_post_id: Annotated[str | None, typer.Option(help="Only resumes of this job post.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=50)] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print the API's answer.")] = False,
) -> None:
    """Search the resumes by meaning and by words."""
    from pipeline.cli.show import hits_table

    with _client() as client:
        hits = client.search(query, job_post_id=job_post_id, limit=limit)["items"]
    if as_json:
        print(json.dumps(hits, indent=2, ensure_ascii=False))
    elif hits:
        out.print(hits_table(hits, title=query))
    else:
        out.print("No resume matches.")


@app.command()
def erase(resume_id: Annotated[str, typer.Argument(help="The resume to erase.")]) -> None:
    """Erase a resume: its file, profile, text and vectors. Prints the receipt."""
    with _client() as client:
        print(json.dumps(client.erase(_uuid(resume_id)), indent=2))


@app.command()
def reprocess(
    resume_ids: Annotated[list[str] | None, typer.Argument(help="Only these resumes.")] = None,
    since_version: Annotated[
        str | None,
        typer.Option(
            help="Only resumes completed since this version of any stage made its first one (see `versions` of a "
            "resume): that version's and all later ones."
        ),
    ] = None,
    status: Annotated[Status | None, typer.Option(help="Only resumes that ended so, e.g. failed.")] = None,
    job_post_id: Annotated[str | None, typer.Option(help="Only resumes of this job post.")] = None,
    from_stage: Annotated[
        RedoFrom | None,
        typer.Option(
            help="Drop what is stored of this stage and those after it: read pays OCR again, "
            "normalise the model."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every ended resume.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many, the oldest first.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would change, field by field, and save nothing.")
    ] = False,
    pay: Annotated[
        bool,
        typer.Option("--pay", help="Let a dry run make paid calls; the real run then has their answers."),
    ] = False,
) -> None:
    """Run ended resumes through today's versions again. Works on the database that DB_URL or DATA_DIR names."""
    from pipeline.adapters.postgres.reprocessing import Choice
    from pipeline.cli.upkeep import queue_again, rehearse

    ids = tuple(UUID(_uuid(one)) for one in resume_ids or ())
    if not (ids or since_version or status or job_post_id or everything):
        raise ConfigurationError(
            "Say which resumes: ids, --since-version, --status, --job-post-id, or --all."
        )
    if dry_run and from_stage:
        raise ConfigurationError("A dry run drops nothing: leave --from-stage out.")
    choice = Choice(ids, since_version, status, job_post_id)
    with _database("reprocess") as (settings, engine):
        if dry_run:
            rehearse(settings, engine, out, choice, pay=pay, limit=limit)
        else:
            queue_again(engine, out, choice, from_stage, limit)


@app.command()
def ingest(
    source: Annotated[
        str,
        typer.Argument(
            help="A folder, a .zip, .tar, .tar.gz or .tar.zst, an s3://bucket/key of one, an s3://bucket/prefix/, or a "
            "manifest (.csv, .ndjson)."
        ),
    ],
    job_post_id: Annotated[str | None, typer.Option(help="The job post they apply to.")] = None,
    wait: Annotated[
        bool,
        typer.Option(
            "--wait",
            help="Run until it has ended, with a bulk application of its own where no service runs. Exit status 0: "
            "none failed; 2: finished, some failed; 1: did not finish.",
        ),
    ] = False,
) -> None:
    """Ingest every resume of an archive, folder, prefix or manifest, once. The same source again does nothing twice."""
    from pipeline.cli.bulk import ingest as begin

    raise typer.Exit(begin(load_settings(), source, out, job_post_id=job_post_id, wait=wait, say=_say))


@app.command()
def ingestion(
    ingestion_id: Annotated[
        str | None, typer.Argument(help="Unset: the newest ingestions are listed.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show it until it has ended.")] = False,
    errors: Annotated[
        bool, typer.Option("--errors", help="List every member that did not complete, and why.")
    ] = False,
    results: Annotated[
        Path | None, typer.Option("--results", help="Write every ended resume to this file, as NDJSON.")
    ] = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="Stop what has not started.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show how far an ingestion is: counts, rate, time left, failures by reason, cost."""
    from pipeline.adapters.postgres.ingestions import Ingestions
    from pipeline.cli import bulk

    with _database("ingestion") as (_, engine):
        ingestions = Ingestions(engine)
        if ingestion_id is None:
            out.print(bulk.ingestions_table(ingestions.list()[0]))
            return
        id_ = UUID(_uuid(ingestion_id))
        progress = ingestions.progress(id_)
        if progress is None:
            raise ConfigurationError(f"There is no ingestion {ingestion_id}: see `resumes ingestion`.")
        if cancel:
            stopped = ingestions.cancel(id_)
            out.print(
                "Cancelled; what runs, ends." if stopped else "It has ended: there is nothing to cancel."
            )
        elif errors:
            bulk.print_errors(ingestions, id_, out)
        elif results is not None:
            out.print(
                f"{bulk.write_results(ingestions, id_, results):,} resumes written to {results}.",
                soft_wrap=True,
            )
        elif as_json:
            print(bulk.as_json(progress))
        elif watch:
            raise typer.Exit(bulk.watch(ingestions, id_, out))
        else:
            bulk.show(progress, out)


@app.command()
def cost(
    resume: Annotated[str | None, typer.Option(help="Only what this resume paid for.")] = None,
    ingestion: Annotated[str | None, typer.Option(help="Only the resumes of this ingestion.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day (UTC) on.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Before this day (UTC).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show what Textract and Gemini were paid for: pages, tokens, US dollars, and the day's budget."""
    from pipeline.cli.upkeep import show_cost

    resume_id = UUID(_uuid(resume)) if resume else None
    ingestion_id = UUID(_uuid(ingestion)) if ingestion else None
    with _database("cost") as (settings, engine):
        show_cost(
            settings,
            engine,
            out,
            as_json=as_json,
            resume_id=resume_id,
            ingestion_id=ingestion_id,
            since=since.date() if since else None,
            until=until.date() if until else None,
        )


@app.command()
def sweep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would be removed.")] = False,
) -> None:
    """Remove stored objects that no resume refers to, and resumes kept for their time (RETENTION_DAYS).

    A running service does it every hour by itself.
    """
    from pipeline.orchestration import wiring

    with _database("sweep") as (settings, engine):
        report = wiring.sweeper(settings, engine).sweep(dry_run=dry_run)
    done = "to remove" if dry_run else "removed"
    out.print(
        f"{report.seen} objects are older than a day. Orphans {done}: {report.orphans}; pages left over from OCR: "
        f"{report.ocr_leftovers}; archives ingested: {report.archives}; resumes kept for their time: {report.expired}; "
        f"erasures to finish: {report.erasures}; unfinished writes: {report.unfinished_writes}.",
        soft_wrap=True,
    )


@app.command()
def migrate() -> None:
    """Bring the database to this version's schema."""
    from pipeline.adapters.postgres.migrate import current
    from pipeline.orchestration.ray.local import database_running
    from pipeline.orchestration.wiring import database_url

    with database_running(load_settings(), say=_say) as settings:
        out.print(f"The database is at revision {current(database_url(settings))}.")


@app.command()
def doctor(
    show_env_example: Annotated[
        bool, typer.Option("--env-example", help="Print every variable with its default, as .env.example.")
    ] = False,
) -> None:
    """Say what is set, what each part resolved to, and whether each connection works."""
    if show_env_example:
        print(env_example(), end="")
        return
    from pipeline.cli.doctor import examine

    settings = load_settings()
    healthy = examine(settings, out)
    if not healthy:
        raise typer.Exit(1)


@keys_app.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="Who will use it.")],
    scope: Annotated[list[str], typer.Option(help=f"One of {', '.join(SCOPES)}; repeat for several.")],
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires. Unset: never.")] = None,
) -> None:
    """Create a key and print it, once: only its hash is stored."""
    unknown = sorted(set(scope) - set(SCOPES))
    if unknown:
        raise ConfigurationError(f"There is no scope {unknown[0]!r}: use {', '.join(SCOPES)}.")
    expires = datetime.now(UTC) + timedelta(days=days) if days else None
    with _keys() as keys:
        key_id, token = keys.create(name, scope, expires)
    err.print(f"Key {key_id} for {name}; it is shown only now:", highlight=False)
    print(token)


@keys_app.command("list")
def list_keys() -> None:
    """List the keys, without their secrets."""
    table = Table("name", "scopes", "created", "expires", "revoked")
    table.add_column("id", no_wrap=True, min_width=36)  # whole, to be copied
    with _keys() as keys:
        for key in keys.list():
            times = (key.created_at, key.expires_at, key.revoked_at)
            shown = [f"{time:%Y-%m-%d}" if time else "" for time in times]
            table.add_row(key.name, ", ".join(sorted(key.scopes)), *shown, str(key.key_id))
    out.print(table)


@keys_app.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="The key's id, from `resumes keys list`.")],
) -> None:
    """Revoke a key; it stops working within seconds."""
    with _keys() as keys:
        if not keys.revoke(UUID(_uuid(key_id))):
            raise ConfigurationError(f"There is no live key {key_id}: see `resumes keys list`.")
    out.print(f"Revoked {key_id}.", highlight=False)


def _say(line: str) -> None:
    err.print(f"[dim]· {line}[/dim]", highlight=False, soft_wrap=True)


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ConfigurationError(f"{text!r} is not an id: ids look like {UUID(int=0)}.") from None


@contextmanager
def _client() -> Iterator[Client]:
    settings = load_settings()
    if settings.api_key is None:
        raise ConfigurationError(
            "API_KEY is not set: make a key with `resumes keys create NAME --scope upload --scope read "
            "--scope search` and set API_KEY to it."
        )
    url = settings.api_url or f"http://127.0.0.1:{settings.port}"
    try:
        # A service that has never answered is more likely not there than restarting.
        client = Client(url, settings.api_key.get_secret_value(), retry=Retry(unreached=_FIRST_CONTACT_S))
    except ValueError as error:
        raise ConfigurationError(f"API_URL: {error}") from error
    with client:
        yield client


@contextmanager
def _database(name: str) -> Iterator[tuple[Settings, Engine]]:
    """The settings with their database running, and a connection to it."""
    from pipeline.orchestration.ray.local import database_running
    from pipeline.orchestration.wiring import database

    with database_running(load_settings(), say=lambda line: None) as settings:
        engine = database(settings, name=name, pool_size=1)
        try:
            yield settings, engine
        finally:
            engine.dispose()


@contextmanager
def _keys() -> Iterator[ApiKeys]:
    from pipeline.adapters.postgres.api_keys import ApiKeys

    with _database("keys") as (_, engine):
        yield ApiKeys(engine)


def _files(paths: list[Path]) -> Iterator[Path]:
    found = False
    for path in paths:
        if not path.exists():
            raise ConfigurationError(f"{path} does not exist.")
        if path.is_file():
            found = True
            yield path
            continue
        for file in sorted(path.rglob("*")):
            if file.is_file() and file.suffix.lower() in _READ_TYPES:
                found = True
                yield file
    if not found:
        raise ConfigurationError(
            f"No resume ({', '.join(sorted(_READ_TYPES))}) lies in {', '.join(map(str, paths))}."
        )


def _same_file_key(content: bytes, name: str, job_post_id: str | None) -> str:
    """An Idempotency-Key that the same file has again: a command repeated within a day makes no second resume."""
    return hashlib.sha256(content + repr((name, job_post_id)).encode()).hexdigest()


def _upload_all(
    client: Client, files: list[Path], job_post_id: str | None, *, wait: bool
) -> list[tuple[Path, bool, str]]:
    """(path, whether it went well, what to print) for each file, in order."""

    def one(path: Path) -> tuple[Path, bool, str]:
        try:
            content = path.read_bytes()
            key = _same_file_key(content, path.name, job_post_id)
            accepted = client.upload(
                content, filename=path.name, job_post_id=job_post_id, idempotency_key=key
            )
            if not wait:
                return path, True, f"{accepted['id']} {accepted['status']}"
            resume = client.wait(accepted["id"])
        except OSError as error:
            return path, False, f"cannot be read: {error.strerror}"
        except ResumesClientError as error:
            return path, False, str(error)
        finally:
            progress.advance(task)
        ended_well = resume["status"] not in ("failed", "cancelled")
        error_text = f": {resume['error']['detail']}" if resume["error"] else ""
        return path, ended_well, f"{resume['id']} {resume['status']}{error_text}"

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal) as progress:
        task = progress.add_task("Resumes", total=len(files))
        with ThreadPoolExecutor(_UPLOADS_AT_ONCE) as pool:
            return list(pool.map(one, files))
