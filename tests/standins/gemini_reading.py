"""How the Gemini stand-in reads: numbered lines in, pointers out, from truths that it knows or by a few rules."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from pipeline.reading.values.dates import DateRange, find_dates

_LINE = re.compile(r"^(\+ )?L(\d+): (.*)$")
_BULLET = re.compile(r"^[•●▪■◦○‣·►▶➢✓\-–*]\s*")
Json = dict[str, Any]


@dataclass(frozen=True)
class Numbered:
    """One line of a prompt: its id, its text, the section above it, and whether it stands beside another."""

    id: int
    text: str
    section: str
    beside: bool


def numbered(prompt: str) -> list[Numbered]:
    """The lines that a prompt shows."""
    found, section = [], ""
    for line in prompt.splitlines():
        if line.startswith("## "):
            section = line[3:].split(":")[0]
        elif match := _LINE.match(line):
            found.append(Numbered(int(match[2]), match[3], section, bool(match[1])))
    return found


@lru_cache(100_000)
def _key(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in folded if c.isalnum())


@lru_cache(10_000)
def _places(text: str) -> tuple[str, list[int]]:
    """The text's key, character by character, and where in the text each of the key's characters stands."""
    keys = [(_key(c), i) for i, c in enumerate(text)]
    return "".join(key for key, _ in keys), [i for key, i in keys for _ in key]


def _printed(text: str, wanted: str) -> str | None:
    """The stretch of `text` that prints `wanted`, on word borders, letters and digits compared."""
    (key, places), target = _places(text), _key(wanted)
    at = key.find(target) if target else -1
    while at >= 0:
        begin, end = places[at], places[at + len(target) - 1] + 1
        if not (text[begin - 1 : begin].isalpha() and text[begin].isascii() and begin) and not (
            text[end : end + 1].isalpha() and text[end - 1].isascii()
        ):
            while end < len(text) and wanted and text[end] == wanted[-1] and not wanted[-1].isalnum():
                end += 1
            return text[begin:end]
        at = key.find(target, at + 1)
    return None


class Reader:
    """Answers about one prompt."""

    def __init__(self, lines: Sequence[Numbered]) -> None:
        self.lines = list(lines)
        self._runs: dict[int, list[tuple[int, list[Numbered], str]]] = {}

    def point(self, wanted: Any, near: int | None = None) -> tuple[Json, int] | None:
        """A pointer at a value and the index of its first line, the nearest to index `near` where there are several."""
        best: tuple[int, Json, int] | None = None
        for size in (1, 2, 3):
            for i, run, text in self.runs(size):
                found = _printed(text, str(wanted))
                if found is None:
                    continue
                far = abs(i - near) if near is not None else i
                if best is None or far < best[0]:
                    best = far, {"lines": [line.id for line in run], "text": found}, i
            if best is not None:
                return best[1], best[2]
        return None

    def runs(self, size: int) -> list[tuple[int, list[Numbered], str]]:
        """Lines that may print one value, and their text: each alone, or with one or two that follow within a few."""
        if size not in self._runs:
            self._runs[size] = [(i, run, " ".join(line.text for line in run)) for i, run in self._near(size)]
        return self._runs[size]

    def _near(self, size: int) -> list[tuple[int, list[Numbered]]]:
        lines, found = self.lines, []
        for i in range(len(lines)):
            if size == 1:
                found.append((i, [lines[i]]))
            elif size == 2:
                found += [(i, [lines[i], lines[j]]) for j in range(i + 1, min(i + 5, len(lines)))]
            else:
                pairs = [(1, 2), (2, 4), (3, 6), (2, 3), (1, 3)]
                found += [(i, [lines[i], lines[i + a], lines[i + b]]) for a, b in pairs if i + b < len(lines)]
        return found

    @cached_property
    def dated(self) -> list[tuple[int, list[Numbered], DateRange, str]]:
        """Index of the first line, lines, range and text of every date range or date."""
        found = []
        for i, run, text in [*self.runs(1), *self.runs(2)]:
            first = len(run[0].text) if len(run) > 1 else -1
            for told in find_dates(text):
                if first < 0 or (told.begin < first < told.end and not told.single):
                    found.append((i, run, told, text[told.begin : told.end]))
        return found

    def dates(self, start: str | None, end: str | None) -> list[tuple[Json, int]]:
        """Pointers at the ranges that say `start` to `end`, those of one line first."""
        found = []
        for i, run, told, text in self.dated:
            begin = told.start.value if told.start else None
            last = "present" if told.current else told.finish.value if told.finish else begin
            # A truth may tell less than is printed: a month where the day is there too.
            if (start is None or (begin or "").startswith(start)) and (
                end is None or (last or "").startswith(end)
            ):
                found.append(({"lines": [line.id for line in run], "text": text}, i))
        return found

    def entry(self, truth: Json, first: str, second: str, used: set[int]) -> tuple[Json, list[int]]:
        """Pointers at one position or course: its dates, and the two texts that stand nearest to them."""
        dates = [d for d in self.dates(truth.get("start"), truth.get("end")) if d[1] not in used]
        choices: list[tuple[int, Json, list[int]]] = []
        for pointer, at in dates or [(None, None)]:
            told: Json = {"dates": pointer}
            places = [at] if at is not None else []
            far = 0
            for name in (first, second):
                hit = self.point(truth[name], at) if truth.get(name) else None
                if hit:
                    told[name] = hit[0]
                    places.append(hit[1])
                    far += abs(hit[1] - at) if at is not None else 0
                else:
                    far += 50
            choices.append((far, told, places))
        _, told, places = min(choices, key=lambda choice: choice[0])
        if told["dates"]:
            used.add(next(at for pointer, at in dates if pointer is told["dates"]))
        return told, places

    def bodies(self, heads: list[list[int]], sections: Sequence[str]) -> list[list[list[int]]]:
        """For each entry, the ids of its bullets: the lines from its head to the next one's."""
        taken = {i for places in heads for i in places}
        found: list[list[list[int]]] = []
        for number, places in enumerate(heads):
            begin = max(places, default=-1) + 1
            end = min((min(p) for p in heads[number + 1 :] if p and min(p) >= begin), default=len(self.lines))
            bullets: list[list[int]] = []
            for i in range(begin, end):
                line = self.lines[i]
                if i in taken or line.section not in sections or line.beside:
                    continue
                if _BULLET.match(line.text):
                    bullets.append([line.id])
                elif bullets:
                    bullets[-1].append(line.id)
            found.append(bullets)
        return found


