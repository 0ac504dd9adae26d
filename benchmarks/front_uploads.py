"""Two parts of `benchmarks.front`: uploads against plain uvicorn, idle and beside a backlog, and what refusals cost."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.http_load import Load, get, load, multipart_upload
from benchmarks.plain_upload import plain_upload
from benchmarks.resume_maker import iter_resumes
from benchmarks.service import Service, running

CLIENTS = (1, 16, 64)
_FILES, _BYTES = 20, 100_000
_WARM_UP_S = 1.0
_NO_LIMIT = 10**7
_REFUSED_CLIENTS = 200


def uploads(seconds: float, seed: int) -> dict[str, Any]:
    """Uploads of 100 KB a second ÷ those of plain uvicorn (`benchmarks.plain_upload`), by clients.

    Idle: the dispatcher is stopped, so that nothing but answering takes the cores. Busy: a backlog is worked off
    meanwhile. The peer is measured before both, beside an idle pipeline.
    """
    files = [_padded(made.pdf) for made in iter_resumes(_FILES, seed)]
    with running(rate_limit_per_minute=_NO_LIMIT, max_online_backlog=_NO_LIMIT) as service:
        peer = _peer(service, files, seconds)
        requests = [
            multipart_upload("/resumes/upload", service.key, file, port=service.settings.port)
            for file in files
        ]
        load(service.settings.port, requests, clients=2, seconds=_WARM_UP_S)
        dispatchers = service.replicas("Dispatcher")
        for process in dispatchers:
            process.suspend()
        idle = _rates(service.settings.port, requests, seconds)
        for process in dispatchers:
            process.resume()
        busy = _rates(service.settings.port, requests, seconds)
    figures: dict[str, Any] = {}
    for state, measured in (("plain", peer), ("idle", idle), ("busy", busy)):
        for clients, met in measured.items():
            figures[f"uploads_{state}_{clients}_per_s"] = round(met.rate, 1)
            figures[f"uploads_{state}_{clients}_p99_ms"] = round(met.percentile_ms(0.99), 1)
    for state, measured in (("idle", idle), ("busy", busy)):
        for clients, met in measured.items():
            name = f"uploads_ratio_{state}" + ("" if clients == 16 else f"_{clients}")
            figures[name] = round(met.rate / peer[clients].rate, 3)
    return figures


def refusals(seconds: float) -> dict[str, Any]:
    """What 200 clients wait to be told that the backlog is full, and `/healthz` beside them."""
    with running(rate_limit_per_minute=_NO_LIMIT, max_online_backlog=1) as service:
        port = service.settings.port
        dispatchers = service.replicas("Dispatcher")
        for process in dispatchers:
            process.suspend()
        upload = [multipart_upload("/resumes/upload", service.key, _padded(b"%PDF-1.7\n"), port=port)]
        load(port, upload, clients=1, seconds=2 * _WARM_UP_S)
        with ThreadPoolExecutor(2) as pool:
            refused = pool.submit(load, port, upload, clients=_REFUSED_CLIENTS, seconds=seconds)
            time.sleep(_WARM_UP_S)
            healthy = pool.submit(
                load, port, [get("/healthz", service.key, port=port)], clients=1, seconds=seconds / 2
            )
            told, alive = refused.result(), healthy.result()
        for process in dispatchers:
            process.resume()
    return {
        "refusals_per_s": round(told.statuses.get(429, 0) / told.elapsed_s, 1),
        "refusals_other_answers": sum(n for status, n in told.statuses.items() if status != 429),
        "refusals_p95_ms": round(told.percentile_ms(0.95), 1),
        "refusals_healthz_p95_ms": round(alive.percentile_ms(0.95), 1),
    }


def _peer(service: Service, files: Sequence[bytes], seconds: float) -> dict[int, Load]:
    assert service.settings.db_url is not None
    folder = Path(service.settings.data_dir) / "plain"
    with plain_upload(service.settings.db_url.get_secret_value(), folder) as port:
        requests = [multipart_upload("/upload", "none", file, port=port) for file in files]
        load(port, requests, clients=2, seconds=_WARM_UP_S)
        return _rates(port, requests, seconds)


def _rates(port: int, requests: Sequence[bytes], seconds: float) -> dict[int, Load]:
    return {clients: load(port, requests, clients=clients, seconds=seconds) for clients in CLIENTS}


def _padded(pdf: bytes) -> bytes:
    """The file with a comment behind its end, so that all are of one size."""
    return pdf + b"\n%" + b"x" * max(0, _BYTES - len(pdf))
