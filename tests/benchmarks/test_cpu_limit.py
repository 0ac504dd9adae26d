"""The limit that bulk ingestion is measured by."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.cpu_limit import as_json, measure
from benchmarks.resume_maker import iter_resumes


@pytest.mark.slow
def test_every_stage_is_measured_on_the_resumes_given(server_directory: Path) -> None:
    """Each stage takes some CPU, and all together make the limit."""
    resumes = [made.pdf for made in iter_resumes(6, 3)]
    limit = measure(resumes, data_dir=server_directory, threads=(1,), batches=(4,))
    assert set(limit.alone) == {"read", "group", "normalise", "verify", "embed", "save", "store"}
    assert set(limit.crowded) == set(limit.alone)
    assert limit.pages >= limit.resumes == 6
    stages = ("read", "group", "normalise", "verify", "embed")  # those with a clock finer than 10 ms, or slow
    assert all(limit.alone[stage] > 0 and limit.crowded[stage] > 0 for stage in stages)
    assert as_json(limit)["limit_resumes_per_s"] == round(limit.cores / sum(limit.alone.values()), 2)
