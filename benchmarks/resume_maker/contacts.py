"""The head of a resume: the name and the many ways to print how to reach a person."""

from dataclasses import replace
from typing import NamedTuple

from .fonts import width as text_width
from .rows import Item, Link, Row, Text, beside, gap
from .sections import Draft, icon
from .theme import Theme
from .typeset import paragraph

ICONS = {"email": "\uf0e0", "phone": "\uf095", "city": "\uf041", "link": "\uf0c1"}


class Detail(NamedTuple):
    """One way to reach the person: `text` as printed, `url` where a link annotation lies over it."""

    kind: str
    label: str
    text: str
    url: str = ""


def details(draft: Draft) -> list[Detail]:
    """Place, phone, e-mail and links, as the document prints them."""
    contact, labels, style = draft.resume.contact, draft.locale["labels"], draft.knobs.contact
    mail = contact.email
    if style == "at_sign":
        mail = mail.replace("@", "[at]")
    elif style == "mailto":
        mail = labels["email"]
    place = contact.address if draft.knobs.address or style == "labels" else contact.city
    found = [Detail("city", labels["address"], place)] if place else []
    if contact.phone:
        found.append(Detail("phone", labels["phone"], contact.phone))
    if contact.email:
        found.append(
            Detail("email", labels["email"], mail, "" if style == "at_sign" else f"mailto:{contact.email}")
        )
    shown = _site if style == "link_words" else str
    return found + [Detail("link", labels["link"], shown(link), f"https://{link}") for link in contact.links]


def _site(link: str) -> str:
    """The word that stands for a link whose address is only in its annotation."""
    return {"linkedin.com": "LinkedIn", "github.com": "GitHub"}.get(link.split("/")[0], "Portfolio")


def printed_name(draft: Draft) -> str:
    """The name in the document's order and case."""
    resume = draft.resume
    given = resume.name.removesuffix(f" {resume.family}")
    match draft.knobs.name:
        case "upper":
            printed = draft.theme.capitals(resume.name)
        case "family_upper":
            printed = f"{given} {draft.theme.capitals(resume.family)}"
        case "family_first":
            return f"{resume.family}, {given}"
        case _:
            printed = resume.name
    return draft.knobs.credential.format(name=printed) if draft.knobs.credential else printed


def linked(rows: list[Row], found: list[Detail]) -> list[Row]:
    """Lays a link annotation over every printed detail that has a URL."""
    done = []
    for row in rows:
        extra: list[Item] = []
        for item in row.items:
            if isinstance(item, Text):
                extra += _links_over(item, found)
        done.append(row._replace(items=row.items + tuple(extra)))
    return done


def _links_over(item: Text, found: list[Detail]) -> list[Link]:
    links = []
    for detail in found:
        at = item.text.find(detail.text)
        if detail.url and at >= 0:
            left = item.x + text_width(item.text[:at], item.font, item.size)
            across = text_width(detail.text, item.font, item.size)
            links.append(Link(left, item.dy - item.size, across, item.size * 1.3, detail.url))
    return links


def name_rows(draft: Draft, theme: Theme, width: float, align: float, scale: float = 2.1) -> list[Row]:
    """Name and headline."""
    face = theme.bold(scale, theme.tint)
    rows = paragraph([(printed_name(draft), face)], width, 1.2, align)
    if draft.resume.headline:
        rows += paragraph([(draft.resume.headline, theme.face(1.15, theme.soft))], width, 1.4, align)
    return rows


def contact_rows(
    draft: Draft, theme: Theme, width: float, align: float = 0.0, stacked: bool = False
) -> list[Row]:
    """The details in the document's arrangement; `stacked` one a line, as a side bar needs."""
    found = details(draft)
    theme = _fitted(found, theme, width)
    style = draft.knobs.contact
    if style == "icons":
        rows = (
            _icon_rows(found, theme, width)
            if stacked or align == 0
            else _icon_line(found, theme, width, align)
        )
    elif style == "labels":
        rows = [
            r
            for d in found
            for r in paragraph(
                [(f"{d.label}:", theme.bold()), (d.text, theme.face())], width, theme.leading, align
            )
        ]
    elif stacked or style == "opposite":
        rows = [r for d in found for r in paragraph([(d.text, theme.face())], width, theme.leading, align)]
    else:
        rows = _in_lines(found, style, theme, width, align)
    return linked(rows, found)


