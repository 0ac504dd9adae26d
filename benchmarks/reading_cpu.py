"""What CPU a page costs, from PDF to verified profile: `python -m benchmarks.reading_cpu --data DIR`.

Every digital PDF below DIR is read, grouped, normalised by the rules and verified, in this process and on one thread;
reading runs the parser child's own function. Made resumes warm the process up first, and no document is seen twice:
what is remembered of one helps the next only as in a service that has run for a while. PDFs that are refused or would
need OCR are left out. Prints the CPU in milliseconds a page of each stage, and the slowest documents; the last line is
one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import hashlib
import json
import statistics
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from benchmarks.resume_maker import iter_resumes
from pipeline.adapters.parsing.parsed import accepted, text_of
from pipeline.adapters.pdf.child import read_document
from pipeline.adapters.rules_engine import RulesEngine
from pipeline.domain.errors import DocumentError
from pipeline.domain.media_type import PDF
from pipeline.domain.upload import StoredUpload
from pipeline.stages.group_sections import GroupSections
from pipeline.stages.merging.quality import needs_ocr
from pipeline.stages.verify_profile import VerifyProfile

STAGES = ("read", "group", "rules", "verify")
_WARM_UP = 24  #: made resumes, for what only the first documents pay
_MAX_PAGES = 100
_OBJECTS_UNTIL_COLLECTED = 50_000  #: as the stages' processes and the parsers' children set it
_SLOWEST = 5  #: documents that are named


class DocumentCost(NamedTuple):
    """A document's pages, and the CPU seconds that each of the STAGES took."""

    name: str
    pages: int
    seconds: tuple[float, ...]

    @property
    def whole(self) -> float:
        return sum(self.seconds)


class TimedStages:
    """The stages in a row, without what stores or fetches."""

    def __init__(self) -> None:
        self._group, self._rules = GroupSections(), RulesEngine()
        self._verify = VerifyProfile(keep_unverified=False)

    async def cost(self, name: str, content: bytes) -> DocumentCost | None:
        """What one PDF costs; None where a page has no text of its own. Raises DocumentError where it is refused."""
        sha256 = hashlib.sha256(content).hexdigest()
        today = date.today()  # noqa: DTZ011 (a benchmark's "present" is today)
        upload = StoredUpload(uuid4(), f"resumes/{sha256}", sha256, len(content), PDF, today)
        marks = [time.process_time()]
        text = text_of(accepted(read_document(content, _MAX_PAGES)), "benchmark")
        marks.append(time.process_time())
        if any(needs_ocr(page) for page in text.pages):
            return None
        sections = self._group.run(text)
        marks.append(time.process_time())
        draft = await self._rules.draft(sections)
        marks.append(time.process_time())
        self._verify.run(draft, sections, upload)
        marks.append(time.process_time())
        seconds = (end - begin for begin, end in pairwise(marks))
        return DocumentCost(name, len(text.pages), tuple(seconds))


async def measure(files: Iterable[tuple[str, bytes]]) -> list[DocumentCost]:
    """The costs of each digital PDF, given by name and bytes, in a process that is warm."""
    stages = TimedStages()
    for made in iter_resumes(_WARM_UP, 1):
        await stages.cost("made", made.pdf)
    costs = []
    for name, content in files:
        with suppress(DocumentError):
            cost = await stages.cost(name, content)
            if cost is not None:
                costs.append(cost)
    return costs


def summary(costs: list[DocumentCost]) -> dict[str, dict[str, float]]:
    """Milliseconds a page by stage, and in `all`: median, mean and 99th percentile over the documents."""
    columns = {stage: [c.seconds[i] / c.pages for c in costs] for i, stage in enumerate(STAGES)}
    columns["all"] = [c.whole / c.pages for c in costs]
    return {
        stage: {
            "median": round(1e3 * statistics.median(values), 2),
            "mean": round(1e3 * statistics.mean(values), 2),
            "p99": round(1e3 * statistics.quantiles(values, n=100, method="inclusive")[98], 2),
        }
        for stage, values in columns.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading_cpu", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    gc.set_threshold(_OBJECTS_UNTIL_COLLECTED, *gc.get_threshold()[1:])
    files = ((str(path.relative_to(data)), path.read_bytes()) for path in sorted(data.rglob("*.pdf")))
    costs = asyncio.run(measure(files))
    if len(costs) < 2:
        raise SystemExit(f"fewer than two digital PDFs below {data}")
    found = summary(costs)
    print(f"{len(costs)} digital PDFs, {sum(c.pages for c in costs)} pages; CPU ms a page")
    print(f"{'stage':10}{'median':>9}{'mean':>9}{'p99':>9}")
    for stage, values in found.items():
        print(f"{stage:10}" + "".join(f"{value:9.2f}" for value in values.values()))
    slowest = sorted(costs, key=lambda c: -c.whole)[:_SLOWEST]
    for cost in slowest:
        print(f"{cost.whole:7.3f} s  {cost.pages:3} pages  {cost.name}")
    print(json.dumps({
        "documents": len(costs), "pages": sum(c.pages for c in costs), "ms_a_page": found,
        "slowest_s": round(slowest[0].whole, 3), "slowest": slowest[0].name,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
