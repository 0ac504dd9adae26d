"""The person's name: what is set largest near the top, or labelled, and reads like a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest

from pipeline.domain.profile import Name
from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import load, word_set
from pipeline.reading.lexicon.phrases import Phrases, phrases, words_of
from pipeline.reading.page.rows import Piece, Row, join
from pipeline.reading.values.degrees import degree_level
from pipeline.reading.values.name_likeness import CJK_SPACED, core_of, is_label, likeness_of, name_labels
from pipeline.reading.why import Decision, Option, Sum, listener

_INLINE_LABEL = re.compile(r"^\s*([^:：]{1,30}?)\s*(?:[:：]|\.{3,}|…+|_{3,})\s*[-–:]?\s*(?=\S)")
_NEXT_LABEL = re.compile(
    r"\s+[^\s:：]{2,12}\s?[:：]"
)  # "Name: Ada Byron Born: 1990": of the next field in the same line
_LEADING_REMARK = re.compile(r"^\s*[(（][^()（）]{1,8}[)）]\s*")  # "(한글) 탁현경"
_REMARK = re.compile(r"\s*[(\[（][^()]*[)\]）]?\s*$")  # "(Quantity Surveyor)" behind a name
_LONG_LABEL = 4  # letters of a label that may stand before a name without a colon
_CLEAR_NAME = 0.9  # likeness of two words or three that nothing speaks against
_LABEL_IS_WORTH = 4.0  # score of a name behind its label, more than any size
_LABELLED = 0.95  # confidence of a name that the document labels as one
_NO_NAME = -1.0  # likeness at which a text is none even where a label says so
# In Chinese, Japanese and Korean: by length, alone and with a space or a dot within; and what else is known of it.
_LETTERS_OF_HALF = 3  # of a family or a given name
# The look, in the same unit: size over the body's, places from the top, parts of a line, bold, two lines that are one.
_SIZE_IS_WORTH, _MOST_FOR_SIZE = 2.2, 2.5
_PLACE_FROM_TOP, _PART_OF_LINE, _MANY_PARTS, _BOLD, _TWO_LINES = 0.09, 0.35, 0.5, 0.25, 0.5
_FOOTER_COSTS, _FOOTER_PLACE = 0.6, 4  # a running header is seldom the name; it counts as so far from the top
_LEAST_TOP = 3  # lines of a top that tell by themselves how large the body is set
_LEAST_SCORE = 0.6  # of the best candidate: below it there is no name
_LEAST_CONFIDENCE, _MOST_CONFIDENCE, _SCORE_PER_CONFIDENCE = 0.5, 0.98, 8
# A given name above a family name: both larger than the body, as large as each other, close below each other.
_LARGER, _SIZE_DIFFERS, _LINES_APART = 1.3, 0.15, 1.2
_MOST_TOLD = 6  # candidates, of which a listener is told


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that may be the name, and how much it reads and looks like one."""

    piece: Piece
    weight: Sum

    @property
    def score(self) -> float:
        """What the parts of its weight add up to."""
        return self.weight.total


def read_name(
    pieces: Sequence[Piece], footers: Sequence[Piece], hints: Sequence[str], rest: Sequence[Piece] = ()
) -> Name:
    """The name among `pieces` (the top of the resume, in order), else among running headers and footers.

    `hints` are local parts of e-mail addresses and last parts of profile links. `rest` is what stands below: a top of
    few lines does not tell how large the body is set.
    """
    body = _typical_size(pieces if len(pieces) >= _LEAST_TOP else [*pieces, *rest])
    candidates = [c for i, piece in enumerate(pieces) for c in _candidates(piece, i, pieces, body, hints)]
    candidates += [
        Candidate(c.piece, c.weight.add("runs along the pages", -_FOOTER_COSTS))
        for p in footers
        for c in _candidates(p, _FOOTER_PLACE, [], body, hints)
    ]
    best = max(candidates, key=lambda c: c.score, default=None)
    named = best is not None and best.score > _LEAST_SCORE
    _tell_name(candidates, best if named else None)
    if best is None or not named:
        return Name()
    confidence = _LEAST_CONFIDENCE + best.score / _SCORE_PER_CONFIDENCE
    return name_of(best.piece, min(_MOST_CONFIDENCE, confidence))


