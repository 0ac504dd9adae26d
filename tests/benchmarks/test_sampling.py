"""The sampler tells what processes cost, those included that begin and end while it watches."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil

from benchmarks.sampling import Costs, Sampler, tree_cpu_s

_BURN = "import time, sys\nend = float(sys.argv[1])\nwhile time.process_time() < end: pass"
_HOLD = "import time; kept = bytearray(b'x' * 64 * 1024 * 1024); print('held', flush=True); time.sleep(60)"
#: A parent that stays, and burns by children that no sample sees.
_PARENT = f"""
import subprocess, sys
for _ in range(3):
    subprocess.run([sys.executable, "-c", {_BURN!r}, "0.2"], check=True)
print("done", flush=True)
sys.stdin.read()
"""


def _below() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def _named(process: psutil.Process) -> str:
    line = process.cmdline() if process.is_running() and process.status() != psutil.STATUS_ZOMBIE else []
    return "burner" if line and line[-1] == "0.4" else "other" if line else ""


def _cost(costs: Costs, title: str) -> float:
    return costs.by_title[title].cpu_s


def test_cpu_of_a_child_that_ends_is_counted_under_its_title() -> None:
    """Its last sample is kept when it is gone."""
    with Sampler(_below, name=_named, every_s=0.05) as sampler:
        subprocess.run([sys.executable, "-c", _BURN, "0.4"], check=True)
        time.sleep(0.1)
    assert 0.3 <= _cost(sampler.costs(), "burner") <= 0.8


def test_cpu_that_no_sample_saw_is_told_by_the_parent() -> None:
    """Children between two samples are charged to whoever waited for them."""
    command = [sys.executable, "-c", _PARENT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        with Sampler(_below, name=lambda process: "parent", every_s=3600) as sampler:
            parent.stdout.readline()
        parent.stdin.close()
    assert 0.5 <= _cost(sampler.costs(), "parent") <= 1.5


def test_what_was_used_before_is_not_counted() -> None:
    """Only the block's own time is told."""
    command = [sys.executable, "-c", f"{_BURN}\nprint('burnt', flush=True)\nsys.stdin.read()", "0.4"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as burner:
        assert burner.stdin is not None
        assert burner.stdout is not None
        burner.stdout.readline()
        before = tree_cpu_s(psutil.Process(burner.pid))
        with Sampler(_below, name=_named) as sampler:
            pass
        burner.stdin.close()
    assert before >= 0.35
    assert _cost(sampler.costs(), "burner") < 0.1


def test_peak_memory_is_that_of_the_largest_process() -> None:
    """64 MiB that a child holds show, though it is gone at the end."""
    with (
        subprocess.Popen([sys.executable, "-c", _HOLD], stdout=subprocess.PIPE) as holder,
        Sampler(_below, name=lambda process: "holder", every_s=0.05, memory_every_s=0.5) as sampler,
    ):
        assert holder.stdout is not None
        holder.stdout.readline()
        time.sleep(2.5)
        holder.kill()
    costs = sampler.costs()
    assert 64 <= costs.by_title["holder"].peak_mib < 128
    assert costs.peak_mib >= costs.by_title["holder"].peak_mib
