"""A made resume as a Word file: the truth of it, set with Word's own styles, tabs, lists and a table."""

import io
import re
import zipfile
from datetime import UTC, datetime
from typing import Any

from docx import Document
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.shared import Pt

_RIGHT_MARGIN = Pt(432)
_ZIPPED = (1980, 1, 1, 0, 0, 0)  #: the least date that a ZIP knows, so that equal words give equal bytes
_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_TABLE_COLUMNS = 2


def word_file(record: dict[str, Any]) -> bytes:
    """A DOCX that says what `record["truth"]` says, in English."""
    truth = record["truth"]
    document = Document()
    document.core_properties.author = truth["name"]
    document.core_properties.created = document.core_properties.modified = _DAY
    document.add_heading(truth["name"], 0)
    contacts = [truth.get("email"), truth.get("phone"), *truth.get("links", ())]
    document.add_paragraph(" | ".join(filter(None, contacts)))
    document.add_heading("Work Experience", 1)
    for job in truth["work"]:
        _row(document, job["title"], _dates(job), bold=True)
        document.add_paragraph(job["company"])
    document.add_heading("Education", 1)
    for entry in truth["education"]:
        _row(document, entry["degree"], _dates(entry), bold=True)
        document.add_paragraph(entry["institution"])
    document.add_heading("Skills", 1)
    _table(document, truth["skills"])
    made = io.BytesIO()
    document.save(made)
    return _dated(made.getvalue())


def _row(document: Any, left: str, right: str, *, bold: bool) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.tab_stops.add_tab_stop(_RIGHT_MARGIN, WD_TAB_ALIGNMENT.RIGHT)
    paragraph.paragraph_format.space_after = Pt(0)
    paragraph.add_run(left).bold = bold
    paragraph.add_run(f"\t{right}")


def _table(document: Any, skills: list[str]) -> None:
    rows = [skills[at : at + _TABLE_COLUMNS] for at in range(0, len(skills), _TABLE_COLUMNS)]
    table = document.add_table(len(rows), _TABLE_COLUMNS)
    for cells, row in zip(rows, table.rows, strict=True):
        for text, cell in zip(cells, row.cells, strict=False):
            cell.text = text


def _dates(entry: dict[str, Any]) -> str:
    return " – ".join(_month(entry[end]) for end in ("start", "end") if entry.get(end))


def _month(date: str) -> str:
    """`2019-04` as it is written: 04/2019."""
    found = re.fullmatch(r"(\d{4})-(\d{2})", date)
    return f"{found[2]}/{found[1]}" if found else date


def _dated(content: bytes) -> bytes:
    """The same parts with a date of ours: python-docx writes the time of day."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            info = zipfile.ZipInfo(member.filename, _ZIPPED)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, old.read(member))
    return made.getvalue()
