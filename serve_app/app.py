"""The application: the import path of `serve run serve_app.app:build_app` and of the RayService."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.domain.journey import Lane
from pipeline.settings import load_settings

if TYPE_CHECKING:
    from ray import serve

_UPLOADS_AND_WAITS = 1000


def build_app(args: dict[str, object] | None = None) -> serve.Application:
    """The whole service. `args` overrides settings by name (lower case); the rest comes from the environment."""
    # Ray reads its environment when it is imported, and `resumes serve` sets that first.
    from ray import serve

    from pipeline.orchestration.ray.graph import build_graph
    from serve_app.ingress import Ingress

    settings = load_settings(**(args or {}))
    graph = build_graph(settings)
    ingress = serve.deployment(
        num_replicas=settings.ingress_replicas,
        max_ongoing_requests=_UPLOADS_AND_WAITS,
        graceful_shutdown_timeout_s=75,
        ray_actor_options={"num_cpus": 0.1},
    )(Ingress)
    return ingress.bind(graph.embedder, graph.ingestor)


def build_bulk_app(args: dict[str, object] | None = None) -> serve.Application:
    """The bulk application: the same task graph without HTTP, for the lane `bulk` alone. `args` as above."""
    from pipeline.orchestration.ray.graph import build_graph

    return build_graph(load_settings(**(args or {})), [Lane.BULK]).ingestor
