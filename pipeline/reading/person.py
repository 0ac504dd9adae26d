"""The person: name, contacts, place, headline and summary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.domain.profile import Fact, Location, Name, Person, ProfileLink
from pipeline.domain.sections import SectionedText, SectionKind
from pipeline.domain.text import Line
from pipeline.reading.lexicon.fold import fold, has_cjk
from pipeline.reading.lexicon.phrases import words_of
from pipeline.reading.page.rows import Piece, Row, Rows, join
from pipeline.reading.values import contacts
from pipeline.reading.values.classify import employer_score, shape_score, title_score
from pipeline.reading.values.dates import find_dates, mentions_birth
from pipeline.reading.values.labels import form_labels
from pipeline.reading.values.names import labelled_name, read_name
from pipeline.reading.values.places import country_hint, gazetteer, place_score, read_location
from pipeline.reading.why import Decision, Option, Sum, listener

_CONTACT_KINDS = (SectionKind.HEADER, SectionKind.CONTACT)
_SPLIT = re.compile(r"\s*[|•·●▪‖∙│┃;]\s*|\s{3,}|\s[–—]\s(?=\D)")
_LABEL = re.compile(r"^\s*([^:：\d@]{2,30}?)\s*[:：]\s*(?=\S)")
_TOP_LINES = 14
_SAME_EDGE = 0.03  # of the page's width, by which the left edges of one column differ
_LONGEST_ADDRESS = 90  # characters
_LEAST_CONTACT_LINES = 3  # fewer in the contact block, and the top of the page is looked at, too
# Where the person lives: the score of a place that needs no more evidence, of one among contacts, of one behind its
# label and of an address with a house number; a place further down counts less, by row.
_SURE_PLACE, _POSSIBLE_PLACE, _BESIDE_CONTACTS, _BEHIND_LABEL, _HOUSE_NUMBER, _NO_ADDRESS = (
    0.8,
    0.2,
    0.1,
    1.5,
    0.9,
    -0.6,
)
_UNKNOWN_BEHIND_LABEL, _PER_ROW = 0.5, 0.02
_LEAST_PLACE_CONFIDENCE, _MOST_PLACE_CONFIDENCE, _SCORE_PER_CONFIDENCE = 0.5, 0.95, 3
_COUNTRY_OF_CODE = 0.6  # confidence of a country that only a dialling code tells
_SURE_PHONE = 0.8  # confidence that a number outside the contact block needs
_SURE_FIRM = 0.8  # score from which a text is an employer and no place
# The headline: how many lines below the name, how long, and its confidence with a known title and without.
_LINES_BELOW_NAME, _LONGEST_HEADLINE, _MOST_HEADLINE_WORDS = 5, 120, 14
_SURE_HEADLINE, _PLAIN_HEADLINE = 0.85, 0.5
_SAYS_TITLE, _MAY_BE_TITLE, _MAY_BE_PLACE = 0.8, 0.5, 0.5
# A statement in the contact block: at least so many words, at most so many digits, and not set as a name.
_WORDS_OF_STATEMENT, _DIGITS_OF_STATEMENT, _SET_AS_NAME = 8, 6, 0.2
_SUMMARY, _PROSE = 0.85, 0.6  # confidence of a summary under its title, and of sentences among the contacts
_LIKE_PLACE = "reads like a place"
_EMAIL_OR_NAME = re.compile(r"@\w")  # a row that goes on with an address tells of the person too


@dataclass(frozen=True, slots=True)
class Blocks:
    """The lines to look for a person in: the contact block in order, running headers and footers, the rest."""

    contact: list[Piece]
    furniture: list[Piece]
    rest: list[Piece]
    rows: list[Row]

    @property
    def contact_ids(self) -> set[int]:
        """The lines of the contact block and of what runs along the pages."""
        return {i for piece in (*self.contact, *self.furniture) for i in piece.ids}


def blocks_of(sections: SectionedText, rows: Rows) -> Blocks:
    """Where the lines stand that a person is looked for in; a form's rows about others are in none of them."""
    contact_ids: list[int] = []
    rest_ids: list[int] = []
    for section in sections.sections:
        target = contact_ids if section.kind in _CONTACT_KINDS else rest_ids
        if section.kind is not SectionKind.REFERENCES:
            target += section.heading_ids if section.kind is SectionKind.HEADER else ()
            target += section.line_ids
    if len(contact_ids) < _LEAST_CONTACT_LINES and not _tells_contacts(sections, rows, contact_ids):
        contact_ids += _top_ids(sections, exclude=set(contact_ids))
    visible = [i for i in sections.furniture if not sections.line_by_id[i].hidden]
    contact_ids = _without_form_rows(rows, contact_ids)
    return Blocks(
        contact=[rows.line(i) for i in contact_ids],
        furniture=_unique_texts(rows.line(i) for i in visible),
        rest=[rows.line(i) for i in rest_ids if i not in set(contact_ids)],
        rows=rows.of_ids(contact_ids),
    )


