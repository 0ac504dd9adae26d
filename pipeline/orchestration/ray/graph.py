"""Binds the stages into the task graph that the dispatcher drives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ray import serve

from pipeline.domain.journey import Lane
from pipeline.orchestration.ray import scaling
from pipeline.orchestration.ray.deployments import ChunkEmbedder, ProfileNormaliser, ResumeWriter, TextReader
from pipeline.orchestration.ray.dispatcher import Dispatcher
from pipeline.orchestration.ray.ingestor import Ingestor
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
#: Queries at one embedder. They never wait for a slot: Serve asks a full replica again after up to half a second.
_QUERY_SLOTS = 256
#: A dispatcher that is killed between a slot's reservation and its use leaves the slot taken until the replica ends.
#: The dispatchers limit what they have in flight by the slots above, so these are never used otherwise.
_SPARE_SLOTS = 16
_SHUTDOWN_MARGIN_S = 5


@dataclass(frozen=True, slots=True)
class Graph:
    """What an application needs: `embedder` answers queries; `ingestor` brings the dispatcher, and both run alone."""

    ingestor: serve.Application
    embedder: serve.Application


@dataclass(frozen=True, slots=True)
class _Stage:
    """A stage's class, the slots and cores of one replica, and how many replicas: from least to most."""

    deployed: type
    slots: int
    least: int
    most: int | None
    num_cpus: float

    @property
    def scales(self) -> bool:
        """Whether a backlog may bring more replicas than the least."""
        return self.most is not None and self.most > self.least


def build_graph(settings: Settings, lanes: Sequence[Lane] = tuple(Lane)) -> Graph:
    """The deployments with their resources. CPU shares are fractions: the whole service starts on two cores.

    `lanes` are those that the dispatcher claims from.
    """
    stages = _stages(settings)
    reader, normaliser, embedder, writer = (_bound(stage, settings) for stage in stages.values())
    scales = any(stage.scales for stage in stages.values())
    replicas: dict[str, Any] = {"num_replicas": settings.dispatcher_replicas}
    if scales:
        replicas = {"autoscaling_config": scaling.of_dispatcher(settings.dispatcher_replicas)}
    dispatcher = serve.deployment(
        user_config={
            "slots": {name: stage.slots for name, stage in stages.items()},
            "replicas": {name: stage.least for name, stage in stages.items()},
            "scans": _scan_slots(settings),
            "lanes": [lane.value for lane in lanes],
            "scales": scales,
        },
        graceful_shutdown_timeout_s=settings.drain_s + _SHUTDOWN_MARGIN_S,
        ray_actor_options={"num_cpus": 0.1},
        **replicas,
    )(Dispatcher).bind(reader, normaliser, embedder, writer)
    ingestor = serve.deployment(
        num_replicas=settings.ingestor_replicas,
        graceful_shutdown_timeout_s=settings.drain_s + _SHUTDOWN_MARGIN_S,
        ray_actor_options={"num_cpus": 0.05},
    )(Ingestor).bind(dispatcher, alone=tuple(lanes) == (Lane.BULK,))
    return Graph(ingestor, embedder)


def _scan_slots(settings: Settings) -> int:
    return 0 if settings.uses_textract else _SCAN_SLOTS * settings.ocr_processes


def _stages(settings: Settings) -> dict[str, _Stage]:
    """Each stage by its name in the journey, in the journey's order."""
    reader_slots = 2 * settings.parser_processes
    reader_slots += _READER_WAITING_SLOTS if settings.uses_textract else _scan_slots(settings)
    return {
        "read": _Stage(
            TextReader,
            reader_slots,
            settings.text_reader_replicas,
            settings.text_reader_max_replicas,
            settings.text_reader_num_cpus,
        ),
        "normalise": _Stage(
            ProfileNormaliser,
            _WAITING_SLOTS if settings.uses_gemini else _NORMALISER_SLOTS,
            settings.normaliser_replicas,
            settings.normaliser_max_replicas,
            settings.normaliser_num_cpus,
        ),
        "embed": _Stage(
            ChunkEmbedder,
            2 * settings.embedding_at_once,
            settings.embedding_replicas,
            settings.embedding_max_replicas,
            settings.embedding_num_cpus,
        ),
        "save": _Stage(ResumeWriter, _WRITER_SLOTS, settings.writer_replicas, None, 0.1),
    }


def _bound(stage: _Stage, settings: Settings) -> serve.Application:
    options: dict[str, Any] = {"num_replicas": stage.least}
    if stage.scales and stage.most is not None:
        options = {"autoscaling_config": scaling.of_stage(settings, stage.least, stage.most, stage.slots)}
    actor_options = {"num_cpus": stage.num_cpus}
    most = stage.slots + _SPARE_SLOTS
    if stage.deployed is ChunkEmbedder:
        most = settings.dispatcher_replicas * stage.slots + _SPARE_SLOTS + _QUERY_SLOTS
        actor_options["num_gpus"] = settings.embedding_num_gpus
        options["health_check_timeout_s"] = 60  # a model on a busy machine answers late
    return serve.deployment(
        max_ongoing_requests=most,
        ray_actor_options=actor_options,
        graceful_shutdown_timeout_s=30,
        **options,
    )(stage.deployed).bind()
