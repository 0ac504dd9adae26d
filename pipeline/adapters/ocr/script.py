"""Whether a page is in a script that the recogniser knows. Runs in OCR's child process.

What PP-OCRv6 knows is Latin, Chinese and Japanese. Letters of other scripts (Cyrillic, Arabic, Hebrew, Hangul, …) it
passes over as if they were white, or takes for others, unsurely; the look-alikes among them it reads surely. So no
single run tells, and the page does. On 13 scanned pages in scripts that it knows, faxes among them, 0 % of the text
was badly read; on a Hebrew, an Arabic and a Russian one 59, 94 and 97 %.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.adapters.ocr.run import Run

_EXPLAINED = 0.55  #: of a run's length, taken up by the characters that were read in it
_CONFIDENT = 0.75
_BADLY_READ = 0.3  #: of the page's text by length, from which its script is unknown
#: In heights of its runs: less text than this says nothing.
_ENOUGH = 12.0
_SHORT, _LONG = 1.5, 4.0
_LEAST_CONFIDENCE = 0.6


def is_foreign(runs: Sequence[Run]) -> bool:
    """Whether so much of the page was badly read that it is in a script that nobody here knows."""
    long = [run for run in runs if run.length > _SHORT * run.height]
    bad = sum(run.length for run in long if run.explained < _EXPLAINED or run.confidence < _CONFIDENT)
    enough = sum(run.length / max(1.0, run.height) for run in long) >= _ENOUGH
    return enough and bad > _BADLY_READ * sum(run.length for run in long)


def is_read(run: Run) -> bool:
    """Whether a run may be told: what was passed over or guessed is left out, and so are ornaments."""
    passed_over = run.explained < _EXPLAINED and run.length > _LONG * run.height
    return run.confidence >= _LEAST_CONFIDENCE and not passed_over
