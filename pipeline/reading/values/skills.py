"""Skills: from lists, categories and columns; never from sentences."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from functools import cache

from pipeline.domain.profile import Skill
from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import languages, load, skill_key, skills
from pipeline.reading.lexicon.patterns import one_of
from pipeline.reading.lexicon.phrases import Phrases, phrases, words_of
from pipeline.reading.page.rows import Piece, Row, join, repeated_glyph
from pipeline.reading.values.dates import find_dates

_SEPARATOR = re.compile(r"\s*[•·●▪■|‖∙;；│┃◦○]\s*|\s*[,，、،](?!\d)\s*|\s{3,}|\s+[–—]\s+|\s/\s|\n")
_LISTED = re.compile(r"[•·●▪|‖∙;；│┃◦○,，、،]")
_BREAK = re.compile(r"\s*[•·●▪■|‖∙◦○│┃]\s*")
_CATEGORY = re.compile(r"^\s*([^:：,]{2,45}?)\s*(?:[:：]\s+|：|:(?=[^,]{2,40},))")
_BARE_CATEGORY = re.compile(r"^\s*[^:：]{2,60}[:：]\s*$")
_LEADING_SEPARATOR = re.compile(r"^\s*[•·●▪|]\s")
_YEARS_IN = re.compile(r"[(（]([^()（）]{1,40})[)）]")
_ONLY_RATING = re.compile(r"^[\W\d_]*%?$|^\d{1,3}\s?%$|^\d{1,2}\s?/\s?\d{1,2}$")
_SENTENCE = re.compile(r"\.\s+[A-ZÀ-ÞА-Я]|\.\s*$")
_LISTED_SURE = 0.9  # confidence of an item of a section of skills

_SAME_CELL = 0.01  # of the page's width, between the left edges of a cell and what goes on below it
_LEAST_TITLES = 2  # rows in bold above lists: one may be the best skill
_CATEGORY_WORDS = 4  # a longer first cell is an item, not the name of a list

_LINE_GAP = 1.0  # heights of a line: what stands further below is a new item
_SIZE_APART = 0.8  # points: another size is another kind of text
_OUTDENT = 0.02  # of the page's width: what begins so far left of the line above does not go on with it
_ROOM = 0.005  # of the page's width, for what the average width of a letter misses
_SHORT_REST = 20  # characters: a last line as short as this is the end of the list above
_ENDS_OPEN = (",", "，", "、", "/", "&", "|", "•", "·", "-", ";")

_SPACED_ITEMS = (3, 20)  # words of a row that only spaces part: fewer prove nothing, more are text
_LONGEST_SPACED = 3  # words of one skill in such a row
_KNOWN_OF_SPACED = 0.6  # the share of such a row that the lexicon knows
_LEAST_OF_ROW = 3  # known skills in a row of nothing else

_LONGEST_CJK = 60  # signs without a separator: more is a sentence
_LONGEST_ITEM_WORDS = 8  # words without a separator
_VERB_FROM = 6  # words: a shorter text with a verb ("Using Excel") may be an item
_WORDS_A_SEPARATOR = (
    4  # a text with a verb has fewer separators than one in four words: a sentence with commas
)
_ITEM_WORDS = 6.5  # words an item on average: more are clauses

_LONGEST_SKILL, _MOST_SKILL_WORDS = 60, 7
_SENTENCE_WORDS = 3  # more, with a full stop behind, are a sentence
_SHORT_KEY = 2  # letters: a listed skill as short as "Go" counts in prose only as it was printed
_SHORT_WORD = 5  # letters: one known word up to this length may be another word in prose


def read_skills(rows: Sequence[Row]) -> list[Skill]:
    """Skills of a section, in order, each once."""
    found: dict[str, Skill] = {}
    for piece in _items(rows):
        for part in split_list(piece):
            part = clean_skill(part)
            key = skill_key(part.text)
            if key and is_skill(part.text):
                found.setdefault(key, Skill(raw=part.fact(_LISTED_SURE), canonical=canonical(part.text)))
    return list(found.values())


def canonical(text: str) -> str | None:
    """The one name of the skill that all of `text` names, None for an unknown one."""
    return skills().canonical.get(skill_key(text))


def _items(rows: Sequence[Row]) -> list[Piece]:
    """The section's texts, with lists that run over a line's end put together again."""
    glyph = repeated_glyph(list(rows))
    items: list[Piece] = []
    right = max((row.right for row in rows), default=1.0)
    before: tuple[Piece, ...] = ()
    titles = _titles_of_lists(rows)
    for row in rows:
        if row in titles:
            continue
        for piece in _listed_in(row, glyph):
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


def _listed_in(row: Row, glyph: str | None) -> list[Piece]:
    """A row's texts without the name of their list, a repeated glyph before them, and ratings."""
    pieces = row.pieces[1:] if _is_category_cell(row) else row.pieces
    bare = [
        piece.cut(2, len(piece.text)) if glyph and piece.text.startswith(glyph + " ") else piece
        for piece in pieces
    ]
    return [piece for piece in bare if not _ONLY_RATING.match(piece.text)]


