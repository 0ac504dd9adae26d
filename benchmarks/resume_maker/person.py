"""Invents a person: a name, a career that ends in 2025, schools, skills and the rest."""

import re
import unicodedata
from random import Random
from typing import Any

from .model import Contact, Job, Month, Resume, Role, School

NOW = (2025, 6)
Content = dict[str, Any]
EXTRAS = (
    ("projects", 0.15, 2),
    ("awards", 0.2, 2),
    ("volunteering", 0.22, 2),
    ("interests", 0.33, 4),
    ("memberships", 0.08, 2),
)
"""Section, the chance that a resume has it, and how many entries it then has at most."""
_LATIN = str.maketrans({"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "ı": "i", "æ": "ae"})


class Inventor:
    """Fills the templates of one locale and occupation from one stream of chance."""

    def __init__(self, rng: Random, locale: Content, occupation: Content, long: bool) -> None:
        self.rng, self.locale, self.occupation, self.long = rng, locale, occupation, long
        self.bullet_label = rng.choice(locale["bullet_labels"]) if rng.random() < 0.12 else ""
        self.wordy = rng.random() < 0.55
        self.years = rng.choice((2, 5, 8, 11, 14, 17, 20, 24, 28)) if not long else rng.choice((12, 16, 20))

    def fill(self, template: str, year: int | None = None) -> str:
        """The template with every slot filled."""
        rng, locale = self.rng, self.locale
        city, born = rng.choice(locale["cities"]), rng.randint(1972, 1998) - self.years // 2
        return template.format(
            n=rng.randint(3, 38),
            pct=rng.randint(6, 44),
            big=locale.get("thousands", "{0}").format(rng.randint(2, 96) * 50),
            team=rng.randint(3, 19),
            years=max(2, self.years),
            year=year or rng.randint(2008, 2024),
            city=city[0],
            family=rng.choice(locale["family"]),
            family2=rng.choice(locale["family"]),
            given=rng.choice(locale["given"]),
            topic=rng.choice(self.occupation["topics"]),
            money=f"€{rng.randint(4, 90) * 5},000",
            birth=f"{rng.randint(1, 28):02d}.{rng.randint(1, 12):02d}.{born}",
            father=f"{rng.choice(locale['given'])} {rng.choice(locale['family'])}",
        )

    def some(self, texts: list[str], count: int) -> tuple[str, ...]:
        """Up to `count` different templates, filled."""
        return tuple(self.fill(t) for t in self.rng.sample(texts, min(count, len(texts))))


def invent(
    rng: Random, locale: dict[str, Any], occupation: dict[str, Any], bullets: int, long: bool = False
) -> Resume:
    """One fictional person; `long` gives publications and a long career, `bullets` is the most a role has."""
    inventor = Inventor(rng, locale, occupation, long)
    given, family = rng.choice(locale["given"]), rng.choice(locale["family"])
    if rng.random() < 0.12 and " " not in given:
        given = f"{given} {rng.choice(locale['given'])[0]}."
    jobs = _career(inventor, bullets)
    return Resume(
        name=f"{given} {family}",
        family=family,
        contact=_contact(inventor, given, family),
        headline=jobs[0].roles[0].title if jobs and rng.random() < 0.55 else "",
        summary=_summary(inventor) if rng.random() < 0.72 else "",
        jobs=jobs,
        schools=_schools(inventor, jobs),
        skills=_skills(inventor),
        languages=_languages(inventor),
        extras=_extras(inventor, f"{family} {given[0]}"),
        personal=tuple((k, inventor.fill(v)) for k, v in locale["personal"]) if rng.random() < 0.4 else (),
    )


def _summary(inventor: Inventor) -> str:
    """One to four sentences."""
    rng = inventor.rng
    about = rng.sample(inventor.occupation["summary"], rng.randint(1, len(inventor.occupation["summary"])))
    more = rng.sample(inventor.locale["summary_more"], rng.choice((0, 1, 2)))
    return " ".join(inventor.fill(t) for t in [*about, *more])


def _skills(inventor: Inventor) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The occupation's skills by group, now and then with a group of soft ones."""
    rng = inventor.rng
    groups = [(label, tuple(names)) for label, names in inventor.occupation["skills"].items()]
    label, soft = inventor.locale["soft_skills"]
    return (*groups, (label, tuple(rng.sample(soft, 3)))) if rng.random() < 0.35 else tuple(groups)


def ascii_of(text: str) -> str:
    """Lower-case Latin letters for an address, Cyrillic spelt by the table of its locale's e-mail names."""
    plain = unicodedata.normalize("NFKD", text.translate(_LATIN))
    return re.sub(r"[^a-z]", "", "".join(c for c in plain if not unicodedata.combining(c)).lower())


def _contact(inventor: Inventor, given: str, family: str) -> Contact:
    rng, locale = inventor.rng, inventor.locale
    table = {ord(k): v for k, v in locale.get("spelling", {}).items()}
    surname = family if len(family.split()[0]) < 4 else family.split()[0]
    first, last = (ascii_of(t.lower().translate(table)) for t in (given.split()[0], surname))
    local = rng.choice(
        (
            f"{first}.{last}",
            f"{first[0]}.{last}",
            f"{first}{last}",
            f"{last}_{first}",
            f"{first}.{last}{rng.randint(1, 99)}",
        )
    )
    links = [
        f"linkedin.com/in/{first}-{last}{rng.choice(('', '', rng.randint(10, 999)))}",
        f"www.{first}{last}.example",
    ]
    if inventor.occupation["sector"] in ("tech", "university"):
        links.append(f"github.com/{first}{last}")
    city, region, postcode = rng.choice(locale["cities"])
    places = {
        "city": city,
        "region": region,
        "postcode": postcode,
        "number": rng.randint(2, 140),
        "street": rng.choice(locale["streets"]),
    }
    return Contact(
        email=f"{local}@{rng.choice(locale['mail_domains'])}",
        phone=_phone(inventor) if rng.random() < 0.93 else "",
        links=tuple(rng.sample(links, rng.choice((0, 0, 1, 1, 1, 2)))),
        address=locale["address"].format(**places),
        city=locale["city_line"].format(**places) if rng.random() < 0.9 else "",
    )


def _phone(inventor: Inventor) -> str:
    """A number of a range kept for fiction, where the country has one."""
    rng, locale = inventor.rng, inventor.locale
    text = rng.choice(locale["phones"]).replace("{area}", rng.choice(locale["areas"]))
    return re.sub(r"\{d\}", lambda _: str(rng.randint(0, 9)), text)


def _back(month: Month, by: int) -> Month:
    """The month `by` months earlier."""
    count = month[0] * 12 + month[1] - 1 - by
    return count // 12, count % 12 + 1


def _career(inventor: Inventor, bullets: int) -> tuple[Job, ...]:
    """Employers, latest first, whose titles climb the occupation's ladder."""
    rng, ladder = inventor.rng, inventor.occupation["titles"]
    end: Month | None = None if rng.random() < 0.72 else _back(NOW, rng.randint(1, 20))
    first_year = NOW[0] - inventor.years
    rung = min(len(ladder) - 1, inventor.years // 4 + rng.randint(0, 1))
    pool = [
        t
        for texts in (inventor.occupation["bullets"], inventor.locale["common_bullets"])
        for t in rng.sample(texts, len(texts))
    ]
    jobs: list[Job] = []
    while len(jobs) < (7 if inventor.long else 6):
        several = 2 if rng.random() < 0.16 and rung > 0 else 1
        roles = []
        for _ in range(several):
            start = _back(end or NOW, rng.choice((7, 10, 14, 19, 25, 31, 38, 50, 64)))
            roles.append(_role(inventor, ladder[rung], start, end, pool, bullets))
            rung, end = max(0, rung - 1), _back(start, 1)
        jobs.append(_job(inventor, tuple(roles)))
        end = _back(roles[-1].start, rng.choice((0, 1, 1, 2, 4, 9)))
        if end[0] < first_year + 1:
            break
    return tuple(jobs)


def _role(
    inventor: Inventor, title: str, start: Month, end: Month | None, pool: list[str], most: int
) -> Role:
    """A role whose bullets come off the pool, so that jobs repeat few of them."""
    rng = inventor.rng
    count = rng.randint(max(1, most - 2), most)
    if len(pool) < count:
        pool += rng.sample(inventor.occupation["bullets"], min(count, len(inventor.occupation["bullets"])))
    chosen = list(dict.fromkeys(pool.pop(0) for _ in range(min(count, len(pool)))))
    description = inventor.fill(rng.choice(inventor.locale["descriptions"])) if rng.random() < 0.22 else ""
    description = description or (inventor.bullet_label if rng.random() < 0.8 else "")
    return Role(title, start, end, description, _joined(inventor, [inventor.fill(b) for b in chosen]))


def _joined(inventor: Inventor, bullets: list[str]) -> tuple[str, ...]:
    """Some bullets of a wordy person are two in one, so that they run over several lines."""
    found: list[str] = []
    for bullet in bullets:
        if found and inventor.wordy and inventor.rng.random() < 0.4:
            found[-1] += f" {bullet}" if found[-1].endswith(".") else f"; {bullet}"
        else:
            found.append(bullet)
    return tuple(found)


def _job(inventor: Inventor, roles: tuple[Role, ...]) -> Job:
    rng = inventor.rng
    company = inventor.fill(rng.choice(inventor.locale["employers"][inventor.occupation["sector"]]))
    place = rng.choice(inventor.locale["cities"])[0] if rng.random() < 0.55 and "," not in company else ""
    return Job(company, place, roles)


def _schools(inventor: Inventor, jobs: tuple[Job, ...]) -> tuple[School, ...]:
    """Degrees of the occupation, the last one finished before the first job."""
    rng = inventor.rng
    end = _back(jobs[-1].roles[-1].start, 2) if jobs else _back(NOW, 10)
    end = (end[0], rng.choice((6, 7, 9)))
    found = []
    degrees = inventor.occupation["degrees"]
    for degree, kind in degrees[: 3 if inventor.long else rng.choice((1, 1, 2, 2, 3))]:
        name = inventor.fill(rng.choice(inventor.locale["schools"][kind]))
        place = rng.choice(inventor.locale["cities"])[0] if rng.random() < 0.3 and "," not in name else ""
        length = rng.choice((1, 2, 3, 3, 4))
        note = inventor.fill(rng.choice(inventor.locale["notes"])) if rng.random() < 0.25 else ""
        found.append(School(name, degree, place, (end[0] - length, 9), end, note))
        end = (end[0] - length, 6)
    return tuple(found)


def _languages(inventor: Inventor) -> tuple[tuple[str, str], ...]:
    rng, locale = inventor.rng, inventor.locale
    if rng.random() < 0.35:
        return ()
    others = rng.sample(locale["other_languages"], rng.choice((1, 2, 2, 3)))
    return (
        (locale["own_language"], rng.choice(locale["native"])),
        *((name, rng.choice(locale["levels"])) for name in others),
    )


def _extras(inventor: Inventor, author: str) -> dict[str, tuple[str, ...]]:
    """The optional sections, each with its chance."""
    rng, locale = inventor.rng, inventor.locale
    extras: dict[str, tuple[str, ...]] = {}
    for kind, chance, count in EXTRAS:
        if kind in locale and (
            rng.random() < chance or (inventor.long and kind in ("awards", "memberships"))
        ):
            extras[kind] = inventor.some(locale[kind], count)
    if rng.random() < 0.55:
        extras["certifications"] = inventor.some(inventor.occupation["certifications"], 3)
    if rng.random() < 0.2:
        extras["references"] = (rng.choice(locale["references_line"]),)
    if inventor.long and "journals" in locale:
        count = rng.randint(24, 36)
        extras["publications"] = tuple(_publication(inventor, author, 2024 - i // 2) for i in range(count))
        for kind in ("grants", "talks", "teaching"):
            extras[kind] = tuple(dict.fromkeys(inventor.some(locale[kind] * 3, 5)))
    return extras


def _publication(inventor: Inventor, author: str, year: int) -> str:
    """A reference to a paper that does not exist."""
    rng, locale = inventor.rng, inventor.locale
    others = [
        f"{rng.choice(locale['family'])} {rng.choice(locale['given'])[0]}" for _ in range(rng.randint(1, 3))
    ]
    others = [o for o in others if o.split()[0] != author.split()[0]] or ["Quist L"]
    authors = [*others[:-1], author, others[-1]] if rng.random() < 0.5 else [author, *others]
    topic = rng.choice(inventor.occupation["topics"])
    title = f"{topic[0].upper()}{topic[1:]}: {rng.choice(locale['paper_titles'])}"
    first = rng.randint(1, 900)
    where = f"{rng.choice(locale['journals'])} {rng.randint(3, 90)}({rng.randint(1, 6)})"
    return f"{', '.join(authors)} ({year}). {title}. {where}, {first}–{first + rng.randint(5, 30)}."
