"""The parser pool: limits are the document's fault, a killed child is not."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from pipeline.adapters.parsing.pool import ParserPool
from pipeline.domain.errors import CorruptDocument, ResourceLimit, WorkerKilled


@pytest.fixture
def pool() -> Iterator[ParserPool]:
    """A pool of one child with short limits."""
    running = ParserPool(processes=1, timeout_s=3, memory_mib=512)
    yield running
    running.close()


def _run(pool: ParserPool, function: Callable[..., Any], *arguments: Any) -> Any:
    return asyncio.run(pool.run(function, *arguments))


def _children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())]


def test_a_task_that_takes_too_long_is_ended(pool: ParserPool) -> None:
    """The wall clock decides, and the next task finds a fresh child."""
    with pytest.raises(ResourceLimit):
        _run(pool, time.sleep, 60)
    assert _run(pool, len, b"four") == 4


def test_a_task_that_wants_too_much_memory_is_ended(pool: ParserPool) -> None:
    """The address space is limited, and the child's neighbours keep theirs."""
    with pytest.raises(ResourceLimit):
        _run(pool, bytearray, 2 << 30)


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (signal.SIGABRT, ResourceLimit),
        (signal.SIGXCPU, ResourceLimit),
        (signal.SIGSEGV, CorruptDocument),
        (signal.SIGKILL, WorkerKilled),
    ],
)
def test_how_a_child_died_says_whose_fault_it_was(
    pool: ParserPool, number: signal.Signals, error: type[Exception]
) -> None:
    """Failed allocations and spent CPU are limits, a crash is damage, and a kill is nobody's fault."""
    with pytest.raises(error):
        _run(pool, signal.raise_signal, number)


def test_a_child_that_was_killed_once_costs_nothing(pool: ParserPool) -> None:
    """The document is tried again, alone, and answered."""

    async def killed_on_the_way() -> float:
        task = asyncio.create_task(pool.run(_slow_sum, 1.2))
        await asyncio.sleep(0.8)
        for child in _children():
            child.kill()
        return await task

    assert asyncio.run(killed_on_the_way()) == 1.2


def _slow_sum(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def test_a_child_loads_no_heavy_package(pool: ParserPool) -> None:
    """Children are many and short-lived: no Ray, torch, database or model library, nor whatever `__main__` imports."""
    loaded = set(_run(pool, eval, "list(__import__('sys').modules)"))
    assert not loaded & {"ray", "torch", "sqlalchemy", "pydantic", "numpy", "fastapi", "pytest"}


def test_closing_ends_the_children_and_may_be_repeated(pool: ParserPool) -> None:
    """No process outlives its engine."""
    pid = _run(pool, os.getpid)
    pool.close()
    pool.close()
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_child_ends_with_its_parent() -> None:
    """A replica that is killed leaves no parser behind."""
    code = (
        "import asyncio, os, sys\n"
        "from pipeline.adapters.parsing.pool import ParserPool\n"
        "pool = ParserPool(processes=1, timeout_s=60, memory_mib=512)\n"
        "print(asyncio.run(pool.run(os.getpid)), flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    output = asyncio.run(_output_of(code))
    pid = int(output)
    deadline = time.monotonic() + 5
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def _output_of(code: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    line = await process.stdout.readline()
    await process.wait()
    return line