def _titles_of_lists(rows: Sequence[Row]) -> list[Row]:
    """The rows in bold that each stand above a list which is not, where there are several: "Programming", "Editors"."""
    found = [
        row
        for row, below in itertools.pairwise(rows)
        if len(row.pieces) == 1 and row.first.bold and not below.first.bold and _names_a_list(row.first)
    ]
    listed = [row for row in rows if not row.first.bold]
    return found if len(found) >= _LEAST_TITLES and len(listed) >= len(found) else []


def _names_a_list(piece: Piece) -> bool:
    return piece.words <= _CATEGORY_WORDS and not piece.bulleted and not _SEPARATOR.search(piece.text)


def _cell_above(row: tuple[Piece, ...], piece: Piece) -> Piece | None:
    """The cell of the row above that goes on in a small letter below it: "Stock" / "management"."""
    if len(row) < 2 or not piece.text[:1].islower():
        return None
    cell = next((cell for cell in row if abs(cell.left - piece.left) < _SAME_CELL), None)
    return None if cell is None or _both_whole(cell, piece) else cell


def _is_category_cell(row: Row) -> bool:
    """Whether a row's first cell names the list in its second: "Back-end | Django, Flask"."""
    if len(row.pieces) != 2 or row.pieces[0].bulleted:
        return False
    first, second = (len(_SEPARATOR.findall(piece.text)) for piece in row.pieces)
    return first == 0 and second >= 1 and row.pieces[0].words <= _CATEGORY_WORDS


def _runs_on(above: Piece, below: Piece, right: float) -> bool:
    """Whether a line goes on with the list item that the line above did not finish."""
    if not _same_block(above, below) or _begins_anew(above, below):
        return False
    if _LEADING_SEPARATOR.match(below.text) and _BREAK.search(above.text.strip(" •·●▪|")):
        return True  # "Cerner • SystmOne" / "• Epic": the separator moved to the next line
    if below.bulleted or below.left < above.left - _OUTDENT:
        return False
    if above.text.rstrip().endswith(_ENDS_OPEN):
        return True
    separated = len(_LISTED.findall(above.text))
    if separated == 0 or _fits(above, below, right):
        return False  # one item a line, or a line that was broken on purpose
    small_or_short = below.text[:1].islower() or len(below.text) < _SHORT_REST
    return separated >= 2 or small_or_short or bool(_LISTED.search(below.text))


def _same_block(above: Piece, below: Piece) -> bool:
    """Whether two lines stand close and are set alike; the second may be the plain rest of a bold first."""
    if above.page != below.page or below.top - above.bottom > _LINE_GAP * (below.bottom - below.top):
        return False
    return abs(above.size - below.size) <= _SIZE_APART and (above.bold or not below.bold)


def _begins_anew(above: Piece, below: Piece) -> bool:
    """Whether the words say that a line goes on with nothing: a category, or whole skills on both sides."""
    if _CATEGORY.match(below.text) or _BARE_CATEGORY.match(below.text):
        return True
    return above.text.rstrip().endswith((":", "：")) or _both_whole(above, below)


def _both_whole(above: Piece, below: Piece) -> bool:
    """Whether the items at a line's end and at the next one's begin are skills of their own."""
    last, first = split_list(above)[-1:], split_list(below)[:1]
    return all(part and canonical(part[0].text) for part in (last, first))


def _fits(above: Piece, below: Piece, right: float) -> bool:
    """Whether the first word of the line below had room at the end of the line above."""
    width = (above.right - above.left) / max(len(above.text), 1)
    first = below.text.split(maxsplit=1)[0] if below.text else ""
    return above.right + (len(first) + 2) * width < right - _ROOM


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
    """The items of a row that parts them with nothing but spaces, where most are known skills and the others are single
    words set as names."""
    words = [match.span() for match in re.finditer(r"\S+", piece.text)]
    fewest, most = _SPACED_ITEMS
    if not fewest <= len(words) <= most or canonical(piece.text) or re.search(r"[()（）,]", piece.text):
        return [piece]
    items: list[Piece] = []
    i = known = 0
    while i < len(words):
        ends = (j for j in range(min(len(words), i + _LONGEST_SPACED), i, -1))
        item = next((c for j in ends if canonical((c := piece.cut(words[i][0], words[j - 1][1])).text)), None)
        known += item is not None
        if item is None:
            item = piece.cut(*words[i])
            if not item.text[:1].isupper():
                return [piece]
        items.append(item)
        i += len(item.text.split())
    return items if len(items) >= fewest and known >= _KNOWN_OF_SPACED * len(items) else [piece]


