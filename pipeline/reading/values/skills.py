"""Skills: from lists, categories and columns; never from sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.domain.profile import Skill
from pipeline.reading.lexicon.fold import has_cjk
from pipeline.reading.lexicon.load import languages, skill_key, skills
from pipeline.reading.lexicon.phrases import Phrases, words_of
from pipeline.reading.page.rows import Piece, Row, join, repeated_glyph
from pipeline.reading.values.dates import find_dates

_SEPARATOR = re.compile(r"\s*[•·●▪■|‖∙;；│┃◦○]\s*|\s*[,，、،](?!\d)\s*|\s{3,}|\s+[–—]\s+|\s/\s|\n")
_LISTED = re.compile(r"[•·●▪|‖∙;；│┃◦○,，、،]")
_BREAK = re.compile(r"\s*[•·●▪■|‖∙◦○│┃]\s*")
_CATEGORY = re.compile(r"^\s*([^:：,]{2,45}?)\s*(?:[:：]\s+|：|:(?=[^,]{2,40},))")
_BARE_CATEGORY = re.compile(r"^\s*[^:：]{2,60}[:：]\s*$")
_LEVEL = re.compile(
    r"\s*[(（\[][^()（）\[\]]{1,40}[)）\]]\s*$|\s*[-–—:]?\s*(?:\d{1,3}\s?%|\d{1,2}\s?/\s?(?:5|10))\s*$|\s*[★☆●○◐■□▪▫⬤◯✩✭*]{2,}\s*$|\s*[-–—]?\s*\(?\d{1,2}\+?\s*(?:years?|yrs?|jahre|ans|años|anos|anni|lat|лет|года?|yıl|年)\b.*$",
    re.I,
)
_YEARS_IN = re.compile(r"[(（]([^()（）]{1,40})[)）]")
_ONLY_RATING = re.compile(r"^[\W\d_]*%?$|^\d{1,3}\s?%$|^\d{1,2}\s?/\s?\d{1,2}$")
_SENTENCE = re.compile(r"\.\s+[A-ZÀ-ÞА-Я]|\.\s*$")
_VERB = {
    "is",
    "are",
    "was",
    "were",
    "have",
    "has",
    "had",
    "able",
    "ability",
    "will",
    "can",
    "that",
    "which",
    "who",
    "my",
    "i",
    "their",
    "his",
    "her",
    "ich",
    "habe",
    "bin",
    "je",
    "j'ai",
    "suis",
    "tengo",
    "soy",
    "sono",
    "ho",
    "tenho",
    "sou",
    "jestem",
    "mam",
    "jag",
    "har",
    "я",
    "мой",
    "имею",
    "это",
    "that's",
    "worked",
    "used",
    "using",
}


def read_skills(rows: Sequence[Row]) -> list[Skill]:
    """Skills of a section, in order, each once."""
    found: dict[str, Skill] = {}
    for piece in _items(rows):
        for part in split_list(piece):
            part = clean_skill(part)
            key = skill_key(part.text)
            if key and is_skill(part.text):
                found.setdefault(key, Skill(raw=part.fact(0.9), canonical=canonical(part.text)))
    return list(found.values())


def canonical(text: str) -> str | None:
    return skills().canonical.get(skill_key(text))


def _items(rows: Sequence[Row]) -> list[Piece]:
    """The section's texts, with lists that run over a line's end put together again."""
    glyph = repeated_glyph(list(rows))
    items: list[Piece] = []
    right = max((row.right for row in rows), default=1.0)
    before: tuple[Piece, ...] = ()
    for row in rows:
        pieces = row.pieces[1:] if _is_category_cell(row) else row.pieces
        for piece in pieces:
            if glyph and piece.text.startswith(glyph + " "):
                piece = piece.cut(2, len(piece.text))
            if _ONLY_RATING.match(piece.text):
                continue
            if (cell := _cell_above(before, piece)) is not None:
                at = items.index(cell)
                items[at] = join([cell, piece])
                continue
            above = items[-1] if items else None
            if above is not None and len(row.pieces) == 1 and _runs_on(above, piece, right):
                items[-1] = join([above, piece])
            else:
                items.append(piece)
        before = tuple(piece for piece in row.pieces if piece in items)
    return items


def _cell_above(row: tuple[Piece, ...], piece: Piece) -> Piece | None:
    """The cell of the row above that goes on in a small letter below it: "Stock" / "management"."""
    if len(row) < 2 or not piece.text[:1].islower():
        return None
    cell = next((cell for cell in row if abs(cell.left - piece.left) < 0.01), None)
    return None if cell is None or _both_whole(cell, piece) else cell


def _is_category_cell(row: Row) -> bool:
    """Whether a row's first cell names the list in its second: "Back-end | Django, Flask"."""
    if len(row.pieces) != 2 or row.pieces[0].bulleted:
        return False
    first, second = (len(_SEPARATOR.findall(piece.text)) for piece in row.pieces)
    return first == 0 and second >= 1 and row.pieces[0].words <= 4


