"""Labels of forms that tell of nothing that a profile has: "Father's Name", "Passport No", "婚姻状况"."""

from __future__ import annotations

import re
from functools import cache

from pipeline.reading.lexicon.fold import has_cjk
from pipeline.reading.lexicon.load import word_set
from pipeline.reading.lexicon.phrases import Phrases


@cache
def form_labels() -> Phrases:
    """The labels, to be found at a text's begin or as the whole of it."""
    return Phrases(dict.fromkeys(word_set("form_labels", "never"), "never"))


def is_form_label(text: str) -> bool:
    """Whether a text is such a label and nothing else; forms set wide what has two signs: "民 族"."""
    bare = text.strip(" :：-–*.")
    return form_labels().label(re.sub(r"\s", "", bare) if has_cjk(bare) else bare) is not None
