"""What only the whole document tells about its facts, whoever read them: the rules or a model."""

from __future__ import annotations

from pipeline.domain.profile import Education, Fact, Person, Profile, Work
from pipeline.domain.sections import SectionedText
from pipeline.reading.lexicon.writing import puts_month_first, runs_from_right
from pipeline.reading.values.dates import guess_month_first
from pipeline.reading.values.places import country_hint
from pipeline.reading.values.skills import SkillFinder


def prints_month_first(sections: SectionedText, person: Person) -> bool:
    """Whether 04/05/2019 is the fifth of April in this document."""
    default = puts_month_first(country_hint(person.location), sections.language)
    return guess_month_first([line.text for line in sections.text.lines], default)


def name_skills(profile: Profile) -> None:
    """Write into each position the skills it names, and into each skill where it is named.

    A fact of confidence 0, which no line shows, names nothing.
    """
    finder = SkillFinder(profile.skills)
    named: dict[str, set[str]] = {}
    for work in profile.work:
        work.skills = finder.find(_shown([work.title, work.description, *work.bullets]))
        for name in work.skills:
            named.setdefault(name, set()).add("work")
    for project in profile.projects:
        for name in finder.find(_shown([project.name, project.description])):
            named.setdefault(name, set()).add("projects")
    for skill in profile.skills:
        skill.found_in = ["skills", *sorted(named.get(skill.canonical or skill.raw.value, ()))]


def _shown(facts: list[Fact[str] | None]) -> str:
    """What the lines show of some facts, a line each."""
    return "\n".join(fact.raw for fact in facts if fact and fact.confidence)


def turn_ranges(profile: Profile, language: str | None) -> None:
    """In right-to-left text a range of bare numbers is printed end first: "2019–2015"."""
    if not runs_from_right(language):
        return
    entries: list[Work | Education] = [*profile.work, *profile.education]
    for entry in entries:
        if entry.start and entry.end and entry.start.value[:4] > entry.end.value[:4]:
            entry.start, entry.end = entry.end, entry.start
