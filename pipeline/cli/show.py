"""How the CLI shows things: tables of a profile, of hits, of an upload's outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from resumes_client.answers import CompactResume, SearchHit


def profile_table(resume: CompactResume, *, title: str) -> Table:
    """One resume's compact profile, a row a field; every list is cut short and says so."""
    profile: Mapping[str, Any] = resume["profile"] or {}
    person = profile.get("person") or {}
    table = Table(title=title, title_justify="left", show_header=False, expand=False, title_style="bold")
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    rows = {
        "Name": (person.get("name") or {}).get("full"),
        "Contact": _joined([*person.get("emails", []), *person.get("phones", [])]),
        "Links": _joined([link["url"] for link in person.get("links", [])]),
        "Place": (person.get("location") or {}).get("raw"),
        "Headline": person.get("headline"),
        "Work": _lines([_job(job) for job in profile.get("work", [])], most=6),
        "Experience": _experience(profile.get("experience") or {}),
        "Education": _lines([_study(study) for study in profile.get("education", [])], most=4),
        "Skills": _joined([skill["raw"] for skill in profile.get("skills", [])], most=12),
        "Languages": _joined([_language(language) for language in profile.get("languages", [])]),
        "Coverage": _percent((profile.get("document") or {}).get("coverage")),
    }
    for name, value in rows.items():
        if value:
            table.add_row(name, str(value))
    return table


def hits_table(hits: Sequence[SearchHit], *, title: str) -> Table:
    """Search hits, best first, with the line that matched."""
    table = Table(title=title, title_justify="left", expand=False, title_style="bold")
    for column in ("#", "who", "similarity", "section", "matched"):
        table.add_column(column, overflow="fold", max_width=60)
    for rank, hit in enumerate(hits, 1):
        similarity = hit.get("similarity")
        table.add_row(
            str(rank),
            hit.get("name") or hit.get("filename") or hit["id"],
            f"{similarity:.2f}" if similarity is not None else "",
            hit["section"],
            _cut(" ".join(hit["text"].split()), 120),
        )
    return table


def status_lines(console: Console, resume: CompactResume) -> None:
    """One resume as `resumes status` prints it."""
    stage = f" ({resume['stage']})" if resume["status"] == "processing" and resume.get("stage") else ""
    console.print(f"{resume['id']}  {resume['status']}{stage}", highlight=False)
    if error := resume.get("error"):
        console.print(f"{error['code']}: {error['detail']}", style="red", soft_wrap=True)
    if resume.get("profile"):
        console.print(profile_table(resume, title=resume.get("filename") or resume["id"]))


def _job(job: Mapping[str, Any]) -> str:
    what = ", ".join(part for part in (job.get("title"), job.get("employer")) if part)
    return f"{_dates(job)}  {what}" if _dates(job) else what


def _study(study: Mapping[str, Any]) -> str:
    degree = (study.get("degree") or {}).get("raw")
    what = ", ".join(part for part in (degree, study.get("institution")) if part)
    return f"{_dates(study)}  {what}" if _dates(study) else what


def _dates(entry: Mapping[str, Any]) -> str:
    end = "present" if entry.get("is_current") else entry.get("end")
    return " – ".join(part for part in (entry.get("start"), end) if part)


def _language(language: Mapping[str, Any]) -> str:
    level = language.get("cefr") or language.get("level_raw")
    return f"{language['name']} ({level})" if level else str(language["name"])


def _experience(experience: Mapping[str, Any]) -> str | None:
    total = experience.get("total_months")
    if not total:
        return None
    low, high = total["min"], total["max"]
    return f"{low / 12:.1f} years" if low == high else f"{low / 12:.1f}–{high / 12:.1f} years"


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.0%} of the lines are cited by a field"


def _joined(values: list[str], *, most: int = 6) -> str:
    shown = ", ".join(values[:most])
    return f"{shown} (+{len(values) - most})" if len(values) > most else shown


def _lines(values: list[str], *, most: int) -> str:
    shown = values[:most]
    if len(values) > most:
        shown.append(f"(+{len(values) - most})")
    return "\n".join(shown)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
