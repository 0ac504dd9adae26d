"""Word lists as parts of patterns, for what has to know where in a text a word stands among signs and numbers."""

from __future__ import annotations

from pipeline.reading.lexicon.load import any_of, word_set


def one_of(name: str, *keys: str) -> str:
    """A group that matches any word of one list of `NAME.toml` in a folded text, the longest first."""
    return f"(?:{any_of(sorted(word_set(name, *keys))).pattern})"
