"""E-mail addresses, phone numbers and links, from the text and from link annotations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import phonenumbers

from pipeline.domain.profile import Fact, ProfileLink, pointed
from pipeline.domain.text import Line, Link, Page
from pipeline.reading.lexicon.fold import fold
from pipeline.reading.lexicon.load import load, word_set
from pipeline.reading.lexicon.patterns import one_of
from pipeline.reading.page.rows import Piece
from pipeline.reading.values.dates import find_dates, mentions_birth

_EMAIL = re.compile(r"[\w.+%'-]{1,64}@(?:[\w-]{1,63}\.){1,5}[^\W\d_]{2,24}")
_MAPS = re.compile(r"//(?:www\.)?(?:google\.[\w.]+/maps|maps\.|goo\.gl/maps|openstreetmap)", re.I)
_SITES = (
    "linkedin|github|gitlab|twitter|x|medium|instagram|facebook|telegram|behance|dribbble|kaggle|stack\\s?overflow|youtube"
    "|skype|orcid|xing"
)
_HANDLE_SITE = re.compile(
    rf"(?:{_SITES}|portfolio|website|blog|e-?mail|phone)", re.I
)  # words for links, in a row
_HANDLE = re.compile(
    rf"(?<!\w)({_SITES})"
    r"(?:\.com)?\s{0,2}(?::\s{0,2}/{0,2}|//|\s[-–|]\s)\s{0,2}(@?[\w./-]{2,60})(?!\w|@)",
    re.I,
)
_NOT_DOMAINS = re.compile(
    r"^(?:(?:asp|vb|ado|ml|ph|d3|three|node|next|nuxt|vue|socket|express|react|backbone)\.(?:net|js|io|d|sc|me|in|com|no)|"
    r"[a-z]\.[a-z]+)$",  # "B.Tech", "H.No": one letter is an abbreviation where no page of a site follows
    re.I,
)
_TRACKING = re.compile(
    r"^(?:utm_\w+|fbclid|gclid|trk|trackingid|originalsubdomain|mc_\w+|ref|igshid|lipi|midtoken)$", re.I
)
_NO_PHONE = re.compile(r"/|\s[–-]\s|\d{10}\s*\.")  # without a label: two things beside each other
_POSTAL_CODE = re.compile(r"\d{4}-\d{3}|\d{5}-\d{3,4}")  # "2900-001", "CEP 14090-000", "30318-1234"
_TWO_YEARS = re.compile(r"(?:19|20)\d\d\s*[-–/.]\s*(?:19|20)\d\d")
_DATE_OF_DIGITS = re.compile(r"(?:19|20)\d{6}")  # "20190304"
_LEAST_DIGITS, _MOST_DIGITS = 7, 15  # of a number; E.164 has no more
_PAGE_NUMBER = re.compile(r"(?<=\d\d)\s{1,3}\d$")  # a running footer: "… 3751586862 1"
# Before a number that is a document's; the plain words of the same meaning are in the lexicon.
_ID_LABEL = re.compile(r"\bid\s?(?:no\b|number|card|#|:)|\brg\b|t\.?c\.? kimlik")
_ID_REACH = 20  # characters before a number in which a label of a document is its own
# Confidence of a number that is valid in its country, of one that a label or a "+" announces, and of another.
_VALID, _ANNOUNCED, _PLAIN = 0.95, 0.8, 0.6
# Confidence of an address in plain sight and of one written to hide from robots.
_ADDRESS, _HIDDEN = 0.98, 0.85
# Confidence of a link in the text, of one behind it, and of a page made of a handle.
_LINK, _ANNOTATION, _FROM_HANDLE = 0.95, 0.9, 0.8


def is_word_for_link(text: str) -> bool:
    """Whether a text only says what lies behind it: "LinkedIn", "Phone"."""
    return _HANDLE_SITE.fullmatch(text.strip()) is not None


@cache
def _hidden_email() -> re.Pattern[str]:
    """An address written to hide from robots, in folded text."""
    at = one_of("contacts", "email", "at")
    return re.compile(
        rf"([\w.+-]{{1,64}})\s{{0,2}}(?:[\[({{<]\s?{at}\s?[\])}}>]|\sat\s|\s@\s?|@\s)\s{{0,2}}"
        rf"([\w-]{{1,63}}(?:\s{{0,2}}(?:{_hidden_dot()}|\.)\s{{0,2}}[\w-]{{2,63}}){{1,4}})"
    )


def _hidden_dot() -> str:
    return rf"(?:[\[({{<]\s?{one_of('contacts', 'email', 'dot')}\s?[\])}}>]|\sdot\s)"


@cache
def _dot() -> re.Pattern[str]:
    return re.compile(rf"\s*{_hidden_dot()}\s*")


@cache
def _url() -> re.Pattern[str]:
    ends = one_of("contacts", "links", "top_level_domains")
    tail = r"[^\s<>()\[\]|,;•·]"
    return re.compile(
        rf"(?:https?://|www\.){tail}{{3,300}}|"
        rf"(?<![\w@./-])(?:[a-z0-9](?:[a-z0-9-]{{0,62}})\.){{1,4}}{ends}(?:/{tail}{{0,200}})?(?![\w@])",
        re.I,
    )


@cache
def _phone() -> re.Pattern[str]:
    extension = one_of("contacts", "phone", "extensions")
    return re.compile(
        r"(?<![\w/.@=+])(?<!\d[-–])(?:\+|00)?\s?[(\[]?\+?\d(?:(?:[\s().\-–\u00a0]|(?<!\s)/(?!\s)){0,3}\d){6,16}"
        rf"(?:\s?{extension}\s?\d{{1,6}})?(?![\w@])"
    )


@cache
def _extension() -> re.Pattern[str]:
    return re.compile(one_of("contacts", "phone", "extensions"))


@cache
def _phone_label() -> re.Pattern[str]:
    return re.compile(one_of("contacts", "phone", "labels"))


@cache
def _no_phone_label() -> re.Pattern[str]:
    return re.compile(rf"{one_of('contacts', 'phone', 'no_phone')}|{_ID_LABEL.pattern}")


@cache
def _contacts() -> dict[str, Any]:
    return load("contacts")


def region_hint(country: str | None, language: str | None) -> str | None:
    """The region whose dialling rules apply to numbers without a country code."""
    return country or _contacts()["phone"]["region"].get(language or "")


def emails_in(piece: Piece) -> list[Fact[str]]:
    """The addresses of one text, those written to hide from robots ('at', 'dot') where none is plain."""
    found = [piece.fact_at(*m.span(), clean_email(m.group()), _ADDRESS) for m in _EMAIL.finditer(piece.text)]
    folded = fold(piece.text)
    if not found and any(sign in folded for sign in ("@", " at ", "[", "(")):
        for match in _hidden_email().finditer(folded):
            local, domain = piece.text[slice(*match.span(1))], match[2]
            address = f"{local}@{_dot().sub('.', domain)}".replace(" ", "")
            tail = address.rsplit(".", 1)[-1]
            if re.search(r"\sat\s", match.group()) and not _dot().search(match.group()):
                continue  # "worked at google.com"
            if _EMAIL.fullmatch(address) and fold(tail) in word_set("contacts", "links", "top_level_domains"):
                found.append(piece.fact_at(*match.span(), clean_email(address), _HIDDEN))
    return found


def clean_email(text: str) -> str:
    """The address alone: no scheme, and no label or dash that was set against it ("Email-a@example.com")."""
    address = re.sub(r"^mailto:", "", text, flags=re.I).strip(" .,;<>'")
    local, _, domain = address.partition("@")
    return f"{local[_label_end(local) :]}@{domain.lower()}"


_GLUE = ("-", "–", ".", "_")  # between a label and the address that it was set against


def _label_end(local: str) -> int:
    """Where the local part of an address begins behind what was glued to it."""
    begin = len(local) - len(local.lstrip("-–.'+%_"))
    folded = fold(local)
    for label in sorted(word_set("form_labels", "email"), key=len, reverse=True):
        after = begin + len(label)
        if folded.startswith(label, begin) and folded[after : after + 1] in _GLUE:
            return len(local) - len(local[after:].lstrip("-–._"))
    return begin


def phones_in(piece: Piece, region: str | None) -> list[Fact[str]]:
    """Phone numbers of one text: E.164 where the number is valid, as printed where it is not."""
    text = piece.text
    if sum(c.isdigit() for c in text) < _LEAST_DIGITS:
        return []
    birth = mentions_birth(text)
    text = _url().sub(lambda m: "@" * len(m.group()), _EMAIL.sub(lambda m: "@" * len(m.group()), fold(text)))
    found = []
    for match in _phone().finditer(text):
        raw = _PAGE_NUMBER.sub("", match.group().strip())
        begin = match.start() + len(match.group()) - len(match.group().lstrip())
        labelled = _phone_label().search(text[: match.start()]) is not None
        value, confidence = phone_value(raw, region, labelled=labelled)
        if birth and not (labelled and confidence >= _VALID):
            continue
        if value and not _no_phone_label().search(text[max(0, match.start() - _ID_REACH) : match.start()]):
            found.append(piece.fact_at(begin, begin + len(raw), value, confidence))
    return found


def phone_value(raw: str, region: str | None, *, labelled: bool) -> tuple[str | None, float]:
    """E.164 where the number is valid, `raw` where it may be one, else None; and how sure that is."""
    digits = re.sub(r"\D", "", _extension().split(fold(raw))[0])
    if not _LEAST_DIGITS <= len(digits) <= _MOST_DIGITS or _is_date(raw):
        return None, 0.0
    if (valid := _international(raw, region)) is not None:
        return valid, _VALID
    if not labelled and not raw.startswith("+") and _NO_PHONE.search(raw):
        return None, 0.0
    if _POSTAL_CODE.fullmatch(raw):
        return None, 0.0
    if _DATE_OF_DIGITS.fullmatch(digits):
        return None, 0.0
    return raw, _ANNOUNCED if labelled or raw.startswith("+") else _PLAIN


def _is_date(raw: str) -> bool:
    """Whether a number is a date, or two years with a dash."""
    dates = find_dates(raw)
    told = sum(found.end - found.begin for found in dates)
    return (bool(dates) and told >= len(raw.strip(" ().")) - 2) or _TWO_YEARS.fullmatch(
        raw.strip()
    ) is not None


def _international(raw: str, region: str | None) -> str | None:
    """The number in E.164, where it is valid in its country or the region's."""
    try:
        number = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def clean_url(text: str) -> str:
    """Lower-case host, no tracking, no trailing punctuation."""
    url = unquote(text).strip().rstrip(".,;:)>]}'\"")
    split = urlsplit(url if "://" in url else f"//{url}")
    query = urlencode([(k, v) for k, v in parse_qsl(split.query) if not _TRACKING.match(k)])
    host = split.netloc.lower()
    path = split.path + (f"?{query}" if query else "") + (f"#{split.fragment}" if split.fragment else "")
    return f"{split.scheme}://{host}{path}" if "://" in url else f"{host}{path}"