def _tell_name(candidates: Sequence[Candidate], best: Candidate | None) -> None:
    """Tell a listener which texts may be the name, the likeliest first."""
    if (told := listener()) is None:
        return
    likely = sorted(candidates, key=lambda c: -c.score)[:_MOST_TOLD]
    options = tuple(Option(c.piece.text, c.piece.ids, c.score, c.weight.parts, c is best) for c in likely)
    result = best.piece.text if best else f"none scores above {_LEAST_SCORE}"
    told.append(Decision("name", result, best.piece.ids if best else (), options))


def labelled_name(rows: Sequence[Row], hints: Sequence[str]) -> Name | None:
    """The name that a form labels: whole, in parts, or below a row of labels ("Name | First name | Born")."""
    parts: dict[str, Piece] = {}
    for row, below in zip(rows, [*rows[1:], None], strict=False):
        for label, value in _labelled(row, below):
            if label not in parts and likeness_of(value.text, hints).total > _NO_NAME:
                parts[label] = value
    if "name" in parts and ("given" not in parts or parts["name"].words > 1):
        return name_of(parts["name"], _LABELLED)
    family = parts.get("family") or parts.get("name")
    if family is None or "given" not in parts:
        return None
    name = name_of(join([family, parts["given"]]), _LABELLED)
    name.family, name.given = family.fact(_LABELLED), parts["given"].fact(_LABELLED)
    return name


def _labelled(row: Row, below: Row | None) -> list[tuple[str, Piece]]:
    """What the labels of a row stand for: the text behind each, or in the same cell of the row below."""
    pieces = [piece for piece in row.pieces if any(char.isalpha() for char in piece.text)]
    labels = [_label_of(piece.text) for piece in pieces]
    if len(labels) > 1 and labels[0] and labels[1]:
        return _below(row, below)
    found = [
        (inline[0], _with_second_half(inline[1], after))
        for piece, after in zip_longest(pieces, pieces[1:])
        if (inline := _inline(piece)) is not None
    ]
    found += [
        (label, _with_second_half(_without_lead(piece), after))
        for label, own, piece, after in zip(labels, labels[1:], pieces[1:], [*pieces[2:], None], strict=False)
        if label and not own
    ]
    return [(label, value) for label, value in found if value.text]


def _with_second_half(name: Piece, after: Piece | None) -> Piece:
    """A Chinese or Japanese name with the part that wide spacing set apart: "荻窪" and "千遥"."""
    if after is None or not has_cjk(name.text) or not has_cjk(after.text):
        return name
    halves = [re.sub(r"\s", "", piece.text) for piece in (name, after)]
    short = len(halves[0]) < _LETTERS_OF_HALF and len(halves[1]) <= _LETTERS_OF_HALF
    return (
        join([name, after]) if short and _label_of(after.text) is None and not is_label(after.text) else name
    )


def _without_lead(value: Piece) -> Piece:
    """A name without the remark before it, in what script it is: "(한글) 탁현경"."""
    lead = _LEADING_REMARK.match(value.text)
    return (value.cut(lead.end(), len(value.text)) if lead else value).trim()


def _label_of(text: str) -> str | None:
    text = text.strip(" :：-–*.")
    return name_labels().label(re.sub(r"\s", "", text) if has_cjk(text) else text)  # "姓 名"


def _below(labels: Row, values: Row | None) -> list[tuple[str, Piece]]:
    """The cells below a row of labels, where there are as many."""
    if values is None or len(values.pieces) != len(labels.pieces):
        return []
    cells = zip(labels.pieces, values.pieces, strict=True)
    return [(label, value.trim()) for above, value in cells if (label := _label_of(above.text))]


def _inline(piece: Piece) -> tuple[str, Piece] | None:
    """The label before a colon, or before a name in the same line, and what stands behind it."""
    match = _INLINE_LABEL.match(piece.text)
    label = _label_of(match[1]) if match else None
    if match and label:
        value = piece.cut(match.end(), len(piece.text))
        following = _NEXT_LABEL.search(value.text)
        value = value.cut(0, following.start()) if following else value
        return label, _without_lead(value)
    begins = name_labels().starts(piece.text)
    if begins is None:
        return None
    end = words_of(piece.text).spans[begins[0] - 1][1]
    value = piece.cut(end, len(piece.text)).trim()
    sure = has_cjk(piece.text) or (end >= _LONG_LABEL and fold(piece.text[:end]) != "name")
    clear = CJK_SPACED if has_cjk(piece.text) else _CLEAR_NAME
    named = sure and piece.text[end : end + 1].isspace() and likeness_of(value.text, ()).total >= clear
    return (begins[1], value) if named else None


