"""Text that nobody sees on a PDF's page changes no profile, and is flagged."""

from __future__ import annotations

import pytest

from tests.security_twins.hiding_pdf import HIDING, UNREAD, WORDLESS
from tests.security_twins.overlay import Overlay
from tests.security_twins.payloads import HIDDEN
from tests.security_twins.reading import Reader, flags_of, told_by


@pytest.mark.parametrize(
    ("way", "payload", "number"),
    [(way, payload, 5 * i + 7 * j) for i, way in enumerate(HIDING) for j, payload in enumerate(HIDDEN)],
)
def test_text_that_nobody_sees_leaves_the_profile_as_it_is(
    reader: Reader, way: str, payload: str, number: int
) -> None:
    """However it is hidden, whatever it says, on a page of any layout: it is flagged, and told nowhere."""
    clean = reader.profile(Overlay(number).saved())
    overlay = Overlay(number)
    HIDING[way](overlay, HIDDEN[payload])
    hostile = reader.profile(overlay.saved())
    assert told_by(hostile) == told_by(clean)
    assert flags_of(clean) == []
    assert "hidden-text" in flags_of(hostile)
    told = payload == "order" and way not in WORDLESS
    assert ("instruction-like-text" in flags_of(hostile)) is told


@pytest.mark.parametrize("way", sorted(UNREAD))
def test_a_note_that_is_never_shown_is_never_read(reader: Reader, way: str) -> None:
    """What a viewer does not draw is no text of the page."""
    overlay = Overlay(3)
    UNREAD[way](overlay, HIDDEN["facts"])
    assert told_by(reader.profile(overlay.saved())) == told_by(reader.profile(Overlay(3).saved()))
