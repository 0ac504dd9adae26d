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
WHEELS = "atheris has wheels for Linux on x86-64 only"


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


def outcome(command: list[str]) -> tuple[int, str]:
    """Exit status and all that it says."""
    run = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", timeout=250, check=False
    )
    return run.returncode, run.stdout


def told(output: str) -> str:
    """The trace of a finding, or else the end: the whole input may stand between them."""
    begin = output.find("Uncaught Python exception")
    return output[begin : begin + 4000] if begin >= 0 else output[-4000:]


@pytest.mark.long
@pytest.mark.parametrize("name", TARGETS)
def test_a_bounded_run_finds_nothing(name: str, tmp_path: Path) -> None:
    """Some twenty seconds of mutations, the same ones each time; a finding's trace is told, its input kept."""
    pytest.importorskip("atheris", reason=WHEELS)
    command = [sys.executable, "-m", "tests.fuzz", name, "--seconds", str(SECONDS), "--seed", "1"]
    status, output = outcome([*command, "--findings", str(tmp_path)])
    assert status == 0, told(output)
    runs = re.search(r"stat::number_of_executed_units: (\d+)", output)
    assert runs is not None, told(output)
    assert int(runs[1]) > FEWEST_RUNS


@pytest.mark.long
def test_a_finding_ends_a_run_with_its_trace(tmp_path: Path) -> None:
    """The control of the runs above: an input on which a target fails is told, and the exit status says so."""
    pytest.importorskip("atheris", reason=WHEELS)
    code = (
        "import sys; from tests.fuzz import zip as target, __main__ as runner\n"
        "def run(data): raise ZeroDivisionError('on purpose')\n"
        "target.run = run; sys.argv = ['fuzz', 'zip', '--seconds', '5', '--findings', sys.argv[1]]\n"
        "runner.main()"
    )
    status, output = outcome([sys.executable, "-c", code, str(tmp_path)])
    assert status != 0
    assert "ZeroDivisionError: on purpose" in told(output)
    assert [path.name[:10] for path in tmp_path.iterdir()] == ["zip-crash-"]
