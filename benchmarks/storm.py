"""A storm of throttles: everything completes, once, and is paid for once.

Made resumes, a tenth of them twice, through the real boto3 and google-genai against stand-ins: Textract allows two
Starts a second, Gemini answers three requests in ten with 429. What is counted is counted by the stand-ins.

    python -m benchmarks.storm --n 500
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from benchmarks.resume_maker import iter_resumes
from benchmarks.service import Service, running
from pipeline.orchestration import wiring
from resumes_client.answers import CompactResume
from tests.standins.cloud import Cloud, cloud_running
from tests.standins.demo import secret

_START_TPS = 2.0
_GEMINI_429 = 0.3
_TWINS = 0.1


def run(count: int, *, gemini_latency_s: float) -> dict[str, Any]:
    """The figures of one storm of `count` uploads."""
    distinct = round(count * (1 - _TWINS))
    vendors = {
        "textract": {"start_tps": _START_TPS, "get_tps": 10.0, "jobs_at_once": 100},
        "gemini": {"shares": {"429": _GEMINI_429}, "latency_s": gemini_latency_s},
    }
    with tempfile.TemporaryDirectory() as folder, cloud_running(**vendors) as cloud:  # type: ignore[arg-type]
        files = _files(Path(folder), cloud, distinct, count)
        settings: dict[str, Any] = secret(cloud.settings) | {
            "text_engine": "textract",
            "profile_engine": "gemini",
        }
        settings |= {"textract_start_per_s": 1.8, "textract_get_per_s": 9.0}
        with running(**settings) as service:
            client = service.client(patience_s=3600)
            begun = time.monotonic()
            with ThreadPoolExecutor(8) as pool:
                ids = list(pool.map(lambda file: client.upload(file)["id"], files))
                uploaded = time.monotonic() - begun
                ends = list(pool.map(lambda one: client.wait(one, timeout=3600), ids))
            figures = _counted(service, cloud, ends) | {
                "uploads": count,
                "distinct": distinct,
                "upload_seconds": round(uploaded, 1),
                "seconds": round(time.monotonic() - begun, 1),
                "seconds_at_the_quota": round(distinct / 1.8, 1),
            }
            client.close()
    return figures


def _files(folder: Path, cloud: Cloud, distinct: int, count: int) -> list[Path]:
    """One of each content, then some of them again: the twins."""
    files = []
    for number, made in enumerate(iter_resumes(distinct, 501)):
        words = [(word["page"], word["text"], *word["bbox"]) for word in made.words]
        cloud.know(made.pdf, words, made.truth["truth"])
        path = folder / f"{number}.pdf"
        path.write_bytes(made.pdf)
        files.append(path)
    return files + files[: count - distinct]


def _counted(service: Service, cloud: Cloud, ends: list[CompactResume]) -> dict[str, Any]:
    engine = wiring.database(service.settings, name="witness", pool_size=1)
    with engine.connect() as connection:
        groups = connection.execute(
            text("SELECT count(*) FROM checkpoints WHERE stage = 'normalise'")
        ).scalar_one()
        waits = connection.execute(
            text("SELECT count(*) FROM events WHERE to_state = 'waiting'")
        ).scalar_one()
        usd = connection.execute(text("SELECT sum(usd) FROM ledger")).scalar_one()
    engine.dispose()
    calls = cloud.textract.calls.total() + len(cloud.gemini.requests)
    natural = cloud.textract.throttles["natural"] + cloud.gemini.natural_throttles
    return {
        "completed": sum(end["status"] == "completed" for end in ends),
        "attempts_burnt": sum(end["attempts"] - 1 for end in ends),
        "textract_starts": cloud.textract.started,
        "gemini_groups": groups,
        "gemini_successes": cloud.gemini.successes.total(),
        "gemini_throttled": cloud.gemini.struck["429"],
        "vendor_calls": calls,
        "natural_throttles": natural,
        "of_textract_starts": cloud.textract.throttles["Start"],
        "of_textract_gets": cloud.textract.throttles["Get"],
        "natural_throttle_share": round(natural / calls, 4),
        "waits": waits,
        "usd": round(float(usd), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.storm", description=__doc__)
    parser.add_argument("--n", type=int, default=500)
    parser.add_argument("--gemini-latency", type=float, default=0.5, help="seconds")
    options = parser.parse_args()
    figures = run(options.n, gemini_latency_s=options.gemini_latency)
    table = Table("figure", "value", title=f"A storm over {options.n} uploads", title_justify="left")
    for name, value in figures.items():
        table.add_row(name.replace("_", " "), str(value))
    Console().print(table)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