def read(group: str, lines: list[Numbered], truth: Json | None) -> Json:
    """The answer about a group: `truth` as the samples tell it, or None for a document that is not known."""
    reader = Reader(lines)
    if truth is None:
        return _GUESS[group](reader)
    return _READ[group](reader, truth)


def _pointers(reader: Reader, values: Sequence[Any]) -> list[Json]:
    return [hit[0] for value in values if value and (hit := reader.point(value))]


def _person(reader: Reader, truth: Json) -> Json:
    name = reader.point(truth["name"]) if truth.get("name") else None
    summary = [line.id for line in reader.lines if line.section == "summary"]
    return {
        "name": name[0] if name else None,
        "emails": _pointers(reader, [truth.get("email")]),
        "phones": _pointers(reader, [truth.get("phone")]),
        "links": _pointers(reader, truth.get("links") or []),
        "location": None,
        "headline": None,
        "summary": summary,
    }


def _experience(reader: Reader, truth: Json) -> Json:
    used: set[int] = set()
    work, heads = [], []
    for entry in truth.get("work") or []:
        told, places = reader.entry(entry, "title", "company", used)
        if len(places) > 1:
            work.append({"title": told.get("title"), "employer": told.get("company"), "dates": told["dates"]})
            heads.append(places)
    for told, bullets in zip(work, reader.bodies(heads, ("work", "other", "header")), strict=True):
        told["bullets"] = bullets
    return {"work": work, "projects": [], "volunteering": []}


