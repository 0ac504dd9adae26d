"""Makes one resume from five arguments, or many at random."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

from . import knobs, library, paint, person, sections, theme
from .layouts import LAYOUTS, Paper, last_page, page_numbers
from .model import Resume
from .truth import truth_of_resume

PAPERS = {"A4": (595.28, 841.89), "letter": (612.0, 792.0)}
STYLES = tuple(theme.styles())
LIST_KINDS = (
    "certifications",
    "projects",
    "awards",
    "grants",
    "talks",
    "teaching",
    "publications",
    "memberships",
    "volunteering",
    "interests",
    "references",
)
FLAT_LAYOUTS = ("table", "timeline")


class Made(NamedTuple):
    """A PDF, its truth as score.py reads it, and its words (see `paint.Word`)."""

    pdf: bytes
    truth: dict[str, Any]
    words: list[paint.Word]


def make_resume(seed: int, layout: str, style: str, locale: str, occupation: str) -> Made:
    """The same bytes for the same arguments; ValueError names an argument that is not known."""
    data = _known(layout, style, locale, occupation)
    rng = Random(f"{seed}/{layout}/{style}/{locale}/{occupation}")
    chosen = _settled(knobs.draw(rng, layout, data), layout, data)
    resume = person.invent(
        Random(f"{seed}/{locale}/{occupation}/{layout == 'academic'}"),
        data,
        library.occupations(data["lang"])[occupation],
        chosen.bullets_per_role,
        layout == "academic",
    )
    look = theme.make_theme(style, chosen, data, repr(resume))
    draft = sections.Draft(_pruned(resume, layout), data, chosen, look, rng, flat=layout in FLAT_LAYOUTS)
    plan = _plan(draft, layout)
    paper = Paper(*PAPERS[data["paper"]], chosen.margin)
    items = LAYOUTS[layout](draft, plan, paper)
    if layout in ("header_footer", "academic") or (layout != "footer_name" and rng.random() < 0.15):
        items += page_numbers(draft, items, paper)
    sheet = paint.Sheet(paper.width, paper.height, f"{resume.name}", chosen.spaces, chosen.order)
    pages = last_page(items)
    truth, absent = truth_of_resume(draft, plan)
    record = {
        "case_id": f"made_{locale}_{layout}_{style}_{occupation}_{seed}",
        "lang": data["lang"],
        "locale": locale,
        "pages": pages,
        "layout": layout,
        "style": style,
        "occupation": occupation,
        "seed": seed,
        "family": "made",
        "truth": truth,
        "absent": absent,
        "sections": draft.printed,
        "knobs": chosen.record(),
    }
    return Made(paint.pdf(items, sheet, pages), record, paint.words(items, sheet))


def iter_resumes(n: int, seed: int, **fixed: str) -> Iterator[Made]:
    """`n` resumes, every argument at random but those fixed by name (layout, style, locale, occupation)."""
    rng = Random(f"iter/{seed}")
    for number in range(n):
        locale = fixed.get("locale") or rng.choice(library.locales())
        jobs = sorted(library.occupations(library.locale(locale)["lang"]))
        yield make_resume(
            seed=seed * 1_000_003 + number,
            layout=fixed.get("layout") or rng.choice(list(LAYOUTS)),
            style=fixed.get("style") or rng.choice(STYLES),
            locale=locale,
            occupation=fixed.get("occupation") or rng.choice(jobs),
        )


def _known(layout: str, style: str, locale: str, occupation: str) -> dict[str, Any]:
    """The locale's data, once every argument is known."""
    for value, known, what in (
        (layout, LAYOUTS, "layout"),
        (style, STYLES, "style"),
        (locale, library.locales(), "locale"),
    ):
        if value not in known:
            raise ValueError(f"unknown {what} {value!r}, not one of {', '.join(known)}")
    data = library.locale(locale)
    if occupation not in library.occupations(data["lang"]):
        raise ValueError(f"occupation {occupation!r} is not written in {data['lang']}")
    return data


def _settled(chosen: knobs.Knobs, layout: str, data: dict[str, Any]) -> knobs.Knobs:
    """Choices that a layout or a script rules out are replaced."""
    if layout == "minimal":
        chosen = replace(
            chosen, skills="comma", bullet=chosen.bullet if chosen.bullet in "•-" else "", hyphen=""
        )
    if layout == "academic":
        chosen = replace(chosen, bullets_per_role=4)
    if layout in ("newspaper", "table") and chosen.contact == "opposite":
        chosen = replace(chosen, contact="line")
    if not data["latin_1"] and chosen.bullet == "\xad":
        chosen = replace(chosen, bullet="•")
    return chosen


def _pruned(resume: Resume, layout: str) -> Resume:
    """A minimal resume has no headline, no summary and nothing extra."""
    if layout != "minimal":
        return resume
    return replace(resume, headline="", summary="", extras={}, personal=(), languages=resume.languages[:2])


def _plan(draft: sections.Draft, layout: str) -> list[sections.Section]:
    """The sections in the order of the document, each with one of its titles."""
    resume, rng, found = draft.resume, draft.rng, []

    def title(kind: str) -> str:
        return str(rng.choice(draft.locale["headings"][kind]))

    if resume.summary:
        found.append(sections.prose(draft, "summary", title("summary"), resume.summary))
    works = _works(draft, title("work"))
    schooling = sections.education(draft, title("education"))
    skills = sections.skills(draft, title("skills"))
    early = layout == "academic" or rng.random() < 0.2
    body = [schooling, *works] if early else [*works, schooling]
    found += [*body, skills] if draft.knobs.late_skills else [skills, *body]
    if resume.languages:
        form = rng.choice(("line", "bullets", "labels"))
        found.append(sections.pairs(draft, "languages", title("languages"), resume.languages, form))
    found += [
        sections.listing(draft, k, title(k), resume.extras[k]) for k in LIST_KINDS if k in resume.extras
    ]
    if resume.personal:
        found.insert(
            rng.choice((0, len(found))),
            sections.pairs(draft, "personal", title("personal"), resume.personal, "labels"),
        )
    if "declaration" in draft.locale and rng.random() < 0.4:
        found.append(sections.prose(draft, "declaration", title("declaration"), draft.locale["declaration"]))
    return found


def _works(draft: sections.Draft, title: str) -> list[sections.Section]:
    """All jobs in a section, or the older ones in a second."""
    jobs = draft.resume.jobs
    if not (draft.knobs.split_work and len(jobs) > 2):
        return [sections.work(draft, title, jobs)]
    other = draft.rng.choice(draft.locale["headings"]["other_work"])
    return [sections.work(draft, title, jobs[:2]), sections.work(draft, other, jobs[2:])]
