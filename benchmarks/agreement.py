"""Whether a resume becomes the same profile from Textract's blocks as from its own text.

Resumes are made at random with their true word boxes. One profile comes from the PDF's own text layer, the other
from Textract blocks made of the true boxes (`tests/standins/blocks.py`); both through the same grouping, rules and
verification. F1 of the second against the first, field by field, and of each against the truth: agreement that is
bought with errors of both would show there.

    python -m benchmarks.agreement --n 120 --seed 7
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from benchmarks.accuracy import prediction, table
from benchmarks.resume_maker import Made, iter_resumes
from benchmarks.scoring import Tally, score_case
from pipeline.adapters.aws.textract_blocks import pages_of, trimmed
from pipeline.adapters.rules_engine import RulesEngine
from pipeline.adapters.text_engines import DocumentTextEngine
from pipeline.domain.media_type import PDF
from pipeline.domain.ocr import OcrPage, OcrText
from pipeline.domain.text import Text
from pipeline.domain.upload import StoredUpload
from pipeline.stages.group_sections import GroupSections
from pipeline.stages.merging.merge import lines_of, merged
from pipeline.stages.verify_profile import VerifyProfile
from tests.standins.blocks import blocks_of

_UPLOAD = StoredUpload(UUID(int=0), "made", "0" * 64, 0, PDF, date(2026, 6, 30))


class Readings:
    """Both readings of a made resume, and what becomes of a reading."""

    def __init__(self) -> None:
        self._engine = DocumentTextEngine(processes=1, timeout_s=60, memory_mib=2048, max_pages=100)
        self._group, self._rules, self._verify = GroupSections(), RulesEngine(), VerifyProfile()

    async def local(self, made: Made) -> Text:
        return await self._engine.read(made.pdf, PDF)

    async def textract(self, local: Text, made: Made, *, seed: int, layout: bool) -> Text:
        """Every page by its blocks; sizes of pages and links are the document's own."""
        words = [(word["page"], word["text"], *word["bbox"]) for word in made.words]
        blocks = blocks_of(words, pages=len(local.pages), seed=seed, layout=layout)
        read = pages_of(trimmed(blocks))
        found = OcrText(tuple(OcrPage(n, lines) for n, lines in read.items()))
        pages = self._engine.pages(PDF)
        assert pages is not None
        ink = await pages.ink(made.pdf, PDF, lines_of(found))
        return merged(local, found, ink, engine="textract")

    async def profile(self, text: Text) -> dict[str, Any]:
        sections = self._group.run(text)
        draft = await self._rules.draft(sections)
        return prediction(self._verify.run(draft, sections, _UPLOAD))

    def close(self) -> None:
        self._engine.close()


async def compare(
    resumes: Iterable[Made], *, seed: int, layout: bool, errors: int = 0
) -> dict[str, list[Any]]:
    """Tallies by what was compared: `agreement`, `local`, `textract`; and `group`, the (layout, locale) of each."""
    readings = Readings()
    found: dict[str, list[Any]] = defaultdict(list)
    rng = random.Random(seed)
    try:
        for made in resumes:
            local = await readings.local(made)
            mine = await readings.profile(local)
            theirs = await readings.profile(
                await readings.textract(local, made, seed=rng.getrandbits(32), layout=layout)
            )
            agreement = score_case(mine, theirs, tuple(mine))
            found["agreement"].append(agreement)
            truth, absent = made.truth["truth"], tuple(made.truth.get("absent") or ())
            found["local"].append(score_case(truth, mine, absent))
            found["textract"].append(score_case(truth, theirs, absent))
            found["group"].append((made.truth["layout"], made.truth["locale"]))
            for name, one, other in agreement.errors[:errors]:
                print(f"{made.truth['case_id']:48} {name:18} {one!r:.90} | {other!r:.90}")
    finally:
        readings.close()
    return found


def overall(tallies: Iterable[Tally]) -> float:
    """Micro F1 over all fields."""
    counts = Tally.sum(tallies).counts.values()
    right = sum(c.right for c in counts)
    return 2 * right / max(1, sum(2 * c.right + c.wrong + c.missed for c in counts))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agreement", description=__doc__)
    parser.add_argument("--n", type=int, default=120)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--layout", action="store_true", help="with Textract's LAYOUT")
    parser.add_argument("--errors", type=int, default=0, help="show so many differences of each resume")
    options = parser.parse_args()
    resumes = iter_resumes(options.n, options.seed)
    found = asyncio.run(compare(resumes, seed=options.seed, layout=options.layout, errors=options.errors))
    for place, name in enumerate(("layout", "locale")):
        groups: dict[str, list[Tally]] = defaultdict(list)
        for group, tally in zip(found["group"], found["agreement"], strict=True):
            groups[group[place]].append(tally)
        print(
            f"\nagreement by {name}: " + ", ".join(f"{k} {overall(v):.3f}" for k, v in sorted(groups.items()))
        )
    against_truth = {name: overall(found[name]) for name in ("local", "textract")}
    fields = table(found["agreement"], "Textract against the local reading")
    print(f"against the truth: local {against_truth['local']:.4f}, Textract {against_truth['textract']:.4f}")
    print(json.dumps({
        "resumes": options.n, "seed": options.seed, "agreement_f1": round(overall(found["agreement"]), 4),
        "truth_f1": {k: round(v, 4) for k, v in against_truth.items()}, "fields": fields,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