def _education(reader: Reader, truth: Json) -> Json:
    used: set[int] = set()
    found = []
    for entry in truth.get("education") or []:
        told, places = reader.entry(entry, "degree", "institution", used)
        if places:
            found.append({k: told.get(k) for k in ("institution", "degree", "dates")})
    return {
        "education": found,
        "certifications": [],
        "publications": [[line.id] for line in reader.lines if line.section == "publications"],
        "awards": [[line.id] for line in reader.lines if line.section == "awards"],
    }


def _skills(reader: Reader, truth: Json) -> Json:
    references = [line.id for line in reader.lines if line.section == "references"]
    return {
        "skills": _pointers(reader, truth.get("skills") or []),
        "languages": [],
        "interests": [],
        "references": [references] if references else [],
    }


def _guess_person(reader: Reader) -> Json:
    answer = _person(reader, {})
    for line in reader.lines:
        for name, pattern in (
            ("emails", r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
            ("phones", r"\+?\d[\d ()-]{7,}\d"),
        ):
            answer[name] += [{"lines": [line.id], "text": m} for m in re.findall(pattern, line.text)]
    first = next((line for line in reader.lines if not re.search(r"[\d@]", line.text)), None)
    answer["name"] = {"lines": [first.id], "text": first.text} if first else None
    return answer


def _guess_entries(reader: Reader, section: str) -> list[tuple[Json | None, Json | None, Json]]:
    """At each date: the text beside or before it, the line after it, and the date."""
    found = []
    for i, run, told, text in reader.dated:
        if len(run) == 1 and not told.single and reader.lines[i].section in (section, "other", "header"):
            line = reader.lines[i]
            rest = line.text[: told.begin].strip(" ,|–-(")
            head = rest or (reader.lines[i - 1].text if i else "")
            at = line.id if rest else reader.lines[i - 1].id if i else line.id
            below = reader.lines[i + 1] if i + 1 < len(reader.lines) else None
            below = below if below and not _BULLET.match(below.text) and not find_dates(below.text) else None
            found.append(
                (
                    {"lines": [at], "text": head} if head else None,
                    {"lines": [below.id], "text": below.text} if below else None,
                    {"lines": [line.id], "text": text},
                )
            )
    return found


def _guess_experience(reader: Reader) -> Json:
    work = [{"title": a, "employer": b, "dates": d} for a, b, d in _guess_entries(reader, "work")]
    return {"work": work, "projects": [], "volunteering": []}


def _guess_education(reader: Reader) -> Json:
    found = [{"degree": a, "institution": b, "dates": d} for a, b, d in _guess_entries(reader, "education")]
    return {"education": found, "certifications": [], "publications": [], "awards": []}


def _guess_skills(reader: Reader) -> Json:
    found = []
    for line in reader.lines:
        if line.section == "skills":
            parts = re.split(r"\s*[,;•|]\s*", re.sub(r"^[^:]{2,40}:\s+", "", _BULLET.sub("", line.text)))
            found += [{"lines": [line.id], "text": part} for part in parts if part]
    return {"skills": found, "languages": [], "interests": [], "references": []}


_READ = {"person": _person, "experience": _experience, "education": _education, "skills": _skills}
_GUESS = {
    "person": _guess_person,
    "experience": _guess_experience,
    "education": _guess_education,
    "skills": _guess_skills,
}


def shown(lines: Sequence[Numbered]) -> str:
    """All that the lines print, as `likeness` compares it."""
    return "".join(_key(line.text) for line in lines)


def likeness(truth: Json, shown: str) -> float:
    """How much of what a truth tells is shown, less what is not: to know a document again."""
    values = [truth.get("name"), truth.get("email"), *(truth.get("skills") or [])]
    for name in ("work", "education"):
        for entry in truth.get(name) or []:
            values += [entry.get(k) for k in ("company", "title", "institution", "degree")]
    years = [str(entry.get(k))[:4] for entry in truth.get("work") or [] for k in ("start", "end")]
    hits = sum(len(_key(str(value))) for value in values if value and _key(str(value)) in shown)
    return hits + sum(2 for year in years if year in shown) - 0.01 * len(values)
