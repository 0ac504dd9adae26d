"""One measured run of the baseline: everything is started, warmed up, fed an archive, and stopped again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
from sqlalchemy import Engine, text

from benchmarks.celery_baseline.redis_server import redis_running
from benchmarks.resume_maker import Made, iter_resumes
from benchmarks.sampling import Costs, Sampler, title_of
from pipeline.adapters.postgres.embedded import EmbeddedPostgres
from pipeline.domain.journey import TERMINAL, JobState
from pipeline.orchestration import wiring
from pipeline.orchestration.ray.local import database_running, free_port
from pipeline.settings import Settings, load_settings

#: Two cores are busy with two workers, the model of each on one thread; see the command's `--processes`.
PROCESSES = 2
_START_S = 300.0
_STALL_S = 300.0
_STOP_S = 60.0
_POLL_S = 0.25
_WARM_SEED = 40_507  # other persons than those of any archive
_LOCAL = {"text_engine": "local", "profile_engine": "rules", "aws_s3_bucket_name": None}
#: A task that waits for Textract asks for its job: nobody else would tell it.
_POLLED = {"textract_sns_topic_arn": None, "textract_sns_role_arn": None, "textract_sqs_queue_url": None}


@dataclass(frozen=True, slots=True)
class BaselineFigures:
    """`seconds` from the first enqueue to the last end, `costs` from just before it to just after."""

    processes: int
    resumes: int
    completed: int
    failed: int
    seconds: float
    costs: Costs

    @property
    def resumes_per_s(self) -> float:
        """Completed resumes a second."""
        return self.completed / self.seconds


def run(
    archive: Path,
    count: int,
    *,
    data_dir: Path,
    vendors: Mapping[str, Any] | None = None,
    processes: int = PROCESSES,
) -> BaselineFigures:
    """The figures of one run over a zip of `count` PDFs; `data_dir` is empty, and left to its caller.

    `vendors` are the settings that lead to Textract and Gemini (`vendors.vendors_running`); without them the engines
    are the local ones. Raises FileNotFoundError without redis-server, RuntimeError when something does not start or
    nothing ends any more.
    """
    engines = _LOCAL if vendors is None else {**vendors, **_POLLED}
    chosen = load_settings(**{**engines, "data_dir": data_dir, "db_url": None, "embedding_threads": 1})
    with (
        database_running(chosen, say=lambda line: None) as resolved,
        redis_running(data_dir / "redis") as (broker, redis_pid),
        ExitStack() as stack,
    ):
        settings = load_settings(**resolved.model_dump() | {"redis_url": broker})
        parts = _Parts(settings, data_dir, redis_pid)
        stack.callback(parts.stop)
        parts.start_workers(processes)
        engine = wiring.database(settings, name="witness", pool_size=1)
        stack.callback(engine.dispose)
        warm_up = warm_up_resumes(processes)
        parts.warm_up(engine, warm_up)
        with Sampler(parts.processes, name=parts.name) as sampler:
            first_at = parts.feed(archive, count)
            _wait_for(engine, len(warm_up) + count)
        return _figures(engine, processes, count, len(warm_up), first_at, sampler.costs())


def warm_up_resumes(processes: int) -> list[Made]:
    """What is uploaded before a run: vendors have to know them as well."""
    return list(iter_resumes(2 * processes, _WARM_SEED))


def _figures(
    engine: Engine, processes: int, count: int, warm: int, first_at: float, costs: Costs
) -> BaselineFigures:
    with engine.connect() as connection:
        row = connection.execute(text(ENDS), {"warm": warm}).one()
    return BaselineFigures(processes, count, row.completed, row.failed, row.last_at - first_at, costs)


def _wait_for(engine: Engine, ended: int) -> None:
    """Return when so many jobs have ended. Raises RuntimeError when for five minutes none does."""
    before, deadline = -1, 0.0
    while True:
        with engine.connect() as connection:
            now = connection.execute(text(ENDED)).scalar_one()
        if now >= ended:
            return
        if now > before:
            before, deadline = now, time.monotonic() + _STALL_S
        elif time.monotonic() > deadline:
            raise RuntimeError(f"the workers have stopped at {now} of {ended} jobs: see workers.log")
        time.sleep(_POLL_S)


class _Parts:
    """The processes of the baseline: workers, front, producer; PostgreSQL and Redis are there already."""

    def __init__(self, settings: Settings, data_dir: Path, redis_pid: int) -> None:
        self._settings, self._data_dir, self._redis_pid = settings, data_dir, redis_pid
        postgres_pid = EmbeddedPostgres(settings.postgres_dir).pid()
        self._postgres = psutil.Process(postgres_pid) if postgres_pid else None
        self._environment = {**os.environ, **settings.environment(), "TOKENIZERS_PARALLELISM": "false"}
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    def start_workers(self, processes: int) -> None:
        """The prefork pool; its processes load their models meanwhile."""
        self._start("workers", [
            "celery", "--app", "benchmarks.celery_baseline.app", "worker", "--pool", "prefork", "--concurrency",
            str(processes), "--without-gossip", "--without-mingle", "--without-heartbeat", "-O", "fair",
            "--loglevel", "WARNING",
        ])  # fmt: skip

    def warm_up(self, engine: Engine, resumes: Sequence[Made]) -> None:
        """Upload some resumes through the front and see them through: every model is loaded then."""
        port = free_port()
        front = "benchmarks.celery_baseline.api:api"
        self._start("front", ["uvicorn", "--factory", front, "--port", str(port), "--log-level", "warning"])
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            self._answers(client)
            for number, made in enumerate(resumes):
                file = (f"warm-{number}.pdf", made.pdf, "application/pdf")
                client.post("/resumes", files={"file": file}).raise_for_status()
        _wait_for(engine, len(resumes))

    def feed(self, archive: Path, count: int) -> float:
        """Run the producer over the archive; when it enqueued the first task, in seconds since 1970."""
        command = [sys.executable, "-m", "benchmarks.celery_baseline.producer", str(archive)]
        producer = self._started["producer"] = subprocess.Popen(
            command, env=self._environment, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
        )
        told, _ = producer.communicate()
        if producer.returncode != 0:
            raise RuntimeError("the producer failed: see what it printed")
        answer = json.loads(told.splitlines()[-1])
        if answer["enqueued"] != count:
            raise RuntimeError(f"{archive} holds {answer['enqueued']} files, not {count}")
        return float(answer["first_at"])

    def stop(self) -> None:
        """End what was started, the workers after their present task."""
        for process in self._started.values():
            process.terminate()
        for process in self._started.values():
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def processes(self) -> Iterator[psutil.Process]:
        """Every process of the baseline, and this one, where the stand-ins of vendors run."""
        roots = [process.pid for process in self._started.values() if process.poll() is None]
        for pid in [*roots, self._redis_pid, *([self._postgres.pid] if self._postgres else [])]:
            try:
                root = psutil.Process(pid)
                yield from (root, *root.children(recursive=True))
            except psutil.NoSuchProcess:
                continue
        yield psutil.Process()

    def name(self, process: psutil.Process) -> str:
        """The part that a process is of; a worker's children run the same command as it does."""
        for part, started in self._started.items():
            if process.pid == started.pid:
                return part if part != "workers" else "celery main"
        title = title_of(process)
        return "celery worker" if title.startswith(("python", "celery")) else title

    def _start(self, part: str, command: list[str]) -> None:
        with (self._data_dir / f"{part}.log").open("wb") as log:
            self._started[part] = subprocess.Popen(
                [sys.executable, "-m", *command],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _answers(self, client: httpx.Client) -> None:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and self._started["front"].poll() is None:
            try:
                client.get("/openapi.json").raise_for_status()
                return
            except httpx.TransportError:
                time.sleep(0.2)
        raise RuntimeError("the front did not start: see front.log")


_TERMINAL = ", ".join(f"'{state}'" for state in sorted(TERMINAL))

ENDED = f"SELECT count(*) FROM jobs WHERE state IN ({_TERMINAL})"

# Ids grow with time, so what warmed up comes first.
ENDS = f"""
    SELECT count(*) FILTER (WHERE state = '{JobState.SUCCEEDED}') AS completed,
        count(*) FILTER (WHERE state <> '{JobState.SUCCEEDED}') AS failed,
        extract(epoch FROM max(completed_at))::float8 AS last_at
    FROM (SELECT a.completed_at, j.state FROM applications a JOIN jobs j ON j.application_id = a.id
          ORDER BY a.id OFFSET :warm) AS measured"""
