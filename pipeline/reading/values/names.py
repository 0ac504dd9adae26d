"""The person's name: what is set largest near the top, or labelled, and reads like a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.domain.profile import Name
from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import languages, organisations, skills, titles
from pipeline.reading.lexicon.phrases import phrases, words_of
from pipeline.reading.page.rows import Piece, join
from pipeline.reading.values.classify import degree_score, employer_score, title_score
from pipeline.reading.values.dates import find_dates
from pipeline.reading.values.places import part_kind

_LABEL = re.compile(
    r"^\s*(?:full name|first name ?/ ?surname|name and surname|surname ?/ ?first name|name|"
    r"nombre completo|nombre y apellidos|nombre|vorname ?/ ?name|nachname ?/ ?vorname|"
    r"vor- und nachname|nom et prénom|prénom et nom|nom|nome completo|nome e cognome|"
    r"cognome e nome|nome|naam|imię i nazwisko|namn|ф\.?и\.?о\.?|фио|имя|ad soyad|"
    r"adı soyadı|adı|isim|الاسم الكامل|الاسم|שם מלא|שם|氏名|名前|姓名|성명|이름)\s*[:：\-–]?\s+(?=\S)|"
    r"^\s*(?:氏名|姓名|名前|성명|이름|name)\s*[:：]\s*",
    re.I,
)
_BARE_LABEL = re.compile(
    r"^\s*(?:full name|name|nombre|nom|nome|naam|namn|фио|имя|ad soyad|الاسم|שם|氏\s?名|"
    r"姓\s?名|성\s?명|이\s?름|imię i nazwisko)\s*[:：]?\s*$",
    re.I,
)
_PREFIX = re.compile(
    r"^(?:(?:dr|prof|mr|mrs|ms|mx|miss|sir|ing|dipl\.?-?ing|mag|mgr|mgr inż|inż|lic|dr hab|"
    r"dott|dott\.ssa|avv|d\.?ª|sr|sra|herr|frau|m|mme|eng|er|shri|smt|d\.r|prof\.? dr|"
    r"prof\.? dr\.? ing)\.?\s+|(?:د|م|أ)\.\s?|ד\"ר\s|(?:г-н|г-жа)\s)+",
    re.I,
)
_SUFFIX = re.compile(
    r"[,\s(]+(?:ph\.?\s?d|m\.?\s?d|mba|m\.?sc|b\.?sc|m\.?a|b\.?a|rn|bsn|msn|cpa|cfa|pmp|pe|"
    r"p\.e|esq|jr|sr|ii|iii|iv|cissp|acca|ca|llb|llm|jd|dds|phr|shrm-cp|csm|cscp|mcips|"
    r"bcom|beng|meng|fca|aca|rn,? bsn|lpn|np|fnp|m\.?ed|dipl\.?-?ing|ing)\.?\)?$",
    re.I,
)
_NOT_NAMES = phrases(
    [
        "curriculum vitae",
        "curriculum",
        "vitae",
        "resume",
        "résumé",
        "cv",
        "c v",
        "lebenslauf",
        "bewerbung",
        "hoja de vida",
        "currículum",
        "currículo",
        "europass",
        "życiorys",
        "meritförteckning",
        "резюме",
        "özgeçmiş",
        "السيرة الذاتية",
        "سيرة ذاتية",
        "קורות חיים",
        "履歴書",
        "職務経歴書",
        "简历",
        "個人簡歷",
        "个人简历",
        "이력서",
        "자기소개서",
        "personal information",
        "personal details",
        "personal data",
        "persönliche daten",
        "인적사항",
        "인적 사항",
        "基本信息",
        "个人信息",
        "基本情報",
        "個人情報",
        "personalia",
        "dane osobowe",
        "личные данные",
        "kişisel bilgiler",
        "المعلومات الشخصية",
        "פרטים אישיים",
        "informations personnelles",
        "état civil",
        "datos personales",
        "dados pessoais",
        "informazioni personali",
        "dati personali",
        "persoonlijke gegevens",
        "personuppgifter",
        "contact",
        "contact me",
        "contacts",
        "profile",
        "summary",
        "about",
        "about me",
        "objective",
        "experience",
        "work experience",
        "education",
        "skills",
        "page",
        "address",
        "email",
        "e mail",
        "phone",
        "telephone",
        "mobile",
        "references",
        "updated",
        "last updated",
        "confidential",
        "kontakt",
        "contacto",
        "coordonnées",
        "contatti",
        "contato",
        "linkedin",
        "github",
        "website",
        "portfolio",
        "cover letter",
        "date of birth",
        "nationality",
        "gender",
        "photo",
        "languages",
        "hobbies",
        "interests",
        "declaration",
        "career objective",
        "profil",
        "formation",
        "compétences",
    ]
)
_NAME_WORD = re.compile(r"^[^\W\d_][\w'’.‑-]*$")


@dataclass(frozen=True, slots=True)
class Candidate:
    piece: Piece
    score: float


def read_name(pieces: Sequence[Piece], footers: Sequence[Piece], hints: Sequence[str]) -> Name:
    """The name among `pieces` (the top of the resume, in order), else among running headers and footers.

    `hints` are local parts of e-mail addresses and last parts of profile links.
    """
    body = _typical_size(pieces)
    candidates = [c for i, piece in enumerate(pieces) for c in _candidates(piece, i, pieces, body, hints)]
    candidates += [
        Candidate(c.piece, c.score - 0.6) for p in footers for c in _candidates(p, 4, [], body, hints)
    ]
    best = max(candidates, key=lambda c: c.score, default=None)
    return name_of(best.piece, min(0.98, 0.5 + best.score / 8)) if best and best.score > 0.6 else Name()


def _typical_size(pieces: Sequence[Piece]) -> float:
    sizes = sorted(piece.size for piece in pieces for _ in range(min(len(piece.text), 80)))
    return sizes[len(sizes) // 2] if sizes else 10.0


def _candidates(
    piece: Piece, index: int, pieces: Sequence[Piece], body: float, hints: Sequence[str]
) -> list[Candidate]:
    label = _LABEL.match(piece.text)
    if label and piece.text[label.end() :].strip():
        named = _parts(piece.cut(label.end(), len(piece.text)))[0]
        return (
            [Candidate(named, 4.0 + _likeness(named.text, hints))]
            if _likeness(named.text, hints) > -1
            else []
        )
    found = []
    labelled = 0 < index <= len(pieces) and _BARE_LABEL.match(pieces[index - 1].text) is not None
    parts = _parts(piece)
    for n, part in enumerate(parts):
        likeness = _likeness(part.text, hints)
        if likeness < 0:
            continue
        score = (
            likeness
            + min(2.5, 2.2 * (part.size / body - 1))
            - 0.09 * index
            - 0.35 * n
            + (0.25 if part.bold else 0)
        )
        score += 3.0 if labelled else 0.0
        score -= 0.5 if len(parts) > 2 else 0.0
        found.append(Candidate(part, score))
    if index + 1 < len(pieces) and _is_split_name(piece, pieces[index + 1], body):
        both = join([piece, pieces[index + 1]])
        likeness = _likeness(both.text, hints)
        if likeness >= 0:
            found.append(
                Candidate(both, likeness + 0.5 + min(2.5, 2.2 * (both.size / body - 1)) - 0.09 * index)
            )
    return found


def _parts(piece: Piece) -> list[Piece]:
    return [
        p
        for part in piece.split(
            re.compile(r"\s*[|•·●/\\]\s*|\s+[–—-]+\s+|\t|\s{3,}|,\s+(?=[^\W\d_]{4,}\s[^\W\d_]+)")
        )
        if (p := part.trim()).text
    ] or [piece]


def _is_split_name(first: Piece, second: Piece, body: float) -> bool:
    """A given name above a family name, both large."""
    return (
        first.page == second.page
        and first.size > 1.3 * body
        and abs(first.size - second.size) < 0.15 * first.size
        and len(first.text.split()) <= 2
        and len(second.text.split()) <= 2
        and abs(second.top - first.bottom) < 1.2 * (first.bottom - first.top)
    )


def _likeness(text: str, hints: Sequence[str]) -> float:
    """How much a text reads like a person's name; below 0 it is none."""
    bare = _SUFFIX.sub("", _SUFFIX.sub("", _PREFIX.sub("", text))).strip(" ,.()")
    if (
        not 2 <= len(bare) <= 48
        or any(c.isdigit() or c in "@:;!?/\\&+%=<>{}_*" for c in bare)
        or find_dates(bare)
    ):
        return -2.0
    if _NOT_NAMES.find(bare) or titles().labels.label(bare) or organisations().legal.label(bare):
        return -2.0
    words = bare.replace(",", " ").split()
    if has_cjk(bare):
        compact = re.sub(r"[\s·・]", "", bare)
        base = (
            1.0
            if 2 <= len(compact) <= 4
            else 0.8
            if " " in bare and len(compact) <= 6
            else 0.3
            if len(compact) <= 10 and "・" in bare
            else -1.0
        )
        if title_score(bare) >= 0.8 or employer_score(bare) >= 1.0 or part_kind(bare):
            base -= 1.2
        return base + _hinted(bare, hints)
    if not all(_NAME_WORD.match(w.strip(".(\"')“”")) for w in words if w.strip(".(\"')“”")) or len(words) > 7:
        return -2.0
    cased = [w for w in words if w[0].isupper() or w[0].islower()]
    upper = sum(1 for w in cased if w[0].isupper())
    if cased and upper < max(1, len(cased) - 3 if len(cased) > 3 else len(cased) - 1):
        return -1.5
    score = {1: -0.1, 2: 1.0, 3: 0.9, 4: 0.7}.get(len(words), 0.4)
    hint = _hinted(bare, hints)
    if title_score(bare) >= 0.8:
        score -= 1.6
    elif title_score(bare) > 0:
        score -= 0.3
    if (
        organisations().legal.find(bare)
        or employer_score(bare) >= 0.9
        or organisations().institutions.find(bare)
    ):
        score -= 1.2 if hint < 0.5 else 0.4
    if part_kind(bare) or (
        len(words) <= 3 and any(part_kind(p.strip()) in ("country",) for p in bare.split(","))
    ):
        score -= 1.4
    if degree_score(bare) >= 1.0 or languages().names.find(bare) or skills().canonical.get(fold(bare)):
        score -= 0.6
    return score + hint


