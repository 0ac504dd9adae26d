"""Queries beside resumes: they wait for none, and what is niced is niced whoever runs it."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import numpy as np
import pytest

from pipeline.domain.chunk import Chunk
from pipeline.domain.journey import Lane
from pipeline.orchestration.ray.deployments import ChunkEmbedder
from pipeline.orchestration.ray.graph import build_graph
from pipeline.settings import load_settings

_LONG = "Repairs the engines of fishing boats and teaches how to. " * 18
_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a niceness for each thread")


def test_a_query_is_answered_while_a_long_resume_holds_the_online_lane(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the very model: its vector is what the same text has among the chunks of a resume."""
    monkeypatch.setenv("DB_URL", database_url)
    resume = tuple(Chunk(number, "work", (number,), _LONG) for number in range(120))

    async def run() -> None:
        embedder = ChunkEmbedder()
        lane = embedder._models[Lane.ONLINE].batch
        (text,) = (await lane.submit((Chunk(0, "work", (), "palliative care nurse"),))).vectors
        busy = asyncio.create_task(lane.submit(resume))
        await asyncio.sleep(0)  # the lane's worker is started
        await asyncio.sleep(0)  # and hands the resume to its thread
        vector = await embedder.embed_query("palliative care nurse")
        assert not busy.done()
        assert float(np.dot(vector, text)) > 0.999
        await busy

    asyncio.run(run())


@pytest.mark.parametrize("dispatchers", [1, 3])
def test_the_embedder_has_room_for_queries_beside_all_that_the_dispatchers_send(dispatchers: int) -> None:
    """Serve tries a replica without room again after up to half a second."""
    ingestor = build_graph(load_settings(dispatcher_replicas=dispatchers)).ingestor
    dispatcher = ingestor._bound_deployment.init_args[0]._bound_deployment
    configs = {
        one._bound_deployment.name: one._bound_deployment._deployment_config for one in dispatcher.init_args
    }
    sent = dispatchers * dispatcher._deployment_config.user_config["slots"]["embed"]
    assert configs["ChunkEmbedder"].max_ongoing_requests - sent >= 256


_GIVE_WAY = """
import os, threading
os.nice({more})
from pipeline.orchestration.ray.priorities import process_gives_way, thread_that_gives_way
if os.geteuid() == 0:
    os.setuid(65534)
of = lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
early = thread_that_gives_way("early", 0)
early.submit(of).result()
bulk = thread_that_gives_way("bulk", 15).submit(of).result()
began = of()
process_gives_way(5)
process_gives_way(5)
print(began, of(), early.submit(of).result(), bulk)
"""


@_linux
@pytest.mark.parametrize("more", [0, 15], ids=["from-zero", "where-ray-begins-its-workers"])
def test_whoever_runs_it_a_process_gives_way_with_every_thread_and_bulk_gives_way_to_it(more: int) -> None:
    """Once, however often it is told to; an ordinary user may go further only, never back."""
    command = [sys.executable, "-c", _GIVE_WAY.format(more=more)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    began, process, early, bulk = map(int, answer.stdout.split())
    assert (process, early, bulk) == (min(19, began + 5), min(19, began + 5), min(19, began + 15))