def link_type(url: str) -> str:
    """What kind of profile a URL leads to, by its host; `website` for any other."""
    host = urlsplit(url if "://" in url else f"//{url}").netloc.lower().removeprefix("www.")
    kinds: dict[str, str] = _contacts()["links"]["hosts"]
    for known, kind in kinds.items():
        if host == known or host.endswith("." + known):
            return kind
    return "website"


def links_in(piece: Piece, *, bare: bool) -> list[ProfileLink]:
    """Links of one text. `bare`: take plain domains of unknown sites too (a contact block, not prose)."""
    emails = [m.span() for m in _EMAIL.finditer(piece.text)]
    found: list[ProfileLink] = []
    for match in _url().finditer(piece.text):
        if any(a <= match.start() < b or a < match.end() <= b for a, b in emails):
            continue
        raw = match.group().rstrip(".,;:)>]}'\"…")
        kind = link_type(raw)
        if (
            _NOT_DOMAINS.match(raw)
            or raw.lower().count(".") < 1 + raw.lower().count("www.")
            or (kind == "website" and not bare)
        ):
            continue
        if kind != "website" and re.fullmatch(r"(?:https?://)?(?:www\.)?[\w.]+/?", raw) and kind != "github":
            continue  # "linkedin.com" alone is nobody's profile
        url = piece.fact_at(match.start(), match.start() + len(raw), clean_url(raw), _LINK)
        found.append(ProfileLink(type=kind, url=url))
    if not found and bare:
        found = _handles_in(piece)
    return found


