"""The small choices of a document that no argument names: drawn once from the seed, recorded in the truth."""

from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from . import dates

DASHES = (" – ", " - ", "–", " — ", " to ", "-")
ENTRIES = {
    "title_first": 20,
    "employer_first": 16,
    "at": 5,
    "piped": 8,
    "comma": 6,
    "dates_left": 10,
    "dates_below": 9,
    "dates_first": 6,
    "two_sides": 10,
    "labelled": 4,
    "dash": 6,
}
NARROW = ("title_first", "employer_first", "at", "comma", "dates_below", "dates_first", "dash")
EDUCATION = {"entry": 60, "line": 20, "table": 10, "bullets": 10}
SKILLS = {
    "comma": 22,
    "bullets": 14,
    "category": 24,
    "bars": 6,
    "columns": 12,
    "dots": 6,
    "pipes": 8,
    "rated": 4,
    "paragraph": 4,
}
CONTACTS = {
    "line": 30,
    "labels": 16,
    "label_line": 14,
    "icons": 14,
    "opposite": 14,
    "mailto": 6,
    "at_sign": 3,
    "two_lines": 9,
    "link_words": 6,
}
BULLETS = {
    "•": 34,
    "-": 10,
    "–": 8,
    "": 8,
    "\uf0b7": 14,
    "\uf0a7": 5,
    "\uf0d8": 5,
    "▪": 4,
    "●": 4,
    "➢": 3,
    "✓": 2,
    "*": 2,
    "o": 2,
    "·": 3,
}


@dataclass(frozen=True)
class Knobs:
    """`size` is the body's in points; `paper` names a page size; the rest name styles of their modules."""

    dates: str
    dash: str
    present: str
    entry: str
    education: str
    education_order: str
    skills: str
    contact: str
    bullet: str
    size_step: float
    leading: float
    margin: float
    hyphen: str
    spaces: str
    ligatures: bool
    order: str
    bullets_per_role: int
    name: str
    title_page: bool
    late_skills: bool
    address: bool
    centred: bool
    whole_tenure: bool
    bar: str
    name_in_bar: bool
    study_dates: str
    durations: bool
    oldest_first: bool
    split_work: bool
    credential: str
    repeat_bar: bool

    def record(self) -> dict[str, Any]:
        """For the truth file."""
        return asdict(self)


def pick(rng: Random, weights: dict[str, int], only: tuple[str, ...] | None = None) -> str:
    """One key by weight, of `only` if given."""
    keys = [k for k in weights if only is None or k in only]
    return rng.choices(keys, [weights[k] for k in keys])[0]


def draw(rng: Random, layout: str, locale: dates.Locale) -> Knobs:
    """The choices for a document in this layout and locale."""
    narrow = layout in ("newspaper", "table", "timeline", "sidebar_left", "sidebar_right")
    english = locale["lang"] == "en"
    dash = rng.choice(DASHES if english else [d for d in DASHES if d != " to "])
    if locale.get("ranges") and rng.random() < 0.06:
        dash = rng.choice(locale["ranges"])
    style = pick(rng, dates.WEIGHTS)
    if style == "till_now" and not english:
        style = "mon"
    return Knobs(
        dates=style,
        dash=" – " if style in ("dash", "iso", "slash_iso") and dash.strip() == "-" else dash,
        present=rng.choice(locale["present"]),
        entry=pick(rng, ENTRIES, NARROW if narrow else None),
        education=pick(rng, EDUCATION, ("entry", "line", "bullets") if narrow else None),
        education_order=rng.choice(("degree", "institution")),
        skills=pick(rng, SKILLS),
        contact=pick(rng, CONTACTS),
        bullet=pick(rng, BULLETS),
        size_step=rng.choice((-0.5, 0.0, 0.0, 0.5)),
        leading=rng.choice((1.18, 1.25, 1.3, 1.38)),
        margin=rng.choice((36.0, 45.0, 54.0, 62.0)),
        hyphen=rng.choices(("", "-", "\xad"), (72, 20, 8))[0],
        spaces=rng.choices(("drawn", "gaps", "letters"), (84, 12, 4))[0],
        ligatures=rng.random() < 0.08,
        order=rng.choices(("reading", "dates_first", "rows"), (74, 13, 13))[0],
        bullets_per_role=rng.choice((2, 4, 5, 6, 8, 9)),
        name=rng.choices(("plain", "upper", "family_upper", "family_first"), (64, 22, 9, 5))[0],
        title_page=rng.random() < 0.15,
        late_skills=rng.random() < 0.5,
        address=rng.random() < 0.2,
        centred=rng.random() < 0.5,
        whole_tenure=rng.random() < 0.3,
        bar=rng.choice(("bare", "pale", "dark")),
        name_in_bar=rng.random() < 0.4,
        study_dates=rng.choices(("range", "end", "year"), (60, 28, 12))[0],
        durations="duration" in locale and rng.random() < 0.05,
        oldest_first=rng.random() < 0.06,
        split_work=rng.random() < 0.08,
        credential=rng.choice(locale["credentials"]) if rng.random() < 0.07 else "",
        repeat_bar=rng.random() < 0.3,
    )
