"""What is stored under a number that people raise: it cannot be forgotten."""

from __future__ import annotations

from pipeline.adapters.ocr.engine import READING
from pipeline.domain.version import source_version

#: The sources that stored pages of OCR were made by, and the number that they are stored under. When they change, look
#: whether the same picture can be read otherwise: raise READING in pipeline/adapters/ocr/engine.py if it can, leave it
#: if only comments, names or speed changed. Then write the new digest here (decision 010).
OCR_SOURCES = ("9c803071", 2)


def test_whoever_changes_ocr_decides_about_stored_pages() -> None:
    """A changed module without a look at READING would hand out what the old code read, or read every page anew."""
    assert (source_version("pipeline.adapters.ocr.page"), READING) == OCR_SOURCES, (
        "pipeline/adapters/ocr, or what it runs, has changed: see the note at OCR_SOURCES in this file."
    )
