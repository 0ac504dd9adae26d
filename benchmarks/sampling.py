"""What processes cost while something runs: CPU seconds and memory by title, those that end meanwhile included."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import psutil
from rich.table import Table

_MIB = 1024 * 1024
_EVERY_S = 2.0
#: Memory is read less often than CPU: the kernel walks every page of a process for it.
_MEMORY_EVERY_S = 10.0
#: Programs that one command line would not tell apart. The raylet's names the agents that it starts.
_PARTS = {
    "raylet/raylet": "raylet",
    "spawn_main": "parser child",
    "resource_tracker": "resource tracker",
    "runtime_env": "runtime env agent",
    "log_monitor": "log monitor",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """The processes of one title: CPU seconds of all, the highest memory that one of them had, in MiB."""

    cpu_s: float
    peak_mib: float
    processes: int


@dataclass(frozen=True, slots=True)
class Costs:
    """What was used in `seconds`; `peak_mib` is the highest sum over all processes at one time."""

    seconds: float
    by_title: dict[str, Cost]
    peak_mib: float

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all processes."""
        return sum(cost.cpu_s for cost in self.by_title.values())

    def table(self, title: str, each: int) -> Table:
        """By title, the busiest first; CPU is told for each of `each` resumes."""
        table = Table("process", "number", "CPU ms a resume", "peak MiB of one", title=title)
        for name, cost in sorted(self.by_title.items(), key=lambda item: -item[1].cpu_s):
            ms = f"{1000 * cost.cpu_s / each:.1f}"
            table.add_row(name, str(cost.processes), ms, f"{cost.peak_mib:.0f}")
        table.add_row(
            "all", "", f"{1000 * self.cpu_s / each:.1f}", f"{self.peak_mib:.0f} at once", style="bold"
        )
        return table


@dataclass(slots=True)
class _Seen:
    """A process as it was seen; times are CPU seconds since its own start."""

    process: psutil.Process
    parent: int
    title: str
    own_before: float
    waited_before: float
    own: float = 0.0
    waited: float = 0.0  #: of children that ended and were waited for
    peak: int = 0
    ended: bool = False


