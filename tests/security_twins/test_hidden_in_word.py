"""Text that nobody sees in a Word file changes no profile, and is flagged."""

from __future__ import annotations

import pytest

from tests.security_twins.hiding_word import HIDING, UNREAD
from tests.security_twins.payloads import HIDDEN
from tests.security_twins.reading import Reader, flags_of, told_by
from tests.security_twins.word_files import document, saved, untouched

_PLACES = {"order": 0.05, "keywords": 0.4, "facts": 1.0}


@pytest.mark.parametrize(
    ("way", "payload", "number"),
    [(way, payload, 3 * i + 5 * j) for i, way in enumerate(HIDING) for j, payload in enumerate(HIDDEN)],
)
def test_text_that_nobody_sees_leaves_the_profile_as_it_is(
    reader: Reader, way: str, payload: str, number: int
) -> None:
    """However it is hidden, whatever it says, wherever it stands: it is flagged, and told nowhere."""
    clean = reader.profile(untouched(number))
    word = document(number)
    HIDING[way](word, HIDDEN[payload], _PLACES[payload])
    hostile = reader.profile(saved(word))
    assert told_by(hostile, places=False) == told_by(clean, places=False)
    assert flags_of(clean) == []
    assert "hidden-text" in flags_of(hostile)
    assert ("instruction-like-text" in flags_of(hostile)) is (payload == "order")


@pytest.mark.parametrize("way", sorted(UNREAD))
def test_what_is_no_text_of_the_document_is_never_read(reader: Reader, way: str) -> None:
    """Deleted revisions, remarks, properties, what is told of pictures: no reader has them before them."""
    word = document(4)
    UNREAD[way](word, HIDDEN["facts"], 0.4)
    hostile = reader.profile(saved(word))
    assert told_by(hostile, places=False) == told_by(reader.profile(saved(document(4))), places=False)
    assert flags_of(hostile) == []
