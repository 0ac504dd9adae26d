"""Binds the stages into the task graph that the dispatcher drives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ray import serve

from pipeline.domain.journey import Lane
from pipeline.orchestration.deployments import ChunkEmbedder, ProfileNormaliser, ResumeWriter, TextReader
from pipeline.orchestration.dispatcher import Dispatcher
from pipeline.orchestration.ingestor import Ingestor
from pipeline.settings import Settings

#: Requests that one replica works on or holds. A reader has one in each parser process and the next one
#: waiting; the embedder and the writer have the batch that runs and the one that fills meanwhile.
_NORMALISER_SLOTS = 4
#: A normaliser that asks a vendor, and a reader that waits its turn to, only wait: they hold more.
_WAITING_SLOTS = 32
_READER_WAITING_SLOTS = 32
#: Scans that wait for an OCR process of their reader: they must not hold the slots of documents that need none.
_SCAN_SLOTS = 4
_WRITER_SLOTS = 32
_SHUTDOWN_MARGIN_S = 5


@dataclass(frozen=True, slots=True)
class Graph:
    """What an application needs: `embedder` answers queries; `ingestor` brings the dispatcher, and both run alone."""

    ingestor: serve.Application
    embedder: serve.Application


def build_graph(settings: Settings, lanes: Sequence[Lane] = tuple(Lane)) -> Graph:
    """The deployments with their resources. CPU shares are fractions: the whole service starts on two cores.

    `lanes` are those that the dispatcher claims from.
    """
    scans = 0 if settings.uses_textract else _SCAN_SLOTS * settings.ocr_processes
    reader_slots = 2 * settings.parser_processes
    reader_slots += _READER_WAITING_SLOTS if settings.uses_textract else scans
    normaliser_slots = _WAITING_SLOTS if settings.uses_gemini else _NORMALISER_SLOTS
    embedder_slots = 2 * settings.embedding_at_once
    reader = _deployment(TextReader, 0.2, settings.text_reader_replicas, reader_slots).bind()
    normaliser = _deployment(ProfileNormaliser, 0.1, settings.normaliser_replicas, normaliser_slots).bind()
    embedder = _deployment(
        ChunkEmbedder,
        0.3,
        settings.embedding_replicas,
        embedder_slots,
        num_gpus=settings.embedding_num_gpus,
        health_check_timeout_s=60,
    ).bind()
    writer = _deployment(ResumeWriter, 0.1, settings.writer_replicas, _WRITER_SLOTS).bind()
    slots = {
        "read": settings.text_reader_replicas * reader_slots,
        "normalise": settings.normaliser_replicas * normaliser_slots,
        "embed": settings.embedding_replicas * embedder_slots,
        "save": settings.writer_replicas * _WRITER_SLOTS,
    }
    dispatcher = serve.deployment(
        num_replicas=settings.dispatcher_replicas,
        user_config={"slots": slots, "scans": scans, "lanes": [lane.value for lane in lanes]},
        graceful_shutdown_timeout_s=settings.drain_s + _SHUTDOWN_MARGIN_S,
        ray_actor_options={"num_cpus": 0.1},
    )(Dispatcher).bind(reader, normaliser, embedder, writer)
    ingestor = serve.deployment(
        num_replicas=settings.ingestor_replicas,
        graceful_shutdown_timeout_s=settings.drain_s + _SHUTDOWN_MARGIN_S,
        ray_actor_options={"num_cpus": 0.05},
    )(Ingestor).bind(dispatcher)
    return Graph(ingestor, embedder)


def _deployment(
    stage: type, num_cpus: float, replicas: int, slots: int, *, num_gpus: float = 0, **options: Any
) -> serve.Deployment:
    return serve.deployment(
        num_replicas=replicas,
        max_ongoing_requests=slots,
        ray_actor_options={"num_cpus": num_cpus, "num_gpus": num_gpus},
        graceful_shutdown_timeout_s=30,
        **options,
    )(stage)
