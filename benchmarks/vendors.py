"""Vendors as slow as real ones, for benchmarks: stand-ins whose latency decides, never a quota of theirs or of ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.resume_maker import Made
from tests.standins.cloud import cloud_running
from tests.standins.demo import secret

TEXTRACT_S = 3.0
GEMINI_S = 4.0
_PLENTY = 1e9
#: What a service may ask of them.
_QUOTAS = {
    "textract_start_per_s": _PLENTY,
    "textract_get_per_s": _PLENTY,
    "textract_max_jobs": 1_000_000,
    "gemini_requests_per_minute": _PLENTY,
    "gemini_tokens_per_minute": _PLENTY,
}


@contextmanager
def vendors_running(
    made: Iterable[Made], *, textract_s: float = TEXTRACT_S, gemini_s: float = GEMINI_S
) -> Iterator[dict[str, Any]]:
    """The settings that lead a service to S3, Textract and Gemini within the block; `made` is what they can read.

    A Textract job takes `textract_s` seconds and a call of Gemini `gemini_s`. The stand-ins run in this process.
    """
    textract = {
        "seconds": textract_s, "start_tps": _PLENTY, "get_tps": _PLENTY, "jobs_at_once": 1_000_000,
        "blocks_a_page": 1000, "checked": False,
    }  # fmt: skip
    with cloud_running(textract=textract, gemini={"latency_s": gemini_s}) as cloud:
        for one in made:
            words = [(word["page"], word["text"], *word["bbox"]) for word in one.words]
            cloud.know(one.pdf, words, one.truth["truth"])
        yield secret(cloud.settings) | {"text_engine": "textract", "profile_engine": "gemini"} | _QUOTAS
