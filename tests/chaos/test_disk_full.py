"""A disk that is full, a real one: uploads are answered 503 and leave nothing, and all goes on when there is room."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from pipeline.adapters.directory import DirectoryStore
from pipeline.adapters.postgres import migrate
from pipeline.adapters.postgres.applications import Applications
from pipeline.adapters.postgres.embedded import EmbeddedPostgres
from pipeline.adapters.postgres.engine import open_engine, transaction
from pipeline.domain.errors import DatabaseUnavailable
from tests.adapters.postgres.factories import created
from tests.serve_app.conftest import running
from tests.serve_app.samples import PDF
from tests.serve_app.test_outages import is_unavailable
from tests.serve_app.test_uploads import upload

MIB = 1024 * 1024
LARGE = PDF + b"%" + b"x" * 300_000 + b"\n"
RECOVERS_WITHIN_S = 30


@contextmanager
def small_disk(mib: int) -> Iterator[Path]:
    """A file system of so many MiB; skips the test where none may be mounted."""
    with tempfile.TemporaryDirectory(prefix="resumes-disk-", ignore_cleanup_errors=True) as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=755", "tmpfs", folder]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            pytest.skip("no file system may be mounted here")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=False)


def fill(disk: Path, *, leaving: int) -> Path:
    """A file that takes the disk's room but for `leaving` bytes."""
    filler = disk / "filler"
    free = os.statvfs(disk)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - leaving)
    return filler


def test_a_full_disk_of_originals_is_503_and_recovers(database_url: str, tmp_path: Path) -> None:
    """Neither a row nor a piece of a file is left; a file that fits is taken meanwhile; room is enough to go on."""
    with small_disk(2) as disk:
        store = DirectoryStore(disk / "objects")
        with running(database_url, tmp_path, objects=store) as service, service.client() as client:
            filler = fill(disk, leaving=100_000)
            is_unavailable(upload(client, LARGE, key="k"))
            assert [path for path in (disk / "objects").rglob("*") if path.is_file()] == []
            assert client.get("/resumes").json()["items"] == []
            assert upload(client, PDF).status_code == 202
            filler.unlink()
            again = upload(client, LARGE, key="k")
            assert again.status_code == 202
            assert store.read(f"resumes/{again.json()['id']}") == LARGE


@pytest.mark.slow
def test_a_full_disk_of_the_database_is_an_outage_that_passes() -> None:
    """Writing raises DatabaseUnavailable, never another error; what was acknowledged is there when there is room."""
    with small_disk(256) as disk:
        server = EmbeddedPostgres(disk / "postgres")
        server.start()
        server.supervise()
        try:
            migrate.upgrade(server.url)
            engine = open_engine(server.url, application_name="t", pool_size=1)
            kept = [created(engine, "before")]
            filler = fill(disk, leaving=4 * MIB)
            with pytest.raises(DatabaseUnavailable):
                write_until_refused(engine)
            filler.unlink()
            deadline = time.monotonic() + RECOVERS_WITHIN_S
            while len(kept) == 1 and time.monotonic() < deadline:
                try:
                    kept.append(created(engine, "after"))
                except DatabaseUnavailable:
                    time.sleep(0.2)
            assert len(kept) == 2
            assert all(Applications(engine).get(one) is not None for one in kept)
            engine.dispose()
        finally:
            server.stop()


def write_until_refused(engine: Engine) -> None:
    """Write up to 100 MB, a statement at a time; raises what the first that is refused raises."""
    for _ in range(1000):
        with transaction(engine) as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS ballast (data text)"))
            connection.execute(text(BALLAST))


BALLAST = "INSERT INTO ballast SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 3000)"
