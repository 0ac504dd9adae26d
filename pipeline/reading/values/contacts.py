"""E-mail addresses, phone numbers and links, from the text and from link annotations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import phonenumbers

from pipeline.domain.profile import Fact, ProfileLink, pointed
from pipeline.domain.text import Line, Link, Page
from pipeline.reading.lexicon.fold import fold
from pipeline.reading.lexicon.load import word_set
from pipeline.reading.page.rows import Piece
from pipeline.reading.values.dates import find_dates, mentions_birth

_EMAIL = re.compile(r"[\w.+%'-]{1,64}@(?:[\w-]{1,63}\.){1,5}[^\W\d_]{2,24}")
_MAPS = re.compile(r"//(?:www\.)?(?:google\.[\w.]+/maps|maps\.|goo\.gl/maps|openstreetmap)", re.I)
_HIDDEN_EMAIL = re.compile(
    r"([\w.+-]{1,64})\s{0,2}(?:[\[({<]\s?(?:at|@|arroba|ät)\s?[\])}>]|\s(?:AT|at)\s|\s@\s?|@\s)\s{0,2}"
    r"([\w-]{1,63}(?:\s{0,2}(?:[\[({<]\s?(?:dot|\.|punkt|punto|point)\s?[\])}>]|\s(?:DOT|dot)\s|\.)\s{0,2}[\w-]{2,63}){1,4})",
)
_DOT = re.compile(r"\s*(?:[\[({<]\s?(?:dot|\.|punkt|punto|point)\s?[\])}>]|\s(?:DOT|dot)\s)\s*")
_TLDS = (
    "com|org|net|edu|gov|io|dev|me|info|biz|co|ai|app|tech|xyz|site|online|name|pro|design|"
    "studio|page|blog|cloud|academy|art|photography|works|sh|gg|fm|ly|cc|cv|in|de|fr|es|it|pt|"
    "br|nl|be|pl|se|no|dk|fi|ru|ua|tr|il|jp|kr|cn|tw|hk|sg|my|id|ph|th|vn|uk|ie|us|ca|mx|ar|"
    "cl|pe|au|nz|za|ch|at|lu|cz|sk|hu|ro|bg|gr|hr|rs|si|lt|lv|ee|eu|asia|world|space|store|"
    "shop|web|link|dk|is|pk|bd|lk|np|ng|ke|eg|ma|tn|dz|sa|ae|qa|kz|by"
)
_URL = re.compile(
    rf"(?:https?://|www\.)[^\s<>()\[\]|,;•·]{{3,300}}|(?<![\w@./-])(?:[a-z0-9](?:[a-z0-9-]{{0,62}})\.){{1,4}}(?:{_TLDS})(?:/[^\s<>()\[\]|,;•·]{{0,200}})?(?![\w@])",
    re.I,
)
_HANDLE = re.compile(
    r"(?<!\w)(linkedin|github|gitlab|twitter|x|medium|instagram|facebook|telegram|behance|dribbble|kaggle|stack\s?overflow|youtube|skype|orcid|xing)"
    r"(?:\.com)?\s{0,2}(?::\s{0,2}/{0,2}|//|\s[-–|]\s)\s{0,2}(@?[\w./-]{2,60})(?!\w|@)",
    re.I,
)
_PROFILE_URL = {
    "linkedin": "linkedin.com/in/",
    "github": "github.com/",
    "gitlab": "gitlab.com/",
    "twitter": "twitter.com/",
    "x": "x.com/",
    "medium": "medium.com/@",
    "instagram": "instagram.com/",
    "facebook": "facebook.com/",
    "telegram": "t.me/",
    "behance": "behance.net/",
    "dribbble": "dribbble.com/",
    "kaggle": "kaggle.com/",
    "youtube": "youtube.com/@",
    "xing": "xing.com/profile/",
}
_HOSTS = {
    "linkedin.com": "linkedin",
    "github.com": "github",
    "github.io": "github",
    "gitlab.com": "gitlab",
    "bitbucket.org": "bitbucket",
    "twitter.com": "twitter",
    "x.com": "twitter",
    "medium.com": "medium",
    "stackoverflow.com": "stackoverflow",
    "kaggle.com": "kaggle",
    "behance.net": "behance",
    "dribbble.com": "dribbble",
    "instagram.com": "instagram",
    "facebook.com": "facebook",
    "fb.com": "facebook",
    "fb.co": "facebook",
    "youtube.com": "youtube",
    "t.me": "telegram",
    "xing.com": "xing",
    "orcid.org": "orcid",
    "vk.com": "vk",
    "scholar.google.com": "scholar",
    "researchgate.net": "researchgate",
    "hh.ru": "headhunter",
    "leetcode.com": "leetcode",
    "hackerrank.com": "hackerrank",
    "codepen.io": "codepen",
    "dev.to": "devto",
    "wa.me": "whatsapp",
    "angel.co": "angellist",
}
_NOT_DOMAINS = re.compile(
    r"^(?:asp|vb|ado|ml|b|m|ph|e|d3|three|node|next|nuxt|vue|socket|express|react|backbone)\.(?:net|js|io|d|sc|me|in|com|no)$",
    re.I,
)
_TRACKING = re.compile(
    r"^(?:utm_\w+|fbclid|gclid|trk|trackingid|originalsubdomain|mc_\w+|ref|igshid|lipi|midtoken)$", re.I
)
_PHONE = re.compile(
    r"(?<![\w/.@=+])(?<!\d[-–])(?:\+|00)?\s?[(\[]?\+?\d(?:[\s().\-–/\u00a0]{0,3}\d){6,16}(?:\s?(?:x|ext\.?|доб\.?|#)\s?\d{1,6})?(?![\w@])"
)
# Without a label: two things beside each other, or a postal code ("2900-001", "30318-1234").
_NO_PHONE = re.compile(r"/|\s[–-]\s|\d{10}\s*\.|^\d{4}-\d{3}$|^\d{5}-\d{4}$")
_EXTENSION = re.compile(r"x|ext|доб|#")
_TWO_YEARS = re.compile(r"(?:19|20)\d\d\s*[-–/.]\s*(?:19|20)\d\d")
_DATE_OF_DIGITS = re.compile(r"(?:19|20)\d{6}")  # "20190304"
_LEAST_DIGITS, _MOST_DIGITS = 7, 15  # of a number; E.164 has no more
_PAGE_NUMBER = re.compile(r"(?<=\d\d)\s{1,3}\d$")  # a running footer: "… 3751586862 1"
_PHONE_LABEL = re.compile(
    r"phone|mobile|cell|tel|call|contact|whatsapp|handy|mobil|fon|portable|móvil|movil|teléfono|celular|telefono|cellulare|telefone|telemóvel|gsm|komórka|телефон|моб|тел|cep|هاتف|جوال|موبايل|טלפון|נייד|電話|携帯|电话|手机|전화|휴대|연락처",
    re.I,
)
_ID_LABEL = re.compile(
    r"passport|ssn|isbn|issn|orcid|doi|\bid\s?(?:no\b|number|card|#|:)|nif|dni|cpf|\brg\b|"
    r"pesel|steuer|iban|account|license no|n° siret|siret|pass(?:eport)|паспорт|инн|снилс|"
    r"t\.?c\.? kimlik|身份证|マイナンバー|주민",
    re.I,
)
# Languages of one country: a number in such a document may be taken for one of it. English, Spanish, Arabic and others
# are spoken in many, and a dialling code that no line shows would be invented.
_REGION_OF = {
    "it": "IT",
    "pl": "PL",
    "sv": "SE",
    "tr": "TR",
    "he": "IL",
    "ja": "JP",
    "ko": "KR",
    "zh": "CN",
    "da": "DK",
    "no": "NO",
    "nb": "NO",
    "fi": "FI",
    "cs": "CZ",
    "uk": "UA",
    "hu": "HU",
}


def region_hint(country: str | None, language: str | None) -> str | None:
    """The region whose dialling rules apply to numbers without a country code."""
    return country or _REGION_OF.get(language or "")


def emails_in(piece: Piece) -> list[Fact[str]]:
    """The addresses of one text, those written to hide from robots ('at', 'dot') where none is plain."""
    found = [piece.fact_at(*m.span(), clean_email(m.group()), 0.98) for m in _EMAIL.finditer(piece.text)]
    if not found and (
        "@" in piece.text or " at " in fold(piece.text) or "[" in piece.text or "(" in piece.text
    ):
        for match in _HIDDEN_EMAIL.finditer(piece.text):
            address = f"{match[1]}@{_DOT.sub('.', match[2])}".replace(" ", "")
            tail = address.rsplit(".", 1)[-1]
            if re.search(r"\sat\s", match.group(), re.I) and not _DOT.search(match.group()):
                continue  # "worked at google.com"
            if _EMAIL.fullmatch(address) and re.fullmatch(_TLDS, tail, re.I):
                found.append(piece.fact_at(*match.span(), clean_email(address), 0.85))
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
    if sum(c.isdigit() for c in text) < 7:
        return []
    birth = mentions_birth(text)
    text = _URL.sub(lambda m: "@" * len(m.group()), _EMAIL.sub(lambda m: "@" * len(m.group()), fold(text)))
    found = []
    for match in _PHONE.finditer(text):
        raw = _PAGE_NUMBER.sub("", match.group().strip())
        begin = match.start() + len(match.group()) - len(match.group().lstrip())
        labelled = _PHONE_LABEL.search(text[: match.start()]) is not None
        value, confidence = phone_value(raw, region, labelled=labelled)
        if birth and not (labelled and confidence >= 0.95):
            continue
        if value and not _ID_LABEL.search(text[max(0, match.start() - 20) : match.start()]):
            found.append(piece.fact_at(begin, begin + len(raw), value, confidence))
    return found


def phone_value(raw: str, region: str | None, *, labelled: bool) -> tuple[str | None, float]:
    """E.164 where the number is valid, `raw` where it may be one, else None; and how sure that is."""
    digits = re.sub(r"\D", "", _EXTENSION.split(raw)[0])
    if not _LEAST_DIGITS <= len(digits) <= _MOST_DIGITS or _is_date(raw):
        return None, 0.0
    if (valid := _international(raw, region)) is not None:
        return valid, 0.95
    if not labelled and not raw.startswith("+") and _NO_PHONE.search(raw):
        return None, 0.0
    if _DATE_OF_DIGITS.fullmatch(digits):
        return None, 0.0
    return raw, 0.8 if labelled or raw.startswith("+") else 0.6


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
    for known, kind in _HOSTS.items():
        if host == known or host.endswith("." + known):
            return kind
    return "website"


def links_in(piece: Piece, *, bare: bool) -> list[ProfileLink]:
    """Links of one text. `bare`: take plain domains of unknown sites too (a contact block, not prose)."""
    emails = [m.span() for m in _EMAIL.finditer(piece.text)]
    found: list[ProfileLink] = []
    for match in _URL.finditer(piece.text):
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
        url = piece.fact_at(match.start(), match.start() + len(raw), clean_url(raw), 0.95)
        found.append(ProfileLink(type=kind, url=url))
    if not found and bare:
        found = _handles_in(piece)
    return found


def _handles_in(piece: Piece) -> list[ProfileLink]:
    found = []
    for match in _HANDLE.finditer(piece.text):
        site = re.sub(r"\s", "", match[1].lower())
        base = _PROFILE_URL.get(site)
        handle = match[2].strip("./-").removeprefix("in/").lstrip("@/")
        if base and handle and "." not in handle[-4:] and "/" not in handle:
            fact = piece.fact_at(*match.span(), base + handle, 0.8)
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
                    emails.append(pointed(clean_email(match.group()), link.uri, (line.id,), 0.95))
            elif uri.lower().startswith(("http://", "https://", "www.")):
                kind = link_type(uri)
                host = urlsplit(uri if "://" in uri else f"//{uri}").netloc
                if " " in uri or "." not in host or _MAPS.search(uri):
                    continue
                if kind != "website" and urlsplit(uri).path.strip("/") == "" and kind != "github":
                    continue
                links.append(ProfileLink(type=kind, url=pointed(clean_url(uri), link.uri, (line.id,), 0.9)))
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
