"""Education: institution, degree, field, dates and grade of each entry."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from pipeline.domain.profile import Degree, Education, Text
from pipeline.reading.entries.slots import Reading, as_institution, as_place, fragments_of, read_slots
from pipeline.reading.entries.starts import EntryRows, split_entries, strip_dates
from pipeline.reading.entries.work import date_facts, labelled
from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.load import degrees
from pipeline.reading.lexicon.phrases import words_of
from pipeline.reading.page.rows import Piece, Row
from pipeline.reading.values.classify import degree_level, degree_score, institution_score, shape_score
from pipeline.reading.values.dates import mentions_expected
from pipeline.reading.values.places import place_score

_GRADE_NUMBER = re.compile(
    r"\d{1,3}(?:[.,]\d{1,3})?\s*(?:/|out of|von|sur|su|de|из)\s*\d{1,3}(?:[.,]\d+)?|"
    r"\d{1,2}[.,]\d{1,3}|\d{2,3}(?:[.,]\d+)?\s?%|(?<![\w])[A-F][+-]?(?![\w])|\d{1,3}"
)
_GRADE_TAIL = re.compile(r"\d[.,]\d{1,3}(?:\s*/\s*\d{1,2}(?:[.,]\d+)?)?\s+(?:c?gpa|cpi)\b", re.I)
_FIELD_OF = re.compile(
    r"^\s*(?:degree|studies|studiengang|examen)?\s*(?:\b(?:in|im|en|em|of|i|w zakresie|w|"
    r"inom|op het gebied van|по специальности|по направлению|по|في|ב)\s+|"
    r"[:\-–,(]\s*)(?:the\s+)?",
    re.I,
)
_LABEL = re.compile(r"^\s*([^:：]{2,40}?)\s*[:：]\s*(?=\S)")

Status = Literal["completed", "ongoing", "discontinued"]

_NOT_FIELD = re.compile(r"\s[(–|]|;|[,\s]\s*(?:c?gpa|grade|score|note|percentage|marks)\b", re.I)
_IN = re.compile(r"\s(?:in|en|em|im|w zakresie|inom|i|по специальности|في)\s+(?=[^\W\d])")
_SHORT_FORM = re.compile(r"(?:[A-Z][A-Za-z]{0,4}\.?\s?(?![a-z])){1,3}?(?:\([A-Za-z. ]+\))?(?=[\s,:–-]|$)")
_FACULTIES = {
    "science",
    "sciences",
    "arts",
    "technology",
    "philosophy",
    "applied",
    "art",
    "of",
    "and",
    "the",
    "degree",
    "hons",
    "honours",
    "s",
}
_GRADE_PART = re.compile(
    r"[,;(|]\s*(?:cum(?:ulative)?\.?\s*|overall\s*)?(?:c?gpa|grade|score|percentage|marks|"
    r"aggregate|note|nota|voto|média|promedio|средний балл)\b\s*[:=]?\s*\d[^,]{0,20}$",
    re.I,
)


def read_education(rows: Sequence[Row], *, month_first: bool = False) -> list[Education]:
    return educations_of(
        split_entries(rows, month_first=month_first, each_dated=True), month_first=month_first
    )


def educations_of(entries: Sequence[EntryRows], *, month_first: bool = False) -> list[Education]:
    readings = [_read(entry, month_first, 0.0) for entry in entries]
    order = learned_degree_order(readings)
    if order:
        readings = [_read(entry, month_first, order) for entry in entries]
    found = [_fill(entry, reading) for entry, reading in zip(entries, readings, strict=True)]
    return _grouped(found)


def learned_degree_order(readings: Sequence[Reading | None]) -> float:
    votes = 0.0
    for reading in readings:
        a, b = (reading.slots.get("degree"), reading.slots.get("institution")) if reading else (None, None)
        if reading and a is not None and b is not None:
            sure = (
                degree_score(reading.fragments[a].text) + institution_score(reading.fragments[b].text) - 1.0
            )
            votes += sure if a < b else -sure
    return max(-0.9, min(0.9, 0.35 * votes))


def _as_degree(text: str) -> float:
    score = degree_score(text)
    if ":" in text and score < 1.0:
        return -0.5  # "Thesis: …"
    return score + 0.2 if score >= 0.7 or shape_score(text) >= 0 or len(text.split()) <= 4 else score - 0.4


def _read(entry: EntryRows, month_first: bool, order: float) -> Reading | None:
    header = strip_dates(entry.header, month_first) or strip_dates(
        (entry.bullets + entry.body)[:2], month_first
    )
    fragments = [f for f in fragments_of(header) if not _is_grade(f.text) and not _is_status(f.text)]
    fragments = [_without_grade(f) for f in fragments]
    fragments = [f for f in fragments if any(c.isalpha() for c in f.text)]
    fragments, forced = labelled(fragments, degrees().labels)
    fragments, places = labelled(fragments)
    forced |= {slot: i for slot, i in places.items() if slot == "place"}
    if not fragments:
        return None
    slots = {"degree": _as_degree, "institution": as_institution, "place": as_place}
    return read_slots(fragments, slots, forced=forced, order=order, pair=("degree", "institution"))


def _without_grade(piece: Piece) -> Piece:
    match = _GRADE_PART.search(piece.text)
    return piece.cut(0, match.start()).trim() if match and match.start() > 3 else piece


def _is_grade(text: str) -> bool:
    if degrees().grade_phrases.label(text) is not None or _GRADE_TAIL.search(text):
        return True
    start = degrees().grade_labels.starts(text)
    words = words_of(text).words
    return (
        start is not None
        and (len(words) <= start[0] + 5)
        and any(w[0].isdigit() or len(w) <= 2 for w in words[start[0] :])
    )


def _is_status(text: str) -> bool:
    return degrees().status.label(text) is not None


def _fill(entry: EntryRows, reading: Reading | None) -> Education:
    education = Education()
    if reading:
        degree, institution = reading.get("degree"), reading.get("institution")
        if (
            degree
            and institution is None
            and institution_score(degree.text) >= 1.0
            and degree_score(degree.text) < 0.7
        ):
            degree, institution = None, degree
        if degree and institution and degree_score(degree.text) < 0.5 <= shape_score(institution.text) + 0.2:
            degree = degree if _looks_like_field(degree.text) else None
        if institution and (institution_score(institution.text) > 0.2 or degree):
            education.institution = institution.fact(_confidence(institution_score(institution.text)))
        if degree:
            education.degree, education.fields = read_degree(degree)
        _extra_fields(education, reading.rest)
    dated = entry.best_date
    if dated:
        start, end, current = date_facts(*dated)
        if dated[1].single:
            start = None  # a lone date is the graduation's
        education.start, education.end = start, end
        if current and dated[1].finish is None:
            education.status = "ongoing"
    education.grade = _grade(entry)
    header = " ".join(piece.text for piece in entry.header)
    education.status = education.status or status_of(header[:400])
    return education


def _confidence(score: float) -> float:
    return round(max(0.4, min(0.97, 0.55 + 0.3 * score)), 2)


def _looks_like_field(text: str) -> bool:
    return place_score(text) < 0.8 and len(text.split()) <= 9 and not text.endswith(".")


def read_degree(piece: Piece) -> tuple[Degree, list[Text]]:
    """The degree as printed, its level, and the field of study that it names."""
    level = degree_level(piece.text)
    degree = Degree(raw=piece.fact(0.9 if level else 0.6), level=level or "other")  # type: ignore[arg-type]
    field = _field_after(piece)
    return degree, [field.fact(0.8)] if field else []


def _field_after(piece: Piece) -> Piece | None:
    """The subject: "Computer Science" of "Master of Science in Computer Science" and of "BSc, Computer Science"."""
    text = _NOT_FIELD.split(piece.text, maxsplit=1)[0]
    if match := next((m for m in _IN.finditer(text) if degree_level(text[: m.start()])), None):
        return _as_field(piece.cut(match.end(), len(text)))
    end = _degree_end(text)
    if end is None:
        return None
    rest = piece.cut(end, len(text))
    if lead := _FIELD_OF.match(rest.text):
        rest = rest.cut(lead.end(), len(rest.text))
    first, comma, _ = rest.text.partition(",")
    if comma and (words_of(first).words[:1] or ("",))[0] in _FACULTIES:
        rest = rest.cut(len(first) + 1, len(rest.text))
    elif words_of(rest.text).words and all(word in _FACULTIES for word in words_of(rest.text).words):
        return None
    return _as_field(rest)


def _degree_end(text: str) -> int | None:
    """Where the first degree of a text ends."""
    found = words_of(text)
    hits = degrees().phrases.find(text)
    if hits:
        return found.spans[hits[0][1] - 1][1]
    short = _SHORT_FORM.match(text)
    return short.end() if short and degree_level(short.group()) else None


def _as_field(piece: Piece) -> Piece | None:
    piece = piece.trim()
    return piece if len(piece.text) > 2 and len(piece.text.split()) <= 8 and not has_cjk(piece.text) else None


def _extra_fields(education: Education, rest: Sequence[Piece]) -> None:
    """ "Major: Physics" among what is left; a lone text beside a bare degree is its field."""
    for piece in rest:
        match = _LABEL.match(piece.text)
        if match and degrees().field_labels.label(match[1]) is not None:
            education.fields.append(piece.cut(match.end(), len(piece.text)).fact(0.85))
        elif (
            education.degree
            and not education.fields
            and len(piece.text.split()) <= 6
            and shape_score(piece.text) > 0
            and place_score(piece.text) < 0.8
        ):
            education.fields.append(piece.fact(0.5))


def _grade(entry: EntryRows) -> Text | None:
    for piece in [*entry.header, *entry.bullets, *entry.body]:
        if len(piece.text) > 220:
            continue
        for label in (degrees().grade_labels, degrees().grade_phrases):
            hit = next(iter(label.find(piece.text)), None)
            if hit is None:
                continue
            spans = words_of(piece.text).spans
            begin, end = spans[hit[0]][0], spans[hit[1] - 1][1]
            if label is degrees().grade_phrases:
                return piece.fact_at(begin, end, piece.text[begin:end], 0.8)
            number = _GRADE_NUMBER.match(piece.text, _after_label(piece.text, end))
            if number:
                return piece.fact_at(*number.span(), number.group().strip(), 0.85)
            before = re.search(r"(\d[.,]\d{1,3}(?:\s*/\s*\d+(?:[.,]\d+)?)?)\s*$", piece.text[:begin])
            if before:
                return piece.fact_at(*before.span(1), before[1], 0.85)
    return None


def _after_label(text: str, position: int) -> int:
    while position < len(text) and text[position] in " :=-–(.":
        position += 1
    return position


def status_of(text: str) -> Status | None:
    """Whether a text tells a course to be completed, ongoing or broken off."""
    labels = {label for _, _, label in degrees().status.find(text)}
    if has_cjk(text):
        folded = fold(text)
        labels |= {status for pattern, status in degrees().status_cjk if pattern.search(folded)}
    if mentions_expected(text):
        return "ongoing"
    order: tuple[Status, ...] = ("discontinued", "ongoing", "completed")
    return next((status for status in order if status in labels), None)


def _grouped(found: list[Education]) -> list[Education]:
    """Give degrees the institution of the heading above them, and drop debris."""
    result: list[Education] = []
    header: Education | None = None
    for i, education in enumerate(found):
        following = found[i + 1] if i + 1 < len(found) else None
        dated = education.start or education.end or education.status == "ongoing"
        if (
            education.institution
            and not education.degree
            and not dated
            and following
            and following.degree
            and not following.institution
        ):
            header = education
            continue
        if education.degree and not education.institution:
            above = header or (result[-1] if result and education.degree.level != "other" else None)
            if above and above.institution:
                education.institution = above.institution.model_copy(deep=True)
        elif education.institution:
            header = None
        if education.institution or (education.degree and (education.degree.level != "other" or dated)):
            result.append(education)
    return [e for e in result if _is_education(e)]


def _is_education(education: Education) -> bool:
    if education.degree and education.degree.level != "other":
        return True
    if education.institution is None:
        return False
    sure = institution_score(education.institution.value) >= 0.9
    return sure or bool(education.start or education.end or education.status)