def _without_form_rows(rows: Rows, ids: list[int]) -> list[int]:
    """The lines but for the rows of a form that tell of somebody or something else: "Father's Name | : …"."""
    others = {
        line_id
        for row in rows.of_ids(ids)
        if form_labels().starts(row.pieces[0].text) is not None and not _EMAIL_OR_NAME.search(row.text)
        for piece in row.pieces
        for line_id in piece.ids
    }
    return [line_id for line_id in ids if line_id not in others]


def _tells_contacts(sections: SectionedText, rows: Rows, ids: list[int]) -> bool:
    """Whether a short contact block is whole: two lines, of which one tells how to reach whom the other names."""
    if len(ids) < _LEAST_CONTACT_LINES - 1:
        return False
    pieces = [rows.line(i) for i in ids]
    emails, links = contacts.annotated(sections.text.pages, set(ids))
    told = any(contacts.emails_in(piece) or contacts.phones_in(piece, None) for piece in pieces)
    return told or bool(emails or links)


def _top_ids(sections: SectionedText, exclude: set[int]) -> list[int]:
    first = sections.text.pages[0] if sections.text.pages else None
    exclude = exclude | {i for section in sections.sections for i in section.heading_ids}
    lines: list[Line] = sorted(first.lines if first else (), key=lambda line: (line.box.top, line.box.left))
    return [line.id for line in lines if line.id not in exclude and not line.hidden][:_TOP_LINES]


def _unique_texts(pieces: Iterable[Piece]) -> list[Piece]:
    seen: dict[str, Piece] = {}
    for piece in pieces:
        seen.setdefault(piece.text, piece)
    return list(seen.values())


def read_person(sections: SectionedText, rows: Rows) -> Person:
    """The person that a resume tells of; what it does not tell stays empty."""
    blocks = blocks_of(sections, rows)
    person = Person()
    annotated_emails, annotated_links = contacts.annotated(sections.text.pages, blocks.contact_ids)
    person.emails = _emails(blocks, annotated_emails, sections)
    person.links = _links(blocks, annotated_links, person.emails)
    hints = _hints(person)
    labelled = labelled_name(blocks.rows, hints)
    person.name = labelled or read_name(blocks.contact, blocks.furniture, hints, blocks.rest)
    person.location = _location(blocks, person.name)
    region = contacts.region_hint(country_hint(person.location), sections.language)
    clickable = contacts.annotated_phones(sections.text.pages, blocks.contact_ids, region)
    person.phones = _phones(blocks, clickable, region)
    country_from_phone(person)
    person.headline = _headline(blocks, person)
    person.summary = _summary(sections, rows, blocks)
    return person


def _emails(blocks: Blocks, annotated: list[Fact[str]], sections: SectionedText) -> list[Fact[str]]:
    found = [fact for piece in _with_wraps(blocks.contact) for fact in contacts.emails_in(piece)]
    found += [fact for piece in blocks.furniture for fact in contacts.emails_in(piece)]
    found = contacts.unique_facts([*found, *annotated])
    if not found:
        found = [fact for piece in blocks.rest for fact in contacts.emails_in(piece)][:1]
    if not found:
        everywhere = {line.id for line in sections.text.lines}
        found = contacts.annotated(sections.text.pages, everywhere)[0][:1]
    return found