def _runs_on(above: Piece, below: Piece, right: float) -> bool:
    """Whether a line goes on with the list item that the line above did not finish."""
    if above.page != below.page or below.top - above.bottom > 1.0 * (below.bottom - below.top):
        return False
    if abs(above.size - below.size) > 0.8 or (below.bold and not above.bold) or _CATEGORY.match(below.text):
        return False
    if (
        _BARE_CATEGORY.match(below.text)
        or above.text.rstrip().endswith((":", "："))
        or _both_whole(above, below)
    ):
        return False
    if re.match(r"^\s*[•·●▪|]\s", below.text) and _BREAK.search(above.text.strip(" •·●▪|")):
        return True  # "Cerner • SystmOne" / "• Epic": the separator moved to the next line
    if below.bulleted or (below.left < above.left - 0.02):
        return False
    if above.text.rstrip().endswith((",", "，", "、", "/", "&", "|", "•", "·", "-", ";")):
        return True
    separated = len(_LISTED.findall(above.text))
    if separated == 0 or _fits(above, below, right):
        return False  # one item a line, or a line that was broken on purpose
    return (
        below.text[:1].islower() or separated >= 2 or bool(_LISTED.search(below.text)) or len(below.text) < 20
    )


def _both_whole(above: Piece, below: Piece) -> bool:
    """Whether the items at a line's end and at the next one's begin are skills of their own."""
    last, first = split_list(above)[-1:], split_list(below)[:1]
    return all(part and canonical(part[0].text) for part in (last, first))


def _fits(above: Piece, below: Piece, right: float) -> bool:
    """Whether the first word of the line below had room at the end of the line above."""
    width = (above.right - above.left) / max(len(above.text), 1)
    first = below.text.split(maxsplit=1)[0] if below.text else ""
    return above.right + (len(first) + 2) * width < right - 0.005


def split_list(piece: Piece) -> list[Piece]:
    """The items of a list, commas in brackets left alone, categories and lead-ins ("Proficient in") dropped."""
    piece = piece.unbulleted()
    category = _CATEGORY.match(piece.text)
    if category and (len(piece.text) > category.end()):
        inner = piece.cut(category.end(), len(piece.text))
        head = piece.cut(0, category.end()).trim()
        if skills().levels.label(inner.text.strip(" .")) is not None or _ONLY_RATING.match(inner.text):
            return [head]
        return split_list(inner)
    if _BARE_CATEGORY.match(piece.text):
        return []
    if _is_sentence(piece.text):
        return []
    masked = re.sub(r"[(（][^()（）]{0,200}[)）]", lambda m: "x" * len(m.group()), piece.text)
    parts, position = [], 0
    for match in _SEPARATOR.finditer(masked):
        parts.append(piece.cut(position, match.start()))
        position = match.end()
    parts.append(piece.cut(position, len(piece.text)))
    return [item for part in parts if part.text for item in _spaced(part)]


def _spaced(piece: Piece) -> list[Piece]:
    """The items of a row that parts them with nothing but spaces, where every one is a known skill."""
    words = [match.span() for match in re.finditer(r"\S+", piece.text)]
    if not 3 <= len(words) <= 20 or canonical(piece.text) or re.search(r"[()（）,]", piece.text):
        return [piece]
    items: list[Piece] = []
    i = 0
    while i < len(words):
        ends = (j for j in range(min(len(words), i + 3), i, -1))
        item = next((c for j in ends if canonical((c := piece.cut(words[i][0], words[j - 1][1])).text)), None)
        if item is None:
            return [piece]
        items.append(item)
        i += len(item.text.split())
    return items if len(items) >= 3 else [piece]


