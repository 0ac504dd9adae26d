"""What the samples are read as, part by part: `python -m tests.reading.reference` writes it anew.

A change that means to move code and not meaning leaves every line of it as it is. One that means to read better changes
some: look at each difference first (`git diff` names the sample and the part), then write the reference again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from pipeline.adapters.text_engines import DocumentTextEngine
from pipeline.domain.media_type import media_type
from pipeline.domain.upload import StoredUpload
from pipeline.reading.profile import draft_of
from pipeline.reading.sections.group import group
from pipeline.stages.verify_profile import VerifyProfile

SAMPLES = Path(__file__).parents[2] / "samples"
REFERENCE = Path(__file__).with_name("reference.json")
_DIGITS = 12


def read() -> dict[str, dict[str, str]]:
    """Of each sample with text of its own: a digest of its sections, and of each part of its profile.

    Scans are left out: what OCR is sure of may differ by the processor in its last digits.

    Versions and seconds are left out: they say by what and how fast it was read.
    """
    engine = DocumentTextEngine(processes=1, timeout_s=60, memory_mib=2048, max_pages=20)
    try:
        return {
            path.relative_to(SAMPLES).as_posix(): _parts(engine, path.read_bytes()) for path in _samples()
        }
    finally:
        engine.close()


def _samples() -> list[Path]:
    return sorted([*SAMPLES.glob("*.pdf"), *SAMPLES.glob("word/*.docx")])


def _parts(engine: DocumentTextEngine, content: bytes) -> dict[str, str]:
    mime = media_type(content)
    upload = StoredUpload(UUID(int=1), "resumes/1", "0" * 64, len(content), mime, date(2026, 1, 1))
    sections = group(asyncio.run(engine.read(content, mime)))
    profile = (
        VerifyProfile().run(draft_of(sections), sections, upload).model_dump(mode="json", exclude={"meta"})
    )
    (profile.get("experience") or {}).pop("rule_version", None)
    told = {"language": sections.language, "sections": [asdict(one) for one in sections.sections]} | profile
    return {name: _digest(value) for name, value in sorted(told.items())}


def _digest(value: Any) -> str:
    printed = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(printed.encode()).hexdigest()[:_DIGITS]


if __name__ == "__main__":
    REFERENCE.write_text(json.dumps(read(), indent=1) + "\n", "utf-8")
    print(f"written: {REFERENCE}")
