"""The saved text: one zlib-compressed JSON document a resume."""

from __future__ import annotations

import json
import zlib
from typing import Any

from pipeline.domain.sections import SectionedText
from pipeline.domain.text import Line, Page

#: Five digits of a page's width are a hundredth of a millimetre.
DIGITS = 5


def text_document(sections: SectionedText) -> dict[str, Any]:
    """`{pages: [{number, width, height, source, lines: [{id, text, bbox, bold, size, hidden}]}],
    sections: [{kind, title, heading_ids, line_ids}], furniture, language}`; bbox 0–1 from the top left."""
    return {
        "pages": [_page(page) for page in sections.text.pages],
        "sections": [
            {
                "kind": section.kind.value,
                "title": section.title,
                "heading_ids": list(section.heading_ids),
                "line_ids": list(section.line_ids),
            }
            for section in sections.sections
        ],
        "furniture": list(sections.furniture),
        "language": sections.language,
    }


def pack(document: dict[str, Any]) -> bytes:
    return zlib.compress(compact(document).encode())


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def unpack(body: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(zlib.decompress(body))
    return document


def _page(page: Page) -> dict[str, Any]:
    return {
        "number": page.number,
        "width": page.width,
        "height": page.height,
        "source": page.source,
        "lines": [_line(line) for line in page.lines],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "id": line.id,
        "text": line.text,
        "bbox": [round(edge, DIGITS) for edge in line.box],
        "bold": line.bold,
        "size": line.size,
        "hidden": line.hidden,
    }
