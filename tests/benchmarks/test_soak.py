"""The figures of a soak, and its files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.soak import Mix, draw, drifts


@pytest.mark.parametrize(
    ("growth", "drift", "by_quarters"), [(0.0, 0.0, 0.0), (0.1, 9.9, 7.41), (-0.1, -9.9, -7.45)]
)
def test_drift_is_what_memory_grew_by(growth: float, drift: float, by_quarters: float) -> None:
    """A line of a hundred samples from 100 MiB: in per cent of where it began."""
    assert drifts([(n, 100 + growth * n) for n in range(100)]) == pytest.approx(
        (drift, by_quarters), abs=0.35
    )


def test_no_two_files_are_alike_and_every_hundred_is_the_same_load(tmp_path: Path) -> None:
    """Equal bytes would be remembered, not read; more scans towards the end would be taken for growth."""
    mix = Mix(tmp_path, 11)
    kinds, contents = [], set()
    for number in range(200):
        kind, path = mix.file(number)
        kinds.append(kind)
        contents.add(path.read_bytes())
    assert Counter(kinds[:100]) == Counter(kinds[100:])
    assert set(kinds) == {"pdf", "long pdf", "docx", "png", "broken"}
    assert kinds[:100] != kinds[100:]
    assert len(contents) == 200


def test_a_chart_is_drawn(tmp_path: Path) -> None:
    """More kinds of processes than are drawn, one of which ended."""
    names = [f"process {n}" for n in range(12)]
    draw(tmp_path / "chart.png", [(at, dict.fromkeys(names[at % 2 :], 10.0 + at)) for at in range(20)])
    with Image.open(tmp_path / "chart.png") as chart:
        assert len(set(chart.getdata())) > 9