def _handles_in(piece: Piece) -> list[ProfileLink]:
    found = []
    for match in _HANDLE.finditer(piece.text):
        site = re.sub(r"\s", "", match[1].lower())
        base = _contacts()["links"]["profile_pages"].get(site)
        handle = match[2].strip("./-").removeprefix("in/").lstrip("@/")
        if (
            base
            and handle
            and "." not in handle[-4:]
            and "/" not in handle
            and not _HANDLE_SITE.fullmatch(handle)
        ):
            fact = piece.fact_at(*match.span(), base + handle, _FROM_HANDLE)
            found.append(ProfileLink(type=link_type(base), url=fact))
    return found


def annotation_line(page: Page, link: Link) -> Line | None:
    """The line that a reader would click: the one that overlaps the annotation's box most."""
    best, area = None, 0.0
    for line in page.lines:
        width = min(line.box.right, link.box.right) - max(line.box.left, link.box.left)
        height = min(line.box.bottom, link.box.bottom) - max(line.box.top, link.box.top)
        if width > 0 and height > 0 and width * height > area:
            best, area = line, width * height
    return best


def annotated_phones(pages: Sequence[Page], allowed: set[int], region: str | None) -> list[Fact[str]]:
    """Numbers that stand in `tel:` annotations over the lines in `allowed`."""
    found = []
    for page in pages:
        for link in page.links:
            scheme, _, number = unquote(link.uri.strip()).partition(":")
            line = annotation_line(page, link) if scheme.lower() == "tel" else None
            if line is None or line.id not in allowed:
                continue
            value, confidence = phone_value(number.strip(), region, labelled=True)
            if value:
                found.append(pointed(value, link.uri, (line.id,), confidence))
    return found