def _hinted(text: str, hints: Sequence[str]) -> float:
    words = [w for w in words_of(text).words if len(w) > 2]
    best = 0.0
    for hint in hints:
        agreed = sum(1 for word in words if word in hint)
        initial = (
            bool(words_of(text).words) and agreed == 1 and hint[:1] in {w[0] for w in words_of(text).words}
        )
        best = max(best, 1.2 if agreed >= 2 else 0.7 if initial else 0.5 if agreed else 0.0)
    return best


def name_of(piece: Piece, confidence: float) -> Name:
    """A full name with its parts, prefix and suffix."""
    name = Name()
    prefix = _PREFIX.match(piece.text)
    begin = prefix.end() if prefix else 0
    end = len(piece.text)
    while suffix := _SUFFIX.search(piece.text, begin, end):
        name.suffix = piece.cut(suffix.start(), piece.text.__len__()).trim().fact(confidence)
        end = suffix.start()
    if prefix:
        name.prefix = piece.cut(0, begin).fact(confidence)
    core = piece.cut(begin, end).trim()
    if not core.text:
        return name
    cased = _cased(core.text)
    name.full = core.fact(confidence, cased)
    comma = core.text.find(",")
    words = list(re.finditer(r"[^\s,]+", core.text))
    if has_cjk(core.text) and len(words) != 2:
        return name
    if comma > 0 and len(words) >= 2:
        name.family = core.cut(0, comma).fact(confidence, cased[:comma].strip())
        name.given = core.cut(comma + 1, len(core.text)).fact(confidence, cased[comma + 1 :].strip())
        return name
    if len(words) < 2:
        return name
    split = _family_start([m.group() for m in words])
    if has_cjk(core.text):
        name.family, name.given = (
            core.cut(0, words[1].start()).fact(confidence),
            core.cut(words[1].start(), len(core.text)).fact(confidence),
        )
        return name
    cut = words[split].start()
    name.given = core.cut(0, cut).fact(confidence, cased[:cut].strip())
    name.family = core.cut(cut, len(core.text)).fact(confidence, cased[cut:].strip())
    return name