def _with_wraps(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces, an address that a narrow column broke after "@", "." or "-" made whole."""
    result: list[Piece] = []
    for piece in pieces:
        if result and _goes_on(result[-1], piece):
            result[-1] = join([result[-1], piece], "")
        else:
            result.append(piece)
    return result


def _goes_on(above: Piece, piece: Piece) -> bool:
    """Whether a line without a space ends the address that the line above it began."""
    behind_label = above.text.strip().rsplit(":", 1)[-1].strip()
    alone = " " not in behind_label or above.text.endswith((".com/in/", ".com/", ".io/"))
    below = abs(piece.left - above.left) < _SAME_EDGE or above.text.endswith("/")
    return " " not in piece.text and alone and below and _is_cut(above.text, piece.text)


def _is_cut(above: str, below: str) -> bool:
    """Whether two texts are one address that was broken between them."""
    if above.endswith(("@", "-", "_", "/")) or below.startswith(("@", ".")):
        return True
    if "@" not in above:
        return False
    whole = re.search(r"@.*\.\w{2,}$", above) is not None
    return above.endswith(".") or (not whole and re.match(r"^[\w-]*\.\w{2,}$", below) is not None)


def _links(blocks: Blocks, annotated: list[ProfileLink], emails: list[Fact[str]]) -> list[ProfileLink]:
    printed = [link for piece in _with_wraps(blocks.contact) for link in contacts.links_in(piece, bare=True)]
    printed += [link for piece in blocks.furniture for link in contacts.links_in(piece, bare=True)]
    others = [link for piece in blocks.rest for link in contacts.links_in(piece, bare=False)]
    personal = [link for link in others if link.type in ("linkedin", "orcid", "xing") or _is_account(link)]
    domains = {email.value.split("@")[-1] for email in emails}
    found = contacts.unique_links([*annotated, *printed, *personal])
    return [link for link in found if not _is_mail_domain(link, domains)]


def _is_mail_domain(link: ProfileLink, domains: set[str]) -> bool:
    """Whether a bare domain is that of an address, and nobody's site."""
    printed = "www" in link.url.raw or "http" in link.url.raw
    return not printed and any(domain.endswith(contacts.url_key(link.url.value)) for domain in domains)


def _is_account(link: ProfileLink) -> bool:
    """Whether a link to a code host names a person and no project."""
    url = link.url.value.rstrip("/")
    return link.type == "github" and url.count("/") <= (3 if "://" in url else 1)


def _hints(person: Person) -> list[str]:
    hints = [fold(re.sub(r"\d", "", email.value.split("@")[0])) for email in person.emails]
    hints += [
        fold(link.url.value.rstrip("/").rsplit("/", 1)[-1]) for link in person.links if link.type != "website"
    ]
    return hints


def _phones(blocks: Blocks, clickable: list[Fact[str]], region: str | None) -> list[Fact[str]]:
    found = [fact for piece in blocks.contact for fact in contacts.phones_in(piece, region)]
    found += [fact for piece in blocks.furniture for fact in contacts.phones_in(piece, region)]
    found += clickable
    if not found:
        found = [
            f for p in blocks.rest for f in contacts.phones_in(p, region) if f.confidence >= _SURE_PHONE
        ][:1]
    # As they are printed: the first is the person's own, the others may be a parent's. What no label tells comes last.
    return contacts.unique_facts(sorted(found, key=lambda fact: fact.confidence < _SURE_PHONE))


def _location(blocks: Blocks, name: Name) -> Location | None:
    taken = {name.full.raw} if name.full else set()
    best: tuple[float, Piece] | None = None
    weighed: list[tuple[Sum, Piece]] = []
    for n, row in enumerate(blocks.rows):
        contact_row = any(
            contacts.emails_in(p) or contacts.phones_in(p, None) or contacts.links_in(p, bare=True)
            for p in row.pieces
        )
        for piece in row.pieces:
            if mentions_birth(piece.text):
                continue
            for part in piece.split(_SPLIT):
                scored = _place_of(part, taken, contact_row=contact_row)
                if scored is None:
                    continue
                score = scored[0].add("rows above it", -_PER_ROW * n)
                weighed.append((score, scored[1]))
                if best is None or score.total > best[0]:
                    best = score.total, scored[1]
    _tell_place(weighed, best[1] if best else None)
    if best is None:
        return None
    confidence = _LEAST_PLACE_CONFIDENCE + best[0] / _SCORE_PER_CONFIDENCE
    return read_location(best[1], round(min(_MOST_PLACE_CONFIDENCE, confidence), 2))


def _tell_place(weighed: Sequence[tuple[Sum, Piece]], best: Piece | None) -> None:
    """Tell a listener which texts may say where the person lives."""
    if (told := listener()) is None or best is None:
        return
    options = tuple(Option(p.text, p.ids, score.total, score.parts, p is best) for score, p in weighed)
    told.append(Decision("place", best.text, best.ids, options))


def _place_of(part: Piece, taken: set[str], *, contact_row: bool) -> tuple[Sum, Piece] | None:
    """How much a text is where the person lives, and the text without its label; None where it is something else."""
    labelled, part = _without_place_label(part)
    if part.text in taken or not _could_be_place(part):
        return None
    score = place_score(part.text)
    if labelled:
        likely = Sum().add(_LIKE_PLACE, max(score, _UNKNOWN_BEHIND_LABEL))
        return likely.add("behind its label", _BEHIND_LABEL), part
    address = bool(gazetteer().street.find(part.text)) and any(c.isdigit() for c in part.text)
    if score >= _SURE_PLACE or (address and score > _NO_ADDRESS and len(part.text) < _LONGEST_ADDRESS):
        return Sum().add(_LIKE_PLACE, max(score, _HOUSE_NUMBER)), part
    possible = (
        score > _POSSIBLE_PLACE and title_score(part.text) <= 0 and employer_score(part.text) < _SURE_FIRM
    )
    beside = possible and contact_row and not has_cjk(part.text)
    return (Sum().add("possible, beside contacts", _BESIDE_CONTACTS), part) if beside else None


def _without_place_label(part: Piece) -> tuple[bool, Piece]:
    """Whether a label such as "Address:" stands before a text, and the text without it."""
    label = _LABEL.match(part.text)
    if label is None or label[1] not in gazetteer().labels:
        return False, part.trim()
    return True, part.cut(label.end(), len(part.text)).trim()


def _could_be_place(part: Piece) -> bool:
    """Whether a text is long enough for a place, and no address of another kind."""
    least = 2 if has_cjk(part.text) else 3
    return (
        len(part.text) >= least
        and "@" not in part.text
        and not contacts.links_in(part, bare=True)
        and not contacts.phones_in(part, None)
    )


def country_from_phone(person: Person) -> None:
    """A dialling code tells the country where nothing printed does; the verify stage marks it inferred."""
    if person.location and person.location.country:
        return
    for phone in person.phones:
        if phone.raw.lstrip("( ").startswith(("+", "00")) and phone.value.startswith("+"):
            code = _region_of(phone.value)
            if code:
                person.location = person.location or Location()
                person.location.country = Fact[str](
                    value=code, raw=phone.raw, confidence=_COUNTRY_OF_CODE, evidence=phone.evidence
                )
                return


def _region_of(number: str) -> str | None:
    """The country of an international number; None where nobody has that code ("+00 …")."""
    import phonenumbers

    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return None


def _headline(blocks: Blocks, person: Person) -> Fact[str] | None:
    if person.name.full is None:
        return None
    name_ids = set(person.name.full.evidence[0].line_ids)
    start = next((i for i, p in enumerate(blocks.contact) if name_ids & set(p.ids)), None)
    if start is None:
        return None
    for offset, piece in enumerate(blocks.contact[start : start + _LINES_BELOW_NAME]):
        text = _without(piece, person.name.full.raw)
        if text is None or not _could_be_headline(text, person):
            continue
        if title_score(text.text) >= _MAY_BE_TITLE or (
            offset <= 1 and shape_score(text.text) > 0 and place_score(text.text) < _MAY_BE_PLACE
        ):
            return text.fact(_SURE_HEADLINE if title_score(text.text) >= _SAYS_TITLE else _PLAIN_HEADLINE)
    return None


def _without(piece: Piece, name: str) -> Piece | None:
    at = piece.text.find(name)
    if at < 0:
        return piece
    rest = piece.cut(at + len(name), len(piece.text)).trim()
    return rest if len(rest.text) > 3 else None


def _could_be_headline(piece: Piece, person: Person) -> bool:
    text = piece.text
    if (
        not 3 <= len(text) <= _LONGEST_HEADLINE
        or len(text.split()) > _MOST_HEADLINE_WORDS
        or "@" in text
        or find_dates(text)
        or mentions_birth(text)
    ):
        return False
    if _LABEL.match(text) or _is_of_contacts(piece):
        return False
    if person.location and person.location.raw and person.location.raw.raw in text:
        return False
    return len(words_of(text).words) >= 1 and not any(c.isdigit() for c in text)


def _is_of_contacts(piece: Piece) -> bool:
    """Whether a line tells how to reach somebody, or says no more than what lies behind its words."""
    if contacts.links_in(piece, bare=True) or contacts.phones_in(piece, None):
        return True
    return all(contacts.is_word_for_link(part) for part in re.split(r"\s*[|•·]\s*", piece.text))


def _is_statement(piece: Piece) -> bool:
    """Whether a line of the contact block is a sentence about the person, not an address or a list."""
    text = piece.text
    digits = sum(c.isdigit() for c in text)
    if piece.words < _WORDS_OF_STATEMENT or "@" in text or "|" in text or digits > _DIGITS_OF_STATEMENT:
        return False
    return shape_score(text) < _SET_AS_NAME and place_score(text) < _MAY_BE_PLACE


def _summary(sections: SectionedText, rows: Rows, blocks: Blocks) -> Fact[str] | None:
    for section in sections.sections:
        if section.kind is SectionKind.SUMMARY:
            pieces = [piece.unbulleted() for row in rows.of(section) for piece in row.pieces]
            pieces = [piece for piece in pieces if piece.text]
            if pieces:
                return join(pieces).fact(_SUMMARY)
    prose = [p for p in blocks.contact if _is_statement(p)]
    return join(prose).fact(_PROSE) if prose else None