def lists_known_skills(text: str) -> bool:
    """Whether a text is a row of known skills and hardly anything else: "Ruby AWS Grape API JQuery MongoDB"."""
    words = words_of(text).words
    found = _every_skill().find(text)
    covered = sum(end - begin for begin, end, _ in found)
    return len(found) >= _LEAST_OF_ROW and covered >= _KNOWN_OF_SPACED * len(words)


@cache
def _every_skill() -> Phrases:
    """All spellings of the lexicon's skills."""
    return Phrases(
        {form: name for name, forms in load("skills")["canonical"].items() for form in (name, *forms)}
    )


def _is_sentence(text: str) -> bool:
    """Whether a text tells something instead of listing: long between its separators, or with a verb."""
    words = words_of(text).words
    separators = len(_SEPARATOR.findall(text))
    if has_cjk(text):
        return "。" in text or (len(text) > _LONGEST_CJK and not separators)
    if len(words) > _LONGEST_ITEM_WORDS and not separators:
        return True
    few = separators < len(words) / _WORDS_A_SEPARATOR
    if len(words) > _VERB_FROM and few and _verbs().find(text):
        return True
    return len(words) / (separators + 1) > _ITEM_WORDS


@cache
def _level() -> re.Pattern[str]:
    """How a level ends an item, folded: in brackets, as a share or stars, or in years."""
    years = one_of("skills", "words", "years")
    return re.compile(
        r"\s*[(（\[][^()（）\[\]]{1,40}[)）\]]\s*$|\s*[-–—:]?\s*(?:\d{1,3}\s?%|\d{1,2}\s?/\s?(?:5|10))\s*$"
        rf"|\s*[★☆●○◐■□▪▫⬤◯✩✭*]{{2,}}\s*$|\s*[-–—]?\s*\(?\d{{1,2}}\+?\s*{years}\b.*$"
    )


@cache
def _verbs() -> Phrases:
    return phrases(load("skills")["words"]["verbs"])


def clean_skill(piece: Piece) -> Piece:
    """Without its level, rating, years and lead-in."""
    piece = piece.trim()
    for _ in range(2):
        level = _level().search(fold(piece.text))
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
    """Whether an item of a list can be a skill: no rating, level, heading, range of dates, sentence or test."""
    words = words_of(text).words
    if not words or _ONLY_RATING.match(text):
        return False
    if len(text) > _LONGEST_SKILL or len(words) > _MOST_SKILL_WORDS:
        return False
    if any(not found.single for found in find_dates(text)):
        return False
    if skills().not_skills.label(text) is not None or skills().levels.label(text) is not None:
        return False
    if len(text) == 1 and text not in skills().exact:
        return False
    return not (
        text.endswith((".", "!", "?")) and len(words) > _SENTENCE_WORDS
    ) and not languages().tests.label(text)


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
            if len(key) > _SHORT_KEY or text[start : start + len(name)] == name:
                found.setdefault(name)
        for name in _lexicon_skills(text):
            found.setdefault(name)
        return list(found)


@cache
def _in_prose() -> Phrases:
    """The lexicon's skills in those spellings that are no common words."""
    data = load("skills")
    never, never_forms = set(data["prose"]["never"]), set(data["prose"]["never_forms"])
    return Phrases(
        {
            form: name
            for name, forms in data["canonical"].items()
            if name not in never
            for form in (name, *forms)
            if form not in never_forms
        }
    )


def _lexicon_skills(text: str) -> list[str]:
    words = words_of(text)
    names = []
    for begin, end, name in _in_prose().find(text):
        start, stop = words.spans[begin][0], words.spans[end - 1][1]
        if _is_meant(text[start:stop], name, end - begin, text[stop : stop + 1]):
            names.append(name)
    return names


def _is_meant(printed: str, name: str, words: int, behind: str) -> bool:
    """Whether a skill found in prose is no other word: an exact one as printed, a name with its capital."""
    exact = skills().exact
    if name in exact or (words == 1 and len(printed) <= _SHORT_WORD):
        return printed in exact and (len(printed) > 1 or behind in ("", ",", ";", ")"))
    return printed[0].isupper() or not name[0].isupper() or words > 1
