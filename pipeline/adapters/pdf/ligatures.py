"""Ligatures that a font gives no meaning: "�nancial" is "financial". Pure functions, standard library only.

What a glyph without a meaning stands for is told by the rest of its word: by a word of the same document, or
by a stem that only one ligature completes. Where neither tells, U+FFFD stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.adapters.pdf.clean import UNKNOWN

_LIGATURES = ("fi", "fl", "ff", "ffi", "ffl")
# Beginnings of words, and from five letters on parts of words, in English and its neighbours.
_SPELLED = """
    financ final find fine fini firm first fiscal fit fix field file filing film filter finger fire fifth fifteen
    fifty five figure fiber fibre fiction fidel fiduci benefi profici profit profil defin defici certifi certific
    qualifi qualific identifi identific verifi verific specifi specific modifi modific notifi notific simplifi
    classifi classific amplifi clarifi diversifi exemplifi gratifi justifi magnifi unifi unific quantifi rectifi
    ratifi satisfi signific scientific artific superfici magnific terrific pacific prolific electrifi fortifi
    intensifi configur confid confirm confine infinit refin definit wi-fi hi-fi briefing proofing surfing
    zertifi qualifik identifik grafi finanz firma fichier filial oficin eficien edific bénéfi spécifi défini
    confian fidéli gráfic físic físico workflow flow overflow airflow tensorflow cashflow fluen fluid flexib
    flexi fleet flight flask flat float flood floor floral flour flower fluct flag flame flash flaw flair flutter
    flux flip flick flies flying conflict reflect inflat deflat inflect inflam cloudflare snowflak flake leaflet
    afflict briefly butterfl influ fließ flüss flexion flott flughaf flujo réflex réfléch fleur differ diffus
    effect effort offer afford affair affect staff buffer suffer stuff coffee tariff cutoff layoff tradeoff
    takeoff payoff playoff kickoff handoff signoff spinoff scaff cliff sheriff bluff stiff eff diff treff beschaff
    öffent stoff chauff différ offr souffr chiffr offert effett office officer offic difficult diffic traffic
    efficien efficac coefficien suffici affili affin affirm affidavit suffix affix graffiti muffin staffing
    offizi uffici difficile offici affich offline offload affluen effluen waffle raffle shuffle baffl ruffle
    sniffl muffler scuffl souffl fiat
"""
_STEMS = tuple(_SPELLED.split())
_WORD = re.compile(r"[^\W\d_]{3,}")
_LETTERS = re.compile(rf"[^\W\d_]{UNKNOWN}|{UNKNOWN}[^\W\d_]")


def needs_repair(text: str) -> bool:
    """Whether a glyph without a meaning stands beside a letter."""
    return UNKNOWN in text and _LETTERS.search(text) is not None


def words_in(texts: Iterable[str]) -> frozenset[str]:
    """The document's words that are whole, in small letters: evidence for those that are not."""
    return frozenset(word.casefold() for text in texts if UNKNOWN not in text for word in _WORD.findall(text))


def repaired(text: str, known: frozenset[str]) -> str:
    """The word with its ligatures, each where it is certain."""
    for _ in range(text.count(UNKNOWN)):
        place = _next_place(text)
        ligature = _ligature(text, place, known) if place is not None else None
        if place is None or ligature is None:
            break
        text = text[:place] + ligature + text[place + 1 :]
    return text


def _next_place(text: str) -> int | None:
    match = _LETTERS.search(text)
    return None if match is None else text.index(UNKNOWN, match.start())


def _ligature(text: str, place: int, known: frozenset[str]) -> str | None:
    scores: dict[str, int] = {}
    for ligature in _LIGATURES:
        whole = text[:place] + ligature + text[place + 1 :]
        start, end = place, place + len(ligature)
        if any(word.casefold() in known for word in _words_over(whole, start, end)):
            scores[ligature] = 100
        else:
            scores[ligature] = _longest_stem(f" {whole.casefold()} ", ligature, start + 1)
    best = max(scores.values())
    winners = [ligature for ligature, score in scores.items() if score == best]
    return winners[0] if best > 0 and len(winners) == 1 else None


def _words_over(text: str, start: int, end: int) -> list[str]:
    return [match.group() for match in _WORD.finditer(text) if match.start() <= start and end <= match.end()]


def _longest_stem(text: str, ligature: str, place: int) -> int:
    """The length of the longest stem that has this ligature at this place of the text; 0 without one."""
    best = 0
    for stem in _STEMS:
        if len(stem) <= best:
            continue
        at = stem.find(ligature)
        while at >= 0:
            if text.startswith(stem, place - at) and _is_placed(text, stem, place - at):
                best = len(stem)
            at = stem.find(ligature, at + 1)
    return best


def _is_placed(text: str, stem: str, start: int) -> bool:
    """Whether a short stem is the beginning of a word; a long one may stand within it."""
    return len(stem) >= 5 or not text[start - 1].isalpha()