_PARTICLES = {
    "van",
    "von",
    "de",
    "da",
    "di",
    "del",
    "della",
    "der",
    "den",
    "la",
    "le",
    "dos",
    "das",
    "do",
    "du",
    "el",
    "al",
    "bin",
    "ibn",
    "ter",
    "ten",
    "af",
    "av",
    "zu",
    "آل",
    "بن",
    "عبد",
    "أبو",
    "ben",
    "bar",
    "mac",
    "st.",
}


def _family_start(words: list[str]) -> int:
    for i in range(1, len(words)):
        if words[i].lower() in _PARTICLES:
            return i
    return len(words) - 1


def _cased(text: str) -> str:
    """A name in capitals set as names are: Dale O'Neill, Oğuz Yıldırım; other mixed case stays."""
    if has_cjk(text) or len(text) < 4:
        return text
    if not text.isupper():
        words = text.split(" ")
        turkish = set(text) & set("ğşıİĞŞ")
        return " ".join(_lowered(w, bool(turkish)) if len(w) > 3 and w.isupper() else w for w in words)
    return _lowered(text, bool(set(text) & set("İĞŞ")))


def _lowered(text: str, turkish: bool) -> str:
    if turkish:
        text = re.sub(r"(?<=\w)[Iİ]", lambda m: "ı" if m.group() == "I" else "i", text)
    return re.sub(
        r"[^\W\d_]+",
        lambda m: m.group() if len(m.group()) == 1 else m.group()[0] + m.group()[1:].lower(),
        text,
    )