class Sampler:
    """Watches the processes that `processes` names, from a thread, while the block runs; then `costs()` tells.

    What a child used between its last sample and its end is told by its parent, who waited for it, and is counted
    under the child's title where children of one title ended, else under the parent's.
    """

    def __init__(
        self,
        processes: Callable[[], Iterable[psutil.Process]],
        *,
        name: Callable[[psutil.Process], str] | None = None,
        every_s: float = _EVERY_S,
        memory_every_s: float = _MEMORY_EVERY_S,
    ) -> None:
        """`name` gives titles in place of `title_of`; it answers "" for a process that has ended."""
        self._processes, self._name = processes, name or title_of
        self._every_s, self._memory_every_s = every_s, memory_every_s
        self._seen: dict[int, _Seen] = {}
        self._past: list[_Seen] = []
        self._peak = 0
        self._begun = self._seconds = 0.0
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._begun = time.monotonic()
        self._sample(memory=True)
        self._thread = threading.Thread(target=self._watch, name="sampler", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        assert self._thread is not None
        self._thread.join()
        self._sample(memory=True)
        self._seconds = time.monotonic() - self._begun

    def costs(self) -> Costs:
        """What was used between the block's first line and its last."""
        everything = [*self._past, *self._seen.values()]
        cpu: dict[str, float] = defaultdict(float)
        peaks: dict[str, int] = defaultdict(int)
        numbers: dict[str, int] = defaultdict(int)
        for seen in everything:
            cpu[seen.title] += seen.own - seen.own_before
            peaks[seen.title] = max(peaks[seen.title], seen.peak)
            numbers[seen.title] += 1
        for title, seconds in self._unsampled(everything):
            cpu[title] += seconds
        by_title = {
            title: Cost(round(seconds, 3), round(peaks[title] / _MIB, 1), numbers[title])
            for title, seconds in cpu.items()
        }
        return Costs(self._seconds, by_title, round(self._peak / _MIB, 1))

    # -- watching --------------------------------------------------------------------------------------

    def _watch(self) -> None:
        memory_at = time.monotonic() + self._memory_every_s
        while not self._end.wait(self._every_s):
            memory = time.monotonic() >= memory_at
            self._sample(memory=memory)
            if memory:
                memory_at = time.monotonic() + self._memory_every_s

    def _sample(self, *, memory: bool) -> None:
        alive = set()
        for process in self._processes():
            times = cpu_times(process)
            if times is None:
                continue
            alive.add(process.pid)
            self._take(process, *times)
        for pid in self._seen.keys() - alive:
            seen = self._seen.pop(pid)
            seen.ended = True
            self._past.append(seen)
        if memory:
            self._weigh()

    def _take(self, process: psutil.Process, own: float, waited: float) -> None:
        seen = self._seen.get(process.pid)
        if seen is not None and seen.process != process:  # another process by now has the pid
            seen.ended = True
            self._past.append(self._seen.pop(process.pid))
            seen = None
        if seen is None:
            first = self._thread is None  # what it used before the block is not the block's
            seen = _Seen(process, _parent(process), "", own if first else 0.0, waited if first else 0.0)
            self._seen[process.pid] = seen
        seen.own, seen.waited = own, waited
        seen.title = self._name(process) or seen.title or "ended"

    def _weigh(self) -> None:
        sizes = {pid: memory_of(seen.process) for pid, seen in self._seen.items()}
        for pid, size in sizes.items():
            self._seen[pid].peak = max(self._seen[pid].peak, size)
        self._peak = max(self._peak, sum(sizes.values()))

    # -- what no sample saw ----------------------------------------------------------------------------

    def _unsampled(self, everything: list[_Seen]) -> Iterable[tuple[str, float]]:
        children: dict[int, list[_Seen]] = defaultdict(list)
        for seen in everything:
            if seen.ended:
                children[seen.parent].append(seen)

        def known(seen: _Seen) -> float:
            return seen.own + max(seen.waited, sum(map(known, children[seen.process.pid])))

        for seen in everything:
            ended = children[seen.process.pid]
            left = seen.waited - seen.waited_before - sum(map(known, ended))
            if left > 0:
                yield (ended[0].title if len({child.title for child in ended}) == 1 else seen.title), left


def cpu_times(process: psutil.Process) -> tuple[float, float] | None:
    """CPU seconds of the process, and of the children that it waited for; None once it is gone."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return None
    return times.user + times.system, times.children_user + times.children_system


def tree_cpu_s(*roots: psutil.Process) -> float:
    """CPU seconds so far of these processes and everything below them, what ended and was waited for included."""
    total = 0.0
    for root in roots:
        for process in [root, *root.children(recursive=True)]:
            total += sum(cpu_times(process) or (0.0,))
    return total


def memory_of(process: psutil.Process) -> int:
    """Proportional set size in bytes (shared pages are counted once over all), or resident size where unreadable."""
    try:
        return int(getattr(process.memory_full_info(), "pss", 0)) or int(process.memory_info().rss)
    except psutil.AccessDenied:
        return _rss(process)
    except psutil.Error:
        return 0


def _rss(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def title_of(process: psutil.Process) -> str:
    """A short name by which processes of one kind are added up; empty once it has ended."""
    try:
        line = " ".join(process.cmdline())
        if line.startswith("ray::"):
            return line.split()[0].removeprefix("ray::").split(":")[-1]
        if process.name().startswith("postgres"):
            return "postgres"
        if process == psutil.Process():
            return "driver"
        return next((name for part, name in _PARTS.items() if part in line), process.name() if line else "")
    except psutil.Error:
        return ""


def _parent(process: psutil.Process) -> int:
    try:
        return int(process.ppid())
    except psutil.Error:
        return 0


def as_json(costs: Costs) -> dict[str, Any]:
    """The figures as a JSON object holds them."""
    return {
        "cpu_s": round(costs.cpu_s, 2),
        "peak_mib": costs.peak_mib,
        "by_title": {
            title: {"cpu_s": cost.cpu_s, "peak_mib": cost.peak_mib, "processes": cost.processes}
            for title, cost in costs.by_title.items()
        },
    }
