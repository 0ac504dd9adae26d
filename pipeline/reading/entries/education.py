"""Education: institution, degree, field, dates and grade of each entry."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from pipeline.domain.profile import Education
from pipeline.reading.entries.cuts import fragments_of
from pipeline.reading.entries.dated import date_facts, strip_dates
from pipeline.reading.entries.labels import cut_label, labelled
from pipeline.reading.entries.scores import LIKELY, POSSIBLE, SURE, confidence
from pipeline.reading.entries.slots import (
    Reading,
    as_institution,
    as_place,
    learned_order,
    read_slots,
    tell_slots,
    weigh_as_institution,
    weigh_as_place,
)
from pipeline.reading.entries.starts import EntryRows, split_entries
from pipeline.reading.lexicon.load import degrees
from pipeline.reading.page.rows import Piece, Row
from pipeline.reading.values.classify import institution_score, shape_score
from pipeline.reading.values.dates import DateRange, find_dates
from pipeline.reading.values.degrees import degree_level, degree_score, is_short_form, read_degree, status_of
from pipeline.reading.values.grades import grade_in, is_grade, without_grade
from pipeline.reading.values.places import place_score
from pipeline.reading.why import Sum, tell_entry

_PAIR = ("degree", "institution")
_SLOTS = {"institution": as_institution, "place": as_place}
_WEIGHS = {"institution": weigh_as_institution, "place": weigh_as_place}
_AT = re.compile(r"\s(@|at)\s(?=[^\W\d_a-z])")  # before a name
# A short name of a degree of school, with a remark, before a name: "S.S.C. (C.B.S.E.) Hill School", "10th Hill School".
_SCHOOL_DEGREE = re.compile(
    r"([A-Z0-9][\w.+]{0,6}|Matriculation)\s*(?:\([^()]{1,20}\))?\s+(?=[A-ZÀ-Þ][^\W\d_])"
)
_WORDS_OF_DEGREE = 8
_BODY_TEXTS = 2  # looked at where an entry has no heading
_STATUS_TEXT = 400  # characters of a heading; a longer one is a paragraph

# degree_score, which is 1.2 with a degree's word, 0.7 with a word of study and 0.15 without either.
_STUDY = 0.7
_COURSE_WORDS = 4  # a text so short may be a course's name though it is not set like one
_NAMED_LIKE_DEGREE, _UNLIKE_DEGREE = 0.2, -0.4  # gained and lost by that
_LABELLED = -0.5  # "Thesis: …" is no degree

_NAMED = 0.2  # institution_score: an institution beside no degree is set like a name, or more
_NAME_SHAPE = 0.3  # shape_score of a name of several words; prose has less
_NAMES_SCHOOL = 0.9  # institution_score that makes an entry by itself
_INSTITUTION = 0.55  # confidence of a text that no word tells to be one
_FIELD_WORDS = 9  # where it stands as a degree;
_LONE_FIELD_WORDS = 6  # and among what is left
_TOLD_FIELD, _LONE_FIELD = 0.85, 0.5  # confidence of "Major: Physics", and of a text beside a degree


def read_education(rows: Sequence[Row], *, month_first: bool = False) -> list[Education]:
    """The entries of a section of education, read again once the section's own order is known."""
    entries = split_entries(rows, month_first=month_first, each_dated=True)
    readings = [_read(entry, month_first, 0.0) for entry in entries]
    order = learned_order(readings, _PAIR, _sureness)
    if order:
        readings = [_read(entry, month_first, order) for entry in entries]
    return _grouped([_told(entry, reading) for entry, reading in zip(entries, readings, strict=True)])


def _sureness(degree: str, institution: str) -> float:
    """How surely two texts are a degree and an institution; below 0 they are likely something else."""
    return degree_score(degree) + institution_score(institution) - 1.0


def _as_degree(text: str) -> float:
    """How well a text reads as the degree."""
    return _weigh_as_degree(text).total


def _weigh_as_degree(text: str) -> Sum:
    """`_as_degree` with its parts."""
    score = degree_score(text)
    if score < POSSIBLE and is_short_form(text):
        return Sum().add("a short form", POSSIBLE)  # "K.C.S.E."
    if ":" in text and score < SURE:
        return Sum().add("labelled as something else", _LABELLED)
    known = Sum().add("words of degrees and studies", score)
    if score >= _STUDY or shape_score(text) >= 0 or len(text.split()) <= _COURSE_WORDS:
        return known.add("set like a degree", _NAMED_LIKE_DEGREE)
    return known.add("not set like a degree", _UNLIKE_DEGREE)


