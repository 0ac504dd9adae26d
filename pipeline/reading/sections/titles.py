"""What a section's title says that the section is about, in many languages."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from pipeline.domain.sections import SectionKind

_LONGEST_TITLE = 60
_NUMBERING = re.compile(
    r"^(?:[ivx]{1,4}[.)]|[0-9]{1,2}(?:\.[0-9]{1,2})*[.)]?|[a-z][.)]|[0-9]{1,2}\s*[-–:|])\s+", re.I
)
_ASIDE = re.compile(r"\([^()]{0,30}\)\s*$")
_SEPARATOR = re.compile(r"\s*(?:[&/,+|·•、・与與和及]|\s[-–—]\s)\s*")


class _Lexicon(NamedTuple):
    kinds: dict[str, SectionKind]
    qualifiers: frozenset[str]
    joiners: frozenset[str]


def fold(text: str) -> str:
    """Text without case and accents, white space single."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(plain.replace("ı", "i").split())


def _key(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


@lru_cache(maxsize=1)
def _lexicon() -> _Lexicon:
    source = files("pipeline.reading.lexicon").joinpath("section_titles.toml").read_text(encoding="utf-8")
    table = tomllib.loads(source)
    kinds: dict[str, SectionKind] = {}
    for kind in SectionKind:
        for title in table.get(kind.value, ()):
            kinds.setdefault(_key(fold(title)), kind)
    words = (frozenset(_key(fold(word)) for word in table[name]) for name in ("qualifiers", "joiners"))
    return _Lexicon(kinds, *words)


@lru_cache(maxsize=8192)
def title_kind(text: str) -> SectionKind | None:
    """The kind that a whole line names as a title ("Work Experience", "2. SKILLS:"), None when none.

    Exact titles only, apart from case, accents, spaces, numbering, and a remark in parentheses.
    """
    if not 2 <= len(text) <= _LONGEST_TITLE:
        return None
    plain = fold(text).strip(" :：-–—_|•·*#.…<>«»[]{}▪■●◆▶►/\\~=+")
    kinds = _lexicon().kinds
    return kinds.get(_key(plain)) or kinds.get(_key(_ASIDE.sub("", _NUMBERING.sub("", plain))))


@lru_cache(maxsize=8192)
def loose_title_kind(text: str) -> SectionKind | None:
    """As `title_kind`, also with qualifying words around ("Relevant Work Experience") and for two titles in
    one ("Skills & Interests": the first known decides). For lines that already look like headings.
    """
    exact = title_kind(text)
    if exact is not None or not 2 <= len(text) <= _LONGEST_TITLE or len(text.split()) > 7:
        return exact
    plain = _ASIDE.sub("", _NUMBERING.sub("", fold(text))).strip(" :-–—_|•·*#.")
    parts = _parts(plain)
    for part in parts:
        kind = _qualified_kind(part) or _suffix_kind(part)
        if kind is not None:
            return kind
    return next((kind for part in parts[-1:0:-1] or parts if (kind := _headword_kind(part))), None)


def _parts(plain: str) -> list[str]:
    """The text whole, then the titles that it joins."""
    parts: list[list[str]] = [[]]
    for word in _SEPARATOR.sub(" , ", plain).split():
        if word == "," or _key(word) in _lexicon().joiners:
            parts.append([])
        else:
            parts[-1].append(word)
    joined = [" ".join(part) for part in parts if part]
    return joined if len(joined) == 1 else [plain, *joined]


def _qualified_kind(part: str) -> SectionKind | None:
    lexicon = _lexicon()
    words = [_key(word) for word in part.split()]
    while words:
        kind = lexicon.kinds.get("".join(words))
        if kind is not None:
            return kind
        if len(words) > 1 and words[0] in lexicon.qualifiers:
            words = words[1:]
        elif len(words) > 1 and words[-1] in lexicon.qualifiers:
            words = words[:-1]
        else:
            break
    return None


def _suffix_kind(part: str) -> SectionKind | None:
    """Of a title in a script without spaces: what its end says ("个人技术栈")."""
    key = _key(part)
    if not 3 <= len(key) <= 10 or key[0] < "\u3000":
        return None
    return next((kind for n in range(1, len(key) - 1) if (kind := _lexicon().kinds.get(key[n:]))), None)


# The last word of an English, German or Dutch title says what it is about; the first of a Romance one.
_HEADWORDS = {
    "experience": SectionKind.WORK,
    "experiences": SectionKind.WORK,
    "employment": SectionKind.WORK,
    "erfahrung": SectionKind.WORK,
    "erfahrungen": SectionKind.WORK,
    "ervaring": SectionKind.WORK,
    "education": SectionKind.EDUCATION,
    "skills": SectionKind.SKILLS,
    "competencies": SectionKind.SKILLS,
    "kenntnisse": SectionKind.SKILLS,
    "kompetenzen": SectionKind.SKILLS,
    "vaardigheden": SectionKind.SKILLS,
    "projects": SectionKind.PROJECTS,
    "projekte": SectionKind.PROJECTS,
    "projecten": SectionKind.PROJECTS,
    "certifications": SectionKind.CERTIFICATIONS,
    "certificates": SectionKind.CERTIFICATIONS,
    "zertifikate": SectionKind.CERTIFICATIONS,
    "courses": SectionKind.CERTIFICATIONS,
    "publications": SectionKind.PUBLICATIONS,
    "presentations": SectionKind.PUBLICATIONS,
    "publikationen": SectionKind.PUBLICATIONS,
    "awards": SectionKind.AWARDS,
    "achievements": SectionKind.AWARDS,
    "activities": SectionKind.VOLUNTEERING,
    "memberships": SectionKind.VOLUNTEERING,
    "affiliations": SectionKind.VOLUNTEERING,
    "interests": SectionKind.INTERESTS,
    "hobbies": SectionKind.INTERESTS,
    "references": SectionKind.REFERENCES,
    "involvement": SectionKind.VOLUNTEERING,
    "organizations": SectionKind.VOLUNTEERING,
    "leadership": SectionKind.VOLUNTEERING,
    "engagement": SectionKind.VOLUNTEERING,
    "internships": SectionKind.WORK,
    "appointments": SectionKind.WORK,
    "positions": SectionKind.WORK,
    "training": SectionKind.CERTIFICATIONS,
    "coursework": SectionKind.CERTIFICATIONS,
    "licenses": SectionKind.CERTIFICATIONS,
    "expertise": SectionKind.SKILLS,
    "strengths": SectionKind.SKILLS,
    "proficiencies": SectionKind.SKILLS,
    "technologies": SectionKind.SKILLS,
    "tools": SectionKind.SKILLS,
    "languages": SectionKind.LANGUAGES,
    "honors": SectionKind.AWARDS,
    "honours": SectionKind.AWARDS,
    "scholarships": SectionKind.AWARDS,
    "accomplishments": SectionKind.AWARDS,
    "objective": SectionKind.SUMMARY,
    "summary": SectionKind.SUMMARY,
    "profile": SectionKind.SUMMARY,
    "research": SectionKind.PROJECTS,
}
_FIRST_WORDS = {
    "experience": SectionKind.WORK,
    "experiences": SectionKind.WORK,
    "experiencia": SectionKind.WORK,
    "experiencias": SectionKind.WORK,
    "esperienza": SectionKind.WORK,
    "esperienze": SectionKind.WORK,
    "emplois": SectionKind.WORK,
    "postes": SectionKind.WORK,
    "parcours": SectionKind.WORK,
    "trayectoria": SectionKind.WORK,
    "empleos": SectionKind.WORK,
    "formation": SectionKind.EDUCATION,
    "formacion": SectionKind.EDUCATION,
    "formacao": SectionKind.EDUCATION,
    "competences": SectionKind.SKILLS,
    "competencias": SectionKind.SKILLS,
    "competenze": SectionKind.SKILLS,
    "conocimientos": SectionKind.SKILLS,
    "conhecimentos": SectionKind.SKILLS,
    "habilidades": SectionKind.SKILLS,
    "projets": SectionKind.PROJECTS,
    "proyectos": SectionKind.PROJECTS,
    "projetos": SectionKind.PROJECTS,
    "progetti": SectionKind.PROJECTS,
    "cursos": SectionKind.CERTIFICATIONS,
    "corsi": SectionKind.CERTIFICATIONS,
    "опыт": SectionKind.WORK,
    "навыки": SectionKind.SKILLS,
    "образование": SectionKind.EDUCATION,
    "doswiadczenie": SectionKind.WORK,
    "umiejetnosci": SectionKind.SKILLS,
}


def _headword_kind(part: str) -> SectionKind | None:
    words = [_key(word) for word in part.split()]
    if not 2 <= len(words) <= 5:
        return None
    return _HEADWORDS.get(words[-1]) or _FIRST_WORDS.get(words[0])
