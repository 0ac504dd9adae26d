"""The service as the benchmarks and the integration tests run it: everything real, in a directory of its own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from pipeline.orchestration import wiring
from pipeline.orchestration.ray.local import bulk_running, free_port, service_running
from pipeline.settings import Settings, load_settings
from resumes_client import Client, Retry


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: its address, a key with every scope, its settings, and where its data lies."""

    url: str
    key: str
    settings: Settings

    def client(self, *, patience_s: float = 120) -> Client:
        """A client of its own, which tries again for so long; close it."""
        return Client(self.url, self.key, retry=Retry(within=patience_s))

    def processes(self) -> list[psutil.Process]:
        """Every process of the service: this one, Ray's, the replicas', their children, PostgreSQL's."""
        mine = psutil.Process(os.getpid())
        found = {process.pid: process for process in [mine, *mine.children(recursive=True)]}
        postmaster = self.postmaster()
        for process in [postmaster, *postmaster.children(recursive=True)] if postmaster else []:
            found[process.pid] = process
        return list(found.values())

    def replicas(self, deployment: str) -> list[psutil.Process]:
        """The replica processes of one deployment, by the title that Ray gives them."""
        titled = tuple(f"ray::ServeReplica:{application}:{deployment}" for application in ("resumes", "bulk"))
        return [process for process in self.processes() if title(process).startswith(titled)]

    def postmaster(self) -> psutil.Process | None:
        """The embedded PostgreSQL's first process, or None while it is down."""
        from pipeline.adapters.postgres.embedded import EmbeddedPostgres

        pid = EmbeddedPostgres(self.settings.postgres_dir).pid()
        try:
            return psutil.Process(pid) if pid else None
        except psutil.NoSuchProcess:
            return None


def title(process: psutil.Process) -> str:
    """The process's command line as Ray titles it; empty once it has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it ended meanwhile
        return ""


@contextmanager
def running(*, quiet: bool = True, **overrides: Any) -> Iterator[Service]:
    """A service on embedded defaults and free ports; `overrides` are settings. Everything is removed after."""
    from pipeline.adapters.postgres.api_keys import ApiKeys
    from serve_app.app import build_app
    from serve_app.front import front

    data_dir = Path(tempfile.mkdtemp(prefix="resumes-run-"))
    settings = load_settings(**{"data_dir": data_dir, "port": free_port(), "db_url": None, **overrides})
    say = (lambda line: None) if quiet else print
    try:
        with service_running(settings, build_app, front=front, say=say) as started:
            engine = wiring.database(started.settings, name="harness", pool_size=1)
            key = ApiKeys(engine).create("harness", ["admin"])[1]
            engine.dispose()
            yield Service(started.url, key, started.settings)
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)


@contextmanager
def bulk_application(*, quiet: bool = True, **overrides: Any) -> Iterator[Service]:
    """The bulk application as `resumes ingest --wait` runs it: no HTTP, no key, no URL. Everything is removed after."""
    from pipeline.cli.bulk import as_bulk
    from serve_app.app import build_bulk_app

    data_dir = Path(tempfile.mkdtemp(prefix="resumes-bulk-"))
    settings = as_bulk(load_settings(**{"data_dir": data_dir, "db_url": None, **overrides}))
    say = (lambda line: None) if quiet else print
    try:
        with bulk_running(settings, build_bulk_app, say=say) as resolved:
            yield Service("", "", resolved)
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)
