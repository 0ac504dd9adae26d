"""Confidence is compared with what is right, field by field."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.calibration import Judged, calibration, judged
from pipeline.domain.profile import Name, Person, Profile, Work, pointed

ROOT = Path(__file__).parents[2]


def test_the_error_is_the_distance_of_confidence_and_right_by_bin() -> None:
    """Ten facts told with .8 of which five are right are off by .3; ten with .9 of which nine are, by nothing."""
    facts = [Judged("a", 0.8, n < 5) for n in range(10)] + [Judged("a", 0.9, n < 9) for n in range(10)]
    told = calibration(facts)
    assert told["ece"] == pytest.approx(0.15)
    assert [(one["from"], one["n"], one["right"]) for one in told["bins"]] == [(0.8, 10, 0.5), (0.9, 10, 0.9)]
    assert calibration([Judged("a", 1.0, True)])["bins"][0]["to"] == 1.0


def test_facts_are_judged_against_the_entry_that_they_are_scored_against() -> None:
    """An entry that is in no truth is wrong in all it tells; what the truth does not tell is left out."""
    profile = Profile(
        person=Person(name=Name(full=pointed("Ada Byron", "Ada Byron", [0], 0.9))),
        work=[
            Work(title=pointed("Baker", "Baker", [5], 0.4), employer=pointed("Hull", "Hull", [5], 0.5)),
            Work(
                title=pointed("Clerk", "Clerk", [1], 0.7),
                employer=pointed("Acme Ltd", "Acme Ltd", [1], 0.8),
                start=pointed("2011-03", "March 2011", [2], 0.95),
                end=pointed("2012", "2012", [2], 0.95),
            ),
        ],
    )
    truth = {
        "name": "Byron Ada",
        "work": [{"company": "Acme", "title": "Clerk", "start": "2010-03", "end": None}],
    }
    assert set(judged(profile, truth)) == {
        Judged("name", 0.9, True),
        Judged("work.title", 0.4, False),
        Judged("work.company", 0.5, False),
        Judged("work.title", 0.7, True),
        Judged("work.company", 0.8, True),
        Judged("work.start", 0.95, False),
    }


def test_made_resumes_are_judged_and_plotted(tmp_path: Path) -> None:
    """From the command line: a table, one JSON object, a picture."""
    plot = tmp_path / "plot.png"
    command = ["-m", "benchmarks.calibration", "--n", "4", "--seed", "7", "--plot", str(plot)]
    ended = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=240, check=True
    )
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["all"]["n"] == sum(field["n"] for name, field in told.items() if name != "all") > 20
    assert 0 <= told["all"]["ece"] <= 1
    assert plot.read_bytes().startswith(b"\x89PNG")
