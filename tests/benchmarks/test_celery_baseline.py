"""The baseline does the same work: what it is compared by is worth nothing otherwise."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from benchmarks.resume_maker import iter_resumes

pytest.importorskip("celery", reason="the extra `bench` is not installed")
pytest.importorskip("redis", reason="the extra `bench` is not installed")
if shutil.which("redis-server") is None:
    pytest.skip("redis-server is not installed", allow_module_level=True)

from benchmarks.celery_baseline.run import run


@pytest.mark.slow
def test_every_member_is_completed_and_its_cost_told(server_directory: Path) -> None:
    """Through Redis and a worker, warmed up over HTTP; one file that is no PDF counts as failed."""
    archive = server_directory / "resumes.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for number, made in enumerate(iter_resumes(2, 3)):
            opened.writestr(f"{number}.pdf", made.pdf)
        opened.writestr("broken.pdf", b"%PDF-1.7 and nothing more")
    figures = run(archive, 3, data_dir=server_directory / "run", processes=1)
    assert (figures.completed, figures.failed) == (2, 1)
    assert {"celery worker", "parser child", "redis-server", "postgres"} <= figures.costs.by_title.keys()
    assert figures.costs.by_title["celery worker"].cpu_s > 0.05
    assert figures.costs.peak_mib > figures.costs.by_title["celery worker"].peak_mib > 200