def _read(entry: EntryRows, month_first: bool, order: float) -> Reading | None:
    """Which texts of an entry's heading are its degree, its institution and its place."""
    header = strip_dates(entry.header, month_first)
    header = header or strip_dates((entry.bullets + entry.body)[:_BODY_TEXTS], month_first)
    header += strip_dates(_degree_below(header, entry.bullets), month_first)
    fragments = [without_grade(f) for f in fragments_of(header) if not is_grade(f.text) and not _is_status(f)]
    fragments = [f for f in fragments if any(c.isalpha() for c in f.text)]
    fragments = [part for piece in fragments for whole in _cut_at(piece) for part in _cut_degree(whole)]
    fragments, forced = labelled(fragments, degrees().labels)
    if "degree" in forced and _is_field_beside_degree(fragments, forced["degree"]):
        del forced["degree"]  # "Major: Physics" below "Bachelor of Science"
    fragments, others = labelled(fragments)
    if "place" in others:
        forced["place"] = others["place"]
    if not fragments:
        return None
    return read_slots(fragments, {"degree": _as_degree, **_SLOTS}, forced=forced, order=order, pair=_PAIR)


def _cut_at(piece: Piece) -> list[Piece]:
    """ "Master's in Statistics @ Hill Institute" is a degree and a school, and so is "Cooking at Le Cordon Bleu"."""
    match = _AT.search(piece.text)
    if match is None or (match[1] != "@" and institution_score(piece.text[: match.start()]) >= SURE):
        return [piece]
    return [piece.cut(0, match.start()).trim(), piece.cut(match.end(), len(piece.text)).trim()]


def _degree_below(header: Sequence[Piece], bullets: Sequence[Piece]) -> list[Piece]:
    """The first bullet of an entry, where it tells the degree that no text of the heading does."""
    others = [piece for piece in header if institution_score(piece.text) < SURE]
    if not bullets or not header or any(degree_score(piece.text) >= POSSIBLE for piece in others):
        return []
    known = degree_level(bullets[0].text) is not None and bullets[0].words <= _WORDS_OF_DEGREE
    return [bullets[0]] if known else []


def _cut_degree(piece: Piece) -> list[Piece]:
    """ "XII (Arts) Our Lady of Lourdes School" is a degree of school and where, though no sign parts them."""
    match = _SCHOOL_DEGREE.match(piece.text)
    if match is None or degree_level(match[1]) != "secondary":
        return [piece]
    behind = piece.text[match.end() :].partition(",")[0]
    if institution_score(match[1]) >= LIKELY or institution_score(behind) < SURE:
        return [piece]
    return [piece.cut(0, match.end()).trim(), piece.cut(match.end(), len(piece.text)).trim()]


def _is_field_beside_degree(fragments: Sequence[Piece], labelled_one: int) -> bool:
    """Whether a text that a label tells names no level, and another does."""
    others = [piece for i, piece in enumerate(fragments) if i != labelled_one]
    return degree_level(fragments[labelled_one].text) is None and any(
        degree_level(piece.text) is not None for piece in others
    )


def _is_status(piece: Piece) -> bool:
    """Whether a text says nothing but how far a course has come."""
    return degrees().status.label(piece.text) is not None


def _told(entry: EntryRows, reading: Reading | None) -> Education:
    """What an entry tells, its heading read."""
    education = Education()
    if reading:
        _write_reading(education, reading)
        tell_slots(reading, {"degree": _weigh_as_degree, **_WEIGHS}, education)
    tell_entry("a degree, by its heading", entry.ids, education)
    if dated := entry.best_date or _range_behind(entry.body + entry.bullets):
        _write_dates(education, *dated)
    education.grade = grade_in([*entry.header, *entry.bullets, *entry.body])
    header = " ".join(piece.text for piece in entry.header)
    education.status = education.status or status_of(header[:_STATUS_TEXT])
    return education


def _range_behind(body: Sequence[Piece]) -> tuple[Piece, DateRange] | None:
    """The range that ends one of an entry's texts: "Coursework: Circuits. Aug 2023 – May 2025"."""
    for piece in body:
        found = [one for one in find_dates(piece.text) if not one.single]
        if found and not piece.text[found[-1].end :].strip(" .)"):
            return piece, found[-1]
    return None


def _write_reading(education: Education, reading: Reading) -> None:
    degree, institution = _degree_and_institution(reading)
    if institution:
        score = institution_score(institution.text)
        if degree or score > _NAMED:
            education.institution = institution.fact(confidence(score, _INSTITUTION))
    if degree:
        education.degree, education.fields = read_degree(_without_subjects(degree))
    _write_fields(education, reading.rest)


