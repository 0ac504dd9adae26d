"""One service and one cloud for these tests: both take a while to start, and a process has one Ray at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine

from benchmarks.resume_maker import Made, iter_resumes
from benchmarks.service import Service, running
from pipeline.cli.demo import samples_dir
from pipeline.orchestration import wiring
from resumes_client import Client
from tests.standins.cloud import Cloud, cloud_running
from tests.standins.demo import secret
from tests.standins.otlp import OtlpStandIn


@dataclass(frozen=True, slots=True)
class World:
    """A service, what it believes to be the cloud, where it sends its spans, a client with every scope, and a look
    at the database."""

    service: Service
    cloud: Cloud
    collector: OtlpStandIn
    client: Client
    engine: Engine


@pytest.fixture(scope="package")
def world() -> Iterator[World]:
    """Textract reads every page and Gemini every profile."""
    with cloud_running(gemini={"latency_s": 0.1}) as cloud, OtlpStandIn() as collector:
        cloud.know_samples(samples_dir())
        settings = secret(cloud.settings) | {
            "text_engine": "textract",
            "profile_engine": "gemini",
            "textract_start_per_s": 10,
            "textract_get_per_s": 20,
            "otel_exporter_otlp_endpoint": collector.url,
        }
        with running(**settings) as service:
            client = service.client(patience_s=180)
            engine = wiring.database(service.settings, name="witness", pool_size=2)
            yield World(service, cloud, collector, client, engine)
            engine.dispose()
            client.close()


def made_resumes(cloud: Cloud, count: int, seed: int) -> list[Made]:
    """Resumes that the cloud knows."""
    found = list(iter_resumes(count, seed))
    for made in found:
        words = [(word["page"], word["text"], *word["bbox"]) for word in made.words]
        cloud.know(made.pdf, words, made.truth["truth"])  # type: ignore[arg-type]
    return found
