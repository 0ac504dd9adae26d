"""All vendors at once, for the service as a whole: S3, SNS, SQS, Textract and Gemini over HTTP on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.standins.aws import AwsStandIn
from tests.standins.blocks import Word
from tests.standins.gemini import GeminiStandIn
from tests.standins.textract import TextractStandIn

BUCKET = "resumes"


@dataclass(frozen=True, slots=True)
class Cloud:
    """The stand-ins, and the settings that point a service at them."""

    aws: AwsStandIn
    textract: TextractStandIn
    gemini: GeminiStandIn
    settings: dict[str, Any]

    def know(self, pdf: bytes, words: list[Word], truth: dict[str, Any]) -> None:
        """Remember what a made document says, and what is true of it."""
        self.textract.know(pdf, words)
        self.gemini.know(truth)

    def know_samples(self, folder: Path) -> None:
        """Remember every sample of a folder."""
        for path in sorted(folder.glob("*.pdf")):
            told = json.loads(path.with_suffix(".words.json").read_text("utf-8"))
            truth = json.loads(path.with_suffix(".json").read_text("utf-8"))["truth"]
            words = [(page, text, *(edge / 10_000 for edge in box)) for page, text, *box in told]
            self.know(path.read_bytes(), words, truth)


@contextmanager
def cloud_running(
    *, notified: bool = True, textract: dict[str, Any] | None = None, gemini: dict[str, Any] | None = None
) -> Iterator[Cloud]:
    """The stand-ins within the block; `textract` and `gemini` are options of theirs.

    `notified`: finished Textract jobs are told by SNS and SQS; else they are polled.
    """
    with ExitStack() as stack:
        aws = stack.enter_context(AwsStandIn())
        aws.create_bucket(BUCKET)
        ocr = stack.enter_context(TextractStandIn(aws, **(textract or {})))
        model = stack.enter_context(GeminiStandIn(**(gemini or {})))
        settings = {name.lower(): value for name, value in aws.environment().items()} | {
            "aws_s3_bucket_name": BUCKET,
            "aws_endpoint_url_textract": ocr.url,
            "gemini_api_key": model.api_key,
            "google_gemini_base_url": model.url,
        }
        if notified:
            topic, queue = aws.create_notifications("textract-jobs")
            settings |= {
                "textract_sns_topic_arn": topic,
                "textract_sns_role_arn": "arn:aws:iam::123456789012:role/textract",
                "textract_sqs_queue_url": queue,
            }
        yield Cloud(aws, ocr, model, settings)
