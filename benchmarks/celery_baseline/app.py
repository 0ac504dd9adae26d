"""The Celery application: `celery --app benchmarks.celery_baseline.app worker`. REDIS_URL names the broker."""

from __future__ import annotations

import multiprocessing
import multiprocessing.process
from typing import Any
from uuid import UUID

from celery import Celery, Task
from celery.signals import worker_process_init, worker_process_shutdown

from benchmarks.celery_baseline.worker import ResumeWorker
from pipeline.domain.errors import TransientError
from pipeline.settings import load_settings

_MODEL_LOADS_S = 300.0
_MAIN_PROCESS = multiprocessing.current_process()

_settings = load_settings()
app = Celery("baseline", broker=_settings.redis_url.get_secret_value() if _settings.redis_url else None)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    worker_proc_alive_timeout=_MODEL_LOADS_S,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 3600},
)

_worker: ResumeWorker | None = None


@worker_process_init.connect  # type: ignore[untyped-decorator]
def load(**_: Any) -> None:
    """In each worker process, once: the model, the rules and the connections."""
    global _worker
    # In a forked worker Celery puts a daemon of its own in this place; a daemon may have no children, as parsers are.
    multiprocessing.process._current_process = _MAIN_PROCESS  # type: ignore[attr-defined]
    _worker = ResumeWorker(_settings)


@worker_process_shutdown.connect  # type: ignore[untyped-decorator]
def unload(**_: Any) -> None:
    """End the worker's parser child."""
    if _worker is not None:
        _worker.close()


@app.task(  # type: ignore[untyped-decorator]
    name="resumes.process", bind=True, autoretry_for=(TransientError,), retry_backoff=True, max_retries=20
)
def process(_task: Task, resume_id: str) -> None:
    """One resume, from its stored original to its saved profile."""
    assert _worker is not None
    _worker.process(UUID(resume_id))
