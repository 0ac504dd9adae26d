"""The fictional person of a resume: frozen nouns, no layout."""

from dataclasses import dataclass

Month = tuple[int, int]
"""Year and month, 1 to 12."""


@dataclass(frozen=True)
class Role:
    """One position; `end` None means that it is still held."""

    title: str
    start: Month
    end: Month | None
    description: str
    bullets: tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """One employer with one or more roles, latest first."""

    company: str
    place: str
    roles: tuple[Role, ...]


@dataclass(frozen=True)
class School:
    """One course of study."""

    institution: str
    degree: str
    place: str
    start: Month
    end: Month
    note: str


@dataclass(frozen=True)
class Contact:
    """How to reach the person; links without a scheme."""

    email: str
    phone: str
    links: tuple[str, ...]
    address: str
    city: str


@dataclass(frozen=True)
class Resume:
    """Everything that may be printed; what a layout leaves out is left out of the truth as well."""

    name: str
    family: str
    contact: Contact
    headline: str
    summary: str
    jobs: tuple[Job, ...]
    schools: tuple[School, ...]
    skills: tuple[tuple[str, tuple[str, ...]], ...]
    languages: tuple[tuple[str, str], ...]
    extras: dict[str, tuple[str, ...]]
    personal: tuple[tuple[str, str], ...]