def _fitted(found: list[Detail], theme: Theme, width: float) -> Theme:
    """The theme in a size at which the longest address still fits the column."""
    longest = (
        max((theme.face().width(w) for d in found for w in d.text.split()), default=0.0) + theme.size * 1.3
    )
    return replace(theme, size=theme.size * width / longest) if longest > width else theme


def _in_lines(found: list[Detail], style: str, theme: Theme, width: float, align: float) -> list[Row]:
    """All on one line with separators, or broken in two."""
    joint = " • " if style == "two_lines" else " | "
    texts = [f"{d.label}: {d.text}" if style == "label_line" and d.kind != "city" else d.text for d in found]
    cuts = [texts[:2], texts[2:]] if style == "two_lines" else [texts]
    return [r for part in cuts if part for r in _joined(part, joint, theme, width, align)]


def _joined(texts: list[str], joint: str, theme: Theme, width: float, align: float) -> list[Row]:
    """As many of the texts on a line as fit, none of them broken unless it is wider than the column."""
    rows, line = [], texts[:1]
    for text in texts[1:]:
        if theme.face().width(joint.join([*line, text])) > width:
            rows += paragraph([(joint.join(line), theme.face())], width, theme.leading, align)
            line = []
        line.append(text)
    return rows + paragraph([(joint.join(line), theme.face())], width, theme.leading, align)


def _icon_rows(found: list[Detail], theme: Theme, width: float) -> list[Row]:
    size = theme.size * 0.9
    step, rows = size * 1.3, []
    for detail in found:
        part = paragraph([(detail.text, theme.face())], width - step, theme.leading)
        mark = icon(ICONS[detail.kind], 0, theme.size * (0.5 * theme.leading + 0.3), size, theme)
        part = [r._replace(items=tuple(i._replace(x=i.x + step) for i in r.items)) for r in part]
        rows += [part[0]._replace(items=(mark, *part[0].items)), *part[1:]]
    return rows


def _icon_line(found: list[Detail], theme: Theme, width: float, align: float) -> list[Row]:
    """Icons and details one after another, wrapped by whole details."""
    size, face = theme.size * 0.85, theme.face()
    dy = theme.size * (0.5 * theme.leading + 0.3)
    lines: list[tuple[list[Item], float]] = [([], 0.0)]
    for detail in found:
        need = size * 1.2 + face.width(detail.text)
        items, x = lines[-1]
        if items and x + need > width:
            items, x = [], 0.0
            lines.append((items, x))
        items.append(icon(ICONS[detail.kind], x, dy, size, theme))
        items.append(Text(x + size * 1.2, dy, detail.text, face.font, face.size, face.colour))
        lines[-1] = (items, x + need + theme.size * 1.4)
    rows = []
    for items, x in lines:
        left = max(0.0, (width - x + theme.size * 1.4) * align)
        rows.append(Row(theme.size * theme.leading, tuple(i._replace(x=i.x + left) for i in items)))
    return rows


def header_rows(draft: Draft, theme: Theme, width: float) -> list[Row]:
    """Name, headline and details over the whole width."""
    align = (
        0.5
        if theme.centred or (draft.knobs.contact in ("line", "two_lines") and draft.knobs.centred)
        else 0.0
    )
    rows: list[Row] = []
    if draft.knobs.title_page:
        title = draft.rng.choice(draft.locale["document_titles"])
        rows += paragraph([(title, theme.bold(1.3))], width, 1.5, 0.5)
    if draft.knobs.contact == "opposite":
        side = contact_rows(draft, theme, width * 0.42, 1.0)
        rows += beside([(0.0, name_rows(draft, theme, width * 0.56, 0.0)), (width * 0.58, side)])
    else:
        rows += name_rows(draft, theme, width, align) + contact_rows(draft, theme, width, align)
    return [*rows, gap(theme.size * 0.3)]
