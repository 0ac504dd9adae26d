"""How right the profiles are: `python -m benchmarks.accuracy --data DIR [--set digital] [--errors N]`.

DIR holds resumes and, for each, a truth of the form `{"case_id", "pdf", "truth": {name, email, phone, links,
skills, work[{company, title, start, end}], education[{institution, degree, start, end}]}, "absent": [...]}`:
in `truth/SET/*.json` with `pdf` (the file, of any type) relative to DIR, or as `NAME.json` beside it. Reads (by OCR on
this machine the pages that need it), groups, normalises by the rules and verifies, all in this process but for the
parsing; no Ray. Prints precision, recall and F1 by field; the last line is one JSON object. `--worst 20 --out DIR`
writes the worst documents with truth beside what was read, and how it was read drawn on their pages.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import statistics
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

from benchmarks.scoring import Tally, score_case
from benchmarks.worst import Scored, write_worst
from pipeline.adapters.directory import DirectoryStore
from pipeline.adapters.ocr.engine import RapidOcrEngine
from pipeline.adapters.rules_engine import RulesEngine
from pipeline.adapters.text_engines import DocumentTextEngine
from pipeline.domain.errors import DocumentError
from pipeline.domain.media_type import media_type
from pipeline.domain.profile import Education, Fact, Profile, Work
from pipeline.domain.upload import StoredUpload
from pipeline.orchestration.inspection import Unpaid
from pipeline.stages.group_sections import GroupSections
from pipeline.stages.read_text import ReadText
from pipeline.stages.verify_profile import VerifyProfile


@dataclass(frozen=True, slots=True)
class Case:
    """A resume with its truth."""

    id: str
    set: str
    pdf: Path
    truth: dict[str, Any]
    absent: tuple[str, ...]
    group: str


def find_cases(data: Path, only: set[str] | None, by: str) -> list[Case]:
    """The cases of a folder whose PDF is there, in order of their names."""
    root = data / "truth" if (data / "truth").is_dir() else data
    cases = []
    for path in sorted(root.rglob("*.json")):
        told = json.loads(path.read_text("utf-8"))
        if not isinstance(told, dict) or "truth" not in told:
            continue
        folder = path.parent.name
        named = [data / told["pdf"], path.parent / told["pdf"]] if told.get("pdf") else []
        pdf = next((p for p in [*named, path.with_suffix(".pdf")] if p.is_file()), None)
        if pdf is None or (only and folder not in only):
            continue
        case_id = told.get("case_id", path.stem)
        absent = tuple(told.get("absent") or ())
        cases.append(Case(case_id, folder, pdf, told["truth"], absent, str(told.get(by, folder))))
    return cases


class Parser:
    """The stages in a row, with the seconds that each took."""

    def __init__(self, processes: int) -> None:
        self._engine = DocumentTextEngine(processes=processes, timeout_s=60, memory_mib=2048, max_pages=100)
        self._ocr = RapidOcrEngine(processes=processes, page_timeout_s=300, memory_mib=3072)
        self._folder = tempfile.TemporaryDirectory()
        store = DirectoryStore(Path(self._folder.name))
        self._objects, self._read = store, ReadText(self._engine, store, self._ocr)
        self._group = GroupSections()
        self._rules = RulesEngine()
        self._verify = VerifyProfile(keep_unverified=False)
        self.seconds: dict[str, list[float]] = defaultdict(list)

    async def parse(self, name: str, content: bytes) -> Profile:
        sha256 = hashlib.sha256(content).hexdigest()
        mime = media_type(content)
        today = date.today()  # noqa: DTZ011 (a benchmark's "present" is today)
        upload = StoredUpload(uuid4(), f"resumes/{sha256}", sha256, len(content), mime, today)
        self._keep(upload.object_key, content)
        marks = [time.perf_counter()]
        text = await self._read.run(upload, Unpaid())
        marks.append(time.perf_counter())
        sections = self._group.run(text)
        marks.append(time.perf_counter())
        draft = await self._rules.draft(sections)
        marks.append(time.perf_counter())
        profile = self._verify.run(draft, sections, upload)
        marks.append(time.perf_counter())
        for stage, begin, end in zip(
            ("read", "group", "normalise", "verify"), marks, marks[1:], strict=False
        ):
            self.seconds[stage].append(end - begin)
        self.seconds["pages"].append(len(text.pages))
        return profile

    def _keep(self, key: str, content: bytes) -> None:
        writer = self._objects.create(key)
        writer.write(content)
        writer.commit()

    def close(self) -> None:
        self._read.close()
        self._folder.cleanup()


def prediction(profile: Profile) -> dict[str, Any]:
    """The bare profile, as truths are written."""
    person = profile.person
    return {
        "name": _value(person.name.full),
        "email": _value(person.emails[0]) if person.emails else None,
        "phone": _value(person.phones[0]) if person.phones else None,
        "links": [link.url.value for link in person.links],
        "skills": [skill.raw.value for skill in profile.skills],
        "work": [_work(work) for work in profile.work],
        "education": [_education(entry) for entry in profile.education],
    }


def _value(fact: Fact[Any] | None) -> Any:
    return fact.value if fact else None


def _work(work: Work) -> dict[str, Any]:
    end = "present" if work.is_current and work.is_current.value else _value(work.end)
    return {
        "company": _value(work.employer),
        "title": _value(work.title),
        "start": _value(work.start),
        "end": end,
    }


def _education(entry: Education) -> dict[str, Any]:
    end = _value(entry.end) or ("present" if entry.status == "ongoing" and entry.start else None)
    degree = entry.degree.raw.value if entry.degree else None
    return {
        "institution": _value(entry.institution),
        "degree": degree,
        "start": _value(entry.start),
        "end": end,
    }


def _bytes(path: Path) -> bytes:
    return path.read_bytes()


async def run(cases: list[Case], predictions: Path | None, processes: int) -> tuple[list[Scored], Parser]:
    parser = Parser(processes)
    scored = []
    try:
        for case in cases:
            try:
                profile = await parser.parse(case.id, _bytes(case.pdf))
            except DocumentError as error:  # it found nothing, and says so
                print(f"{case.id} failed: {error.code}")
                profile = Profile()
            told = prediction(profile)
            if predictions:
                path = predictions / f"{case.id}.json"
                path.write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")
            tally = score_case(case.truth, told, case.absent)
            tally.coverage = profile.document.coverage if profile.document else None
            scored.append(Scored(case.id, case.pdf, case.truth, told, tally))
    finally:
        parser.close()
    return scored, parser


def table(tallies: list[Tally], title: str) -> dict[str, dict[str, float]]:
    total = Tally.sum(tallies)
    print(f"\n== {title}: {len(tallies)} resumes")
    print(f"{'field':24}{'P':>7}{'R':>7}{'F1':>7}{'right':>7}{'wrong':>7}{'missed':>7}")
    scores = {}
    for field, count in total.counts.items():
        p, r, f1 = count.scores()
        scores[field] = {"p": round(p, 4), "r": round(r, 4), "f1": round(f1, 4)}
        print(f"{field:24}{p:7.3f}{r:7.3f}{f1:7.3f}{count.right:7}{count.wrong:7}{count.missed:7}")
    return scores


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", help="only these truth folders, parted by commas")
    parser.add_argument("--predictions", type=Path, help="write predictions into this folder")
    parser.add_argument("--by", default="lang", help="a field of the truths to show apart")
    parser.add_argument("--match", default="", help="only cases whose id contains this")
    parser.add_argument("--half", choices=["even", "odd"], help="only every other case")
    parser.add_argument("--errors", type=int, default=0, help="show that many errors of each resume")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument(
        "--worst", type=int, help="write so many of the worst into --out, drawn, with their truths"
    )
    parser.add_argument("--out", type=Path, help="the folder for them")
    options = parser.parse_args()
    if (options.worst is None) != (options.out is None):
        parser.error("--worst N and --out DIR go together")
    return options


def chosen(options: argparse.Namespace) -> list[Case]:
    """The cases that the command line asks for. Raises SystemExit where there are none."""
    cases = find_cases(options.data, set(options.set.split(",")) if options.set else None, options.by)
    if options.half:
        cases = [case for i, case in enumerate(cases) if i % 2 == (options.half == "odd")]
    cases = [case for case in cases if options.match in case.id]
    if not cases:
        raise SystemExit(f"no truth with its PDF in {options.data}")
    return cases


def show_groups(cases: list[Case], tallies: list[Tally], options: argparse.Namespace) -> None:
    """Prints the first errors of each resume, and a table for each group where there are several."""
    groups: dict[str, list[Tally]] = defaultdict(list)
    for case, tally in zip(cases, tallies, strict=True):
        for field, expected, found in tally.errors[: options.errors]:
            print(f"{case.id:38} {field:22} {expected!r:.100} {found!r:.100}")
        groups[case.group].append(tally)
    if len(groups) > 1:
        for name in sorted(groups):
            table(groups[name], f"{options.by} {name}")


def main() -> None:
    options = arguments()
    cases = chosen(options)
    if options.predictions:
        options.predictions.mkdir(parents=True, exist_ok=True)
    scored, parser = asyncio.run(run(cases, options.predictions, options.processes))
    tallies = [one.tally for one in scored]
    show_groups(cases, tallies, options)
    scores = table(tallies, "all")
    if options.worst:
        print(f"\nThe worst: {write_worst(scored, options.worst, options.out)}")
    pages = sum(parser.seconds.pop("pages"))
    medians = {stage: round(1e3 * statistics.median(s), 2) for stage, s in parser.seconds.items()}
    per_page = {stage: round(1e3 * sum(s) / pages, 2) for stage, s in parser.seconds.items()}
    covered = [tally.coverage for tally in tallies if tally.coverage is not None]
    print(json.dumps({
        "resumes": len(cases), "pages": int(pages), "median_ms": medians, "ms_per_page": per_page,
        "coverage": round(statistics.mean(covered), 4) if covered else None, "scores": scores,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
