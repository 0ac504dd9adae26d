"""A bounded run of every fuzz target: nothing is found, or the input that did it is named."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.domain.errors import ResumesError
from tests.fuzz import TARGETS

SECONDS = 20
FEWEST_RUNS = 50


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_takes_its_seeds(name: str) -> None:
    """Each seed, whole and cut off, is read or refused by one of the pipeline's own errors."""
    target = importlib.import_module(f"tests.fuzz.{name}")
    seeds = list(target.seeds())
    assert seeds
    for seed in seeds:
        for data in (seed, seed[: len(seed) // 2], seed[len(seed) // 3 :], b""):
            try:
                target.run(data)
            except ResumesError:
                continue


@pytest.mark.long
@pytest.mark.parametrize("name", TARGETS)
def test_a_bounded_run_finds_nothing(name: str, tmp_path: Path) -> None:
    """Some twenty seconds of mutations; a finding's input and trace are in what the run says."""
    pytest.importorskip("atheris", reason="atheris has wheels for Linux on x86-64 only")
    command = [sys.executable, "-m", "tests.fuzz", name, "--seconds", str(SECONDS)]
    run = subprocess.run(
        [*command, "--findings", str(tmp_path)], capture_output=True, text=True, errors="replace", timeout=250
    )
    assert run.returncode == 0, run.stderr[-4000:]
    runs = re.search(r"stat::number_of_executed_units: (\d+)", run.stderr)
    assert runs is not None, run.stderr[-4000:]
    assert int(runs[1]) > FEWEST_RUNS