def annotated(pages: Sequence[Page], allowed: set[int]) -> tuple[list[Fact[str]], list[ProfileLink]]:
    """Addresses and links that stand in annotations over the lines in `allowed`."""
    emails: list[Fact[str]] = []
    links: list[ProfileLink] = []
    for page in pages:
        for link in page.links:
            line = annotation_line(page, link)
            if line is None or line.id not in allowed:
                continue
            uri = link.uri.strip()
            if uri.lower().startswith("mailto:"):
                match = _EMAIL.search(unquote(uri))
                if match:
                    emails.append(pointed(clean_email(match.group()), link.uri, (line.id,), _LINK))
            elif uri.lower().startswith(("http://", "https://", "www.")):
                kind = link_type(uri)
                host = urlsplit(uri if "://" in uri else f"//{uri}").netloc
                if " " in uri or "." not in host or _MAPS.search(uri):
                    continue
                if kind != "website" and urlsplit(uri).path.strip("/") == "" and kind != "github":
                    continue
                links.append(
                    ProfileLink(type=kind, url=pointed(clean_url(uri), link.uri, (line.id,), _ANNOTATION))
                )
    return emails, links


def url_key(url: str) -> str:
    """What two spellings of one URL share."""
    return re.sub(r"^(?:https?://)?(?:www\.)?|/+$", "", url.lower())


def unique_links(links: Iterable[ProfileLink]) -> list[ProfileLink]:
    """Each address once: the first told wins, a longer spelling of the same address replaces a shorter."""
    kept: dict[str, ProfileLink] = {}
    for link in links:
        key = url_key(link.url.value)
        if not any(key == other or other.startswith(key + "/") for other in kept):
            kept[key] = link
    return list(kept.values())


def unique_facts(facts: Iterable[Fact[str]]) -> list[Fact[str]]:
    """The facts without those whose value came before."""
    kept: dict[str, Fact[str]] = {}
    for fact in facts:
        kept.setdefault(fact.value.lower(), fact)
    return list(kept.values())
