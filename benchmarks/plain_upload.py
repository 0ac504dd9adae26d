"""The peer of `benchmarks.front`: the least that takes a resume over HTTP and keeps it, under plain uvicorn.

One process: python-multipart by Starlette, SHA-256, a file that is flushed to the disk, and a commit of two rows. No
keys, no idempotency, no backlog, no sniffing, no limits: what our service does beyond that counts against it.
"""

from __future__ import annotations

import asyncio
import hashlib
import multiprocessing
import os
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request
from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse

from pipeline.orchestration.ray.local import free_port

_TABLES = """
CREATE TABLE plain_uploads (id uuid PRIMARY KEY, sha256 text NOT NULL, size integer NOT NULL, name text NOT NULL);
CREATE TABLE plain_jobs (id uuid PRIMARY KEY REFERENCES plain_uploads, status text NOT NULL)
"""
_THREADS = 8


@contextmanager
def plain_upload(db_url: str, directory: Path) -> Iterator[int]:
    """The peer in a process of its own, writing into this database and this directory. Answers its port."""
    context = multiprocessing.get_context("spawn")
    ready, port = context.Event(), free_port()
    process = context.Process(target=_serve, args=(db_url, directory, port, ready))
    process.start()
    try:
        if not ready.wait(60):
            raise RuntimeError("The plain uvicorn did not start: see its output above.")
        yield port
    finally:
        process.terminate()
        process.join()


def _serve(db_url: str, directory: Path, port: int, ready: Event) -> None:
    from psycopg2.pool import ThreadedConnectionPool

    pool = ThreadedConnectionPool(
        _THREADS, _THREADS, db_url.replace("postgresql+psycopg2://", "postgresql://")
    )
    connection = pool.getconn()
    with connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS plain_jobs, plain_uploads")
        cursor.execute(_TABLES)
    pool.putconn(connection)
    threads = ThreadPoolExecutor(_THREADS)
    directory.mkdir(parents=True, exist_ok=True)
    app = FastAPI()

    def keep(content: bytes, name: str) -> str:
        identity = str(uuid.uuid4())
        digest = hashlib.sha256(content).hexdigest()
        with (directory / identity).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        connection = pool.getconn()
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO plain_uploads VALUES (%s, %s, %s, %s)",
                    (identity, digest, len(content), name),
                )
                cursor.execute("INSERT INTO plain_jobs VALUES (%s, 'queued')", (identity,))
        finally:
            pool.putconn(connection)
        return identity

    @app.post("/upload", status_code=202)
    async def upload(request: Request) -> JSONResponse:
        async with request.form() as form:
            file = form["file"]
            assert isinstance(file, UploadFile)
            content, name = await file.read(), file.filename or ""
        identity = await asyncio.get_running_loop().run_in_executor(threads, keep, content, name)
        return JSONResponse({"id": identity, "status": "queued"}, status_code=202)

    @app.on_event("startup")
    async def started() -> None:
        ready.set()

    uvicorn.run(app, port=port, log_level="error", access_log=False)