def _typical_size(pieces: Sequence[Piece]) -> float:
    sizes = sorted(piece.size for piece in pieces for _ in range(min(len(piece.text), 80)))
    return sizes[len(sizes) // 2] if sizes else 10.0


def _candidates(
    piece: Piece, index: int, pieces: Sequence[Piece], body: float, hints: Sequence[str]
) -> list[Candidate]:
    piece = _without_document(piece)
    inline = _inline(piece)
    if inline is not None and inline[0] == "name":
        named = _parts(inline[1])[0]
        likeness = likeness_of(named.text, hints)
        if likeness.total <= _NO_NAME:
            return []
        return [Candidate(named, Sum().add("behind its label", _LABEL_IS_WORTH).plus(likeness))]
    found = []
    parts = _parts(piece)
    if len(parts) == 1 and (bare := _without_credentials(piece)) is not None:
        parts = [bare]
    for n, part in enumerate(parts):
        likeness = likeness_of(part.text, hints)
        if likeness.total < 0:
            continue
        score = likeness.plus(_looks(part, body, index)).add("a later part of its line", -_PART_OF_LINE * n)
        score.add("bold", _BOLD if part.bold else 0)
        found.append(Candidate(part, score.add("many parts", -_MANY_PARTS if len(parts) > 2 else 0.0)))
    if index + 1 < len(pieces) and _is_split_name(piece, pieces[index + 1], body):
        both = join([piece, pieces[index + 1]])
        likeness = likeness_of(both.text, hints)
        if likeness.total >= 0:
            score = likeness.add("two lines that are one", _TWO_LINES).plus(_looks(both, body, index))
            found.append(Candidate(both, score))
    return found


def _looks(piece: Piece, body: float, index: int) -> Sum:
    """What the size of a text and its place from the top say for its being the name."""
    size = min(_MOST_FOR_SIZE, _SIZE_IS_WORTH * (piece.size / body - 1))
    return Sum().add("size", size).add("lines above it", -_PLACE_FROM_TOP * index)


def _without_document(piece: Piece) -> Piece:
    """A text without what the document is before it: "Curriculum vitae of Ada Byron"."""
    begins = _documents().starts(piece.text)
    spans = words_of(piece.text).spans
    if begins is None or begins[0] >= len(spans):
        return piece
    rest = piece.cut(spans[begins[0] - 1][1], len(piece.text)).trim()
    first, _, behind = rest.text.partition(" ")
    leads = fold(first) in word_set("names", "of_whom") and bool(behind)
    return rest.cut(len(first), len(rest.text)) if leads else rest


@cache
def _documents() -> Phrases:
    return phrases(load("furniture")["documents"])


def _parts(piece: Piece) -> list[Piece]:
    return [
        p
        for part in piece.split(
            re.compile(r"\s*[|•·●/\\]\s*|\s+[–—-]+\s+|\t|\s{3,}|,\s+(?=[^\W\d_]{4,}\s[^\W\d_]+)")
        )
        if (p := part.trim()).text
    ] or [piece]


def _without_credentials(piece: Piece) -> Piece | None:
    """A name without the remark or the degrees behind it: "J. Sugirtha, B.Sc (Dialysis)., C.H.T."; None without any."""
    remark = _REMARK.search(piece.text)
    comma = piece.text.find(",")
    if comma > 0 and degree_level(piece.text[comma:]) is not None:
        return piece.cut(0, comma)
    return piece.cut(0, remark.start()) if remark is not None and remark.start() > 0 else None


def _is_split_name(first: Piece, second: Piece, body: float) -> bool:
    """A given name above a family name, both large."""
    return (
        first.page == second.page
        and first.size > _LARGER * body
        and abs(first.size - second.size) < _SIZE_DIFFERS * first.size
        and len(first.text.split()) <= 2
        and len(second.text.split()) <= 2
        and abs(second.top - first.bottom) < _LINES_APART * (first.bottom - first.top)
    )


def name_of(piece: Piece, confidence: float) -> Name:
    """A full name with its parts, prefix and suffix."""
    name = Name()
    begin, end = core_of(piece.text)
    if end < len(piece.text):
        name.suffix = piece.cut(end, len(piece.text)).trim().fact(confidence)
    if begin:
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


def _family_start(words: list[str]) -> int:
    for i in range(1, len(words)):
        if fold(words[i]) in word_set("names", "particles"):
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
