"""Who goes first where cores are short: whoever waits for an answer, then uploads, then archives.

The ingress, Serve's proxy and a query's thread stay where the process began; everything of the pipeline gives way to
them by PIPELINE_NICENESS, and bulk to the rest of the pipeline by BULK_NICENESS. Niceness is counted from where the
process began, and only ever raised: without privileges it cannot be lowered, and Ray may have begun at 15.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

#: Linux has a niceness for each thread; elsewhere there is only a process's.
_BY_THREAD = sys.platform == "linux"
_MOST = 19
_BEGAN = os.getpriority(os.PRIO_PROCESS, 0)


def process_gives_way(niceness: int) -> None:
    """Let this process give way: its threads, and those and the processes that they start from now on."""
    if not _BY_THREAD:
        _raise_to(0, niceness)
        return
    for task in Path("/proc/self/task").iterdir():
        try:
            _raise_to(int(task.name), niceness)
        except ProcessLookupError:  # it ended meanwhile
            continue


def thread_that_gives_way(name: str, niceness: int) -> ThreadPoolExecutor:
    """One thread for long work, which gives way by so much."""
    return ThreadPoolExecutor(1, name, initializer=_give_way, initargs=(niceness,))


def _give_way(niceness: int) -> None:
    if _BY_THREAD:
        thread = threading.get_native_id()
        # Interrupted less often, a model keeps more of its weights in the caches: 2 % less CPU.
        os.sched_setscheduler(thread, os.SCHED_BATCH, os.sched_param(0))
        _raise_to(thread, niceness)


def _raise_to(task: int, niceness: int) -> None:
    wanted = min(_MOST, _BEGAN + niceness)
    if os.getpriority(os.PRIO_PROCESS, task) < wanted:
        os.setpriority(os.PRIO_PROCESS, task, wanted)
