"""The command line of the baseline: see the package."""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import zipfile
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console

import benchmarks.celery_baseline as package
from benchmarks.celery_baseline.run import PROCESSES, run, warm_up_resumes
from benchmarks.resume_maker import iter_resumes
from benchmarks.sampling import as_json
from benchmarks.vendors import vendors_running


def main() -> None:
    """Make the archive, run, and print the table and the JSON line."""
    arguments = argparse.ArgumentParser(
        prog="python -m benchmarks.celery_baseline",
        description=package.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    arguments.add_argument("--n", type=int, default=100, help="resumes in the archive")
    arguments.add_argument("--seed", type=int, default=7)
    arguments.add_argument("--vendors", action="store_true", help="Textract takes 3 s, Gemini 4 s")
    arguments.add_argument("--processes", type=int, default=PROCESSES, help="worker processes")
    given = arguments.parse_args()
    made = list(iter_resumes(given.n, given.seed))
    data_dir = Path(tempfile.mkdtemp(prefix="resumes-celery-"))
    archive = data_dir / "resumes.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for number, one in enumerate(made):
            opened.writestr(f"{number}.pdf", one.pdf)
    with (
        vendors_running([*made, *warm_up_resumes(given.processes)])
        if given.vendors
        else nullcontext() as vendors
    ):
        figures = run(archive, given.n, data_dir=data_dir / "run", vendors=vendors, processes=given.processes)
    shutil.rmtree(data_dir, ignore_errors=True)  # after a failure it stays: its logs say why
    title = f"{figures.completed} of {figures.resumes} resumes in {figures.seconds:.1f} s"
    Console(width=90).print(figures.costs.table(title, figures.resumes))
    print(json.dumps({
        "resumes": figures.resumes, "completed": figures.completed, "failed": figures.failed,
        "processes": figures.processes, "seconds": round(figures.seconds, 2),
        "resumes_per_s": round(figures.resumes_per_s, 3), **as_json(figures.costs),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
