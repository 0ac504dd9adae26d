"""How long a resume takes: from its 202 to `completed`, on a warm service, one at a time.

    python -m benchmarks.latency [--n 40] [--scans 6]

The last line is a JSON object: `digital_p50_s`, `digital_p95_s`, the upload's own time, each stage's share of the
median journey, and `scanned_p50_s`: seconds a page of resumes that OCR on this machine reads. The resumes are
fictional, made for the run (seeded), the digital ones of one or two pages.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pypdfium2
from rich.console import Console
from rich.table import Table

from benchmarks.resume_maker import iter_resumes
from benchmarks.resume_maker.scans import scan
from benchmarks.service import running
from resumes_client import Client

STAGES = ("read", "group", "normalise", "verify", "embed")
_WARM_UP = 5
_MOST_PAGES = 2


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--n", type=int, default=40, help="resumes measured")
    arguments.add_argument("--scans", type=int, default=6, help="scanned resumes measured")
    arguments.add_argument("--seed", type=int, default=7)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, running() as service:
        files = list(short_resumes(Path(folder), given.n + _WARM_UP, given.seed))
        client = service.client()
        for path in files[:_WARM_UP]:
            client.wait(client.upload(path)["id"])
        journeys = [measure(client, path) for path in files[_WARM_UP:]]
        scanned = [measure_scan(client, *scan) for scan in scans(Path(folder), given.scans + 1, given.seed)][
            1:
        ]
        client.close()
    report(journeys, scanned)


def short_resumes(folder: Path, n: int, seed: int) -> Iterator[Path]:
    """`n` made resumes of one or two pages, as files."""
    made = 0
    for index, resume in enumerate(iter_resumes(4 * n, seed)):
        if made == n:
            return
        if len(pypdfium2.PdfDocument(resume.pdf)) <= _MOST_PAGES:
            path = folder / f"{index}.pdf"
            path.write_bytes(resume.pdf)
            made += 1
            yield path


def scans(folder: Path, n: int, seed: int) -> Iterator[tuple[Path, int]]:
    """`n` made resumes as an office's scanner gives them, and the pages of each."""
    for index, resume in enumerate(iter_resumes(n, seed + 1, locale="en-GB")):
        scanned = scan(resume, "office", seed)
        path = folder / f"scan-{index}.pdf"
        path.write_bytes(scanned.pdf)
        yield path, len(pypdfium2.PdfDocument(scanned.pdf))


def measure_scan(client: Client, path: Path, pages: int) -> float:
    """Seconds a page from the 202 to completed."""
    return measure(client, path)["journey"] / pages


def measure(client: Client, path: Path) -> dict[str, float]:
    """One journey in seconds: `upload` until the 202, `journey` from the 202 to completed, and its parts."""
    began = time.perf_counter()
    resume_id = client.upload(path)["id"]
    accepted = time.perf_counter()
    resume = client.wait(resume_id)
    completed = time.perf_counter()
    if resume["status"] != "completed":
        raise SystemExit(f"{resume_id} ended as {resume['status']}: {resume.get('error')}")
    assert resume["profile"]
    assert resume["started_at"]
    seconds = resume["profile"]["meta"]["seconds"]
    queued = (_time(resume["started_at"]) - _time(resume["created_at"])).total_seconds()
    parts = {stage: float(seconds[stage]) for stage in STAGES} | {"queue": queued}
    return {"upload": accepted - began, "journey": completed - accepted, **parts}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def report(journeys: list[dict[str, float]], scanned: list[float]) -> None:
    """The table, and the figures as JSON."""
    total = median(journeys, "journey")
    table = Table(
        "part", "median ms", "share of the journey", title=f"{len(journeys)} resumes, one at a time"
    )
    parts = {part: median(journeys, part) for part in ("queue", *STAGES)}
    parts["hops and save"] = max(0.0, total - sum(parts.values()))
    for part, seconds in parts.items():
        table.add_row(part, f"{1000 * seconds:.1f}", f"{seconds / total:.0%}")
    table.add_row("202 → completed", f"{1000 * total:.1f}", "100%", style="bold")
    table.add_row("upload → 202", f"{1000 * median(journeys, 'upload'):.1f}", "")
    Console(width=90).print(table)
    ordered = sorted(journey["journey"] for journey in journeys)
    figures = {
        "digital_p50_s": round(total, 4),
        "digital_p95_s": round(ordered[int(0.95 * (len(ordered) - 1))], 4),
        "upload_p50_s": round(median(journeys, "upload"), 4),
        "share": {part: round(seconds / total, 3) for part, seconds in parts.items()},
        "n": len(journeys),
        "scanned_p50_s": round(statistics.median(scanned), 4) if scanned else None,
        "scans": len(scanned),
    }
    print(json.dumps(figures))


def median(journeys: list[dict[str, float]], part: str) -> float:
    """The median of one part, in seconds."""
    return statistics.median(journey[part] for journey in journeys)


if __name__ == "__main__":
    main()
