"""A profile from Textract's blocks is the profile from the document's own text."""

from __future__ import annotations

import asyncio

import pytest

from benchmarks.agreement import compare, overall
from benchmarks.resume_maker import iter_resumes


@pytest.mark.slow
def test_both_readings_of_made_resumes_agree() -> None:
    """F1 of one against the other, over all fields; the benchmark's figure over many more is above .98."""
    found = asyncio.run(compare(iter_resumes(24, 77), seed=77, layout=False))
    assert overall(found["agreement"]) >= 0.97
    assert overall(found["textract"]) >= 0.93
