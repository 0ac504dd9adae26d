"""From which score of `values` a text is taken for what it scores as: a title, a firm, a school, a place."""

from __future__ import annotations

SURE = 1.0  # a word says so, and nothing against it: "Engineer", "University"
LIKELY = 0.8  # a word says so, with a little against it: a legal form, a long text
POSSIBLE = 0.5  # no more than a weak word ("account") or the shape says so

_LEAST_CONFIDENCE = 0.4  # a fact that is told at all is worth a look
_MOST_CONFIDENCE = 0.97  # no rule is certain
_GAIN = 0.3  # what a sure word adds


def confidence(score: float, base: float) -> float:
    """The confidence of a fact whose text scores so; `base` is that of a text that no word tells (score 0)."""
    return round(max(_LEAST_CONFIDENCE, min(_MOST_CONFIDENCE, base + _GAIN * score)), 2)
