"""Child processes for parsing what strangers sent: limited in memory, CPU and time, and killable.

A document that breaks a limit is to blame and fails at once. A child that someone else killed (the kernel out
of memory, an operator) is not its document's fault: the document is tried once more, alone in a fresh child,
before anyone gives up on it.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import parent_process
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.popen_spawn_posix import Popen
from typing import Any, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from pipeline.domain.errors import CorruptDocument, ResourceLimit, WorkerKilled

P = ParamSpec("P")
T = TypeVar("T")

TASKS_PER_CHILD = 400  #: then a fresh child, so that what a parser leaks stays bounded
_CPU_SLACK_S = 2
#: Python looks for reference cycles after so many new objects, not after 700: a page has thousands of glyphs and words,
#: and no cycles.
_OBJECTS_UNTIL_COLLECTED = 50_000
_OUT_OF_MEMORY = (signal.SIGABRT, signal.SIGTRAP, signal.SIGILL)
_CRASHED = (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE)

_mask_lock = threading.Lock()


@contextmanager
def _no_main_module() -> Iterator[None]:
    """Hide `__main__` from multiprocessing, which would import it again in the child.

    Inside Ray that is the worker's script, and with it Ray: 44 MB a child instead of 14.
    """
    main = sys.modules["__main__"]
    hidden: dict[str, Any] = {
        name: main.__dict__[name] for name in ("__spec__", "__file__") if name in main.__dict__
    }
    with _mask_lock:
        try:
            main.__dict__["__spec__"] = None
            main.__dict__.pop("__file__", None)
            yield
        finally:
            main.__dict__.update(hidden)


class _BarePopen(Popen):
    def _launch(self, process_obj: Any) -> None:
        with _no_main_module():
            super()._launch(process_obj)  # type: ignore[misc]


class _BareProcess(SpawnProcess):
    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802 -- multiprocessing's name
        return _BarePopen(process_obj)


class _BareContext(SpawnContext):
    Process = _BareProcess


def _start_child(memory_mib: int, nice: int) -> None:
    """In the child: die with the parent, and never take more than was given."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    memory = memory_mib * 1024 * 1024
    # macOS refuses RLIMIT_AS; there the time limits have to do.
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if nice:
        os.nice(nice)
    gc.set_threshold(_OBJECTS_UNTIL_COLLECTED, *gc.get_threshold()[1:])
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    # Not PR_SET_PDEATHSIG: that follows the thread that made the child, and a pool makes its first children
    # in whichever thread calls it first.
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _run_limited(cpu_s: int, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    """In the child: run one task, with `cpu_s` seconds of CPU from here on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + cpu_s + 1
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    return function(*arguments)


class ParserPool:
    """A few child processes that run one function on one document at a time each."""

    def __init__(self, *, processes: int, timeout_s: float, memory_mib: int, nice: int = 0) -> None:
        self._processes = processes
        self._timeout_s = timeout_s
        self._limits = (memory_mib, nice)
        self._lock = threading.Lock()
        self._pool: ProcessPool | None = None
        self._closed = False

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """The function's answer from a child. The function must be importable by name.

        Raises ResourceLimit (time, CPU or memory exceeded), CorruptDocument (it crashes the parser) or
        WorkerKilled (the child was killed from outside, twice).
        """
        try:
            return await self._run_in(self._running(), function, arguments)
        except WorkerKilled:
            alone = self._make_pool(1)
            try:
                return await self._run_in(alone, function, arguments)
            finally:
                _discard(alone)

    async def _run_in(self, pool: ProcessPool, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        cpu_s = int(self._timeout_s) + _CPU_SLACK_S
        try:
            future = pool.schedule(_run_limited, args=(cpu_s, function, arguments), timeout=self._timeout_s)
        except RuntimeError:  # how the pool says that it broke a moment ago
            raise WorkerKilled() from None
        try:
            return await asyncio.wrap_future(future)
        except BrokenProcessPool:  # a child was killed before it had begun
            raise WorkerKilled() from None
        except FutureTimeout:
            raise ResourceLimit(f"The document needs more than {self._timeout_s:g} s to read.") from None
        except MemoryError:
            raise ResourceLimit("The document needs more memory than one resume is given.") from None
        except ProcessExpired as expired:
            raise _verdict(expired.exitcode) from None

    def _running(self) -> ProcessPool:
        with self._lock:
            if self._closed:
                raise RuntimeError("the parser pool is closed")
            if self._pool is not None and not self._pool.active:
                _discard(self._pool)
                self._pool = None
            if self._pool is None:
                self._pool = self._make_pool(self._processes)
            return self._pool

    def _make_pool(self, processes: int) -> ProcessPool:
        return ProcessPool(
            max_workers=processes,
            max_tasks=TASKS_PER_CHILD,
            initializer=_start_child,
            initargs=self._limits,
            context=_BareContext(),
        )

    def close(self) -> None:
        """End the children. Idempotent."""
        with self._lock:
            pool, self._pool, self._closed = self._pool, None, True
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()


def _discard(pool: ProcessPool) -> None:
    # Joining waits for the child to end: not on the event loop.
    pool.stop()  # type: ignore[no-untyped-call]
    threading.Thread(target=pool.join, daemon=True).start()


def _verdict(exitcode: int) -> Exception:
    if exitcode == -signal.SIGXCPU:
        return ResourceLimit("The document needs more CPU time than one resume is given.")
    if -exitcode in _OUT_OF_MEMORY:
        # How PDFium ends when an allocation fails.
        return ResourceLimit("The document needs more memory than one resume is given.")
    if -exitcode in _CRASHED:
        return CorruptDocument("The document is damaged in a way that crashes the parser.")
    return WorkerKilled()
