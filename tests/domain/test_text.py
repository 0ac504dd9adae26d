"""Text as it travels between processes."""

from __future__ import annotations

import pickle
from dataclasses import fields

from pipeline.domain.text import Box, Line, Word


def test_a_line_arrives_as_it_was_sent() -> None:
    """Words and lines say themselves how they are pickled: a field left out there would be lost."""
    word = Word("Ada", Box(0.1, 0.2, 0.3, 0.4), confidence=0.7)
    line = Line(3, 2, (word,), Box(0.1, 0.2, 0.5, 0.6), size=11.5, bold=True, hidden=True)
    for sent in (word, line):
        arrived = pickle.loads(pickle.dumps(sent))
        assert [getattr(arrived, one.name) for one in fields(sent)] == [
            getattr(sent, one.name) for one in fields(sent)
        ]
    defaults = Line(0, 1, (), Box(0, 0, 1, 1))
    assert all(getattr(line, one.name) != getattr(defaults, one.name) for one in fields(Line)), (
        "a field at its default proves nothing"
    )
