"""How honest the confidences are: `python -m benchmarks.calibration [--n 300] [--data DIR] [--plot FILE.png]`.

Makes fictional resumes (benchmarks/resume_maker) with a seed of its own, or takes a set with truths as
`benchmarks.accuracy` does, reads them by the rules, and bins the confidence of each fact whose truth is known, field by
field: of facts told with .8, .8 should be right. A fact of an entry that is in no truth is wrong. Prints, for each
field, how many facts there are, their mean confidence, the share that is right, and the expected calibration error: the
mean distance of the two over the bins, by their facts. The last line is one JSON object with the bins.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.accuracy import Parser, find_cases, prediction
from benchmarks.plot import line_chart
from benchmarks.resume_maker import iter_resumes
from benchmarks.scoring import ENTRIES, is_right, paired
from pipeline.domain.errors import DocumentError
from pipeline.domain.profile import Education, Fact, Profile, Work

_BINS = 10
_SEED = 4099  # of no other benchmark: nothing was developed on these
_LEAST = 20  # facts of a bin that is plotted: of fewer the share that is right says little


class Judged(NamedTuple):
    """One fact whose truth is known."""

    field: str
    confidence: float
    right: bool


def judged(profile: Profile, truth: dict[str, Any]) -> Iterator[Judged]:
    """The facts of a profile, each right or wrong; what the truth does not tell of is left out."""
    yield from _of_person(profile, truth)
    told = prediction(profile)
    for kind, (first, second) in ENTRIES.items():
        if kind in truth:
            entries: list[Any] = getattr(profile, kind)
            pairs = {j: i for i, j in paired(truth[kind], told[kind], first, second).items()}
            for j, entry in enumerate(entries):
                expected = truth[kind][pairs[j]] if j in pairs else None
                yield from _of_entry(kind, entry, told[kind][j], expected)


def _of_person(profile: Profile, truth: dict[str, Any]) -> Iterator[Judged]:
    person = profile.person
    ones: dict[str, list[Any]] = {
        "name": [person.name.full],
        "email": person.emails[:1],
        "phone": person.phones[:1],
    }
    for field, facts in ones.items():
        for fact in facts:
            if truth.get(field) and fact is not None:
                yield Judged(field, fact.confidence, is_right(field, truth[field], fact.value))
    lists: dict[str, list[Fact[str]]] = {
        "link": [link.url for link in person.links],
        "skill": [skill.raw for skill in profile.skills],
    }
    for field, listed in lists.items():
        known = truth.get(f"{field}s")
        for fact in listed if known is not None else []:
            yield Judged(field, fact.confidence, any(is_right(field, one, fact.value) for one in known or []))


def _of_entry(
    kind: str, entry: Work | Education, told: dict[str, Any], expected: dict[str, Any] | None
) -> Iterator[Judged]:
    for field, fact in _facts(entry).items():
        if fact is None or (expected is not None and not expected.get(field)):
            continue
        right = expected is not None and is_right(field, expected[field], told[field])
        yield Judged(f"{kind}.{field}", fact.confidence, right)


def _facts(entry: Work | Education) -> dict[str, Fact[Any] | None]:
    """The facts of an entry by the names that truths have for them."""
    if isinstance(entry, Work):
        end = entry.is_current if entry.is_current and entry.is_current.value else entry.end
        return {"company": entry.employer, "title": entry.title, "start": entry.start, "end": end}
    degree = entry.degree.raw if entry.degree else None
    return {
        "institution": entry.institution, "degree": degree, "start": entry.start, "end": entry.end,
    }  # fmt: skip


def calibration(facts: Iterable[Judged]) -> dict[str, Any]:
    """Facts, mean confidence, share that is right, expected calibration error, and the bins that hold facts.

    A bin is `from` to below `to`; the last one holds 1 too.
    """
    binned: dict[int, list[Judged]] = defaultdict(list)
    for fact in facts:
        binned[min(_BINS - 1, int(fact.confidence * _BINS + 1e-9))].append(fact)
    bins = [
        {"from": number / _BINS, "to": (number + 1) / _BINS, **_means(binned[number])}
        for number in sorted(binned)
    ]
    every = _means([fact for one in binned.values() for fact in one])
    off = sum(one["n"] * abs(one["confidence"] - one["right"]) for one in bins)
    return {**every, "ece": round(off / every["n"], 4) if every["n"] else 0.0, "bins": bins}


def _means(facts: list[Judged]) -> dict[str, Any]:
    count = len(facts) or 1
    return {
        "n": len(facts),
        "confidence": round(sum(fact.confidence for fact in facts) / count, 4),
        "right": round(sum(fact.right for fact in facts) / count, 4),
    }


async def read(resumes: Iterable[tuple[str, bytes, dict[str, Any]]]) -> list[Judged]:
    """The judged facts of resumes, each a name, its bytes and its truth; one that cannot be read has none."""
    parser = Parser(1)
    found: list[Judged] = []
    try:
        for name, content, truth in resumes:
            try:
                found += judged(await parser.parse(name, content), truth)
            except DocumentError as error:
                print(f"{name} failed: {error.code}")
    finally:
        parser.close()
    return found


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--n", type=int, default=300, help="resumes to make")
    parser.add_argument("--seed", type=int, default=_SEED)
    parser.add_argument("--data", type=Path, help="a folder with truths, instead of made resumes")
    parser.add_argument("--set", help="only these truth folders of it, parted by commas")
    parser.add_argument("--plot", type=Path, help="write a reliability plot to this PNG")
    return parser.parse_args()


def resumes(options: argparse.Namespace) -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """What is to be read: name, bytes and truth."""
    if options.data is None:
        for made in iter_resumes(options.n, options.seed):
            yield made.truth["case_id"], made.pdf, made.truth["truth"]
        return
    for case in find_cases(options.data, set(options.set.split(",")) if options.set else None, "lang"):
        yield case.id, case.pdf.read_bytes(), case.truth


def plot(path: Path, fields: dict[str, dict[str, Any]]) -> None:
    """Share right over confidence, a line a field; the first line is where they are equal."""
    lines = {
        name: [(one["confidence"], one["right"]) for one in told["bins"] if one["n"] >= _LEAST]
        for name, told in fields.items()
    }
    ideal = [(0.0, 0.0), (1.0, 1.0)]
    drawn = {"honest": ideal, **{name: points for name, points in lines.items() if points}}
    line_chart(path, drawn, title="Share of facts that is right", across="confidence", up="share")


def main() -> None:
    options = arguments()
    facts = sorted(asyncio.run(read(resumes(options))))
    if not facts:
        raise SystemExit("no fact with a known truth: look at --data and --set, or at --n")
    grouped = itertools.groupby(facts, key=lambda fact: fact.field)
    fields = {"all": calibration(facts), **{name: calibration(group) for name, group in grouped}}
    print(f"{'field':24}{'facts':>7}{'confidence':>12}{'right':>8}{'error':>8}")
    for name, told in fields.items():
        print(f"{name:24}{told['n']:7}{told['confidence']:12.3f}{told['right']:8.3f}{told['ece']:8.3f}")
    if options.plot:
        plot(options.plot, fields)
    print(json.dumps(fields))


if __name__ == "__main__":
    main()
