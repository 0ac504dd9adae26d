"""What the service costs when nobody uses it: memory and CPU after one upload, beside an empty Ray Serve.

    python -m benchmarks.idle [--seconds 30]

Memory is the proportional set size (PSS) of all processes: shared pages are counted once. The peer, measured
in the same run, is Ray Serve with seven empty deployments. The last line is a JSON object.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.latency import short_resumes
from benchmarks.service import running

_SETTLE_S = 20
_EMPTY_DEPLOYMENTS = 7
_MIB = 1024 * 1024

#: As `measure` answers.
Figures = dict[str, Any]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--seconds", type=float, default=30, help="how long CPU is measured")
    arguments.add_argument("--empty", action="store_true", help="measure the peer alone")
    given = arguments.parse_args()
    if given.empty:
        print(json.dumps(measure_empty(given.seconds)))
        return
    command = [sys.executable, "-m", "benchmarks.idle", "--empty", "--seconds", str(given.seconds)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    peer = json.loads(answer.stdout.splitlines()[-1])
    with tempfile.TemporaryDirectory() as folder, running() as service:
        client = service.client()
        client.wait(client.upload(next(iter(short_resumes(Path(folder), 1, seed=3))))["id"])
        client.close()
        time.sleep(_SETTLE_S)
        ours = measure(service.processes, given.seconds)
    report(ours, peer)


def measure(processes: Callable[[], list[psutil.Process]], seconds: float) -> Figures:
    """`{pss_mib, cpu_percent_of_one_core, by_process: {name: [pss_mib, cpu_percent]}}` over `seconds`."""
    before = {process.pid: _cpu(process) for process in processes()}
    started = time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - started
    rows: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for process in processes():
        row = rows[_name(process)]
        row[0] += _pss(process) / _MIB
        row[1] += 100 * max(0.0, _cpu(process) - before.get(process.pid, 0.0)) / took
    return {
        "pss_mib": round(sum(row[0] for row in rows.values()), 1),
        "cpu_percent_of_one_core": round(sum(row[1] for row in rows.values()), 1),
        "by_process": {name: [round(value, 1) for value in row] for name, row in rows.items()},
    }


def measure_empty(seconds: float) -> Figures:
    """The peer: seven deployments that do nothing."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray
    from ray import serve

    class Empty:
        def __init__(self, *others: object) -> None: ...

        async def __call__(self) -> str:
            return "ok"

    deployment = serve.deployment(ray_actor_options={"num_cpus": 0.1})(Empty)
    scratch = tempfile.mkdtemp(prefix="resumes-empty-")
    ray.init(
        address="local", include_dashboard=False, logging_level=logging.ERROR, _temp_dir=scratch, num_cpus=2
    )
    try:
        serve.start(http_options={"host": "127.0.0.1", "port": 0})
        names = [f"Empty{number}" for number in range(_EMPTY_DEPLOYMENTS - 1)]
        serve.run(deployment.bind(*(deployment.options(name=name).bind() for name in names)))
        time.sleep(_SETTLE_S)
        mine = psutil.Process(os.getpid())
        return measure(lambda: [mine, *mine.children(recursive=True)], seconds)
    finally:
        serve.shutdown()  # type: ignore[no-untyped-call]
        ray.shutdown()
        shutil.rmtree(scratch, ignore_errors=True)


def report(ours: Figures, peer: Figures) -> None:
    """The table, and the figures as JSON."""
    table = Table("process", "PSS MiB", "CPU % of a core", title="The idle service, after one upload")
    for name, (pss, cpu) in sorted(ours["by_process"].items(), key=lambda item: -item[1][0]):
        table.add_row(name, f"{pss:.0f}", f"{cpu:.1f}")
    table.add_row("all", f"{ours['pss_mib']:.0f}", f"{ours['cpu_percent_of_one_core']:.1f}", style="bold")
    table.add_row(
        "seven empty deployments", f"{peer['pss_mib']:.0f}", f"{peer['cpu_percent_of_one_core']:.1f}"
    )
    Console(width=90).print(table)
    figures = {
        "idle_pss_gib": round(ours["pss_mib"] / 1024, 3),
        "idle_cpu_percent": ours["cpu_percent_of_one_core"],
        "empty_serve_pss_gib": round(peer["pss_mib"] / 1024, 3),
        "empty_serve_cpu_percent": peer["cpu_percent_of_one_core"],
        "ratio_pss": round(ours["pss_mib"] / peer["pss_mib"], 2),
    }
    print(json.dumps(figures))


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def _name(process: psutil.Process) -> str:
    try:
        title = " ".join(process.cmdline())
        if "ray::" in title:
            return title.split()[0]
        if "postgres" in process.name():
            return "postgres"
        if process.pid == os.getpid():
            return "driver"
        return next(
            (part for part in ("dashboard/agent", "runtime_env", "log_monitor") if part in title),
            process.name(),
        )
    except psutil.Error:
        return "ended"


if __name__ == "__main__":
    main()