def _is_sentence(text: str) -> bool:
    words = words_of(text).words
    if has_cjk(text):
        return "。" in text or (len(text) > 60 and not _SEPARATOR.search(text))
    if len(words) > 8 and not _SEPARATOR.search(text):
        return True
    separators = len(_SEPARATOR.findall(text))
    verbs = sum(1 for word in words if word in _VERB)
    return (len(words) > 6 and (verbs >= 1 and separators < len(words) / 4)) or (
        len(words) / (separators + 1) > 6.5
    )


def clean_skill(piece: Piece) -> Piece:
    """Without its level, rating, years and lead-in."""
    piece = piece.trim()
    for _ in range(2):
        level = _LEVEL.search(piece.text)
        if not level or level.start() == 0:
            break
        inner = _YEARS_IN.search(level.group())
        known = (
            inner is not None
            and not skills().levels.find(inner[1])
            and not any(c.isdigit() for c in inner[1])
        )
        if known:
            break  # "JavaScript (React)" is one skill as printed
        piece = piece.cut(0, level.start()).trim()
    lead = skills().lead_ins.starts(piece.text)
    if lead and lead[0] < len(words_of(piece.text).words):
        piece = piece.cut(words_of(piece.text).spans[lead[0]][0], len(piece.text))
    tail = re.search(r"\s*[-–—:]\s*([^-–—:]{2,30})$", piece.text)
    if tail and skills().levels.label(tail[1]) is not None:
        piece = piece.cut(0, tail.start())
    return (
        piece.cut(0, len(piece.text.rstrip(".")))
        if piece.text.endswith(".") and not piece.text.endswith("..")
        else piece
    )


def is_skill(text: str) -> bool:
    words = words_of(text).words
    if not words or _ONLY_RATING.match(text) or len(text) > 60 or len(words) > 7:
        return False
    if any(not found.single for found in find_dates(text)):
        return False
    if skills().not_skills.label(text) is not None or skills().levels.label(text) is not None:
        return False
    if len(text) == 1 and text not in ("R", "C"):
        return False
    return not (text.endswith((".", "!", "?")) and len(words) > 3) and not languages().tests.label(text)


class SkillFinder:
    """Finds known skills named in prose: those that the resume lists, and unmistakable ones of the lexicon."""

    def __init__(self, listed: Sequence[Skill]) -> None:
        self._names = {skill_key(s.raw.value): s.canonical or s.raw.value for s in listed}
        self._phrases = Phrases(
            {s.raw.value: skill_key(s.raw.value) for s in listed if words_of(s.raw.value).words}
        )

    def find(self, text: str) -> list[str]:
        """Names (canonical where there is one), in order, each once."""
        words = words_of(text)
        found: dict[str, None] = {}
        for begin, _, key in self._phrases.find(text):
            start, _end = words.spans[begin]
            name = self._names[key]
            if len(key) > 2 or text[start : start + len(name)] == name:
                found.setdefault(name)
        for name in _lexicon_skills(text):
            found.setdefault(name)
        return list(found)


_LEXICON: list[Phrases] = []


def _lexicon_skills(text: str) -> list[str]:
    if not _LEXICON:
        forms = dict(_spellings())
        _LEXICON.append(Phrases(forms))
    words = words_of(text)
    exact = skills().exact
    names = []
    for begin, end, name in _LEXICON[0].find(text):
        printed = text[words.spans[begin][0] : words.spans[end - 1][1]]
        if name in exact or (end - begin == 1 and len(printed) <= 5):
            if printed in exact and (
                len(printed) > 1 or text[words.spans[end - 1][1] :][:1] in ("", ",", ";", ")")
            ):
                names.append(name)
        elif printed[0].isupper() or not name[0].isupper() or end - begin > 1:
            names.append(name)
    return names


def _spellings() -> list[tuple[str, str]]:
    from pipeline.reading.lexicon.load import load

    table = load("skills")["canonical"]
    soft = {
        "Training",
        "Sales",
        "Communication",
        "Leadership",
        "Statistics",
        "Office",
        "Teamwork",
        "Make",
        "Access",
        "Windows",
        "Photography",
    }
    return [
        (form, name)
        for name, forms in table.items()
        for form in (name, *forms)
        if name not in soft
        and form
        not in (
            "office",
            "ps",
            "ml",
            "node",
            "word",
            "access",
            "sketch",
            "ui",
            "ux",
            "ts",
            "express",
            "spring",
            "rest",
            "oracle",
            "unity",
            "sage",
            "slack",
            "premiere",
        )
    ]