def _without_subjects(degree: Piece) -> Piece:
    """A degree without the subjects and marks behind its colon: "A levels: Maths (B), Art (C)"."""
    colon = degree.text.find(":")
    listed = (
        colon > 0
        and any(sign in degree.text[colon:] for sign in ",(")
        and degree_level(degree.text[:colon]) is not None
    )
    return degree.cut(0, colon) if listed else degree


def _degree_and_institution(reading: Reading) -> tuple[Piece | None, Piece | None]:
    """The two as read, but for a lone school that was read as a degree, and a degree that is but a stray text."""
    degree, institution = reading.get("degree"), reading.get("institution")
    if degree is None:
        return _unknown_degree(reading, institution), institution
    score = degree_score(degree.text)
    if institution is None:
        is_school = institution_score(degree.text) >= SURE and score < _STUDY
        return (None, degree) if is_school else (degree, None)
    named = shape_score(institution.text) >= _NAME_SHAPE
    if score < POSSIBLE and named and not _looks_like_field(degree.text):
        return None, institution
    return degree, institution


def _unknown_degree(reading: Reading, institution: Piece | None) -> Piece | None:
    """The one text before a sure school, which no word tells to be a degree: "DU Prise en charge de la douleur"."""
    if institution is None or institution_score(institution.text) < SURE:
        return None
    before = reading.fragments[: reading.slots["institution"]]
    return before[0] if len(before) == 1 and _looks_like_field(before[0].text) else None


def _looks_like_field(text: str) -> bool:
    if is_short_form(text):
        return True
    return place_score(text) < LIKELY and len(text.split()) <= _FIELD_WORDS and not text.endswith(".")


def _write_fields(education: Education, rest: Sequence[Piece]) -> None:
    """ "Major: Physics" among what is left; a lone text beside a bare degree is its field."""
    for piece in rest:
        cut = cut_label(piece)
        if cut and degrees().field_labels.label(cut[0]) is not None:
            education.fields.append(cut[1].fact(_TOLD_FIELD))
        elif education.degree and not education.fields and _may_be_field(piece):
            education.fields.append(piece.fact(_LONE_FIELD))


def _may_be_field(piece: Piece) -> bool:
    """Whether a text is set like a name and is no place."""
    return (
        piece.words <= _LONE_FIELD_WORDS and shape_score(piece.text) > 0 and place_score(piece.text) < LIKELY
    )


def _write_dates(education: Education, piece: Piece, found: DateRange) -> None:
    start, education.end, current = date_facts(piece, found)
    education.start = None if found.single else start  # a lone date is the graduation's
    if current and found.finish is None:
        education.status = "ongoing"


def _grouped(found: Sequence[Education]) -> list[Education]:
    """Give degrees the institution of the heading above them, and drop debris."""
    result: list[Education] = []
    header: Education | None = None
    for education, following in itertools.zip_longest(found, found[1:]):
        if following and _heads_degrees(education, following):
            header = education
            continue
        if education.degree and not education.institution:
            _take_institution(education, header, result)
        elif education.institution:
            header = None
        if _is_entry(education):
            result.append(education)
    return [education for education in result if _is_education(education)]


def _is_dated(education: Education) -> bool:
    return bool(education.start or education.end or education.status == "ongoing")


def _heads_degrees(education: Education, following: Education) -> bool:
    """Whether an entry is but an institution's name over the degrees that follow."""
    lone = education.institution and not education.degree and not _is_dated(education)
    return bool(lone and following.degree and not following.institution)


def _take_institution(education: Education, header: Education | None, above: Sequence[Education]) -> None:
    """Give a degree the institution over it; without a heading, a sure degree takes that of the entry before."""
    known = education.degree is not None and education.degree.level != "other"
    source = header or (above[-1] if above and known else None)
    if source and source.institution:
        education.institution = source.institution.model_copy(deep=True)


def _is_entry(education: Education) -> bool:
    """Whether there is enough to keep while neighbours may still take from it."""
    if education.institution:
        return True
    return education.degree is not None and (education.degree.level != "other" or _is_dated(education))


def _is_education(education: Education) -> bool:
    """Whether there is enough to call it education: a sure degree, a sure school, or a school with a date."""
    if education.degree and education.degree.level != "other":
        return True
    if education.institution is None:
        return False
    sure = institution_score(education.institution.value) >= _NAMES_SCHOOL
    return sure or bool(education.start or education.end or education.status)
